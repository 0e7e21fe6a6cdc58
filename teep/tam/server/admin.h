/*
 * What all routes of the admin API do alike: who asks and whether that one may, JSON in and out,
 * failures. docs/tam-api.md is its specification.
 *
 * Runs in teesim-tam. Everything in a request is hostile until admin_admit() has found the token,
 * and afterwards still what a person may have mistyped.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_ADMIN_H
#define TEESIM_TEEP_TAM_SERVER_ADMIN_H

#include <jansson.h>

#include "teep/otrp/json.h"
#include "teep/tam/server/site.h"
#include "teep/tam/token.h"

/* Who may: a route's `access`. */
enum access {
	ACCESS_PUBLIC,
	ACCESS_VIEW,
	ACCESS_OPERATE,		/* also an SP's own, for what is that SP's */
	ACCESS_OPERATE_DEVICES, /* nobody of an SP */
	ACCESS_ADMIN,
};

#define ADMIN_MEDIA	"application/json"
#define ADMIN_BODY_MAX	(64u << 10)
#define ADMIN_LIMIT	100
#define ADMIN_LIMIT_MAX 1000

/* The site's `admit`: finds the token, and looks at its role. */
bool admin_admit(struct http_request *request);

/* The site's `refuse`: {"error": …}. */
void admin_refuse(struct http_request *request, unsigned status, const char *code,
		  const char *message);

/* The same with a message that is put together; returns false, for `return admin_fail(…)`. */
bool admin_fail(struct http_request *request, unsigned status, const char *code, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* The failure that a -errno of the tables stands for; `why` is told where there is one. */
bool admin_fail_errno(struct http_request *request, int rc, const char *why);

/* The status and the value, whose reference is taken; NULL is a lack of memory. */
void admin_answer(struct http_request *request, unsigned status, json_t *value);

/* {"items": …, "next": …}; both references are taken, `next` NULL is null. */
void admin_answer_list(struct http_request *request, json_t *items, json_t *next);

/* What sessions of this process have left in the logs is there to be read. */
void admin_log_flush(const struct http_request *request);
struct tam_database *admin_database(const struct http_request *request);

/* The caller's token: the SP that it is confined to, or NULL; its name; its role. */
const char *admin_spid(const struct http_request *request);
const char *admin_name(const struct http_request *request);
enum token_role admin_role(const struct http_request *request);

/* Whether the caller's token has not been removed since it was looked at; true when the database
 * can't tell. */
bool admin_still_admits(const struct http_request *request);

/* Whether the caller sees what is that SP's; if not, the answer is 404. */
bool admin_sees(struct http_request *request, const char *spid);

/* That the query has only these members, separated by spaces, each at most once. */
bool admin_query(struct http_request *request, const char *names);
const char *admin_query_text(const struct http_request *request, const char *name);
/* An absent one leaves *out alone. */
bool admin_query_number(struct http_request *request, const char *name, int64_t least, int64_t most,
			int64_t *out);
/* `limit`, ADMIN_LIMIT without one. */
bool admin_query_limit(struct http_request *request, int64_t *out);

/* The body as an object with exactly such members: the caller's reference, or NULL after 400. */
json_t *admin_body(struct http_request *request, const struct member *members, size_t count);
/* A text member, NULL when absent; valid as long as the body. */
const char *admin_text(const json_t *body, const char *name);
/* A number; an absent one leaves *out alone. */
bool admin_number(struct http_request *request, const json_t *body, const char *name, int64_t least,
		  int64_t most, int64_t *out);

/* A value of the path that is 64 lower-case hexadecimal digits (else 404), or a number. */
bool admin_is_hash(const char *text);
bool admin_path_number(struct http_request *request, size_t index, int64_t *out);

/* Milliseconds since 1970 as whole seconds, and as seconds with decimals; null for 0. */
json_t *admin_time(int64_t milliseconds);
json_t *admin_time_fine(int64_t milliseconds);
/* Seconds as they are; null for 0. */
json_t *admin_time_seconds(time_t seconds);
/* null for NULL and "". */
json_t *admin_text_or_null(const char *text);
/* Octets in base64. */
json_t *admin_base64(struct span octets);

/*
 * Run `work` and note it in the log of events, in one transaction: `subject`, `spid` and `text` are
 * looked at after `work`; with no text there was nothing to note. Returns 0 or work's -errno.
 */
struct admin_change {
	int (*work)(struct tam_database *database, void *context);
	void *context;
	const char *kind;
	const char *subject, *spid;
	char text[640]; /* two names, each as long as may be, and what is said of them */
};
int admin_change(struct http_request *request, struct admin_change *change);

/* ---- Handlers, a file for each part of the API -------------------------------------------------
 */

void admin_status_get(struct http_request *request);
void admin_certificates_get(struct http_request *request);
void admin_health_get(struct http_request *request);

void admin_sps_get(struct http_request *request);
void admin_sps_post(struct http_request *request);
void admin_sp_get(struct http_request *request);
void admin_sp_patch(struct http_request *request);
void admin_sp_delete(struct http_request *request);
void admin_sp_certificates_post(struct http_request *request);
void admin_sp_certificate_delete(struct http_request *request);
void admin_sp_group_put(struct http_request *request);
void admin_sp_group_delete(struct http_request *request);
void admin_sp_all_devices_put(struct http_request *request);
void admin_sp_all_devices_delete(struct http_request *request);

void admin_tas_get(struct http_request *request);
void admin_tas_post(struct http_request *request);
void admin_ta_get(struct http_request *request);
void admin_ta_package_get(struct http_request *request);
void admin_ta_retire_post(struct http_request *request);
void admin_ta_personalisation_put(struct http_request *request);
void admin_ta_personalisation_delete(struct http_request *request);

void admin_ta_announce_post(struct http_request *request);
void admin_device_aik_get(struct http_request *request);
void admin_deliveries_get(struct http_request *request);
void admin_deliveries_post(struct http_request *request);
void admin_delivery_delete(struct http_request *request);

void admin_devices_get(struct http_request *request);
void admin_device_get(struct http_request *request);
void admin_device_patch(struct http_request *request);
void admin_device_delete(struct http_request *request);

void admin_groups_get(struct http_request *request);
void admin_groups_post(struct http_request *request);
void admin_group_delete(struct http_request *request);
void admin_group_devices_get(struct http_request *request);
void admin_group_device_put(struct http_request *request);
void admin_group_device_delete(struct http_request *request);

void admin_wanted_get(struct http_request *request);
void admin_wanted_post(struct http_request *request);
void admin_wanted_delete(struct http_request *request);
void admin_deployments_get(struct http_request *request);
void admin_deployments_post(struct http_request *request);
void admin_deployment_get(struct http_request *request);
void admin_deployment_devices_get(struct http_request *request);

void admin_sessions_get(struct http_request *request);
void admin_session_get(struct http_request *request);
void admin_messages_get(struct http_request *request);
void admin_log_get(struct http_request *request);
void admin_events_get(struct http_request *request);

void admin_tokens_get(struct http_request *request);
void admin_tokens_post(struct http_request *request);
void admin_token_delete(struct http_request *request);

#endif
