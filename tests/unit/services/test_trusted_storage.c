/* Callers that change in mid-call what they have asked for. */
#include "device_directory.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "services/pseudo_ta.h"
#include "serving/serve.h"
#include "wire/storage_call.h"

TestSuite(services_trusted_storage, .init = device_directory_make, .fini = device_directory_remove);

/* So much that it takes several steps. */
#define MUCH (8U << 20)

extern const struct pseudo_ta trusted_storage_pseudo_ta;

static const struct pseudo_ta *const service = &trusted_storage_pseudo_ta;
static void *session;

static void service_begin(struct services_device *device)
{
	const struct pseudo_ta_client ta = {
		.identity = { .login = TEE_LOGIN_TRUSTED_APP, .uuid = { .timeLow = 7 } },
		.owner.ta.octet = { 7 },
	};
	TEE_Param none[TEE_NUM_PARAMS] = { 0 };

	device->path = device_directory;
	cr_assert_eq(service->start(device), 0);
	cr_assert_eq(service->open(&ta, 0, none, &session), TEE_SUCCESS);
}

static void service_end(void)
{
	service->close(session);
	service->stop();
}

Test(services_trusted_storage, a_request_that_becomes_nonsense_is_given_up)
{
	struct {
		struct storage_call_new new;
		char name[4];
	} asked = { { .store = TEE_STORAGE_PRIVATE, .type = TEE_TYPE_DATA, .name_size = 4 },
		    "much" };
	const uint32_t create =
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_INPUT,
				TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE);
	const uint32_t next =
		TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, TEE_PARAM_TYPE_MEMREF_OUTPUT,
				TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE);
	struct storage_call_entry entry;
	uint8_t *data = calloc(1, MUCH);
	TEE_Param params[TEE_NUM_PARAMS] = {
		{ .memref = { &asked, sizeof(asked) } },
		{ .memref = { data, MUCH } },
	};
	TEE_Param listed[TEE_NUM_PARAMS] = {
		{ .value = { .a = TEE_STORAGE_PRIVATE } },
		{ .memref = { &entry, sizeof(entry) } },
	};
	struct services_device device = { 0 };

	cr_assert(data);
	service_begin(&device);
	cr_expect_eq(service->invoke(session, STORAGE_CREATE, create, params), SERVE_LATER);
	cr_expect_eq(service->invoke(session, STORAGE_CREATE, create, params), SERVE_LATER);
	asked.new.name_size = UINT32_MAX;
	cr_expect_eq(service->invoke(session, STORAGE_CREATE, create, params),
		     TEE_ERROR_BAD_PARAMETERS);
	/* Its memory may be gone; nothing goes on with it, and the next call is the next one. */
	free(data);
	cr_expect_eq(service->invoke(session, STORAGE_NEXT, next, listed),
		     TEE_ERROR_ITEM_NOT_FOUND);
	while (service->idle() == PSEUDO_TA_WORKED)
		;
	service_end();
}
