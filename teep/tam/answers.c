/* What a device answers: believed in the order of the protocol, and turned into what is known. */
#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/fetched.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/conversation.h"
#include "teep/tam/device_trust.h"
#include "teep/tam/parsed_pool.h"
#include "teep/tam/transcript.h"

/* The state is asked for again: what came is no statement of the TEE's, or tells that the TAM's
 * picture of it is old. */
static void query(struct conversation *conversation, const char *why)
{
	conversation->outcome = OUTCOME_QUERY;
	conversation->why = why;
}

static int fail(struct conversation *conversation, const char *why)
{
	conversation->outcome = OUTCOME_FAILED;
	conversation->why = why;
	return 0;
}

static const char *failure_text(struct conversation *conversation, enum otrp_status status,
				struct span reason)
{
	const char *code =
		status < OTRP_STATUS_COUNT ? otrp_status_name(status) : "a code that is not known";

	return reason.data ? conversation_text(conversation, "%s: %s", code, span_text(reason))
			   : conversation_text(conversation, "%s", code);
}

static bool verified(const struct response *response, X509 *certificate)
{
	const bool holds = jws_verify(&response->jws, X509_get0_pubkey(certificate));

	ERR_clear_error();
	return holds;
}

static int decrypted(struct conversation *conversation, const struct response *response,
		     struct span *plaintext, struct span *cek)
{
	int rc = jwe_decrypt(&response->content, conversation->key->key, &conversation->arena,
			     plaintext, cek);

	return rc;
}

/* ---- GetDeviceState -------------------------------------------------------------------------- */

/* One entry on its way; each is judged on its own. */
struct entry {
	struct conversation *conversation;
	const struct response *response;
	struct span plaintext;
	json_t *plain; /* the same, parsed; goes with the entry */
	struct dsi dsi;
	const char *verdict;
	bool accepted;
};

static int drop(struct entry *entry, const char *verdict)
{
	entry->verdict = verdict;
	return 0;
}

/* The TEE shows who it is, and the TAM does not serve it. */
static int refuse(struct entry *entry, struct picture *picture, const char *reason)
{
	struct conversation *conversation = entry->conversation;

	entry->verdict = reason;
	conversation->refused = true;
	conversation->why = reason;
	if (!picture)
		return 0;
	if (picture->device.status != DEVICE_REFUSED || strcmp(picture->device.reason, reason) != 0)
		conversation_occurrence(conversation, TAM_EVENT_ALARM, picture->did, "",
					conversation_text(conversation, "%s is refused: %s",
							  picture->device.tee_name, reason));
	picture->device.status = DEVICE_REFUSED;
	picture->device.reason = reason;
	picture->device.last_seen = tam_time_now();
	picture->touched = true;
	return conversation_progress(conversation, picture->did, NULL, DEPLOYMENT_FAILED, reason);
}

static const char *did_text(struct conversation *conversation, const struct dsi *dsi)
{
	uint8_t hash[OTRP_HASH_SIZE];
	char *text = arena_take(&conversation->arena, 2 * sizeof(hash));

	if (!text || !sha256_make(dsi->cert.data, dsi->cert.size, hash))
		return NULL;
	return hex_encode(hash, sizeof(hash), text);
}

/* Whose state it is: -1 for a TEE that was not there before. */
static int tee_index(const struct session_context *context, const char *did)
{
	for (size_t i = 0; i < context->tee_count; i++)
		if (strcmp(context->tees[i], did) == 0)
			return (int)i;
	return -1;
}

/* What is known of it; -EEXIST when its key is known by another name: a copy. */
static int device_find(struct entry *entry, const char *did, struct picture **out)
{
	struct conversation *conversation = entry->conversation;
	const struct dsi *dsi = &entry->dsi;
	int rc = conversation_picture(conversation, did, out);

	if (rc != -ENOENT)
		return rc;
	rc = device_table_key_free(conversation->worker->database, dsi->cert);
	if (rc == 0)
		rc = conversation_picture_new(conversation, did, dsi, out);
	if (rc == 0)
		conversation_occurrence(conversation, TAM_EVENT_DEVICE, did, "",
					conversation_text(conversation, "%s is known from now on",
							  span_text(dsi->name)));
	return rc;
}

