/* TAs that service providers encrypt for devices themselves: the key, the announcement, the
 * delivery. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/tam/key.h"
#include "teep/tam/sealed_delivery.h"
#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"

static const struct site *site_of(const struct http_request *request)
{
	return ((const struct site_worker *)request->worker)->site;
}

/* ---- The key ---------------------------------------------------------------------------------
 */

/* The device as the caller may see it, and the SP's key in it. */
static int aik_find(struct http_request *request, const char *did, const char *spid,
		    struct device *device, struct device_aik *out)
{
	struct tam_database *database = admin_database(request);
	const char *own = admin_spid(request);
	struct device_aik *list;
	size_t count;
	int rc = admin_is_hash(did) ? 0 : -ENOENT;

	if (!rc && own)
		rc = device_table_visible(database, did, own);
	if (!rc)
		rc = device_table_get(database, did, &request->arena, device);
	if (!rc)
		rc = device_table_aiks(database, did, &request->arena, &list, &count);
	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].spid, spid) == 0) {
			*out = list[i];
			return 0;
		}
	return -ESTALE;
}

static void statement_answer(struct http_request *request, const struct device *device,
			     const struct device_aik *aik)
{
	const struct tam_keys *keys = site_of(request)->keys;
	const struct tam_key *key = tam_keys_choose(keys, 0);
	const struct aik_statement statement = {
		.tamid = span_of_text(tam_keys_tamid(keys)),
		.did = span_of_text(device->did),
		.tee = span_of_text(device->tee_name),
		.spid = span_of_text(aik->spid),
		.aik = aik->key,
		.ecc = strcmp(aik->type, "ECC") == 0,
		.time = tam_time_now() / 1000,
	};
	char *text;

	if (!key)
		key = tam_keys_at(keys, 0);
	text = aik_statement_make(&statement, key->key, key->chain);
	if (text)
		http_answer(request, 200, ADMIN_MEDIA, text, strlen(text));
	else
		(void)admin_fail_errno(request, -ENOMEM, NULL);
	free(text);
}

void admin_device_aik_get(struct http_request *request)
{
	const char *spid = admin_query_text(request, "spid");
	struct device_aik aik;
	struct device device;
	int rc;

	if (!admin_query(request, "spid"))
		return;
	if (!spid)
		spid = admin_spid(request);
	if (!spid) {
		(void)admin_fail(request, 400, "invalid", "spid has to say whose key it is");
		return;
	}
	if (!admin_sees(request, spid))
		return;
	rc = site_of(request)->keys ? aik_find(request, request->values[0], spid, &device, &aik)
				    : -ENOENT;
	if (rc == -ESTALE)
		(void)admin_fail(request, 409, "conflict",
				 "the device has no key of this service provider yet: it makes one "
				 "with the provider's first domain, so deploy a TA to it first");
	else if (rc)
		(void)admin_fail_errno(request, rc,
				       rc == -ENOENT ? "there is no such device" : NULL);
	else
		statement_answer(request, &device, &aik);
}

/* ---- Announcing ------------------------------------------------------------------------------
 */

struct announcement {
	const char *spid, *taid, *name, *why;
	int64_t version;
	struct arena *arena;
	struct ta_version out;
	struct admin_change *change;
};

static int work_announce(struct tam_database *database, void *context)
{
	struct announcement *work = context;
	const int rc = catalogue_announce(database, work->spid, work->taid, work->version,
					  work->name, work->arena, &work->out, &work->why);

	/* It may have been tried before. */
	*work->change->text = 0;
	if (!rc && !work->out.was_there)
		(void)snprintf(work->change->text, sizeof(work->change->text),
			       "version %lld was announced: its provider encrypts it for each "
			       "device",
			       (long long)work->version);
	return rc;
}

void admin_ta_announce_post(struct http_request *request)
{
	static const struct member members[] = {
		{ "spid", MEMBER_TEXT, MEMBER_OPTIONAL },
		{ "name", MEMBER_TEXT, MEMBER_OPTIONAL },
	};
	struct announcement work = { .taid = request->values[0], .arena = &request->arena };
	struct admin_change change = { work_announce, &work, "ta", work.taid, NULL, "" };
	json_t *body;
	int rc;

	if (!admin_path_number(request, 1, &work.version))
		return;
	body = admin_body(request, members, 2);
	if (!body)
		return;
	work.name = admin_text(body, "name");
	work.spid = admin_text(body, "spid") ? admin_text(body, "spid") : admin_spid(request);
	change.spid = work.spid;
	work.change = &change;
	if (!work.spid) {
		(void)admin_fail(request, 400, "invalid", "spid has to say whose TA it is");
	} else if (admin_sees(request, work.spid)) {
		rc = admin_change(request, &change);
		if (rc < 0)
			(void)admin_fail_errno(request, rc, work.why);
		else
			admin_answer(request, 201, ta_version_json(&work.out));
	}
	json_decref(body);
}

