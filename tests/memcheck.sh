#!/usr/bin/env bash
# memcheck.sh COMMAND [ARG...]: run COMMAND and all that it starts under Valgrind's memcheck.
#
# Ends as COMMAND ends, or with 99 when any of those processes made a memory error or lost memory
# for good; then it prints what Valgrind says of it. Each process writes a log of its own, so a
# background process (a daemon that the command started and that has ended) is judged as well.
#
# ta-host is left out: Valgrind needs system calls that its sandbox forbids.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
logs=$(mktemp -d "${TMPDIR:-/tmp}/teesim-memcheck.XXXXXX") || exit 1
trap 'rm -rf "$logs"' EXIT

valgrind --tool=memcheck --log-file="$logs/%p.log" \
	--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	--num-callers=20 --suppressions="$here/valgrind.supp" \
	--trace-children=yes \
	--trace-children-skip='*/ta-host,/bin/*,/usr/bin/*,/sbin/*,/usr/sbin/*' \
	--vgdb=no -- "$@"
status=$?

shopt -s nullglob
judged=0
bad=0
for log in "$logs"/*.log; do
	if grep -q 'ERROR SUMMARY: 0 errors' "$log"; then
		judged=$((judged + 1))
	elif grep -q 'ERROR SUMMARY:' "$log"; then
		judged=$((judged + 1))
		bad=$((bad + 1))
		cat "$log" >&2
	fi
done
# No summary at all means that nothing was looked at; that must not pass for clean.
if [ "$judged" -eq 0 ]; then
	echo "memcheck.sh: Valgrind judged no process of: $*" >&2
	exit 99
fi
if [ "$bad" -gt 0 ]; then
	echo "memcheck.sh: $bad of $judged processes have errors: $*" >&2
	exit 99
fi
exit "$status"
