/* Devices and their groups. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "teep/pki/certificate.h"
#include "teep/tam/group.h"
#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"

#define SESSIONS_SHOWN 20
#define LABELS_MAX     4096

/* ---- Lists -------------------------------------------------------------------------------------
 */

static void devices_answer(struct http_request *request, struct device_filter *filter)
{
	struct device *list = NULL;
	json_t *items, *answer;
	int64_t total = 0;
	size_t count = 0;
	int rc;

	filter->spid = admin_spid(request);
	filter->after = admin_query_text(request, "after");
	rc = device_table_list(admin_database(request), filter, &request->arena, &list, &count,
			       &total);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, device_json(admin_database(request),
							       &request->arena, &list[i]));
	answer = json_pack("{s:o,s:o,s:I}", "items", items, "next",
			   (int64_t)count == filter->limit ? json_string(list[count - 1].did)
							   : json_null(),
			   "total", (json_int_t)total);
	admin_answer(request, 200, answer);
}

void admin_devices_get(struct http_request *request)
{
	const char *status = admin_query_text(request, "status");
	struct device_filter filter = {
		.q = admin_query_text(request, "q"),
		.group = admin_query_text(request, "group"),
		.status = status ? device_status_parse(status) : -1,
	};

	if (!admin_query(request, "q group status after limit") ||
	    !admin_query_limit(request, &filter.limit))
		return;
	if (status && filter.status < 0)
		(void)admin_fail(request, 400, "invalid",
				 "status has to be unknown, trusted, refused or suspended");
	else
		devices_answer(request, &filter);
}

/* ---- One device --------------------------------------------------------------------------------
 */

/* That the caller sees it: an SP's sees those that have something of it, or should. */
static bool device_find(struct http_request *request, const char *did, struct device *device)
{
	int rc = admin_is_hash(did) ? 0 : -ENOENT;

	if (rc == 0 && admin_spid(request))
		rc = device_table_visible(admin_database(request), did, admin_spid(request));
	if (rc == 0)
		rc = device_table_get(admin_database(request), did, &request->arena, device);
	return rc == 0 ||
	       admin_fail_errno(request, rc, rc == -ENOENT ? "there is no such device" : NULL);
}

/* What is another SP's is left out. */
static bool of_caller(const struct http_request *request, const char *spid)
{
	return !admin_spid(request) || strcmp(admin_spid(request), spid) == 0;
}

static json_t *domain_tas_json(const struct http_request *request,
			       const struct device_domain *domain, const struct device_ta *tas,
			       size_t count)
{
	json_t *array = json_array();

	(void)request;
	for (size_t i = 0; i < count; i++)
		if (strcmp(tas[i].spid, domain->spid) == 0 &&
		    strcmp(tas[i].sdname, domain->sdname) == 0)
			(void)json_array_append_new(
				array, json_pack("{s:s,s:s,s:I,s:s,s:o}", "taid", tas[i].taid,
						 "name", tas[i].name, "version",
						 (json_int_t)tas[i].version, "state", tas[i].state,
						 "updated", admin_time(tas[i].updated)));
	return array;
}

static json_t *domains_json(struct http_request *request, const char *did)
{
	struct device_domain *domains = NULL;
	struct device_ta *tas = NULL;
	size_t domain_count = 0, ta_count = 0;
	json_t *array = json_array();

	(void)device_table_domains(admin_database(request), did, &request->arena, &domains,
				   &domain_count);
	(void)device_table_tas(admin_database(request), did, &request->arena, &tas, &ta_count);
	for (size_t i = 0; i < domain_count; i++)
		if (of_caller(request, domains[i].spid))
			(void)json_array_append_new(
				array,
				json_pack("{s:s,s:s,s:o}", "name", domains[i].sdname, "spid",
					  domains[i].spid, "tas",
					  domain_tas_json(request, &domains[i], tas, ta_count)));
	return array;
}

static json_t *aiks_json(struct http_request *request, const char *did)
{
	struct device_aik *list = NULL;
	json_t *array = json_array();
	size_t count = 0;

	(void)device_table_aiks(admin_database(request), did, &request->arena, &list, &count);
	for (size_t i = 0; i < count; i++)
		if (of_caller(request, list[i].spid))
			(void)json_array_append_new(
				array, json_pack("{s:s,s:s,s:o}", "spid", list[i].spid, "type",
						 list[i].type, "key", admin_base64(list[i].key)));
	return array;
}

static json_t *device_wanted_json(struct http_request *request, const char *did)
{
	struct wanted *list = NULL;
	json_t *array = json_array();
	size_t count = 0;

	(void)wanted_entries_for_device(admin_database(request), did, &request->arena, &list,
					&count);
	for (size_t i = 0; i < count; i++)
		if (of_caller(request, list[i].spid))
			(void)json_array_append_new(array, wanted_json(&list[i]));
	return array;
}

