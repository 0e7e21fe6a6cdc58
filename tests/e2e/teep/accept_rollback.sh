#!/usr/bin/env bash
# A device whose domains are behind their counter: refused, with the next step; taken knowingly by its owner,
# while it does not run, and noted in its log. What is damaged otherwise is not.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

expect_status 0 teesim pki init pki --key p256
expect_status 0 teesim oem make-device device --pki pki --tee-key p256 --tfw-key p256 --tees 2
expect_status 0 teesim device path device
dir=$output
expect_status 1 teesim device accept-rollback nothing
expect_output 'No such file'
# Nothing ever ran.
expect_status 0 teesim device accept-rollback device
expect_output 'nothing to accept'

changed() { # TEE: its store changes, and is saved as it was before
	expect_status 0 teesim otrp request-ta 8aaaf200-2450-11e4-abe2-0002a5d5c51b --device device --tee "$1"
}
changed simtee-0
changed simtee-1
mkdir saved
cp "$dir"/domains.db* saved
for number in 1 2 3; do
	expect_status 0 teesim otrp request-ta 8aaaf200-2450-11e4-abe2-0002a5d5c5$number$number --device device
done
put_back() { rm -f "$dir"/domains.db* && cp saved/* "$dir"; }
put_back
expect_status 11 teesim otrp list --device device
expect_output 'is an older copy'
expect_output 'teesim device accept-rollback'

expect_status 0 teesim start --device device
expect_status 1 teesim device accept-rollback device --yes
expect_output 'is running'
expect_status 0 teesim stop --device device

expect_status 1 teesim device accept-rollback device
expect_output 'TEE 0 is 3 changes behind'
expect_no_output 'TEE 1'
expect_output 'accept-rollback device --yes'
expect_status 11 teesim otrp list --device device

# Another device's, or torn: not by this way either.
cp "$dir/tee-1/domains.db" "$dir/domains.db"
expect_status 1 teesim device accept-rollback device --yes
expect_output 'somebody else than the TEE'
put_back

expect_status 0 teesim device accept-rollback device --yes
expect_output 'TEE 0 goes on as it was 3 changes before'
expect_status 0 teesim otrp list --device device
expect_status 0 teesim log --device device
expect_output 'its owner took its domains as they were 3 changes before'
expect_status 0 teesim device accept-rollback device --yes
expect_output 'nothing to accept'
put_back
expect_status 11 teesim otrp list --device device
expect_status 0 teesim device accept-rollback device --yes

# The other way round: the counter is the older one, of the TEE below.
cp "$dir/tee-1/domains.counter" saved
for number in 1 2 3; do
	expect_status 0 teesim otrp request-ta 8aaaf200-2450-11e4-abe2-0002a5d5c5$number$number --device device \
		--tee simtee-1
done
cp saved/domains.counter "$dir/tee-1"
expect_status 1 teesim device accept-rollback device
expect_output 'TEE 1 is 3 changes ahead of its counter, which was set back or lost'
expect_no_output 'TEE 0'
expect_status 0 teesim device accept-rollback device --yes
expect_output 'TEE 1 goes on as it is, 3 changes ahead'
expect_status 0 teesim otrp list --device device --tee simtee-1
expect_status 0 teesim log --device device
expect_output 'its owner took its domains as they were 3 changes after their counter'
expect_done
