# shellcheck shell=bash
# What the scripts of this folder share: sourced by each. A failed expectation is printed and makes
# the script fail at its end, by way of `expect_done`.
expect_failed=0

expect_complain() {
	printf '%s: line %s: %s\n' "${0##*/}" "${BASH_LINENO[-2]}" "$*" >&2
	expect_failed=1
}

# expect_status STATUS COMMAND...: its output is left in $output (both streams).
expect_status() {
	local wanted=$1 status
	shift
	output=$("$@" 2>&1)
	status=$?
	[ "$status" -eq "$wanted" ] ||
		expect_complain "\"$*\" ended with $status, not $wanted, and said: $output"
}

# expect_output TEXT: it is among what the last command said.
expect_output() {
	[[ $output == *"$1"* ]] || expect_complain "\"$1\" is not in: $output"
}

expect_no_output() {
	[[ $output != *"$1"* ]] || expect_complain "\"$1\" is in: $output"
}

# expect COMMAND...: it succeeds.
expect() {
	"$@" || expect_complain "failed: $*"
}

# expect_soon COMMAND...: it succeeds within a minute.
expect_soon() {
	local tries
	for ((tries = 0; tries < 1200; tries++)); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.05
	done
	expect_complain "did not come true: $*"
	return 1
}

expect_done() {
	exit "$expect_failed"
}
