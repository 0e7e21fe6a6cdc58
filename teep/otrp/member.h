/*
 * Members of OTrP objects that stand for more than their JSON type: names, hashes, lists of octets.
 *
 * Used by TEE and TAM. The objects are hostile; their types were checked by members_check() before,
 * except where a function says otherwise. An absent member leaves *out alone. Functions return 0 or
 * otrp_fail()'s value with OTRP_REQUEST_INVALID.
 */
#ifndef TEESIM_TEEP_OTRP_MEMBER_H
#define TEESIM_TEEP_OTRP_MEMBER_H

#include "teep/otrp/algorithm.h"
#include "teep/otrp/json.h"

#define OTRP_ID_SIZE_MAX   128U /* rid and tid */
#define OTRP_NAME_SIZE_MAX 255U /* spid, sdname, taid, tee, tamid */
#define OTRP_HASH_SIZE	   32U

/* Printable ASCII, 1 to 128 octets. */
bool identifier_valid(struct span text);

/* UTF-8 (which jansson has seen to) without control characters, 1 to 255 octets. */
bool name_valid(struct span text);

int member_name(const json_t *object, const char *name, struct arena *arena, struct span *out,
		struct otrp_failure *failure);

/* Of any type before; text only where `lenient`. */
int member_boolean(const json_t *object, const char *name, bool lenient, uint32_t *out,
		   struct otrp_failure *failure);

/* 32 octets in base64. */
int member_hash(const json_t *object, const char *name, struct arena *arena, struct span *out,
		struct otrp_failure *failure);

/* Of any type before: an array of base64 strings; a lone string counts as one where that is
 * allowed. What is not base64 fails with `status`. */
int member_list(const json_t *object, const char *name, bool lone, struct arena *arena,
		struct span_list *out, enum otrp_status status, struct otrp_failure *failure);

/* Of any type before: an array of names, as a set of 1 << enum jws_algorithm. Those that we do not
 * know are no reason to refuse: the other side names all of its own. */
int member_algorithms(const json_t *object, const char *name, bool lenient, uint32_t *out,
		      struct otrp_failure *failure);

#endif
