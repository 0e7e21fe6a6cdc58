/* The commands of `teesim tam`: each gets its own name as argv[0] and returns the exit status. */
#ifndef TEESIM_TEEP_TAM_CLI_COMMANDS_H
#define TEESIM_TEEP_TAM_CLI_COMMANDS_H

#include "teep/tam/cli/client.h"
#include "teep/tam/cli/table.h"

int command_init(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_sp(int argc, char **argv);
int command_ta(int argc, char **argv);
int command_device(int argc, char **argv);
int command_group(int argc, char **argv);
int command_wanted(int argc, char **argv);
int command_deploy(int argc, char **argv);
int command_status(int argc, char **argv);
int command_session(int argc, char **argv);
int command_log(int argc, char **argv);
int command_token(int argc, char **argv);
int command_certificates(int argc, char **argv);

/* Those of `ta` and `device` that are about what service providers encrypt themselves. */
int command_ta_announce(int argc, char **argv);
int command_ta_deliver(int argc, char **argv);
int command_ta_deliveries(int argc, char **argv);
int command_ta_withdraw(int argc, char **argv);
int command_device_aik(int argc, char **argv);

/* The did that begins with `text`, which one device has; EXIT_DONE, or the status to end with. */
int device_complete(struct client *client, const char *text, char did[65]);

/* What almost every command does with an answer. Each opens the connection, asks, prints, closes.
 */

struct columns {
	const struct column *column;
	size_t count;
	const char *none; /* what is said of an empty list */
};

#define COLUMNS_OF(array, text)                                 \
	{                                                       \
		array, sizeof(array) / sizeof((array)[0]), text \
	}

/* All of a list. */
int command_list(const struct client_options *options, const char *path,
		 const struct columns *columns);
/* One request, with a JSON body unless that is NULL. With --json the answer is printed, otherwise
 * `done` and the words that it is about, in one line; nothing for NULL. The body's reference is
 * taken. */
int command_change(const struct client_options *options, const char *method, const char *path,
		   json_t *body, const char *done, const char *subject);
/* One with octets. */
int command_upload(const struct client_options *options, const char *method, const char *path,
		   const char *type, const char *file, const void *data, size_t size,
		   json_t **answer);
/* GET of one thing: with --json it is printed and *answer is NULL. */
int command_get(const struct client_options *options, const char *path, json_t **answer);

#endif
