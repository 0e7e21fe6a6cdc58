/* How the TAM is, and what of it is about to expire. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "teep/otrp/encoding.h"
#include "teep/tam/device_expiry.h"
#include "teep/tam/device_trust.h"
#include "teep/tam/group.h"
#include "teep/tam/key.h"
#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"

#define DAY		 86400
#define CERTIFICATE_SOON (30 * DAY)
#define TLS_SOON	 (14 * DAY)

static const struct site *site_of(const struct http_request *request)
{
	return ((const struct site_worker *)request->worker)->site;
}

/* ---- Expiry ------------------------------------------------------------------------------------
 */

struct expiry_list {
	struct http_request *request;
	json_t *items;
	time_t now;
	int64_t soon, expired;
	int64_t devices_ending, devices_ended; /* the latter are among the former */
};

/* Returns the entry, which is the list's; NULL without memory. */
static json_t *expiry_add(struct expiry_list *list, const char *what, const char *spid,
			  const char *subject, const char *sha256, time_t not_before,
			  time_t not_after, enum tam_expiry_state state, const char *file,
			  const char *why)
{
	json_t *entry = json_pack("{s:s,s:o,s:s,s:s,s:o,s:o,s:s,s:o,s:o}", "what", what, "spid",
				  admin_text_or_null(spid), "subject", subject, "sha256", sha256,
				  "not_before", admin_time_seconds(not_before), "not_after",
				  admin_time_seconds(not_after), "state", tam_expiry_name(state),
				  "file", admin_text_or_null(file), "why", admin_text_or_null(why));

	list->soon += state == EXPIRY_SOON;
	list->expired += state == EXPIRY_EXPIRED || state == EXPIRY_MISSING;
	return json_array_append_new(list->items, entry) == 0 ? entry : NULL;
}

static void expiry_add_certificate(struct expiry_list *list, const char *what, X509 *certificate,
				   time_t warn_before, const char *file)
{
	const time_t not_after = certificate_time(X509_get0_notAfter(certificate));
	char hex[2 * CERTIFICATE_HASH_SIZE + 1], subject[256];
	uint8_t hash[CERTIFICATE_HASH_SIZE];

	if (!certificate_hash(certificate, hash))
		return;
	(void)expiry_add(list, what, NULL, certificate_name(certificate, subject, sizeof(subject)),
			 hex_encode(hash, sizeof(hash), hex),
			 certificate_time(X509_get0_notBefore(certificate)), not_after,
			 tam_expiry_of(not_after, list->now, warn_before), file, NULL);
}

static void trusted_visit(void *context, const char *what, X509 *certificate)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%s", what);
	for (char *at = name; (at = strchr(at, '-')) != NULL;)
		*at = '_';
	expiry_add_certificate(context, name, certificate, CERTIFICATE_SOON, NULL);
}

static void revocation_visit(void *context, const struct revocation_source *source)
{
	struct expiry_list *list = context;

	if (source->until)
		(void)expiry_add(list, source->is_list ? "crl" : "device_ocsp", NULL,
				 source->subject, "", source->since, source->until,
				 tam_expiry_of(source->until, list->now,
					       (source->until - source->since) / 4),
				 source->file, NULL);
}

/* Those that end first are named, and all are counted. */
static void devices_add(struct expiry_list *list, struct device_expiry *expiry)
{
	struct device_ending *ending = calloc(DEVICE_EXPIRY_MAX, sizeof(*ending));
	const size_t count =
		ending ? device_expiry_list(expiry, list->now, ending, &list->devices_ending,
					    &list->devices_ended)
		       : 0;
	const int64_t soon = list->soon, expired = list->expired;

	for (size_t i = 0; i < count; i++) {
		json_t *entry =
			expiry_add(list, "device", NULL, ending[i].subject, ending[i].sha256,
				   ending[i].not_before, ending[i].not_after,
				   tam_expiry_of(ending[i].not_after, list->now, CERTIFICATE_SOON),
				   NULL, NULL);

		(void)json_object_set_new(entry, "did", json_string(ending[i].did));
	}
	list->soon = soon + list->devices_ending - list->devices_ended;
	list->expired = expired + list->devices_ended;
	free(ending);
}

