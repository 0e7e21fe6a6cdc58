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
	char text[TOKEN_TEXT_SIZE];
};

static int work_make(struct tam_database *database, void *context)
{
	struct token_work *work = context;

	return token_make(database, work->name, work->role, work->spid, work->text, &work->id);
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
	work.name = change.subject = admin_text(body, "name");
	work.spid = change.spid = admin_text(body, "spid");
	(void)snprintf(change.text, sizeof(change.text), "a token of role %s was made",
		       role >= 0 ? token_role_name(work.role) : "?");
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
	return token_remove(database, ((const struct token_work *)context)->id);
}

void admin_token_delete(struct http_request *request)
{
	struct token_work work = { 0 };
	struct admin_change change = { work_remove,	   &work, "token",
				       request->values[0], NULL,  "the token was removed" };
	int rc;

	if (!admin_path_number(request, 0, &work.id))
		return;
	rc = admin_change(request, &change);
	if (rc < 0)
		(void)admin_fail_errno(request, rc,
				       rc == -EBUSY ? "it is the last admin's token" : NULL);
	else
		http_answer(request, 204, NULL, "", 0);
}