/* The domains and TAs that are on record are those of this state. */
static bool content_same(const struct picture *picture, const struct dsi *dsi)
{
	size_t tas = 0;

	for (size_t i = 0; i < picture->domain_count; i++)
		if (!dsi_sd_find(dsi, span_of_text(picture->domains[i].spid),
				 span_of_text(picture->domains[i].sdname)))
			return false;
	for (size_t i = 0; i < picture->ta_count; i++) {
		const struct device_ta *ta = &picture->tas[i];

		if (!dsi_ta_find(dsi_sd_find(dsi, span_of_text(ta->spid), span_of_text(ta->sdname)),
				 span_of_text(ta->taid)))
			return false;
	}
	for (size_t i = 0; i < dsi->sd_count; i++)
		tas += dsi->sds[i].ta_count;
	return dsi->sd_count == picture->domain_count && tas == picture->ta_count;
}

static const char copied[] =
	"its state goes back behind, or away from, what it told before: a copy of the device or a "
	"restored backup";

/*
 * Whether this state can come after the last one that was stored. States are counted, so an older
 * one is late, or it is of a device that was reset or copied: it is late unless it was asked for
 * after the newer one had been stored. Returns 0, -EAGAIN to ask once more, or -EACCES.
 */
static int history_check(struct entry *entry, const struct picture *picture)
{
	struct conversation *conversation = entry->conversation;
	const struct session_context *context = &conversation->context;
	const struct device *device = &picture->device;
	const struct dsi *dsi = &entry->dsi;
	const int64_t now = (int64_t)dsi->generation;
	const int index = tee_index(context, picture->did);

	if (!dsi->has_generation || !device->dsi.data || device->dsi_generation < 0 ||
	    now > device->dsi_generation)
		return 0;
	if (now == device->dsi_generation)
		return content_same(picture, dsi) ? 0 : -EACCES;
	if (index < 0 || context->generations[index] <= now)
		return -EAGAIN;
	if (dsi->sd_count || dsi->aik_count)
		return -EACCES;
	conversation_occurrence(conversation, TAM_EVENT_DEVICE, picture->did, "",
				conversation_text(conversation, "%s was reset, and begins anew",
						  device->tee_name));
	return 0;
}

/*
 * A command whose answer was lost. Only one that is known to have passed counts as done: a state
 * that shows a TA or a domain says nothing of its version or its certificates. Those are sent once
 * more, as updates; but what this session was about to make is this TAM's.
 */
static int lost_apply(struct conversation *conversation, struct picture *picture)
{
	struct session_command *command = &conversation->context.command;
	const struct dsi_sd *sd;

	if (!command->did || strcmp(command->did, picture->did) != 0)
		return 0;
	sd = dsi_sd_find(&picture->dsi, span_of_text(command->spid), span_of_text(command->sdname));
	if (command->passed) {
		conversation->session.attempts = 0;
		return picture_apply(conversation, picture, command);
	}
	if (command->message == OTRP_CREATE_SD && sd) {
		conversation->session.attempts = 0;
		picture_adopt(picture, command->spid, command->sdname);
	} else if (command->message == OTRP_INSTALL_TA &&
		   dsi_ta_find(sd, span_of_text(command->taid))) {
		conversation->session.attempts = 0;
	}
	return 0;
}

static int state_learn(struct entry *entry, struct picture *picture)
{
	struct conversation *conversation = entry->conversation;
	struct session_context *context = &conversation->context;
	const char *status = device_status_name(picture->device.status);
	int rc;

	entry->accepted = true;
	entry->verdict = "accepted";
	if (tee_index(context, picture->did) < 0) {
		context->generations[context->tee_count] = -1;
		context->tees[context->tee_count++] = picture->did;
		picture->first = true;
	}
	if (picture->device.status == DEVICE_SUSPENDED) {
		entry->verdict = "accepted, but suspended: nothing is sent";
		return 0;
	}
	if (picture->device.status == DEVICE_REFUSED)
		conversation_occurrence(conversation, TAM_EVENT_DEVICE, picture->did, "",
					conversation_text(conversation, "%s was %s, and is served",
							  span_text(entry->dsi.name), status));
	/* Let in again by a person: it may be any of the devices that claimed to be this one. */
	if (picture->device.status == DEVICE_UNKNOWN) {
		picture->forget = picture->domain_count > 0;
		picture->ta_count = picture->domain_count = 0;
	}
	rc = picture_learn(conversation, picture, entry->plaintext, &entry->dsi);
	picture->device.signer_required = entry->response->signerreq;
	if (rc == 0)
		rc = lost_apply(conversation, picture);
	if (rc == 0 && picture->first)
		rc = conversation_progress(conversation, picture->did, NULL, DEPLOYMENT_RUNNING,
					   "");
	return rc;
}

