/*
 * The client of the authentication example, and in the same program the site it signs in to:
 *
 *   teep-authentication register SITE KEYFILE   a key for the site, who keeps the public half
 *   teep-authentication sign-in SITE KEYFILE    answers a challenge; the site checks the answer
 *   teep-authentication leak SITE               tries all ways to get the private half
 *   teep-authentication                         does all of that once
 *
 * KEYFILE stands for the site's database. The site trusts nobody here but the key in it.
 */
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <authentication_ta.h>

static const TEEC_UUID uuid = AUTHENTICATION_TA_UUID;
static TEEC_Context context;
static TEEC_Session session;

static TEEC_Result session_open(void)
{
	return TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL);
}

static int report(const char *what, TEEC_Result result)
{
	if (result != TEEC_SUCCESS)
		fprintf(stderr, "teep-authentication: %s: error 0x%08" PRIx32 "\n", what, result);
	return result == TEEC_SUCCESS ? 0 : 1;
}

static void set_memory(TEEC_Parameter *param, const void *data, size_t size)
{
	param->tmpref.buffer = (void *)data;
	param->tmpref.size = size;
}

/* ---- The site ---------------------------------------------------------------------------------
 */

struct site_record {
	uint8_t point[AUTHENTICATION_POINT_SIZE];
	uint32_t count; /* of the last answer */
};

static int record_write(const char *path, const struct site_record *record)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(record, 1, sizeof(*record), file) != sizeof(*record) || fclose(file)) {
		perror(path);
		return 1;
	}
	return 0;
}

static int record_read(const char *path, struct site_record *record)
{
	FILE *file = fopen(path, "rb");

	if (!file || fread(record, 1, sizeof(*record), file) != sizeof(*record)) {
		fprintf(stderr, "teep-authentication: %s is no key file; `register` makes one\n",
			path);
		return 1;
	}
	fclose(file);
	return 0;
}

static EVP_PKEY *key_of(const uint8_t point[AUTHENTICATION_POINT_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new();
	EVP_PKEY *curve = EVP_EC_gen("P-256");

	/* The parameters come from any key of the curve. */
	if (key && curve &&
	    (EVP_PKEY_copy_parameters(key, curve) != 1 ||
	     EVP_PKEY_set1_encoded_public_key(key, point, AUTHENTICATION_POINT_SIZE) != 1)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EVP_PKEY_free(curve);
	return key;
}

/* OpenSSL takes a signature in DER, the TEE gives r and s. */
static int signature_encode(const uint8_t signature[AUTHENTICATION_SIGNATURE_SIZE], uint8_t **der)
{
	const size_t half = AUTHENTICATION_SIGNATURE_SIZE / 2;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	int size = -1;

	*der = NULL;
	if (pair && ECDSA_SIG_set0(pair, BN_bin2bn(signature, (int)half, NULL),
				   BN_bin2bn(signature + half, (int)half, NULL)))
		size = i2d_ECDSA_SIG(pair, der);
	ECDSA_SIG_free(pair);
	return size;
}

static int signature_holds(const uint8_t point[AUTHENTICATION_POINT_SIZE],
			   const struct authentication_statement *statement,
			   const uint8_t signature[AUTHENTICATION_SIGNATURE_SIZE])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY *key = key_of(point);
	uint8_t *der;
	const int size = signature_encode(signature, &der);
	const int holds = digest && key && size > 0 &&
			  EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key) == 1 &&
			  EVP_DigestVerify(digest, der, (size_t)size, (const uint8_t *)statement,
					   sizeof(*statement)) == 1;

	OPENSSL_free(der);
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(digest);
	return holds;
}

/* Is it the answer to this challenge, for this site, with the key that was registered, and new? */
static int site_accepts(const char *site, struct site_record *record,
			const uint8_t challenge[AUTHENTICATION_CHALLENGE_SIZE],
			const struct authentication_statement *statement,
			const uint8_t signature[AUTHENTICATION_SIGNATURE_SIZE])
{
	uint8_t hash[AUTHENTICATION_HASH_SIZE];

	if (!EVP_Digest(site, strlen(site), hash, NULL, EVP_sha256(), NULL) ||
	    memcmp(hash, statement->site_hash, sizeof(hash)) != 0 ||
	    memcmp(challenge, statement->challenge, AUTHENTICATION_CHALLENGE_SIZE) != 0 ||
	    statement->count <= record->count ||
	    !signature_holds(record->point, statement, signature))
		return 0;
	record->count = statement->count;
	return 1;
}

/* ---- The client -------------------------------------------------------------------------------
 */

