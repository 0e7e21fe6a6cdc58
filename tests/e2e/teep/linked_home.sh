#!/usr/bin/env bash
# Where a directory on the way is a symbolic link, as /tmp or a home may be, all works as elsewhere:
# devices, trusted storage, security domains, a TAM and its copies. linked_home.sh EXAMPLES
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

vault=$1/vault/vault
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b
server=
# shellcheck disable=SC2317 # the trap calls it
finish() { [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null; }
trap finish EXIT

mkdir real
ln -s real linked
export TEESIM_HOME=$PWD/linked/home

expect_status 0 teesim run --device default -- "$vault" put plain 'some text'
expect_status 0 teesim storage ls
expect_output 'plain'
expect_status 0 teesim run --device default -- "$vault" get plain
expect_output 'plain: some text'
# The same device by its own path.
expect_status 0 env TEESIM_HOME="$PWD/real/home" teesim storage ls
expect_output 'plain'

expect_status 0 teesim pki init linked/pki --key p256
expect_status 0 teesim oem make-device device --pki linked/pki --tee-key p256 --tfw-key p256
expect_status 0 teesim otrp request-ta "$taid" --device device
expect_status 0 teesim otrp list --device device
expect_status 0 teesim start --device device
expect_status 0 teesim otrp request-ta "${taid/8aaa/8aab}" --device device
expect_status 0 teesim stop --device device
# A device that is named by a link to its directory.
expect_status 0 teesim device path device
ln -s "$output" device
expect_status 0 teesim otrp list --device ./device

expect_status 0 teesim tam init linked/tam --pki linked/pki --id 1.3.6.1.4.1.55555.7.1 --kind p256
mkfifo ready
teesim tam serve linked/tam --port 0 --ready-fd 3 3>ready >serve.log 2>&1 &
server=$!
read -r url <ready || expect_complain "the TAM does not start: $(cat serve.log)"
expect_status 0 teesim tam ta list --tam "$url" --token-file linked/tam/admin.token --cacert linked/tam/tls.pem
expect_status 0 teesim tam backup linked/tam linked/copy
expect test -s real/copy/tam.db
expect_status 0 teesim tam restore linked/copy linked/back
expect test -s real/back/tam.db

# A file that is a link is still not followed.
mkdir elsewhere
mv "$TEESIM_HOME/devices/default/storage" elsewhere
ln -s "$PWD/elsewhere/storage" "$TEESIM_HOME/devices/default/storage"
expect_status 1 teesim storage ls
expect_done
