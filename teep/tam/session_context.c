#include "teep/tam/session_context.h"

#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"

static json_t *texts_array(const char *const *texts, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, json_string(texts[i]));
	return array;
}

static json_t *command_object(const struct session_command *command)
{
	json_t *object = json_pack("{s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:b}", "did",
				   command->did, "message", (int)command->message, "spid",
				   command->spid, "sdname", command->sdname, "taid", command->taid,
				   "version", (json_int_t)command->version, "personalisation",
				   (json_int_t)command->personalisation, "image",
				   command->image_sha256, "certificates",
				   command->certificates_after, "passed", (int)command->passed);

	if (object && command->delivery)
		(void)json_object_set_new(object, "delivery", json_true());
	return object;
}

static json_t *failures_array(const struct session_context *context)
{
	json_t *array = json_array();

	for (size_t i = 0; i < context->failure_count; i++) {
		const struct session_failure *failure = &context->failures[i];

		(void)json_array_append_new(
			array,
			json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:b}", "did", failure->did,
				  "message", (int)failure->what.message, "spid", failure->what.spid,
				  "sdname", failure->what.sdname, "taid", failure->what.taid, "why",
				  failure->why, "final", (int)failure->final));
	}
	return array;
}

static json_t *tees_array(const struct session_context *context)
{
	json_t *array = json_array();

	for (size_t i = 0; i < context->tee_count; i++)
		(void)json_array_append_new(array, json_pack("{s:s, s:I}", "did", context->tees[i],
							     "generation",
							     (json_int_t)context->generations[i]));
	return array;
}

int session_context_encode(const struct session_context *context, struct arena *arena,
			   struct span *out)
{
	json_t *object =
		json_pack("{s:I, s:I, s:b, s:o, s:o, s:o, s:o}", "key", (json_int_t)context->key,
			  "algorithms", (json_int_t)context->algorithms, "querying",
			  (int)context->querying, "tees", tees_array(context), "requested",
			  texts_array(context->requested, context->requested_count), "failures",
			  failures_array(context), "sps",
			  texts_array(context->sps, context->sp_count));
	char *text = NULL;
	int rc = -ENOMEM;

	if (object && context->command.did)
		(void)json_object_set_new(object, "command", command_object(&context->command));
	if (object && context->package.data)
		(void)json_object_set_new(
			object, "package",
			json_pack("{s:o, s:s, s:I}", "octets",
				  otrp_base64(context->package.data, context->package.size), "taid",
				  context->package_taid, "version",
				  (json_int_t)context->package_version));
	if (object)
		text = json_canonical(object);
	if (text && arena_copy(arena, text, strlen(text), out))
		rc = 0;
	free(text);
	json_decref(object);
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