/* From here on the answer is the TEE's own, and the TEE one that leads to a root. */
static int state_take(struct entry *entry)
{
	struct conversation *conversation = entry->conversation;
	struct session_context *context = &conversation->context;
	const char *did = did_text(conversation, &entry->dsi);
	char *reason = arena_take(&conversation->arena, DEVICE_REASON_SIZE);
	struct picture *picture;
	int rc, judgement;

	if (!did || !reason)
		return -ENOMEM;
	if (tee_index(context, did) < 0 && context->tee_count && context->command.did)
		return drop(entry, "another device answers than the session is with");
	if (tee_index(context, did) < 0 && context->tee_count == SESSION_TEES_MAX)
		return drop(entry, "more TEEs than a device has");
	judgement = device_trust_judge(conversation->worker->tam->trust, &entry->dsi,
				       span_of_text(conversation->session.tid), conversation->now,
				       reason);
	if (judgement == -ENOMEM)
		return judgement;
	rc = device_find(entry, did, &picture);
	if (rc == -EEXIST)
		return refuse(entry, NULL, "another device has the same key: one is a copy");
	if (rc)
		return rc;
	conversation->session.did = picture->did;
	if (judgement)
		return refuse(entry, picture, reason);
	rc = history_check(entry, picture);
	if (rc == -EACCES)
		return refuse(entry, picture, copied);
	if (rc == -EAGAIN) {
		if (tee_index(context, did) < 0) {
			picture->first = true;
			context->tees[context->tee_count++] = picture->did;
		}
		query(conversation, "the state is older than one that was told before");
		return drop(entry, conversation->why);
	}
	return state_learn(entry, picture);
}

/* A failure that nobody can verify, since whoever sent it has not said who it is. */
static int state_failed(struct entry *entry)
{
	struct conversation *conversation = entry->conversation;
	const struct response *response = entry->response;

	entry->verdict = failure_text(conversation, response->status, response->reason);
	if (response->status == OTRP_UNSUPPORTED_CRYPTO_ALG && response->has_algorithms) {
		const struct tam_key *key =
			tam_keys_choose(conversation->worker->tam->keys, response->algorithms);

		if (!key)
			return fail(conversation,
				    "the TEE verifies no algorithm of the TAM's keys");
		conversation->key = key;
		conversation->context.key = key->index;
		conversation->context.algorithms = response->algorithms;
	}
	query(conversation, entry->verdict);
	return 0;
}

/* In the order of the protocol: nothing of the state counts before the signature has been
 * verified with a certificate that leads to a root. */
static int entry_take(struct entry *entry)
{
	struct conversation *conversation = entry->conversation;
	const struct response *response = entry->response;
	char *reason = arena_take(&conversation->arena, DEVICE_REASON_SIZE);
	struct otrp_failure failure;
	X509_AUTO leaf = NULL;
	int rc;

	if (!reason)
		return -ENOMEM;
	if (response->kind == RESPONSE_OF_AGENT) {
		query(conversation, failure_text(conversation, response->status, response->reason));
		return drop(entry, "no statement of the TEE's");
	}
	if (response->kind == RESPONSE_UNREADABLE)
		return drop(entry, conversation_text(conversation, "%s", response->failure.why));
	if (response->tid.data && !span_is(response->tid, conversation->session.tid))
		return drop(entry, "it belongs to another session");
	if (!response->passed && !response->encrypted)
		return state_failed(entry);
	if (!response->passed || !span_is(response->rid, conversation->session.rid) ||
	    !response->tid.data)
		return drop(entry, "it answers another request than the one that is outstanding");
	rc = decrypted(conversation, response, &entry->plaintext, NULL);
	if (rc)
		return rc == -ENOMEM ? rc : drop(entry, "the state can't be decrypted");
	if (json_object_parse(entry->plaintext, &entry->plain))
		return drop(entry, "the state is not one object in JSON");
	rc = dsi_take(entry->plain, entry->plaintext, &conversation->arena, &entry->dsi, &failure);
	if (rc)
		return rc == -ENOMEM
			       ? rc
			       : drop(entry, conversation_text(conversation, "%s", failure.why));
	rc = device_trust_certificate(conversation->worker->tam->trust, &entry->dsi,
				      conversation->now, &leaf, reason);
	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return refuse(entry, NULL, reason);
	if (!verified(response, leaf))
		return drop(entry, "the signature does not hold under the TEE's certificate");
	conversation->authentic = true;
	rc = dsi_keys_check(&entry->dsi, &failure);
	if (rc)
		return drop(entry, conversation_text(conversation, "%s", failure.why));
	return state_take(entry);
}

