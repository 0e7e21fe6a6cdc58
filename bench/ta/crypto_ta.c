/* The trusted application whose cryptography is measured: each command is a loop over one thing. */
#include <tee_internal_api.h>
#include <time.h>

#include <crypto_commands.h>

static uint8_t *in, *out;
static TEE_ObjectHandle aes;
static TEE_OperationHandle operations[BENCH_CRYPTO_COMMANDS];

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
	(void)param_types;
	(void)params;
	(void)session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

static void check(TEE_Result result)
{
	if (result != TEE_SUCCESS)
		TEE_Panic(result);
}

static void memory_prepare(void)
{
	TEE_Attribute secret;
	uint8_t key[BENCH_CRYPTO_KEY_SIZE];

	if (in)
		return;
	in = TEE_Malloc(BENCH_CRYPTO_SIZE_MAX, TEE_MALLOC_FILL_ZERO);
	out = TEE_Malloc(BENCH_CRYPTO_SIZE_MAX, TEE_MALLOC_FILL_ZERO);
	if (!in || !out)
		TEE_Panic(TEE_ERROR_OUT_OF_MEMORY);
	/* Touched, so that no page is met for the first time while time is taken. */
	TEE_MemFill(in, 0x5A, BENCH_CRYPTO_SIZE_MAX);
	TEE_MemFill(out, 0xA5, BENCH_CRYPTO_SIZE_MAX);
	TEE_MemFill(key, 0x77, sizeof(key));
	TEE_InitRefAttribute(&secret, TEE_ATTR_SECRET_VALUE, key, sizeof(key));
	check(TEE_AllocateTransientObject(TEE_TYPE_AES, 128, &aes));
	check(TEE_PopulateTransientObject(aes, &secret, 1));
}

/* The operation of a command, with its key. */
static TEE_OperationHandle operation_of(uint32_t command)
{
	static const struct {
		uint32_t algorithm;
		uint32_t mode;
		uint32_t bits;
		/* 0: the AES key, or none. */
		uint32_t pair;
		uint32_t curve;
	} all[BENCH_CRYPTO_COMMANDS] = {
		[BENCH_CRYPTO_GCM] = { TEE_ALG_AES_GCM, TEE_MODE_ENCRYPT, 128 },
		[BENCH_CRYPTO_CTR] = { TEE_ALG_AES_CTR, TEE_MODE_ENCRYPT, 128 },
		[BENCH_CRYPTO_SHA256] = { TEE_ALG_SHA256, TEE_MODE_DIGEST, 0 },
		[BENCH_CRYPTO_RSA] = { TEE_ALG_RSASSA_PKCS1_V1_5_SHA256, TEE_MODE_SIGN, 2048,
				       TEE_TYPE_RSA_KEYPAIR },
		[BENCH_CRYPTO_P256] = { TEE_ALG_ECDSA_SHA256, TEE_MODE_SIGN, 256,
					TEE_TYPE_ECDSA_KEYPAIR, TEE_ECC_CURVE_NIST_P256 },
		[BENCH_CRYPTO_ED25519] = { TEE_ALG_ED25519, TEE_MODE_SIGN, 256,
					   TEE_TYPE_ED25519_KEYPAIR },
	};
	TEE_OperationHandle operation = operations[command];
	TEE_ObjectHandle key = aes;
	TEE_Attribute curve;

	if (operation)
		return operation;
	check(TEE_AllocateOperation(&operation, all[command].algorithm, all[command].mode,
				    all[command].bits));
	if (all[command].pair) {
		TEE_InitValueAttribute(&curve, TEE_ATTR_ECC_CURVE, all[command].curve, 0);
		check(TEE_AllocateTransientObject(all[command].pair, all[command].bits, &key));
		check(TEE_GenerateKey(key, all[command].bits, &curve, all[command].curve ? 1 : 0));
	}
	if (all[command].bits)
		check(TEE_SetOperationKey(operation, key));
	operations[command] = operation;
	return operation;
}

static void gcm(TEE_OperationHandle operation, size_t size)
{
	static const uint8_t nonce[12];
	size_t room = size, tag_room = 16;
	uint8_t tag[16];

	check(TEE_AEInit(operation, nonce, sizeof(nonce), 128, 0, 0));
	check(TEE_AEEncryptFinal(operation, in, size, out, &room, tag, &tag_room));
}

static void ctr(TEE_OperationHandle operation, size_t size)
{
	size_t room = size;

	check(TEE_CipherUpdate(operation, in, size, out, &room));
}

static void sha256(TEE_OperationHandle operation, size_t size)
{
	size_t room = 32;

	check(TEE_DigestDoFinal(operation, in, size, out, &room));
}

static void sign(TEE_OperationHandle operation, size_t size)
{
	size_t room = 256;

	check(TEE_AsymmetricSignDigest(operation, NULL, 0, in, size, out, &room));
}

static void once(size_t size)
{
	static const uint8_t iv[16];
	TEE_OperationHandle operation;
	size_t room = size;

	check(TEE_AllocateOperation(&operation, TEE_ALG_AES_CBC_NOPAD, TEE_MODE_ENCRYPT, 128));
	check(TEE_SetOperationKey(operation, aes));
	TEE_CipherInit(operation, iv, sizeof(iv));
	check(TEE_CipherDoFinal(operation, in, size, out, &room));
	TEE_FreeOperation(operation);
}

/* Not of day: a command of milliseconds is interrupted on a busy machine. */
static uint64_t processor_time(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
		TEE_Panic(TEE_ERROR_GENERIC);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	static const uint8_t iv[16];
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	uint64_t start;
	size_t size;

	(void)session;
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT,
					   0, 0) ||
	    command >= BENCH_CRYPTO_COMMANDS || params[0].value.a > BENCH_CRYPTO_SIZE_MAX)
		return TEE_ERROR_BAD_PARAMETERS;
	size = params[0].value.a;
	memory_prepare();
	if (command != BENCH_CRYPTO_SHORT)
		operation = operation_of(command);
	if (command == BENCH_CRYPTO_CTR)
		TEE_CipherInit(operation, iv, sizeof(iv));
	start = processor_time();
	for (uint32_t times = params[0].value.b; times; times--) {
		switch (command) {
		case BENCH_CRYPTO_GCM:
			gcm(operation, size);
			break;
		case BENCH_CRYPTO_CTR:
			ctr(operation, size);
			break;
		case BENCH_CRYPTO_SHA256:
			sha256(operation, size);
			break;
		case BENCH_CRYPTO_SHORT:
			once(size);
			break;
		default:
			sign(operation, size);
			break;
		}
	}
	start = processor_time() - start;
	params[1].value.a = (uint32_t)(start >> 32);
	params[1].value.b = (uint32_t)start;
	return TEE_SUCCESS;
}
