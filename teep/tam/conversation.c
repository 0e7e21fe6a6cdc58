#include "teep/tam/conversation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/event_log.h"
#include "teep/tam/log_writer.h"
#include "teep/tam/parsed_pool.h"
#include "teep/tam/sealed_delivery.h"
#include "teep/tam/session_ticket.h"
#include "teep/tam/text_cut.h"

/* How often in a row a session may ask for the state again without a command that passed. */
#define ATTEMPTS_MAX 3

const char *conversation_text(struct conversation *conversation, const char *format, ...)
{
	va_list arguments;
	char text[512];
	struct span copy;

	va_start(arguments, format);
	text_cut_print(text, sizeof(text), format, arguments);
	va_end(arguments);
	return arena_copy(&conversation->arena, text, strlen(text), &copy) ? span_text(copy) : "";
}

static const struct tam_peer nobody;

static void message_begin(struct conversation *conversation, struct tam_worker *worker,
			  const struct tam_peer *peer)
{
	conversation->worker = worker;
	conversation->peer = peer ? peer : &nobody;
	conversation->now = time(NULL) + worker->tam->clock_offset;
}

struct conversation *conversation_open(struct tam_worker *worker, const struct tam_peer *peer)
{
	struct conversation *conversation = calloc(1, sizeof(*conversation));

	if (conversation)
		message_begin(conversation, worker, peer);
	return conversation;
}

void conversation_close(struct conversation *conversation)
{
	if (!conversation)
		return;
	free(conversation->next);
	arena_clear(&conversation->arena);
	free(conversation);
}

void conversation_resume(struct conversation *conversation, struct tam_worker *worker,
			 const struct tam_peer *peer)
{
	const struct tam *tam = worker->tam;

	message_begin(conversation, worker, peer);
	conversation->recalled = true;
	conversation->fresh = conversation->is_written = false;
	conversation->authentic = conversation->refused = false;
	conversation->has_received = conversation->has_sent = false;
	conversation->why = NULL;
	conversation->occurrence_count = conversation->delivery_count = 0;
	conversation->progress = NULL;
	conversation->progress_count = conversation->progress_room = 0;
	conversation->key = conversation->context.key < tam_keys_count(tam->keys)
				    ? tam_keys_at(tam->keys, conversation->context.key)
				    : NULL;
	for (size_t i = 0; i < conversation->picture_count; i++) {
		struct picture *picture = &conversation->pictures[i];

		picture->learned = picture->touched = picture->forget = picture->first = false;
		picture->recalled = true;
	}
}

/* The peer is there as long as the message is. */
static const char *peer_address(struct conversation *conversation)
{
	const char *address = conversation->peer->address;

	return address ? conversation_text(conversation, "%s", address) : "";
}

void conversation_occurrence(struct conversation *conversation, enum tam_event_kind kind,
			     const char *did, const char *spid, const char *text)
{
	if (conversation->occurrence_count < OCCURRENCES_MAX)
		conversation->occurrences[conversation->occurrence_count++] =
			(struct occurrence) { kind, did, spid, text };
}

