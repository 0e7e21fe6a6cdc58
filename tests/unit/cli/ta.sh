#!/usr/bin/env bash
# The `teesim ta` commands as a user types them. $1: the images that the registry's tests build;
# $2: the program.
set -u
images=$1
teesim=$2
uuid=8aaaf200-2450-11e4-abe2-0002a5d5c501
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect STATUS TEXT COMMAND…: the command's status, and that its output has TEXT in it.
expect() {
	local status=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -ne "$status" ] || ! grep -qF -- "$text" <<<"$out"; then
		printf 'FAILED: %s\n  status %s, expected %s and "%s" in:\n%s\n' "$*" $rc "$status" \
			"$text" "$out"
		failures=$((failures + 1))
	fi
}

expect 0 "teesim " "$teesim" --version
expect 0 "  ta " "$teesim" --help
expect 2 "usage: teesim COMMAND" "$teesim"
expect 2 'no command "tea"' "$teesim" tea
expect 2 'no command "ta sing"' "$teesim" ta sing
for command in sign verify inspect list install remove; do
	expect 0 "usage: teesim ta $command" "$teesim" ta $command --help
	expect 2 "usage: teesim ta $command" "$teesim" ta $command --no-such-option
done

# Signing: the key is made on first use, and what it signs is trusted.
expect 2 "usage: teesim ta sign" "$teesim" ta sign --in "$images/stripped.ta"
expect 1 "not the one that --uuid names" "$teesim" ta sign --in "$images/stripped.ta" \
	--out "$work/no.ta" --uuid 00000000-0000-0000-0000-000000000000
expect 2 "not a version number" "$teesim" ta sign -i "$images/plain.ta" -o "$work/no.ta" -v -1
expect 1 "No such file" "$teesim" ta sign -i "$work/none" -o "$work/no.ta"
expect 1 "no-such.key" "$teesim" ta sign -i "$images/plain.ta" -o "$work/no.ta" -k "$work/no-such.key"
[ ! -e "$work/no.ta" ] || expect 0 "a refused command wrote its output" false
expect 0 "version 7" "$teesim" ta sign --in "$images/stripped.ta" --out "$work/signed.ta" \
	--uuid $uuid --version 7
expect 0 "version 7" "$teesim" ta sign -i "$work/signed.ta" -o "$work/again.ta"
expect 0 "600" stat -c %a "$TEESIM_HOME/keys/dev.key"
expect 0 "trusted" "$teesim" ta verify "$work/signed.ta"
expect 1 "not signed" "$teesim" ta verify "$images/plain.ta"

# A changed byte is noticed; a stranger's signature is told from a bad one.
cp "$work/signed.ta" "$work/changed.ta"
# shellcheck source=tests/e2e/flip.sh
. "$(dirname "$0")/../../e2e/flip.sh"
flip "$work/changed.ta" 5000
expect 1 "bad signature" "$teesim" ta verify "$work/changed.ta"
expect 0 "signed by" env TEESIM_HOME="$work/stranger" "$teesim" ta sign -i "$images/plain.ta" \
	-o "$work/strange.ta"
expect 1 "not trusted here" "$teesim" ta verify "$work/strange.ta"
expect 1 "not trusted here" "$teesim" ta install "$work/strange.ta"
mkdir -p "$TEESIM_HOME/keys/trusted"
cp "$work/stranger/keys/dev.pub" "$TEESIM_HOME/keys/trusted/stranger.pub"
expect 0 "trusted" "$teesim" ta verify "$work/strange.ta"
rm "$TEESIM_HOME/keys/trusted/stranger.pub"

expect 0 "SINGLE_INSTANCE MULTI_SESSION" "$teesim" ta inspect "$work/signed.ta"
expect 0 "TEE_Probe" "$teesim" ta inspect "$images/plain.ta"
expect 1 "ifunc" "$teesim" ta inspect "$images/ifunc.ta"
expect 1 "does not define TA_CloseSessionEntryPoint" "$teesim" ta inspect "$images/without_close.ta"
"$teesim" ta inspect --json "$work/signed.ta" >"$work/inspect.json"
if command -v python3 >/dev/null; then
	expect 0 "$uuid trusted 7 True" python3 -c '
import json, sys
t = json.load(open(sys.argv[1]))
print(t["uuid"], t["signature"], t["package_version"], "TEE_Probe" in t["undefined"])
' "$work/inspect.json"
fi

# Installing, listing, removing.
expect 0 "no TA found" "$teesim" ta list
expect 1 "not signed" "$teesim" ta install --require-signed "$images/plain.ta"
expect 0 "signed with your development key" "$teesim" ta install "$images/plain.ta"
expect 0 "found in installed; package, trusted" "$teesim" ta list
expect 0 "no TA found" "$teesim" ta list --device other
expect 2 "not a UUID" "$teesim" ta remove ../../etc
expect 1 "not a device name" "$teesim" ta list --device ../x
mkdir "$work/path"
cp "$images/plain.ta" "$work/path/$uuid.ta"
export TEESIM_TA_PATH=$work/path
expect 0 "not used: $work/path/$uuid.ta comes first" "$teesim" ta list
expect 0 "refused (not-signed)" "$teesim" ta list --require-signed
expect 0 '"refusal": "not-signed"' "$teesim" ta list --require-signed --json
unset TEESIM_TA_PATH
expect 0 "removed" "$teesim" ta remove $uuid
expect 1 "is not installed" "$teesim" ta remove $uuid

[ $failures -eq 0 ]
