#include "otrp/tee.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/manufacture.h"
#include "device/paths.h"
#include "otrp/exchange.h"
#include "otrp/request_guess.h"
#include "teep/pki/openssl_auto.h"

/* It has no contents, so it takes no room either. */
#define CHANGES_SIZE_MAX (1 << 20)

int exchange_store_failed(struct exchange *exchange, int rc)
{
	if (rc == -ENOSPC)
		return otrp_fail(&exchange->failure, OTRP_TEE_RESOURCE_FULL,
				 "the device's storage is full");
	return otrp_fail(&exchange->failure, OTRP_TEE_FAIL,
			 rc == -ENOMEM ? "out of memory" : "the device's storage failed");
}

static int changes_open(struct tee *tee)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/" TEE_CHANGES_FILE, tee->directory) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	tee->changes_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return tee->changes_fd < 0 ? -errno : 0;
}

/* The firmware, and with it what this TEE is; a device that nobody made is made. */
static enum boot_result tee_boot(struct tee *tee, char *err, size_t errlen)
{
	const struct tee_options *options = &tee->options;
	enum boot_result result;
	uint8_t *der = NULL;
	size_t size = 0;

	if (options->firmware_sock) {
		result = firmware_attach(&tee->firmware, options->firmware_sock, options->tee)
				 ? BOOT_FILE
				 : BOOT_OK;
	} else {
		result = firmware_open(&tee->firmware, options->firmware, tee->directory,
				       options->tee, err, errlen);
		if (result == BOOT_NOT_MANUFACTURED &&
		    manufacture_throwaway(tee->directory, err, errlen) == 0)
			result = firmware_open(&tee->firmware, options->firmware, tee->directory,
					       options->tee, err, errlen);
	}
	if (result)
		return result;
	(void)firmware_key(tee->firmware, FIRMWARE_KEY_TEE, &der, &size);
	result = boot_tee_start(tee->directory, options->tee, der, size, &tee->boot, err, errlen);
	key_der_free(der, size);
	return result;
}

/* That of the first TEE is in the device's own directory. */
static int tee_store_open(struct tee *tee, char *err, size_t errlen)
{
	struct store_options keep = { .size_max = tee->options.store_max,
				      .durable = tee->options.durable };
	char directory[PATH_MAX], stem[16];
	uint8_t *key = NULL;
	size_t size = 0;
	int rc = firmware_key(tee->firmware, FIRMWARE_KEY_STORE, &key, &size);

	if (rc == 0 && size != FIRMWARE_STORE_KEY_SIZE)
		rc = -EIO;
	if (rc == 0 && snprintf(directory, sizeof(directory), "%s%s%s", tee->directory,
				tee->options.tee ? "/" : "",
				tee->options.tee ? boot_tee_stem(tee->options.tee, stem) : "") >=
			       (int)sizeof(directory))
		rc = -ENAMETOOLONG;
	if (rc == 0)
		rc = paths_make_dir(directory);
	if (rc)
		snprintf(err, errlen, "%s: no key for the store: %s", tee->directory,
			 strerror(-rc));
	keep.key = key;
	if (rc == 0)
		rc = store_open(&tee->store, directory, &keep, err, errlen);
	key_der_free(key, size);
	return rc;
}

static int tee_parts_open(struct tee *tee, char *err, size_t errlen)
{
	const struct tee_options *options = &tee->options;
	const struct otrp_options parse = {
		.lenient = options->lenient,
		.extended = options->extended,
		.message_max = options->message_max,
	};
	int rc;

	rc = changes_open(tee);
	if (rc) {
		snprintf(err, errlen, "%s/" TEE_CHANGES_FILE ": %s", tee->directory, strerror(-rc));
		return rc;
	}
	rc = forgotten_open(tee);
	if (rc) {
		snprintf(err, errlen, "%s/domains.gone: %s", tee->directory, strerror(-rc));
		return rc;
	}
	rc = parser_open(&tee->parser, options->parser, &parse);
	if (rc) {
		snprintf(err, errlen, "the parser %s can't be started: %s", options->parser,
			 strerror(-rc));
		return rc;
	}
	rc = trust_open(&tee->trust, tee->store, tee->boot.tam_roots);
	if (rc)
		snprintf(err, errlen, "%s: the list of trusted roots can't be read",
			 tee->directory);
	if (rc == 0 && !certificate_hash(sk_X509_value(tee->boot.tee_chain, 0), tee->did))
		rc = -ENOMEM;
	return rc;
}

