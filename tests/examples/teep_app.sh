#!/usr/bin/env bash
# The use cases of the TEEP architecture, brought to a device by TAM and agent: an application that finds its
# TA missing and has it brought, with progress; that checks whose it is; a TA that comes along with the
# application; two tenants with two TAMs, of whom neither sees the other's.
set -eu

examples=$TEESIM_BUILD_DIR/examples
app=$examples/teep-app/teep-app
payment=a819c571-318e-405c-b46d-905d70f96861
red=c77f2a5b-f0b2-4090-9098-fe0c3e2b4455
blue=a6ab4596-07e1-4901-9bad-032686da968b

fail() {
	printf 'teep_app.sh: %s\n' "$1" >&2
	exit 1
}

# status STATUS COMMAND...: which ends with that, its words in `out` and `err`.
status() {
	local expected=$1 got=0
	shift
	"$@" >out 2>err || got=$?
	[ "$got" -eq "$expected" ] || fail "$*: status $got: $(cat out err)"
}

has() {
	grep -qE -- "$2" "$1" || fail "no line of $1 matches $2: $(cat out err)"
}

pids=()
finish() {
	local result=$?
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
	wait
	teesim agent stop >/dev/null 2>&1 || true
	teesim stop >/dev/null 2>&1 || true
	# Both end a moment later.
	for _ in {1..100}; do
		[ -n "$(ls -A "$XDG_RUNTIME_DIR/teesim" 2>/dev/null)" ] || break
		sleep 0.05
	done
	exit "$result"
}
trap finish EXIT

# tam_begin NAME ID: a TAM in the directory NAME, whose base is then in NAME.url.
tam_begin() {
	teesim tam init "$1" --pki pki --id "$2" --kind p256 --listen 127.0.0.1:0 --plain-http >out
	teesim tam serve "$1" >"$1.log" 2>&1 &
	pids+=($!)
	until sed -n 's|^teesim-tam: \(http.*\)/$|\1|p' "$1.log" | grep . >"$1.url"; do
		kill -0 $! || fail "$(cat "$1.log")"
		sleep 0.05
	done
}

# tam NAME COMMAND...
tam() {
	local name=$1
	shift
	teesim tam "$@" --tam "$(cat "$name.url")" --token-file "$name/admin.token"
}

# package NAME FOLDER UUID VERSION: signed by the provider NAME.
package() {
	teesim sp package "$examples/$2/$3.elf" --version "$4" --key "$1.key" --cert "$1.pem" --out "$1-$4.cms" \
		>out
}

teesim pki init pki --key p256 >out
teesim oem make-device default --pki pki --tee-key p256 --tfw-key p256 >out
tam_begin north 1.3.6.1.4.1.55555.7.1
tam_begin south 1.3.6.1.4.1.55555.7.2
for provider in wallet red blue lock; do
	teesim pki sp --out $provider --key p256 --name "$provider Ltd" >out
done

# The application by itself: there is a TEE, a TAM that knows nothing, and then one that delivers.
wallet=("$app" --tam "$(cat north.url)/tam" --root pki/tam/root.pem)
status 1 "${wallet[@]}" pay 4711 1.00 Nobody
has out '^the TA is not on this device; asking the TAM for it$'
has err 'has not installed the TA'
package wallet teep-payment $payment 1
tam north sp add com.example.wallet --cert wallet.pem >out
tam north ta add wallet-1.cms --sp com.example.wallet >out
tam north deploy $payment --all --domain wallet >out
status 0 "${wallet[@]}" pay 4711 12.50 Bookshop
has out '^  InstallTARequest for the TEE$'
has out '^the TA is the one that our TAM installed, signed by wallet Ltd$'
has out '^paid 12.50 to Bookshop, by version 1 of the TA$'
status 0 "${wallet[@]}" pay 4711 3.20 Bakery
! grep -q 'asking the TAM' out || fail 'a TA that is there was asked for'

# It believes none but the TAM of its own root; and nobody else about the TEE's key.
cp teep-app.keys honest.keys
status 1 "${wallet[@]}" --root pki/tee/root.pem pay 4711 1.00 Nobody
has err "does not lead to the root"
/usr/bin/python3 - <<'END'
import base64, json
statement = json.load(open("honest.keys"))
jws = statement["TAMSPAIK"]
payload = json.loads(base64.urlsafe_b64decode(jws["payload"] + "=="))
payload["TAMSPAIKTBS"]["aiks"][0]["spid"] = "com.example.wallet "
jws["payload"] = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
json.dump(statement, open("forged.keys", "w"))
END
status 1 "${wallet[@]}" --keys forged.keys pay 4711 1.00 Nobody
has err "the TAM's signature does not hold"

# An update is what the next session runs; the card and its count are still there.
teesim sp package "$examples/teep-payment/version-2/$payment.elf" --version 2 --key wallet.key --cert wallet.pem \
	--out wallet-2.cms >out
