/*
 * A client of the TAM's admin API (docs/tam-api.md), as far as a fleet needs one.
 *
 * Runs in teesim-fleet. Trusts the TAM that it was pointed at.
 */
#ifndef TEESIM_TEEP_FLEET_ADMIN_H
#define TEESIM_TEEP_FLEET_ADMIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct admin;

/* `uri` is the TAM's OTrP address, http://HOST:PORT/tam. NULL without memory. */
struct admin *admin_open(const char *uri, const char *token, const char *ca_file);
void admin_close(struct admin *admin);

/*
 * One request; `path` is below /api/v1, `body` (may be NULL) of the media type. *answer, unless it
 * is NULL, gets the JSON, the caller's, or NULL where there is none. Returns 0, or -errno with one
 * line in `err`: -EAGAIN when the TAM does not answer, -EPROTO for a status that is no success.
 */
int admin_call(struct admin *admin, const char *method, const char *path, const char *type,
	       const void *body, size_t size, json_t **answer, char *err, size_t errlen);

/* The same with a JSON body, which it takes. */
int admin_post(struct admin *admin, const char *path, json_t *body, json_t **answer, char *err,
	       size_t errlen);
int admin_get(struct admin *admin, const char *path, json_t **answer, char *err, size_t errlen);

/* Does it answer /health? */
bool admin_healthy(struct admin *admin);

#endif
