/*
 * Pseudo TAs: the process that they share, and device enumeration.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const TEEC_UUID devices = {
	0x7011a688, 0xddde, 0x4053, { 0xa5, 0xa9, 0x7b, 0x3c, 0x4d, 0xdf, 0x13, 0xb8 }
};

/* Commands of <pta_device.h>. */
enum {
	AT_BOOT,
	WITH_SUPPLICANT,
	WITH_STORAGE,
};

static struct client client;

TestSuite(services, .init = fixture_start, .fini = fixture_stop);

static TEEC_Result enumerate(uint32_t command, void *out, size_t *size)
{
	TEEC_Operation operation = { .paramTypes =
					     TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, 0, 0, 0) };
	TEEC_Result result;

	operation.params[0].tmpref.buffer = out;
	operation.params[0].tmpref.size = *size;
	result = client_invoke(&client, command, &operation);
	*size = operation.params[0].tmpref.size;
	return result;
}

/* Puts the test's TA among those of the device. */
static void install(const char *uuid)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct stat st;
	int in, out;

	snprintf(from, sizeof(from), "%s/%s.ta", TA_DIRECTORY, uuid);
	snprintf(to, sizeof(to), "%s/devices/default/ta", getenv("TEESIM_HOME"));
	(void)mkdir(to, 0700);
	snprintf(to, sizeof(to), "%s/devices/default/ta/%s.ta", getenv("TEESIM_HOME"), uuid);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	cr_assert(in >= 0 && out >= 0 && fstat(in, &st) == 0);
	cr_assert_eq(sendfile(out, in, NULL, (size_t)st.st_size), st.st_size);
	close(in);
	close(out);
}

Test(services, enumerates_installed_tas_that_are_devices)
{
	static const uint8_t expected[16] = { 0x5f, 0x0e, 0x2f, 0x4a, 0x54, 0xa5, 0x4c, 0x7c,
					      0x9b, 0x84, 0x6c, 0x8f, 0x86, 0xf3, 0xa8, 0x01 };
	uint8_t out[64];
	size_t size = sizeof(out);

	client_open(&client, &devices);
	cr_expect_eq(enumerate(AT_BOOT, out, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 0);

	install("5f0e2f4a-54a5-4c7c-9b84-6c8f86f3a801");
	size = sizeof(out);
	cr_expect_eq(enumerate(AT_BOOT, out, &size), TEEC_SUCCESS);
	cr_assert_eq(size, sizeof(expected));
	cr_expect_arr_eq(out, expected, sizeof(expected));
	size = sizeof(out);
	cr_expect_eq(enumerate(WITH_SUPPLICANT, out, &size), TEEC_SUCCESS);
	cr_expect_eq(size, 0);
	size = sizeof(out);
	cr_expect_eq(enumerate(WITH_STORAGE, out, &size), TEEC_SUCCESS);
	cr_expect_eq(size, sizeof(expected));

	size = 15;
	cr_expect_eq(enumerate(AT_BOOT, out, &size), TEEC_ERROR_SHORT_BUFFER);
	cr_expect_eq(size, sizeof(expected));
	size = 0;
	cr_expect_eq(enumerate(AT_BOOT, NULL, &size), TEEC_ERROR_SHORT_BUFFER);
	cr_expect_eq(size, sizeof(expected));
	client_close(&client);
}

Test(services, wrong_parameters_and_commands_are_refused)
{
	TEEC_Operation values = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };

	client_open(&client, &devices);
	cr_expect_eq(client_invoke(&client, AT_BOOT, NULL), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(client_invoke(&client, AT_BOOT, &values), TEEC_ERROR_BAD_PARAMETERS);
	cr_expect_eq(client_invoke(&client, 77, &values), TEEC_ERROR_NOT_IMPLEMENTED);
	client_close(&client);
}

Test(services, sessions_of_many_clients_share_one_process)
{
	struct client other;
	pid_t pid;

	client_open(&client, &devices);
	client_open(&other, &devices);
	pid = fixture_process("tee-services");
	cr_expect_gt(pid, 0);
	client_close(&client);
	client_open(&client, &devices);
	cr_expect_eq(fixture_process("tee-services"), pid);
	client_close(&client);
	client_close(&other);
}

Test(services, the_death_of_the_process_ends_its_sessions_and_the_next_gets_another)
{
	uint8_t out[16];
	size_t size = sizeof(out);
	pid_t pid;

	client_open(&client, &devices);
	pid = fixture_process("tee-services");
	cr_assert_gt(pid, 0);
	kill(pid, SIGKILL);
	cr_expect(fixture_log_has("the TEE's services"));
	cr_expect_eq(enumerate(AT_BOOT, out, &size), TEEC_ERROR_TARGET_DEAD);
	cr_expect_eq(client.origin, TEEC_ORIGIN_TEE);
	cr_expect_eq(enumerate(AT_BOOT, out, &size), TEEC_ERROR_TARGET_DEAD);
	client_close(&client);

	client_open(&client, &devices);
	cr_expect_neq(fixture_process("tee-services"), pid);
	size = sizeof(out);
	cr_expect_eq(enumerate(AT_BOOT, out, &size), TEEC_SUCCESS);
	client_close(&client);
}
