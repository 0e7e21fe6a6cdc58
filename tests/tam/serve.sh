#!/usr/bin/env bash
# teesim-tam as a process: what it says and ends with, TLS, what curl gets, and what it refuses to do.
set -uo pipefail

server=$TEESIM_BUILD_DIR/libexec/teesim/teesim-tam
demo=$TEESIM_BUILD_DIR/tests/unit/teep/tam/server/tam-demo
work=$(mktemp -d)
pids=()
# shellcheck disable=SC2317 # the trap calls it
finish() {
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap finish EXIT

failures=0
check() { # check WHAT WANTED GOT
	if [ "$2" != "$3" ]; then
		echo "FAIL: $1: wanted '$2', got '$3'"
		failures=$((failures + 1))
	fi
}

# serve NAME OPTION...: starts it, and leaves its URL in $url and its number in $pid.
serve() {
	rm -f "$work/$1.ready"
	mkfifo "$work/$1.ready"
	"$server" --port 0 --ready-fd 3 "${@:2}" >"$work/$1.out" 2>"$work/$1.err" 3>"$work/$1.ready" &
	pid=$!
	pids+=("$pid")
	read -r url <"$work/$1.ready" || { echo "FAIL: $1 did not start:"; cat "$work/$1.err"; exit 1; }
}

# ends STATUS TEXT ARGUMENT...: it ends with that status, and says that; by itself, and not while it serves.
ends() {
	timeout 60 "$server" "${@:3}" >"$work/out" 2>"$work/err"
	check "status of ${*:3}" "$1" $?
	grep -q -- "$2" "$work/err" || { echo "FAIL: ${*:3} does not say '$2':"; cat "$work/err"; failures=$((failures + 1)); }
}

TAM_DEMO_DEVICES=0 "$demo" "$work/tam" || exit 1
status() { curl -sk -o "$work/body" -w '%{http_code}' "$@"; }

# ---- It starts, answers and stops -----------------------------------------------------------------

serve plain "$work/tam"
check 'its first line' "teesim-tam: $url" "$(cat "$work/plain.out")"
check 'health' 200 "$(status "${url}health")"
check 'the page' 200 "$(status "$url")"
check 'OTrP: a session begins' 200 "$(status -X POST -H 'Accept: application/otrp+json' -H 'Content-Length: 0' "${url}tam")"
grep -q GetDeviceStateRequest "$work/body" || { echo 'FAIL: that is no request'; failures=$((failures + 1)); }
check 'OTrP: no GET' 405 "$(status "${url}tam")"
check 'OTrP: another type' 415 "$(status -d x "${url}tam")"
check 'OTrP: another answer' 406 "$(status -X POST -H 'Accept: text/html' -H 'Content-Length: 0' "${url}tam")"
check 'OTrP: what is none' 400 "$(status -H 'Content-Type: application/otrp+json' -d '{"x":1}' "${url}tam")"
check 'OTrP: too large' 413 "$(head -c 17000000 /dev/zero | status -H 'Content-Type: application/otrp+json' -H 'Expect:' --data-binary @- "${url}tam")"
check 'OTrP: no keys' 404 "$(status "${url}tam/aik/none")"
check 'another name' 421 "$(status -H 'Host: evil.example' "$url")"
check 'another origin' 403 "$(status -X POST -H 'Origin: https://evil.example' -H 'Content-Length: 0' "${url}tam")"
check 'API with curl' 200 "$(status -H "Authorization: Bearer $(cat "$work/tam/viewer.token")" "${url}api/v1/status")"

# One that is stopped while it is asked answers first.
curl -s --limit-rate 2000 -H "Authorization: Bearer $(cat "$work/tam/viewer.token")" "${url}page/style.css" >"$work/slow" &
slow=$!
curl -s -N -H "Authorization: Bearer $(cat "$work/tam/viewer.token")" "${url}api/v1/events" >"$work/events" &
events=$!
until [ -s "$work/slow" ] && [ -s "$work/events" ]; do sleep 0.05; done
kill -TERM "$pid"
wait "$pid"
check 'SIGTERM' 0 $?
wait "$events"
check 'who watched is let go' 0 $?
wait "$slow"
grep -q 'stopping' "$work/plain.err" || { echo 'FAIL: it does not say that it stops'; failures=$((failures + 1)); }
serve again "$work/tam"
kill -INT "$pid"
wait "$pid"
check 'Ctrl-C' 0 $?

# ---- TLS ------------------------------------------------------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 -subj /CN=localhost \
	-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout "$work/tam/tls.key" -out "$work/tam/tls.pem" 2>/dev/null
chmod 600 "$work/tam/tls.key"
cp "$work/tam/tam.conf" "$work/plain.conf"
sed -i 's/^{/{"tls":{"certificate":"tls.pem","key":"tls.key"},/' "$work/tam/tam.conf"
serve tls --listen 0.0.0.0:0 "$work/tam"
port=${url##*:}
https=https://localhost:${port%/}
check 'TLS with its own certificate' 200 "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$work/tam/tls.pem" "$https/health")"
check 'TLS 1.1' 000 "$(status --tls-max 1.1 "$https/health")"
check 'no TLS there' 000 "$(status "http://localhost:${port%/}/health")"
curl -sk -H "Authorization: Bearer $(cat "$work/tam/admin.token")" "$https/api/v1/certificates" >"$work/body"
grep -q '"what":"tls"[^}]*"subject":"localhost"[^}]*"state":"soon"' "$work/body" ||
	{ echo 'FAIL: its own certificate is not watched'; failures=$((failures + 1)); }
kill "$pid"
wait "$pid"
check 'SIGTERM with TLS' 0 $?

# ---- What it does not do --------------------------------------------------------------------------

ends 2 'lists what there is' --no-such-option
ends 2 'only one directory' a b
ends 2 'port' --port 70000
ends 3 'teesim tam init' "$work/nowhere"
chmod 644 "$work/tam/tls.key"
ends 3 'tls.key can be read by others' --port 0 "$work/tam"
cp "$work/plain.conf" "$work/tam/tam.conf"
ends 3 'can be reached by others' --listen 0.0.0.0:0 "$work/tam"
serve proxied --listen 0.0.0.0:0 --behind-proxy "$work/tam"
check 'behind a proxy' 200 "$(status "${url}health")"
ends 5 'in use' --port "$(echo "${url##*:}" | tr -d /)" "$work/tam"
kill "$pid"
wait "$pid"
chmod 644 "$work/tam/tam.key"
ends 3 'tam.key' --port 0 "$work/tam"
chmod 600 "$work/tam/tam.key"
chmod 644 "$work/tam/vault.key"
ends 3 'vault.key' --port 0 "$work/tam"
chmod 600 "$work/tam/vault.key"
ends 4 'database' --database "$work/no/such/directory/tam.db" "$work/tam"
# A database that is gone is not made anew, empty.
mv "$work/tam/tam.db" "$work/kept.db"
ends 4 "$work/tam/tam.db is not there; .teesim tam restore" --port 0 "$work/tam"
[ ! -e "$work/tam/tam.db" ] || { echo 'FAIL: a database was made'; failures=$((failures + 1)); }
: >"$work/tam/tam.db"
ends 4 'teesim tam init' --port 0 "$work/tam"
mv "$work/kept.db" "$work/tam/tam.db"
echo '{"listen":1}' >"$work/tam/tam.conf"
ends 3 '"database"' "$work/tam"

[ "$failures" -eq 0 ] || exit 1
