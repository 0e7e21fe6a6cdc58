#!/bin/bash
# T-22, T-23: teesim-tam serves the devices of the makers it trusts, by its policy, and says why it does not
# serve another. The agent in between is the attacker's, who passes all on.
set -euo pipefail

image=$1
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b

fail() {
	echo "$*" >&2
	cat real.log >&2
	exit 1
}

tam_pid=
stop() {
	[ -z "$tam_pid" ] || { kill "$tam_pid" && wait "$tam_pid"; } || true
	tam_pid=
}
ending() {
	for device in ours stranger mixed revoked; do
		teesim stop --device "$device" >/dev/null 2>&1 || true
	done
	stop
}
trap ending EXIT

# serve [POLICY]: the TAM, from now on by this policy.
serve() {
	stop
	/usr/bin/python3 - "$@" <<-'PYTHON'
		import json, sys
		conf = json.load(open("real/tam.conf"))
		conf["crls"] = "crls"
		conf.pop("policy", None)
		if len(sys.argv) > 1:
		    conf["policy"] = json.loads(sys.argv[1])
		json.dump(conf, open("real/tam.conf", "w"))
	PYTHON
	rm -f ready
	mkfifo ready
	teesim tam serve real --port 0 --ready-fd 3 3>ready >>real.log 2>&1 &
	tam_pid=$!
	read -r uri <ready
	uri=${uri%/}
	sed -i "s|\"listen\": \"127.0.0.1:[0-9]*\"|\"listen\": \"${uri##*/}\"|" real/tam.conf
}

# session DEVICE: the messages that the TAM has sent.
session() {
	echo session | teesim evil-agent --tam "$uri/tam" --device "$1" - |
		sed -n 's/^session: from the TAM: \([A-Za-z]*\)Request.*/\1/p' | tr '\n' ' '
}

served() {
	said=$(session "$1")
	[[ $said == *"CreateSD InstallTA "* ]] || fail "$1, $2: not served: $said"
}
# Back to nothing, for the next time.
bare() {
	teesim tam deploy "$taid" --all --remove >/dev/null
	session "$1" >/dev/null
	teesim tam deploy "$taid" --all >/dev/null
}
refused() { # DEVICE WHY TEXT
	said=$(session "$1")
	[ "$said" = "GetDeviceState " ] || fail "$1, $2: served: $said"
	teesim tam session list --json >sessions
	grep -q -- "$3" <(grep -m1 '"error": "' sessions) || fail "$1, $2: $(cat sessions)"
}

teesim pki init pki --key p256 >/dev/null
teesim pki init other --key p256 >/dev/null
cp -r pki mixed
rm -r mixed/firmware
cp -r other/firmware mixed/
teesim oem make-device ours --pki pki --tee-key p256 --tfw-key p256 >/dev/null
teesim oem make-device stranger --pki other --tam-roots pki/tam/root.pem --tee-key p256 --tfw-key p256 \
	>/dev/null
teesim oem make-device mixed --pki mixed --tee-key p256 --tfw-key p256 >/dev/null
teesim oem make-device revoked --pki pki --tee-key p256 --tfw-key p256 --tee-name simtee-old >/dev/null
teesim pki sp --out sp --key p256 >/dev/null
teesim sp package "$image" --version 1 --key sp.key --cert sp.pem --out ta.cms
teesim tam init real --pki pki --id 1.3.6.1.4.1.55555.7.2 --kind p256 --plain-http >/dev/null
mkdir real/crls
export TEESIM_TAM=$PWD/real

serve
teesim tam sp add com.bank --cert sp.pem >/dev/null
teesim tam ta add ta.cms --sp com.bank >/dev/null
teesim tam deploy "$taid" --all >/dev/null
served ours "one of ours"
bare ours
refused stranger "a TEE of an unknown root" "the TEE.s certificate: self-signed"
refused mixed "firmware of an unknown root" "firmware.s certificate"
serve '{"require_tfw": true}'
served ours "firmware that vouches"
bare ours
refused mixed "firmware of an unknown root" "firmware.s certificate"
serve '{"others": "deny"}'
refused ours "a TEE that the policy does not name" "policy"
serve '{"tees": [{"name": "simtee-*", "min_version": "1.1"}], "others": "deny"}'
refused ours "a TEE that is too old" version

# Revoked after it was served: by the list alone, from the next time on.
serve
served revoked "not revoked yet"
bare revoked
teesim pki revoke pki tee "$(teesim device path revoked)/boot/tee.pem" >/dev/null
teesim pki crl pki tee --out real/crls/tee.crl >/dev/null
serve
refused revoked "a TEE that was revoked" revoked
served ours "another of that maker"
