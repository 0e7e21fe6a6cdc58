/* What a fleet finds wrong with a round, by the devices' own account. */
#include <criterion/criterion.h>
#include <string.h>

#include "teep/fleet/audit.h"

#define DEVICES 4U

static struct turn turns[DEVICES];
static struct crew crew;

static const struct expectation installed_once = { .version = 1, .installed = 1 };

/* Each has what it should. */
static void setup(void)
{
	memset(turns, 0, sizeof(turns));
	for (unsigned int i = 0; i < DEVICES; i++)
		turns[i] = (struct turn) {
			.state = TURN_DONE, .tas = 1, .version = 1, .count = { .installed = 1 }
		};
	crew = (struct crew) { .devices = DEVICES, .turns = turns };
}

TestSuite(fleet_audit, .init = setup);

Test(fleet_audit, all_is_well)
{
	struct audit audit;

	turns[2].retries = 3;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert(audit_passed(&audit));
	cr_assert_eq(audit.done, DEVICES);
	cr_assert_eq(audit.installed, DEVICES);
	cr_assert_eq(audit.retries, 3);
	cr_assert_str_empty(audit.first);
}

Test(fleet_audit, a_device_without_its_version_is_lost)
{
	struct audit audit;

	turns[1].version = 0;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert_not(audit_passed(&audit));
	cr_assert_eq(audit.lost, 1);
	cr_assert_str_eq(audit.first, "device 000001: has not got what it should");
}

Test(fleet_audit, a_device_that_has_it_and_says_nobody_installed_it_is_lost)
{
	struct audit audit;

	turns[0].count.installed = 0;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert_eq(audit.lost, 1);
}

Test(fleet_audit, an_installation_that_passed_twice_is_told)
{
	struct audit audit;

	turns[3].count.installed = 2;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert_not(audit_passed(&audit));
	cr_assert_eq(audit.twice, 1);
	cr_assert_eq(audit.lost, 0);
}

Test(fleet_audit, an_image_that_came_again_is_fine_after_a_lost_answer_alone)
{
	struct audit audit;

	turns[1].count.updated = 1;
	turns[1].retries = 1;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert(audit_passed(&audit));
	cr_assert_eq(audit.repeated, 1);
	turns[1].retries = 0;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert_not(audit_passed(&audit));
	cr_assert_eq(audit.twice, 1);
}

Test(fleet_audit, a_device_with_two_tas_is_told)
{
	struct audit audit;

	turns[3].tas = 2;
	audit_devices(&crew, &installed_once, &audit);
	cr_assert_eq(audit.twice, 1);
}

Test(fleet_audit, a_turn_that_failed_is_a_failure_with_its_reason)
{
	struct audit audit;

	turns[2].state = TURN_FAILED;
	strcpy(turns[2].why, "there is no TAM");
	audit_devices(&crew, &installed_once, &audit);
	cr_assert_not(audit_passed(&audit));
	cr_assert_eq(audit.failed, 1);
	cr_assert_str_eq(audit.first, "device 000002: there is no TAM");
}

Test(fleet_audit, the_tam_counting_fewer_is_a_failure)
{
	struct audit audit;

	audit_devices(&crew, &installed_once, &audit);
	audit.tam_done = DEVICES - 1;
	audit.tam_failed = 0;
	cr_assert_not(audit_passed(&audit));
	audit.tam_done = DEVICES;
	cr_assert(audit_passed(&audit));
	audit.tam_failed = 1;
	cr_assert_not(audit_passed(&audit));
}