static void tls_add(struct expiry_list *list, const struct site *site)
{
	BIO *bio = site->tls_certificate ? BIO_new_mem_buf(site->tls_certificate, -1) : NULL;
	X509 *certificate;

	while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		expiry_add_certificate(list, "tls", certificate, TLS_SOON, site->tls_path);
		X509_free(certificate);
	}
	ERR_clear_error();
	BIO_free(bio);
}

static int by_end(const void *a, const void *b)
{
	const json_int_t one =
		json_integer_value(json_object_get(*(json_t *const *)a, "not_after"));
	const json_int_t other =
		json_integer_value(json_object_get(*(json_t *const *)b, "not_after"));

	return one < other ? -1 : one > other;
}

static void list_sort(struct expiry_list *list)
{
	const size_t count = json_array_size(list->items);
	json_t **items = calloc(count + 1, sizeof(*items)), *sorted = json_array();

	for (size_t i = 0; items && i < count; i++)
		items[i] = json_array_get(list->items, i);
	if (items) {
		qsort(items, count, sizeof(*items), by_end);
		for (size_t i = 0; i < count; i++)
			(void)json_array_append(sorted, items[i]);
		json_decref(list->items);
		list->items = sorted;
	} else {
		json_decref(sorted);
	}
	free(items);
}

/* An SP's people see the SP's alone. */
static int expiry_collect(struct http_request *request, struct expiry_list *list)
{
	const struct site *site = site_of(request);
	struct sp_certificate *certificates = NULL;
	struct tam_expiry *own = NULL;
	size_t count = 0, own_count = 0;
	int rc;

	list->request = request;
	list->items = json_array();
	list->now = (tam_time_now() + site->clock_offset_ms) / 1000;
	rc = sp_certificate_list(admin_database(request), admin_spid(request), &request->arena,
				 &certificates, &count);
	for (size_t i = 0; i < count; i++)
		(void)expiry_add(list, "sp", certificates[i].spid, certificates[i].subject,
				 certificates[i].sha256, certificates[i].not_before / 1000,
				 certificates[i].not_after / 1000,
				 tam_expiry_of(certificates[i].not_after / 1000, list->now,
					       CERTIFICATE_SOON),
				 NULL, NULL);
	if (rc == 0 && !admin_spid(request)) {
		if (site->keys)
			rc = tam_keys_expiry(site->keys, list->now, &request->arena, &own,
					     &own_count);
		for (size_t i = 0; i < own_count; i++)
			(void)expiry_add(list, own[i].what, NULL, own[i].subject, own[i].sha256,
					 own[i].not_before, own[i].not_after, own[i].state,
					 own[i].file, own[i].why);
		if (site->trust) {
			device_trust_each(site->trust, trusted_visit, list);
			device_trust_revocation_each(site->trust, revocation_visit, list);
		}
		if (site->expiry)
			devices_add(list, site->expiry);
		tls_add(list, site);
	}
	if (rc < 0)
		json_decref(list->items);
	else
		list_sort(list);
	return rc;
}

void admin_certificates_get(struct http_request *request)
{
	struct expiry_list list = { 0 };
	int rc;

	if (!admin_query(request, ""))
		return;
	rc = expiry_collect(request, &list);
	if (rc < 0)
		(void)admin_fail_errno(request, rc, NULL);
	else
		admin_answer(request, 200,
			     json_pack("{s:o,s:n,s:{s:I,s:I}}", "items", list.items, "next",
				       "devices", "soon",
				       (json_int_t)(list.devices_ending - list.devices_ended),
				       "expired", (json_int_t)list.devices_ended));
}

/* ---- Status ------------------------------------------------------------------------------------
 */

static int64_t count_of(struct http_request *request, const char *all, const char *of_sp)
{
	const char *spid = admin_spid(request);
	int64_t count = 0;

	if (spid)
		(void)tam_database_integer(admin_database(request), &count, of_sp,
					   TAM_VALUES(tam_text(spid)));
	else
		(void)tam_database_integer(admin_database(request), &count, all, TAM_NO_VALUES);
	return count;
}

