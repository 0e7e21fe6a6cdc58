/* Wanted state and deployments. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"
#include "teep/tam/sp_grant.h"

void admin_wanted_get(struct http_request *request)
{
	const char *scope = admin_query_text(request, "scope"), *own = admin_spid(request);
	struct wanted_filter filter = {
		.spid = admin_query_text(request, "spid"),
		.scope_id = admin_query_text(request, "id"),
		.taid = admin_query_text(request, "taid"),
		.scope = scope ? wanted_scope_parse(scope) : -1,
	};
	json_t *items, *next = NULL;
	struct wanted *list = NULL;
	size_t count = 0;
	int rc = 0;

	if (!admin_query(request, "spid scope id taid after limit") ||
	    !admin_query_limit(request, &filter.limit) ||
	    !admin_query_number(request, "after", 0, INT64_MAX, &filter.after))
		return;
	if (scope && filter.scope < 0) {
		(void)admin_fail(request, 400, "invalid", "scope has to be device, group or all");
		return;
	}
	if (!own || !filter.spid || strcmp(own, filter.spid) == 0) {
		if (own)
			filter.spid = own;
		rc = wanted_list(admin_database(request), &filter, &request->arena, &list, &count);
	}
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(items, wanted_json(&list[i]));
		if ((int64_t)i + 1 == filter.limit)
			next = json_integer(list[i].id);
	}
	admin_answer_list(request, items, next);
}

struct wanted_work {
	struct wanted wanted;
	struct deployment deployment;
	bool deploys, limited; /* limited: by people of the SP */
	const char *spid, *why;
	struct arena *arena;
	struct admin_change *change;
	char subject[24];
};

/* What became of an entry; whose it is stands in the event by itself. */
static void entry_note(struct admin_change *change, const struct wanted *wanted, const char *what)
{
	(void)snprintf(change->text, sizeof(change->text), "%s %s: domain %s, %s%s%s",
		       *wanted->taid ? wanted->taid : "the domain", what, wanted->sdname,
		       wanted_scope_name(wanted->scope), *wanted->scope_id ? " " : "",
		       wanted->scope_id);
}

static int work_set(struct tam_database *database, void *context)
{
	struct wanted_work *work = context;
	const struct wanted *wanted = &work->wanted;
	int rc = work->limited ? sp_grant_check(database, wanted) : 0;

	if (rc)
		return rc;
	if (work->deploys)
		rc = deployment_start(database, &work->wanted, work->arena, &work->deployment,
				      &work->why);
	else
		rc = wanted_set(database, &work->wanted, &work->why);
	if (rc)
		return rc;
	(void)snprintf(work->subject, sizeof(work->subject), "%lld",
		       (long long)(work->deploys ? work->deployment.id : wanted->id));
	entry_note(work->change, wanted,
		   !wanted->present	? "is to be removed"
		   : wanted->on_request ? "is offered"
					: "is wanted");
	return 0;
}

static bool wanted_parse(struct http_request *request, const json_t *body, struct wanted *out)
{
	const char *scope = admin_text(body, "scope"), *id = admin_text(body, "id");
	const json_t *present = json_object_get(body, "present");
	const int parsed = wanted_scope_parse(scope);

	if (parsed < 0)
		return admin_fail(request, 400, "invalid", "scope has to be device, group or all");
	if (!id != (parsed == SCOPE_ALL))
		return admin_fail(request, 400, "invalid",
				  "id has to be a device's or a group's, and absent for all");
	*out = (struct wanted) {
		.scope = (enum wanted_scope)parsed,
		.scope_id = id ? id : "",
		.spid = admin_text(body, "spid"),
		.sdname = admin_text(body, "sdname"),
		.taid = admin_text(body, "taid") ? admin_text(body, "taid") : "",
		.present = !present || json_is_true(present),
		.on_request = json_is_true(json_object_get(body, "on_request")),
		.created_by = admin_name(request),
	};
	return admin_number(request, body, "version", 0, UINT32_MAX, &out->version) &&
	       admin_sees(request, out->spid);
}

