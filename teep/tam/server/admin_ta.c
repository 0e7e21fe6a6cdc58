/* TAs, their versions and what goes with them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"

static json_t *ta_json(struct http_request *request, const struct ta_summary *ta)
{
	struct ta_version *list = NULL;
	json_t *versions = json_array();
	size_t count = 0;

	(void)catalogue_versions(admin_database(request), ta->taid, &request->arena, &list, &count);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(versions, ta_version_json(&list[i]));
	return json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "taid", ta->taid, "name", ta->name, "spid",
			 ta->spid, "latest", (json_int_t)ta->latest, "devices",
			 (json_int_t)ta->devices, "versions", versions);
}

/* That the TA is one that the caller sees. */
static bool ta_find(struct http_request *request, struct ta_summary *ta)
{
	const int rc =
		catalogue_summary(admin_database(request), request->values[0], &request->arena, ta);

	if (rc < 0)
		return admin_fail_errno(request, rc, NULL);
	return admin_sees(request, ta->spid);
}

void admin_tas_get(struct http_request *request)
{
	const char *spid = admin_query_text(request, "spid"), *own = admin_spid(request);
	struct ta_summary *list = NULL;
	json_t *items, *next = NULL;
	size_t count = 0;
	int64_t limit;
	int rc = 0;

	if (!admin_query(request, "spid q after limit") || !admin_query_limit(request, &limit))
		return;
	if (!own || !spid || strcmp(own, spid) == 0)
		rc = catalogue_list(admin_database(request), own ? own : spid,
				    admin_query_text(request, "q"),
				    admin_query_text(request, "after"), limit, &request->arena,
				    &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(items, ta_json(request, &list[i]));
		if ((int64_t)i + 1 == limit)
			next = json_string(list[i].taid);
	}
	admin_answer_list(request, items, next);
}

struct ta_work {
	const char *spid, *taid, *name, *why;
	int64_t version;
	bool bundled;
	struct span data;
	struct arena *arena;
	struct ta_version out;
	struct admin_change *change;
};

static int work_add(struct tam_database *database, void *context)
{
	struct ta_work *work = context;
	const int rc = catalogue_add(database, work->spid, work->data, work->name, work->bundled,
				     work->arena, &work->out, &work->why);

	/* It may have been tried before. */
	*work->change->text = 0;
	if (rc || work->out.was_there)
		return rc;
	work->change->subject = work->out.taid;
	(void)snprintf(work->change->text, sizeof(work->change->text), "version %lld was added",
		       (long long)work->out.version);
	return 0;
}

void admin_tas_post(struct http_request *request)
{
	const char *bundled = admin_query_text(request, "bundled");
	struct ta_work work = { .spid = admin_query_text(request, "spid"),
				.name = admin_query_text(request, "name"),
				.data = request->body,
				.arena = &request->arena };
	struct admin_change change = { work_add, &work, "ta", NULL, work.spid, "" };
	int rc;

	if (!admin_query(request, "spid name bundled"))
		return;
	if (!work.spid && admin_spid(request))
		change.spid = work.spid = admin_spid(request);
	if (!work.spid) {
		(void)admin_fail(request, 400, "invalid", "spid has to say whose TA it is");
		return;
	}
	if (bundled && strcmp(bundled, "true") != 0 && strcmp(bundled, "false") != 0) {
		(void)admin_fail(request, 400, "invalid", "bundled has to be true or false");
		return;
	}
	work.change = &change;
	work.bundled = bundled && strcmp(bundled, "true") == 0;
	if (!admin_sees(request, work.spid))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, work.why);
	else
		admin_answer(request, 201, ta_version_json(&work.out));
}

void admin_ta_get(struct http_request *request)
{
	struct ta_summary ta;

	if (admin_query(request, "") && ta_find(request, &ta))
		admin_answer(request, 200, ta_json(request, &ta));
}

void admin_ta_package_get(struct http_request *request)
{
	struct ta_summary ta;
	struct span cms;
	int64_t version;
	int rc;

	if (!admin_query(request, "") || !ta_find(request, &ta) ||
	    !admin_path_number(request, 1, &version))
		return;
	rc = catalogue_package(admin_database(request), ta.taid, version, &request->arena, &cms);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		http_answer(request, 200, "application/cms", cms.data, cms.size);
}

static int work_retire(struct tam_database *database, void *context)
{
	struct ta_work *work = context;
	int rc = catalogue_retire(database, work->taid, work->version);

	if (!rc)
		rc = sealed_delivery_retire(database, work->taid, work->version);
	return rc ? rc
		  : catalogue_get(database, work->taid, work->version, work->arena, &work->out);
}

/* The TA and version of the path, and a change that is about them. */
static bool version_find(struct http_request *request, struct ta_work *work,
			 struct admin_change *change, const char *what)
{
	struct ta_summary ta;

	if (!admin_query(request, "") || !ta_find(request, &ta) ||
	    !admin_path_number(request, 1, &work->version))
		return false;
	work->taid = ta.taid;
	work->arena = &request->arena;
	change->context = work;
	change->kind = "ta";
	change->subject = ta.taid;
	change->spid = ta.spid;
	(void)snprintf(change->text, sizeof(change->text), "version %lld %s",
		       (long long)work->version, what);
	return true;
}

void admin_ta_retire_post(struct http_request *request)
{
	struct admin_change change = { .work = work_retire };
	struct ta_work work = { 0 };
	int rc;

	if (!version_find(request, &work, &change, "was retired"))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		admin_answer(request, 200, ta_version_json(&work.out));
}

static int work_personalise(struct tam_database *database, void *context)
{
	const struct ta_work *work = context;

	return catalogue_personalise(database, work->taid, work->version, work->data);
}

static void personalise(struct http_request *request, struct span data, const char *what)
{
	struct admin_change change = { .work = work_personalise };
	struct ta_work work = { .data = data };
	int rc;

	if (!version_find(request, &work, &change, what))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}

void admin_ta_personalisation_put(struct http_request *request)
{
	if (request->body.size == 0)
		(void)admin_fail(request, 400, "invalid",
				 "the body has to be the data; DELETE removes it");
	else
		personalise(request, request->body, "was given personalisation data");
}

void admin_ta_personalisation_delete(struct http_request *request)
{
	personalise(request, (struct span) { 0 }, "has no personalisation data any more");
}
