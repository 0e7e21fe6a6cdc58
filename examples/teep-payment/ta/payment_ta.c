/*
 * The trusted application of the payment example: a payment card. Its key signs a payment for him
 * alone who knows the PIN, and after three wrong ones for nobody.
 *
 * What there is of a trusted user interface: the payment is shown on the TEE's own console (its
 * log), where no client writes, so that what is signed can be read there whatever the client shows.
 * The PIN comes through the client, for the simulator has no keyboard of its own: a client that
 * keeps it can pay with it. On a device with the Trusted User Interface API this is where it is
 * asked for.
 */
#include <string.h>

#include <tee_internal_api.h>
#include <trace.h>

#include <payment_ta.h>

#ifndef PAYMENT_VERSION
#define PAYMENT_VERSION 1
#endif

#define CURVE_BITS  256
#define FIELD_SIZE  32
#define DIGEST_SIZE 32
#define SALT_SIZE   16

static const char card_id[] = { 'c', 'a', 'r', 'd' };
static const char key_id[] = { 'k', 'e', 'y' };

/* All that the card remembers, in one object, so that it changes at once or not at all. */
struct card {
	uint8_t salt[SALT_SIZE];
	uint8_t pin_hash[DIGEST_SIZE];
	uint32_t tries;
	uint32_t number;
};

static TEE_Result card_load(struct card *card)
{
	TEE_ObjectHandle object;
	TEE_Result result;
	size_t got = 0;

	result = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, card_id, sizeof(card_id),
					  TEE_DATA_FLAG_ACCESS_READ, &object);
	if (result != TEE_SUCCESS)
		return result;
	result = TEE_ReadObjectData(object, card, sizeof(*card), &got);
	/* A corrupt object's handle is closed already. */
	if (result != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(object);
	return result == TEE_SUCCESS && got != sizeof(*card) ? TEE_ERROR_CORRUPT_OBJECT : result;
}

/* When this returns, it outlasts whatever happens to this instance. */
static TEE_Result card_save(const struct card *card)
{
	TEE_ObjectHandle object;
	TEE_Result result;

	result = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, card_id, sizeof(card_id),
					    TEE_DATA_FLAG_ACCESS_WRITE | TEE_DATA_FLAG_OVERWRITE,
					    TEE_HANDLE_NULL, card, sizeof(*card), &object);
	if (result == TEE_SUCCESS)
		TEE_CloseObject(object);
	return result;
}

static TEE_Result digest(const void *first, size_t first_size, const void *second,
			 size_t second_size, uint8_t out[DIGEST_SIZE])
{
	TEE_OperationHandle operation;
	size_t size = DIGEST_SIZE;
	TEE_Result result = TEE_AllocateOperation(&operation, TEE_ALG_SHA256, TEE_MODE_DIGEST, 0);

	if (result != TEE_SUCCESS)
		return result;
	TEE_DigestUpdate(operation, first, first_size);
	result = TEE_DigestDoFinal(operation, second, second_size, out, &size);
	TEE_FreeOperation(operation);
	return result;
}

/* A PIN that was copied out of the client's reach. */
struct pin {
	char digits[PAYMENT_PIN_MAX];
	size_t size;
};

static TEE_Result pin_take(const TEE_Param *param, struct pin *pin)
{
	pin->size = param->memref.size;
	if (pin->size < PAYMENT_PIN_MIN || pin->size > PAYMENT_PIN_MAX)
		return TEE_ERROR_BAD_PARAMETERS;
	memcpy(pin->digits, param->memref.buffer, pin->size);
	for (size_t i = 0; i < pin->size; i++)
		if (pin->digits[i] < '0' || pin->digits[i] > '9')
			return TEE_ERROR_BAD_PARAMETERS;
	return TEE_SUCCESS;
}

/*
 * The try is taken away, durably, before the PIN is looked at, and given back when it was right:
 * whoever kills this instance in between has lost it.
 */
