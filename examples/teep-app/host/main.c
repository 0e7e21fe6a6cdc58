/*
 * A wallet, as a client application whose trusted application (that of ../teep-payment) may not be
 * on the device yet:
 *
 *   teep-app [OPTION…] pay PIN AMOUNT PAYEE   pays; brings the trusted application to the device
 *                                             first when it is not there
 *   teep-app [OPTION…] refresh                asks the TAM whether there is anything new
 *
 *   --tam URI        the service provider's TAM (default: the one the agent is configured with)
 *   --root FILE      the root of that TAM's certificate, which this application ships with
 *   --package FILE   the trusted application, when it ships with this one: the TAM only allows it
 *   --spid NAME      the service provider (default: com.example.wallet)
 *   --keys FILE      where to keep the TAM's statement (default: teep-app.keys)
 *
 * Whom it believes: the TAM, by his root; then the TEE, for the TAM says by which key it signs. The
 * agent, the network and the TEE's own statements about its key it does not.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>
#include <teesim_agent.h>

#include <payment_ta.h>

#include "statement.h"

#define TAID "a819c571-318e-405c-b46d-905d70f96861"

static struct {
	const char *tam, *root, *package, *spid, *keys;
} settings = { .spid = "com.example.wallet", .keys = "teep-app.keys" };

static TEEC_Context context;
static TEEC_Session session;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "teep-app: %s: %s\n", what, why);
	exit(1);
}

static _Noreturn void die_of(const char *what, TEEC_Result result)
{
	char code[32];

	snprintf(code, sizeof(code), "error 0x%08" PRIx32, result);
	die(what, code);
}

/* ---- Files ------------------------------------------------------------------------------------
 */

/* A whole file with a zero octet behind; the caller's. */
static char *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *data = NULL;
	long length;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) >= 0) {
		rewind(file);
		data = malloc((size_t)length + 1);
		if (data) {
			*size = fread(data, 1, (size_t)length, file);
			data[*size] = '\0';
		}
	}
	fclose(file);
	return data;
}

static void file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		die(path, strerror(errno));
}

static X509 *root_read(void)
{
	FILE *file = settings.root ? fopen(settings.root, "r") : NULL;
	X509 *root = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

	if (!root)
		die(settings.root ? settings.root : "--root", "the root of the TAM is needed");
	fclose(file);
	return root;
}

/* ---- The trusted application, brought and checked ---------------------------------------------
 */

static int progress(void *unused, enum teesim_agent_step step, const char *text)
{
	(void)unused;
	if (step != TEESIM_AGENT_STEP_FINISHED)
		printf("  %s\n", text);
	return 0;
}

/* Has the agent bring TEE and TAM together. What the TAM says of keys is kept. */
static void ask(struct teesim_agent *agent)
{
	char *keys = NULL, *package;
	size_t size;
	int rc;

	if (settings.package) {
		package = file_read(settings.package, &size);
		if (!package)
			die(settings.package, strerror(errno));
		rc = teesim_agent_offer_ta(agent, TAID, package, size, settings.tam, progress, NULL,
					   &keys);
		free(package);
	} else {
		rc = teesim_agent_request_ta(agent, TAID, settings.tam, progress, NULL, &keys);
	}
	if (rc)
		die("the TAM", teesim_agent_reason());
	if (keys)
		file_write(settings.keys, keys);
	teesim_agent_free(keys);
}

static void same_or_die(const json_t *information, const char *name, const char *wanted)
{
	const char *said = json_string_value(json_object_get(information, name));

	if (!said || strcmp(said, wanted) != 0)
		die("the TA information is about another TA", name);
}

/* Is the TA on this device the one that the TAM put there for our service provider? */
static void check(struct teesim_agent *agent)
{
	const char *why = "";
	char *text = NULL, *kept;
	X509 *root = root_read(), *tam, *installed_by, *signer;
	json_t *information;
	EVP_PKEY *key;
	size_t size;

	kept = file_read(settings.keys, &size);
	if (!kept)
		die(settings.keys, "the TAM has said nothing yet");
	key = statement_key(kept, root, settings.spid, TAID, &tam, &why);
	if (!key)
		die(settings.keys, why);
	if (teesim_agent_get_ta_information(agent, settings.spid, TAID, &text))
		die("the TA information", teesim_agent_reason());
	information = statement_information(text, key, &why);
	if (!information)
		die("the TA information", why);
	same_or_die(information, "taid", TAID);
	same_or_die(information, "spid", settings.spid);
	installed_by = statement_certificate(json_object_get(information, "tamcert"));
	signer = statement_certificate(json_object_get(information, "signercert"));
	if (!installed_by || X509_cmp(installed_by, tam) != 0)
		die("the TA information", "another TAM installed it");
	if (signer) {
		char name[128] = "?";

		X509_NAME_get_text_by_NID(X509_get_subject_name(signer), NID_commonName, name,
					  sizeof(name));
		printf("the TA is the one that our TAM installed, signed by %s\n", name);
	}
	X509_free(signer);
	X509_free(installed_by);
	json_decref(information);
	teesim_agent_free(text);
	EVP_PKEY_free(key);
	X509_free(tam);
	X509_free(root);
	free(kept);
}

static TEEC_Result session_open(void)
{
	const TEEC_UUID uuid = PAYMENT_TA_UUID;

	return TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL);
}

