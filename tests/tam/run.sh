#!/usr/bin/env bash
# run.sh FILE.test.js [postgresql]: a test file of node's about teesim-tam, on SQLite or on a server of
# PostgreSQL's that is there for this alone.
set -eu

[ "${2:-}" = postgresql ] && exec "$TEESIM_SOURCE_DIR/tests/harness/with_postgresql.sh" node "$1"
exec node "$1"
