/*
 * The command line's side of the TAM's admin API (docs/tam-api.md): one connection, one token.
 *
 * Runs in teesim-tam-cli. It trusts the TAM that the user names, by TLS; what the TAM answers is
 * checked as far as it is used, and is JSON that the caller owns. Every failure has been told on
 * stderr, in one line, when a function returns its exit status.
 */
#ifndef TEESIM_TEEP_TAM_CLI_CLIENT_H
#define TEESIM_TEEP_TAM_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "teep/tools/arguments.h"

/* Beyond those of arguments.h. */
enum {
	EXIT_UNREACHABLE = 3,  /* no TAM answers there, or not by TLS that is trusted */
	EXIT_UNAUTHORIZED = 4, /* the token is not known, or its role does not allow it */
	EXIT_TIMEOUT = 5,      /* what was waited for did not come */
};

/* Options of every command that talks to a TAM. */
struct client_options {
	const char *tam;    /* a TAM's directory, or its URL */
	const char *token;  /* a file */
	const char *cacert; /* a PEM file */
	bool json;
};

#define CLIENT_ARGUMENTS(options)                                                  \
	{ "tam", &(options).tam, NULL }, { "token-file", &(options).token, NULL }, \
		{ "cacert", &(options).cacert, NULL },                             \
	{                                                                          \
		"json", NULL, &(options).json                                      \
	}
#define CLIENT_ARGUMENT_COUNT 4

#define CLIENT_HELP                                                                             \
	"\n"                                                                                    \
	"  --tam WHERE        the TAM's directory, or its URL with --token-file; otherwise\n"   \
	"                     $TEESIM_TAM, or the directory tam\n"                              \
	"  --token-file FILE  with the token; otherwise $TEESIM_TAM_TOKEN, or admin.token in\n" \
	"                     the directory\n"                                                  \
	"  --cacert FILE      who may vouch for the TAM's TLS certificate\n"                    \
	"  --json             for programs\n"                                                   \
	"\n"                                                                                    \
	"Exit status: 0 done, 1 refused or failed, 2 not understood, 3 no TAM answers, 4 the\n" \
	"token does not allow it, 5 waited for too long.\n"

struct client;

/* EXIT_DONE, or the status to end with. */
int client_open(struct client **client, const struct client_options *options);
/* A file that the next request is about, which is told with what is wrong with it. Borrowed. */
void client_about(struct client *client, const char *file);
/* NULL does nothing. */
void client_close(struct client *client);

/* A path below the API made of literal parts and of words, which are percent-encoded: "/sps/%/x"
 * with each % in its turn. NULL words stand for nothing. The caller's (free()). */
char *client_path(const char *format, const char *const *words, size_t count);

struct client_body {
	const char *type; /* NULL: there is none */
	const void *data;
	size_t size;
};

/*
 * One request. `*answer`, unless `answer` is NULL, is the caller's reference, or NULL for an empty
 * answer.
 */
int client_call(struct client *client, const char *method, const char *path,
		const struct client_body *body, json_t **answer);
/* The same with a JSON body, whose reference is taken. */
int client_send(struct client *client, const char *method, const char *path, json_t *body,
		json_t **answer);
/* GET into a file, which appears when it is whole. */
int client_download(struct client *client, const char *path, const char *file);
/* All pages of a list into one array of items. */
int client_list(struct client *client, const char *path, json_t **items);

#endif
