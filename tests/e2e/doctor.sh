#!/usr/bin/env bash
# `teesim doctor` and `teesim env`: what they say is true of this build.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

expect_status 0 teesim doctor
for check in teesimd ta-host tee-services tee-plugins teesim-symbolize teesim-teep \
	tee-firmware tee-otrp teesim-otrp-parser teesim-agent teesim-teep-http teesim-evil-agent \
	teesim-tam teesim-tam-cli teesim-fleet libteec 'TA dev kit' home \
	sockets processors kernel seccomp landlock; do
	expect_output "$check"
done
expect_no_output $'\033'
expect_no_output missing
expect_status 0 teesim doctor --json
expect_output '"usable": true'

# A name for the library that nothing else has said yet.
expect_status 0 env -u LD_LIBRARY_PATH teesim doctor
expect_status 0 env LD_LIBRARY_PATH="$TEESIM_BUILD_DIR/lib" teesim doctor
expect_output "found by the linker: $TEESIM_BUILD_DIR/lib/libteec.so.2"

expect_status 1 env TEESIM_HOME=/proc/no-such teesim doctor
expect_output '/proc/no-such cannot be written to'
expect_status 1 env TEESIM_HOME=/proc/no-such teesim doctor --json
expect_output '"usable": false'
expect_status 1 env TEESIM_DAEMON=/nonexistent teesim doctor
expect_output 'missing  teesimd'

# An installation that is not whole: with what it can't do without, and with what it can.
mkdir part
for program in teesimd ta-host tee-services; do
	ln -s "$TEESIM_BUILD_DIR/libexec/teesim/$program" part/
done
expect_status 0 env TEESIM_DAEMON="$PWD/part/teesimd" teesim doctor
expect_output 'weaker   teesim-symbolize'
expect_output 'weaker   tee-plugins'
expect_output 'weaker   teesim-teep'
rm part/tee-services
expect_status 1 env TEESIM_DAEMON="$PWD/part/teesimd" teesim doctor
expect_output 'missing  tee-services'
rm -r part

# Nothing is left in the places that it tried to write to.
expect_status 0 find "$TEESIM_HOME" "$XDG_RUNTIME_DIR" -type f
[ -z "$output" ] || expect_complain "left: $output"

unset LD_LIBRARY_PATH TEEC_EXPORT TA_DEV_KIT_DIR
eval "$(teesim env)"
expect test -e "$LD_LIBRARY_PATH/libteec.so.2"
expect test -e "$TEEC_EXPORT/include/tee_client_api.h"
expect test -e "$TEEC_EXPORT/lib/libteec.so"
expect test -e "$TA_DEV_KIT_DIR/mk/ta_dev_kit.mk"
# Once more adds nothing.
before=$LD_LIBRARY_PATH:$PATH
eval "$(teesim env)"
expect test "$LD_LIBRARY_PATH:$PATH" = "$before"
# Where makefiles can't be, that is told.
expect_status 0 teesim env
expect_no_output 'GNU make'
mkdir -p 'a b/bin' 'a b/lib' 'a b/ta-dev-kit/mk'
cp "$TEESIM_BUILD_DIR/bin/teesim" 'a b/bin'
touch 'a b/lib/libteec.so.2' 'a b/ta-dev-kit/mk/ta_dev_kit.mk'
expect_status 0 'a b/bin/teesim' env
expect_output "export TA_DEV_KIT_DIR='$PWD/a b/ta-dev-kit'"
expect_output 'TA_DEV_KIT_DIR has a space, and GNU make takes none'
expect_done