static int site_register(const char *site, const char *path)
{
	TEEC_Operation operation = { 0 };
	struct site_record record = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT,
						TEEC_NONE, TEEC_NONE);
	set_memory(&operation.params[0], site, strlen(site));
	set_memory(&operation.params[1], record.point, sizeof(record.point));
	if (report("register",
		   TEEC_InvokeCommand(&session, AUTHENTICATION_CMD_REGISTER, &operation, NULL)) ||
	    record_write(path, &record))
		return 1;
	printf("%s has the public key %02x%02x%02x%02x...\n", site, record.point[1],
	       record.point[2], record.point[3], record.point[4]);
	return 0;
}

static TEEC_Result answer_get(const char *site,
			      const uint8_t challenge[AUTHENTICATION_CHALLENGE_SIZE],
			      struct authentication_statement *statement,
			      uint8_t signature[AUTHENTICATION_SIGNATURE_SIZE])
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_INPUT,
						TEEC_MEMREF_TEMP_OUTPUT, TEEC_MEMREF_TEMP_OUTPUT);
	set_memory(&operation.params[0], site, strlen(site));
	set_memory(&operation.params[1], challenge, AUTHENTICATION_CHALLENGE_SIZE);
	set_memory(&operation.params[2], statement, sizeof(*statement));
	set_memory(&operation.params[3], signature, AUTHENTICATION_SIGNATURE_SIZE);
	return TEEC_InvokeCommand(&session, AUTHENTICATION_CMD_SIGN_IN, &operation, NULL);
}

static int sign_in(const char *site, const char *path)
{
	uint8_t challenge[AUTHENTICATION_CHALLENGE_SIZE], signature[AUTHENTICATION_SIGNATURE_SIZE];
	struct authentication_statement statement;
	struct site_record record;

	if (record_read(path, &record))
		return 1;
	if (RAND_bytes(challenge, sizeof(challenge)) != 1)
		return 1;
	if (report("sign in", answer_get(site, challenge, &statement, signature)))
		return 1;
	if (!site_accepts(site, &record, challenge, &statement, signature)) {
		printf("%s does not believe it\n", site);
		return 1;
	}
	printf("%s believes it, the %" PRIu32 ". time\n", site, statement.count);
	/* The same answer to the next challenge, by somebody who listened. */
	challenge[0] ^= 1;
	if (site_accepts(site, &record, challenge, &statement, signature))
		return 1;
	printf("%s does not believe what it heard before\n", site);
	return record_write(path, &record);
}

/* Each attempt costs the instance its life, and the client its session. */
static int leak(const char *site)
{
	static const char *const ways[AUTHENTICATION_LEAK_COUNT] = { "reading it",
								     "allowing it to be read",
								     "reading a copy" };
	uint8_t private_key[AUTHENTICATION_SIGNATURE_SIZE] = { 0 };
	TEEC_Operation operation;
	TEEC_Result result;

	for (uint32_t way = 0; way < AUTHENTICATION_LEAK_COUNT; way++) {
		operation = (TEEC_Operation) { 0 };
		operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
							TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE);
		set_memory(&operation.params[0], site, strlen(site));
		operation.params[1].value.a = way;
		set_memory(&operation.params[2], private_key, sizeof(private_key));
		result = TEEC_InvokeCommand(&session, AUTHENTICATION_CMD_LEAK, &operation, NULL);
		if (result != TEEC_ERROR_TARGET_DEAD) {
			printf("%s: 0x%08" PRIx32 ", and the TEE let it happen\n", ways[way],
			       result);
			return 1;
		}
		printf("%s: the TEE ended the trusted application\n", ways[way]);
		TEEC_CloseSession(&session);
		if (report("a new session", session_open()))
			exit(1);
	}
	return 0;
}

static int tour(void)
{
	char path[] = "/tmp/teep-authentication.XXXXXX";
	const int fd = mkstemp(path);
	int status;

	if (fd < 0) {
		perror(path);
		return 1;
	}
	status = site_register("bank.example", path) || sign_in("bank.example", path) ||
		 leak("bank.example") || sign_in("bank.example", path);
	remove(path);
	return status;
}

static int run(int argc, char **argv)
{
	if (argc == 1)
		return tour();
	if (argc == 4 && !strcmp(argv[1], "register"))
		return site_register(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "sign-in"))
		return sign_in(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "leak"))
		return leak(argv[2]);
	fputs("usage: teep-authentication [register SITE KEYFILE | sign-in SITE KEYFILE |\n"
	      "                            leak SITE]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	int status;

	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (report("reaching the TEE", TEEC_InitializeContext(NULL, &context)))
		return 1;
	status = report("opening a session", session_open());
	if (!status) {
		status = run(argc, argv);
		TEEC_CloseSession(&session);
	}
	TEEC_FinalizeContext(&context);
	return status;
}