static void wanted_post(struct http_request *request, bool deploys)
{
	static const struct member members[] = {
		{ "scope", MEMBER_TEXT, MEMBER_REQUIRED },
		{ "id", MEMBER_TEXT, MEMBER_OPTIONAL },
		{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
		{ "sdname", MEMBER_TEXT, MEMBER_REQUIRED },
		{ "taid", MEMBER_TEXT, MEMBER_OPTIONAL },
		{ "version", MEMBER_ANY, MEMBER_OPTIONAL },
		{ "present", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
		{ "on_request", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
	};
	json_t *body = admin_body(request, members, sizeof(members) / sizeof(members[0]));
	struct wanted_work work = { .deploys = deploys,
				    .limited = admin_spid(request) != NULL,
				    .arena = &request->arena };
	struct admin_change change = { work_set,     &work, deploys ? "deployment" : "wanted",
				       work.subject, NULL,  "" };
	int rc;

	if (!body)
		return;
	work.change = &change;
	if (wanted_parse(request, body, &work.wanted)) {
		change.spid = work.wanted.spid;
		rc = admin_change(request, &change);
		if (rc == -EACCES)
			(void)admin_fail(request, 403, "forbidden",
					 "these devices are not open to %.64s; an admin opens them "
					 "(teesim tam sp allow)",
					 work.wanted.spid);
		else if (rc < 0)
			/* What is named in a body and is not there makes the body invalid. */
			(void)admin_fail_errno(request, rc == -ENOENT ? -EINVAL : rc, work.why);
		else if (deploys)
			admin_answer(request, 201, deployment_json(&work.deployment));
		else
			admin_answer(request, 201, wanted_json(&work.wanted));
	}
	json_decref(body);
}

void admin_wanted_post(struct http_request *request)
{
	wanted_post(request, false);
}

void admin_deployments_post(struct http_request *request)
{
	wanted_post(request, true);
}

static int work_remove(struct tam_database *database, void *context)
{
	struct wanted_work *work = context;
	const int64_t id = work->wanted.id;
	const struct wanted_filter filter = {
		.spid = work->spid, .scope = -1, .after = id - 1, .limit = 1
	};
	struct wanted *entry;
	size_t count;
	int rc = wanted_list(database, &filter, work->arena, &entry, &count);

	if (!rc)
		rc = count && entry->id == id ? wanted_remove(database, id, work->spid) : -ENOENT;
	if (rc)
		return rc;
	work->change->spid = entry->spid;
	entry_note(work->change, entry, "is no longer wanted");
	return 0;
}

void admin_wanted_delete(struct http_request *request)
{
	struct wanted_work work = { .spid = admin_spid(request), .arena = &request->arena };
	struct admin_change change = { work_remove, &work, "wanted", request->values[0], NULL, "" };
	int rc;

	work.change = &change;
	if (!admin_path_number(request, 0, &work.wanted.id))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}

/* ---- Deployments -------------------------------------------------------------------------------
 */

void admin_deployments_get(struct http_request *request)
{
	struct deployment *list = NULL;
	int64_t before = 0, limit;
	json_t *items, *next = NULL;
	size_t count = 0;
	int rc;

	if (!admin_query(request, "after limit") || !admin_query_limit(request, &limit) ||
	    !admin_query_number(request, "after", 0, INT64_MAX, &before))
		return;
	rc = deployment_list(admin_database(request), admin_spid(request), before, limit,
			     &request->arena, &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, deployment_json(&list[i]));
	if ((int64_t)count == limit)
		next = json_integer(list[count - 1].id);
	admin_answer_list(request, items, next);
}

static bool deployment_find(struct http_request *request, struct deployment *out)
{
	int64_t id;
	int rc;

	if (!admin_path_number(request, 0, &id))
		return false;
	rc = deployment_get(admin_database(request), id, &request->arena, out);
	if (rc < 0)
		return admin_fail_errno(request, rc, NULL);
	return admin_sees(request, out->what.spid);
}

void admin_deployment_get(struct http_request *request)
{
	struct deployment deployment;

	if (admin_query(request, "") && deployment_find(request, &deployment))
		admin_answer(request, 200, deployment_json(&deployment));
}

static json_t *deployment_device_json(const struct deployment_device *device)
{
	const bool failed = device->state == DEPLOYMENT_FAILED;

	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "did", device->did, "tee", device->tee_name,
			 "state", deployment_state_name(device->state), "error",
			 admin_text_or_null(failed ? device->error : ""), "note",
			 admin_text_or_null(failed ? "" : device->error), "updated",
			 admin_time(device->updated));
}

void admin_deployment_devices_get(struct http_request *request)
{
	const char *state = admin_query_text(request, "state");
	const int parsed = state ? deployment_state_parse(state) : -1;
	struct deployment_device *list = NULL;
	struct deployment deployment;
	json_t *items, *next = NULL;
	size_t count = 0;
	int64_t limit;
	int rc;

	if (!admin_query(request, "state after limit") || !admin_query_limit(request, &limit) ||
	    !deployment_find(request, &deployment))
		return;
	if (state && parsed < 0) {
		(void)admin_fail(request, 400, "invalid",
				 "state has to be waiting, running, done or failed");
		return;
	}
	rc = deployment_devices(admin_database(request), deployment.id, parsed,
				admin_query_text(request, "after"), limit, &request->arena, &list,
				&count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, deployment_device_json(&list[i]));
	if ((int64_t)count == limit)
		next = json_string(list[count - 1].did);
	admin_answer_list(request, items, next);
}
