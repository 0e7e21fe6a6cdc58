#!/bin/bash
# `teesim tam` against a TAM that runs: everything that its commands say they do.
# tam_cli.sh IMAGE [DATABASE]: IMAGE is a TA in ELF.
set -euo pipefail

image=$1
database=${TEESIM_TEST_DATABASE:-}
server=

fail() {
	echo "$*" >&2
	[ ! -e serve.log ] || tail -5 serve.log >&2
	exit 1
}
finish() { [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true; }
trap finish EXIT

# says TEXT COMMAND...: it succeeds, and says that.
says() {
	local text=$1 out
	shift
	out=$("$@" 2>&1) || fail "$*: status $?: $out"
	[[ $out == *$text* ]] || fail "$*: says \"$out\" and not \"$text\""
}

# ends STATUS TEXT COMMAND...: it ends so, and says that on stderr in one line.
ends() {
	local expected=$1 text=$2 status=0 out
	shift 2
	out=$("$@" 2>&1 >/dev/null) || status=$?
	[ "$status" = "$expected" ] || fail "$*: status $status and not $expected: $out"
	[[ $out == *$text* ]] || fail "$*: says \"$out\" and not \"$text\""
	case $expected in
	2 | 5) ;; # the usage; how far it was
	*) [ "$(wc -l <<<"$out")" = 1 ] || fail "$*: says more than one line: $out" ;;
	esac
}

json() { python3 -c "import json,sys; print(eval('a' + sys.argv[1], {'a': json.load(sys.stdin), 'len': len}))" "$1"; }

