#!/usr/bin/env bash
# Every command has --help on stdout with status 0, and answers nonsense with status 2 on stderr.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

# Every command, and the commands of those that have some.
commands=(run start stop status log env bench doctor webapp
	ta 'ta sign' 'ta verify' 'ta inspect' 'ta list' 'ta install' 'ta remove'
	device
	storage 'storage ls' 'storage show' 'storage rm' 'storage export' 'storage import'
	'storage fsck')
without_arguments=(run bench ta 'ta sign' 'ta verify' 'ta inspect' 'ta install' 'ta remove' device
	'device remove' 'device clone' storage 'storage show' 'storage rm' 'storage export'
	'storage import' webapp)
built() { [ -x "$TEESIM_BUILD_DIR/libexec/teesim/$1" ]; }
if built teesim-teep; then
	commands+=('device info' 'device verify' 'device accept-rollback'
		pki 'pki init' 'pki ca' 'pki tam' 'pki sp' 'pki ocsp' 'pki revoke' 'pki crl' 'pki show'
		oem 'oem make-device' sp 'sp package' 'sp verify' 'sp encrypt' 'sp inspect'
		admin 'admin make-list' 'admin apply'
		otrp 'otrp exec' 'otrp ta-information' 'otrp list' 'otrp request-ta' 'otrp tees')
	without_arguments+=(pki 'pki init' 'pki ca' 'pki tam' 'pki sp' 'pki ocsp' 'pki revoke' 'pki crl'
		'pki show' oem 'oem make-device' sp 'sp package' 'sp verify' 'sp encrypt' 'sp inspect' admin 'admin make-list'
		'admin apply' otrp 'otrp request-ta')
fi
if built teesim-agent; then
	commands+=(agent 'agent serve' 'agent request-ta' 'agent process' 'agent ta-information'
		'agent status' 'agent stop')
	without_arguments+=(agent 'agent request-ta' 'agent ta-information')
fi
built teesim-evil-agent && commands+=(evil-agent)
built teesim-fleet && commands+=(fleet) && without_arguments+=(fleet)
if built teesim-tam && built teesim-tam-cli; then
	commands+=(tam 'tam init' 'tam backup' 'tam restore' 'tam serve' 'tam status' 'tam sp' 'tam ta' 'tam device' 'tam group'
		'tam deploy' 'tam wanted' 'tam session' 'tam log' 'tam token' 'tam certificates'
		'tam ta announce' 'tam ta deliver' 'tam ta deliveries' 'tam ta withdraw' 'tam device aik')
	without_arguments+=(tam 'tam init' 'tam backup' 'tam restore' 'tam sp' 'tam ta' 'tam device' 'tam group' 'tam deploy'
		'tam wanted' 'tam session' 'tam token' 'tam ta announce' 'tam ta deliver' 'tam ta withdraw'
		'tam device aik')
fi

teesim --help >help
for command in "${commands[@]}"; do
	read -ra words <<<"$command"
	grep -q "^  ${words[0]} " help || expect_complain "teesim --help does not name ${words[0]}"
	teesim "${words[@]}" --help >out 2>err || expect_complain "$command --help fails"
	head -n 1 out | grep -q '^usage: .*teesim' || expect_complain "$command --help says: $(cat out)"
	[ ! -s err ] || expect_complain "$command --help says on stderr: $(cat err)"
	teesim "${words[@]}" --no-such-option >out 2>err </dev/null
	status=$?
	[ "$status" = 2 ] || expect_complain "$command --no-such-option ends with $status"
	[ ! -s out ] || expect_complain "$command complains on stdout: $(cat out)"
	# What is wrong comes first, then what is right or where that is told.
	head -n 1 err | grep -q '^teesim.*no-such-option' ||
		expect_complain "$command --no-such-option: $(cat err)"
	grep -qe --help -e '^usage:' err || expect_complain "$command --no-such-option: $(cat err)"
done
# None is forgotten above.
sed -n 's/^  \([a-z-]*\) .*/\1/p' help | while read -r command; do
	printf '%s\n' "${commands[@]}" | grep -qx "$command" || echo "$command"
done >forgotten
if built teesim-teep && built teesim-agent && built teesim-evil-agent && built teesim-fleet &&
	built teesim-tam-cli && [ -s forgotten ]; then
	expect_complain "not tested: $(cat forgotten)"
fi
for command in "${without_arguments[@]}"; do
	read -ra words <<<"$command"
	teesim "${words[@]}" >out 2>err </dev/null
	status=$?
	[ "$status" = 2 ] || expect_complain "$command by itself ends with $status"
	[ ! -s out ] || expect_complain "$command complains on stdout: $(cat out)"
	[ -s err ] || expect_complain "$command does not say what is missing"
done
# What is missing is named, and the forms of that command alone are shown.
names() {
	local expected=$1
	shift
	"$@" >out 2>err </dev/null
	grep -qxF "teesim: $expected" err || expect_complain "$*: $(cat err)"
	[ "$(grep -c 'teesim ' err)" -le 3 ] || expect_complain "$*: too much said: $(cat err)"
}
if built teesim-teep; then
	names 'tam: DIR, --id, --out missing' teesim pki tam
	names 'ocsp: CERTFILE, --out missing' teesim pki ocsp pki tam
	names 'package: --out missing' teesim sp package x --version 1
	names 'make-device: --pki missing' teesim oem make-device x
	names '--key and --cert belong together' teesim sp package x --version 1 --out y --key z
	# shellcheck disable=SC2016 # the backticks are the message's
	names 'none: has no authorities: `teesim pki init none` makes them' \
		teesim oem make-device x --pki none
fi
if built teesim-tam-cli; then
	names 'restore: DIR missing' teesim tam restore x
	names 'allow: GROUP missing' teesim tam sp allow x
	names 'deploy: to which devices? One of --all, --group NAME and --device DID says it' \
		teesim tam deploy x
fi
rm -f help out err forgotten

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