/* A session with the TA, wherever it has to come from. */
static void session_have(struct teesim_agent *agent)
{
	TEEC_Result result = session_open();

	if (result == TEEC_ERROR_ITEM_NOT_FOUND) {
		puts("the TA is not on this device; asking the TAM for it");
		ask(agent);
		result = session_open();
	}
	if (result == TEEC_ERROR_ITEM_NOT_FOUND)
		die("the TAM", "has not installed the TA; does it want it on this device?");
	if (result != TEEC_SUCCESS)
		die_of("opening a session", result);
	check(agent);
}

/* ---- What it is for ---------------------------------------------------------------------------
 */

/* The card's state; false when there is no card yet. */
static int card_state(uint32_t *payments, uint32_t *version)
{
	TEEC_Operation operation = { 0 };
	TEEC_Result result;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	result = TEEC_InvokeCommand(&session, PAYMENT_CMD_STATUS, &operation, NULL);
	if (result == TEEC_ERROR_ITEM_NOT_FOUND)
		return 0;
	if (result != TEEC_SUCCESS)
		die_of("the card", result);
	*payments = operation.params[0].value.b;
	*version = operation.params[1].value.a;
	return 1;
}

static void card_make(const char *pin)
{
	TEEC_Operation operation = { 0 };
	TEEC_Result result;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = (void *)pin;
	operation.params[0].tmpref.size = strlen(pin);
	result = TEEC_InvokeCommand(&session, PAYMENT_CMD_ENROL, &operation, NULL);
	if (result != TEEC_SUCCESS)
		die_of("making a card", result);
	puts("a card was made");
}

/* "12.50" in cents; 0 for what is no amount. */
static uint32_t cents_of(const char *amount)
{
	char *end;
	const unsigned long whole = strtoul(amount, &end, 10);

	if (end == amount || amount[0] == '-' || whole > 9999999 || end[0] != '.' ||
	    strspn(end + 1, "0123456789") != 2 || end[3])
		return 0;
	return (uint32_t)(whole * 100 + strtoul(end + 1, NULL, 10));
}

static void pay(const char *pin, const char *amount, const char *payee)
{
	uint8_t signature[PAYMENT_SIGNATURE_SIZE];
	struct payment_order order = { 0 };
	struct payment_receipt receipt;
	TEEC_Operation operation = { 0 };
	TEEC_Result result;

	order.cents = cents_of(amount);
	if (!order.cents || strlen(payee) > sizeof(order.payee))
		die(amount, "an amount is written like 12.50, and a payee is short");
	memcpy(order.payee, payee, strlen(payee));
	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_INPUT,
						TEEC_MEMREF_TEMP_OUTPUT, TEEC_MEMREF_TEMP_OUTPUT);
	operation.params[0].tmpref.buffer = &order;
	operation.params[0].tmpref.size = sizeof(order);
	operation.params[1].tmpref.buffer = (void *)pin;
	operation.params[1].tmpref.size = strlen(pin);
	operation.params[2].tmpref.buffer = &receipt;
	operation.params[2].tmpref.size = sizeof(receipt);
	operation.params[3].tmpref.buffer = signature;
	operation.params[3].tmpref.size = sizeof(signature);
	result = TEEC_InvokeCommand(&session, PAYMENT_CMD_SIGN, &operation, NULL);
	if (result == TEEC_ERROR_EXCESS_DATA)
		die("refused", "more than the card's limit");
	if (result == TEEC_ERROR_SECURITY)
		die("refused", "the PIN is wrong");
	if (result != TEEC_SUCCESS)
		die_of("refused", result);
	printf("paid %s to %s, by version %" PRIu32 " of the TA\n", amount, payee, receipt.version);
}

static int run(struct teesim_agent *agent, int argc, char **argv)
{
	uint32_t payments, version;

	if (argc == 1 && strcmp(argv[0], "refresh") == 0) {
		ask(agent);
		puts("the TAM has nothing more for this device");
		return 0;
	}
	if (argc != 4 || strcmp(argv[0], "pay") != 0) {
		fputs("usage: teep-app [--tam URI] [--root FILE] [--package FILE] [--spid NAME]\n"
		      "                [--keys FILE] pay PIN AMOUNT PAYEE | refresh\n",
		      stderr);
		return 2;
	}
	session_have(agent);
	if (!card_state(&payments, &version))
		card_make(argv[1]);
	pay(argv[1], argv[2], argv[3]);
	TEEC_CloseSession(&session);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "tam", required_argument, NULL, 't' },
		{ "root", required_argument, NULL, 'r' },
		{ "package", required_argument, NULL, 'p' },
		{ "spid", required_argument, NULL, 's' },
		{ "keys", required_argument, NULL, 'k' },
		{ 0 },
	};
	struct teesim_agent *agent;
	int key, status;

	while ((key = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (key) {
		case 't':
			settings.tam = optarg;
			break;
		case 'r':
			settings.root = optarg;
			break;
		case 'p':
			settings.package = optarg;
			break;
		case 's':
			settings.spid = optarg;
			break;
		case 'k':
			settings.keys = optarg;
			break;
		default:
			return 2;
		}
	}
	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (teesim_agent_open(NULL, &agent))
		die("the agent", "no memory");
	if (TEEC_InitializeContext(NULL, &context) != TEEC_SUCCESS)
		die("the TEE", "can't be reached");
	status = run(agent, argc - optind, argv + optind);
	TEEC_FinalizeContext(&context);
	teesim_agent_close(agent);
	return status;
}
