#include "teep/tam/server/admin_json.h"

#include <stdlib.h>
#include <string.h>

#include "teep/otrp/encoding.h"
#include "teep/tam/group.h"
#include "teep/tam/key.h"
#include "teep/tam/server/admin.h"

#define CERTIFICATE_SOON (30 * 86400)

json_t *sp_certificate_json(const struct sp_certificate *certificate)
{
	const enum tam_expiry_state state = tam_expiry_of(certificate->not_after / 1000,
							  tam_time_now() / 1000, CERTIFICATE_SOON);

	return json_pack("{s:s,s:s,s:o,s:o,s:s}", "sha256", certificate->sha256, "subject",
			 certificate->subject, "not_before", admin_time(certificate->not_before),
			 "not_after", admin_time(certificate->not_after), "state",
			 tam_expiry_name(state));
}

json_t *ta_version_json(const struct ta_version *version)
{
	return json_pack("{s:s,s:I,s:s,s:s,s:s,s:I,s:s,s:b,s:b,s:b,s:o,s:o}", "taid", version->taid,
			 "version", (json_int_t)version->version, "spid", version->spid, "name",
			 version->name, "sha256", version->sha256, "size",
			 (json_int_t)version->size, "signer", version->signer, "personalisation",
			 version->personalisation != 0, "bundled", version->bundled, "sealed",
			 version->sealed, "created", admin_time(version->created), "retired",
			 admin_time(version->retired));
}

json_t *device_json(struct tam_database *database, struct arena *arena, const struct device *device)
{
	json_t *groups = json_array(), *labels = json_loads(device->labels, 0, NULL);
	const char **names = NULL;
	size_t count = 0;

	(void)group_of_device(database, device->did, arena, &names, &count);
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(groups, json_string(names[i]));
	return json_pack("{s:s,s:{s:s,s:s},s:s,s:o,s:s,s:s,s:o,s:o,s:o,s:s}", "did", device->did,
			 "tee", "name", device->tee_name, "version", device->tee_version, "model",
			 device->model, "labels", labels ? labels : json_object(), "status",
			 device_status_name(device->status), "reason", device->reason, "first_seen",
			 admin_time(device->first_seen), "last_seen", admin_time(device->last_seen),
			 "groups", groups, "address", device->address ? device->address : "");
}

json_t *wanted_json(const struct wanted *wanted)
{
	return json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:I,s:b,s:b,s:o,s:s}", "id",
			 (json_int_t)wanted->id, "scope", wanted_scope_name(wanted->scope),
			 "scope_id", wanted->scope_id, "spid", wanted->spid, "sdname",
			 wanted->sdname, "taid", wanted->taid, "version",
			 (json_int_t)wanted->version, "present", wanted->present, "on_request",
			 wanted->on_request, "created", admin_time(wanted->created), "by",
			 wanted->created_by ? wanted->created_by : "");
}

json_t *deployment_json(const struct deployment *deployment)
{
	const struct deployment *d = deployment;
	const json_int_t total = d->waiting + d->running + d->done + d->failed;
	json_t *what = wanted_json(&d->what);

	(void)json_object_del(what, "id");
	(void)json_object_del(what, "created");
	(void)json_object_del(what, "by");
	return json_pack("{s:I,s:o,s:o,s:s,s:s,s:b,s:{s:I,s:I,s:I,s:I,s:I}}", "id",
			 (json_int_t)d->id, "what", what, "created", admin_time(d->what.created),
			 "by", d->what.created_by ? d->what.created_by : "", "state",
			 deployment_state_name(deployment_state(d)), "replaced", d->replaced,
			 "devices", "total", total, "waiting", (json_int_t)d->waiting, "running",
			 (json_int_t)d->running, "done", (json_int_t)d->done, "failed",
			 (json_int_t)d->failed);
}

/* What a session does, and why it failed, is about any of the SPs that the device has. */
json_t *session_json(const struct session *session, const char *spid)
{
	char handle[SESSION_HANDLE_SIZE];

	return json_pack("{s:s,s:o,s:s,s:s,s:o,s:o,s:s,s:I,s:o}", "tid",
			 session_handle(session->tid, handle), "did",
			 admin_text_or_null(session->did), "state",
			 session_state_name(session->state), "step",
			 session->step && !spid ? session->step : "", "started",
			 admin_time_fine(session->started), "updated",
			 admin_time_fine(session->updated), "address",
			 session->address ? session->address : "", "messages",
			 (json_int_t)session->messages, "error",
			 !spid || !session->error || !*session->error
				 ? admin_text_or_null(session->error)
				 : json_string("what is about this SP stands in its deployments"));
}

