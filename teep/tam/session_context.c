#include "teep/tam/session_context.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"

/* Octets as they are. */
static void put(struct json_writing *to, const char *text)
{
	json_put(to, text, strlen(text));
}

/* What stands before a member: `before` has the comma or bracket, and the name. */
static void put_text(struct json_writing *to, const char *before, const char *text)
{
	put(to, before);
	json_put_text(to, text, strlen(text));
}

static void put_integer(struct json_writing *to, const char *before, int64_t integer)
{
	put(to, before);
	json_put_integer(to, integer);
}

static void put_boolean(struct json_writing *to, const char *before, bool is)
{
	put(to, before);
	put(to, is ? "true" : "false");
}

static void put_texts(struct json_writing *to, const char *before, const char *const *texts,
		      size_t count)
{
	put(to, before);
	put(to, "[");
	for (size_t i = 0; i < count; i++)
		put_text(to, i ? "," : "", texts[i]);
	put(to, "]");
}

static void put_command(struct json_writing *to, const struct session_command *command)
{
	put_text(to, ",\"command\":{\"did\":", command->did);
	put_integer(to, ",\"message\":", (int64_t)command->message);
	put_text(to, ",\"spid\":", command->spid);
	put_text(to, ",\"sdname\":", command->sdname);
	put_text(to, ",\"taid\":", command->taid);
	put_integer(to, ",\"version\":", command->version);
	put_integer(to, ",\"personalisation\":", command->personalisation);
	put_text(to, ",\"image\":", command->image_sha256);
	put_text(to, ",\"certificates\":", command->certificates_after);
	put_boolean(to, ",\"passed\":", command->passed);
	if (command->delivery)
		put_boolean(to, ",\"delivery\":", true);
	put(to, "}");
}

static void put_failures(struct json_writing *to, const struct session_context *context)
{
	put(to, ",\"failures\":[");
	for (size_t i = 0; i < context->failure_count; i++) {
		const struct session_failure *failure = &context->failures[i];

		put_text(to, i ? ",{\"did\":" : "{\"did\":", failure->did);
		put_integer(to, ",\"message\":", (int64_t)failure->what.message);
		put_text(to, ",\"spid\":", failure->what.spid);
		put_text(to, ",\"sdname\":", failure->what.sdname);
		put_text(to, ",\"taid\":", failure->what.taid);
		put_text(to, ",\"why\":", failure->why);
		put_boolean(to, ",\"final\":", failure->final);
		put(to, "}");
	}
	put(to, "]");
}

static void put_tees(struct json_writing *to, const struct session_context *context)
{
	put(to, ",\"tees\":[");
	for (size_t i = 0; i < context->tee_count; i++) {
		put_text(to, i ? ",{\"did\":" : "{\"did\":", context->tees[i]);
		put_integer(to, ",\"generation\":", context->generations[i]);
		put(to, "}");
	}
	put(to, "]");
}

static void put_package(struct json_writing *to, const struct session_context *context)
{
	json_t *octets = otrp_base64(context->package.data, context->package.size);

	put(to, ",\"package\":{\"octets\":");
	json_put_value(to, octets);
	json_decref(octets);
	put_text(to, ",\"taid\":", context->package_taid);
	put_integer(to, ",\"version\":", context->package_version);
	put(to, "}");
}

/* With every message: so it is written as text, without the values between. */
int session_context_encode(const struct session_context *context, struct arena *arena,
			   struct span *out)
{
	struct json_writing to = { 0 };
	int rc;

	put_integer(&to, "{\"key\":", (int64_t)context->key);
	put_integer(&to, ",\"algorithms\":", (int64_t)context->algorithms);
	put_boolean(&to, ",\"querying\":", context->querying);
	put_tees(&to, context);
	put_texts(&to, ",\"requested\":", context->requested, context->requested_count);
	put_failures(&to, context);
	put_texts(&to, ",\"sps\":", context->sps, context->sp_count);
	if (context->command.did)
		put_command(&to, &context->command);
	if (context->package.data)
		put_package(&to, context);
	put(&to, "}");
	rc = !to.failed && arena_copy(arena, to.text, to.size, out) ? 0 : -ENOMEM;
	free(to.text);
	return rc;
}

/* Texts are copied, since the parsed value goes away. */
static bool text_keep(struct arena *arena, const char *text, const char **out)
{
	struct span copy;

	if (!text || !arena_copy(arena, text, strlen(text), &copy))
		return false;
	*out = span_text(copy);
	return true;
}

static int texts_take(const json_t *array, size_t most, struct arena *arena, const char **out,
		      size_t *count)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(array) || json_array_size(array) > most)
		return -EBADMSG;
	json_array_foreach(array, i, item) {
		if (!text_keep(arena, json_string_value(item), &out[i]))
			return -EBADMSG;
		*count = i + 1;
	}
	return 0;
}

