#!/usr/bin/env bash
# demo.sh BUILD_DIR [FILE]: runs the example pairs, each on a device of its own that is gone
# afterwards. `./dev demo` builds first and then calls this.
set -eu

build=$(cd "$1" && pwd)
file=${2:-}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/teesim-demo.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

if [ -z "$file" ]; then
	file=$scratch/text
	# A text to be found on every machine, this one.
	yes "$(cat "${BASH_SOURCE[0]}")" | head -c 1000003 >"$file"
fi

# run LABEL COMMAND...: both sides speak; the trusted application's lines carry its name.
run() {
	printf '\n== %s\n' "$1"
	shift
	printf '$ teesim run --'
	printf ' %s' "${@/#"$build"\//}"
	printf '\n'
	"$build/bin/teesim" run -- "$@"
}

run "hello: a value and a string, there and back" "$build/examples/hello/hello"
run "otp: one-time passwords, whose secret stays inside" "$build/examples/otp/otp"
run "signer: a signing service, whose key stays inside" "$build/examples/signer/signer"
run "formula: a trusted application in C++, with exceptions" "$build/examples/formula/formula"
run "transform: a file, enciphered in place in a shared block" \
	"$build/examples/transform/transform" "$file" "$scratch/enciphered"
