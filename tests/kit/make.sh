#!/usr/bin/env bash
# TA directories, in the shape that projects for OP-TEE have, built with the kit's makefiles.
# Usage: make.sh CASE LOAD_TA SESSION; the cases are the functions `case_…` below.
# The cases are called by name, and no name here has a space or a star.
# shellcheck disable=SC2317,SC2086,SC2015,SC2016
set -u
load_ta=$2
session=$3
teesim=$TEESIM_BUILD_DIR/bin/teesim
here=$TEESIM_SOURCE_DIR/tests/kit
kit=${TEESIM_TEST_KIT:-$TEESIM_BUILD_DIR/ta-dev-kit}
work=$(mktemp -d "$PWD/kit-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
uuid=6a4dd3f1-2fcb-4b0c-8a35-21f7f0d4a1

# Nothing of the caller's make, nor of the user's settings, reaches these builds.
export TEESIM_HOME=$work/home XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$work/run"
unset MAKEFLAGS MFLAGS MAKELEVEL CC CXX CFLAGS CPPFLAGS CXXFLAGS LDFLAGS CROSS_COMPILE O V

fail() {
	echo "FAIL: $*"
	failed=1
}

# build DIR ARG...: what make says is in $work/log
build() {
	local dir=$1
	shift
	make -C "$work/$dir" TA_DEV_KIT_DIR="$kit" TEESIM= "$@" >"$work/log" 2>&1
}

built() {
	build "$@" || {
		fail "make $*"
		cat "$work/log"
	}
}

# refused TEXT DIR ARG...: make fails, and says TEXT
refused() {
	local text=$1
	shift
	if build "$@"; then
		fail "make $* succeeded"
	elif ! grep -qF -- "$text" "$work/log"; then
		fail "make $* did not say: $text"
		cat "$work/log"
	fi
}

# answers DIR/IMAGE COMMANDS LINE...: among what load_ta prints are these lines
answers() {
	local image=$1 commands=$2 line
	shift 2
	printf '%b' "$commands" | "$load_ta" "$work/$image" >"$work/said" 2>&1 || {
		fail "load_ta $image: $(cat "$work/said")"
		return
	}
	for line in "$@"; do
		grep -qxF -- "$line" "$work/said" || {
			fail "load_ta $image did not say: $line"
			cat "$work/said"
		}
	done
}

# serves DIRS UUID COMMANDS LINE...: so does the TA in the simulator, found in DIRS
serves() {
	local dirs=$1 ta=$2 commands=$3 line
	shift 3
	printf '%b' "$commands" >"$work/commands"
	"$teesim" run --ta-path "$dirs" -- "$session" "$ta" <"$work/commands" >"$work/said" 2>"$work/log"
	for line in "$@"; do
		grep -qxF -- "$line" "$work/said" || {
			fail "TA $ta did not say: $line"
			cat "$work/said" "$work/log"
		}
	done
}

# gone and there: files relative to $work
there() {
	local file
	for file in "$@"; do [ -e "$work/$file" ] || fail "there is no $file"; done
}
gone() {
	local file
	for file in "$@"; do [ ! -e "$work/$file" ] || fail "there is still $file"; done
}

case_hello() {
	local image=hello/${uuid}01
	cp -r "$here/hello" "$work"
	built hello -j4
	there $image.{elf,stripped.elf,dmp,map,ta}
	answers $image.ta '5 41 9\n' \
		"uuid 6a4dd3f1-2fcb flags c stack 4096 entry ffffffffffffffff" \
		"heap 32768 level 4 prefix TA" \
		"property gpd.ta.singleInstance 1" "property gpd.ta.multiSession 1" \
		"property gpd.ta.instanceKeepAlive 0" "property optee.ta.instanceKeepCrashed 0" \
		"property gpd.ta.dataSize 32768" "property gpd.ta.stackSize 2048" \
		"property gpd.ta.version 1.0" "property gpd.ta.description Adds one" \
		"property gpd.ta.endian 0" "property gpd.ta.doesNotCloseHandleOnCorruptObject 0" \
		"property test.kit.text some text" "property test.kit.number 16" \
		"command 5: 0 42 9 5"
	# 1.1 has no word for 4 GiB: refused before the TA sees it.
	answers $image.ta '5 41 4294967296\n' "command 5: ffff0006 41 0 4294967296"

	readelf -Wdls "$work/$image.ta" >"$work/elf"
	grep -qE 'R(UN)?PATH|TEXTREL|IRELATIV' "$work/elf" && fail "RPATH, TEXTREL or IFUNC in the image"
	grep -q 'GNU_STACK.* RW  ' "$work/elf" || fail "the stack of the image is executable"
	grep -q 'SYMBOLIC' "$work/elf" || fail "the image is not linked with -Bsymbolic"
	readelf -S "$work/$image.ta" | grep -q '\.ta_head' || fail "no section .ta_head"

	# Nothing to do the second time; one source when a header changed; all when a switch did.
	built hello
	grep -qE ' (CC|LD|COPY) ' "$work/log" && fail "a second make built again"
	touch "$work/hello/include/user_ta_header_defines.h"
	built hello
	[ "$(grep -c ' CC ' "$work/log")" -eq 1 ] || fail "a header changed and not one file was compiled"
	built hello CFG_TEE_TA_LOG_LEVEL=1
	[ "$(grep -c ' CC ' "$work/log")" -eq 2 ] || fail "a switch changed and not all was compiled"
	answers $image.ta '' "heap 32768 level 1 prefix TA"

	built hello clean
	diff -r "$here/hello" "$work/hello" || fail "clean left something"
}

case_api_of_1_3_1() {
	cp -r "$here/hello" "$work"
	built hello CFG_TA_OPTEE_CORE_API_COMPAT_1_1=n
	answers hello/${uuid}01.ta '5 41 9\n' "command 5: 0 42 9 5"
	nm -D "$work/hello/${uuid}01.elf" | grep -q __GP11_ && fail "1.1 names in a TA for 1.3.1"
	:
}

case_out_of_tree() {
	cp -r "$here/hello" "$here/sources" "$work"
	built hello O=out -j4
	built sources O="$work/elsewhere/deep" -j4
	there hello/out/${uuid}01.ta elsewhere/deep/${uuid}05.ta
	answers elsewhere/deep/${uuid}05.ta '2 0\n' "command 2: 0 23"
	built hello O=out clean
	built sources O="$work/elsewhere/deep" clean
	diff -r "$here/hello" "$work/hello" && diff -r "$here/sources" "$work/sources" ||
		fail "an out-of-tree build touched the sources"
	gone elsewhere/deep
}

case_library() {
	cp -r "$here/library" "$work"
	built library/lib
	there library/lib/libtwice.a
	built library/ta
	answers library/ta/${uuid}02.ta '0 21\n' "command 0: 0 42"
	touch "$work/library/lib/libtwice.a"
	built library/ta
	grep -q ' LD ' "$work/log" || fail "the library changed and the TA was not linked again"
	rm "$work/library/lib/libtwice.a"
	refused "there is no '../lib/libtwice.a'" library/ta
	built library/lib O=../out/lib
	built library/ta O=../out/ta
	answers library/out/ta/${uuid}02.ta '0 4\n' "command 0: 0 8"
}

case_shared_library() {
	cp -r "$here/shared" "$work"
	built shared/lib
	there shared/lib/libthrice.{so,stripped.so,dmp,map} shared/lib/${uuid}04.{elf,ta}
	built shared/ta
	readelf -d "$work/shared/ta/${uuid}03.elf" | grep -q "NEEDED.*\[${uuid}04\]" ||
		fail "the TA does not name its library by UUID"
	# The loader finds a library by its UUID; here the search path does.
	cp "$work/shared/lib/${uuid}04.ta" "$work/${uuid}04"
	LD_LIBRARY_PATH=$work answers shared/ta/${uuid}03.ta '0 5\n' "command 0: 0 22"
	built shared/lib clean
	built shared/ta clean
	diff -r "$here/shared" "$work/shared" || fail "clean left something"
}

case_sources() {
	local image=sources/${uuid}05.ta
	cp -r "$here/sources" "$work"
	built sources -j4
	grep -q 'unused variable' "$work/log" || fail "the warning of sloppy.c is missing"
	answers $image '0 39\n1 0\n2 0\n3 0\n4 0\n5 0\n6 0\n7 0\n' \
		"command 0: 0 42" "command 1: 0 4" "command 2: 0 23" "command 3: 0 5" \
		"command 4: 0 41" "command 5: 0 17" "command 6: 0 11" "command 7: ffff0006 0"
	# A switch adds a source; another passes a number; a changed input is generated from again.
	echo 43 >"$work/sources/table.txt"
	built sources CFG_KIT_EXTRA=y CFG_KIT_NUMBER=12
	answers $image '7 0\n6 0\n4 0\n' "command 7: 0 99" "command 6: 0 12" "command 4: 0 43"
	touch "$work/sources/left-over"
	built sources CFG_KIT_EXTRA=y clean
	echo 41 >"$work/sources/table.txt"
	diff -r "$here/sources" "$work/sources" || fail "clean left something"
}

case_mistakes() {
	cp -r "$here/hello" "$work"
	cp "$work/hello/Makefile" "$work/Makefile.good"
	cp "$work/hello/sub.mk" "$work/sub.mk.good"
	cp "$work/hello/hello_ta.c" "$work/hello_ta.c.good"
	mend() {
		cp "$work/Makefile.good" "$work/hello/Makefile"
		cp "$work/sub.mk.good" "$work/hello/sub.mk"
		cp "$work/hello_ta.c.good" "$work/hello/hello_ta.c"
	}

	echo 'srcs-y += absent.c' >>"$work/hello/sub.mk"
	refused "there is no 'absent.c'" hello
	gone hello/${uuid}01.ta
	built hello clean
	mend

	printf 'void absent_function(int);\nvoid user(void);\nvoid user(void) { absent_function(TEE_SUCCESS); }\n' \
		>>"$work/hello/hello_ta.c"
	refused 'absent_function' hello
	refused 'nobody provides the symbols named above' hello
	gone hello/${uuid}01.{elf,ta}
	built hello TA_CHECK_SYMBOLS=n
	there hello/${uuid}01.ta
	built hello clean
	mend

	printf 'void user(void);\nvoid user(void) { undeclared(); }\n' >>"$work/hello/hello_ta.c"
	refused 'implicit declaration' hello
	mend

	# A TA may bring its own of what the runtime also has.
	printf '#include <string_ext.h>\nsize_t strlcpy(char *d, const char *s, size_t n) { return n; }\n' \
		>>"$work/hello/hello_ta.c"
	built hello
	built hello clean
	mend

	sed -i '/^BINARY/d' "$work/hello/Makefile"
	refused 'must set exactly one of BINARY, LIBNAME and SHLIBNAME' hello
	mend
	refused 'must set exactly one of' hello LIBNAME=other
	refused 'is not a UUID' hello BINARY=hello
	refused 'SHLIBUUID' hello BINARY= SHLIBNAME=libother
	rm "$work/hello/sub.mk"
	refused 'hello/sub.mk' hello
	mend
	echo '# nothing' >"$work/hello/sub.mk"
	refused 'names no source' hello
	mend
	sed -i 's/^global-incdirs.*//' "$work/hello/sub.mk"
	sed -i '/hello_ta.h/d' "$work/hello/hello_ta.c"
	refused 'no user_ta_header_defines.h' hello
	mend
	refused 'does not run' hello CROSS_COMPILE=no-such-machine-
	printf '#!/bin/sh\necho aarch64-linux-gnu\n' >"$work/aarch64-gcc"
	chmod +x "$work/aarch64-gcc"
	refused 'leave CROSS_COMPILE empty' hello CROSS_COMPILE="$work/aarch64-"
	built hello CROSS_COMPILE=
}

# A tool stands in for teesim and writes down how it was called.
case_package() {
	cp -r "$here/hello" "$work"
	cat >"$work/tool" <<-'END'
		#!/bin/sh
		echo "$@" >>"$0.calls"
		while [ $# -gt 1 ]; do
			[ "$1" = --out ] && out=$2
			[ "$1" = --in ] && in=$2
			shift
		done
		{ echo packed; cat "$in"; } >"$out"
	END
	chmod +x "$work/tool"
	echo key >"$work/key.pem"
	built hello TEESIM="$work/tool" CFG_TA_VERSION=3 TA_SIGN_KEY="$work/key.pem"
	grep -qx "ta sign --uuid ${uuid}01 --version 3 --key $work/key.pem --in ${uuid}01.stripped.elf --out ${uuid}01.ta" \
		"$work/tool.calls" || fail "teesim was called as: $(cat "$work/tool.calls")"
	[ "$(head -c 6 "$work/hello/${uuid}01.ta")" = packed ] || fail "the package is not the tool's"
	rm "$work/tool.calls"
	TEESIM=$work/tool "$kit/scripts/sign_encrypt.py" sign-enc --uuid ${uuid}01 --ta-version 2 \
		--key "$work/key.pem" --in "$work/hello/${uuid}01.elf" --out "$work/other.ta" ||
		fail "sign_encrypt.py"
	grep -qx "ta sign --uuid ${uuid}01 --version 2 --key $work/key.pem --in $work/hello/${uuid}01.elf --out $work/other.ta" \
		"$work/tool.calls" || fail "sign_encrypt.py called: $(cat "$work/tool.calls")"
	TEESIM=$work/tool "$kit/scripts/sign_encrypt.py" digest --uuid x >/dev/null 2>&1 &&
		fail "sign_encrypt.py took a command that it does not have"
	built hello clean
}

# A test suite: many TAs with a directory of headers in common, a library that one names and one that
# it opens, for a board's processor unless told otherwise.
case_suite() {
	local out=$work/out dirs
	cp -r "$here/suite" "$work"
	refused 'for which machine?' suite CFG_SUITE_MORE=n
	built suite -j4 TA_ARCH_DEFINE=ARM64
	there suite/user/${uuid}21.ta suite/lib/${uuid}22.ta suite/lib_dl/${uuid}23.ta suite/plain/${uuid}24.ta
	built suite clean
	diff -r "$here/suite" "$work/suite" || fail "clean left something"

	built suite -j4 O="$out" TA_ARCH_DEFINE=ARM64 TEESIM="$teesim"
	diff -r "$here/suite" "$work/suite" || fail "an out-of-tree build touched the sources"
	dirs=$out/user:$out/lib:$out/lib_dl:$out/plain
	# A Makefile that calls make once more, with the library in LDADD and its own file for the kit.
	mv "$work/suite/user/Makefile.nested" "$work/suite/user/Makefile"
	mv "$work/suite/user/sub.mk.nested" "$work/suite/user/sub.mk"
	echo 'static_assert(sizeof(void *) == 8);' >"$work/suite/user/cxx.cpp"
	built suite -j4 O="$work/nested" TA_ARCH_DEFINE=ARM64
	there nested/user/{${uuid}21.ta,cxx.o}
	serves "$work/nested/user:$work/nested/lib_dl" ${uuid}21 '0 7\n1 20\n' "command 0: 0 49" "command 1: 0 42"
	# Each library is signed, as a TA is.
	"$teesim" ta inspect "$out/lib/${uuid}22.ta" >"$work/said" 2>&1 || fail "ta inspect of a library"
	grep -q '^signature  *trusted' "$work/said" || {
		fail "the library is not signed"
		cat "$work/said"
	}
	serves "$dirs" ${uuid}21 '0 7\n1 20\n2 0\n4 0\n' "command 0: 0 49" "command 1: 0 42" \
		"command 2: 0 11" "command 4: ffff0006 0"
	serves "$dirs" ${uuid}24 '0 3\n' "command 0: 0 100"
	# A crash in the library, with its function and line.
	serves "$dirs" ${uuid}21 '3 0\n' "command 3: ffff3024 0"
	grep -q 'lib_panic at .*lib/lib.c:11' "$work/log" || {
		fail "the crash report does not name lib_panic"
		cat "$work/log"
	}
	# What is missing, or is not a library, is told.
	serves "$out/user" ${uuid}21 '' "not opened: ffff0008 from 3"
	grep -q "a library that it needs: no library ${uuid}22" "$work/log" || fail "the missing library"
	# A library is verified as TAs are.
	cp "$out/lib/${uuid}22.elf" "$work/bare-${uuid}22"
	mkdir "$work/unsigned"
	mv "$work/bare-${uuid}22" "$work/unsigned/${uuid}22.ta"
	"$teesim" run --require-signed --ta-path "$out/user:$work/unsigned" -- "$session" ${uuid}21 \
		</dev/null >"$work/said" 2>"$work/log"
	grep -qx 'not opened: ffff000f from 3' "$work/said" || {
		fail "an unsigned library was taken with --require-signed"
		cat "$work/said" "$work/log"
	}
	# Found where TAs are found: installed, too.
	for image in user/${uuid}21 lib/${uuid}22 lib_dl/${uuid}23; do
		"$teesim" ta install "$out/$image.ta" >"$work/said" 2>&1 || {
			fail "ta install $image"
			cat "$work/said"
		}
	done
	"$teesim" ta list >"$work/said" 2>&1
	grep -q refused "$work/said" && {
		fail "ta list"
		cat "$work/said"
	}
	grep -q 'a shared library for TAs' "$work/said" || fail "ta list does not tell a library"
}

# A TA around sources of another project, with flags for some of them.
case_foreign_sources() {
	cp -r "$here/tpm" "$work"
	mv "$work/tpm/reference" "$work/elsewhere"
	built tpm -j4 CFG_TPM_REFERENCE="$work/elsewhere"
	grep -q 'unused variable' "$work/log" && fail "the flags of platform/clock.c were not used"
	answers tpm/${uuid}30.ta '0 0\n1 0\n' "command 0: 0 35" "command 1: 0 105"
	built tpm CFG_TPM_REFERENCE="$work/elsewhere" CFG_TPM_MEASURED=y
	answers tpm/${uuid}30.ta '1 0\n' "command 1: 0 1000"
	built tpm O="$work/out" CFG_TPM_REFERENCE="$work/elsewhere"
	answers out/${uuid}30.ta '1 0\n' "command 1: 0 105"
	built tpm CFG_TPM_REFERENCE="$work/elsewhere" clean
	mv "$work/elsewhere" "$work/tpm/reference"
	diff -r "$here/tpm" "$work/tpm" || fail "clean left something"
	rm "$work/tpm/reference/src/startup.c"
	refused "there is no '$work/tpm/reference/src/startup.c'" tpm
}

# Example projects: client and TA by one make, and the client by CMake, against an installation.
case_clients() {
	local prefix=$work/prefix
	cmake --install "$TEESIM_BUILD_DIR" --prefix "$prefix" >"$work/log" 2>&1 || {
		fail "cmake --install"
		cat "$work/log"
		return
	}
	# Client makefiles look into lib, wherever this system has its libraries.
	[ -e "$prefix/lib/libteec.so" ] || ln -s "$(dirname "$(find "$prefix/lib" -name libteec.so)")"/* "$prefix/lib"
	cp -r "$here/clients" "$work"
	kit=$prefix/share/teesim/ta-dev-kit
	make -C "$work/clients" TA_DEV_KIT_DIR="$kit" TEEC_EXPORT="$prefix" \
		HOST_CROSS_COMPILE= TA_CROSS_COMPILE= >"$work/log" 2>&1 || {
		fail "make of client and TA"
		cat "$work/log"
	}
	answer=$(LD_LIBRARY_PATH=$prefix/lib TEESIM_TA_PATH=$work/clients/ta \
		"$prefix/bin/teesim" run -- "$work/clients/host/kit_client" 2>"$work/log")
	[ "$answer" = "0 42" ] || {
		fail "the client said $answer"
		cat "$work/log"
	}
	for way in "" -DWITH_PACKAGE=ON; do
		rm -rf "$work/cmake"
		PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name teec.pc)") cmake -Wno-dev -S "$work/clients" \
			-B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" $way >"$work/log" 2>&1 &&
			cmake --build "$work/cmake" >>"$work/log" 2>&1 || {
			fail "CMake with ${way:-pkg-config}"
			cat "$work/log"
		}
		answer=$(LD_LIBRARY_PATH=$prefix/lib TEESIM_TA_PATH=$work/clients/ta \
			"$prefix/bin/teesim" run -- "$work/cmake/kit_client" 2>"$work/log")
		[ "$answer" = "0 42" ] || {
			fail "the client by CMake said $answer"
			cat "$work/log"
		}
	done
	make -C "$work/clients" TA_DEV_KIT_DIR="$kit" clean >"$work/log" 2>&1 || fail "make clean"
	diff -r "$here/clients" "$work/clients" || fail "clean left something"
}

# mbedTLS is there unless it is switched off, and says so where the kit has none.
case_mbedtls() {
	[ -e "$kit/lib/libmbedtls.a.version" ] || {
		echo "this kit was built without mbedTLS"
		return
	}
	cp -r "$here/hello" "$work"
	cat >>"$work/hello/hello_ta.c" <<-'END'
		#include <mbedtls/sha256.h>
		int hash(unsigned char out[32]);
		int hash(unsigned char out[32])
		{
			int err = mbedtls_sha256((const unsigned char *)"abc", 3, out, 0);

			return err ? err : (int)MBEDTLS_PRIVATE(out)[0];
		}
	END
	built hello
	nm -D --defined-only "$work/hello/${uuid}01.elf" | grep -q mbedtls_ && fail "mbedTLS is exported"
	nm "$work/hello/${uuid}01.elf" | grep -q mbedtls_sha256_ret || fail "mbedTLS is not in the TA"
	refused "MBEDTLS_PRIVATE" hello CFG_TA_MBEDTLS=n
	mkdir "$work/bare"
	cp -rL "$kit/." "$work/bare"
	rm "$work/bare/lib/libmbedtls.a.version"
	kit=$work/bare
	refused "CFG_TA_MBEDTLS=y needs mbedTLS 2.28" hello CFG_TA_MBEDTLS=y
	cp "$here/hello/hello_ta.c" "$work/hello"
	built hello
}

# The key that every OP-TEE project names is not needed; a board's key is not used.
case_keys() {
	cp -r "$here/hello" "$work"
	built hello TEESIM="$teesim" TA_SIGN_KEY="$kit/keys/default_ta.pem"
	"$teesim" ta verify "$work/hello/${uuid}01.ta" >"$work/said" 2>&1 || fail "not signed by the developer"
	printf -- '-----BEGIN PRIVATE KEY-----\nnothing\n' >"$work/board.pem"
	touch "$work/hello/hello_ta.c"
	built hello TEESIM="$teesim" TA_SIGN_KEY="$work/board.pem"
	grep -q 'is a key for boards' "$work/log" || fail "nothing said of the board's key"
	"$teesim" ta verify "$work/hello/${uuid}01.ta" >"$work/said" 2>&1 || fail "not signed by the developer"
	TEESIM=$teesim "$kit/scripts/sign_encrypt.py" sign-enc --uuid ${uuid}01 --key "$work/board.pem" \
		--algo TEE_ALG_RSASSA_PKCS1_PSS_MGF1_SHA256 --in "$work/hello/${uuid}01.stripped.elf" \
		--out "$work/other.ta" >"$work/said" 2>&1 || fail "sign_encrypt.py with a board's key"
	TEESIM=$teesim "$kit/scripts/sign_encrypt.py" verify --in "$work/other.ta" >"$work/said" 2>&1 ||
		fail "sign_encrypt.py verify"
}

# A report without lines of source, and the script that finds them.
case_symbolize() {
	local offset
	cp -r "$here/hello" "$work"
	built hello
	offset=$(nm "$work/hello/${uuid}01.elf" | sed -n 's/^0*\([0-9a-f]*\) T TA_CreateEntryPoint/\1/p')
	{
		echo "error: TA hello (${uuid}01, /x/${uuid}01.ta) crashed: SIGSEGV at address 0x10 in command 1"
		echo "hello:     #0  TA+0x$offset"
		echo "hello:     #1  ${uuid}99+0x10"
	} >"$work/report"
	"$kit/scripts/symbolize.py" -d "$work/hello" <"$work/report" >"$work/said"
	grep -q "TA_CreateEntryPoint at .*hello_ta.c:" "$work/said" || {
		fail "symbolize.py did not find the function"
		cat "$work/said"
	}
	grep -q "no ${uuid}99.elf in $work/hello" "$work/said" || fail "symbolize.py on what is missing"
}

# The kit after installation, by make and by find_package().
case_installed() {
	local prefix=$work/prefix
	cmake --install "$TEESIM_BUILD_DIR" --component ta-dev-kit --prefix "$prefix" >"$work/log" 2>&1 || {
		fail "cmake --install"
		cat "$work/log"
		return
	}
	cp -r "$here/hello" "$here/shared" "$here/cmake" "$work"
	# What is installed is whole: nothing leads back to the source or build tree.
	find "$prefix" -type l | grep . && fail "links in the installed kit"
	grep -rlF -e "$TEESIM_SOURCE_DIR" -e "$TEESIM_BUILD_DIR" "$prefix" | grep . &&
		fail "paths of the build in the installed kit"

	kit=$prefix/share/teesim/ta-dev-kit
	built hello
	answers hello/${uuid}01.ta '5 41 9\n' "command 5: 0 42 9 5"

	{
		cmake -S "$work/cmake" -B "$work/out" -DCMAKE_PREFIX_PATH="$prefix" &&
			cmake --build "$work/out"
	} >"$work/log" 2>&1 || {
		fail "a CMake project with the installed kit"
		cat "$work/log"
	}
	answers out/${uuid}01.ta '5 41 9\n' "command 5: 0 42 9 5" "heap 32768 level 2 prefix TA"
	serves "$work/out" ${uuid}03 '0 5\n' "command 0: 0 22"
	readelf -d "$work/out/${uuid}01.ta" | grep -qE 'R(UN)?PATH' && fail "RPATH in the image"

	cmake -S "$work/cmake" -B "$work/out" -DWITH_MISTAKE=ON >"$work/log" 2>&1
	cmake --build "$work/out" >"$work/log" 2>&1 && fail "an absent symbol was not noticed"
	grep -q 'undefined reference to .absent_function' "$work/log" || {
		fail "the absent symbol was not named"
		cat "$work/log"
	}
	gone out/${uuid}06.ta
}

# The contract that client makefiles and old TA makefiles rely on.
case_kit_directory() {
	local file
	for file in mk/{ta_dev_kit,conf,compile,subdir,gcc,clang,cc-option,macros,cleandirs,link,link_shlib}.mk \
		lib/lib{utils,utee,mbedtls,dl}.a src/{user_ta_header.c,ta.ld.S} keys/default_ta.pem \
		scripts/{sign_encrypt,symbolize}.py \
		host_include/{conf.mk,conf.h,conf.cmake,tee_api_types.h,tee_api_defines.h} \
		host_include/{tee_api_defines_extensions.h,tee_api_compat.h,user_ta_header.h,util.h} \
		host_include/{compiler,types_ext,utee_defines,signed_hdr,remoteproc_pta,pta_system}.h \
		host_include/{rng_pta_client,pta_attestation,tee_tcpsocket,tee_udpsocket,tee_isocket}.h \
		api-symbols.txt cmake/TeesimTAConfig.cmake; do
		[ -e "$kit/$file" ] || fail "the kit has no $file"
	done
	for file in "$kit"/host_include/*.h; do
		printf '#include <%s>\nextern int filler;\n' "${file##*/}" >"$work/t.c"
		gcc -fsyntax-only -Werror -I"$kit/host_include" "$work/t.c" || fail "host_include/${file##*/}"
	done
	printf 'include %s/host_include/conf.mk\nall:\n\t@echo $(CFG_REE_FS) $(sm)\n' "$kit" >"$work/Makefile"
	[ "$(make -s -C "$work")" = "y ta_x86_64" ] || fail "host_include/conf.mk"
}

if ! declare -F "case_$1" >/dev/null; then
	echo "usage: $0 CASE LOAD_TA; there is no case $1"
	exit 2
fi
"case_$1"
exit $failed
