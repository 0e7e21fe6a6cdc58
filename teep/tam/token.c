#include "teep/tam/token.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "teep/tam/sp.h"

#define PREFIX	    "tam_"
#define SECRET_SIZE 32
/* `last_used` is written no oftener, so that reading does not become writing. */
#define USE_NOTED_MS 60000

static const char *const role_name[] = {
	[TOKEN_VIEWER] = "viewer",
	[TOKEN_OPERATOR] = "operator",
	[TOKEN_ADMIN] = "admin",
};

const char *token_role_name(enum token_role role)
{
	return role_name[role];
}

int token_role_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(role_name) / sizeof(role_name[0])); i++)
		if (!strcmp(name, role_name[i]))
			return i;
	return -1;
}

/* 256 random bits need no slow hash. */
static struct span hash_of(const char *text, uint8_t out[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256(out, (const uint8_t *)text, strlen(text));
	return span_of(out, crypto_hash_sha256_BYTES);
}

struct making {
	const char *name, *spid;
	enum token_role role;
	struct span hash;
	int64_t id;
};

static int make(struct tam_database *database, void *context)
{
	struct making *making = context;
	int64_t one;
	int rc = making->spid ? tam_database_integer(database, &one,
						     "SELECT 1 FROM sp WHERE spid = $1 FOR UPDATE",
						     TAM_VALUES(tam_text(making->spid)))
			      : 0;

	if (rc)
		return rc;
	return tam_database_integer(database, &making->id,
				    "INSERT INTO token(hash, name, role, spid, created, last_used) "
				    "VALUES($1, $2, $3, $4, $5, 0) RETURNING id",
				    TAM_VALUES(tam_octets(making->hash), tam_text(making->name),
					       tam_integer(making->role), tam_text(making->spid),
					       tam_integer(tam_time_now())));
}

int token_make(struct tam_database *database, const char *name, enum token_role role,
	       const char *spid, char text[TOKEN_TEXT_SIZE], int64_t *id)
{
	uint8_t secret[SECRET_SIZE], hash[crypto_hash_sha256_BYTES];
	struct making making = { .name = name, .spid = spid, .role = role };
	int rc;

	if (!tam_name_fits(name) || (spid && role == TOKEN_ADMIN))
		return -EINVAL;
	if (sodium_init() < 0)
		return -EIO;
	randombytes_buf(secret, sizeof(secret));
	memcpy(text, PREFIX, strlen(PREFIX));
	sodium_bin2base64(text + strlen(PREFIX), TOKEN_TEXT_SIZE - strlen(PREFIX), secret,
			  sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(secret, sizeof(secret));
	making.hash = hash_of(text, hash);
	rc = tam_database_transaction(database, TAM_DURABLE, make, &making);
	if (rc)
		sodium_memzero(text, TOKEN_TEXT_SIZE);
	else if (id)
		*id = making.id;
	return rc;
}

#define COLUMNS "SELECT id, name, role, spid, created, last_used FROM token "

static void read_token(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct token *token = item;

	token->id = tam_row_integer(rows, 0);
	token->name = tam_row_text(rows, 1, arena);
	token->role = (enum token_role)tam_row_integer(rows, 2);
	token->spid = tam_row_is_null(rows, 3) ? NULL : tam_row_text(rows, 3, arena);
	token->created = tam_row_integer(rows, 4);
	token->last_used = tam_row_integer(rows, 5);
}

int token_check(struct tam_database *database, const char *text, struct arena *arena,
		struct token *out)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	const int64_t now = tam_time_now();
	int rc;

	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0 || strlen(text) > 2 * TOKEN_TEXT_SIZE)
		return -ENOENT;
	/* Looked up by its hash: how long that takes tells nothing about the token. */
	rc = tam_database_read_one(database, arena, read_token, out, COLUMNS "WHERE hash = $1",
				   TAM_VALUES(tam_octets(hash_of(text, hash))));
	if (rc || now - out->last_used < USE_NOTED_MS)
		return rc;
	out->last_used = now;
	/* On a full disk people want to read all the more. */
	(void)tam_database_run(database, "UPDATE token SET last_used = $2 WHERE id = $1",
			       TAM_VALUES(tam_integer(out->id), tam_integer(now)), NULL);
	return 0;
}

int token_holds(struct tam_database *database, int64_t id)
{
	int64_t one;

	return tam_database_integer(database, &one, "SELECT 1 FROM token WHERE id = $1",
				    TAM_VALUES(tam_integer(id)));
}

int token_list(struct tam_database *database, struct arena *arena, struct token **list,
	       size_t *count)
{
	return tam_database_read_all(database, arena, read_token, sizeof(**list), list, count,
				     COLUMNS "ORDER BY id", TAM_NO_VALUES);
}

static int remove_token(struct tam_database *database, void *context)
{
	const int64_t id = *(const int64_t *)context;
	TAM_ROWS_AUTO *rows = NULL;
	bool other = false, here = false, admin = false;
	/* All admins' rows are locked, so that two who remove each other do not both succeed. */
	int rc = tam_database_query(database, &rows,
				    "SELECT id, role FROM token WHERE id = $1 OR role = $2 "
				    "ORDER BY id FOR UPDATE",
				    TAM_VALUES(tam_integer(id), tam_integer(TOKEN_ADMIN)));

	if (rc)
		return rc;
	while ((rc = tam_rows_next(rows)) > 0) {
		const bool is_admin = tam_row_integer(rows, 1) == TOKEN_ADMIN;

		if (tam_row_integer(rows, 0) == id) {
			here = true;
			admin = is_admin;
		} else {
			other = true;
		}
	}
	tam_rows_close(rows);
	if (rc)
		return rc;
	if (!here)
		return -ENOENT;
	if (admin && !other)
		return -EBUSY;
	return tam_database_run(database, "DELETE FROM token WHERE id = $1",
				TAM_VALUES(tam_integer(id)), NULL);
}

int token_remove(struct tam_database *database, int64_t id)
{
	return tam_database_transaction(database, TAM_DURABLE, remove_token, &id);
}
