#include "teep/tam/server/admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "teep/otrp/encoding.h"
#include "teep/tam/event_log.h"
#include "teep/tam/log_writer.h"
#include "teep/tam/server/connection_watch.h"
#include "teep/tam/server/log.h"
#include "teep/tam/text_cut.h"

/* ---- Who asks ----------------------------------------------------------------------------------
 */

static const struct site_worker *worker_of(const struct http_request *request)
{
	return request->worker;
}

struct tam_database *admin_database(const struct http_request *request)
{
	return worker_of(request)->database;
}

void admin_log_flush(const struct http_request *request)
{
	log_writer_flush(worker_of(request)->site->log);
}

enum token_role admin_role(const struct http_request *request)
{
	return (enum token_role)request->caller[0];
}

const char *admin_spid(const struct http_request *request)
{
	return request->caller_text[0];
}

bool admin_still_admits(const struct http_request *request)
{
	return token_holds(admin_database(request), request->caller[1]) != -ENOENT;
}

const char *admin_name(const struct http_request *request)
{
	return request->caller_text[1];
}

static bool role_suffices(const struct http_request *request, enum access access)
{
	switch (access) {
	case ACCESS_PUBLIC:
	case ACCESS_VIEW:
		return true;
	case ACCESS_OPERATE:
		return admin_role(request) >= TOKEN_OPERATOR;
	case ACCESS_OPERATE_DEVICES:
		return admin_role(request) >= TOKEN_OPERATOR && !admin_spid(request);
	case ACCESS_ADMIN:
		return admin_role(request) >= TOKEN_ADMIN;
	}
	return false;
}

static bool unauthorized(struct http_request *request, const char *message)
{
	http_answer_header(request, "WWW-Authenticate", "Bearer realm=\"teesim-tam\"");
	return admin_fail(request, 401, "unauthorized", "%s", message);
}

/* The token was wrong: so many of them, and the peer is told no more, nor the log. Others at its
 * address, who have right ones, are not its hostages. */
static bool token_wrong(struct http_request *request)
{
	uint32_t seconds;
	char text[16];

	if (!peer_limit_take(worker_of(request)->site->wrong_tokens, request->peer, watch_now(),
			     &seconds)) {
		(void)snprintf(text, sizeof(text), "%u", seconds);
		http_answer_header(request, "Retry-After", text);
		return admin_fail(request, 429, "rate", "too many wrong tokens; try again later");
	}
	log_line(TAM_LOG_WARNING, "a wrong token from %s", request->address);
	return unauthorized(request, "this token is not known");
}

bool admin_admit(struct http_request *request)
{
	const char *header = http_header(request, "Authorization");
	struct token token;
	int rc;

	if (request->route->access == ACCESS_PUBLIC)
		return true;
	if (!header)
		return unauthorized(request, "this needs a token: Authorization: Bearer TOKEN");
	if (strncasecmp(header, "Bearer ", 7) != 0)
		return token_wrong(request);
	header += 7 + strspn(header + 7, " ");
	rc = token_check(admin_database(request), header, &request->arena, &token);
	if (rc == -ENOENT)
		return token_wrong(request);
	if (rc < 0)
		return admin_fail_errno(request, rc, NULL);
	request->caller[0] = token.role;
	request->caller[1] = token.id;
	request->caller_text[0] = token.spid;
	request->caller_text[1] = token.name;
	if (!role_suffices(request, (enum access)request->route->access))
		return admin_fail(request, 403, "forbidden", "a token of role %s%s may not do this",
				  token_role_name(token.role), token.spid ? " of one SP" : "");
	return true;
}

/* What a route is about, by its first word; without one in its path it names an SP alone. The same
 * for what is not there and for what the caller must not see. */
static const char *absent(const struct http_request *request)
{
	static const char *const texts[][2] = {
		{ "tas/", "there is no such TA or version" },
		{ "devices/", "there is no such device" },
		{ "deliveries/", "there is no such delivery" },
		{ "groups/", "there is no such group or device" },
		{ "wanted/", "there is no such entry of wanted state" },
		{ "deployments/", "there is no such deployment" },
		{ "sessions/", "there is no such session" },
		{ "tokens/", "there is no such token" },
	};
	const char *name = strstr(request->route->pattern, "/v1/");

	for (size_t i = 0; name && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strncmp(name + 4, texts[i][0], strlen(texts[i][0])) == 0)
			return texts[i][1];
	return "there is no such SP";
}

