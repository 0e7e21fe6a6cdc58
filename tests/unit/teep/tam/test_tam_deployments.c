/* What becomes of deployments by sessions with real TEEs, and by what people change meanwhile. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "scene.h"
#include "teep/tam/deployment.h"
#include "teep/tam/group.h"

TestSuite(tam_deployments, .init = scene_begin, .fini = scene_end);

static int64_t deploy_in(const char *sdname, enum wanted_scope scope, const char *id,
			 int64_t version)
{
	struct wanted what = { .scope = scope,
			       .scope_id = id,
			       .spid = SCENE_SPID,
			       .sdname = sdname,
			       .taid = SCENE_TA,
			       .version = version,
			       .present = true };
	struct deployment out;
	const char *why = "";

	cr_assert_eq(deployment_start(scene.database, &what, &scene.arena, &out, &why), 0, "%s: %s",
		     why, tam_database_error(scene.database));
	return out.id;
}

static int64_t deploy(enum wanted_scope scope, const char *id, int64_t version)
{
	return deploy_in(SCENE_SD, scope, id, version);
}

/* "waiting running done failed", with an R for one that was replaced or taken back. */
static const char *counts(int64_t id)
{
	static char text[64];
	struct deployment one;

	cr_assert_eq(deployment_get(scene.database, id, &scene.arena, &one), 0);
	snprintf(text, sizeof(text), "%d %d %d %d%s", (int)one.waiting, (int)one.running,
		 (int)one.done, (int)one.failed, one.replaced ? " R" : "");
	return text;
}

/* What it says of its only device. */
static const char *remark(int64_t id)
{
	struct deployment_device *devices;
	size_t count;

	cr_assert_eq(deployment_devices(scene.database, id, -1, NULL, 9, &scene.arena, &devices,
					&count),
		     0);
	cr_assert_eq(count, 1);
	return devices[0].error;
}

static void take_back(int64_t version)
{
	int64_t id;

	cr_assert_eq(tam_database_integer(scene.database, &id,
					  "SELECT id FROM wanted WHERE version = $1",
					  TAM_VALUES(tam_integer(version))),
		     0);
	cr_assert_eq(wanted_remove(scene.database, id, NULL), 0);
}

static void known_and_in_group(void)
{
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert_eq(group_add(scene.database, "lab"), 0);
	cr_assert_eq(group_join(scene.database, "lab", scene_known(0).did), 0);
}

Test(tam_deployments, failed_one_that_is_taken_back_does_not_run_again)
{
	int64_t newer, older;

	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_TA, 2);
	newer = deploy(SCOPE_ALL, "", 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(newer), "0 0 1 0");
	older = deploy(SCOPE_ALL, "", 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(older), "0 0 0 1");
	/* While it stands, it is tried again. */
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(older), "0 0 0 1");
	take_back(1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState DeleteTA DeleteSD");
	cr_expect_str_eq(counts(older), "0 0 0 1 R");
	cr_expect_str_eq(counts(newer), "0 0 1 0 R");
}

/* What an earlier TAM left. */
Test(tam_deployments, one_that_was_left_running_comes_to_its_end)
{
	int64_t id;

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	id = deploy(SCOPE_ALL, "", 1);
	cr_assert_eq(tam_database_run(scene.database, "UPDATE deployment_device SET state = 1",
				      TAM_NO_VALUES, NULL),
		     0);
	cr_assert_eq(tam_database_run(scene.database, "UPDATE deployment SET replaced = 1",
				      TAM_NO_VALUES, NULL),
		     0);
	cr_expect_str_eq(counts(id), "0 1 0 0 R");
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(id), "0 0 0 0 R");
}

static bool leaves_group(unsigned number, bool request, char **message)
{
	(void)request;
	(void)message;
	if (number == 3)
		cr_assert_eq(group_leave(scene.database, "lab", scene_known(0).did), 0);
	return true;
}

Test(tam_deployments, device_that_leaves_the_group_meanwhile_is_left_out)
{
	int64_t id;

	scene_publish(SCENE_TA, 1);
	known_and_in_group();
	id = deploy(SCOPE_GROUP, "lab", 1);
	cr_expect_str_eq(counts(id), "1 0 0 0");
	cr_assert(scene_run(0, NULL, leaves_group));
	cr_expect_str_eq(counts(id), "0 0 0 0");
	cr_assert_eq(group_join(scene.database, "lab", scene_known(0).did), 0);
	cr_expect_str_eq(counts(id), "1 0 0 0");
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(id), "0 0 1 0");
}

