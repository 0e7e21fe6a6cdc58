/* An old copy of the database, and devices that are ahead of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scene.h"
#include "teep/tam/database_copy.h"

TestSuite(tam_restore, .init = scene_begin, .fini = scene_end);

#define TA(version)    SCENE_SD "/" SCENE_TA ":" version
#define OTHER(version) SCENE_SD "/" SCENE_OTHER ":" version

static char copy[160];

static void copy_make(void)
{
	char err[512];
	struct stat st;

	snprintf(copy, sizeof(copy), "%s/copy", scene.directory);
	cr_assert_eq(database_copy(scene.where, copy, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(stat(copy, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_neq(database_copy(scene.where, copy, err, sizeof(err)), 0,
		      "an older copy is not written over");
}

/* Version 1 on two devices, then the copy; then version 2 and one more TA on the first, and on a
 * device that the copy has never heard of. */
static void ahead(void)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	for (unsigned n = 0; n < 2; n++)
		cr_assert(scene_run(n, NULL, NULL));
	copy_make();
	scene_publish(SCENE_TA, 2);
	scene_publish(SCENE_OTHER, 1);
	scene_want(SCENE_OTHER, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_assert(scene_run(2, NULL, NULL));
	scene_converged(0, TA("2") " " OTHER("1"));
	scene_converged(2, TA("2") " " OTHER("1"));
	scene_restore(copy);
}

Test(tam_restore, devices_that_are_ahead_of_an_old_copy_lose_nothing_and_are_not_set_back)
{
	scene.tam.hold_deletions = true;
	ahead();
	for (unsigned n = 0; n < 3; n++) {
		cr_assert(scene_run(n, NULL, NULL));
		cr_expect_eq(scene_known(n).status, DEVICE_TRUSTED);
		cr_expect_null(strstr(scene.trail, "Delete"), "%u: %s", n, scene.trail);
	}
	cr_expect_str_eq(scene_installed(0), TA("2") " " OTHER("1"));
	cr_expect_str_eq(scene_installed(1), TA("1"));
	cr_expect_str_eq(scene_installed(2), TA("2") " " OTHER("1"));
	/* A person who excludes something means it, even now. */
	scene_publish(SCENE_OTHER, 1);
	scene_want(SCENE_OTHER, -1);
	cr_assert(scene_run(2, NULL, NULL));
	cr_expect_str_eq(scene_installed(2), TA("2"));
	/* What came after the copy is brought back; then all is as usual. */
	scene_publish(SCENE_TA, 2);
	scene_want(SCENE_OTHER, 0);
	for (unsigned n = 0; n < 3; n++)
		cr_assert(scene_run(n, NULL, NULL));
	scene.tam.hold_deletions = false;
	for (unsigned n = 0; n < 3; n++) {
		cr_assert(scene_run(n, NULL, NULL));
		scene_converged(n, TA("2") " " OTHER("1"));
	}
	scene_want_nothing();
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, "");
}

Test(tam_restore, what_came_after_the_copy_goes_where_deletions_are_not_held)
{
	ahead();
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState DeleteTA");
	cr_expect_str_eq(scene_installed(0), TA("2"));
}

/* The copy wants 2 and remembers 1, and the device has 3. */
Test(tam_restore, an_update_that_is_older_than_the_device_is_refused_by_it)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	scene_publish(SCENE_TA, 2);
	copy_make();
	scene_publish(SCENE_TA, 3);
	cr_assert(scene_run(0, NULL, NULL));
	scene_restore(copy);
	scene.tam.hold_deletions = true;
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene_installed(0), TA("3"));
	cr_expect_eq(scene_session().state, SESSION_FAILED);
	scene_publish(SCENE_TA, 3);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_eq(scene_session().state, SESSION_DONE);
	scene_converged(0, TA("3"));
}

/* A command was on its way when the copy was made: its answer comes to the TAM as it is now. */
Test(tam_restore, a_session_that_the_copy_was_made_in_the_middle_of_ends_well)
{
	char *request, *answer, *command;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	request = scene_connect(NULL);
	answer = scene_answer(0, request);
	command = scene_post(answer);
	free(answer);
	copy_make();
	answer = scene_answer(0, command);
	free(command);
	scene_restore(copy);
	command = scene_post(answer);
	cr_expect_not_null(command);
	free(command);
	free(answer);
	free(request);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, TA("1"));
}