static int command_take(json_t *object, struct arena *arena, struct session_command *out)
{
	const char *did, *spid, *sdname, *taid, *image, *certificates;
	json_int_t version, personalisation;
	int message, passed;

	if (!object)
		return 0;
	if (json_unpack(object, "{s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:b}", "did", &did,
			"message", &message, "spid", &spid, "sdname", &sdname, "taid", &taid,
			"version", &version, "personalisation", &personalisation, "image", &image,
			"certificates", &certificates, "passed", &passed) ||
	    message < 0 || message >= OTRP_MESSAGE_COUNT)
		return -EBADMSG;
	out->message = (enum otrp_message)message;
	out->version = version;
	out->personalisation = personalisation;
	out->passed = passed;
	out->delivery = json_is_true(json_object_get(object, "delivery"));
	return text_keep(arena, did, &out->did) && text_keep(arena, spid, &out->spid) &&
			       text_keep(arena, sdname, &out->sdname) &&
			       text_keep(arena, taid, &out->taid) &&
			       text_keep(arena, image, &out->image_sha256) &&
			       text_keep(arena, certificates, &out->certificates_after)
		       ? 0
		       : -ENOMEM;
}

static int failure_take(json_t *object, struct arena *arena, struct session_failure *out)
{
	const char *did, *spid, *sdname, *taid, *why;
	int message, final;

	if (json_unpack(object, "{s:s, s:i, s:s, s:s, s:s, s:s, s:b}", "did", &did, "message",
			&message, "spid", &spid, "sdname", &sdname, "taid", &taid, "why", &why,
			"final", &final) ||
	    message < 0 || message >= OTRP_MESSAGE_COUNT)
		return -EBADMSG;
	out->what.message = (enum otrp_message)message;
	out->final = final;
	return text_keep(arena, did, &out->did) && text_keep(arena, spid, &out->what.spid) &&
			       text_keep(arena, sdname, &out->what.sdname) &&
			       text_keep(arena, taid, &out->what.taid) &&
			       text_keep(arena, why, &out->why)
		       ? 0
		       : -ENOMEM;
}

static int failures_take(const json_t *array, struct arena *arena, struct session_context *out)
{
	int rc = 0;

	if (!json_is_array(array) || json_array_size(array) > SESSION_FAILURES_MAX)
		return -EBADMSG;
	while (rc == 0 && out->failure_count < json_array_size(array)) {
		rc = failure_take(json_array_get(array, out->failure_count), arena,
				  &out->failures[out->failure_count]);
		out->failure_count++;
	}
	return rc;
}

static int tees_take(const json_t *array, struct arena *arena, struct session_context *out)
{
	if (!json_is_array(array) || json_array_size(array) > SESSION_TEES_MAX)
		return -EBADMSG;
	for (; out->tee_count < json_array_size(array); out->tee_count++) {
		json_int_t generation;
		const char *did;

		if (json_unpack(json_array_get(array, out->tee_count), "{s:s, s:I}", "did", &did,
				"generation", &generation))
			return -EBADMSG;
		out->generations[out->tee_count] = generation;
		if (!text_keep(arena, did, &out->tees[out->tee_count]))
			return -ENOMEM;
	}
	return 0;
}

static int package_take(json_t *object, struct arena *arena, struct session_context *out)
{
	const char *octets, *taid;
	json_int_t version;

	if (!object)
		return 0;
	if (json_unpack(object, "{s:s, s:s, s:I}", "octets", &octets, "taid", &taid, "version",
			&version) ||
	    base64_decode(span_of_text(octets), BASE64_ANY, arena, &out->package))
		return -EBADMSG;
	out->package_version = version;
	return text_keep(arena, taid, &out->package_taid) ? 0 : -ENOMEM;
}

static int members_take(json_t *object, struct arena *arena, struct session_context *out)
{
	json_int_t key, algorithms;
	int querying, rc;

	if (json_unpack(object, "{s:I, s:I, s:b}", "key", &key, "algorithms", &algorithms,
			"querying", &querying))
		return -EBADMSG;
	out->key = (size_t)key;
	out->algorithms = (uint32_t)algorithms;
	out->querying = querying;
	rc = command_take(json_object_get(object, "command"), arena, &out->command);
	if (rc == 0)
		rc = tees_take(json_object_get(object, "tees"), arena, out);
	if (rc == 0)
		rc = texts_take(json_object_get(object, "requested"), SESSION_REQUESTED_MAX, arena,
				out->requested, &out->requested_count);
	if (rc == 0)
		rc = package_take(json_object_get(object, "package"), arena, out);
	if (rc == 0)
		rc = failures_take(json_object_get(object, "failures"), arena, out);
	if (rc == 0)
		rc = texts_take(json_object_get(object, "sps"), SESSION_SPS_MAX, arena, out->sps,
				&out->sp_count);
	return rc;
}

int session_context_parse(struct span octets, struct arena *arena, struct session_context *out)
{
	json_t *object;
	int rc = json_object_parse(octets, &object);

	memset(out, 0, sizeof(*out));
	if (rc)
		return rc;
	rc = members_take(object, arena, out);
	json_decref(object);
	return rc;
}
