/*
 * OTrP commands in the TEE, from request to durable answer, against the cryptography that the
 * protocol makes unavoidable, done by libcrypto alone: with RSA-2048 in every role but the
 * anonymous keys, which are P-256. And the same commands on a device with ten thousand domains,
 * against one with ten.
 *
 * The yardstick is one thread that does one thing after the other, with contexts and keys that are
 * ready: signatures, the keys of contents, and each octet once through every cipher and hash that
 * the messages say. Base64, JSON, the sealing of the store and of what is in it, the check of
 * certificates that are known, and the derivation of keys out of secrets are not in it. The TEE has
 * processes of its own for the firmware and for parsers, so it uses a second core where there is
 * one: the firmware signs while the TEE does something else.
 */
#include <errno.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "otrp/domains.h"
#include "tam_kit.h"

/* What each command must do at least. */
struct work {
	/* The request's signature, and a package's. The TAM's certificates and their OCSP responses
	 * are verified once for as long as the same ones come, so they are not in here. */
	unsigned int verify;
	unsigned int decrypt; /* the content's key */
	unsigned int sign;    /* answer, firmware's word */
	unsigned int make_aik, unwrap_aik;
};

/* Octets, as the messages themselves have them. */
struct lengths {
	size_t asked, answered; /* signed text, of request and answer */
	size_t opened, sealed;	/* content, which is encrypted and has a tag; sealed: the state */
	size_t package;		/* encrypted once more, and signed by its digest */
};

struct side {
	struct kit kit;
	enum otrp_message message;
	char *request;
	unsigned int turn;
	uint8_t *package;
	size_t package_size;
	bool unlisted; /* what is measured asks for no state */
};

struct bare {
	EVP_PKEY *key, *aik, *curve;
	struct work work;
	struct lengths lengths;
	EVP_PKEY_CTX *signer, *verifier, *decrypter, *encrypter;
	uint8_t signature[256], wrapped[256], digest[32], point[65];
	uint8_t *octets;
	size_t room;
};

static bool point_open(struct bare *bare)
{
	size_t size;

	/* A key without its point, as a program has it ready. */
	bare->aik = EVP_EC_gen("P-256");
	bare->curve = EVP_PKEY_new();
	return bare->aik && bare->curve && EVP_PKEY_copy_parameters(bare->curve, bare->aik) == 1 &&
	       EVP_PKEY_get_octet_string_param(bare->aik, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
					       bare->point, sizeof(bare->point), &size) == 1 &&
	       size == sizeof(bare->point);
}

static bool bare_open(struct bare *bare, const struct work *work, const struct lengths *lengths)
{
	size_t size = sizeof(bare->signature), room = sizeof(bare->wrapped);

	bare->work = *work;
	bare->lengths = *lengths;
	bare->room = lengths->asked + lengths->answered + lengths->sealed + lengths->package + 64;
	bare->key = EVP_RSA_gen(2048);
	bare->octets = calloc(1, bare->room);
	bare->signer = EVP_PKEY_CTX_new(bare->key, NULL);
	bare->verifier = EVP_PKEY_CTX_new(bare->key, NULL);
	bare->decrypter = EVP_PKEY_CTX_new(bare->key, NULL);
	bare->encrypter = EVP_PKEY_CTX_new(bare->key, NULL);
	return point_open(bare) && bare->octets && EVP_PKEY_sign_init(bare->signer) > 0 &&
	       EVP_PKEY_CTX_set_signature_md(bare->signer, EVP_sha256()) > 0 &&
	       EVP_PKEY_verify_init(bare->verifier) > 0 &&
	       EVP_PKEY_CTX_set_signature_md(bare->verifier, EVP_sha256()) > 0 &&
	       EVP_PKEY_decrypt_init(bare->decrypter) > 0 &&
	       EVP_PKEY_encrypt_init(bare->encrypter) > 0 &&
	       EVP_PKEY_sign(bare->signer, bare->signature, &size, bare->digest, 32) > 0 &&
	       EVP_PKEY_encrypt(bare->encrypter, bare->wrapped, &room, bare->digest, 32) > 0;
}

