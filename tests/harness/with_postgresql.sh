#!/usr/bin/env bash
# with_postgresql.sh COMMAND [ARG...]: runs COMMAND with $TEESIM_TEST_DATABASE naming a PostgreSQL
# server of its own, empty, reached by a Unix socket alone, and gone afterwards. Ends as COMMAND ends.
#
# $TEESIM_TEST_POSTGRESQL_DIR is its directory: `pg_ctl -D "$TEESIM_TEST_POSTGRESQL_DIR/data"` is for
# tests of what happens when it goes away, by $TEESIM_TEST_POSTGRESQL_RUN (which see below).
set -u

for bin in /usr/lib/postgresql/*/bin; do
	[ -x "$bin/initdb" ] && export PATH="$bin:$PATH"
done
if ! command -v initdb >/dev/null; then
	echo "with_postgresql.sh: there is no initdb; install postgresql" >&2
	exit 1
fi

# The server never runs as root, so what it needs is not below a directory that only root can enter.
dir=$(mktemp -d "/tmp/teesim-postgresql.$$.XXXXXX") || exit 1
run=()
if [ "$(id -u)" -eq 0 ]; then
	owner=postgres
	id "$owner" >/dev/null 2>&1 || owner=nobody
	chown "$owner" "$dir"
	run=(setpriv "--reuid=$owner" "--regid=$(id -g "$owner")" --clear-groups)
fi
as_owner() { (cd / && "${run[@]}" env -u LD_PRELOAD HOME="$dir" "$@"); }

end() { # DIRECTORY: its server and all of it
	as_owner pg_ctl -D "$1/data" -m immediate -w stop >/dev/null 2>&1
	rm -rf "$1"
}
trap 'end "$dir"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# What runs that were killed left behind.
for old in /tmp/teesim-postgresql.*.*; do
	pid=${old#*.}
	pid=${pid%.*}
	[ ! -O "$old" ] && [ "$(id -u)" -ne 0 ] || [ -d "/proc/$pid" ] || end "$old"
done

if ! as_owner initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
	>"$dir/log" 2>&1; then
	cat "$dir/log" >&2
	exit 1
fi
as_owner tee -a "$dir/data/postgresql.conf" >/dev/null <<-END
	listen_addresses = ''
	unix_socket_directories = '$dir'
	fsync = off
	max_connections = 100
	shared_buffers = 16MB
	dynamic_shared_memory_type = mmap
	max_wal_size = 256MB
	logging_collector = off
END
if ! as_owner pg_ctl -D "$dir/data" -l "$dir/server.log" -w start >>"$dir/log" 2>&1; then
	cat "$dir/log" "$dir/server.log" >&2
	exit 1
fi

export TEESIM_TEST_DATABASE="postgresql:///postgres?host=$dir&user=postgres"
export TEESIM_TEST_POSTGRESQL_DIR=$dir
# The words to put before a command of PostgreSQL that has to run as the server's user.
export TEESIM_TEST_POSTGRESQL_RUN="${run[*]}"
"$@"