enum boot_result tee_open(struct tee **out, const char *directory,
			  const struct tee_options *options, int *store_error, char *err,
			  size_t errlen)
{
	struct tee *tee = calloc(1, sizeof(*tee));
	enum boot_result result = BOOT_FILE;

	*store_error = 0;
	snprintf(err, errlen, "out of memory");
	if (!tee)
		return BOOT_FILE;
	tee->options = *options;
	tee->changes_fd = tee->forgotten_fd = -1;
	if (!tee->options.aik_kind)
		tee->options.aik_kind = KEY_RSA;
	tee->directory = strdup(directory);
	if (tee->directory)
		result = tee_boot(tee, err, errlen);
	if (result == BOOT_OK) {
		*store_error = tee_store_open(tee, err, errlen);
		if (*store_error == 0)
			*store_error = committer_open(&tee->committer, tee->store);
		if (*store_error || tee_parts_open(tee, err, errlen))
			result = BOOT_FILE;
	}
	if (result) {
		tee_close(tee);
		return result;
	}
	*out = tee;
	return BOOT_OK;
}

void tee_threads_start(struct tee *tee)
{
	committer_start(tee->committer);
}

void tee_close(struct tee *tee)
{
	if (!tee)
		return;
	certificate_cache_clear(&tee->certificates);
	key_cache_clear(&tee->keys);
	state_lists_clear(&tee->lists);
	arena_clear(&tee->texts);
	arena_clear(&tee->query_headers);
	trust_close(tee->trust);
	parser_close(tee->parser);
	committer_close(tee->committer);
	store_close(tee->store);
	boot_clear(&tee->boot);
	firmware_close(tee->firmware);
	if (tee->changes_fd >= 0)
		close(tee->changes_fd);
	if (tee->forgotten_fd >= 0)
		close(tee->forgotten_fd);
	free(tee->directory);
	free(tee);
}

const char *tee_name(const struct tee *tee)
{
	return tee->boot.tee_name;
}

bool tee_is_first(const struct tee *tee)
{
	return tee->options.tee == 0;
}

const char *tee_name_of(const struct tee *tee, unsigned int number)
{
	return number < tee->boot.tees ? tee->boot.names[number] : NULL;
}

static void message_begin(struct parser *parser, struct span octets,
			  const struct request_guess *guess, struct arena *arena,
			  struct parser_pending *envelope, struct parser_pending *request)
{
	parser_envelope_begin(parser, octets, arena, envelope);
	if (guess->payload.data)
		parser_request_begin(parser, guess->payload, arena, request);
}

/* Steps 1 to 4, in the parser's processes. */
static int request_take(struct exchange *exchange, struct span octets,
			const struct request_guess *guess)
{
	struct otrp_failure in_request = { 0 };
	struct parser_pending envelope, request;
	struct parser *parser = exchange->tee->parser;
	struct arena *arena = &exchange->arena;
	struct span payload;
	bool signing;
	int rc, rc_request = 0;

	exchange_ahead_begin(exchange, guess);
	signing = exchange->ahead.tid.data;
	if (!signing)
		message_begin(parser, octets, guess, arena, &envelope, &request);
	exchange_ahead_verify(exchange, guess);
	exchange_ahead_unwrap(exchange, guess);
	/* Where the firmware signs for longer than all of this takes, the children have our CPU,
	 * and not the firmware's. */
	parser_here(parser, signing);
	if (signing)
		message_begin(parser, octets, guess, arena, &envelope, &request);
	rc = parser_envelope_end(&envelope, arena, &exchange->envelope, &exchange->failure);
	exchange->message = (enum otrp_message)exchange->envelope.message;
	payload = exchange->envelope.jws.payload_text;
	/* Its identifiers are echoed even where it ends here. */
	if (payload.data) {
		if (!guess->payload.data || !span_equal(guess->payload, payload))
			parser_request_begin(parser, payload, arena, &request);
		rc_request = parser_request_end(&request, arena, &exchange->request, &in_request);
	}
	parser_here(parser, false);
	if (rc)
		return rc;
	if (rc_request) {
		exchange->failure = in_request;
		return rc_request;
	}
	if (exchange->request.message != exchange->envelope.message)
		return otrp_fail(&exchange->failure, OTRP_REQUEST_INVALID,
				 "the names of envelope and payload do not fit");
	return 0;
}

