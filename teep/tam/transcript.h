/*
 * Messages as people read them: what was signed, with what was encrypted in its place, long octets
 * told in short.
 *
 * Used by the TAM for its message log. Content keys, TA images and personalisation data never get
 * in: they are not in the values that this is given, but encrypted.
 */
#ifndef TEESIM_TEEP_TAM_TRANSCRIPT_H
#define TEESIM_TEEP_TAM_TRANSCRIPT_H

#include "teep/otrp/json.h"
#include "teep/tam/response.h"

/* {"<name>TBSRequest": …}; `plain` (may be NULL) in the place of `content`. Both values are
 * borrowed. */
void transcript_request(struct json_writing *to, const char *name, const json_t *tbs,
			const json_t *plain);

/*
 * One answer: `plain` (NULL where it was not decrypted; borrowed) in the place of what was
 * encrypted; `verdict` is what the TAM made of it.
 */
void transcript_response(struct json_writing *to, const struct response *response,
			 const json_t *plain, const char *verdict);

#endif
