#include <stdlib.h>

#include "teep/tam/cli/commands.h"

int command_list(const struct client_options *options, const char *path,
		 const struct columns *columns)
{
	struct client *client;
	json_t *items = NULL;
	int rc = client_open(&client, options);

	if (!rc)
		rc = client_list(client, path, &items);
	if (!rc && options->json)
		rc = json_print(items);
	else if (!rc)
		table_print(items, columns->column, columns->count, columns->none);
	json_decref(items);
	client_close(client);
	return rc;
}

int command_change(const struct client_options *options, const char *method, const char *path,
		   json_t *body, const char *done, const char *subject)
{
	struct client *client;
	json_t *answer = NULL;
	int rc = client_open(&client, options);

	if (rc)
		json_decref(body);
	else if (body)
		rc = client_send(client, method, path, body, &answer);
	else
		rc = client_call(client, method, path, NULL, &answer);
	if (!rc && options->json)
		rc = json_print(answer);
	else if (!rc && done)
		printf("%s: %s\n", subject, done);
	json_decref(answer);
	client_close(client);
	return rc;
}

int command_upload(const struct client_options *options, const char *method, const char *path,
		   const char *type, const char *file, const void *data, size_t size,
		   json_t **answer)
{
	const struct client_body body = { type, data, size };
	struct client *client;
	int rc = client_open(&client, options);

	*answer = NULL;
	if (!rc) {
		client_about(client, file);
		rc = client_call(client, method, path, &body, answer);
	}
	if (!rc && options->json) {
		rc = json_print(*answer);
		json_decref(*answer);
		*answer = NULL;
	}
	client_close(client);
	return rc;
}

int command_get(const struct client_options *options, const char *path, json_t **answer)
{
	struct client *client;
	int rc = client_open(&client, options);

	*answer = NULL;
	if (!rc)
		rc = client_call(client, "GET", path, NULL, answer);
	if (!rc && options->json) {
		rc = json_print(*answer);
		json_decref(*answer);
		*answer = NULL;
	}
	client_close(client);
	return rc;
}