/* ---- Deliveries ------------------------------------------------------------------------------
 */

json_t *sealed_delivery_json(const struct sealed_delivery *delivery)
{
	return json_pack("{s:I,s:s,s:s,s:s,s:s,s:I,s:I,s:b,s:s,s:o,s:o,s:o,s:s}", "id",
			 (json_int_t)delivery->id, "did", delivery->did, "spid", delivery->spid,
			 "taid", delivery->taid, "name", delivery->name, "version",
			 (json_int_t)delivery->version, "size", (json_int_t)delivery->size,
			 "personalisation", delivery->personalisation, "state",
			 sealed_delivery_state(delivery), "error",
			 admin_text_or_null(delivery->error), "created",
			 admin_time(delivery->created), "installed",
			 admin_time(delivery->installed), "by", delivery->created_by);
}

struct delivering {
	struct ta_delivery delivery;
	size_t size;
	const char *tamid, *by, *why;
	int64_t id;
	struct arena *arena;
	struct sealed_delivery out;
};

static int work_deliver(struct tam_database *database, void *context)
{
	struct delivering *work = context;

	return sealed_delivery_add(database, &work->delivery, work->size, work->tamid, work->by,
				   work->arena, &work->out, &work->why);
}

void admin_deliveries_post(struct http_request *request)
{
	struct delivering work = { .size = request->body.size,
				   .by = admin_name(request),
				   .arena = &request->arena };
	struct admin_change change = { work_deliver, &work, "ta", NULL, NULL, "" };
	struct otrp_failure failure;
	int rc;

	if (!admin_query(request, ""))
		return;
	if (ta_delivery_parse(request->body, &request->arena, &work.delivery, &failure)) {
		(void)admin_fail(request, 422, "refused", "%s", failure.why);
		return;
	}
	change.subject = span_text(work.delivery.taid);
	change.spid = span_text(work.delivery.spid);
	work.tamid = site_of(request)->keys ? tam_keys_tamid(site_of(request)->keys) : "";
	if (!admin_sees(request, change.spid))
		return;
	if (work.delivery.version)
		(void)snprintf(change.text, sizeof(change.text),
			       "version %lld, encrypted by its provider, was delivered for %.12s…",
			       (long long)work.delivery.version, span_text(work.delivery.did));
	else
		(void)snprintf(change.text, sizeof(change.text),
			       "data, encrypted by its provider, were delivered for %.12s…",
			       span_text(work.delivery.did));
	rc = admin_spid(request)
		     ? device_table_visible(admin_database(request), span_text(work.delivery.did),
					    admin_spid(request))
		     : 0;
	if (rc == -ENOENT)
		work.why = "there is no such device";
	if (!rc)
		rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, work.why);
	else
		admin_answer(request, 201, sealed_delivery_json(&work.out));
}

void admin_deliveries_get(struct http_request *request)
{
	const char *own = admin_spid(request), *spid = admin_query_text(request, "spid");
	struct sealed_filter filter = {
		.spid = own ? own : spid,
		.did = admin_query_text(request, "did"),
		.taid = admin_query_text(request, "taid"),
	};
	struct sealed_delivery *list = NULL;
	json_t *items, *next = NULL;
	size_t count = 0;
	int rc = 0;

	if (!admin_query(request, "spid did taid after limit") ||
	    !admin_query_limit(request, &filter.limit) ||
	    !admin_query_number(request, "after", 0, INT64_MAX, &filter.after))
		return;
	if (!own || !spid || strcmp(own, spid) == 0)
		rc = sealed_delivery_list(admin_database(request), &filter, &request->arena, &list,
					  &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, sealed_delivery_json(&list[i]));
	if (count && (int64_t)count == filter.limit)
		next = json_integer(list[count - 1].id);
	admin_answer_list(request, items, next);
}

static int work_withdraw(struct tam_database *database, void *context)
{
	return sealed_delivery_remove(database, ((const struct delivering *)context)->id);
}

void admin_delivery_delete(struct http_request *request)
{
	struct delivering work = { .arena = &request->arena };
	struct admin_change change = { work_withdraw, &work, "ta", NULL, NULL, "" };
	int rc;

	if (!admin_query(request, "") || !admin_path_number(request, 0, &work.id))
		return;
	rc = sealed_delivery_get(admin_database(request), work.id, &request->arena, &work.out);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	if (!admin_sees(request, work.out.spid))
		return;
	change.subject = work.out.taid;
	change.spid = work.out.spid;
	(void)snprintf(change.text, sizeof(change.text),
		       "what its provider delivered for %.12s… was taken back", work.out.did);
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}