int conversation_progress(struct conversation *conversation, const char *did,
			  const struct wanted *entry, enum deployment_state state,
			  const char *error)
{
	if (conversation->progress_count == conversation->progress_room) {
		const size_t room =
			conversation->progress_room ? 2 * conversation->progress_room : 16;
		struct progress *larger = arena_take(&conversation->arena, room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		if (conversation->progress_count)
			memcpy(larger, conversation->progress,
			       conversation->progress_count * sizeof(*larger));
		conversation->progress = larger;
		conversation->progress_room = room;
	}
	conversation->progress[conversation->progress_count++] =
		(struct progress) { did, entry, state, error };
	return 0;
}

/* One that finds no room is told by the next session. */
static void delivery_note(struct conversation *conversation, int64_t id, bool kept,
			  const char *error)
{
	if (conversation->delivery_count < DELIVERIES_MAX)
		conversation->deliveries[conversation->delivery_count++] =
			(struct delivery_note) { id, kept, error };
}

/* ---- Pictures of TEEs ------------------------------------------------------------------------ */

static int picture_load(struct conversation *conversation, const char *did, struct picture *out)
{
	struct tam_database *database = conversation->worker->database;
	struct arena *arena = &conversation->arena;
	int rc;

	*out = (struct picture) { .did = did };
	if (hex_decode(span_of_text(did), out->did_octets, sizeof(out->did_octets)))
		return -EBADMSG;
	rc = device_table_get(database, did, arena, &out->device);
	if (rc == 0)
		rc = device_table_tas(database, did, arena, &out->tas, &out->ta_count);
	if (rc == 0)
		rc = device_table_domains(database, did, arena, &out->domains, &out->domain_count);
	out->stored =
		rc == 0 && out->device.dsi.data && out->device.dsi_hash.size == OTRP_HASH_SIZE;
	return rc;
}

int picture_recall(struct conversation *conversation, struct picture *picture)
{
	struct otrp_failure failure;
	int rc;

	if (picture->has_dsi || !picture->stored)
		return 0;
	rc = dsi_parse(picture->device.dsi, &conversation->arena, &picture->dsi, &failure);
	/* One that can't be read any more has to be told again. */
	picture->stored = picture->has_dsi = rc == 0;
	return rc == -ENOMEM ? rc : 0;
}

static int picture_room(const struct conversation *conversation)
{
	return conversation->picture_count == SESSION_TEES_MAX ? -ENOSPC : 0;
}

int conversation_picture_new(struct conversation *conversation, const char *did,
			     const struct dsi *dsi, struct picture **out)
{
	struct picture *picture = &conversation->pictures[conversation->picture_count];
	const int rc = picture_room(conversation);

	if (rc)
		return rc;
	*picture = (struct picture) {
		.did = did,
		.fresh = true,
		.has_rows = true,
		.device = { .did = did,
			    .tee_name = span_text(dsi->name),
			    .tee_version = "",
			    .model = "",
			    .labels = "{}",
			    .status = DEVICE_UNKNOWN,
			    .reason = "",
			    .algorithm = "",
			    .address = "",
			    .last_seen = tam_time_now(),
			    .dsi_generation = -1,
			    .tee_certificate = dsi->cert },
	};
	if (hex_decode(span_of_text(did), picture->did_octets, sizeof(picture->did_octets)))
		return -EBADMSG;
	conversation->picture_count++;
	*out = picture;
	return 0;
}

int conversation_picture(struct conversation *conversation, const char *did, struct picture **out)
{
	struct picture *picture = conversation->pictures;
	int rc;

	for (size_t i = 0; i < conversation->picture_count; i++, picture++)
		if (strcmp(picture->did, did) == 0) {
			*out = picture;
			return 0;
		}
	rc = picture_room(conversation);
	if (rc)
		return rc;
	rc = picture_load(conversation, did, picture);
	if (rc)
		return rc;
	conversation->picture_count++;
	*out = picture;
	return 0;
}

static const struct device_ta *ta_known(const struct picture *picture, const struct dsi_sd *sd,
					struct span taid)
{
	for (size_t i = 0; i < picture->ta_count; i++)
		if (span_is(taid, picture->tas[i].taid) &&
		    span_is(sd->name, picture->tas[i].sdname) &&
		    span_is(sd->spid, picture->tas[i].spid))
			return &picture->tas[i];
	return NULL;
}

static const char *certificates_known(const struct picture *picture, const struct dsi_sd *sd)
{
	for (size_t i = 0; i < picture->domain_count; i++)
		if (span_is(sd->name, picture->domains[i].sdname) &&
		    span_is(sd->spid, picture->domains[i].spid))
			return picture->domains[i].certificates;
	return "";
}

/* Domains and TAs as the new state tells them, with what was known of each. */
static int content_learn(struct picture *picture, const struct dsi *dsi, struct arena *arena)
{
	struct device_domain *domains = arena_take(arena, dsi->sd_count * sizeof(*domains));
	struct device_ta *tas;
	size_t count = 0;

	for (size_t i = 0; i < dsi->sd_count; i++)
		count += dsi->sds[i].ta_count;
	tas = arena_take(arena, count * sizeof(*tas));
	if (!domains || !tas)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < dsi->sd_count; i++) {
		const struct dsi_sd *sd = &dsi->sds[i];

		domains[i] =
			(struct device_domain) { .spid = span_text(sd->spid),
						 .sdname = span_text(sd->name),
						 .certificates = certificates_known(picture, sd) };
		for (size_t n = 0; n < sd->ta_count; n++) {
			const struct device_ta *known = ta_known(picture, sd, sd->tas[n].taid);
			struct device_ta *ta = &tas[count++];

			*ta = known ? *known : (struct device_ta) { .image_sha256 = "" };
			ta->spid = span_text(sd->spid);
			ta->sdname = span_text(sd->name);
			ta->taid = span_text(sd->tas[n].taid);
			ta->name = sd->tas[n].taname.data ? span_text(sd->tas[n].taname) : "";
			ta->state = "installed";
		}
	}
	picture->domains = domains;
	picture->domain_count = dsi->sd_count;
	picture->tas = tas;
	picture->ta_count = count;
	return 0;
}

static int chain_join(const struct span_list *chain, struct arena *arena, struct span *out)
{
	size_t size = 0;
	uint8_t *all, *at;

	for (uint32_t i = 0; i < chain->count; i++)
		size += chain->item[i].size;
	all = at = arena_take(arena, size);
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < chain->count; i++) {
		memcpy(at, chain->item[i].data, chain->item[i].size);
		at += chain->item[i].size;
	}
	*out = span_of(all, size);
	return 0;
}

int picture_learn(struct conversation *conversation, struct picture *picture, struct span text,
		  const struct dsi *dsi)
{
	struct device *device = &picture->device;
	struct arena *arena = &conversation->arena;

	if (content_learn(picture, dsi, arena) ||
	    chain_join(&dsi->cacert, arena, &device->tee_chain) ||
	    !arena_copy(arena, dsi->hash, sizeof(dsi->hash), &device->dsi_hash))
		return -ENOMEM;
	device->tee_name = span_text(dsi->name);
	device->tee_version = span_text(dsi->version);
	device->firmware_certificate = dsi->has_tfw ? dsi->tfw_cert : (struct span) { 0 };
	device->dsi = text;
	device->dsi_generation = dsi->has_generation ? (int64_t)dsi->generation : -1;
	device->status = DEVICE_TRUSTED;
	device->reason = "";
	device->algorithm = jws_algorithm_name(jws_algorithm_of(conversation->key->kind));
	if (conversation->peer->address)
		device->address = peer_address(conversation);
	device->last_seen = tam_time_now();
	picture->dsi = *dsi;
	picture->has_dsi = true;
	picture->learned = true;
	return 0;
}

