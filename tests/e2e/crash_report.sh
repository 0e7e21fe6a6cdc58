#!/usr/bin/env bash
# What a developer is told when a trusted application dies: cause, command, function, file, line.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"
built=$TEESIM_BUILD_DIR/tests/e2e/crash
source=$TEESIM_SOURCE_DIR/tests/e2e/crash/crash_ta.c
uuid=c4a50000-7e57-4b1d-9a3e-5e0c8d2100

# The line of the source that says so.
line_of() {
	grep -n "LINE $1 " "$source" | cut -d: -f1
}

# crash NUMBER COMMAND [TEXT...]: with what the report says, all of it.
crash() {
	local text
	expect_status 0 teesim run --ta-path "$built" -- "$built/crash" "$1" "$2"
	for text in "${@:3}"; do
		expect_output "$text"
	done
}

crash 1 1 "error: TA crash (${uuid}01, $built/${uuid}01.ta) crashed: SIGSEGV at address 0x10 in command 1" \
	'SIGSEGV, SEGV_MAPERR' 'address:   0x10' 'command 1 (0x1) of session' \
	"#0  inner_null at $source:$(line_of null) (TA+0x" \
	"#1  outer at $source:$(line_of outer) (TA+0x" "#2  TA_InvokeCommandEntryPoint at $source:"
expect_no_output entry_point_call
crash 1 open 'while a session was opened' 'opening session' inner_null 'TA_OpenSessionEntryPoint at'
crash 1 2 "#0  inlined_null at $source:$(line_of inlined) (inlined)" \
	"#1  inner_inlined at $source:$(line_of around) (TA+0x"
crash 1 3 SEGV_ACCERR "inner_write at $source:$(line_of write)"
crash 1 4 'crashed: SIGFPE in command 4' FPE_INTDIV "#0  inner_divide at $source:$(line_of divide)"
crash 1 5 'crashed: SIGABRT in command 5' 'abort() was called' "inner_abort at $source:$(line_of abort)"
crash 1 6 'crashed: SIGILL in command 6' ILL_ILLOPN "inner_illegal at $source:$(line_of illegal)"
crash 1 7 'crashed: SIGTRAP in command 7' "inner_trap at $source:"
crash 1 8 'panicked with code 0xffff0007 (TEE_ERROR_BAD_STATE) in command 8' 'by the TA itself' \
	'#0  TEE_Panic' "#1  inner_panic at $source:$(line_of panic)"
crash 1 9 'in command 9: TEE_GetSystemTime: time is NULL' 'rule:      TEE_GetSystemTime: time is NULL' \
	"#1  inner_rule at $source:$(line_of rule)"
crash 1 10 'stopped by the sandbox: system call socket in command 10' \
	"inner_socket at $source:$(line_of socket)"
crash 1 11 'crashed: stack overflow (SIGSEGV) in command 11' "#0  inner_overflow at $source:" \
	'… the same'
crash 1 12 'SIGSEGV at address 0x0 in command 12' 'by a call or jump to it' \
	"inner_jump at $source:$(line_of jump)"

# Without debug information beside it: names that are exported, and what to do.
mkdir bare other
cp "$built/${uuid}01.ta" bare
cp "$built/${uuid}01.ta" other
cp "$built/${uuid}02.elf" "other/${uuid}01.elf"
expect_status 0 teesim run --ta-path "$PWD/bare" -- "$built/crash" 1 1
expect_output 'crashed: SIGSEGV at address 0x10 in command 1'
expect_output "no lines of source: no debug information found; compile with -g and keep ${uuid}01.elf"
expect_output 'TA_InvokeCommandEntryPoint (TA+0x'
expect_status 0 teesim run --ta-path "$PWD/other" -- "$built/crash" 1 1
expect_output "$PWD/other/${uuid}01.elf is of another build"

# In a directory of build IDs, as debuggers have it.
id=$(LC_ALL=C readelf -n "$built/${uuid}01.elf" | sed -n 's/.*Build ID: //p')
mkdir -p "bare/.build-id/${id:0:2}"
cp "$built/${uuid}01.elf" "bare/.build-id/${id:0:2}/${id:2}.debug"
expect_status 0 teesim run --ta-path "$PWD/bare" -- "$built/crash" 1 1
expect_output "#0  inner_null at $source:$(line_of null)"

# As it is installed: ta-host has the names alone that it exports.
libexec=$TEESIM_BUILD_DIR/libexec/teesim
mkdir libexec
cp "$libexec/teesimd" "$libexec/teesim-symbolize" libexec
strip -o libexec/ta-host "$libexec/ta-host"
export TEESIM_DAEMON=$PWD/libexec/teesimd
crash 1 8 '#0  TEE_Panic (ta-host+0x' "#1  inner_panic at $source:$(line_of panic)"

# Without the program that knows lines of source, and with one that hangs.
rm libexec/teesim-symbolize
crash 1 1 'cannot be started: No such file' '#0  TA+0x'
expect_no_output ta-host+0x
cp "$(command -v yes)" libexec/teesim-symbolize
# daemon_with MS: a daemon that waits so long for it.
daemon_with() {
	printf '#!/bin/sh\nexec "%s" "$@" --symbolize-ms %s\n' "$PWD/libexec/teesimd" "$1" >"libexec/with-$1"
	chmod +x "libexec/with-$1"
	export TEESIM_DAEMON=$PWD/libexec/with-$1
}
daemon_with 1000
crash 1 1 'since teesim-symbolize took too long' '#0  TA+0x'
expect_no_output 'ends without waiting'
# A stop waits for that, and not only as long as for all else.
daemon_with 6000
crash 1 1 'since teesim-symbolize took too long' '#0  TA+0x'
expect_no_output 'ends without waiting'
unset TEESIM_DAEMON

# It is shown again, with what the log has.
expect_status 0 teesim start
expect_status 1 teesim log --last-crash
expect_output 'has died'
expect_status 0 env TEESIM_TA_PATH="$built" "$built/crash" 1 1
expect_status 0 env TEESIM_TA_PATH="$built" "$built/crash" 2 4
expect_soon grep -q inner_divide "$TEESIM_HOME/devices/default/last-crash"
expect_status 0 teesim stop
expect_status 0 teesim log --last-crash
expect_output "TA crash (${uuid}02, $built/${uuid}02.ta) crashed: SIGFPE in command 4"
expect_output "#0  inner_divide at $source:$(line_of divide)"
expect_no_output inner_null
expect_status 0 teesim log -n all --ta "${uuid}01"
expect_output inner_null

# A daemon that is told twice to end waits for nobody, and loses nothing of it.
device=$TEESIM_HOME/devices/default
: >"$device/log"
daemon_with 600000
expect_status 0 teesim start
unset TEESIM_DAEMON
expect_status 0 env TEESIM_TA_PATH="$built" "$built/crash" 1 1
daemon=$(teesim status | sed -n 's/.*process \([0-9]*\).*/\1/p' | head -n 1)
# The client may hear of the death first.
expect_soon pgrep -P "$daemon" -f "^$PWD/libexec/teesim-symbolize"
hung=$(pgrep -P "$daemon" -f "^$PWD/libexec/teesim-symbolize")
expect_status 0 kill -TERM "$daemon"
expect_soon grep -q 'stopping:' "$device/log"
expect_status 0 kill -TERM "$daemon"
expect_soon grep -q 'since teesim-symbolize was not waited for' "$device/last-crash"
expect_status 0 grep -q '#0  TA+0x' "$device/last-crash"
expect_status 0 teesim stop
expect_status 1 kill -0 "$hung"
expect_status 0 teesim log
expect_no_output 'ends without waiting'
expect_done
