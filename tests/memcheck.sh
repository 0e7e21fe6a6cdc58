#!/usr/bin/env bash
# memcheck.sh COMMAND [ARG...]: run COMMAND and all that it starts under Valgrind's memcheck.
#
# Ends as COMMAND ends, or with 99 when any of those processes made a memory error or lost memory
# for good; then it prints what Valgrind says of it. Each process writes a log of its own, so what
# the command leaves in the background (a daemon that ends when it is idle) is waited for, for five
# minutes, and judged as well.
#
# ta-host, tee-services, tee-firmware, parsers and teesim-symbolize are left out: Valgrind needs system calls
# that their sandboxes forbid. tee-plugins is known to its tests by its name.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
logs=$(mktemp -d "${TMPDIR:-/tmp}/teesim-memcheck.XXXXXX") || exit 1
trap 'rm -rf "$logs"' EXIT

valgrind --tool=memcheck --log-file="$logs/%p.log" \
	--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	--num-callers=20 --suppressions="$here/valgrind.supp" \
	--trace-children=yes \
	--trace-children-skip='*/ta-host,*/tee-services,*/tee-firmware,*/tee-plugins,*/teesim-symbolize,*/*otrp-parser,/bin/*,/usr/bin/*,/sbin/*,/usr/sbin/*' \
	--vgdb=no -- "$@"
status=$?

shopt -s nullglob
judged=0
bad=0
give_up=$((SECONDS + 300))

# unfinished: names a process that still runs under Valgrind; fails when there is none. A log may
# appear while the others are waited for.
unfinished() {
	local log pid
	for log in "$logs"/*.log; do
		pid=${log##*/}
		pid=${pid%.log}
		# One that was killed and that nobody has waited for yet is still listed, as Z.
		if ! grep -q 'ERROR SUMMARY:' "$log" &&
			grep -q '^State:.[^XZ]' "/proc/$pid/status" 2>/dev/null; then
			echo "$pid"
			return 0
		fi
	done
	return 1
}

while running=$(unfinished); do
	if [ "$SECONDS" -ge "$give_up" ]; then
		echo "memcheck.sh: process $running does not end, so it can't be judged: $*" >&2
		bad=1
		break
	fi
	sleep 0.2
done

for log in "$logs"/*.log; do
	if grep -q 'ERROR SUMMARY: 0 errors' "$log"; then
		judged=$((judged + 1))
	elif grep -q 'ERROR SUMMARY:' "$log"; then
		judged=$((judged + 1))
		bad=$((bad + 1))
		cat "$log" >&2
	elif grep -qE "Valgrind has to exit now|the 'impossible' happened" "$log"; then
		# Valgrind gave up on it: to those around, it ended with status 1 and no word.
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
	echo "memcheck.sh: $bad of $judged judged processes failed: $*" >&2
	exit 99
fi
exit "$status"
