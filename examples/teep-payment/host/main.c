/*
 * The client of the payment example:
 *
 *   teep-payment enrol PIN             makes the card
 *   teep-payment pay PIN AMOUNT PAYEE  has a payment signed; AMOUNT as in 12.50
 *   teep-payment status                how many tries are left
 *   teep-payment                       does all of that once, with wrong PINs too
 *
 * $PAYMENT_OUT names files to write, for who wants to check the signature with OpenSSL: .point, the
 * public key, .receipt, the octets that were signed, and .sig, the signature as r and s.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_client_api.h>

#include <payment_ta.h>

static TEEC_Session session;

static void set_text(TEEC_Parameter *param, const char *text)
{
	param->tmpref.buffer = (void *)text;
	param->tmpref.size = strlen(text);
}

static int report(const char *what, TEEC_Result result)
{
	switch (result) {
	case TEEC_SUCCESS:
		return 0;
	case TEEC_ERROR_SECURITY:
		fprintf(stderr, "teep-payment: %s: the PIN is wrong\n", what);
		break;
	case TEEC_ERROR_ACCESS_DENIED:
		fprintf(stderr, "teep-payment: %s: the card is locked\n", what);
		break;
	case TEEC_ERROR_EXCESS_DATA:
		fprintf(stderr, "teep-payment: %s: more than the limit of %d.%02d\n", what,
			PAYMENT_LIMIT / 100, PAYMENT_LIMIT % 100);
		break;
	case TEEC_ERROR_BAD_STATE:
		fprintf(stderr, "teep-payment: %s: there is a card already\n", what);
		break;
	case TEEC_ERROR_ITEM_NOT_FOUND:
		fprintf(stderr, "teep-payment: %s: there is no card; make one with `enrol`\n",
			what);
		break;
	default:
		fprintf(stderr, "teep-payment: %s: error 0x%08" PRIx32 "\n", what, result);
	}
	return 1;
}

static int enrol(const char *pin)
{
	TEEC_Operation operation = { 0 };
	int status;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	set_text(&operation.params[0], pin);
	status = report("enrol", TEEC_InvokeCommand(&session, PAYMENT_CMD_ENROL, &operation, NULL));
	if (!status)
		puts("a card was made");
	return status;
}

static void file_write(const char *suffix, const void *data, size_t size)
{
	const char *prefix = getenv("PAYMENT_OUT");
	char path[4096];
	FILE *file;

	if (!prefix)
		return;
	snprintf(path, sizeof(path), "%s.%s", prefix, suffix);
	file = fopen(path, "wb");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
}

static TEEC_Result sign(const char *pin, const struct payment_order *order,
			struct payment_receipt *receipt, uint8_t signature[PAYMENT_SIGNATURE_SIZE])
{
	TEEC_Operation operation = { 0 };

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_INPUT,
						TEEC_MEMREF_TEMP_OUTPUT, TEEC_MEMREF_TEMP_OUTPUT);
	operation.params[0].tmpref.buffer = (void *)order;
	operation.params[0].tmpref.size = sizeof(*order);
	set_text(&operation.params[1], pin);
	operation.params[2].tmpref.buffer = receipt;
	operation.params[2].tmpref.size = sizeof(*receipt);
	operation.params[3].tmpref.buffer = signature;
	operation.params[3].tmpref.size = PAYMENT_SIGNATURE_SIZE;
	return TEEC_InvokeCommand(&session, PAYMENT_CMD_SIGN, &operation, NULL);
}

static void public_key_write(void)
{
	uint8_t point[PAYMENT_POINT_SIZE];
	TEEC_Operation operation = { 0 };

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT, TEEC_NONE, TEEC_NONE, TEEC_NONE);
	operation.params[0].tmpref.buffer = point;
	operation.params[0].tmpref.size = sizeof(point);
	if (!report("the public key",
		    TEEC_InvokeCommand(&session, PAYMENT_CMD_PUBLIC_KEY, &operation, NULL)))
		file_write("point", point, sizeof(point));
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

static int pay(const char *pin, const char *amount, const char *payee)
{
	uint8_t signature[PAYMENT_SIGNATURE_SIZE];
	struct payment_order order = { 0 };
	struct payment_receipt receipt;
	int status;

	order.cents = cents_of(amount);
	if (!order.cents || strlen(payee) > sizeof(order.payee)) {
		fputs("teep-payment: an amount is written like 12.50, and a payee is short\n",
		      stderr);
		return 2;
	}
	memcpy(order.payee, payee, strlen(payee));
	status = report("pay", sign(pin, &order, &receipt, signature));
	if (status)
		return status;
	printf("payment %" PRIu32 " is signed: %" PRIu32 ".%02" PRIu32 " to %s\n", receipt.number,
	       receipt.cents / 100, receipt.cents % 100, payee);
	file_write("receipt", &receipt, sizeof(receipt));
	file_write("sig", signature, sizeof(signature));
	public_key_write();
	return 0;
}

static int show_status(void)
{
	TEEC_Operation operation = { 0 };
	int status;

	operation.paramTypes =
		TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, TEEC_VALUE_OUTPUT, TEEC_NONE, TEEC_NONE);
	status = report("status",
			TEEC_InvokeCommand(&session, PAYMENT_CMD_STATUS, &operation, NULL));
	if (!status)
		printf("version %" PRIu32 ", %" PRIu32 " tries left, %" PRIu32 " payments\n",
		       operation.params[1].value.a, operation.params[0].value.a,
		       operation.params[0].value.b);
	return status;
}

/* What must fail, does. */
static int refused(int status)
{
	return status != 1;
}

static int tour(void)
{
	return enrol("4711") || pay("4711", "12.50", "Bookshop") ||
	       refused(pay("0000", "99.00", "Somebody")) || show_status() ||
	       pay("4711", "3.20", "Bakery") || show_status() ||
	       refused(pay("0001", "99.00", "Somebody")) ||
	       refused(pay("0002", "99.00", "Somebody")) ||
	       refused(pay("0003", "99.00", "Somebody")) ||
	       /* Now not even the right one helps. */
	       refused(pay("4711", "1.00", "Bookshop")) || show_status();
}

static int run(int argc, char **argv)
{
	if (argc == 1)
		return tour();
	if (argc == 3 && !strcmp(argv[1], "enrol"))
		return enrol(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "pay"))
		return pay(argv[2], argv[3], argv[4]);
	if (argc == 2 && !strcmp(argv[1], "status"))
		return show_status();
	fputs("usage: teep-payment [enrol PIN | pay PIN AMOUNT PAYEE | status]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const TEEC_UUID uuid = PAYMENT_TA_UUID;
	TEEC_Context context;
	TEEC_Result result;
	int status;

	/* Line by line also into a file or pipe, so that both sides' lines come in their order. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	result = TEEC_InitializeContext(NULL, &context);
	if (result != TEEC_SUCCESS) {
		fprintf(stderr, "teep-payment: there is no TEE: 0x%08" PRIx32 "\n", result);
		return 1;
	}
	result = TEEC_OpenSession(&context, &session, &uuid, TEEC_LOGIN_PUBLIC, NULL, NULL, NULL);
	if (result == TEEC_SUCCESS) {
		status = run(argc, argv);
		TEEC_CloseSession(&session);
	} else if (result == TEEC_ERROR_ITEM_NOT_FOUND) {
		fputs("teep-payment: the trusted application is not on this device\n", stderr);
		status = 3;
	} else {
		fprintf(stderr, "teep-payment: no session: 0x%08" PRIx32 "\n", result);
		status = 1;
	}
	TEEC_FinalizeContext(&context);
	return status;
}