/* Steps 7 to 9, and 11. */
static int request_check(struct exchange *exchange)
{
	const struct otrp_request *request = &exchange->request;
	struct otrp_failure *failure = &exchange->failure;
	const struct tee *tee = exchange->tee;
	bool seen;
	int rc;

	if (request->refusal)
		return otrp_fail(failure, (enum otrp_status)request->refusal, "%s",
				 request->refusal_why.data ? span_text(request->refusal_why) : "");
	if (!request->rid.data || !request->tid.data)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "rid or tid is missing");
	if (exchange->message != OTRP_GET_DEVICE_STATE &&
	    (!request->tee.data || !span_is(request->tee, tee->boot.tee_name)))
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "tee: not the name of this TEE");
	rc = request_seen(tee->store, &exchange->arena, exchange->tamid, request->rid, request->tid,
			  &seen);
	if (rc)
		return exchange_store_failed(exchange, rc);
	if (seen) {
		exchange->noted = true;
		return otrp_fail(failure, OTRP_REQUEST_INVALID,
				 "a request with these rid and tid was here before");
	}
	if (exchange->message != OTRP_GET_DEVICE_STATE &&
	    (!exchange->memory.dsi_valid || !request->dsihash.data ||
	     memcmp(request->dsihash.data, exchange->memory.dsi_hash, DSI_HASH_SIZE) != 0))
		return otrp_fail(failure, OTRP_DEV_STATE_MISMATCH,
				 "dsihash is not of the state that was told last");
	return 0;
}

/* The content's key alone, for the answer to a request that failed before its content was read. */
static int content_decrypt(struct exchange *exchange, struct span *plaintext)
{
	const struct jwe *content = &exchange->request.content;
	struct span cek;
	int rc;

	if (!content->ciphertext.data || !content->tag.data || !content->iv.data ||
	    !content->encrypted_key.data || !content->protected_text.data)
		return -EBADMSG;
	rc = exchange_content_key(exchange, &cek);
	if (rc == 0)
		rc = jwe_decrypt_by(content, cek, &exchange->arena, plaintext);
	if (rc == 0)
		exchange->cek = cek;
	exchange->encryption = content->encryption;
	return rc;
}

/* A parser that was taken over may leave out what it found to be there. */
static bool content_complete(const struct exchange *exchange)
{
	const struct otrp_content *content = &exchange->content;
	const bool with_spid =
		exchange->message != OTRP_DELETE_SD && exchange->message != OTRP_DELETE_TA;
	const bool with_taid = exchange->message == OTRP_INSTALL_TA ||
			       exchange->message == OTRP_UPDATE_TA ||
			       exchange->message == OTRP_DELETE_TA;
	const bool with_ta = with_taid && exchange->message != OTRP_DELETE_TA;
	const bool with_did = exchange->message == OTRP_CREATE_SD;

	return content->tamid.data && content->sdname.data && (!with_spid || content->spid.data) &&
	       (!with_taid || content->taid.data) && (!with_did || content->did.data) &&
	       (!with_ta || exchange->request.ta_iv.data);
}