static void bare_close(struct bare *bare)
{
	EVP_PKEY_CTX_free(bare->signer);
	EVP_PKEY_CTX_free(bare->verifier);
	EVP_PKEY_CTX_free(bare->decrypter);
	EVP_PKEY_CTX_free(bare->encrypter);
	EVP_PKEY_free(bare->key);
	EVP_PKEY_free(bare->aik);
	EVP_PKEY_free(bare->curve);
	free(bare->octets);
}

static bool hashed(const struct bare *bare, size_t size)
{
	uint8_t digest[32];

	return EVP_Digest(bare->octets, size, digest, NULL, EVP_sha256(), NULL) == 1;
}

static bool ciphered(const struct bare *bare, const EVP_CIPHER *cipher, size_t size, bool encrypt)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int n;
	bool done = context &&
		    EVP_CipherInit_ex(context, cipher, NULL, bare->digest, bare->digest, encrypt) ==
			    1 &&
		    EVP_CipherUpdate(context, bare->octets, &n, bare->octets, (int)size) == 1;

	EVP_CIPHER_CTX_free(context);
	return done;
}

static bool tagged(const struct bare *bare, size_t size)
{
	uint8_t tag[32];

	return HMAC(EVP_sha256(), bare->digest, 16, bare->octets, size, tag, NULL) != NULL;
}

static bool octets_through(const struct bare *bare)
{
	const struct lengths *lengths = &bare->lengths;
	const EVP_CIPHER *small = EVP_aes_128_cbc();

	return hashed(bare, lengths->asked) && hashed(bare, lengths->answered) &&
	       hashed(bare, lengths->sealed) && ciphered(bare, small, lengths->sealed, true) &&
	       tagged(bare, lengths->sealed) &&
	       (!lengths->opened ||
		(tagged(bare, lengths->opened) && ciphered(bare, small, lengths->opened, false))) &&
	       (!lengths->package || (ciphered(bare, EVP_aes_256_cbc(), lengths->package, false) &&
				      hashed(bare, lengths->package)));
}

/* The peer's point, which has to lie on its curve: with one of prime order no more is to be seen.
 */
static bool aik_agree(const struct bare *bare)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(bare->aik, NULL);
	EVP_PKEY *peer = EVP_PKEY_dup(bare->curve);
	uint8_t secret[32];
	size_t size = sizeof(secret);
	const bool done =
		context && peer &&
		EVP_PKEY_set1_encoded_public_key(peer, bare->point, sizeof(bare->point)) == 1 &&
		EVP_PKEY_derive_init(context) > 0 &&
		EVP_PKEY_derive_set_peer_ex(context, peer, 0) > 0 &&
		EVP_PKEY_derive(context, secret, &size) > 0;

	EVP_PKEY_free(peer);
	EVP_PKEY_CTX_free(context);
	return done;
}

static int bare_call(void *context)
{
	struct bare *bare = context;
	const struct work *work = &bare->work;
	bool done = octets_through(bare);
	uint8_t out[256];
	size_t size;

	for (unsigned int i = 0; done && i < work->verify; i++)
		done = EVP_PKEY_verify(bare->verifier, bare->signature, 256, bare->digest, 32) > 0;
	for (unsigned int i = 0; done && i < work->decrypt; i++) {
		size = sizeof(out);
		done = EVP_PKEY_decrypt(bare->decrypter, out, &size, bare->wrapped, 256) > 0;
	}
	/* The answer's content key. */
	size = sizeof(out);
	done = done && EVP_PKEY_encrypt(bare->encrypter, out, &size, bare->digest, 32) > 0;
	for (unsigned int i = 0; done && i < work->sign; i++) {
		size = sizeof(out);
		done = EVP_PKEY_sign(bare->signer, out, &size, bare->digest, 32) > 0;
	}
	for (unsigned int i = 0; done && i < work->make_aik; i++) {
		EVP_PKEY *made = EVP_EC_gen("P-256");

		done = made != NULL;
		EVP_PKEY_free(made);
	}
	for (unsigned int i = 0; done && i < work->unwrap_aik; i++)
		done = aik_agree(bare);
	return done ? 0 : -EIO;
}