serve() { # ARGUMENT…
	rm -f ready
	mkfifo ready
	teesim tam serve "$@" --port 0 --ready-fd 3 3>ready >>serve.log 2>&1 &
	server=$!
	read -r url <ready || fail "the TAM does not start"
	rm ready
	# So the directory says where it is served.
	local port=${url##*:}
	sed -i "s|\"listen\": \"127.0.0.1:[0-9]*\"|\"listen\": \"127.0.0.1:${port%/}\"|" tam/tam.conf
}

# ---- init -------------------------------------------------------------------------------------

teesim pki init pki --key p256 >/dev/null
ends 2 "" teesim tam init tam
ends 2 "" teesim tam init tam --pki pki
[ ! -e tam ] || fail "a command that was not understood left a directory"
ends 1 "no/tam/ca" teesim tam init tam --pki no --id 1.2.3
ends 1 "dotted decimals or a URI" teesim tam init tam --pki pki --id "not a name"
ends 1 "is no TAM identifier" teesim tam init tam --pki pki --id 1..7
# An identifier is claimed last, so that the right command follows a wrong one.
for wrong in "--listen 127.0.0.1" "--tee-root no-such-root" "--name a,b" "--kind p256 --kind p256"; do
	# shellcheck disable=SC2086
	ends 1 "" teesim tam init tam --pki pki --id urn:typo $wrong
	# shellcheck disable=SC2086
	said=$(teesim tam init tam --pki pki --id urn:typo $wrong 2>/dev/null || true)
	[ -z "$said" ] || fail "init $wrong: $said"
done
teesim tam init typo --pki pki --id urn:typo --kind p256 --plain-http >/dev/null
before=$(cat pki/tam/identifiers/*)
ends 1 "" teesim tam init tam --pki pki --id urn:typo --previous typo/keys/p256.key --listen 127.0.0.1
[ "$(cat pki/tam/identifiers/*)" = "$before" ] || fail "an identifier moved to a key that is nowhere"
ends 1 "belongs to another key" teesim tam init tam --pki pki --id urn:typo
teesim tam init renewed --pki pki --id urn:typo --previous typo/keys/p256.key --kind p256 --plain-http >/dev/null
rm -r typo renewed
ends 1 "--name" teesim tam init tam --pki pki --id 1.2.4 --kind p256 --name 'a,DNS:evil'
[ ! -e tam ] || fail "what failed left a directory"
says "first token" teesim tam init tam --pki pki --id 1.3.6.1.4.1.55555.7.1 --name tam.example \
	${database:+--database "$database"}
ends 1 "a TAM already" teesim tam init tam --pki pki --id 1.3.6.1.4.1.55555.7.1
ends 1 "belongs to another key" teesim tam init other --pki pki --id 1.3.6.1.4.1.55555.7.1
says "up to date" teesim tam init tam
if [ -z "$database" ]; then
	mv tam/tam.db kept.db
	ends 4 "tam.db is not there; \`teesim tam restore" teesim tam serve tam --port 0
	ends 1 "tam.db is not there" teesim tam init tam
	mv kept.db tam/tam.db
fi
for file in tam.conf admin.token vault.key tls.key keys/rsa.key keys/p256.key; do
	[ "$(stat -c %a tam/$file)" = 600 ] || fail "$file is open to others"
done
[ "$(stat -c %a tam)" = 700 ] || fail "the directory is open to others"
openssl x509 -in tam/tls.pem -noout -checkhost tam.example | grep -q "does match" || fail "TLS name"
(cd tam && sh -c "$(json '["ocsp_command"]' <tam.conf)") || fail "the command that refreshes OCSP responses"

# ---- Where and who ----------------------------------------------------------------------------

ends 3 "teesim tam serve" teesim tam status
ends 1 "tam.conf" teesim tam status --tam nowhere
# What vouches for it is fetched before it is served.
rm tam/keys/*.ocsp
serve tam
if teesim tam certificates | grep missing; then
	fail "it is served without OCSP responses"
fi
says "1.3.6.1.4.1.55555.7.1" teesim tam status
says '"role": "admin"' teesim tam status --json
says "1.3.6.1.4.1.55555.7.1" teesim tam status --tam "$url" --token-file tam/admin.token \
	--cacert tam/tls.pem
says "1.3.6.1.4.1.55555.7.1" env TEESIM_TAM="$url" TEESIM_TAM_TOKEN="$(cat tam/admin.token)" \
	teesim tam status --cacert tam/tls.pem
ends 3 "--cacert" teesim tam status --tam "$url" --token-file tam/admin.token
ends 1 "which token" teesim tam status --tam "$url"
ends 4 "token" env TEESIM_TAM_TOKEN=tam_nonsense teesim tam status
ends 1 "is no token" env TEESIM_TAM_TOKEN=$'a\r\nX: y' teesim tam status
cp tam/admin.token open.token
chmod 644 open.token
ends 1 "open.token" teesim tam status --token-file open.token
ends 2 "" teesim tam nonsense
ends 2 "" teesim tam status --nonsense
for command in "" init sp ta device group deploy wanted session log token certificates status; do
	# shellcheck disable=SC2086 # none is a command, too
	says "usage: teesim tam" teesim tam $command --help
done

# ---- Service providers and TAs ----------------------------------------------------------------

teesim pki sp --out sp --key p256 --name "Bank signer" >/dev/null
teesim pki sp --out stranger --key p256 >/dev/null
says "no service providers" teesim tam sp list
says "added" teesim tam sp add com.bank/pay --name "The Bänk" --cert sp.pem
ends 1 "there is" teesim tam sp add com.bank/pay
ends 1 "" teesim tam sp add $'bad\x01name'
says "The Bänk" teesim tam sp list
says "Bank signer" teesim tam sp show com.bank/pay
says "renamed" teesim tam sp rename com.bank/pay "Bank"
ends 1 "" teesim tam sp certify com.bank/pay sp.key
for version in 1 2; do
	printf %s "$version" | cat "$image" - >image.$version
	teesim sp package image.$version --version $version --name "Demo" --key sp.key --cert sp.pem \
		--out v$version.cms
done
teesim sp package "$image" --version 3 --key stranger.key --cert stranger.pem --out stranger.cms
ends 1 "not signed by" teesim tam ta add stranger.cms --sp com.bank/pay
ends 1 "" teesim tam ta add image.1 --sp com.bank/pay
ends 1 "No such file" teesim tam ta add nowhere.cms --sp com.bank/pay
ends 1 "" teesim tam ta add v1.cms --sp nobody
says "version 1 of Demo" teesim tam ta add v1.cms --sp com.bank/pay
ends 1 "under another name" teesim tam ta add v1.cms --sp com.bank/pay --name Other
ends 1 "not client apps" teesim tam ta add v1.cms --sp com.bank/pay --bundled
ta=$(teesim tam ta list --json | json '[0]["taid"]')
says "Demo" teesim tam ta list --search "${ta:9:4}"
says "$ta" teesim tam ta show "$ta"
ends 1 "" teesim tam ta show 00000000-0000-4000-8000-000000000000
teesim tam ta get "$ta" 1 --out back.cms
cmp v1.cms back.cms || fail "the package came back changed"
printf '{"pin":3}' >pin.json
says "9 octets" teesim tam ta personalise "$ta" 1 pin.json
[ "$(teesim tam ta show "$ta" --json | json '["versions"][0]["personalisation"]')" = True ] ||
	fail "no personalisation"
grep -aq '"pin"' tam/tam.db* 2>/dev/null && fail "personalisation data lies open in the database"
says "no personalisation" teesim tam ta unpersonalise "$ta" 1

# ---- Devices ----------------------------------------------------------------------------------

says "no devices" teesim tam device list
says "deployment 1" teesim tam deploy "$ta" --all
says "no device is in its scope yet" teesim tam deploy watch 1
teesim fleet --devices 3 --tam "${url}tam" --pki pki --token tam/admin.token --ca tam/tls.pem \
	--keep fleet >fleet.log 2>&1 || fail "the fleet: $(tail -3 fleet.log)"
says "3 of 3 devices done" teesim tam deploy watch 1
[ "$(teesim tam deploy show 1 --json | json '["items"][2]["state"]')" = "done" ] || fail "not deployed"
did=$(teesim tam device list --json | json '[0]["did"]')
[ "$(teesim tam device list --json | json '.__len__()')" = 3 ] || fail "not three devices"
says "$ta" teesim tam device show "${did:0:10}"
ends 1 "no such device" teesim tam device show zzz
says "labelled" teesim tam device label "${did:0:10}" --model "Phone X" site=Köln room=1
says "Phone X" teesim tam device list --search Köln
says "suspended" teesim tam device suspend "$did"
says "$did" teesim tam device list --status suspended --json
says "validated anew" teesim tam device trust "$did"
says "lab" teesim tam group add lab
says "1 device joined" teesim tam group join lab "${did:0:12}"
says "Phone X" teesim tam group show lab
says "lab" teesim tam group list
says "InstallTARequest" teesim tam session show "$(teesim tam session list --json | json '[0]["tid"]')"
says "InstallTATBSRequest" teesim tam session show --decoded "$(teesim tam session list --json | json '[0]["tid"]')"
says "done" teesim tam session list --device "${did:0:12}" --state "done"
says "latest" teesim tam deploy show 1
says "latest" teesim tam wanted list
says "GetDeviceStateRequest" teesim tam log --messages --last 100
says "InstallTARequest" teesim tam log --messages --device "$did" --last 100

# ---- An update, to a group, watched -----------------------------------------------------------

says "version 2" teesim tam ta add v2.cms --sp com.bank/pay
ends 5 "is not done after 1 s" teesim tam deploy "$ta" --group lab --version 2 --wait --timeout 1
id=$(teesim tam deploy list --json | json '[0]["id"]')
: >progress
teesim tam deploy watch "$id" --timeout 200 >watched 2>progress &
watcher=$!
until grep -q "0 of 1 done" progress; do
	kill -0 "$watcher" || fail "nobody watches: $(cat watched progress)"
	sleep 0.05
done
teesim fleet --devices 3 --tam "${url}tam" --pki pki --token tam/admin.token --ca tam/tls.pem \
	--keep fleet >fleet.log 2>&1 || fail "the fleet: $(tail -3 fleet.log)"
wait "$watcher" || fail "the deployment failed: $(cat watched)"
grep -q "done, 1 of 1 devices" watched || fail "watched: $(cat watched)"
[ "$(teesim tam device show "$did" --json | json '["security_domains"][0]["tas"][0]["version"]')" = 2 ] ||
	fail "the device was not updated"
says "retired" teesim tam ta retire "$ta" 2
ends 1 "retired" teesim tam ta add v2.cms --sp com.bank/pay
[ "$(teesim tam wanted list --ta "$ta" --json | json '.__len__()')" = 2 ] || fail "wanted"
says "no longer wanted" teesim tam wanted remove "$(teesim tam wanted list --json | json '[0]["id"]')"
ends 1 "" teesim tam group remove lab
ends 1 "" teesim tam sp remove com.bank/pay
says "forgotten" teesim tam device forget "${did:0:12}"

# ---- What is removed, and what another took the place of --------------------------------------

other=11111111-2222-4333-8444-555555555555
newest() { teesim tam deploy list --json | json '[0]["id"]'; }
# listed ID TEXT: what the list says of it.
listed() {
	local line
	line=$(teesim tam deploy list | grep "^ *$1 " | tr -s ' ')
	[[ $line == *" $2 "* ]] || fail "deployment $1 is listed as $line"
}
teesim tam ta announce $other 1 --sp com.bank/pay >/dev/null
ends 1 "wanted in no domain" teesim tam deploy $other --all --remove
says "deployment" teesim tam deploy $other --all --domain wallet
first=$(newest)
listed "$first" "running install $other latest wallet all"
says "deployment" teesim tam deploy $other --all --remove
listed "$first" "replaced install $other latest wallet all"
listed "$(newest)" "remove $other latest wallet all"
says "wallet" teesim tam deploy show "$first"
says "replaced" teesim tam deploy show "$first"
ends 1 "was replaced by a later deployment" teesim tam deploy watch "$first"
# What is removed already is removed once more; what is wanted elsewhere comes first.
says "deployment" teesim tam deploy $other --all --remove
says "deployment" teesim tam deploy $other --group lab --domain till --on-request
listed "$(newest)" "offer $other latest till group"
says "deployment" teesim tam deploy $other --group lab --remove
[ "$(teesim tam deploy list --json | json '[0]["what"]["sdname"]')" = till ] || fail "removed elsewhere"
says "deployment" teesim tam deploy $other --group lab
[ "$(teesim tam deploy list --json | json '[0]["what"]["sdname"]')" = main ] || fail "the domain where none is said"
says "deployment" teesim tam deploy $other --all --domain wallet
ends 1 "several domains: " teesim tam deploy $other --all --remove
ends 1 "wallet" teesim tam deploy $other --all --remove
says "deployment" teesim tam deploy $other --all --remove --domain wallet

# ---- Who may do what --------------------------------------------------------------------------

operator=$(teesim tam token add operator --role operator --sp com.bank/pay)
viewer=$(teesim tam token add viewer --role viewer)
says "may deploy to: nothing" teesim tam sp show com.bank/pay
ends 4 "not open to com.bank/pay" env TEESIM_TAM_TOKEN="$operator" teesim tam deploy "$ta" --group lab
ends 4 "" env TEESIM_TAM_TOKEN="$operator" teesim tam sp allow com.bank/pay --all
ends 1 "no such SP or group" teesim tam sp allow com.bank/pay nowhere
ends 2 "GROUP missing" teesim tam sp allow com.bank/pay
says "may deploy to that group" teesim tam sp allow com.bank/pay lab
says "may deploy to: group lab" teesim tam sp show com.bank/pay
says "deployment" env TEESIM_TAM_TOKEN="$operator" teesim tam deploy "$ta" --group lab
ends 4 "not open to com.bank/pay" env TEESIM_TAM_TOKEN="$operator" teesim tam deploy "$ta" --all
says "all devices" teesim tam sp allow com.bank/pay --all
says "may deploy to: all devices" teesim tam sp show com.bank/pay
says "deployment" env TEESIM_TAM_TOKEN="$operator" teesim tam deploy "$ta" --all
says "may no longer deploy to all devices" teesim tam sp forbid com.bank/pay --all
ends 4 "not open to com.bank/pay" env TEESIM_TAM_TOKEN="$operator" teesim tam deploy "$ta" --all
ends 4 "" env TEESIM_TAM_TOKEN="$viewer" teesim tam sp add another
ends 4 "" env TEESIM_TAM_TOKEN="$operator" teesim tam token list
says "com.bank/pay" env TEESIM_TAM_TOKEN="$operator" teesim tam status
says "viewer" teesim tam token list
says "no longer good" teesim tam token remove "$(teesim tam token list --json | json '[2]["id"]')"
ends 4 "" env TEESIM_TAM_TOKEN="$viewer" teesim tam status
ends 1 "last" teesim tam token remove 1
says "tls" teesim tam certificates
says "the SP was added" teesim tam log --kind sp
says "the group was made" teesim tam log --kind group
# What is wrong is said of what it is wrong with.
ends 1 "kind has to be one of device, deployment" teesim tam log --kind s
ends 1 "v1.cms: " teesim tam ta add v1.cms --sp later.to.come
ends 1 "sp.pem: is no CMS" teesim tam ta add sp.pem --sp com.bank/pay
ends 1 "no such TA" teesim tam ta show 00000000-0000-0000-0000-000000000000
ends 1 "no such TA" teesim tam deploy 00000000-0000-0000-0000-000000000000 --all
ends 1 "no such deployment" teesim tam deploy show 987654
ends 1 "no such deployment" teesim tam deploy show one
ends 1 "no such entry of wanted state" teesim tam wanted remove 987654
ends 1 "no such token" teesim tam token remove 987654
ends 1 "no-file" teesim tam sp add half --cert no-file
ends 1 "no such SP" teesim tam sp show half
ends 3 "perhaps it is served by https" teesim tam status --tam "http://${url#https://}" --token-file tam/admin.token
ends 5 "; --port N serves it at another" teesim tam serve tam --port "$(tr -dc 0-9 <<<"${url##*:}")"
[ "$(teesim tam log --json --last 3 | wc -l)" = 3 ] || fail "one event in each line"
teesim tam log --follow --last 1 >followed 2>/dev/null &
follower=$!
says "added" teesim tam sp add later
for _ in {1..600}; do
	grep -q later followed && break
	sleep 0.1
done
kill "$follower"
wait "$follower" 2>/dev/null || true
grep -q "later.*(first)" followed || fail "the log does not follow: $(cat followed)"

kill "$server"
wait "$server" || fail "the TAM did not end in order: $?"
server=