/* Steps 12 and 13. */
static int content_take(struct exchange *exchange)
{
	struct parser_pending pending;
	struct span plaintext;
	int rc = content_decrypt(exchange, &plaintext), remembered = 0;

	if (rc == -ENOTSUP)
		return otrp_fail(&exchange->failure, OTRP_UNSUPPORTED_CRYPTO_ALG,
				 "content: alg or enc is not supported, or not for this TEE's key");
	if (rc == -ENOMEM)
		return otrp_fail(&exchange->failure, OTRP_TEE_FAIL, "out of memory");
	if (rc)
		return otrp_fail(&exchange->failure, OTRP_REQUEST_INVALID,
				 "content: can't be decrypted");
	parser_content_begin(exchange->tee->parser, plaintext, exchange->message, &exchange->arena,
			     &pending);
	/* With a package, there is time for the rest later. */
	if (exchange->request.ta_data.data) {
		exchange_ta_key_ahead(exchange, plaintext);
	} else {
		exchange_wrap(exchange);
		remembered = exchange_remember(exchange);
	}
	rc = parser_content_end(&pending, &exchange->arena, &exchange->content, &exchange->failure);
	if (rc == 0 && remembered)
		return exchange_store_failed(exchange, remembered);
	if (rc == 0 && !content_complete(exchange))
		rc = otrp_fail(&exchange->failure, OTRP_TEE_FAIL,
			       "the parser's answer is not complete");
	return rc;
}

/* The TAM's own signature algorithm decides nothing about ours: the key does. */
static int algorithm_check(struct exchange *exchange)
{
	const enum jws_algorithm ours = jws_algorithm_of(key_kind(exchange->tee->boot.tee_key));

	if (exchange->request.has_algorithms && !(exchange->request.algorithms & 1U << ours))
		return otrp_fail(
			&exchange->failure, OTRP_UNSUPPORTED_CRYPTO_ALG,
			"this TEE signs with an algorithm that is not in supportedsigalgs");
	return 0;
}

/* The store alone has it while it may be changing. */
int exchange_clock_floor(struct exchange *exchange, uint64_t *seconds)
{
	struct tee *tee = exchange->tee;
	int rc = 0;

	if (!tee->clock_floor_known)
		rc = clock_floor_get(tee->store, &exchange->arena, &tee->clock_floor);
	tee->clock_floor_known = rc == 0;
	*seconds = tee->clock_floor;
	return rc;
}

int exchange_remember(struct exchange *exchange)
{
	struct store *store = exchange->tee->store;
	struct tam_memory *memory = &exchange->memory;
	uint64_t floor = 0;
	int rc = 0;

	if (exchange->remembered)
		return 0;
	exchange->remembered = true;
	if (exchange->message == OTRP_GET_DEVICE_STATE && exchange->failure.status == OTRP_PASS)
		rc = session_put(store, &exchange->arena, exchange->request.tid, memory,
				 &exchange->session);
	if (rc == 0)
		rc = request_note(store, &exchange->arena, exchange->tamid, memory,
				  exchange->request.rid, exchange->request.tid);
	if (rc == 0)
		rc = exchange_clock_floor(exchange, &floor);
	/* A response may be a little ahead of this clock, which must not lock it out. */
	if (exchange->produced > exchange->now)
		exchange->produced = exchange->now;
	if (rc == 0 && exchange->produced > (time_t)floor) {
		exchange->tee->clock_floor_known = false;
		rc = clock_floor_put(store, &exchange->arena, (uint64_t)exchange->produced);
	}
	return rc;
}

/* For those who hold a TA that may have been replaced: this file has another size from now on. It
 * says nothing that anybody believes, so it is no part of the transaction; it comes before the
 * commit, since who is killed between the two must not leave them with what was replaced, and who
 * asks meanwhile waits for the store. */
static void tas_changed(const struct tee *tee)
{
	struct stat st;

	if (fstat(tee->changes_fd, &st) == 0)
		(void)!ftruncate(tee->changes_fd, st.st_size % CHANGES_SIZE_MAX + 1);
}

