#include "teep/tam/command.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"
#include "teep/otrp/encoding.h"
#include "teep/otrp/encrypted_ta.h"
#include "teep/tam/transcript.h"

bool command_id_make(char out[COMMAND_ID_SIZE])
{
	uint8_t octets[(COMMAND_ID_SIZE - 1) / 2];

	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return false;
	hex_encode(octets, sizeof(octets), out);
	return true;
}

static json_t *ocsp_array(const struct span_list *list)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < list->count; i++)
		(void)json_array_append_new(array,
					    otrp_base64(list->item[i].data, list->item[i].size));
	return array;
}

/* Signs and wraps; takes `tbs`. `plain` (may be NULL) is what `content` says. */
static int finish(const struct command_frame *frame, enum otrp_message message, bool certificates,
		  json_t *tbs, json_t *plain, struct command *out)
{
	const char *name = otrp_message_name(message);

	if (tbs)
		transcript_request(&out->decoded, name, tbs, plain);
	out->text = tbs ? otrp_compose(name, "Request", tbs, frame->key->key,
				       certificates ? frame->key->chain : NULL)
			: NULL;
	if (out->text && !out->decoded.failed)
		return 0;
	free(out->text);
	free(out->decoded.text);
	*out = (struct command) { 0 };
	return -ENOMEM;
}

int command_query(const struct command_frame *frame, uint32_t algorithms, struct command *out)
{
	json_t *names = json_array();
	json_t *tbs;

	for (unsigned i = JWS_RS256; i <= JWS_ES384; i++)
		if (algorithms & 1U << i)
			(void)json_array_append_new(
				names, json_string(jws_algorithm_name((enum jws_algorithm)i)));
	*out = (struct command) { 0 };
	tbs = json_pack("{s:s, s:s, s:s, s:o, s:o}", "ver", OTRP_VERSION, "rid", frame->rid, "tid",
			frame->tid, "ocspdat", ocsp_array(frame->ocsp), "supportedsigalgs", names);
	return finish(frame, OTRP_GET_DEVICE_STATE, true, tbs, NULL, out);
}

static json_t *certificates_array(const struct plan_step *step)
{
	json_t *array = json_array();

	for (size_t i = 0; i < step->certificate_count; i++)
		(void)json_array_append_new(array, otrp_base64(step->certificates[i]->der.data,
							       step->certificates[i]->der.size));
	return array;
}

static json_t *changes_object(const struct plan_step *step)
{
	json_t *changes = json_object(), *removals = json_array();

	for (size_t i = 0; i < step->removal_count; i++)
		(void)json_array_append_new(removals, json_string(step->removals[i]));
	if (step->certificate_count)
		(void)json_object_set_new(changes, "spcert", certificates_array(step));
	if (step->removal_count)
		(void)json_object_set(changes, "deloldspcert", removals);
	if (step->renew_aik)
		(void)json_object_set_new(changes, "renewteespaik", json_true());
	json_decref(removals);
	return changes;
}

/* What is encrypted for the TEE. */
static json_t *content_object(const struct command_frame *frame, const struct plan_step *step,
			      const struct command_goods *goods)
{
	json_t *content = json_pack("{s:s, s:s}", "tamid", frame->tamid, "sdname", step->sdname);
	const bool deletion = step->message == OTRP_DELETE_SD || step->message == OTRP_DELETE_TA;

	if (!deletion || goods->name_spid)
		(void)json_object_set_new(content, "spid", json_string(step->spid));
	if (step->taid[0])
		(void)json_object_set_new(content, "taid", json_string(step->taid));
	if (step->message == OTRP_CREATE_SD) {
		const struct span der = step->certificates[0]->der;

		(void)json_object_set_new(content, "spcert", otrp_base64(der.data, der.size));
		(void)json_object_set_new(content, "did",
					  otrp_base64(goods->did.data, goods->did.size));
	}
	if (step->message == OTRP_UPDATE_SD)
		(void)json_object_set_new(content, "changes", changes_object(step));
	if (step->message == OTRP_DELETE_SD)
		(void)json_object_set_new(content, "deleteta", json_false());
	return content;
}

/* As the SP encrypted it, or encrypted here. */
static json_t *ta_object(bool update, const struct command_goods *goods, struct arena *arena)
{
	if (goods->delivery.data)
		return encrypted_ta_take(goods->delivery, update);
	return encrypted_ta_make(update, goods->aik, goods->package, goods->personalisation, arena);
}

int command_make(const struct command_frame *frame, const struct plan_step *step,
		 const struct command_goods *goods, struct arena *arena, struct command *out)
{
	const bool with_ta = step->message == OTRP_INSTALL_TA || step->message == OTRP_UPDATE_TA;
	json_t *plain = content_object(frame, step, goods), *tbs;
	int rc;

	*out = (struct command) { 0 };
	tbs = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o}", "ver", OTRP_VERSION, "rid",
			frame->rid, "tid", frame->tid, "tee", frame->tee, "nextdsi", true,
			"dsihash", otrp_base64(frame->dsihash.data, frame->dsihash.size), "content",
			otrp_encrypt(json_incref(plain), frame->recipient, ENC_A128CBC_HS256, arena,
				     &out->cek));
	if (tbs && with_ta &&
	    json_object_set_new(tbs, "encrypted_ta",
				ta_object(step->message == OTRP_UPDATE_TA, goods, arena))) {
		json_decref(tbs);
		tbs = NULL;
	}
	if (tbs && frame->with_certificates)
		(void)json_object_set_new(tbs, "ocspdat", ocsp_array(frame->ocsp));
	rc = finish(frame, step->message, frame->with_certificates, tbs, plain, out);
	json_decref(plain);
	return rc;
}