static int ta_apply(struct conversation *conversation, struct picture *picture,
		    const struct session_command *command)
{
	for (size_t i = 0; i < picture->ta_count; i++) {
		struct device_ta *ta = &picture->tas[i];

		if (strcmp(ta->taid, command->taid) != 0 ||
		    strcmp(ta->sdname, command->sdname) != 0 ||
		    strcmp(ta->spid, command->spid) != 0)
			continue;
		if (command->version) {
			ta->version = command->version;
			ta->image_sha256 = command->image_sha256;
		}
		if (command->personalisation)
			ta->personalisation = command->personalisation;
		conversation_occurrence(
			conversation, TAM_EVENT_TA, picture->did, command->spid,
			conversation_text(conversation, "%s version %lld %s in %s of %s",
					  command->taid, (long long)ta->version,
					  command->message == OTRP_INSTALL_TA ? "installed"
									      : "updated",
					  command->sdname, command->spid));
	}
	if (command->delivery)
		delivery_note(conversation, sealed_delivery_id(command->personalisation), false,
			      NULL);
	for (size_t i = 0; i < conversation->context.sp_count; i++)
		if (strcmp(conversation->context.sps[i], command->spid) == 0)
			return 0;
	if (conversation->context.sp_count < SESSION_SPS_MAX)
		conversation->context.sps[conversation->context.sp_count++] = command->spid;
	return 0;
}

int picture_apply(struct conversation *conversation, struct picture *picture,
		  const struct session_command *command)
{
	picture->learned = true;
	if (command->message == OTRP_INSTALL_TA || command->message == OTRP_UPDATE_TA)
		return ta_apply(conversation, picture, command);
	if (command->message == OTRP_DELETE_TA)
		conversation_occurrence(conversation, TAM_EVENT_TA, picture->did, command->spid,
					conversation_text(conversation, "%s deleted from %s of %s",
							  command->taid, command->sdname,
							  command->spid));
	for (size_t i = 0; command->certificates_after[0] && i < picture->domain_count; i++)
		if (strcmp(picture->domains[i].sdname, command->sdname) == 0 &&
		    strcmp(picture->domains[i].spid, command->spid) == 0)
			picture->domains[i].certificates = command->certificates_after;
	return 0;
}

void picture_adopt(struct picture *picture, const char *spid, const char *sdname)
{
	for (size_t i = 0; i < picture->domain_count; i++)
		if (!picture->domains[i].certificates[0] &&
		    strcmp(picture->domains[i].sdname, sdname) == 0 &&
		    strcmp(picture->domains[i].spid, spid) == 0)
			picture->domains[i].certificates = CERTIFICATES_UNKNOWN;
}

void conversation_failure(struct conversation *conversation, const char *did,
			  enum otrp_message message, const char *spid, const char *sdname,
			  const char *taid, const char *why, bool final)
{
	struct session_context *context = &conversation->context;
	struct session_failure *failure;
	size_t of_sp = 0;

	for (size_t i = 0; i < context->failure_count; i++) {
		failure = &context->failures[i];
		of_sp += strcmp(failure->did, did) == 0 && strcmp(failure->what.spid, spid) == 0;
		if (failure->what.message == message && strcmp(failure->did, did) == 0 &&
		    strcmp(failure->what.taid, taid) == 0 &&
		    strcmp(failure->what.sdname, sdname) == 0 &&
		    strcmp(failure->what.spid, spid) == 0) {
			/* Once more was all. */
			failure->final = true;
			failure->why = why;
			return;
		}
	}
	if (context->failure_count == SESSION_FAILURES_MAX) {
		conversation->outcome = OUTCOME_FAILED;
		conversation->why = "too many commands failed";
		return;
	}
	if (of_sp >= SESSION_SP_FAILURES_MAX) {
		sdname = taid = "";
		why = "too many commands of this service provider failed";
		final = true;
	}
	context->failures[context->failure_count++] =
		(struct session_failure) { did, { message, spid, sdname, taid }, why, final };
}

/* ---- What comes next ------------------------------------------------------------------------- */

static uint32_t algorithms_of(const struct tam *tam)
{
	return 1U << JWS_RS256 | 1U << JWS_ES256 | (tam->extended ? 1U << JWS_ES384 : 0);
}

/* `rid` NULL: a fresh one. */
static int frame_make(struct conversation *conversation, const char *rid, struct span_list *ocsp,
		      struct command_frame *frame)
{
	const struct tam *tam = conversation->worker->tam;
	char fresh[COMMAND_ID_SIZE];
	struct span copy;
	int rc;

	if (!rid)
		rid = command_id_make(fresh) ? fresh : NULL;
	if (!rid || !arena_copy(&conversation->arena, rid, strlen(rid), &copy))
		return -ENOMEM;
	rc = tam_key_ocsp(tam->keys, conversation->key, &conversation->arena, ocsp);
	conversation->session.rid = span_text(copy);
	*frame = (struct command_frame) {
		.key = conversation->key,
		.ocsp = ocsp,
		.tamid = tam_keys_tamid(tam->keys),
		.rid = conversation->session.rid,
		.tid = conversation->session.tid,
	};
	return rc;
}

static int command_send(struct conversation *conversation, enum otrp_message message,
			struct command *command)
{
	const struct json_writing *decoded = &command->decoded;
	struct span copy = { 0 };
	const bool copied = arena_copy(&conversation->arena, decoded->text, decoded->size, &copy);

	free(decoded->text);
	if (!copied) {
		free(command->text);
		return -ENOMEM;
	}
	conversation->next = command->text;
	conversation->session.step = otrp_message_name(message);
	conversation->has_sent = true;
	conversation->sent = (struct message) {
		.tid = conversation->session.tid,
		.did = conversation->session.did,
		.kind = conversation_text(conversation, "%sRequest", otrp_message_name(message)),
		.size = (int64_t)strlen(command->text),
		.decoded = span_text(copy),
	};
	return 0;
}

/* GetDeviceState: what is known of each TEE now is what its answer must not be older than. `rid` as
 * above. */
