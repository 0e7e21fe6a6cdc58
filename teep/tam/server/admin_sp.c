/* Service providers and their certificates. */
#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"
#include "teep/tam/server/media_type.h"
#include "teep/tam/sp_grant.h"

static json_t *sp_json(struct http_request *request, const struct sp *sp)
{
	struct sp_certificate *list = NULL;
	json_t *certificates = json_array(), *groups = json_array();
	struct sp_grants grants = { 0 };
	size_t count = 0;

	(void)sp_certificate_list(admin_database(request), sp->spid, &request->arena, &list,
				  &count);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(certificates, sp_certificate_json(&list[i]));
	(void)sp_grant_list(admin_database(request), sp->spid, &request->arena, &grants);
	for (size_t i = 0; i < grants.count; i++)
		(void)json_array_append_new(groups, json_string(grants.groups[i]));
	return json_pack("{s:s,s:s,s:o,s:I,s:o,s:{s:b,s:o}}", "spid", sp->spid, "name", sp->name,
			 "created", admin_time(sp->created), "tas", (json_int_t)sp->tas,
			 "certificates", certificates, "deploys_to", "all", grants.all, "groups",
			 groups);
}

static void sp_answer(struct http_request *request, unsigned status, const char *spid)
{
	struct sp sp;
	const int rc = sp_get(admin_database(request), spid, &request->arena, &sp);

	if (rc < 0)
		(void)admin_fail_errno(request, rc, "there is no such SP");
	else
		admin_answer(request, status, sp_json(request, &sp));
}

void admin_sps_get(struct http_request *request)
{
	const char *own = admin_spid(request), *after = admin_query_text(request, "after");
	json_t *items, *next = NULL;
	struct sp *list = NULL;
	size_t count = 0;
	int64_t limit;
	int rc;

	if (!admin_query(request, "after limit") || !admin_query_limit(request, &limit))
		return;
	items = json_array();
	if (own) {
		struct sp sp;

		rc = sp_get(admin_database(request), own, &request->arena, &sp);
		if (rc == 0 && !(after && strcmp(after, own) >= 0))
			(void)json_array_append_new(items, sp_json(request, &sp));
	} else {
		rc = sp_list(admin_database(request), after, limit, &request->arena, &list, &count);
		for (size_t i = 0; i < count; i++)
			(void)json_array_append_new(items, sp_json(request, &list[i]));
		if (rc == 0 && (int64_t)count == limit)
			next = json_string(list[count - 1].spid);
	}
	if (rc < 0) {
		json_decref(items);
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	admin_answer_list(request, items, next);
}

struct sp_work {
	const char *spid, *name, *sha256, *why;
	struct span der;
	struct arena *arena;
	struct sp_certificate certificate;
};

static int work_add(struct tam_database *database, void *context)
{
	struct sp_work *work = context;

	return sp_add(database, work->spid, work->name ? work->name : "", &work->why);
}

void admin_sps_post(struct http_request *request)
{
	static const struct member members[] = {
		{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
		{ "name", MEMBER_TEXT, MEMBER_OPTIONAL },
	};
	json_t *body = admin_body(request, members, 2);
	struct sp_work work = { 0 };
	struct admin_change change = { work_add, &work, "sp", NULL, NULL, "the SP was added" };
	int rc;

	if (!body)
		return;
	work.spid = admin_text(body, "spid");
	work.name = admin_text(body, "name");
	change.subject = change.spid = work.spid;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       work.why	       ? work.why
				       : rc == -EEXIST ? "there is an SP of that name"
						       : NULL);
	else
		sp_answer(request, 201, work.spid);
	json_decref(body);
}

void admin_sp_get(struct http_request *request)
{
	if (admin_query(request, "") && admin_sees(request, request->values[0]))
		sp_answer(request, 200, request->values[0]);
}

static int work_rename(struct tam_database *database, void *context)
{
	struct sp_work *work = context;

	return sp_rename(database, work->spid, work->name, &work->why);
}

void admin_sp_patch(struct http_request *request)
{
	static const struct member members[] = { { "name", MEMBER_TEXT, MEMBER_REQUIRED } };
	json_t *body = admin_body(request, members, 1);
	struct sp_work work = { .spid = request->values[0] };
	struct admin_change change = { work_rename, &work,     "sp",
				       work.spid,   work.spid, "the SP has another name" };
	int rc;

	if (!body)
		return;
	work.name = admin_text(body, "name");
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, work.why);
	else
		sp_answer(request, 200, work.spid);
	json_decref(body);
}