bool admin_sees(struct http_request *request, const char *spid)
{
	const char *own = admin_spid(request);

	if (!own || strcmp(own, spid) == 0)
		return true;
	return admin_fail(request, 404, "not_found", "%s", absent(request));
}

/* ---- Answers -----------------------------------------------------------------------------------
 */

void admin_refuse(struct http_request *request, unsigned status, const char *code,
		  const char *message)
{
	admin_answer(request, status,
		     json_pack("{s:{s:s,s:s}}", "error", "code", code, "message", message));
}

bool admin_fail(struct http_request *request, unsigned status, const char *code, const char *format,
		...)
{
	char message[512];
	va_list arguments;
	json_t *text;

	va_start(arguments, format);
	text_cut_print(message, sizeof(message), format, arguments);
	va_end(arguments);
	/* What came with the request may have been cut inside a character. */
	text = json_string(message);
	for (char *at = message; !text && *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	json_decref(text);
	admin_refuse(request, status, code, message);
	return false;
}

bool admin_fail_errno(struct http_request *request, int rc, const char *why)
{
	switch (rc) {
	case -EINVAL:
		return admin_fail(request, 400, "invalid", "%s", why ? why : "this is not valid");
	case -ENOENT:
		return admin_fail(request, 404, "not_found", "%s", why ? why : absent(request));
	case -EEXIST:
		return admin_fail(request, 409, "conflict", "%s",
				  why ? why : "it is there already");
	case -EBUSY:
	case -ENOLINK:
		return admin_fail(request, 409, "conflict", "%s",
				  why ? why : "something else still needs it");
	case -ESTALE:
		return admin_fail(request, 409, "conflict", "%s",
				  why ? why : "it was changed meanwhile; look again");
	case -EFBIG:
		return admin_fail(request, 413, "too_large", "%s",
				  why ? why : "it is larger than it may be");
	case -EBADMSG:
	case -EKEYREJECTED:
	case -EPERM:
		return admin_fail(request, 422, "refused", "%s",
				  why ? why : "it does not pass its checks");
	case -EAGAIN:
		http_answer_header(request, "Retry-After", "1");
		return admin_fail(request, 503, "unavailable",
				  "the database does not answer; try again");
	default:
		log_line(TAM_LOG_ERROR, "%s: %s (%s)", request->route->pattern, strerror(-rc),
			 tam_database_error(admin_database(request)));
		return admin_fail(request, 500, "internal", "the TAM failed; its log says why");
	}
}

void admin_answer(struct http_request *request, unsigned status, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(13)) : NULL;

	if (text)
		http_answer(request, status, ADMIN_MEDIA, text, strlen(text));
	else
		http_answer_static(request, 500, ADMIN_MEDIA, "{}", 2);
	json_decref(value);
	free(text);
}

void admin_answer_list(struct http_request *request, json_t *items, json_t *next)
{
	admin_answer(request, 200,
		     json_pack("{s:o,s:o}", "items", items ? items : json_array(), "next",
			       next ? next : json_null()));
}

/* ---- Queries, paths and bodies -----------------------------------------------------------------
 */

static bool listed(const char *names, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = names; (at = strstr(at, name)); at++)
		if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
			return length > 0;
	return false;
}

static bool undefined(struct http_request *request, const char *where, const char *name)
{
	if (!target_text_clean(name, strlen(name)))
		return admin_fail(request, 400, "invalid", "the %s has an undefined member", where);
	return admin_fail(request, 400, "invalid", "the %s has no member \"%.60s\"", where, name);
}

bool admin_query(struct http_request *request, const char *names)
{
	const struct target *target = &request->target;

	for (size_t i = 0; i < target->member_count; i++) {
		const char *name = target->members[i].name;

		if (!listed(names, name))
			return undefined(request, "query", name);
		if (target_member_count(target, name) > 1)
			return admin_fail(request, 400, "invalid", "the query has \"%.60s\" twice",
					  name);
	}
	return true;
}

