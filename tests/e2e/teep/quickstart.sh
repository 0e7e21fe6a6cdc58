#!/usr/bin/env bash
# The quickstart of docs/teep.md, typed off as it stands there, with the pair of the README, against an
# installation of this build.
set -eu
prefix=$PWD/teesim

fail() {
	printf 'quickstart.sh: %s\n' "$1" >&2
	exit 1
}

cmake --install "$TEESIM_BUILD_DIR" --prefix "$prefix" >install.log || {
	cat install.log
	exit 1
}
unset LD_LIBRARY_PATH CMAKE_PREFIX_PATH PKG_CONFIG_PATH
eval "$("$prefix/bin/teesim" env)"

mkdir pair quick
cd pair
awk -f "$TEESIM_SOURCE_DIR/tests/e2e/typed_off.awk" "$TEESIM_SOURCE_DIR/README.md"
# Of the two ways to build it, that with CMake; where it is run is what follows.
grep -v 'teesim run' ../run1.sh >../build.sh
bash -eu ../build.sh >out 2>&1 || fail "the pair is not built: $(cat out)"
cd ../quick
awk -f "$TEESIM_SOURCE_DIR/tests/e2e/typed_off.awk" "$TEESIM_SOURCE_DIR/docs/teep.md"
grep -q 'teesim tam serve' ../run1.sh || fail 'the page has no quickstart'
# The port may be taken. From 32768 on they are the kernel's to give to anybody.
port=0
until [ "$port" -gt 0 ] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	port=$((20000 + RANDOM % 12000))
done
# shellcheck disable=SC2016
{
	echo 'trap '\''teesim stop; kill $!; wait'\'' EXIT'
	sed "s/8443/$port/" ../run1.sh
} >../quickstart.sh
cd ../pair
bash -eu ../quickstart.sh >out 2>err || fail "it ends with $?: $(cat out err)"
grep -q 'no session: 0xffff0008' err || fail "the TA was there before: $(cat out err)"
grep -qx desserts out || fail "no desserts: $(cat out err)"
grep -q '^7f1c9a52-3c3e-4b0a-9e55-0c4d1b6a2f10  version 1' out || fail "not listed: $(cat out err)"
grep -q 'signed by Reverse Ltd' out || fail "not its signer: $(cat out)"