static int work_remove(struct tam_database *database, void *context)
{
	return sp_remove(database, ((struct sp_work *)context)->spid);
}

void admin_sp_delete(struct http_request *request)
{
	struct sp_work work = { .spid = request->values[0] };
	struct admin_change change = { work_remove, &work,     "sp",
				       work.spid,   work.spid, "the SP was removed" };
	const int rc = admin_change(request, &change);

	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       rc == -EBUSY ? "it still has TAs or wanted state" : NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}

static int work_certificate_add(struct tam_database *database, void *context)
{
	struct sp_work *work = context;

	return sp_certificate_add(database, work->spid, work->der, work->arena, &work->certificate,
				  &work->why);
}

/* The one certificate of a PEM text as DER; free() it. */
static uint8_t *pem_decode(struct span text, size_t *size)
{
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
	uint8_t *data = NULL, *der = NULL;
	char *name = NULL, *header = NULL;
	long length = 0;

	if (bio && PEM_read_bio(bio, &name, &header, &data, &length) == 1 && length > 0 &&
	    (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0)) {
		der = malloc((size_t)length);
		if (der)
			memcpy(der, data, (size_t)length);
		*size = (size_t)length;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	return der;
}

void admin_sp_certificates_post(struct http_request *request)
{
	struct sp_work work = { .spid = request->values[0],
				.der = request->body,
				.arena = &request->arena };
	struct admin_change change = { work_certificate_add,	 &work, "sp", work.spid, work.spid,
				       "a certificate was added" };
	uint8_t *der = NULL;
	int rc;

	if (!admin_query(request, "") || !admin_sees(request, work.spid))
		return;
	if (request->body.size == 0) {
		(void)admin_fail(request, 400, "invalid", "the body has to be a certificate");
		return;
	}
	if (media_type_is(http_header(request, "Content-Type"), "application/x-pem-file")) {
		der = pem_decode(request->body, &work.der.size);
		work.der.data = der;
		if (!der) {
			(void)admin_fail(request, 422, "refused", "this is no certificate in PEM");
			return;
		}
	}
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, work.why);
	else
		admin_answer(request, 201, sp_certificate_json(&work.certificate));
	free(der);
}

static int work_certificate_remove(struct tam_database *database, void *context)
{
	const struct sp_work *work = context;

	return sp_certificate_remove(database, work->spid, work->sha256);
}

void admin_sp_certificate_delete(struct http_request *request)
{
	struct sp_work work = { .spid = request->values[0], .sha256 = request->values[1] };
	struct admin_change change = {
		work_certificate_remove,    &work, "sp", work.spid, work.spid,
		"a certificate was removed"
	};
	int rc;

	if (!admin_sees(request, work.spid))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       rc == -EBUSY ? "a TA that is not retired is signed with it"
						    : NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}

/* ---- Devices that are open to it ---------------------------------------------------------------
 */

struct grant_work {
	const char *spid, *group; /* group NULL: all devices */
};

static int work_grant(struct tam_database *database, void *context)
{
	const struct grant_work *work = context;

	return sp_grant_add(database, work->spid, work->group);
}

static int work_revoke(struct tam_database *database, void *context)
{
	const struct grant_work *work = context;

	return sp_grant_remove(database, work->spid, work->group);
}

static void grant_change(struct http_request *request, const char *group, bool grants)
{
	struct grant_work work = { request->values[0], group };
	struct admin_change change = {
		grants ? work_grant : work_revoke, &work, "sp", work.spid, work.spid, ""
	};
	int rc;

	if (!admin_query(request, ""))
		return;
	if (group)
		(void)snprintf(change.text, sizeof(change.text), "group %.64s is %s to the SP",
			       group, grants ? "open" : "no longer open");
	else
		(void)snprintf(change.text, sizeof(change.text), "all devices are %s to the SP",
			       grants ? "open" : "no longer open");
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       grants ? "there is no such SP or group"
					      : "that is not open to this SP by itself");
	else
		sp_answer(request, 200, work.spid);
}

void admin_sp_group_put(struct http_request *request)
{
	grant_change(request, request->values[1], true);
}

void admin_sp_group_delete(struct http_request *request)
{
	grant_change(request, request->values[1], false);
}

void admin_sp_all_devices_put(struct http_request *request)
{
	grant_change(request, NULL, true);
}

void admin_sp_all_devices_delete(struct http_request *request)
{
	grant_change(request, NULL, false);
}
