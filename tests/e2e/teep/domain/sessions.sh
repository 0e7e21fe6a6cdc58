#!/bin/bash
# A TA that stays when nobody has a session is the one that a TAM installed, and stays as long as that is
# so; who has a session keeps it when the TA is deleted, and nobody gets a new one.
set -euo pipefail

# shellcheck source=tests/e2e/teep/domain/setup.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/domain/setup.sh"
path=$(teesim device path device)

tam create:sd1 install:sd1:ta1.cms:first
says 1 count
# Something changed, and it was not this TA.
touch "$path/domains.tas"
says 2 count
# Newer code, newer data: another.
tam update:sd1:ta2.cms:-
says 1 count
says 2 count
tam update:sd1:-:other
says 1 count
says other personal

# It is deleted, and another has its name, while somebody has a session.
coproc held { ./domain count hold; }
held_pid=$! held_end=${held[1]}
read -r -u "${held[0]}" said
[ "$said" = 2 ] || fail "$said"
touch "$path/domains.tas"
says 3 count
tam delete-ta:sd1
refuses 'opening: 0xffff0008' count
tam create:sd2 install:sd2:ta1.cms:second
refuses 'opening: 0xffff000d' personal
exec {held_end}>&-
wait "$held_pid"
says second personal
says 1 count
