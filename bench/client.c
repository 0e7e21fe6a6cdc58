#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ta/bench_ta.h"

int client_session_open(TEEC_Context *context, TEEC_Session *session, int number)
{
	TEEC_UUID uuid = BENCH_TA_UUID(0);

	uuid.clockSeqAndNode[7] = (uint8_t)number;
	return TEEC_OpenSession(context, session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL) ==
			       TEEC_SUCCESS
		       ? 0
		       : -EIO;
}

int client_open(struct client *client, int number, char *why, size_t size)
{
	TEEC_UUID uuid = BENCH_TA_UUID(0);
	TEEC_Result result;
	uint32_t origin = 0;

	memset(client, 0, sizeof(*client));
	result = TEEC_InitializeContext(NULL, &client->context);
	if (result != TEEC_SUCCESS) {
		snprintf(why, size, "TEEC_InitializeContext: 0x%08x", result);
		return -EIO;
	}
	uuid.clockSeqAndNode[7] = (uint8_t)number;
	result = TEEC_OpenSession(&client->context, &client->session, &uuid, TEEC_LOGIN_PUBLIC,
				  NULL, NULL, &origin);
	if (result != TEEC_SUCCESS) {
		snprintf(why, size, "TEEC_OpenSession: 0x%08x from origin %u", result, origin);
		TEEC_FinalizeContext(&client->context);
		return -EIO;
	}
	return 0;
}

int client_open_spread(struct client *client, int number, char *why, size_t size)
{
	if (client_open(client, number, why, size) < 0)
		return -EIO;
	client->place[client->places++] = client->session;
	while (client->places < CLIENT_PLACES) {
		if (client_session_open(&client->context, &client->place[client->places], number) <
		    0) {
			snprintf(why, size, "session %u could not be opened", client->places + 1);
			client_close(client);
			return -EIO;
		}
		client->places++;
	}
	return 0;
}

int client_renew(void *context)
{
	struct client *client = context;

	if (client->places)
		client->session = client->place[++client->rounds % client->places];
	return 0;
}

void client_close(struct client *client)
{
	if (!client->places)
		TEEC_CloseSession(&client->session);
	while (client->places > 0)
		TEEC_CloseSession(&client->place[--client->places]);
	TEEC_FinalizeContext(&client->context);
}

int client_invoke(void *context)
{
	struct client *client = context;

	return TEEC_InvokeCommand(&client->session, BENCH_CMD_NOTHING, &client->operation, NULL) ==
			       TEEC_SUCCESS
		       ? 0
		       : -EIO;
}

int client_invoke_empty(void *context)
{
	struct client *client = context;

	return TEEC_InvokeCommand(&client->session, BENCH_CMD_NOTHING, NULL, NULL) == TEEC_SUCCESS
		       ? 0
		       : -EIO;
}
