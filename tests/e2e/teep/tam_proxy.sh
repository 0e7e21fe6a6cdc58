#!/bin/bash
# Two processes of a TAM behind nginx, with the configuration that docs/tam.md shows, word for word but for
# addresses and files. tam_proxy.sh IMAGE MANUAL: a TA in ELF, and docs/tam.md.
set -euo pipefail

image=$1 manual=$2
pids=()
fail() {
	echo "$*" >&2
	tail -n 5 nginx.log one.log two.log >&2 2>/dev/null || true
	exit 1
}
# shellcheck disable=SC2317 # the trap calls it
finish() {
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || continue
		wait "$pid" 2>/dev/null || true
	done
}
trap finish EXIT

serve() { # NAME: leaves its number in $pid, and its port in $port
	rm -f ready
	mkfifo ready
	teesim tam serve tam --port "${2:-0}" --ready-fd 3 3>ready >>"$1.log" 2>&1 &
	pid=$!
	pids+=("$pid")
	read -r url <ready || fail "$1 does not start"
	port=${url##*:}
	port=${port%/}
}
stop() {
	kill "$1"
	wait "$1" || fail "the TAM did not end in order: $?"
}
# A port that nobody has, and that the kernel gives to nobody else.
port_find() {
	python3 - <<-'END'
		import random, socket
		while True:
		    port = random.randrange(20000, 32000)
		    try:
		        socket.create_server(("", port)).close()
		    except OSError:
		        continue
		    print(port)
		    break
	END
}
conf() { # NAME VALUE: into tam.conf
	python3 - "$1" "$2" <<-'END'
		import json, sys
		with open("tam/tam.conf") as file: conf = json.load(file)
		conf[sys.argv[1]] = json.loads(sys.argv[2])
		with open("tam/tam.conf", "w") as file: json.dump(conf, file)
	END
}

teesim pki init pki --key p256 >/dev/null
teesim tam init tam --pki pki --id 1.3.6.1.4.1.55555.7.1 --kind p256 --plain-http >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 -subj /CN=tam.example \
	-addext 'subjectAltName=DNS:tam.example,IP:127.0.0.1' -keyout proxy.key -out proxy.pem 2>/dev/null
conf behind_proxy true
serve one "$(port_find)"
one=$pid first=$port
serve two
two=$pid second=$port

# ---- nginx as the manual has it -------------------------------------------------------------------

sed -n '/^upstream tam {/,/^```/p' "$manual" | sed '/^```/d' >site.conf
for text in 127.0.0.1:8444 127.0.0.1:8445 'listen 443 ' /etc/ssl/tam.pem /etc/ssl/tam.key; do
	grep -q "$text" site.conf || fail "the manual's configuration has no \"$text\" any more"
done
https=$(port_find)
sed -i "s|127.0.0.1:8444|127.0.0.1:$first|; s|127.0.0.1:8445|127.0.0.1:$second|; s|listen 443 |listen 0.0.0.0:$https |
	s|/etc/ssl/tam|$PWD/proxy|" site.conf
mkdir spool
cat >nginx.conf <<END
daemon off;
master_process off;
pid $PWD/nginx.pid;
error_log $PWD/nginx.log;
events { }
http {
	access_log off;
	client_body_temp_path $PWD/spool/body;
	proxy_temp_path $PWD/spool/proxy;
	fastcgi_temp_path $PWD/spool/fastcgi;
	uwsgi_temp_path $PWD/spool/uwsgi;
	scgi_temp_path $PWD/spool/scgi;
	include $PWD/site.conf;
}
END
nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
"$nginx" -t -q -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/nginx.log" || fail "nginx does not take the manual's configuration"
"$nginx" -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/nginx.log" &
pids+=($!)
ask() { # OPTION... PATH: the status, and the body in ./body
	curl -s --cacert proxy.pem --resolve "tam.example:$https:127.0.0.1" -o body -w '%{http_code}' \
		"${@:1:$#-1}" "https://tam.example:$https${*: -1}" || true
}
check() { [ "$2" = "$3" ] || fail "$1: $3, and not $2: $(head -c 300 body)"; }
for _ in {1..600}; do
	[ "$(ask /health)" != 200 ] || break
	sleep 0.1
done

# ---- Everything goes through ----------------------------------------------------------------------

token=$(cat tam/admin.token)
check "health" 200 "$(ask /health)"
check "the page" 200 "$(ask /)"
check "nobody" 401 "$(ask /api/v1/status)"
check "the API" 200 "$(ask -H "Authorization: Bearer $token" /api/v1/status)"
check "the page's own origin" 200 "$(ask -H "Origin: https://tam.example:$https" -X POST -H 'Content-Length: 0' \
	-H 'Accept: application/otrp+json' /tam)"