static json_t *device_sessions_json(struct http_request *request, const char *did)
{
	const struct session_filter filter = {
		.did = did, .spid = admin_spid(request), .state = -1, .limit = SESSIONS_SHOWN
	};
	struct session *list = NULL;
	json_t *array = json_array();
	size_t count = 0;

	(void)session_table_list(admin_database(request), &filter, &request->arena, &list, &count);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, session_json(&list[i], filter.spid));
	return array;
}

static json_t *time_of(const ASN1_TIME *time)
{
	struct tm utc;

	return ASN1_TIME_to_tm(time, &utc) ? admin_time_seconds(timegm(&utc)) : json_null();
}

static json_t *certificate_json(struct span der)
{
	X509 *certificate = der.data ? certificate_parse(der.data, der.size) : NULL;
	char issuer[256] = "?", subject[256];
	json_t *value;

	if (!certificate)
		return json_null();
	(void)X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, issuer,
					sizeof(issuer));
	if (!target_text_clean(issuer, strlen(issuer)))
		(void)strcpy(issuer, "?");
	value = json_pack("{s:s,s:s,s:o,s:o}", "subject",
			  certificate_name(certificate, subject, sizeof(subject)), "issuer", issuer,
			  "not_before", time_of(X509_get0_notBefore(certificate)), "not_after",
			  time_of(X509_get0_notAfter(certificate)));
	X509_free(certificate);
	return value;
}

static void device_answer(struct http_request *request, const char *did)
{
	struct device device = { 0 };
	json_t *value;

	if (!device_find(request, did, &device))
		return;
	value = device_json(admin_database(request), &request->arena, &device);
	(void)json_object_set_new(value, "security_domains", domains_json(request, did));
	(void)json_object_set_new(value, "aiks", aiks_json(request, did));
	(void)json_object_set_new(value, "wanted", device_wanted_json(request, did));
	(void)json_object_set_new(value, "sessions", device_sessions_json(request, did));
	(void)json_object_set_new(value, "certificate", certificate_json(device.tee_certificate));
	(void)json_object_set_new(value, "firmware", certificate_json(device.firmware_certificate));
	(void)json_object_set_new(value, "algorithm", json_string(device.algorithm));
	admin_answer(request, 200, value);
}

void admin_device_get(struct http_request *request)
{
	if (admin_query(request, ""))
		device_answer(request, request->values[0]);
}

struct device_work {
	const char *did, *group, *model, *reason;
	char *labels; /* NULL: as they are */
	int status;   /* -1: as it is */
};

static int work_patch(struct tam_database *database, void *context)
{
	const struct device_work *work = context;
	int rc = 0;

	if (work->model || work->labels)
		rc = device_table_describe(database, work->did, work->model, work->labels);
	if (rc == 0 && work->status >= 0)
		rc = device_table_set_status(database, work->did, (enum device_status)work->status,
					     work->reason);
	return rc;
}

/* Labels are texts under short names. */
static bool labels_parse(struct http_request *request, json_t *labels, char **out)
{
	const char *name;
	json_t *value;

	json_object_foreach(labels, name, value)
		if (!json_is_string(value) || !*name ||
		    !target_text_clean(json_string_value(value), json_string_length(value)) ||
		    !target_text_clean(name, strlen(name)))
			return admin_fail(request, 400, "invalid",
					  "labels has to have texts, "
					  "without control characters");
	*out = json_dumps(labels, JSON_COMPACT | JSON_SORT_KEYS);
	if (*out && strlen(*out) > LABELS_MAX)
		return admin_fail(request, 400, "invalid", "labels is longer than %d octets",
				  LABELS_MAX);
	return *out || admin_fail_errno(request, -ENOMEM, NULL);
}

void admin_device_patch(struct http_request *request)
{
	static const struct member members[] = {
		{ "status", MEMBER_TEXT, MEMBER_OPTIONAL },
		{ "labels", MEMBER_OBJECT, MEMBER_OPTIONAL },
		{ "model", MEMBER_TEXT, MEMBER_OPTIONAL },
	};
	struct device_work work = { .did = request->values[0], .status = -1, .reason = "" };
	struct admin_change change = { work_patch, &work, "device", work.did, NULL, "" };
	json_t *body = admin_body(request, members, 3);
	struct device device = { 0 };
	const char *status;
	json_t *labels;
	int rc;

	if (!body)
		return;
	status = admin_text(body, "status");
	labels = json_object_get(body, "labels");
	work.model = admin_text(body, "model");
	if (status && strcmp(status, "trusted") == 0)
		work.status = DEVICE_TRUSTED;
	else if (status && strcmp(status, "suspended") == 0)
		work.status = DEVICE_SUSPENDED;
	if (status && work.status < 0)
		(void)admin_fail(request, 400, "invalid", "status has to be trusted or suspended");
	else if (work.model &&
		 (strlen(work.model) > 255 || !target_text_clean(work.model, strlen(work.model))))
		(void)admin_fail(request, 400, "invalid",
				 "model has to be at most 255 octets without control characters");
	if (http_answered(request) || !device_find(request, work.did, &device) ||
	    (labels && !labels_parse(request, labels, &work.labels)))
		goto out;
	if (work.status == DEVICE_SUSPENDED)
		work.reason = "suspended by hand";
	(void)snprintf(change.text, sizeof(change.text), "the device was %s",
		       work.status == DEVICE_SUSPENDED ? "suspended"
		       : work.status == DEVICE_TRUSTED ? "allowed again"
						       : "described anew");
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		device_answer(request, work.did);
out:
	free(work.labels);
	json_decref(body);
}

