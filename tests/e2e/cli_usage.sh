#!/usr/bin/env bash
# Every command has --help on stdout with status 0, and answers nonsense with status 2 on stderr.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

for command in run start stop status log ta device env doctor; do
	help=$(teesim "$command" --help 2>/dev/null) || expect_complain "$command --help fails"
	[[ $help == usage:* ]] || expect_complain "$command --help says: $help"
	expect_status 2 teesim "$command" --no-such-option
	nothing=$(teesim "$command" --no-such-option 2>/dev/null)
	[ -z "$nothing" ] || expect_complain "$command complains on stdout: $nothing"
	expect_status 0 teesim --help
	expect_output "  $command "
done
expect_status 2 teesim
expect_status 2 teesim no-such-command
expect_output '--help'
expect_status 2 teesim run
expect_status 2 teesim run --
expect_status 2 teesim status extra
expect_status 2 teesim stop --json
expect_status 2 teesim log -n many
expect_status 2 teesim log -n -1
expect_status 2 teesim device
expect_status 2 teesim device no-such-part
expect_status 2 teesim device remove
expect_status 2 teesim device path ..
expect_status 2 teesim start --idle-seconds -1
expect_status 2 teesim start --require-sandbox=some
expect_status 2 teesim start --log-level loud
expect_status 2 teesim start --device 'a b'
expect_status 2 teesim start --clock=2030
expect_output 'the instant is not as'
expect_status 2 teesim run --clock=2030-01-01,0 -- true
expect_output 'a rate from'
expect_status 0 teesim --version
expect_done