static TEE_Result pin_check(struct card *card, const struct pin *pin)
{
	uint8_t hash[DIGEST_SIZE];
	TEE_Result result;

	if (!card->tries)
		return TEE_ERROR_ACCESS_DENIED;
	card->tries--;
	result = card_save(card);
	if (result == TEE_SUCCESS)
		result = digest(card->salt, sizeof(card->salt), pin->digits, pin->size, hash);
	if (result != TEE_SUCCESS)
		return result;
	if (TEE_MemCompare(hash, card->pin_hash, sizeof(hash))) {
		IMSG("a wrong PIN; %u tries are left", (unsigned int)card->tries);
		return TEE_ERROR_SECURITY;
	}
	card->tries = PAYMENT_TRIES;
	return TEE_SUCCESS;
}

/* A key pair that signs, and that nobody gets out, this code included. */
static TEE_Result key_make(void)
{
	TEE_ObjectHandle fresh = TEE_HANDLE_NULL, kept;
	TEE_Attribute curve;
	TEE_Result result;

	TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, TEE_ECC_CURVE_NIST_P256, 0);
	result = TEE_AllocateTransientObject(TEE_TYPE_ECDSA_KEYPAIR, CURVE_BITS, &fresh);
	if (result == TEE_SUCCESS)
		result = TEE_GenerateKey(fresh, CURVE_BITS, &curve, 1);
	if (result == TEE_SUCCESS)
		result = TEE_RestrictObjectUsage1(fresh, TEE_USAGE_SIGN);
	/* What is there is from an enrolment that was cut short: no card ever had it. */
	if (result == TEE_SUCCESS)
		result = TEE_CreatePersistentObject(
			TEE_STORAGE_PRIVATE, key_id, sizeof(key_id),
			TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_OVERWRITE, fresh, NULL, 0, &kept);
	if (result == TEE_SUCCESS)
		TEE_CloseObject(kept);
	TEE_FreeTransientObject(fresh);
	return result;
}

static TEE_Result key_open(TEE_ObjectHandle *key)
{
	return TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, key_id, sizeof(key_id),
					TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_SHARE_READ, key);
}

static TEE_Result enrol(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct card card = { .tries = PAYMENT_TRIES };
	struct pin pin;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	result = pin_take(&params[0], &pin);
	if (result != TEE_SUCCESS)
		return result;
	result = card_load(&card);
	if (result == TEE_SUCCESS)
		return TEE_ERROR_BAD_STATE;
	/* Storage that can't be believed is not storage without a card. */
	if (result != TEE_ERROR_ITEM_NOT_FOUND)
		return result;
	TEE_GenerateRandom(card.salt, sizeof(card.salt));
	result = digest(card.salt, sizeof(card.salt), pin.digits, pin.size, card.pin_hash);
	if (result == TEE_SUCCESS)
		result = key_make();
	if (result == TEE_SUCCESS)
		result = card_save(&card);
	if (result == TEE_SUCCESS)
		IMSG("a card was made");
	return result;
}

static TEE_Result public_key(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	size_t x_size = FIELD_SIZE, y_size = FIELD_SIZE;
	uint8_t *point = params[0].memref.buffer;
	TEE_ObjectHandle key;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[0].memref.size < PAYMENT_POINT_SIZE) {
		params[0].memref.size = PAYMENT_POINT_SIZE;
		return TEE_ERROR_SHORT_BUFFER;
	}
	result = key_open(&key);
	if (result != TEE_SUCCESS)
		return result;
	point[0] = 0x04;
	result = TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PUBLIC_VALUE_X, point + 1, &x_size);
	if (result == TEE_SUCCESS)
		result = TEE_GetObjectBufferAttribute(key, TEE_ATTR_ECC_PUBLIC_VALUE_Y,
						      point + 1 + FIELD_SIZE, &y_size);
	TEE_CloseObject(key);
	params[0].memref.size = PAYMENT_POINT_SIZE;
	return result;
}

