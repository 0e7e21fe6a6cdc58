/* What a client application wants, so that TAMs hear of it. */
#include "otrp/tee.h"

#include <errno.h>
#include <stdio.h>

#include "otrp/exchange.h"
#include "otrp/tee_socket.h"

_Static_assert(TEE_TAID_SIZE == REQUESTED_TAID_SIZE, "the same text");

/* Behind the others, which make room if they must; one that is there moves. */
static int list_add(struct store *store, struct arena *arena, const struct tee_ta_request *request)
{
	char text[TEE_TAID_SIZE + TEE_TA_NAME_SIZE + 1];
	const struct span taid = span_of(request->taid, TEE_TAID_SIZE);
	struct span_list tas;
	uint32_t first;
	int rc = requested_drop(store, arena, taid);

	if (rc == 0)
		rc = requested_get(store, arena, &tas);
	if (rc)
		return rc;
	first = tas.count == SPAN_LIST_MAX;
	tas.count -= first;
	memmove(&tas.item[0], &tas.item[first], tas.count * sizeof(tas.item[0]));
	snprintf(text, sizeof(text), "%s%s", request->taid, request->name);
	tas.item[tas.count++] = span_of_text(text);
	return requested_put(store, arena, &tas);
}

static int request_note_durably(struct tee *tee, struct arena *arena,
				const struct tee_ta_request *request)
{
	int rc = store_begin(tee->store);

	if (rc)
		return rc;
	rc = list_add(tee->store, arena, request);
	if (rc == 0)
		rc = store_commit(tee->store);
	if (rc)
		store_rollback(tee->store);
	return rc;
}

int tee_request_ta(struct tee *tee, const void *octets, size_t size, char *err, size_t errlen)
{
	struct tee_ta_request request;
	struct domain_ta existing;
	struct arena arena = { 0 };
	struct span taid;
	int rc = tee_ta_request_parse(octets, size, &request);

	if (rc) {
		snprintf(err, errlen, "the request for a TA is no UUID, or UUID and name");
		return rc;
	}
	taid = span_of(request.taid, TEE_TAID_SIZE);
	rc = ta_get(tee->store, &arena, taid, &existing);
	if (rc == 0) {
		rc = -EEXIST;
		snprintf(err, errlen, "the TA %s is installed", request.taid);
	} else if (rc == -ENOENT && !trust_ta_allowed(tee->trust, taid)) {
		rc = -EPERM;
		snprintf(err, errlen, "the device's administrator does not allow the TA %s",
			 request.taid);
	} else {
		if (rc == -ENOENT)
			rc = request_note_durably(tee, &arena, &request);
		if (rc)
			snprintf(err, errlen, "the request can't be kept: %s", strerror(-rc));
	}
	arena_clear(&arena);
	return rc;
}
