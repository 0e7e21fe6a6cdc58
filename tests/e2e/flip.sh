# shellcheck shell=bash
# flip FILE OFFSET: changes one bit of the octet there, whatever it is. Sourced by scripts.
flip() {
	local octet
	octet=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the octet
	printf "\\x$(printf %02x $((octet ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
