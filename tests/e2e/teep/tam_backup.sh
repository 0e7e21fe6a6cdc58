#!/bin/bash
# A copy of a TAM that runs, made while devices come by; the TAM goes on, and the copy, which is old by then,
# becomes a TAM again. tam_backup.sh IMAGE: a TA in ELF; on SQLite, or the server of $TEESIM_TEST_DATABASE.
set -euo pipefail

image=$1
server=
fail() {
	echo "$*" >&2
	[ ! -e serve.log ] || tail -5 serve.log >&2
	exit 1
}
stop() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
	server=
}
trap stop EXIT

serve() { # DIR
	rm -f ready
	mkfifo ready
	teesim tam serve "$1" --port 0 --ready-fd 3 3>ready >>serve.log 2>&1 &
	server=$!
	read -r url <ready || fail "the TAM in $1 does not start"
	export TEESIM_TAM=$url
}
tam() { teesim tam "$@" --token-file "$directory/admin.token" --cacert "$directory/tls.pem"; }
devices() { # come by once
	teesim fleet --devices 3 --tam "${url}tam" --pki pki --token "$directory/admin.token" \
		--ca "$directory/tls.pem" --keep fleet >fleet.log 2>&1 || fail "the fleet: $(tail -3 fleet.log)"
}
versions() {
	tam device list --json | python3 -c 'import json,sys; print(*[d["did"] for d in json.load(sys.stdin)], sep="\n")' |
		while read -r did; do
			tam device show "$did" --json | python3 -c 'import json,sys
print([ta["version"] for sd in json.load(sys.stdin)["security_domains"] for ta in sd["tas"]])'
		done | sort | uniq -c | xargs
}

# Two databases of the server's: the TAM's, and the one that its copy becomes.
first=() second=()
if [ -n "${TEESIM_TEST_DATABASE:-}" ]; then
	for name in backup1 backup2; do
		psql -q "$TEESIM_TEST_DATABASE" -c "CREATE DATABASE $name"
	done
	first=(--database "${TEESIM_TEST_DATABASE/\/postgres\?//backup1?}")
	second=(--database "${TEESIM_TEST_DATABASE/\/postgres\?//backup2?}")
fi

teesim pki init pki --key p256 >/dev/null
teesim tam init tam --pki pki --id 1.3.6.1.4.1.55555.7.1 --kind p256 "${first[@]}" >/dev/null
directory=tam
serve tam
teesim pki sp --out sp --key p256 --name Bank >/dev/null
tam sp add com.bank --cert sp.pem >/dev/null
for version in 1 2; do
	printf %s "$version" | cat "$image" - >image.$version
	teesim sp package image.$version --version $version --name Demo --key sp.key --cert sp.pem --out v$version.cms
done
tam ta add v1.cms --sp com.bank >/dev/null
ta=$(tam ta list --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["taid"])')
printf "PIN 73019 of the bank" >data
tam ta personalise "$ta" 1 data >/dev/null
tam deploy "$ta" --all >/dev/null
devices
[ "$(versions)" = "3 [1]" ] || fail "before the copy: $(versions)"

# ---- The copy -----------------------------------------------------------------------------------

# Devices come and go meanwhile.
(while [ ! -e enough ]; do devices; done) &
busy=$!
teesim tam backup tam copy >told || fail "backup: $?"
touch enough
wait "$busy" || fail "devices were disturbed"
grep -q 'with all its secrets' told || fail "it says $(cat told)"
[ "$(stat -c %a copy copy/tam.conf copy/vault.key copy/keys/p256.key | xargs)" = "700 600 600 600" ] ||
	fail "the copy is open to others: $(ls -la copy)"
[ "$(stat -c %a copy/tam.db copy/tam.dump 2>/dev/null)" = 600 ] || fail "its data: $(ls -la copy)"
! grep -rqa "PIN 73019" copy || fail "personalisation data lie open in the copy"
! teesim tam backup tam copy 2>said || fail "one copy over another"
grep -q 'File exists' said || fail "it says $(cat said)"
! teesim tam backup nowhere other 2>/dev/null || fail "a copy of nothing"
[ ! -e other ] || fail "what failed left a directory"
! teesim tam backup tam tam/copy 2>said || fail "a copy of what it is in"
grep -q 'part of its own copy' said || fail "it says $(cat said)"
[ ! -e tam/copy ] || fail "the copy inside is there"
versions=$(versions)
[ "$versions" = "3 [1]" ] || fail "after the copy: $versions"

# ---- Life goes on --------------------------------------------------------------------------------

tam ta add v2.cms --sp com.bank >/dev/null
devices
[ "$(versions)" = "3 [2]" ] || fail "the update: $(versions)"
stop

# ---- And back ------------------------------------------------------------------------------------