static TEE_Result receipt_sign(const struct payment_receipt *receipt, TEE_Param *signature)
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	uint8_t hash[DIGEST_SIZE];
	TEE_ObjectHandle key;
	TEE_Result result = key_open(&key);

	if (result != TEE_SUCCESS)
		return result;
	result = digest(NULL, 0, receipt, sizeof(*receipt), hash);
	if (result == TEE_SUCCESS)
		result = TEE_AllocateOperation(&operation, TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN,
					       CURVE_BITS);
	if (result == TEE_SUCCESS)
		result = TEE_SetOperationKey(operation, key);
	if (result == TEE_SUCCESS)
		result =
			TEE_AsymmetricSignDigest(operation, NULL, 0, hash, sizeof(hash),
						 signature->memref.buffer, &signature->memref.size);
	TEE_FreeOperation(operation);
	TEE_CloseObject(key);
	return result;
}

/* The prompt that the TEE owns; what it says is what will be signed. */
static void payment_show(const struct payment_receipt *receipt)
{
	char payee[PAYMENT_PAYEE_MAX + 1];

	memcpy(payee, receipt->payee, PAYMENT_PAYEE_MAX);
	payee[PAYMENT_PAYEE_MAX] = '\0';
	for (char *c = payee; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	IMSG("to be paid: %u.%02u to \"%s\", payment number %u", (unsigned int)receipt->cents / 100,
	     (unsigned int)receipt->cents % 100, payee, (unsigned int)receipt->number);
}

static TEE_Result sign(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct payment_receipt receipt = { .version = PAYMENT_VERSION };
	struct payment_order order;
	struct card card;
	struct pin pin;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_INPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT) ||
	    params[0].memref.size != sizeof(order) || params[2].memref.size < sizeof(receipt) ||
	    params[3].memref.size < PAYMENT_SIGNATURE_SIZE)
		return TEE_ERROR_BAD_PARAMETERS;
	result = pin_take(&params[1], &pin);
	if (result == TEE_SUCCESS)
		result = card_load(&card);
	if (result != TEE_SUCCESS)
		return result;
	/* The client may change its memory at any time; what counts is this copy. */
	memcpy(&order, params[0].memref.buffer, sizeof(order));
	if (PAYMENT_VERSION >= 2 && order.cents > PAYMENT_LIMIT)
		return TEE_ERROR_EXCESS_DATA;
	receipt.cents = order.cents;
	memcpy(receipt.payee, order.payee, strnlen(order.payee, sizeof(order.payee)));
	receipt.number = card.number + 1;
	payment_show(&receipt);
	result = pin_check(&card, &pin);
	if (result != TEE_SUCCESS)
		return result;
	/* The number is used up before there is a signature with it. */
	card.number = receipt.number;
	result = card_save(&card);
	if (result == TEE_SUCCESS)
		result = receipt_sign(&receipt, &params[3]);
	if (result != TEE_SUCCESS)
		return result;
	memcpy(params[2].memref.buffer, &receipt, sizeof(receipt));
	params[2].memref.size = sizeof(receipt);
	IMSG("paid");
	return TEE_SUCCESS;
}

static TEE_Result status(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	struct card card;
	TEE_Result result;

	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_VALUE_OUTPUT,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	params[1].value.a = PAYMENT_VERSION;
	result = card_load(&card);
	if (result != TEE_SUCCESS)
		return result;
	params[0].value.a = card.tries;
	params[0].value.b = card.number;
	return TEE_SUCCESS;
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)params;
	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE,
					   TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	switch (command) {
	case PAYMENT_CMD_ENROL:
		return enrol(param_types, params);
	case PAYMENT_CMD_PUBLIC_KEY:
		return public_key(param_types, params);
	case PAYMENT_CMD_SIGN:
		return sign(param_types, params);
	case PAYMENT_CMD_STATUS:
		return status(param_types, params);
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