static int query_make(struct conversation *conversation, const char *rid)
{
	struct session_context *context = &conversation->context;
	struct command command;
	struct command_frame frame;
	struct span_list ocsp;
	int rc;

	for (size_t i = 0; i < context->tee_count; i++) {
		struct picture *picture;

		rc = conversation_picture(conversation, context->tees[i], &picture);
		if (rc && rc != -ENOENT)
			return rc;
		context->generations[i] =
			rc == 0 && picture->device.dsi.data ? picture->device.dsi_generation : -1;
	}
	rc = frame_make(conversation, rid, &ocsp, &frame);
	if (rc == 0)
		rc = command_query(&frame, algorithms_of(conversation->worker->tam), &command);
	if (rc)
		return rc;
	context->querying = true;
	conversation->session.secret = (struct span) { 0 };
	return command_send(conversation, OTRP_GET_DEVICE_STATE, &command);
}

/* All that plan_make() wants to know of one TEE. */
static int input_collect(struct conversation *conversation, const struct picture *picture,
			 struct plan_input *out)
{
	struct tam_database *database = conversation->worker->database;
	const struct session_context *context = &conversation->context;
	struct arena *arena = &conversation->arena;
	struct wanted_decision *wanted;
	struct plan_failure *failures =
		arena_take(arena, context->failure_count * sizeof(*failures));
	const char **asked, **requested;
	size_t asked_count = 0;
	int rc;

	*out = (struct plan_input) { .dsi = &picture->dsi,
				     .tas = picture->tas,
				     .ta_count = picture->ta_count,
				     .domains = picture->domains,
				     .domain_count = picture->domain_count,
				     .failures = failures,
				     .bundled_taid = context->package_taid,
				     .bundled_version = context->package_version,
				     .hold_deletions = conversation->worker->tam->hold_deletions };
	if (!failures)
		return -ENOMEM;
	for (size_t i = 0; i < context->failure_count; i++)
		if (context->failures[i].final &&
		    strcmp(context->failures[i].did, picture->did) == 0)
			failures[out->failure_count++] = context->failures[i].what;
	rc = wanted_for_device(database, picture->did, arena, &wanted, &out->wanted_count);
	out->wanted = wanted;
	if (rc == 0)
		rc = sealed_delivery_resolve(database, picture->did, &picture->dsi, arena, wanted,
					     out->wanted_count);
	if (rc == 0)
		rc = device_table_requested(database, picture->did, arena, &asked, &asked_count);
	if (rc)
		return rc;
	requested = arena_take(arena, (asked_count + context->requested_count) * sizeof(char *));
	if (!requested)
		return -ENOMEM;
	for (size_t i = 0; i < asked_count; i++)
		requested[out->requested_count++] = asked[i];
	for (size_t i = 0; i < context->requested_count; i++)
		requested[out->requested_count++] = context->requested[i];
	out->requested = requested;
	return 0;
}

/* The certificates of every SP that is wanted. Decisions come sorted by SP. */
static int certificates_collect(struct conversation *conversation, struct plan_input *input)
{
	struct arena *arena = &conversation->arena;
	struct sp_certificate *all = NULL, *some, *joined;
	size_t count = 0, more;

	for (size_t i = 0; i < input->wanted_count; i++) {
		const char *spid = input->wanted[i].spid;
		int rc;

		if (i && strcmp(spid, input->wanted[i - 1].spid) == 0)
			continue;
		rc = sp_certificate_list(conversation->worker->database, spid, arena, &some, &more);
		if (rc)
			return rc;
		joined = arena_take(arena, (count + more) * sizeof(*joined));
		if (!joined)
			return -ENOMEM;
		if (count)
			memcpy(joined, all, count * sizeof(*joined));
		if (more)
			memcpy(joined + count, some, more * sizeof(*joined));
		all = joined;
		count += more;
	}
	input->certificates = all;
	input->certificate_count = count;
	return 0;
}

/* Several SPs have a domain of that name: DeleteSD and DeleteTA have to say whose. */
static bool name_is_shared(const struct dsi *dsi, const char *sdname)
{
	unsigned count = 0;

	for (size_t i = 0; i < dsi->sd_count; i++)
		count += span_is(dsi->sds[i].name, sdname);
	return count > 1;
}

/* What its SP encrypted. */
static bool delivers(const struct plan_step *step)
{
	return step->ta &&
	       (step->ta->sealed || (step->ta->sealed_data && step->send_personalisation));
}

static int goods_fetch(struct conversation *conversation, const struct picture *picture,
		       const struct plan_step *step, struct command_goods *goods)
{
	struct tam_database *database = conversation->worker->database;
	struct arena *arena = &conversation->arena;
	int rc = 0;

	*goods =
		(struct command_goods) { .did = span_of(picture->did_octets, OTRP_HASH_SIZE),
					 .name_spid = name_is_shared(&picture->dsi, step->sdname) };
	if (!step->ta)
		return 0;
	if (delivers(step))
		return sealed_delivery_octets(database,
					      sealed_delivery_id(step->ta->personalisation), arena,
					      &goods->delivery);
	if (step->send_image && step->ta->bundled)
		goods->package = conversation->context.package;
	else if (step->send_image)
		rc = catalogue_package(database, step->taid, step->ta->version, arena,
				       &goods->package);
	if (rc == 0 && step->send_personalisation)
		rc = catalogue_personalisation(database, step->taid, step->ta->version, arena,
					       &goods->personalisation);
	if (rc == 0)
		goods->aik = dsi_aik_key(&picture->dsi, span_of_text(step->spid));
	return rc ? rc : goods->aik ? 0 : -ENOKEY;
}

