/*
 * The client of the vault pair:
 *
 *   vault put NAME TEXT   keeps TEXT under NAME
 *   vault get NAME        prints what is kept there
 *   vault drop NAME       forgets it
 *   vault list            prints all names
 *   vault                 does all of that once
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <vault_ta.h>

static TEEC_Session session;

static TEEC_Result invoke(uint32_t command, TEEC_Operation *operation)
{
	uint32_t origin;

	return TEEC_InvokeCommand(&session, command, operation, &origin);
}

static void set_input(TEEC_Parameter *param, const char *text)
{
	param->tmpref.buffer = (void *)text;
	param->tmpref.size = strlen(text);
}

/* Says what went wrong; the program's exit status. */
static int report(const char *what, TEEC_Result result)
{
	if (result == TEEC_SUCCESS)
		return 0;
	if (result == TEEC_ERROR_ITEM_NOT_FOUND)
		fprintf(stderr, "vault: there is no \"%s\"\n", what);
	else
		fprintf(stderr, "vault: %s: error 0x%08" PRIx32 "\n", what, result);
	return 1;
}

static int put(const char *name, const char *text)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_INPUT,
						TEEC_NONE, TEEC_NONE);
	set_input(&operation.params[0], name);
	set_input(&operation.params[1], text);
	return report(name, invoke(VAULT_CMD_PUT, &operation));
}

static int get(const char *name)
{
	TEEC_Operation operation = { 0 };
	char text[4096];
	int status;

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT,
						TEEC_NONE, TEEC_NONE);
	set_input(&operation.params[0], name);
	operation.params[1].tmpref.buffer = text;
	operation.params[1].tmpref.size = sizeof(text);
	status = report(name, invoke(VAULT_CMD_GET, &operation));
	if (!status)
		printf("%s: %.*s\n", name, (int)operation.params[1].tmpref.size, text);
	return status;
}

static int drop(const char *name)
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	set_input(&operation.params[0], name);
	return report(name, invoke(VAULT_CMD_DROP, &operation));
}

static int list(void)
{
	TEEC_Operation operation = { 0 };
	unsigned char names[8192];
	size_t size;
	int status;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = names;
	operation.params[0].tmpref.size = sizeof(names);
	status = report("list", invoke(VAULT_CMD_LIST, &operation));
	size = status ? 0 : operation.params[0].tmpref.size;
	for (size_t i = 0; i < size && names[i] < size - i; i += 1 + names[i])
		printf("%.*s\n", (int)names[i], (const char *)names + i + 1);
	return status;
}

/* All of it, so that there is something to see. */
static int tour(void)
{
	return put("first", "one secret") || put("second", "another secret") || get("first") ||
	       get("second") || list() || drop("first") || drop("second");
}

static int run(int argc, char **argv)
{
	if (argc == 1)
		return tour();
	if (argc == 4 && !strcmp(argv[1], "put"))
		return put(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "get"))
		return get(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "drop"))
		return drop(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	fputs("usage: vault [put NAME TEXT | get NAME | drop NAME | list]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = VAULT_TA_UUID;
	TEEC_Context context;
	TEEC_Result result;
	uint32_t origin;
	int status;

	result = TEEC_InitializeContext(NULL, &context);
	if (result != TEEC_SUCCESS)
		return report("reaching the TEE", result);
	result =
		TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, &origin);
	if (result == TEEC_SUCCESS) {
		status = run(argc, argv);
		TEEC_CloseSession(&session);
	} else {
		status = report("opening a session", result);
	}
	TEEC_FinalizeContext(&context);
	return status;
}