static json_t *content_of(struct side *side, enum otrp_message message)
{
	const char *name = side->turn % 2 && message == OTRP_UPDATE_SD ? "sd2" : "sd";
	json_t *content;

	switch (message) {
	case OTRP_CREATE_SD:
		return kit_create_content(&side->kit, &side->kit.tam, "sp", "sd");
	case OTRP_UPDATE_SD:
		content = kit_sd_content(&side->kit.tam, "sp", name);
		json_object_set_new(content, "changes",
				    json_pack("{s:s}", "newsdname",
					      strcmp(name, "sd") ? "sd" : "sd2"));
		return content;
	case OTRP_DELETE_SD:
		return kit_sd_content(&side->kit.tam, "sp", "sd");
	default:
		return kit_ta_content(&side->kit.tam, "sp", "sd", KIT_TAID);
	}
}

static void request_prepare(struct side *side, enum otrp_message message, bool unlisted)
{
	struct kit_request request = { .message = message, .without_dsi = unlisted };

	if (message == OTRP_INSTALL_TA || message == OTRP_UPDATE_TA)
		request.encrypted_ta =
			kit_encrypted_ta(&side->kit, "sp", side->package, side->package_size, "{}",
					 message == OTRP_UPDATE_TA);
	if (message != OTRP_GET_DEVICE_STATE)
		request.content = content_of(side, message);
	free(side->request);
	side->request = kit_request(&side->kit, &request);
}

static void execute(struct side *side, enum otrp_message message)
{
	struct kit_answer answer;

	request_prepare(side, message, false);
	kit_send(&side->kit, &side->kit.tam, side->request, strlen(side->request), &answer);
	kit_answer_clear(&answer);
}

/* The TAM is a network away. */
static void side_rest(struct side *side)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };

	tee_rest(side->kit.tee);
	(void)nanosleep(&pause, NULL);
}

/* Whatever must be there before the command, and then its request. */
static void side_ready(struct side *side)
{
	side_rest(side);
	kit_state(&side->kit, &side->kit.tam);
	side->turn++;
	switch (side->message) {
	case OTRP_DELETE_SD:
		execute(side, OTRP_CREATE_SD);
		break;
	case OTRP_CREATE_SD:
		execute(side, OTRP_DELETE_SD);
		break;
	case OTRP_INSTALL_TA:
		execute(side, OTRP_DELETE_TA);
		break;
	case OTRP_DELETE_TA:
		execute(side, OTRP_INSTALL_TA);
		break;
	default:
		break;
	}
	request_prepare(side, side->message, side->unlisted);
}

static int side_call(void *context)
{
	struct side *side = context;
	char *answer;
	int rc = tee_process(side->kit.tee, side->request, strlen(side->request), &answer);

	/* The kit reads whether it passed at its next state; a failure here is an answer without.
	 */
	if (rc == 0)
		free(answer);
	return rc;
}

static void side_after(void *context)
{
	side_ready(context);
}

static bool side_open(struct side *side, enum otrp_message message)
{
	static const struct kit_kinds kinds = { KEY_RSA, KEY_RSA, KEY_RSA, KEY_P256,
						KEY_RSA, 0,	  false };
	static char parser[512], firmware[512];
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	snprintf(parser, sizeof(parser), "%s/../libexec/teesim/teesim-otrp-parser", self);
	snprintf(firmware, sizeof(firmware), "%s/../libexec/teesim/tee-firmware", self);
	/* As tee-otrp has it. */
	(void)mallopt(M_TRIM_THRESHOLD, 4 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 4 << 20);
	kit_open(&side->kit, &kinds);
	side->kit.options.parser = parser;
	side->kit.options.firmware = firmware;
	kit_restart(&side->kit);
	side->message = message;
	side->package = kit_package(&side->kit, 1, &side->package_size);
	kit_state(&side->kit, &side->kit.tam);
	if (message != OTRP_CREATE_SD && message != OTRP_DELETE_SD)
		execute(side, OTRP_CREATE_SD);
	if (message == OTRP_UPDATE_TA)
		execute(side, OTRP_INSTALL_TA);
	return true;
}