int conversation_states(struct conversation *conversation, struct responses *responses,
			struct json_writing *decoded)
{
	unsigned accepted = 0;
	const char *last = "the answer is empty";
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < responses->count; i++) {
		struct entry entry = { .conversation = conversation,
				       .response = &responses->item[i] };

		rc = entry_take(&entry);
		if (rc == 0)
			transcript_response(decoded, entry.response, entry.plain, entry.verdict);
		json_decref(entry.plain);
		accepted += entry.accepted;
		if (entry.verdict)
			last = entry.verdict;
	}
	if (rc || conversation->outcome == OUTCOME_FAILED)
		return rc;
	if (accepted)
		conversation->outcome = OUTCOME_PLAN;
	else if (conversation->refused)
		return fail(conversation, conversation->why);
	else if (conversation->outcome != OUTCOME_QUERY)
		query(conversation, last);
	return 0;
}

/* ---- Commands -------------------------------------------------------------------------------- */

/*
 * Whether a state that came with an answer continues the one that was judged: whatever else the TEE
 * tells of itself goes through the policy first.
 */
static bool state_continues(const struct picture *picture, const struct dsi *dsi)
{
	const struct device *device = &picture->device;

	if (!span_equal(dsi->cert, device->tee_certificate) ||
	    !span_is(dsi->name, device->tee_name) || !span_is(dsi->version, device->tee_version))
		return false;
	return device->dsi_generation < 0 ||
	       (dsi->has_generation && (int64_t)dsi->generation >= device->dsi_generation);
}

/* A state that came with the answer, or that there is none to go on from. */
static int result_state(struct conversation *conversation, struct picture *picture,
			const struct response_content *content)
{
	const struct span chain = picture->device.tee_chain;
	const struct span firmware = picture->device.firmware_certificate;
	int rc;

	if (!content->dsi.data)
		return 0;
	if (!content->has_state || !state_continues(picture, &content->state)) {
		picture->stored = picture->has_dsi = false;
		return 0;
	}
	rc = picture_learn(conversation, picture, content->dsi, &content->state);
	/* The certificates around it were not verified with this answer. */
	picture->device.tee_chain = chain;
	picture->device.firmware_certificate = firmware;
	return rc;
}

static int result_passed(struct conversation *conversation, struct picture *picture,
			 const struct response_content *content)
{
	struct session_command *command = &conversation->context.command;
	int rc;

	/* Without a new one, the old state's hash is void. */
	picture->stored = picture->has_dsi = false;
	rc = result_state(conversation, picture, content);
	if (rc)
		return rc;
	conversation->session.attempts = 0;
	conversation->outcome = OUTCOME_PLAN;
	command->passed = true;
	if (picture->has_dsi)
		return picture_apply(conversation, picture, command);
	picture->device.dsi = picture->device.dsi_hash = (struct span) { 0 };
	picture->touched = true;
	return 0;
}

/* What the TAM believed to be registered in the domain was wrong: it is registered again. */
static void certificates_forget(struct picture *picture, const struct session_command *command)
{
	for (size_t i = 0; i < picture->domain_count; i++)
		if (picture->domains[i].certificates[0] &&
		    strcmp(picture->domains[i].sdname, command->sdname) == 0 &&
		    strcmp(picture->domains[i].spid, command->spid) == 0)
			picture->domains[i].certificates = CERTIFICATES_UNKNOWN;
	picture->learned = true;
	/* What is in hand of the rows may be this very list, with nothing to tell them apart. */
	picture->has_rows = false;
}

