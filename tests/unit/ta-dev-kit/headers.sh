#!/usr/bin/env bash
# Each header of the kit compiles alone and twice, in C and C++, and every function that they
# declare for the runtime is in api-symbols.txt, and the other way round.
# Usage: headers.sh self-contained|symbols
set -u
kit=$TEESIM_SOURCE_DIR/ta-dev-kit
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

headers() { (cd "$kit/include" && find . -name '*.h' | sed 's|^\./||' | LC_ALL=C sort); }

self_contained() {
	local header compiler
	for header in $(headers); do
		printf '#include <%s>\n#include <%s>\nextern int filler;\n' "$header" "$header" >"$work/t"
		for compiler in "gcc -x c -std=gnu11" "gcc -x c -std=gnu99" "g++ -x c++ -std=c++11" \
			"g++ -x c++ -std=gnu++17"; do
			# shellcheck disable=SC2086
			$compiler -Wall -Wextra -Werror -fsyntax-only -I"$kit/include" "$work/t" || {
				echo "FAIL: <$header> alone with $compiler"
				failed=1
			}
		done
	done
	# All at once, in two orders, with the C library's headers around them.
	for order in sort 'sort -r'; do
		{
			printf '#include <%s>\n' stdio.h stdlib.h string.h pthread.h sys/mman.h
			headers | $order | sed 's/.*/#include <&>/'
			printf '#include <%s>\n' setjmp.h dlfcn.h math.h time.h sys/stat.h sys/socket.h signal.h
		} >"$work/t"
		for compiler in "gcc -x c -std=gnu11" "g++ -x c++ -std=gnu++17"; do
			# shellcheck disable=SC2086
			$compiler -Wall -Wextra -Werror -fsyntax-only -I"$kit/include" "$work/t" || {
				echo "FAIL: all headers ($order) with $compiler"
				failed=1
			}
		done
	done
}

# What a TA or its header file defines, and the deliberate errors of asan_test.h, are not the
# runtime's.
declared() {
	headers | sed 's/.*/#include <&>/' >"$work/t.c"
	gcc -std=gnu11 -I"$kit/include" -aux-info "$work/protos" -fsyntax-only "$work/t.c" || exit 1
	{
		sed -n "s|^/\* $kit/include/[^ ]*:N[CO] \*/ extern [^(]*[ *]\([A-Za-z_0-9]*\) (.*|\1|p" \
			"$work/protos"
		echo TEE_tcpSocket
		echo TEE_udpSocket
	} | grep -vE '^(TA_|__GP11_TA_|tahead_|asan_)' | LC_ALL=C sort -u
}

symbols() {
	local list
	list=$(grep -v '^#' "$kit/api-symbols.txt" | sed '/^$/d')
	if [ "$(sort <<<"$list" | uniq -d)" ]; then
		echo "FAIL: twice in api-symbols.txt: $(sort <<<"$list" | uniq -d)"
		failed=1
	fi
	declared >"$work/declared"
	LC_ALL=C sort -u <<<"$list" >"$work/listed"
	if ! diff "$work/declared" "$work/listed" >"$work/diff"; then
		echo "FAIL: < is declared in a header but not in api-symbols.txt, > the reverse:"
		grep '^[<>]' "$work/diff"
		failed=1
	fi
	[ "$(grep -c '^TEE_[A-Z].*' "$work/listed")" -ge 131 ] || failed=1
	[ "$(grep -c '^__GP11_' "$work/listed")" -eq 59 ] || failed=1
	[ "$(grep -c '^#define T[EA]*_[A-Za-z0-9]*[[:space:]]*__GP11_' "$kit/include/tee_api_compat.h")" -eq 64 ] || {
		echo "FAIL: tee_api_compat.h must rename 61 functions and 3 types"
		failed=1
	}
}

case ${1:-} in
self-contained) self_contained ;;
symbols) symbols ;;
*) echo "usage: $0 self-contained|symbols"; exit 2 ;;
esac
exit $failed