static int work_remove(struct tam_database *database, void *context)
{
	return device_table_remove(database, ((const struct device_work *)context)->did);
}

static void change_run(struct http_request *request, struct admin_change *change, unsigned status)
{
	const int rc = admin_change(request, change);

	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		http_answer(request, status, NULL, "", 0);
}

void admin_device_delete(struct http_request *request)
{
	struct device_work work = { .did = request->values[0] };
	struct admin_change change = { work_remove, &work, "device",
				       work.did,    NULL,  "the device was forgotten" };

	if (!admin_is_hash(work.did))
		(void)admin_fail_errno(request, -ENOENT, "there is no such device");
	else
		change_run(request, &change, 204);
}

/* ---- Groups ------------------------------------------------------------------------------------
 */

void admin_groups_get(struct http_request *request)
{
	struct device_group *list = NULL;
	size_t count = 0;
	json_t *items;
	int rc;

	if (!admin_query(request, ""))
		return;
	rc = group_list(admin_database(request), admin_spid(request), &request->arena, &list,
			&count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items,
					    json_pack("{s:s,s:I}", "name", list[i].name, "devices",
						      (json_int_t)list[i].devices));
	admin_answer_list(request, items, NULL);
}

static int work_group_add(struct tam_database *database, void *context)
{
	return group_add(database, ((const struct device_work *)context)->group);
}

void admin_groups_post(struct http_request *request)
{
	static const struct member members[] = { { "name", MEMBER_TEXT, MEMBER_REQUIRED } };
	json_t *body = admin_body(request, members, 1);
	struct device_work work = { 0 };
	struct admin_change change = { work_group_add, &work, "group",
				       NULL,	       NULL,  "the group was made" };
	int rc;

	if (!body)
		return;
	change.subject = work.group = admin_text(body, "name");
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(
			request, rc,
			rc == -EINVAL
				? "name has to be 1 to 64 letters, digits, '.', '-' or '_', and "
				  "neither '.' nor '..'"
			: rc == -EEXIST ? "there is a group of that name"
					: NULL);
	else
		admin_answer(request, 201,
			     json_pack("{s:s,s:i}", "name", work.group, "devices", 0));
	json_decref(body);
}

static int work_group_remove(struct tam_database *database, void *context)
{
	return group_remove(database, ((const struct device_work *)context)->group);
}

void admin_group_delete(struct http_request *request)
{
	struct device_work work = { .group = request->values[0] };
	struct admin_change change = { work_group_remove, &work, "group",
				       work.group,	  NULL,	 "the group was removed" };
	const int rc = admin_change(request, &change);

	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       rc == -EBUSY ? "wanted state still names it" : NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}

void admin_group_devices_get(struct http_request *request)
{
	struct device_filter filter = { .group = request->values[0], .status = -1 };
	int rc;

	if (!admin_query(request, "after limit") || !admin_query_limit(request, &filter.limit))
		return;
	rc = group_find(admin_database(request), filter.group, admin_spid(request),
			&request->arena);
	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       rc == -ENOENT ? "there is no such group" : NULL);
	else
		devices_answer(request, &filter);
}

static int work_join(struct tam_database *database, void *context)
{
	const struct device_work *work = context;

	return group_join(database, work->group, work->did);
}

static int work_leave(struct tam_database *database, void *context)
{
	const struct device_work *work = context;

	return group_leave(database, work->group, work->did);
}

static void membership(struct http_request *request, bool joins)
{
	struct device_work work = { .group = request->values[0], .did = request->values[1] };
	struct admin_change change = {
		joins ? work_join : work_leave, &work, "group", work.group, NULL, ""
	};

	(void)snprintf(change.text, sizeof(change.text), "device %.12s… %s", work.did,
		       joins ? "joined" : "left");
	if (!admin_is_hash(work.did))
		(void)admin_fail_errno(request, -ENOENT, "there is no such device");
	else
		change_run(request, &change, 204);
}

void admin_group_device_put(struct http_request *request)
{
	membership(request, true);
}

void admin_group_device_delete(struct http_request *request)
{
	membership(request, false);
}
