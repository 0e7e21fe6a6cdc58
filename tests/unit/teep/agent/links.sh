#!/bin/bash
# Who is the agent can neither encrypt nor sign, and reaches no network: libc alone, and none of its
# calls that resolve names. Each argument is a library or a program.
set -euo pipefail

for file; do
	needed=$(readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -v -e '^libc\.so' -e '^ld-linux' -e '^libasan\.so' -e '^libubsan\.so' \
			-e '^libuv\.so' || true)
	if [ -n "$needed" ]; then
		echo "$file needs $needed" >&2
		exit 1
	fi
	# The functions are there at all: else this would say nothing.
	calls=$(nm -D --undefined-only "$file")
	grep -q ' socket@' <<<"$calls"
	if grep -E ' (getaddrinfo|gethostby|inet_|uv_tcp|uv_udp|uv_getaddr|dlopen)' <<<"$calls"; then
		echo "$file has calls of the network" >&2
		exit 1
	fi
done