/* All commands touch one domain, under the name that it had, or one that it has now. */
static void lists_follow(const struct exchange *exchange)
{
	const struct domain_name touched[] = {
		{ exchange->tamid, exchange->content.spid, exchange->content.sdname },
		exchange->domain.name,
	};
	struct tee *tee = exchange->tee;

	state_lists_follow(&tee->lists, tee->store, exchange->tamid, exchange->memory.dsigen,
			   touched,
			   span_equal(touched[0].spid, touched[1].spid) &&
					   span_equal(touched[0].sdname, touched[1].sdname)
				   ? 1
				   : 2);
}

/* Makes the state that goes into the answer, notes it, and commits. */
static int conclude(struct exchange *exchange, char **state)
{
	const bool query = exchange->message == OTRP_GET_DEVICE_STATE;
	int rc;

	if (exchange->changed) {
		exchange->memory.dsigen++;
		exchange->memory.dsi_valid = 0;
		lists_follow(exchange);
	}
	/* All that need not wait for the firmware's word, which the state has in it. */
	rc = exchange_remember(exchange);
	if (rc)
		return rc;
	if (query && exchange->failure.status == OTRP_PASS)
		exchange_wrap(exchange);
	if (query ? exchange->failure.status == OTRP_PASS : exchange->request.nextdsi) {
		*state = device_state_make(exchange, exchange->memory.dsi_hash);
		if (!*state)
			return -EIO;
		exchange->memory.dsi_valid = 1;
	}
	rc = tam_put(exchange->tee->store, &exchange->arena, exchange->tamid, &exchange->memory);
	if (rc)
		return rc;
	if (exchange->changed && exchange->message >= OTRP_DELETE_SD)
		tas_changed(exchange->tee);
	return 0;
}

/* What failed leaves but the memory of it. */
static void transaction_fail(struct exchange *exchange, char **state)
{
	struct store *store = exchange->tee->store;

	free(*state);
	*state = NULL;
	store_rollback(store);
	if (exchange->changed)
		state_lists_drop(&exchange->tee->lists, exchange->tamid);
	exchange->memory = exchange->before;
	exchange->changed = exchange->remembered = false;
	/* A repeated request changes nothing, not even what is remembered. */
	if (exchange->noted || !exchange->request.rid.data || !exchange->request.tid.data ||
	    store_begin(store))
		return;
	if (conclude(exchange, state) || store_commit(store)) {
		store_rollback(store);
		free(*state);
		*state = NULL;
	}
}

/* Steps 10 and 16: the whole of it in one transaction, which is committed while the answer is made
 * that tells of it (transaction_end()). */
static void transact(struct exchange *exchange, char **state)
{
	struct store *store = exchange->tee->store;
	int rc = store_begin(store);

	if (rc == 0)
		rc = tam_get(store, &exchange->arena, exchange->tamid, &exchange->memory);
	if (rc) {
		(void)exchange_store_failed(exchange, rc);
		store_rollback(store);
		return;
	}
	exchange->before = exchange->memory;
	rc = request_check(exchange);
	if (rc == 0 && exchange->message == OTRP_GET_DEVICE_STATE)
		rc = algorithm_check(exchange);
	else if (rc == 0)
		rc = content_take(exchange);
	if (rc == 0 && exchange->message != OTRP_GET_DEVICE_STATE)
		rc = exchange_execute(exchange);
	if (rc == 0) {
		rc = conclude(exchange, state);
		if (rc == 0) {
			exchange->committing = true;
			committer_begin(exchange->tee->committer);
			return;
		}
		(void)exchange_store_failed(exchange, rc);
	}
	transaction_fail(exchange, state);
}

/* Whether what the answer tells is done. If not, there is another failure to tell. */
static bool transaction_end(struct exchange *exchange, char **state)
{
	int rc;

	if (!exchange->committing)
		return true;
	exchange->committing = false;
	rc = committer_end(exchange->tee->committer);
	if (rc) {
		(void)exchange_store_failed(exchange, rc);
		transaction_fail(exchange, state);
		return false;
	}
	if (exchange->message == OTRP_GET_DEVICE_STATE) {
		exchange_session_keep(exchange);
		exchange_header_keep(exchange->tee, exchange->header);
	}
	/* Told late, it is told at the next start. */
	if (exchange->message == OTRP_DELETE_SD || exchange->message == OTRP_DELETE_TA)
		(void)forgotten_publish(exchange->tee);
	return true;
}