static int result_failed(struct conversation *conversation, struct picture *picture,
			 const struct response_content *content)
{
	const struct session_command *command = &conversation->context.command;
	const char *why = failure_text(conversation, content->status, content->reason);
	bool final = true;
	int rc;

	switch (content->status) {
	case OTRP_DEV_STATE_MISMATCH:
	case OTRP_REQUEST_INVALID:
	case OTRP_TAM_NOT_TRUSTED:
	case OTRP_UNSUPPORTED_CRYPTO_ALG:
	case OTRP_SD_ALREADY_EXISTS:
	case OTRP_SD_NOT_FOUND:
	case OTRP_SD_NOT_EMPTY:
	case OTRP_TA_ALREADY_INSTALLED:
	case OTRP_TA_NOT_FOUND:
		query(conversation, why);
		return 0;
	case OTRP_TAM_NOT_AUTHORIZED:
	case OTRP_UNSUPPORTED_MSG_VERSION:
	case OTRP_TFW_NOT_TRUSTED:
		return fail(conversation, why);
	case OTRP_TA_INVALID:
	case OTRP_SPCERT_INVALID:
		final = false;
		break;
	default:
		break;
	}
	rc = result_state(conversation, picture, content);
	if (rc == 0)
		rc = picture_recall(conversation, picture);
	if (rc)
		return rc;
	if (!final && picture->has_dsi)
		certificates_forget(picture, command);
	conversation->outcome = OUTCOME_PLAN;
	conversation_failure(conversation, picture->did, command->message, command->spid,
			     command->sdname, command->taid, why, final);
	return 0;
}

/* The signature has been verified. */
static int content_take(struct conversation *conversation, const struct response *response,
			struct picture *picture, json_t **plain)
{
	const struct span expected = conversation->session.secret;
	struct response_content content = { .status = response->status,
					    .reason = response->reason };
	struct otrp_failure failure;
	struct span plaintext, cek;
	int rc;

	if (!response->encrypted) {
		/* The TEE did not know whom it talks to; it may have lost the certificates. */
		return result_failed(conversation, picture, &content);
	}
	rc = decrypted(conversation, response, &plaintext, &cek);
	if (rc == -ENOMEM)
		return rc;
	if (rc == 0)
		rc = json_object_parse(plaintext, plain);
	if (rc == 0)
		rc = response_content_take(*plain, &conversation->arena, &content, &failure);
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		query(conversation, "the content can't be read");
		return 0;
	}
	if (!span_equal(content.did, span_of(picture->did_octets, OTRP_HASH_SIZE))) {
		query(conversation, "the answer is of another device");
		return 0;
	}
	if (!response->passed)
		return result_failed(conversation, picture, &content);
	/* Only who could read the request knows its content key. */
	if (cek.size != expected.size || CRYPTO_memcmp(cek.data, expected.data, cek.size) != 0) {
		query(conversation, "the content is under another key than the request's");
		return 0;
	}
	if (content.status != OTRP_PASS) {
		query(conversation, "it passed, and has a reason why it did not");
		return 0;
	}
	return result_passed(conversation, picture, &content);
}

static int result_take(struct conversation *conversation, const struct response *response,
		       json_t **plain)
{
	const struct session_command *command = &conversation->context.command;
	struct picture *picture;
	X509_AUTO certificate = NULL;
	int rc;

	if (response->kind == RESPONSE_OF_AGENT) {
		query(conversation, failure_text(conversation, response->status, response->reason));
		return 0;
	}
	if (response->message != command->message ||
	    !span_is(response->rid, conversation->session.rid)) {
		query(conversation, "it answers another request than the one that is outstanding");
		return 0;
	}
	rc = conversation_picture(conversation, command->did, &picture);
	if (rc == -ENOENT)
		return fail(conversation, "the device was removed meanwhile");
	if (rc)
		return rc;
	certificate = pool_certificate(picture->device.tee_certificate);
	if (!certificate || !verified(response, certificate)) {
		query(conversation, "the signature does not hold under the TEE's certificate");
		return 0;
	}
	conversation->authentic = true;
	if (picture->device.status != DEVICE_TRUSTED)
		return fail(conversation, "the device was suspended or refused meanwhile");
	return content_take(conversation, response, picture, plain);
}

int conversation_result(struct conversation *conversation, struct response *response,
			struct json_writing *decoded)
{
	json_t *plain = NULL;
	const int rc = result_take(conversation, response, &plain);

	if (rc == 0)
		transcript_response(decoded, response, plain,
				    conversation->outcome == OUTCOME_PLAN ? "" : conversation->why);
	json_decref(plain);
	return rc;
}
