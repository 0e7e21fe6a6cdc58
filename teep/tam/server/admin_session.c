/* Sessions, their messages, and the log of what was done. */
#include <errno.h>
#include <string.h>

#include "teep/tam/server/admin.h"
#include "teep/tam/server/admin_json.h"

/* More than any session has: the engine gives up before. */
#define SESSION_MESSAGES_MAX 1000

void admin_sessions_get(struct http_request *request)
{
	const char *state = admin_query_text(request, "state");
	struct session_filter filter = {
		.did = admin_query_text(request, "did"),
		.spid = admin_spid(request),
		.state = state ? session_state_parse(state) : -1,
		.after = admin_query_text(request, "after"),
	};
	char handle[SESSION_HANDLE_SIZE];
	json_t *items, *next = NULL;
	struct session *list = NULL;
	size_t count = 0;
	int rc;

	if (!admin_query(request, "did state after limit") ||
	    !admin_query_limit(request, &filter.limit))
		return;
	if (state && filter.state < 0) {
		(void)admin_fail(request, 400, "invalid",
				 "state has to be open, done, failed or lost");
		return;
	}
	rc = session_table_list(admin_database(request), &filter, &request->arena, &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, session_json(&list[i], filter.spid));
	if ((int64_t)count == filter.limit)
		next = json_string(session_handle(list[count - 1].tid, handle));
	admin_answer_list(request, items, next);
}

static bool session_visible(struct http_request *request, const struct session *session)
{
	const char *spid = admin_spid(request);
	const int rc = spid ? device_table_visible(admin_database(request), session->did, spid) : 0;

	return rc == 0 ||
	       admin_fail_errno(request, rc, rc == -ENOENT ? "there is no such session" : NULL);
}

void admin_session_get(struct http_request *request)
{
	struct message_filter filter = { .limit = SESSION_MESSAGES_MAX };
	struct message *list = NULL;
	json_t *messages, *value;
	struct session session;
	size_t count = 0;
	int rc;

	if (!admin_query(request, ""))
		return;
	rc = session_table_find(admin_database(request), request->values[0], &request->arena,
				&session);
	/* Whether there are others is not for an SP's people to know. */
	if (rc == -ENOTUNIQ && !admin_spid(request)) {
		(void)admin_fail(request, 409, "conflict",
				 "several sessions begin so: give more of its digits");
		return;
	}
	if (rc < 0) {
		(void)admin_fail_errno(request, rc == -ENOTUNIQ ? -ENOENT : rc,
				       "there is no such session");
		return;
	}
	if (!session_visible(request, &session))
		return;
	filter.tid = session.tid;
	admin_log_flush(request);
	rc = message_log_list(admin_database(request), &filter, &request->arena, &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	messages = json_array();
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(messages,
					    message_json(&list[i], admin_spid(request), true));
	}
	value = session_json(&session, admin_spid(request));
	(void)json_object_set_new(value, "messages", messages);
	admin_answer(request, 200, value);
}

/* Lists that go on: `next` is where to ask again, though there be nothing new. */
static json_t *next_of(int64_t last, int64_t after)
{
	return json_integer(last > 0 ? last : after > 0 ? after : 0);
}

void admin_messages_get(struct http_request *request)
{
	struct message_filter filter = { .did = admin_query_text(request, "did"),
					 .spid = admin_spid(request),
					 .after = -1 };
	struct message *list = NULL;
	size_t count = 0;
	json_t *items;
	int rc;

	if (!admin_query(request, "did after limit") ||
	    !admin_query_limit(request, &filter.limit) ||
	    !admin_query_number(request, "after", 0, INT64_MAX, &filter.after))
		return;
	admin_log_flush(request);
	rc = message_log_list(admin_database(request), &filter, &request->arena, &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items,
					    message_json(&list[i], admin_spid(request), false));
	admin_answer_list(request, items, next_of(count ? list[count - 1].id : 0, filter.after));
}

/* As event_log_add() is given them. */
#define EVENT_KINDS "device, deployment, session, ta, sp, wanted, token, group, alarm, tam"

static bool event_kind_valid(const char *kind)
{
	static const char all[] = EVENT_KINDS;
	const size_t length = strlen(kind);

	for (const char *at = all; *kind && (at = strstr(at, kind)) != NULL; at++)
		if ((at == all || at[-1] == ' ') && (!at[length] || at[length] == ','))
			return true;
	return false;
}

void admin_log_get(struct http_request *request)
{
	const char *kind = admin_query_text(request, "kind");
	int64_t after = -1, limit;
	struct event *list = NULL;
	size_t count = 0;
	json_t *items;
	int rc;

	if (!admin_query(request, "kind after limit") || !admin_query_limit(request, &limit) ||
	    !admin_query_number(request, "after", 0, INT64_MAX, &after))
		return;
	if (kind && !event_kind_valid(kind)) {
		(void)admin_fail(request, 400, "invalid", "kind has to be one of " EVENT_KINDS);
		return;
	}
	admin_log_flush(request);
	rc = event_log_list(admin_database(request), admin_spid(request), kind, after, limit,
			    &request->arena, &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, event_json(&list[i]));
	admin_answer_list(request, items, next_of(count ? list[count - 1].id : 0, after));
}