/* With a command, parsers work when it is woken, and we go on: it would wait behind us, to go on
 * when we wait for something else. For a query it is the first. */
int exchange_firmware_ask(struct exchange *exchange, struct span tid, bool query)
{
	struct firmware *firmware = exchange->tee->firmware;

	firmware_place(firmware, query ? TURN_ANYWHERE : TURN_ELSEWHERE);
	return firmware_sign_begin(firmware, tid.data, tid.size);
}

void exchange_sign_begin(struct exchange *exchange)
{
	const struct otrp_request *request = &exchange->request;

	if (exchange->signing || !request->tid.data || exchange->tee->boot.unattested ||
	    (exchange->message != OTRP_GET_DEVICE_STATE && !request->nextdsi))
		return;
	if (exchange->ahead.tid.data && span_equal(exchange->ahead.tid, request->tid)) {
		exchange->signing = true;
		return;
	}
	exchange->signing = exchange_firmware_ask(exchange, request->tid,
						  exchange->message == OTRP_GET_DEVICE_STATE) == 0;
}

static void process(struct exchange *exchange, struct span octets, char **state)
{
	struct request_guess guess;
	struct span unused;

	request_guess_make(octets, &guess);
	exchange->header = guess.header;
	if (request_take(exchange, octets, &guess) || exchange_authenticate(exchange))
		return;
	exchange_sign_begin(exchange);
	transact(exchange, state);
	if (exchange->failure.status && !exchange->cek.data &&
	    exchange->message != OTRP_GET_DEVICE_STATE && content_decrypt(exchange, &unused))
		exchange->cek = (struct span) { 0 };
}

void tee_rest(struct tee *tee)
{
	parser_refill(tee->parser);
}

bool tee_is_broken(const struct tee *tee)
{
	return parser_is_gone(tee->parser);
}

int tee_process(struct tee *tee, const void *request, size_t size, char **answer)
{
	struct exchange exchange = {
		.tee = tee,
		.now = (time_t)(device_clock_now_ns(&tee->options.clock) / 1000000000U) +
		       tee->options.clock_offset,
		.message = OTRP_MESSAGE_COUNT,
	};
	char *state = NULL;

	parser_ensure(tee->parser);
	process(&exchange, span_of(request, size), &state);
	*answer = answer_make(&exchange, state);
	if (!transaction_end(&exchange, &state)) {
		free(*answer);
		*answer = answer_make(&exchange, state);
	}
	free(state);
	EVP_PKEY_free(exchange.fits);
	EVP_PKEY_free(exchange.ahead.key);
	EVP_PKEY_free(exchange.sender);
	EVP_PKEY_free(exchange.aik);
	arena_clear(&exchange.arena);
	return *answer ? 0 : -EIO;
}

int tee_trust_update(struct tee *tee, const void *list, size_t size, char *err, size_t errlen)
{
	struct otrp_failure failure = { 0 };
	struct arena arena = { 0 };
	struct trust_list parsed;
	struct jws jws;
	int rc;

	rc = parser_list_envelope(tee->parser, span_of(list, size), &arena, &jws, &failure);
	if (rc == 0 && (!jws.payload_text.data || !jws.protected_text.data || !jws.signature.data ||
			!jws_verify(&jws, X509_get0_pubkey(tee->boot.admin)))) {
		(void)otrp_fail(&failure, OTRP_REQUEST_INVALID,
				"is not signed by the device's administrator");
		rc = -EACCES;
	}
	if (rc == 0)
		rc = parser_list(tee->parser, jws.payload_text, &arena, &parsed, &failure);
	if (rc)
		snprintf(err, errlen, "the list: %s", failure.why);
	else
		rc = trust_update(tee->trust, tee->store, tee->parser, &parsed, err, errlen);
	parser_refill(tee->parser);
	arena_clear(&arena);
	return rc;
}
