/*
 * The client of the tenants example:
 *
 *   teep-tenants red|blue add FIGURE…   gives figures to a tenant's trusted application
 *   teep-tenants red|blue sum           what it makes of them
 *   teep-tenants red|blue spy           what it finds of its neighbour
 *   teep-tenants                        does all of that with both
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <tenant_ta.h>

static TEEC_Context context;

struct tenant {
	const char *name;
	TEEC_Session session;
};

static int report(const struct tenant *tenant, const char *what, TEEC_Result result)
{
	if (result == TEEC_ERROR_ITEM_NOT_FOUND)
		fprintf(stderr, "teep-tenants: %s: his trusted application is not on this device\n",
			tenant->name);
	else if (result != TEEC_SUCCESS)
		fprintf(stderr, "teep-tenants: %s: %s: error 0x%08" PRIx32 "\n", tenant->name, what,
			result);
	return result == TEEC_SUCCESS ? 0 : 1;
}

static int tenant_open(struct tenant *tenant, const char *name)
{
	const TEEC_UUID red = TENANT_RED_UUID, blue = TENANT_BLUE_UUID;

	tenant->name = name;
	return report(tenant, "opening a session",
		      TEEC_OpenSession(&context, &tenant->session,
				       strcmp(name, "red") ? &blue : &red, TEEC_LOGIN_PUBLIC, NULL,
				       NULL, NULL));
}

static int add(struct tenant *tenant, uint32_t figure)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = figure;
	return report(tenant, "add",
		      TEEC_InvokeCommand(&tenant->session, TENANT_CMD_ADD, &operation, NULL));
}

static int sum(struct tenant *tenant)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	if (report(tenant, "sum",
		   TEEC_InvokeCommand(&tenant->session, TENANT_CMD_SUM, &operation, NULL)))
		return 1;
	printf("%s: %" PRIu32 " figures, the sum is %" PRIu32 "\n", tenant->name,
	       operation.params[0].value.b, operation.params[0].value.a);
	return 0;
}

static int spy(struct tenant *tenant)
{
	TEEC_Operation operation = { 0 };
	uint32_t result;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	if (report(tenant, "spy",
		   TEEC_InvokeCommand(&tenant->session, TENANT_CMD_SPY, &operation, NULL)))
		return 1;
	result = operation.params[0].value.b;
	printf("%s: objects that it sees: %" PRIu32 "; ", tenant->name,
	       operation.params[0].value.a);
	if (result == TEEC_ERROR_ACCESS_DENIED)
		puts("its neighbour does not open for it");
	else if (result == TEEC_ERROR_ITEM_NOT_FOUND)
		puts("it has no neighbour");
	else
		printf("its neighbour answers 0x%08" PRIx32 "\n", result);
	return 0;
}

static int tour(void)
{
	struct tenant red, blue;
	int status = tenant_open(&red, "red");

	if (status)
		return status;
	status = tenant_open(&blue, "blue");
	if (!status) {
		status = add(&red, 100) || add(&red, 20) || add(&blue, 7) || sum(&red) ||
			 sum(&blue) || spy(&red) || spy(&blue);
		TEEC_CloseSession(&blue.session);
	}
	TEEC_CloseSession(&red.session);
	return status;
}

static int run(int argc, char **argv)
{
	struct tenant tenant;
	int status;

	if (argc == 1)
		return tour();
	if (argc < 3 || (strcmp(argv[1], "red") && strcmp(argv[1], "blue")) ||
	    (strcmp(argv[2], "add") && strcmp(argv[2], "sum") && strcmp(argv[2], "spy"))) {
		fputs("usage: teep-tenants [red|blue add FIGURE… | red|blue sum | red|blue spy]\n",
		      stderr);
		return 2;
	}
	status = tenant_open(&tenant, argv[1]);
	if (status)
		return status;
	if (!strcmp(argv[2], "sum"))
		status = sum(&tenant);
	else if (!strcmp(argv[2], "spy"))
		status = spy(&tenant);
	for (int i = 3; !status && !strcmp(argv[2], "add") && i < argc; i++)
		status = add(&tenant, (uint32_t)strtoul(argv[i], NULL, 10));
	TEEC_CloseSession(&tenant.session);
	return status;
}

int main(int argc, char **argv)
{
	TEEC_Result result;
	int status;

	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	result = TEEC_InitializeContext(NULL, &context);
	if (result != TEEC_SUCCESS) {
		fprintf(stderr, "teep-tenants: there is no TEE: 0x%08" PRIx32 "\n", result);
		return 1;
	}
	status = run(argc, argv);
	TEEC_FinalizeContext(&context);
	return status;
}