static struct session_command command_of(const struct picture *picture,
					 const struct plan_step *step)
{
	return (struct session_command) {
		.did = picture->did,
		.message = step->message,
		.spid = step->spid,
		.sdname = step->sdname,
		.taid = step->taid,
		.version = step->send_image ? step->ta->version : 0,
		.personalisation = step->send_personalisation ? step->ta->personalisation : 0,
		/* cppcheck-suppress nullPointerRedundantCheck ; an image is a TA's */
		.image_sha256 = step->send_image ? step->ta->image_sha256 : "",
		.delivery = delivers(step),
		.certificates_after = step->certificates_after ? step->certificates_after : "",
	};
}

static int step_compose(struct conversation *conversation, const struct picture *picture,
			const struct plan_step *step, const struct command_goods *goods)
{
	X509_AUTO certificate = pool_certificate(picture->device.tee_certificate);
	struct command command;
	struct command_frame frame;
	struct span_list ocsp;
	int rc;

	if (!certificate)
		return -EBADMSG;
	rc = frame_make(conversation, NULL, &ocsp, &frame);
	frame.with_certificates = picture->device.signer_required;
	frame.tee = picture->device.tee_name;
	frame.dsihash = picture->device.dsi_hash;
	frame.recipient = X509_get0_pubkey(certificate);
	if (rc == 0)
		rc = command_make(&frame, step, goods, &conversation->arena, &command);
	if (rc)
		return rc;
	conversation->session.did = picture->did;
	conversation->session.secret = command.cek;
	conversation->context.querying = false;
	conversation->context.command = command_of(picture, step);
	return command_send(conversation, step->message, &command);
}

/* A step that passed a moment ago and is to be done again will never be done. */
static bool repeats(const struct session_command *last, const struct picture *picture,
		    const struct plan_step *step)
{
	const struct session_command again = command_of(picture, step);

	return last->did && last->passed && last->message == step->message &&
	       last->version == again.version && last->personalisation == again.personalisation &&
	       strcmp(last->certificates_after, again.certificates_after) == 0 &&
	       strcmp(last->did, picture->did) == 0 && strcmp(last->taid, step->taid) == 0 &&
	       strcmp(last->sdname, step->sdname) == 0 && strcmp(last->spid, step->spid) == 0;
}

/* The first step that can be composed; those that can't are noted and left out. *sent: there was
 * one. */
static int picture_plan(struct conversation *conversation, struct picture *picture,
			struct plan_input *input, struct plan *plan, bool *sent)
{
	int rc = input_collect(conversation, picture, input);

	if (rc == 0)
		rc = certificates_collect(conversation, input);
	while (rc == 0) {
		struct command_goods goods = { 0 };
		const struct plan_step *step;
		const char *why = NULL;

		rc = plan_make(input, &conversation->arena, plan);
		if (rc || plan->count == 0)
			return rc;
		step = &plan->steps[0];
		rc = goods_fetch(conversation, picture, step, &goods);
		if (repeats(&conversation->context.command, picture, step))
			why = "the TEE says that it is done, and its state does not show it";
		else if (rc == -ENOENT)
			why = "the package is not in the catalogue any more";
		else if (rc == -ENOKEY)
			why = "the TEE told no key of the service provider";
		if (!why) {
			if (rc == 0)
				rc = step_compose(conversation, picture, step, &goods);
			EVP_PKEY_free(goods.aik);
			*sent = rc == 0;
			return rc;
		}
		EVP_PKEY_free(goods.aik);
		conversation_failure(conversation, picture->did, step->message, step->spid,
				     step->sdname, step->taid, why, true);
		if (conversation->outcome == OUTCOME_FAILED)
			return 0;
		rc = input_collect(conversation, picture, input);
		if (rc == 0)
			rc = certificates_collect(conversation, input);
	}
	return rc;
}

/* Why one decision was not brought about; NULL when it was, or when nothing stood in its way. */
static const char *hindrance(const struct conversation *conversation, const struct picture *picture,
			     const struct wanted_decision *decision, const struct plan *plan)
{
	const struct session_context *context = &conversation->context;

	for (size_t i = 0; i < plan->problem_count; i++)
		if (strcmp(plan->problems[i].taid, decision->taid) == 0 &&
		    strcmp(plan->problems[i].sdname, decision->sdname) == 0 &&
		    strcmp(plan->problems[i].spid, decision->spid) == 0)
			return plan->problems[i].text;
	for (size_t i = 0; i < context->failure_count; i++) {
		const struct session_failure *failure = &context->failures[i];

		if (failure->what.sdname[0] == '\0' && strcmp(failure->did, picture->did) == 0 &&
		    strcmp(failure->what.spid, decision->spid) == 0)
			return failure->why;
		if (failure->final && strcmp(failure->did, picture->did) == 0 &&
		    (strcmp(failure->what.taid, decision->taid) == 0 ||
		     failure->what.taid[0] == '\0') &&
		    strcmp(failure->what.sdname, decision->sdname) == 0 &&
		    strcmp(failure->what.spid, decision->spid) == 0)
			return failure->why;
	}
	return NULL;
}

static const char *waiting_text(const struct wanted_decision *decision)
{
	return decision->sealed	       ? "waits for the provider's package for this device"
	       : decision->sealed_data ? "waits for the provider's data for this device"
				       : "waits for a client app to bring the package";
}

/* Whether what is done about the nearest entry is what the wider one asks for as well. */
static bool agrees(const struct plan_input *input, const struct wanted_decision *decision,
		   const struct wanted_decision *wider)
{
	if (!decision->present || !wider->present)
		return decision->present == wider->present;
	return decision->version == wider->version &&
	       (!decision->on_request || wider->on_request || plan_ta_there(input, decision));
}