static size_t payload_length(const char *message)
{
	static const char name[] = "\"payload\":\"";
	const char *found = strstr(message, name);

	return found ? strcspn(found + strlen(name), "\"") : 0;
}

/* From one request and its answer; then all is ready for another. */
static bool lengths_take(struct side *side, struct lengths *out)
{
	const bool with_package =
		side->message == OTRP_INSTALL_TA || side->message == OTRP_UPDATE_TA;
	char *answer;

	*out = (struct lengths) { 0 };
	side_ready(side);
	if (tee_process(side->kit.tee, side->request, strlen(side->request), &answer))
		return false;
	out->asked = payload_length(side->request);
	out->answered = payload_length(answer);
	/* In base64 of base64; what else is in there is short. */
	out->sealed = out->answered * 9 / 16;
	out->package = with_package ? side->package_size : 0;
	if (side->message != OTRP_GET_DEVICE_STATE)
		out->opened = out->asked * 9 / 16 - out->package;
	free(answer);
	side_after(side);
	return out->asked && out->answered;
}

static void side_close(struct side *side)
{
	free(side->request);
	OPENSSL_free(side->package);
	kit_close(&side->kit);
}

static const struct {
	enum otrp_message message;
	const char *name, *many_name, *one_name, *title;
	struct work work;
} commands[] = {
	{ OTRP_GET_DEVICE_STATE,
	  "otrp_state",
	  "otrp_state_many",
	  NULL,
	  "GetDeviceState",
	  { 1, 0, 2, 0, 0 } },
	{ OTRP_CREATE_SD,
	  "otrp_create_sd",
	  "otrp_create_sd_many",
	  "otrp_create_sd_one_tam",
	  "CreateSD",
	  { 1, 1, 2, 1, 0 } },
	{ OTRP_UPDATE_SD,
	  "otrp_update_sd",
	  "otrp_update_sd_many",
	  "otrp_update_sd_one_tam",
	  "UpdateSD",
	  { 1, 1, 2, 0, 0 } },
	{ OTRP_DELETE_SD,
	  "otrp_delete_sd",
	  "otrp_delete_sd_many",
	  "otrp_delete_sd_one_tam",
	  "DeleteSD",
	  { 1, 1, 2, 0, 0 } },
	{ OTRP_INSTALL_TA,
	  "otrp_install_ta",
	  "otrp_install_ta_many",
	  "otrp_install_ta_one_tam",
	  "InstallTA",
	  { 2, 1, 2, 0, 1 } },
	{ OTRP_UPDATE_TA,
	  "otrp_update_ta",
	  "otrp_update_ta_many",
	  "otrp_update_ta_one_tam",
	  "UpdateTA",
	  { 2, 1, 2, 0, 1 } },
	{ OTRP_DELETE_TA,
	  "otrp_delete_ta",
	  "otrp_delete_ta_many",
	  "otrp_delete_ta_one_tam",
	  "DeleteTA",
	  { 1, 1, 2, 0, 0 } },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void command_measure(struct bench *bench, size_t i)
{
	struct bare bare = { 0 };
	struct side side = { 0 };
	struct lengths lengths;
	char title[96];

	snprintf(title, sizeof(title), "%s in the TEE, RSA-2048", commands[i].title);
	if (!side_open(&side, commands[i].message) || !lengths_take(&side, &lengths) ||
	    !bare_open(&bare, &commands[i].work, &lengths)) {
		harness_fail(bench, commands[i].name, title, "the device or libcrypto fails");
	} else {
		const struct measurement measurement = {
			.name = commands[i].name,
			.title = title,
			.goal = GOAL_RATIO_AT_MOST,
			.target = 1.3,
			.thing = { "teesim", side_call, side_after, NULL, &side },
			.yardstick = { "libcrypto", bare_call, NULL, NULL, &bare },
			.calls = 8,
			.round_ms = 200,
			.anywhere = true,
		};

		(void)harness_measure(bench, &measurement);
		side_close(&side);
	}
	bare_close(&bare);
}

void otrp_commands_run(struct bench *bench)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		command_measure(bench, i);
}

