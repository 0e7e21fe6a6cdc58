#!/usr/bin/env bash
# demo_teep.sh BUILD_DIR: the whole story of a provisioned device on this machine, from authorities to
# removal, saying at each step what happens and why it can be trusted. `./dev demo teep` builds first
# and then calls this. Ends with 0 when every step came out as it is told.
set -eu

build=$(cd "$1" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/teesim-teep.XXXXXX")
export TEESIM_HOME=$scratch/home XDG_RUNTIME_DIR=$scratch/run PATH=$build/bin:$PATH
export LD_LIBRARY_PATH=$build/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# Whoever runs it may have devices and TAMs of their own.
unset TEESIM_DEVICE TEESIM_SOCKET TEESIM_AGENT_SOCKET TEESIM_TA_PATH TEESIM_TAM_TOKEN TEESIM_DURABLE
export TEESIM_TAM=$scratch/tam
mkdir -m 700 "$TEESIM_HOME" "$XDG_RUNTIME_DIR"
cd "$scratch"

bold='' dim='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
fi

tam_pid=
tam_end() {
	[ -n "$tam_pid" ] || return 0
	kill "$tam_pid" 2>/dev/null || true
	wait "$tam_pid" 2>/dev/null || true
	tam_pid=
}

# What runs below the scratch directory: device, agent, and what they start.
ours() {
	grep -sl -- "${scratch%?}[${scratch: -1}]" /proc/[0-9]*/cmdline | tr -dc '0-9\n'
}

finish() {
	local status=$? left
	trap - EXIT
	trap '' INT TERM HUP
	tam_end
	# One that was just being started when somebody interrupted us is not there to be told yet.
	for _ in {1..100}; do
		left=$(ours)
		[ -n "$left" ] || break
		teesim agent stop >/dev/null 2>&1 || true
		teesim stop >/dev/null 2>&1 || true
		sleep 0.05
	done
	# shellcheck disable=SC2086 # several
	[ -z "$left" ] || kill -KILL $left 2>/dev/null || true
	cd /
	rm -rf "$scratch"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- Telling ---------------------------------------------------------------------------------

number=0
# step TITLE; then what happens, and why it can be trusted, from standard input.
step() {
	number=$((number + 1))
	printf '\n%s%2d. %s%s\n' "$bold" "$number" "$1" "$plain"
	sed "s/^/    /; s/^    \(Why:.*\)/    $dim\1$plain/"
}

# What is typed, as one would type it in the directory.
typed() {
	local word line='    $'
	for word in "$@"; do
		word=${word#"$build"/examples/*/}
		case $word in
		*\ * | '') line+=" '$word'" ;;
		*) line+=" $word" ;;
		esac
	done
	printf '%s%s%s\n' "$bold" "$line" "$plain"
}

# run COMMAND...: shown, with what it says.
run() {
	typed "$@"
	"$@" 2>&1 | sed 's/^/      /'
}

# refused COMMAND...: the same for what has to fail.
refused() {
	typed "$@"
	if "$@" >said 2>&1; then
		sed 's/^/      /' said
		printf '%s    that should have been refused%s\n' "$red" "$plain"
		exit 1
	fi
	sed 's/^/      /' said
}

# quiet COMMAND...: shown, and silent unless it fails.
quiet() {
	typed "$@"
	"$@" >said 2>&1 || {
		sed 's/^/      /' said
		exit 1
	}
}

taid=a819c571-318e-405c-b46d-905d70f96861
app=$build/examples/teep-app/teep-app
elf=$build/examples/teep-payment/$taid.elf
elf_2=$build/examples/teep-payment/version-2/$taid.elf
# A certificate, a key: everything on P-256, which is quickly made.
kind=p256

# ---- The story -------------------------------------------------------------------------------

step 'Authorities' <<END
Four hierarchies: who vouches for firmware, for TEEs, for TAMs, for service providers.
Why: nobody stands in for another role; a device maker's authority makes no TAM.
END
run teesim pki init pki --key $kind

step 'Manufacture' <<END
A device gets an eFuse key, signed images, key pairs of its own for firmware and TEE, and the
roots of the TAMs that it will listen to.
Why: its keys are sealed under the eFuse key, so a copied disk is no copied device.
END
run teesim oem make-device default --pki pki --tee-key $kind --tfw-key $kind

step 'Boot' <<END
Firmware checks the TEE's image and certificate before it releases the TEE's key.
Why: one changed octet in the image, and the TEE never runs.
END
run teesim device verify default
cp "$TEESIM_HOME/devices/default/boot/tee.img" tee.img
typed sh -c 'echo x >>boot/tee.img'
printf x >>"$TEESIM_HOME/devices/default/boot/tee.img"
refused teesim device verify default
cp tee.img "$TEESIM_HOME/devices/default/boot/tee.img"

# A port that nobody listens on now.
port=0
until [ "$port" -gt 0 ] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	port=$((20000 + RANDOM % 12000))
done

tam_begin() {
	teesim tam serve tam >>serve.log 2>&1 &
	tam_pid=$!
	for _ in {1..200}; do
		! teesim tam status >said 2>&1 || return 0
		kill -0 "$tam_pid" 2>/dev/null || break
		sleep 0.05
	done
	cat serve.log
	exit 1
}

step 'TAM' <<END
A Trusted Application Manager: a certificate with its identifier, its authority's statement that
this is not revoked, a database, and a server with HTTPS, an admin API and a web page.
Why: the identifier is the one under which devices will know the owner of a security domain.
END
quiet teesim tam init tam --pki pki --id 1.3.6.1.4.1.55555.7.1 --kind $kind --listen "127.0.0.1:$port"
typed teesim tam serve tam '&'
tam_begin

step 'Service provider' <<END
Wallet Ltd signs its trusted application. The TAM vets the signer once, takes the package into
its catalogue, and wants it on every device.
Why: a TEE takes no package whose signer is not registered in that security domain.
END
quiet teesim pki sp --out sp --key $kind --name 'Wallet Ltd'
quiet teesim sp package "$elf" --version 1 --key sp.key --cert sp.pem --out wallet-1.cms
run teesim tam sp add com.example.wallet --name 'Wallet Ltd' --cert sp.pem
run teesim tam ta add wallet-1.cms --sp com.example.wallet
run teesim tam deploy $taid --all --domain wallet

# The agent is configured as a device maker would: whom to ask, and by whom HTTPS is vouched for.
printf 'tam https://127.0.0.1:%s/tam\nca-file %s\n' "$port" "$scratch/tam/tls.pem" >"$TEESIM_HOME/agent.conf"

step 'Install' <<END
A client application opens a session with its trusted application and is told that there is none.
It asks the agent, who carries messages between TAM and TEE and can read none of them: who are
you, make a security domain, install this. Then it checks the TA's papers, and pays.
Why: TEE and TAM sign every message and encrypt its content to each other. The package goes to a
key that the TEE made for this provider alone. That key signs the papers; the TAM vouches for it,
and the root that the application came with vouches for the TAM.
END
run "$app" --root pki/tam/root.pem pay 4711 12.50 Bookshop

step 'Use' <<END
From now on it is a trusted application like any other.
Why: it ran from an image that is sealed on the device and compared with its hash at each start.
END
run "$app" --root pki/tam/root.pem pay 4711 3.20 Bakery
refused "$app" --root pki/tam/root.pem pay 0000 99.00 Somebody
run teesim ta list

step 'Update' <<END
Version 2 has a limit for a single payment. The TAM wants it, the device gets it at its next
contact, and the next session runs it. What the card remembers is still there.
Why: a version is never lowered, so nobody brings version 1 and its missing limit back.
END
quiet teesim sp package "$elf_2" --version 2 --key sp.key --cert sp.pem --out wallet-2.cms
run teesim tam ta add wallet-2.cms --sp com.example.wallet
run "$app" --root pki/tam/root.pem refresh
refused "$app" --root pki/tam/root.pem pay 4711 600.00 Yacht
run "$app" --root pki/tam/root.pem pay 4711 8.00 Bookshop
run teesim tam deploy list

step 'Revoke' <<END
The TAM's key is stolen, so its authority revokes the certificate. What is stapled from now on
says so, and the TEE does nothing any more that this TAM says.
Why: the TEE asks nobody; it accepts what comes with a fresh statement for each certificate.
END
quiet teesim pki revoke pki tam tam/keys/$kind.pem
quiet teesim pki ocsp pki tam tam/keys/$kind.pem --out tam/keys/$kind.ocsp
tam_end
tam_begin
run "$app" --root pki/tam/root.pem refresh
teesim tam session list >said
grep -q 'ERR_TAM_NOT_TRUSTED' said || {
	cat said
	exit 1
}
printf '      the TEE answered: ERR_TAM_NOT_TRUSTED\n'
printf '    It gets a new certificate with the same identifier, and with it its domains again.\n'
cp tam/keys/$kind.key stolen.key
rm tam/keys/$kind.key
quiet teesim pki tam pki --id 1.3.6.1.4.1.55555.7.1 --key $kind --out new --previous stolen.key
cp new.key tam/keys/$kind.key
cp new.pem tam/keys/$kind.pem
quiet teesim pki ocsp pki tam new.pem --out tam/keys/$kind.ocsp
tam_end
tam_begin

step 'Remove' <<END
The TA is no longer wanted: at the next contact TA, domain, data and the key for this provider go.
Why: what the TEE says it has is what the TAM plans from; there is no list on the side.
END
run teesim tam deploy $taid --all --domain wallet --remove
run "$app" --root pki/tam/root.pem refresh
teesim ta list --json >said
if grep -q $taid said; then
	cat said
	exit 1
fi
refused "$app" --root pki/tam/root.pem pay 4711 1.00 Bookshop

printf '\n%sThat was it.%s Nothing of it is left on this machine.\n' "$bold" "$plain"