const char *admin_query_text(const struct http_request *request, const char *name)
{
	const char *text = target_member(&request->target, name);

	return text && *text ? text : NULL;
}

bool admin_query_number(struct http_request *request, const char *name, int64_t least, int64_t most,
			int64_t *out)
{
	const char *text = target_member(&request->target, name);

	if (!text || target_number_parse(text, least, most, out))
		return true;
	return admin_fail(request, 400, "invalid", "%s has to be a number", name);
}

bool admin_query_limit(struct http_request *request, int64_t *out)
{
	const char *text = target_member(&request->target, "limit");

	*out = ADMIN_LIMIT;
	if (!text || target_number_parse(text, 1, ADMIN_LIMIT_MAX, out))
		return true;
	return admin_fail(request, 400, "invalid", "limit has to be a number from 1 to %d",
			  ADMIN_LIMIT_MAX);
}

/* That the body has only these members. */
static bool body_known(struct http_request *request, json_t *body, const struct member *members,
		       size_t count)
{
	const char *name;
	json_t *value;

	json_object_foreach(body, name, value) {
		size_t i = 0;

		while (i < count && strcmp(members[i].name, name) != 0)
			i++;
		if (i == count)
			return undefined(request, "body", name);
	}
	return true;
}

json_t *admin_body(struct http_request *request, const struct member *members, size_t count)
{
	struct otrp_failure failure;
	json_t *body = NULL;

	if (json_object_parse(request->body, &body) < 0) {
		admin_fail(request, 400, "invalid", "the body has to be one JSON object");
		return NULL;
	}
	if (!body_known(request, body, members, count)) {
		json_decref(body);
		return NULL;
	}
	if (members_check(body, "the body", members, count, EXTRA_IGNORED, &failure) < 0) {
		admin_fail(request, 400, "invalid", "%s", failure.why);
		json_decref(body);
		return NULL;
	}
	return body;
}

const char *admin_text(const json_t *body, const char *name)
{
	return json_string_value(json_object_get(body, name));
}

bool admin_number(struct http_request *request, const json_t *body, const char *name, int64_t least,
		  int64_t most, int64_t *out)
{
	const json_t *value = json_object_get(body, name);

	if (!value)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < least ||
	    json_integer_value(value) > most)
		return admin_fail(request, 400, "invalid",
				  "%s has to be a number from %lld to %lld", name, (long long)least,
				  (long long)most);
	*out = json_integer_value(value);
	return true;
}

bool admin_is_hash(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

bool admin_path_number(struct http_request *request, size_t index, int64_t *out)
{
	if (target_number_parse(request->values[index], 1, INT64_MAX, out))
		return true;
	return admin_fail(request, 404, "not_found", "%s", absent(request));
}

/* ---- Values ------------------------------------------------------------------------------------
 */

json_t *admin_time(int64_t milliseconds)
{
	return milliseconds ? json_integer(milliseconds / 1000) : json_null();
}

json_t *admin_time_fine(int64_t milliseconds)
{
	return json_real((double)milliseconds / 1000);
}

json_t *admin_time_seconds(time_t seconds)
{
	return seconds ? json_integer(seconds) : json_null();
}

json_t *admin_text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

json_t *admin_base64(struct span octets)
{
	char *text = base64_encode(octets.data ? octets.data : (const uint8_t *)"", octets.size);
	json_t *value = text ? json_string(text) : NULL;

	free(text);
	return value;
}

/* ---- Changes -----------------------------------------------------------------------------------
 */

struct noted_change {
	struct admin_change *change;
	const char *who;
};

static int change_run(struct tam_database *database, void *context)
{
	const struct noted_change *noted = context;
	struct admin_change *change = noted->change;
	const int rc = change->work(database, change->context);

	return rc || !*change->text
		       ? rc
		       : event_log_add(database, change->kind,
				       change->subject ? change->subject : "",
				       change->spid ? change->spid : "", noted->who, change->text);
}

int admin_change(struct http_request *request, struct admin_change *change)
{
	struct noted_change noted = { change, admin_name(request) };

	return tam_database_transaction(admin_database(request), TAM_DURABLE, change_run, &noted);
}