grep -q GetDeviceStateRequest body || fail "no session begins: $(cat body)"
check "another origin" 403 "$(ask -H 'Origin: https://evil.example' -X POST -H 'Content-Length: 0' /tam)"
head -c 17000000 /dev/zero >large
check "too large" 413 "$(ask -H 'Content-Type: application/otrp+json' -H 'Expect:' --data-binary @large /tam)"

export TEESIM_TAM=https://127.0.0.1:$https
tam() { teesim tam "$@" --token-file tam/admin.token --cacert proxy.pem; }
teesim pki sp --out sp --key p256 --name Bank >/dev/null
tam sp add com.bank --cert sp.pem >/dev/null
{ cat "$image"; head -c 1500000 /dev/urandom; } >large.elf
teesim sp package large.elf --version 1 --name Demo --key sp.key --cert sp.pem --out v1.cms
tam ta add v1.cms --sp com.bank >/dev/null
ta=$(tam ta list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["taid"])')

# Events are there when they happen.
curl -s -N --cacert proxy.pem --resolve "tam.example:$https:127.0.0.1" -H "Authorization: Bearer $token" \
	"https://tam.example:$https/api/v1/events" >events &
watcher=$!
pids+=("$watcher")
until [ -s events ]; do sleep 0.05; done
tam group add lab >/dev/null
for _ in {1..600}; do
	! grep -q 'the group was made' events || break
	sleep 0.1
done
grep -q 'the group was made' events || fail "events do not come through"
kill "$watcher"

tam deploy "$ta" --all >/dev/null
devices() {
	teesim fleet --devices "$1" --tam "https://127.0.0.1:$https/tam" --pki pki --token tam/admin.token \
		--ca proxy.pem --keep "$2" >fleet.log 2>&1 || fail "the fleet: $(tail -3 fleet.log)"
}
devices 4 fleet1
[ "$(tam deploy list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["devices"]["done"])')" = 4 ] ||
	fail "not all devices have it"
for name in one two; do
	grep -q 'POST /tam 200' $name.log || fail "process $name got nothing"
done
# The peer is who speaks to nginx, whatever that says of itself. A session that names a TA is on record
# at once.
check "a peer of its own" 200 "$(ask --interface 127.0.0.9 -H 'X-Forwarded-For: 203.0.113.7' -X POST \
	-H 'Content-Length: 0' -H 'Accept: application/otrp+json' "/tam?ta=$ta")"
tam session list --json | grep -q '"127.0.0.9"' || fail "the TAM does not know who asked"
! tam session list --json | grep -q 203.0.113.7 || fail "the TAM believes what a client says of itself"

# ---- One process ends -----------------------------------------------------------------------------

stop "$two"
devices 4 fleet2
[ "$(tam device list --json | grep -c '"did"')" = 8 ] || fail "devices were lost with a process"

# ---- Limits hold for each peer --------------------------------------------------------------------

stop "$one"
conf limits '{"requests_per_second": 1, "burst": 5}'
serve one "$first"
one=$pid
status=
# One in a second is let through, and the others come faster on any machine.
for i in {1..200}; do
	status=$(ask --interface 127.0.0.2 -H "X-Forwarded-For: 203.0.113.$i" /health)
	[ "$status" != 429 ] || break
done
check "a peer that asks too often" 429 "$status"
check "another" 200 "$(ask --interface 127.0.0.3 /health)"
stop "$one"
check "nobody is there" 502 "$(ask /health)"
