#!/usr/bin/env bash
# teesim storage, and copies of devices: what a TA keeps, seen and changed from outside.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

ta=6a1e0c57-2d93-4c88-a3f4-0b7d51e6c9d2
vault=$TEESIM_BUILD_DIR/examples/vault/vault

# vault_run WORD...: on the device that is kept.
vault_run() {
	expect_status 0 teesim run --device default -- "$vault" "$@"
}

expect_status 1 teesim storage ls
expect_output 'no device'
vault_run put plain 'some text'
vault_run put other 'more text'
expect_status 0 teesim storage ls
expect_output "$ta  private  data"
expect_output 'plain'
expect_output ' 9  other'
expect_status 0 teesim storage ls "$ta" --store ree
expect_output 'no objects'
expect_status 0 teesim storage show "$ta" plain
expect_output '9 octets'
expect_no_output 'some text'
expect_status 0 teesim storage show --reveal "$ta" plain
expect_output '|some text|'
expect_status 0 teesim storage show "$ta" 0x706c61696e
expect_status 1 teesim storage show "$ta" nothing
expect_output 'no such object'
expect_status 2 teesim storage show "$ta"
expect_status 2 teesim storage show nonsense plain
expect_status 2 teesim storage ls --store elsewhere

# Out and in again; a new object, and the data of an old one.
expect_status 2 teesim storage export "$ta" plain exported
expect_output 'needs --reveal'
expect_status 0 teesim storage export --reveal "$ta" plain exported
expect test "$(cat exported)" = 'some text'
expect test "$(stat -c %a exported)" = 600
chmod 644 exported
expect_status 0 teesim storage export --reveal "$ta" plain exported
expect test "$(stat -c %a exported)" = 600
printf 'imported' >text
expect_status 0 teesim storage import "$ta" plain text
expect_status 0 teesim storage import "$ta" new - <text
vault_run get plain
expect_output 'plain: imported'
vault_run get new
expect_output 'new: imported'
expect_status 0 teesim storage rm "$ta" new
expect_status 1 teesim storage rm "$ta" new
expect_status 0 teesim storage fsck
expect_output '2 objects'
expect_output '0 damaged'

# While its services run, it can be looked at and not changed.
expect_status 0 teesim start
expect_status 0 "$vault" put third 'while it runs'
mkfifo enough
TEESIM_TA_PATH=$TEESIM_BUILD_DIR/tests/gp/ta "$TEESIM_BUILD_DIR/tests/e2e/storage/hold" \
	<enough >held &
holder=$!
exec {hold}>enough
expect_soon grep -q held held
expect_status 0 teesim storage ls
expect_output 'third'
expect_status 0 teesim storage fsck
expect_output '3 objects'
expect_status 1 teesim storage rm "$ta" third
expect_output 'teesim stop --device default'
exec {hold}>&-
expect wait "$holder"
expect_status 1 teesim device snapshot default
expect_output 'teesim stop --device default'
expect_status 0 teesim stop

# A known state to start from.
expect_status 0 teesim device snapshot default known
expect_output "snapshot 'known'"
path=$(teesim device path default)
vault_run put plain 'changed'
cp "$path/storage" changed
expect_status 0 teesim device clone default copy
expect_status 1 teesim device clone default copy
expect_status 1 teesim device restore default unknown
expect_output 'no snapshot'
expect_status 0 teesim device restore default known
vault_run get plain
expect_output 'plain: imported'
expect_status 0 teesim run --device copy -- "$vault" get plain
expect_output 'plain: changed'

# A snapshot that is cut short leaves the one before.
expect test ! -e "$TEESIM_HOME/snapshots/known.new~"
(ulimit -f 1; exec teesim device snapshot copy known) >/dev/null 2>&1
expect_status 0 teesim device restore default known
vault_run get plain
expect_output 'plain: imported'

# What was there before the snapshot came back does not come back behind its back.
cp "$path/storage" restored
cp changed "$path/storage"
expect_status 1 teesim storage ls
expect_output 'refused'
expect_output "$path/storage"
expect_status 1 teesim run --device default -- "$vault" get plain
expect_output 'trusted storage is refused'
expect_output 'error 0xf0100001'
cp restored "$path/storage"
vault_run get plain
expect_output 'plain: imported'

# An older copy is named as such, and can be taken knowingly.
cp "$path/storage" older
vault_run put plain 'newer'
cp older "$path/storage"
expect_status 1 teesim storage fsck
expect_output 'is an older copy'
expect_status 0 teesim storage fsck --accept
vault_run get plain
expect_output 'plain: imported'

expect_status 0 teesim storage rm "$ta" --all
expect_status 0 teesim storage ls
expect_output 'no objects'

# One damaged row of its directory takes nothing with it; both copies take what they name, and all
# that is left can be removed at once.
vault_run put one 'text one'
vault_run put two 'text two'
twins='SELECT id & ((1 << 62) - 1) FROM row WHERE id > (1 << 62)'
sqlite3 "$path/storage" "UPDATE row SET data = zeroblob(length(data)) WHERE id = 0 OR id IN ($twins)"
vault_run get one
expect_output 'one: text one'
vault_run put three 'text three'
expect_status 0 teesim storage fsck
expect_output ' 0 damaged'
sqlite3 "$path/storage" "UPDATE row SET data = zeroblob(length(data)) WHERE id & 4194303 = 1 AND
	(id > (1 << 62) OR id IN ($twins))"
expect_status 1 teesim storage ls
expect_output 'DAMAGED'
expect_status 0 teesim storage rm "$ta" --all
expect_output 'a part of its directory was damaged'
expect_status 0 teesim storage ls
expect_output 'no objects'
expect_status 0 teesim storage fsck
expect_output ' 0 damaged'

# Faults on demand.
expect_status 0 teesim run --fault help
expect_output 'storage.write'
expect_output 'memory.allocate'
expect_output 'random.generate'
expect_output 'ta.invoke'
expect_output 'channel.invoke'
expect_status 2 teesim run --fault storage.nothing=EIO -- true
expect_output 'no such fault point'
expect_status 2 teesim run --fault storage.write=zeros -- true
expect_output 'no error that this point can have'
expect_status 2 teesim run --fault storage.write=EIO@0 -- true
expect_status 0 teesim run --fault storage.create=ENOSPC@3 -- "$vault"
expect_status 1 teesim run --fault storage.create=ENOSPC@2 -- "$vault"
expect_output 'second: error 0xffff3041'
expect_status 1 teesim run --fault storage.read=corrupt@1 -- "$vault"
expect_output 'first: error 0xf0100001'
expect_status 1 teesim run --fault channel.invoke=dead@4 -- "$vault"
expect_output 'second: error 0xffff3024'
expect_status 1 teesim run --fault storage.info=0xffff0001@2+ -- "$vault"
expect_output 'second: error 0xffff0001'

# Limits.
expect_status 2 teesim run --storage-quota many -- true
expect_status 0 teesim run --durable --storage-quota 1:2 -- "$vault" put small text
text=$(head -c 120000 /dev/zero | tr '\0' x)
put=0
while [ "$put" -lt 20 ] &&
	output=$(teesim run --storage-quota 1 --device default -- "$vault" put "$put" "$text" 2>&1); do
	put=$((put + 1))
done
expect test "$put" -eq 8
expect_output 'error 0xffff3041'
expect_status 0 teesim storage fsck
expect_output '8 objects'
expect_output ' 0 damaged'
expect_status 0 teesim device remove copy
expect_done