/* Nothing more to do on a TEE: what became of each thing that was wanted. */
static int picture_settle(struct conversation *conversation, struct picture *picture,
			  const struct plan_input *input, const struct plan *plan)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < input->wanted_count; i++) {
		const struct wanted_decision *decision = &input->wanted[i];
		const char *why = hindrance(conversation, picture, decision, plan);
		const bool waits = !why && plan_ta_waits(input, decision);
		const enum deployment_state state = why	    ? DEPLOYMENT_FAILED
						    : waits ? DEPLOYMENT_WAITING
							    : DEPLOYMENT_DONE;
		const char *text = why ? why : waits ? waiting_text(decision) : "";

		rc = conversation_progress(conversation, picture->did, decision->entry, state,
					   text);
		for (const struct wanted_decision *wider = decision->wider; rc == 0 && wider;
		     wider = wider->wider)
			rc = agrees(input, decision, wider)
				     ? conversation_progress(conversation, picture->did,
							     wider->entry, state, text)
				     : conversation_progress(conversation, picture->did,
							     wider->entry, DEPLOYMENT_FAILED,
							     "a nearer entry of what is wanted "
							     "decides otherwise for this device");
		if (!why)
			continue;
		if (decision->delivery != SEALED_NONE)
			delivery_note(conversation, sealed_delivery_id(decision->personalisation),
				      decision->delivery == SEALED_READY, why);
		conversation->session.error = why;
		conversation->session.state = SESSION_FAILED;
	}
	return rc;
}

static int session_end(struct conversation *conversation, enum session_state state,
		       const char *error)
{
	conversation->session.state = state;
	conversation->session.error = error;
	conversation->session.step = "";
	conversation->session.rid = "";
	conversation->session.secret = (struct span) { 0 };
	return 0;
}

static int session_fail(struct conversation *conversation, const char *why)
{
	const struct session_context *context = &conversation->context;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < context->tee_count; i++)
		rc = conversation_progress(conversation, context->tees[i], NULL, DEPLOYMENT_FAILED,
					   why);
	conversation_occurrence(conversation, TAM_EVENT_ALARM, conversation->session.did, "",
				conversation_text(conversation, "a session failed: %s", why));
	return rc ? rc : session_end(conversation, SESSION_FAILED, why);
}

static int plan_next(struct conversation *conversation)
{
	struct session_context *context = &conversation->context;
	bool sent = false;
	int rc = 0;

	(void)session_end(conversation, SESSION_DONE, "");
	for (size_t i = 0; rc == 0 && i < context->tee_count; i++) {
		struct plan_input input;
		struct picture *picture;
		struct plan plan;

		rc = conversation_picture(conversation, context->tees[i], &picture);
		if (rc == -ENOENT) {
			rc = 0;
			continue;
		}
		if (rc || picture->device.status != DEVICE_TRUSTED)
			continue;
		rc = picture_recall(conversation, picture);
		if (rc)
			break;
		if (!picture->has_dsi) {
			conversation->session.state = SESSION_OPEN;
			return query_make(conversation, NULL);
		}
		rc = picture_plan(conversation, picture, &input, &plan, &sent);
		if (rc == 0 && conversation->outcome == OUTCOME_FAILED)
			return session_fail(conversation, conversation->why);
		if (sent) {
			conversation->session.state = SESSION_OPEN;
			conversation->session.error = "";
			/* Nothing of those that were settled before is lost by being told. */
			return 0;
		}
		if (rc == 0)
			rc = picture_settle(conversation, picture, &input, &plan);
	}
	/* What no decision was about, and that of devices which are not served any more. */
	for (size_t i = 0; rc == 0 && i < context->tee_count; i++)
		rc = conversation_progress(conversation, context->tees[i], NULL, DEPLOYMENT_WAITING,
					   "");
	return rc;
}

int conversation_next(struct conversation *conversation)
{
	struct session *session = &conversation->session;

	if (conversation->outcome == OUTCOME_QUERY && ++session->attempts > ATTEMPTS_MAX) {
		conversation->outcome = OUTCOME_FAILED;
		conversation->why =
			conversation_text(conversation, "given up after %d attempts: %s",
					  ATTEMPTS_MAX + 1, conversation->why);
	}
	if (conversation->outcome == OUTCOME_FAILED)
		return session_fail(conversation, conversation->why);
	if (conversation->outcome == OUTCOME_QUERY)
		return query_make(conversation, NULL);
	return plan_next(conversation);
}

/* That of the TAM whose first request every TEE should be able to verify. */
static int key_choose(struct conversation *conversation)
{
	const struct tam *tam = conversation->worker->tam;

	conversation->key = tam_keys_choose(tam->keys, 0);
	/* A TAM with nothing else tries what only some TEEs verify. */
	if (!conversation->key && tam->extended)
		conversation->key = tam_keys_choose(tam->keys, 1U << JWS_ES384);
	if (!conversation->key)
		return -ENOKEY;
	conversation->context.key = conversation->key->index;
	return 0;
}

static int session_open(struct conversation *conversation, const char *tid)
{
	struct span copy;

	if (!arena_copy(&conversation->arena, tid, strlen(tid), &copy))
		return -ENOMEM;
	conversation->fresh = true;
	conversation->session = (struct session) {
		.tid = span_text(copy),
		.did = "",
		.state = SESSION_OPEN,
		.address = peer_address(conversation),
		.error = "",
	};
	return 0;
}

/* Its first request is in the log although there is no row that counts it. */
static int invitation_log(struct conversation *conversation)
{
	struct log_writer *log = conversation->worker->tam->log;
	struct message *sent = &conversation->sent;

	sent->counted = true;
	sent->seq = 1;
	/* Without memory the log has a gap. */
	if (log)
		(void)log_writer_message(log, sent);
	return log ? 0 : message_log_add(conversation->worker->database, sent);
}

