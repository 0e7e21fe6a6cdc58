/* Tokens of the admin API. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "teep/tam/server/admin.h"

static json_t *token_json(const struct token *token)
{
	return json_pack("{s:I,s:s,s:s,s:o,s:o,s:o}", "id", (json_int_t)token->id, "name",
			 token->name, "role", token_role_name(token->role), "spid",
			 admin_text_or_null(token->spid), "created", admin_time(token->created),
			 "last_used", admin_time(token->last_used));
}

void admin_tokens_get(struct http_request *request)
{
	struct token *list = NULL;
	size_t count = 0;
	json_t *items;
	int rc;

	if (!admin_query(request, ""))
		return;
	rc = token_list(admin_database(request), &request->arena, &list, &count);
	if (rc < 0) {
		(void)admin_fail_errno(request, rc, NULL);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(items, token_json(&list[i]));
	admin_answer_list(request, items, NULL);
}

struct token_work {
	const char *name, *spid;
	enum token_role role;
	int64_t id;
	char text[TOKEN_TEXT_SIZE], subject[24];
	struct arena *arena;
	struct admin_change *change;
};

/* By id and by name, whatever happened to it. */
static void token_note(struct token_work *work, const char *name, enum token_role role,
		       const char *spid, const char *what)
{
	struct admin_change *change = work->change;

	(void)snprintf(work->subject, sizeof(work->subject), "%lld", (long long)work->id);
	change->subject = work->subject;
	change->spid = spid;
	(void)snprintf(change->text, sizeof(change->text), "token \"%s\" of role %s was %s", name,
		       token_role_name(role), what);
}

static int work_make(struct tam_database *database, void *context)
{
	struct token_work *work = context;
	const int rc =
		token_make(database, work->name, work->role, work->spid, work->text, &work->id);

	if (!rc)
		token_note(work, work->name, work->role, work->spid, "made");
	return rc;
}

void admin_tokens_post(struct http_request *request)
{
	static const struct member members[] = {
		{ "name", MEMBER_TEXT, MEMBER_REQUIRED },
		{ "role", MEMBER_TEXT, MEMBER_REQUIRED },
		{ "spid", MEMBER_TEXT, MEMBER_OPTIONAL },
	};
	json_t *body = admin_body(request, members, 3);
	struct token_work work = { 0 };
	struct admin_change change = { work_make, &work, "token", NULL, NULL, "" };
	int role, rc;

	if (!body)
		return;
	role = token_role_parse(admin_text(body, "role"));
	work.role = (enum token_role)role;
	work.name = admin_text(body, "name");
	work.spid = admin_text(body, "spid");
	work.change = &change;
	if (role < 0) {
		(void)admin_fail(request, 400, "invalid",
				 "role has to be admin, operator or viewer");
		goto out;
	}
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(
			request, rc == -ENOENT ? -EINVAL : rc,
			rc == -EINVAL ? "an admin's token has no SP, and a name is 1 to 255 octets"
			: rc == -ENOENT ? "there is no such SP"
					: NULL);
	else
		admin_answer(request, 201,
			     json_pack("{s:I,s:s,s:s,s:o,s:s}", "id", (json_int_t)work.id, "name",
				       work.name, "role", token_role_name(work.role), "spid",
				       admin_text_or_null(work.spid), "token", work.text));
	explicit_bzero(work.text, sizeof(work.text));
out:
	json_decref(body);
}

static int work_remove(struct tam_database *database, void *context)
{
	struct token_work *work = context;
	struct token *list;
	size_t count;
	int rc = token_list(database, work->arena, &list, &count);

	if (!rc)
		rc = token_remove(database, work->id);
	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].id == work->id)
			token_note(work, list[i].name, list[i].role, list[i].spid, "removed");
	return rc;
}

void admin_token_delete(struct http_request *request)
{
	struct token_work work = { .arena = &request->arena };
	struct admin_change change = { work_remove, &work, "token", NULL, NULL, "" };
	int rc;

	work.change = &change;
	if (!admin_path_number(request, 0, &work.id))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       rc == -EBUSY ? "it is the last admin's token" : NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}