static bool is_busy_and_suspended(unsigned number, bool request, char **message)
{
	char *busy;

	(void)request;
	if (number != 3)
		return true;
	cr_assert_eq(device_table_set_status(scene.database, scene_known(0).did, DEVICE_SUSPENDED,
					     "stolen"),
		     0);
	cr_assert(asprintf(&busy,
			   "{\"OTrPBrokerError\":{\"ver\":\"1.0\",\"rid\":\"\",\"tid\":\"%s\","
			   "\"errcode\":\"ERR_AGENT_TEE_BUSY\"}}",
			   scene.tid) > 0);
	free(*message);
	*message = busy;
	return true;
}

Test(tam_deployments, device_that_is_suspended_meanwhile_is_waited_for)
{
	int64_t id;

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	id = deploy(SCOPE_ALL, "", 1);
	cr_assert(scene_run(0, NULL, is_busy_and_suspended));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD GetDeviceState");
	cr_expect_eq(scene_session().state, SESSION_DONE);
	cr_expect_str_eq(counts(id), "1 0 0 0");
	cr_assert_eq(
		device_table_set_status(scene.database, scene_known(0).did, DEVICE_TRUSTED, ""), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(id), "0 0 1 0");
}

Test(tam_deployments, each_domain_has_its_own)
{
	int64_t a, b;

	scene_publish(SCENE_TA, 1);
	a = deploy_in("a.sd", SCOPE_ALL, "", 1);
	b = deploy_in("b.sd", SCOPE_ALL, "", 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene_installed(0), "a.sd/" SCENE_TA ":1");
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	cr_expect_str_eq(counts(a), "0 0 1 0");
	cr_expect_str_eq(counts(b), "0 0 0 1");
	cr_expect_str_eq(remark(b), "another domain of the device is to have this TA");
}

Test(tam_deployments, what_failed_in_a_group_is_not_done_by_what_is_for_all)
{
	int64_t first, group, all;

	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_TA, 2);
	known_and_in_group();
	first = deploy(SCOPE_ALL, "", 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(first), "0 0 1 0");
	group = deploy(SCOPE_GROUP, "lab", 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(group), "0 0 0 1");
	cr_assert_eq(group_leave(scene.database, "lab", scene_known(0).did), 0);
	all = deploy(SCOPE_ALL, "", 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(all), "0 0 1 0");
	cr_expect_str_eq(counts(group), "0 0 0 0");
}

Test(tam_deployments, one_whose_entry_is_set_anew_is_over)
{
	int64_t id;

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	id = deploy(SCOPE_ALL, "", 0);
	scene_want(SCENE_TA, -1);
	cr_expect_str_eq(counts(id), "0 0 0 0 R");
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene_installed(0), "");
	cr_expect_str_eq(counts(id), "0 0 0 0 R");
}

Test(tam_deployments, wider_one_is_done_where_the_nearer_asks_for_the_same)
{
	int64_t all, group;

	scene_publish(SCENE_TA, 1);
	known_and_in_group();
	group = deploy(SCOPE_GROUP, "lab", 1);
	all = deploy(SCOPE_ALL, "", 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(counts(group), "0 0 1 0");
	cr_expect_str_eq(counts(all), "0 0 1 0");
}

Test(tam_deployments, wider_one_fails_where_the_nearer_asks_for_something_else)
{
	int64_t all, group;

	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_TA, 2);
	known_and_in_group();
	all = deploy(SCOPE_ALL, "", 2);
	group = deploy(SCOPE_GROUP, "lab", 1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(scene_session().state, SESSION_DONE);
	cr_expect_str_eq(counts(group), "0 0 1 0");
	cr_expect_str_eq(counts(all), "0 0 0 1");
	cr_expect_str_eq(remark(all), "a nearer entry of what is wanted decides otherwise for this "
				      "device");
	take_back(1);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	cr_expect_str_eq(counts(all), "0 0 1 0");
}

Test(tam_deployments, one_for_a_device_goes_with_the_device)
{
	int64_t id;

	scene_publish(SCENE_TA, 1);
	cr_assert(scene_run(0, NULL, NULL));
	id = deploy(SCOPE_DEVICE, scene_known(0).did, 1);
	cr_assert_eq(device_table_remove(scene.database, scene_known(0).did), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_str_eq(counts(id), "0 0 0 0 R");
}