int conversation_begin(struct conversation *conversation)
{
	char tid[COMMAND_ID_SIZE];
	int rc = command_id_make(tid) ? session_open(conversation, tid) : -ENOMEM;

	if (rc == 0)
		rc = key_choose(conversation);
	return rc ? rc : query_make(conversation, NULL);
}

int conversation_invite(struct conversation *conversation)
{
	struct session_ticket ticket;
	int rc = key_choose(conversation);

	if (rc == 0)
		rc = session_ticket_make(tam_database_vault(conversation->worker->database),
					 conversation->now, conversation->context.key, &ticket);
	if (rc == 0)
		rc = session_open(conversation, ticket.tid);
	if (rc == 0)
		rc = query_make(conversation, ticket.rid);
	if (rc == 0)
		rc = invitation_log(conversation);
	return rc;
}

/* A clock of another process may be ahead. */
#define CLOCKS_APART 60

int conversation_accept(struct conversation *conversation, const char *tid, unsigned seconds)
{
	const struct vault *vault = tam_database_vault(conversation->worker->database);
	const struct tam_keys *keys = conversation->worker->tam->keys;
	struct session_ticket ticket;
	struct span rid;
	int rc;

	if (!vault || session_ticket_parse(vault, tid, &ticket) ||
	    ticket.key >= tam_keys_count(keys) || ticket.since > conversation->now + CLOCKS_APART ||
	    ticket.since < conversation->now - (time_t)seconds)
		return -ENOENT;
	rc = session_open(conversation, tid);
	if (rc || !arena_copy(&conversation->arena, ticket.rid, strlen(ticket.rid), &rid))
		return -ENOMEM;
	conversation->session.rid = span_text(rid);
	conversation->session.messages = 1;
	conversation->context.key = ticket.key;
	conversation->context.querying = true;
	conversation->key = tam_keys_at(keys, ticket.key);
	return 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* All that the device has, as this message tells it. */
static int content_collect(struct conversation *conversation, struct picture *picture)
{
	const size_t count = picture->dsi.aik_count;
	struct device_aik *aiks = arena_take(&conversation->arena, count * sizeof(*aiks));

	if (!aiks)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		aiks[i] = (struct device_aik) { .spid = span_text(picture->dsi.aiks[i].spid),
						.type = picture->dsi.aiks[i].ecc ? "ECC" : "RSA",
						.key = picture->dsi.aiks[i].der };
	picture->written = (struct device_content) { .domains = picture->domains,
						     .domain_count = picture->domain_count,
						     .tas = picture->tas,
						     .ta_count = picture->ta_count,
						     .aiks = aiks,
						     .aik_count = count };
	return 0;
}

static int picture_write(struct tam_database *database, struct conversation *conversation,
			 struct picture *picture)
{
	/* A transaction may run twice; the revision that was read stays. */
	struct device device = picture->device;
	int rc = picture->fresh ? device_table_add(database, &device)
				: device_table_store(database, &device);

	/* Somebody else has just seen this device for the first time too. */
	if (rc == -EEXIST)
		return -ESTALE;
	if (rc || !picture->learned)
		return rc;
	if (picture->forget)
		rc = device_table_store_content(database, picture->did, NULL,
						&(const struct device_content) { 0 });
	if (rc == 0)
		rc = content_collect(conversation, picture);
	if (rc)
		return rc;
	return device_table_store_content(
		database, picture->did,
		picture->has_rows && !picture->forget ? &picture->rows : NULL, &picture->written);
}

static const char *const event_kinds[] = {
	[TAM_EVENT_SESSION] = "session",
	[TAM_EVENT_DEVICE] = "device",
	[TAM_EVENT_TA] = "ta",
	[TAM_EVENT_ALARM] = "alarm",
};

static struct event event_of(const struct conversation *conversation,
			     const struct occurrence *occurrence, char handle[SESSION_HANDLE_SIZE])
{
	return (struct event) {
		.kind = event_kinds[occurrence->kind],
		.subject = occurrence->did[0] ? occurrence->did
					      : session_handle(conversation->session.tid, handle),
		.spid = occurrence->spid,
		.who = "",
		.text = occurrence->text,
	};
}

/* What a person has to look at is there with what it is about. */
static bool written_at_once(const struct conversation *conversation,
			    const struct occurrence *occurrence)
{
	return !conversation->worker->tam->log || occurrence->kind == TAM_EVENT_ALARM;
}

static int progress_write(struct tam_database *database, const struct conversation *conversation)
{
	const char *idle = "";
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < conversation->progress_count; i++) {
		const struct progress *progress = &conversation->progress[i];
		int64_t open = 1;

		/* Nothing is deployed to it: most sessions. */
		if (strcmp(progress->did, idle) == 0)
			continue;
		if (progress->state == DEPLOYMENT_RUNNING)
			rc = deployment_run(database, progress->did, &open);
		else if (progress->state == DEPLOYMENT_WAITING && !progress->entry)
			rc = deployment_return(database, progress->did);
		else
			rc = deployment_progress(database, progress->did, progress->entry,
						 progress->state, progress->error);
		if (!open)
			idle = progress->did;
	}
	return rc;
}

static int notes_write(struct tam_database *database, struct conversation *conversation)
{
	int rc = progress_write(database, conversation);

	for (size_t i = 0; rc == 0 && i < conversation->delivery_count; i++) {
		const struct delivery_note *note = &conversation->deliveries[i];

		rc = sealed_delivery_note(database, note->id, note->kept, note->error);
	}
	for (size_t i = 0; rc == 0 && i < conversation->occurrence_count; i++) {
		char handle[SESSION_HANDLE_SIZE];
		const struct event event =
			event_of(conversation, &conversation->occurrences[i], handle);

		if (written_at_once(conversation, &conversation->occurrences[i]))
			rc = event_log_add(database, event.kind, event.subject, event.spid,
					   event.who, event.text);
	}
	if (conversation->worker->tam->log)
		return rc;
	if (rc == 0 && conversation->has_received)
		rc = message_log_add(database, &conversation->received);
	if (rc == 0 && conversation->has_sent)
		rc = message_log_add(database, &conversation->sent);
	return rc;
}