/* Of an SP's first domain, what its TAM is told of it. */
static int key_add(struct store *store, struct arena *arena, const struct domain_name *name)
{
	static const struct aik_public public = {
		{ (const uint8_t *)"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", 36 },
		{ (const uint8_t *)"ECC", 3 },
	};

	return aik_public_put(store, arena, name->tamid, name->spid, &public);
}

/* Domains of other TAMs, ten each, or of the kit's, ten of each SP, straight into the store of a
 * TEE that does not run. */
static bool domains_add(struct side *side, unsigned int count, bool of_one)
{
	char err[512], tamid[32] = KIT_TAMID, spid[32] = "sp", name[32];
	struct store *store;
	int rc;

	tee_close(side->kit.tee);
	side->kit.tee = NULL;
	rc = store_open(&store, side->kit.device, &(struct store_options) { 0 }, err, sizeof(err));
	if (rc == 0)
		rc = store_begin(store);
	for (unsigned int i = 0; rc == 0 && i < count; i++) {
		struct arena arena = { 0 };
		struct domain domain = { 0 };

		if (of_one)
			snprintf(spid, sizeof(spid), "sp%05u", i / 10);
		else
			snprintf(tamid, sizeof(tamid), "1.3.6.1.4.1.1.%u", i / 10);
		snprintf(name, sizeof(name), "sd%u", i);
		domain.name = (struct domain_name) { span_of_text(tamid), span_of_text(spid),
						     span_of_text(name) };
		domain.signers.count = 1;
		domain.signers.item[0] = span_of(side->package, 600);
		rc = domain_put(store, &arena, &domain);
		if (rc == 0 && of_one && i % 10 == 0)
			rc = key_add(store, &arena, &domain.name);
		arena_clear(&arena);
	}
	if (rc == 0)
		rc = store_commit(store);
	if (rc == 0)
		store_close(store);
	kit_restart(&side->kit);
	return rc == 0;
}

static void many_measure(struct bench *bench, size_t i, bool of_one)
{
	struct side many = { .unlisted = of_one }, few = { .unlisted = of_one };
	const char *name = of_one ? commands[i].one_name : commands[i].many_name;
	char title[96];

	snprintf(title, sizeof(title), "%s with 10,000 domains %s", commands[i].title,
		 of_one ? "of its TAM" : "on the device");
	if (!side_open(&many, commands[i].message) || !side_open(&few, commands[i].message) ||
	    !domains_add(&many, 10000, of_one) || !domains_add(&few, 10, of_one)) {
		harness_fail(bench, name, title, "the device fails");
		return;
	}
	side_ready(&many);
	side_ready(&few);
	(void)harness_measure(bench,
			      &(struct measurement) {
				      .name = name,
				      .title = title,
				      .goal = GOAL_RATIO_AT_MOST,
				      .target = 2,
				      .thing = { "10,000", side_call, side_after, NULL, &many },
				      .yardstick = { "10", side_call, side_after, NULL, &few },
				      .calls = of_one ? 3 : 8,
				      .round_ms = 200,
				      .anywhere = true,
			      });
	side_close(&many);
	side_close(&few);
}

void otrp_many_run(struct bench *bench)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		many_measure(bench, i, false);
}

/* What names the state names all of them, so it is commands that ask for none. */
void otrp_one_tam_run(struct bench *bench)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (commands[i].one_name)
			many_measure(bench, i, true);
}
