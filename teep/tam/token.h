/*
 * Tokens of the admin API: 256 random bits, shown once and kept as their SHA-256.
 *
 * Runs in teesim-tam and in `teesim tam init`. What is presented as a token is hostile. Results
 * live in the caller's arena.
 */
#ifndef TEESIM_TEEP_TAM_TOKEN_H
#define TEESIM_TEEP_TAM_TOKEN_H

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

enum token_role {
	TOKEN_VIEWER,
	TOKEN_OPERATOR,
	TOKEN_ADMIN,
};

const char *token_role_name(enum token_role role);
/* -1 for none. */
int token_role_parse(const char *name);

struct token {
	int64_t id;
	const char *name;
	enum token_role role;
	const char *spid;	    /* NULL: of no SP */
	int64_t created, last_used; /* 0: never; accurate to a minute */
};

/* "tam_" and base64url of 32 octets, and a zero. */
#define TOKEN_TEXT_SIZE 48

/* -EINVAL: an admin's with an SP, or a name that is none; -ENOENT: no such SP. */
int token_make(struct tam_database *database, const char *name, enum token_role role,
	       const char *spid, char text[TOKEN_TEXT_SIZE], int64_t *id);
/* Whose it is. -ENOENT for what is no token. That it was used is noted if that is possible. */
int token_check(struct tam_database *database, const char *text, struct arena *arena,
		struct token *out);
/* -ENOENT when it has been removed. */
int token_holds(struct tam_database *database, int64_t id);
int token_list(struct tam_database *database, struct arena *arena, struct token **list,
	       size_t *count);
/* -EBUSY for the last admin's, -ENOENT. */
int token_remove(struct tam_database *database, int64_t id);

#endif
