# shellcheck shell=bash disable=SC2034 # the variables are for who sources it
# Sourced by attack.sh: teesim-tam, which has the TA in as many versions as are asked for.
export TEESIM_TAM=$PWD/real
teesim tam init real --pki pki --id 1.3.6.1.4.1.55555.7.2 --kind p256 --plain-http >/dev/null
mkfifo ready
teesim tam serve real --port 0 --ready-fd 3 3>ready >real.log 2>&1 &
tam_pid=$!
tam_log=$PWD/real.log
read -r tam_uri <ready
tam_uri=${tam_uri%/}
sed -i "s|\"listen\": \"127.0.0.1:[0-9]*\"|\"listen\": \"${tam_uri##*/}\"|" real/tam.conf
tam_uri=$tam_uri/tam
teesim tam sp add com.bank --cert sp.pem >/dev/null
cat >want <<'WANT'
#!/bin/bash
# ta, nothing, update (a version more), or version N.
set -euo pipefail
taid=8aaaf200-2450-11e4-abe2-0002a5d5c51b
have() {
	[ -e "version.$1" ] && return
	teesim sp package image.elf --version "$1" --key sp.key --cert sp.pem --out "version.$1"
	teesim tam ta add "version.$1" --sp com.bank >/dev/null
}
case $1 in
nothing) teesim tam deploy "$taid" --all --remove >/dev/null ;;
version)
	have "$2"
	teesim tam deploy "$taid" --all --version "$2" >/dev/null
	;;
*)
	count=$(find . -maxdepth 1 -name 'version.*' | wc -l)
	[ "$1" != update ] || count=$((count + 1))
	have "$count"
	teesim tam deploy "$taid" --all >/dev/null
	;;
esac
WANT
chmod +x want
./want version 1
./want ta