/* How many devices are of each status, among those that the caller sees. */
static json_t *devices_json(struct http_request *request)
{
	json_t *value = json_object();
	int64_t counts[4] = { 0 }, total = 0;

	if (!admin_spid(request))
		(void)device_table_count(admin_database(request), counts);
	for (int status = 0; status < 4; status++) {
		const struct device_filter filter = { .spid = admin_spid(request),
						      .status = status,
						      .limit = 1 };
		struct device *list = NULL;
		size_t count = 0;

		if (filter.spid)
			(void)device_table_list(admin_database(request), &filter, &request->arena,
						&list, &count, &counts[status]);
		total += counts[status];
		(void)json_object_set_new(value, device_status_name((enum device_status)status),
					  json_integer(counts[status]));
	}
	(void)json_object_set_new(value, "total", json_integer(total));
	return value;
}

static int64_t groups_count(struct http_request *request)
{
	struct device_group *list;
	size_t count = 0;

	(void)group_list(admin_database(request), admin_spid(request), &request->arena, &list,
			 &count);
	return (int64_t)count;
}

static json_t *sessions_json(struct http_request *request)
{
	int64_t open = 0, total = 0;

	if (admin_spid(request))
		return json_null();
	(void)session_table_count(admin_database(request), &open, &total);
	return json_pack("{s:I,s:I}", "open", (json_int_t)open, "total", (json_int_t)total);
}

static int64_t deployments_running(struct http_request *request)
{
	struct deployment *list = NULL;
	int64_t running = 0;
	size_t count = 0;

	(void)deployment_list(admin_database(request), admin_spid(request), 0, ADMIN_LIMIT,
			      &request->arena, &list, &count);
	for (size_t i = 0; i < count; i++)
		running += deployment_state(&list[i]) == DEPLOYMENT_RUNNING;
	return running;
}

void admin_status_get(struct http_request *request)
{
	const struct site *site = site_of(request);
	struct expiry_list list = { 0 };
	json_t *value;
	int rc;

	if (!admin_query(request, ""))
		return;
	rc = expiry_collect(request, &list);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	json_decref(list.items);
	value = json_pack(
		"{s:s,s:I,s:o,s:o,s:s,s:s,s:s,s:o,s:o,s:I,s:I,s:I,s:o,s:{s:I},s:{s:I,s:I},s:b}",
		"version", TEESIM_VERSION, "time", (json_int_t)(tam_time_now() / 1000), "started",
		admin_time(site->started), "tamid",
		site->keys ? json_string(tam_keys_tamid(site->keys)) : json_null(), "database",
		tam_database_kind(admin_database(request)), "role",
		token_role_name(admin_role(request)), "name", admin_name(request), "spid",
		admin_text_or_null(admin_spid(request)), "devices", devices_json(request), "sps",
		(json_int_t)count_of(request, "SELECT COUNT(*) FROM sp",
				     "SELECT COUNT(*) FROM sp WHERE spid = $1"),
		"tas",
		(json_int_t)count_of(request, "SELECT COUNT(*) FROM ta",
				     "SELECT COUNT(*) FROM ta WHERE spid = $1"),
		"groups", (json_int_t)groups_count(request), "sessions", sessions_json(request),
		"deployments", "running", (json_int_t)deployments_running(request), "certificates",
		"soon", (json_int_t)list.soon, "expired", (json_int_t)list.expired,
		"hold_deletions", site->tam && site->tam->hold_deletions);
	admin_answer(request, 200, value);
}

void admin_health_get(struct http_request *request)
{
	int64_t one;
	const int rc = tam_database_integer(admin_database(request), &one,
					    "SELECT COUNT(*) FROM property", TAM_NO_VALUES);

	if (rc < 0)
		(void)admin_fail(request, 503, "unavailable", "the database does not answer");
	else
		admin_answer(request, 200, json_pack("{s:b}", "ok", 1));
}
