#!/bin/bash
# The policy compiler takes what policies say and refuses what a reviewer could misread.
#
#	policy_compile.sh PROGRAM
set -u
compile=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

# What the first line of every policy below is, so that it holds a $TGID.
# shellcheck disable=SC2016 # which is the policy's, not the shell's
first='tgkill: arg0 == $TGID # to itself'

fail() {
	echo "FAIL: $1" >&2
	failures=$((failures + 1))
}

# refused LINE WORDS...: a policy with LINE does not compile, and the message has WORDS, the file
# and the line.
refused() {
	printf '%s\n%s\n' "$first" "$1" > "$dir/bad.policy"
	if message=$("$compile" "$dir/out.h" "x=$dir/bad.policy" 2>&1); then
		fail "compiled: $1"
	elif [[ $message != *"bad.policy:2: "*"$2"* ]]; then
		fail "'$1' gives '$message', not '$2'"
	fi
}

accepted() {
	printf '%s\n%s\n' "$first" "$1" > "$dir/good.policy"
	message=$("$compile" "$dir/out.h" "x=$dir/good.policy" 2>&1) || fail "'$1': $message"
}

refused 'read' 'needs its reason'
refused 'read #' 'needs its reason'
refused 'read: arg0 == 1' 'needs its reason'
refused 'reed # a slip' 'no such system call'
refused 'read write # two at once' 'not the name'
refused 'read: # nothing' 'nothing behind the colon'
refused 'read: arg6 == 1 # there are six' 'arg0 to arg5'
refused 'read: arg0 = 1 # one sign short' 'unknown comparison'
refused 'read: arg0 == 1 arg1 == 2 # no &&' 'joined by &&'
refused 'read: arg0 == 1 && # open end' 'joined by &&'
refused 'read: arg0 == PROT_READ_ALL # a slip' 'unknown name'
refused 'read: arg0 without 0 # looks at nothing' 'no bits'
refused 'read: arg0 with 1 && arg0 without 1 # never true' 'the same bit twice'
refused 'read: arg0 == 1 && arg0 with 1 # twice' 'stands alone'
refused 'read: return EWHAT # no such error' 'unknown name'

accepted 'read # any'
accepted $'read: arg0 == 1 # this\nread: arg0 == 2 # or that'
accepted '# only a comment'
accepted 'mmap: arg2 with PROT_EXEC && arg2 without PROT_WRITE && arg3 without MAP_ANONYMOUS # code'

# A line that allows everything beside one that allows something: which one holds?
printf '%s\nread # any\nread: arg0 == 1 # one\n' "$first" > "$dir/twice.policy"
"$compile" "$dir/out.h" "x=$dir/twice.policy" 2> /dev/null && fail "compiled a call decided twice"

# A later file's word replaces the earlier's.
printf '%s\nread: return EPERM # not here\n' "$first" > "$dir/one.policy"
printf 'read # here it is allowed\n' > "$dir/two.policy"
"$compile" "$dir/out.h" "x=$dir/one.policy,$dir/two.policy" || fail "two files do not compile"
# 0x00050001 is the filter's answer EPERM.
grep -q 0x00050001 "$dir/out.h" && fail "the earlier file still decides"
"$compile" "$dir/out.h" "x=$dir/one.policy" || fail "one file does not compile"
grep -q 0x00050001 "$dir/out.h" || fail "EPERM is not in the filter"

# Without $TGID nothing would be replaced at run time, which filter.c relies on.
echo 'read # any' > "$dir/no-tgid.policy"
"$compile" "$dir/out.h" "x=$dir/no-tgid.policy" 2> /dev/null && fail "compiled without \$TGID"

exit $((failures > 0))