/* In the place of a text that has the whole tid in it, as it is or, as the firmware signs it, in
 * base64; NULL for any other. */
static json_t *handle_for(const json_t *text, const char *tid, const char *coded)
{
	const char *value = json_string_value(text);
	char handle[SESSION_HANDLE_SIZE];

	if (!value || (!strstr(value, tid) && !strstr(value, coded)))
		return NULL;
	return json_sprintf("%s…", session_handle(tid, handle));
}

static void tid_shorten(json_t *value, const char *tid, const char *coded)
{
	json_t *member, *handle;
	const char *name;
	void *next;
	size_t i;

	json_object_foreach_safe(value, next, name, member) {
		tid_shorten(member, tid, coded);
		handle = handle_for(member, tid, coded);
		if (handle)
			(void)json_object_set_new(value, name, handle);
	}
	json_array_foreach(value, i, member) {
		tid_shorten(member, tid, coded);
		handle = handle_for(member, tid, coded);
		if (handle)
			(void)json_array_set_new(value, i, handle);
	}
}

/* What was signed: {"InstallTATBSRequest": …}, beside the TAM's verdict. */
static json_t *signed_part(json_t *decoded)
{
	const char *name;
	json_t *value;

	json_object_foreach(decoded, name, value)
		if (json_is_object(value))
			return value;
	return NULL;
}

/*
 * An SP's people see what a message says only where it is about that SP alone: its content names
 * the SP, and what a device told of its state, which is about all SPs, is taken out.
 */
static json_t *message_opened(const struct message *message, const char *spid)
{
	json_t *decoded = message->decoded && *message->decoded
				  ? json_loads(message->decoded, JSON_REJECT_DUPLICATES, NULL)
				  : NULL;
	json_t *content;
	const char *whose;
	char *coded;

	if (decoded && strlen(message->tid) >= SESSION_HANDLE_SIZE) {
		coded = base64_encode((const uint8_t *)message->tid, strlen(message->tid));
		if (coded)
			tid_shorten(decoded, message->tid, coded);
		free(coded);
	}
	if (!decoded || !spid)
		return decoded;
	content = json_object_get(signed_part(decoded), "content");
	whose = json_string_value(json_object_get(content, "spid"));
	if (whose && strcmp(whose, spid) == 0) {
		(void)json_object_del(content, "dsi");
		return decoded;
	}
	json_decref(decoded);
	return NULL;
}

json_t *message_json(const struct message *message, const char *spid, bool with_decoded)
{
	json_t *decoded = with_decoded || spid ? message_opened(message, spid) : NULL, *value;
	const bool closed = spid && !decoded;
	char handle[SESSION_HANDLE_SIZE];
	const char *kind = !closed ? message->kind : message->response ? "Response" : "Request";

	value = json_pack("{s:I,s:s,s:o,s:I,s:o,s:s,s:s,s:o,s:o,s:o}", "id",
			  (json_int_t)message->id, "tid", session_handle(message->tid, handle),
			  "did", admin_text_or_null(message->did), "seq", (json_int_t)message->seq,
			  "at", admin_time_fine(message->at), "direction",
			  message->response ? "response" : "request", "kind", kind, "size",
			  closed ? json_null() : json_integer(message->size), "status",
			  admin_text_or_null(message->status), "error",
			  admin_text_or_null(closed ? "" : message->error));
	if (with_decoded)
		(void)json_object_set_new(value, "decoded", decoded ? decoded : json_null());
	else
		json_decref(decoded);
	return value;
}

json_t *event_json(const struct event *event)
{
	return json_pack("{s:I,s:o,s:s,s:s,s:o,s:o,s:s}", "id", (json_int_t)event->id, "at",
			 admin_time_fine(event->at), "kind", event->kind, "subject", event->subject,
			 "spid", admin_text_or_null(event->spid), "who",
			 admin_text_or_null(event->who), "text", event->text);
}