/* The rest, once the state is stored. Without memory the log has a gap. */
static void notes_hand_over(const struct conversation *conversation)
{
	struct log_writer *log = conversation->worker->tam->log;

	for (size_t i = 0; log && i < conversation->occurrence_count; i++) {
		char handle[SESSION_HANDLE_SIZE];
		const struct event event =
			event_of(conversation, &conversation->occurrences[i], handle);

		if (!written_at_once(conversation, &conversation->occurrences[i]))
			(void)log_writer_event(log, &event);
	}
	if (log && conversation->has_received)
		(void)log_writer_message(log, &conversation->received);
	if (log && conversation->has_sent)
		(void)log_writer_message(log, &conversation->sent);
}

/* What a client app asked for is remembered with the device, once that has shown who it is. */
static int requests_write(struct tam_database *database, const struct conversation *conversation,
			  const struct picture *picture)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && picture->first && i < conversation->context.requested_count;
	     i++)
		rc = device_table_request_ta(database, picture->did,
					     conversation->context.requested[i]);
	return rc;
}

/* Counted by the write of the session that is due anyway: its row is long. The revision tells when
 * another process was quicker. */
static int64_t messages_count(struct conversation *conversation)
{
	int64_t seq = conversation->session.messages;

	if (conversation->has_received) {
		conversation->received.counted = true;
		conversation->received.seq = ++seq;
	}
	if (conversation->has_sent) {
		conversation->sent.counted = true;
		conversation->sent.seq = ++seq;
	}
	return seq - conversation->session.messages;
}

static int write_all(struct tam_database *database, void *context)
{
	struct conversation *conversation = context;
	struct session session = conversation->session;
	int rc;

	session.revision = conversation->revision;
	session.messages_added = messages_count(conversation);
	if (conversation->fresh) {
		session.messages_added += session.messages;
		rc = session_table_add(database, &session);
		/* Somebody else has just taken the answer that begins it. */
		if (rc == -EEXIST)
			rc = -ESTALE;
	} else {
		rc = session_table_store(database, &session);
	}
	for (size_t i = 0; rc == 0 && i < conversation->picture_count; i++) {
		struct picture *picture = &conversation->pictures[i];

		if (picture->learned || picture->touched)
			rc = picture_write(database, conversation, picture);
		else if (picture->recalled)
			rc = device_table_check(database, picture->did, picture->device.revision);
		if (rc == 0)
			rc = requests_write(database, conversation, picture);
	}
	return rc ? rc : notes_write(database, conversation);
}

/* What was written is what the next message finds. */
static void session_settle(struct conversation *conversation)
{
	struct session *session = &conversation->session;
	const struct span answer = session->last_answer;

	/* Without memory it is as in another process: the state is asked for again. */
	conversation->long_answer = (struct span) { 0 };
	if (answer.size > SESSION_ANSWER_MAX && conversation->worker->tam->memory)
		(void)arena_copy(&conversation->arena, answer.data, answer.size,
				 &conversation->long_answer);
	session->last_answer = (struct span) { 0 };
	session->did_stored = session->did;
	session->state_stored = session->state;
	session->messages += conversation->has_received + conversation->has_sent;
	conversation->revision = conversation->fresh ? 1 : conversation->revision + 1;
	conversation->is_written = true;
	for (size_t i = 0; i < conversation->picture_count; i++) {
		struct picture *picture = &conversation->pictures[i];

		if (!picture->learned && !picture->touched)
			continue;
		picture->device.revision = picture->fresh ? 1 : picture->device.revision + 1;
		picture->device.status_stored = picture->device.status;
		picture->device.has_status_stored = true;
		picture->fresh = false;
		if (picture->learned) {
			picture->rows = picture->written;
			picture->has_rows = true;
		}
	}
}

int conversation_write(struct conversation *conversation)
{
	struct session *session = &conversation->session;
	int rc;

	if (session->state != SESSION_OPEN)
		conversation->context.package = (struct span) { 0 };
	rc = session_context_encode(&conversation->context, &conversation->arena,
				    &session->context);
	if (rc)
		return rc;
	session->last_answer = (struct span) { 0 };
	if (conversation->body.data) {
		session->last_hash = span_of(conversation->body_hash, OTRP_HASH_SIZE);
		if (conversation->next)
			session->last_answer = span_of_text(conversation->next);
	}
	rc = tam_database_transaction(conversation->worker->database, TAM_RELAXED, write_all,
				      conversation);
	if (rc == 0) {
		notes_hand_over(conversation);
		session_settle(conversation);
	}
	return rc;
}

void conversation_tell(const struct conversation *conversation)
{
	const struct tam *tam = conversation->worker->tam;
	struct tam_event event = { .kind = TAM_EVENT_SESSION,
				   .tid = conversation->session.tid,
				   .did = conversation->session.did };

	if (!tam->event)
		return;
	for (size_t i = 0; i < conversation->occurrence_count; i++) {
		event.kind = conversation->occurrences[i].kind;
		event.did = conversation->occurrences[i].did;
		event.text = conversation->occurrences[i].text;
		tam->event(tam->event_context, &event);
	}
	event.kind = TAM_EVENT_SESSION;
	event.did = conversation->session.did;
	event.text = conversation->session.state == SESSION_OPEN
			     ? conversation->session.step
			     : session_state_name(conversation->session.state);
	tam->event(tam->event_context, &event);
}