teesim tam restore copy back "${second[@]}" >told || fail "restore: $?"
grep -q 'teesim tam restore --finish back' told || fail "it says $(cat told)"
! teesim tam restore copy back 2>said || fail "one TAM over another"
[ ! -e back.part ] || fail "what it was made as is left"
# One that was not finished is no TAM, empty as it would be.
cp -r copy half
rm -f half/tam.db half/tam.dump
! teesim tam restore half other "${second[@]}" 2>said || fail "of half a copy"
[ ! -e other ] || fail "half a copy left a directory"
[ ! -e other.part ] || fail "half a copy left what it was made as"
[ -n "${second[*]}" ] || grep -q 'not complete: it has no tam.db' said || fail "it says $(cat said)"
directory=back
serve back
tam status >said
grep -q 'restored from a copy' said || fail "status does not tell: $(cat said)"
tam log --kind tam | grep -q 'restored from a copy of 20' || fail "it is not on record"
devices
[ "$(tam device list --status trusted --json | grep -c '"did"')" = 3 ] || fail "devices are not trusted any more"
# The catalogue is the copy's; what devices have is newer, and is reported so once it is known again.
tam ta add v2.cms --sp com.bank >/dev/null
devices
[ "$(versions)" = "3 [2]" ] || fail "after the restoration: $(versions)"
stop
teesim tam restore --finish back >told
serve back
tam status >said
! grep -q 'restored' said || fail "it is not finished: $(cat said)"
devices
[ "$(versions)" = "3 [2]" ] || fail "in the end: $(versions)"
kill "$server"
wait "$server" || fail "the TAM did not end in order: $?"
server=

# ---- Paths from the root ---------------------------------------------------------------------------

# The copy has its own files, and not the original's.
[ -z "${first[*]}" ] || exit 0
teesim tam init "$PWD/firm" --pki pki --id 1.3.6.1.4.1.55555.7.2 --kind p256 --database "$PWD/firm/data.db" >/dev/null
sed -i "s|\"vault.key\"|\"$PWD/firm/vault.key\"|; s|\"keys/p256.pem\"|\"../firm/keys/p256.pem\"|" firm/tam.conf
teesim tam backup firm firm.copy >told
! grep -q elsewhere told || fail "it says $(cat told)"
! grep -E '"(database|vault)".*/|firm/' firm.copy/tam.conf || fail "the copy means the original"
cp firm/data.db before.db
teesim tam restore firm.copy firm.back >told
[ -e firm.back/data.db ] || fail "the copy has no database"
cmp before.db firm/data.db || fail "the original was restored in the place of the copy"
sed -i "s|\"data.db\"|\"$PWD/firm/data.db\"|" firm.copy/tam.conf
! teesim tam restore firm.copy other 2>said || fail "with the database of another"
grep -q 'database elsewhere' said || fail "it says $(cat said)"

# A command that fetches OCSP responses fetches them into the copy, whoever wrote it; what is elsewhere is told.
for what in '' "$PWD/firm/"; do
	rm -rf firm.copy firm.back
	python3 - "$what" firm/tam.conf <<-'EOF'
		import json, sys
		config = json.load(open(sys.argv[2]))
		config["ocsp_command"] = config["ocsp_command"].replace("'keys/", f"'{sys.argv[1]}keys/")
		json.dump(config, open(sys.argv[2], "w"))
	EOF
	ln -sfn "$PWD/firm/keys/p256.pem" firm/tee-roots/link.pem
	ln -sfn "../../firm/keys/p256.pem" firm/tee-roots/around.pem
	ln -sfn "$PWD/pki/tam/root.pem" firm/tee-roots/other.pem
	teesim tam backup firm firm.copy >told
	grep -q "other.pem: leads to $PWD/pki" told || fail "links elsewhere: $(cat told)"
	mv firm firm.away
	teesim tam restore firm.copy firm.back >told
	[ "$(realpath firm.back/tee-roots/link.pem)" = "$PWD/firm.back/keys/p256.pem" ] || fail "a link into the original"
	[ "$(realpath firm.back/tee-roots/around.pem)" = "$PWD/firm.back/keys/p256.pem" ] || fail "a link by way of outside"
	grep -q "\"ocsp_command\" uses what is elsewhere.*: $PWD/pki" told || fail "the command's: $(cat told)"
	! grep -q "$PWD/firm/" firm.back/tam.conf || fail "the original is meant: $(cat firm.back/tam.conf)"
	rm firm.back/keys/p256.ocsp
	serve firm.back
	for ((i = 0; i < 600; i++)); do
		[ ! -s firm.back/keys/p256.ocsp ] || break
		sleep 0.1
	done
	[ -s firm.back/keys/p256.ocsp ] || fail "no OCSP response is fetched (\"$what\"): $(cat firm.back/tam.conf)"
	stop
	mv firm.away firm
done
# One that goes elsewhere first is left alone, and told.
sed -i "s|\"ocsp_command\": \"|&cd / \&\& |" firm/tam.conf
rm -rf firm.copy
teesim tam backup firm firm.copy >told
grep -q "\"ocsp_command\" uses what is not in the copy: $PWD/firm/keys/p256.pem" told || fail "with cd: $(cat told)"
