#!/bin/bash
# What a TA keeps belongs to its security domain: another domain's TA of the same name does not see it,
# nor the developer's; it survives updates, renaming and moving, and goes with the TA. T-row-14.
set -euo pipefail

# shellcheck source=tests/e2e/teep/domain/setup.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/teep/domain/setup.sh"
path=$(teesim device path device)

listed() { teesim storage ls "$taid" >listing; }
domains() { grep -c '^domain ' listing || true; }

# The developer's TA of that UUID, in the development domain; nothing personal there.
export TEESIM_TA_PATH=$images
says '' put "the developer's"
refuses 0xffff0008 personal
developer_key=$(./domain key)
says '' set-time
unset TEESIM_TA_PATH
refuses 'opening: 0xffff0008' get

# The same in a security domain is another.
tam create:sd1 "install:sd1:ta1.cms:for sd1"
refuses 0xffff0008 get
refuses 0xffff5000 get-time
says 'for sd1' personal
[ "$(./domain key)" != "$developer_key" ] || fail "the developer's key"
says '' put 'of sd1'
says '' set-time
listed
[ "$(domains)" = 1 ] || fail "$(cat listing)"
grep -q '^domain [0-9a-f]*: sd1 of com.bank, TAM 1.3.6.1.4.1.55555.7.1$' listing || fail "$(cat listing)"
[ "$(grep -c "^$taid  private" listing)" = 2 ] || fail "$(cat listing)"
number=$(sed -n 's/^domain \([0-9a-f]*\):.*/\1/p' listing)
[ "$(teesim storage export --domain "$number" --reveal "$taid" kept -)" = 'of sd1' ]
[ "$(teesim storage export --domain development --reveal "$taid" kept -)" = "the developer's" ]
[ "$(teesim storage export --reveal "$taid" kept -)" = "the developer's" ]
TEESIM_TA_PATH=$images says "the developer's" get

# It stays through updates, of the code and of the data alone, and goes where its domain goes.
sd1_key=$(./domain key)
tam update:sd1:ta2.cms:-
says 'of sd1' get
says 'for sd1' personal
tam 'update:sd1:-:newer'
says 'newer' personal
tam rename:sd1:renamed move:renamed:com.other
says 'of sd1' get
says 'newer' personal
says '' get-time
[ "$(./domain key)" = "$sd1_key" ] || fail "another key"
listed
grep -q ": renamed of com.other, TAM" listing || fail "$(cat listing)"

# It goes with the TA, also when that is back in the same domain.
tam delete-ta:renamed
refuses 'opening: 0xffff0008' get
listed
grep -q ': its TA is deleted' listing || fail "$(cat listing)"
tam install:renamed:ta1.cms:again
refuses 0xffff0008 get
refuses 0xffff5000 get-time
says 'again' personal
[ "$(./domain key)" != "$sd1_key" ] || fail "the key of a TA that was deleted"
listed
[ "$(domains)" = 0 ] || fail "$(cat listing)"
says '' put 'second life'

# In another domain it is another, and finds nothing.
tam delete-ta:renamed create:sd2 "install:sd2:ta1.cms:for sd2"
refuses 0xffff0008 get
says '' put 'of sd2'
tam delete-sd:sd2 create:sd2 install:sd2:ta1.cms:x
refuses 0xffff0008 get
says '' put 'of the second sd2'

# With the device at rest, whatever changes the storage next does it.
teesim stop >/dev/null
tam delete-sd:sd2
teesim stop >/dev/null 2>&1 || true
listed
grep -q ': its TA is deleted' listing || fail "$(cat listing)"
teesim storage rm "$taid" nothing 2>/dev/null && fail "there is no such object"
listed
[ "$(domains)" = 0 ] || fail "$(cat listing)"
teesim storage fsck | grep -q ' 0 damaged'
TEESIM_TA_PATH=$images says "the developer's" get
[ "$(find "$path/time" -mindepth 1 | wc -l)" = 1 ] || fail "times of TAs that are deleted: $(ls "$path/time")"
teesim stop >/dev/null

# Nothing of it lies about.
! grep -rqa -e 'of sd1' -e 'second life' -e 'for sd2' "$path" || fail "plain text on the device"
