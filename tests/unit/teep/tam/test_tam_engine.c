/* Sessions of the TAM with real TEEs, from nothing to what is wanted and back, undisturbed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "scene.h"

TestSuite(tam_engine, .init = scene_begin, .fini = scene_end);

Test(tam_engine, device_that_is_to_have_nothing_gets_nothing)
{
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");
	cr_expect_eq(scene_session().state, SESSION_DONE);
	cr_expect_eq(scene_known(0).status, DEVICE_TRUSTED);
	cr_expect_str_eq(scene_known(0).tee_name, "simtee-0");
}

Test(tam_engine, from_nothing_to_an_installed_ta_to_an_update_to_nothing)
{
	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState CreateSD InstallTA");
	cr_expect_str_eq(scene_installed(0), SCENE_SD "/" SCENE_TA ":1");
	cr_expect_str_eq(scene_stored(0), SCENE_SD "/" SCENE_TA ":1");

	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState");

	scene_publish(SCENE_TA, 2);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState UpdateTA");
	cr_expect_str_eq(scene_installed(0), SCENE_SD "/" SCENE_TA ":2");
	cr_expect_str_eq(scene_stored(0), SCENE_SD "/" SCENE_TA ":2");

	cr_assert_eq(catalogue_retire(scene.database, SCENE_TA, 1), 0);
	cr_assert_eq(catalogue_retire(scene.database, SCENE_TA, 2), 0);
	cr_assert(scene_run(0, NULL, NULL));
	cr_expect_str_eq(scene.trail, "GetDeviceState DeleteTA DeleteSD");
	cr_expect_str_eq(scene_installed(0), "");
	cr_expect_str_eq(scene_stored(0), "");
	cr_expect_eq(scene_session().state, SESSION_DONE);
}