tam north ta add wallet-2.cms --sp com.example.wallet >out
status 0 "${wallet[@]}" refresh
has out '^  UpdateTARequest for the TEE$'
status 1 "${wallet[@]}" pay 4711 600.00 Yacht
has err 'more than the card.s limit'
status 0 "${wallet[@]}" pay 4711 4.00 Bakery
has out 'by version 2 of the TA$'
# The developer's own file of that TA, beside a client, is of another domain and has no card.
status 1 "$examples/teep-payment/teep-payment" status
has err 'there is no card'

# And it goes again.
tam north deploy $payment --all --domain wallet --remove >out
status 0 "${wallet[@]}" refresh
has out '^  DeleteTARequest for the TEE$'
status 1 "${wallet[@]}" pay 4711 1.00 Nobody

# Bundled: the package comes with the application. The TAM takes the very octets that it has authorised, and
# delivers none itself.
package lock teep-payment $payment 7
tam south sp add com.example.lock --cert lock.pem >out
bundled=("$app" --tam "$(cat south.url)/tam" --root pki/tam/root.pem --spid com.example.lock --keys lock.keys)
status 1 "${bundled[@]}" --package lock-7.cms pay 4711 1.00 Nobody
has err 'does not authorise'
tam south ta add lock-7.cms --sp com.example.lock --bundled >out
tam south deploy $payment --all --domain lock >out
status 1 "${bundled[@]}" pay 4711 1.00 Nobody
has err 'has not installed the TA'
# The same image, version and signer, and other octets: signatures on a curve differ each time.
mv lock-7.cms authorised.cms
package lock teep-payment $payment 7
status 1 "${bundled[@]}" --package lock-7.cms pay 4711 1.00 Nobody
has err 'does not authorise'
status 0 "${bundled[@]}" --package authorised.cms pay 4711 2.00 Bookshop
has out '^  InstallTARequest for the TEE$'
has out 'signed by lock Ltd$'
has out '^paid 2.00 to Bookshop'

# The other use cases, as ordinary deployments. Each client runs where no file of its TA is.
for case in "teep-authentication c870435a-0126-4b00-bb2d-65f35380f1bc" \
	"teep-iot 27f25fa5-13cc-4f44-a3b7-8cbd85987ab7"; do
	read -r name uuid <<<"$case"
	cp "$examples/$name/$name" .
	status 1 "./$name"
	package wallet "$name" "$uuid" 1
	tam north ta add wallet-1.cms --sp com.example.wallet >out
	tam north deploy "$uuid" --all --domain wallet >out
	status 0 teesim agent request-ta "$uuid" --tam "$(cat north.url)/tam"
	status 0 "./$name"
done
has out '^the lock is closed after 2 orders$'

# Tenants: two providers with a TAM each, who call their domains alike.
cp "$examples/teep-tenants/teep-tenants" .
for tenant in "north red $red" "south blue $blue"; do
	read -r name provider uuid <<<"$tenant"
	package "$provider" teep-tenants "$uuid" 1
	tam "$name" sp add com.example.tenant --cert "$provider.pem" >out
	tam "$name" ta add "$provider-1.cms" --sp com.example.tenant >out
	tam "$name" deploy "$uuid" --all --domain tenant >out
	status 0 teesim agent request-ta "$uuid" --tam "$(cat "$name.url")/tam"
done
status 0 ./teep-tenants
[ "$(cat out)" = "$(printf '%s\n' 'red: 2 figures, the sum is 120' 'blue: 1 figures, the sum is 7' \
	'red: objects that it sees: 1; its neighbour does not open for it' \
	'blue: objects that it sees: 1; its neighbour does not open for it')" ] || fail "$(cat out)"
# What each TAM was told of the device has its own tenant alone.
for pair in "north $red $blue" "south $blue $red"; do
	read -r name own other <<<"$pair"
	did=$(tam "$name" device list --json | sed -n 's/.*"did": *"\([0-9a-f]*\)".*/\1/p')
	tam "$name" device show "$did" --json >device.json
	grep -q "$own" device.json || fail "$name does not see its own tenant"
	! grep -q "$other" device.json || fail "$name sees the other's tenant"
done
# The provider's papers are signed by a key of one TAM; the other's does not fit.
status 0 teesim agent ta-information com.example.tenant "$red"
cp out red.information
status 0 teesim agent ta-information com.example.tenant "$blue"
/usr/bin/python3 - <<'END'
import json
key = [json.load(open(name))["TAInformation"]["header"]["signer"] for name in ("red.information", "out")]
assert key[0] != key[1], "two TAMs share a provider's key"
END
# One TAM clearing up leaves the other's tenant alone.
tam north deploy "$red" --all --domain tenant --remove >out
status 0 teesim agent request-ta "$red" --tam "$(cat north.url)/tam"
status 1 ./teep-tenants red sum
status 0 ./teep-tenants blue sum
has out '^blue: 1 figures, the sum is 7$'
