/*
 * Writes all properties of a set as lines "name=text" to output memory 1; value 0: which set, 0 to
 * 2 for TA, client and implementation. Command 2: what asking for the client gave in the create
 * entry point, in value 0.a. Command 3: tries each getter with what it can and cannot give; value
 * 0.a, out, is the number of the line that found something wrong, or 0. Command 4: makes the
 * mistake of value 0.a.
 */
#include <string.h>
#include <tee_internal_api.h>

/* The line of the first thing that is not as it should be. */
#define REQUIRE(truth)                   \
	do {                             \
		if (!(truth))            \
			return __LINE__; \
	} while (0)

static TEE_Result in_create = TEE_ERROR_GENERIC;

static TEE_Result append(TEE_PropSetHandle enumerator, char *text, size_t room)
{
	char name[128], value[256];
	size_t name_length = sizeof(name);
	size_t value_length = sizeof(value);
	TEE_Result result = TEE_GetPropertyName(enumerator, name, &name_length);

	if (result == TEE_SUCCESS)
		result = TEE_GetPropertyAsString(enumerator, NULL, value, &value_length);
	if (result != TEE_SUCCESS)
		return result;
	if (strlen(text) + name_length + value_length + 1 > room)
		return TEE_ERROR_SHORT_BUFFER;
	strcat(strcat(strcat(strcat(text, name), "="), value), "\n");
	return TEE_SUCCESS;
}

static TEE_Result list(TEE_PropSetHandle set, char *text, size_t *size)
{
	TEE_PropSetHandle enumerator;
	TEE_Result result = TEE_AllocatePropertyEnumerator(&enumerator);

	if (result != TEE_SUCCESS)
		return result;
	text[0] = '\0';
	TEE_StartPropertyEnumerator(enumerator, set);
	do {
		result = append(enumerator, text, *size);
		if (result == TEE_SUCCESS)
			result = TEE_GetNextProperty(enumerator);
	} while (result == TEE_SUCCESS);
	TEE_FreePropertyEnumerator(enumerator);
	*size = strlen(text) + 1;
	return result == TEE_ERROR_ITEM_NOT_FOUND ? TEE_SUCCESS : result;
}

#define OWN TEE_PROPSET_CURRENT_TA

static uint32_t values(void)
{
	TEE_Identity identity;
	TEE_UUID uuid;
	bool truth = false;
	char block[16];
	size_t size;
	uint64_t u64;
	uint32_t u32;

	REQUIRE(TEE_GetPropertyAsBool(OWN, "org.example.bool", &truth) == TEE_SUCCESS && truth);
	REQUIRE(TEE_GetPropertyAsU32(OWN, "org.example.u32", &u32) == TEE_SUCCESS && u32 == 42);
	REQUIRE(TEE_GetPropertyAsU64(OWN, "org.example.u64", &u64) == TEE_SUCCESS);
	REQUIRE(u64 == 1ULL << 40);
	REQUIRE(TEE_GetPropertyAsUUID(OWN, "org.example.uuid", &uuid) == TEE_SUCCESS);
	REQUIRE(uuid.timeLow == 1 && uuid.timeMid == 2 && uuid.clockSeqAndNode[0] == 4);
	REQUIRE(TEE_GetPropertyAsIdentity(OWN, "org.example.identity", &identity) == TEE_SUCCESS);
	REQUIRE(identity.login == 1 && identity.uuid.timeLow == 2);
	size = sizeof(block);
	REQUIRE(TEE_GetPropertyAsBinaryBlock(OWN, "org.example.block", block, &size) ==
		TEE_SUCCESS);
	REQUIRE(size == 12 && !memcmp(block, "Hello world!", 12));
	size = 11;
	REQUIRE(TEE_GetPropertyAsBinaryBlock(OWN, "org.example.block", block, &size) ==
		TEE_ERROR_SHORT_BUFFER);
	REQUIRE(size == 12);
	size = 5;
	REQUIRE(TEE_GetPropertyAsString(OWN, "org.example.text", block, &size) ==
		TEE_ERROR_SHORT_BUFFER);
	REQUIRE(size == 10 && !strcmp(block, "some"));
	size = 10;
	REQUIRE(TEE_GetPropertyAsString(OWN, "org.example.text", block, &size) == TEE_SUCCESS);
	REQUIRE(size == 10 && !strcmp(block, "some text"));
	return 0;
}

static uint32_t wrong_types(void)
{
	TEE_Identity identity;
	TEE_UUID uuid;
	bool truth;
	char block[16];
	size_t size = sizeof(block);
	uint64_t u64;
	uint32_t u32;

	REQUIRE(TEE_GetPropertyAsBool(OWN, "org.example.u32", &truth) == TEE_ERROR_BAD_FORMAT);
	REQUIRE(TEE_GetPropertyAsU32(OWN, "org.example.text", &u32) == TEE_ERROR_BAD_FORMAT);
	REQUIRE(TEE_GetPropertyAsU32(OWN, "org.example.u64", &u32) == TEE_ERROR_BAD_FORMAT);
	REQUIRE(TEE_GetPropertyAsU64(OWN, "org.example.bool", &u64) == TEE_ERROR_BAD_FORMAT);
	REQUIRE(TEE_GetPropertyAsUUID(OWN, "org.example.identity", &uuid) == TEE_ERROR_BAD_FORMAT);
	REQUIRE(TEE_GetPropertyAsIdentity(OWN, "org.example.text", &identity) ==
		TEE_ERROR_BAD_FORMAT);
	REQUIRE(TEE_GetPropertyAsBinaryBlock(OWN, "org.example.u32", block, &size) ==
		TEE_ERROR_BAD_FORMAT);
	return 0;
}

static uint32_t missing(TEE_PropSetHandle where, const char *name)
{
	TEE_Identity identity;
	TEE_UUID uuid;
	bool truth;
	char block[16];
	size_t size = sizeof(block);
	uint64_t u64;
	uint32_t u32;

	REQUIRE(TEE_GetPropertyAsBool(where, name, &truth) == TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetPropertyAsU32(where, name, &u32) == TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetPropertyAsU64(where, name, &u64) == TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetPropertyAsUUID(where, name, &uuid) == TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetPropertyAsIdentity(where, name, &identity) == TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetPropertyAsBinaryBlock(where, name, block, &size) ==
		TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetPropertyAsString(where, name, block, &size) == TEE_ERROR_ITEM_NOT_FOUND);
	return 0;
}

static uint32_t enumerators(void)
{
	TEE_PropSetHandle enumerator;
	char name[64];
	size_t size = sizeof(name);
	uint32_t line;

	REQUIRE(TEE_AllocatePropertyEnumerator(&enumerator) == TEE_SUCCESS);
	/* Clients get handles in values. */
	REQUIRE((uintptr_t)enumerator < 1ULL << 32);
	REQUIRE(TEE_GetPropertyName(enumerator, name, &size) == TEE_ERROR_ITEM_NOT_FOUND);
	REQUIRE(TEE_GetNextProperty(enumerator) == TEE_ERROR_ITEM_NOT_FOUND);
	line = missing(enumerator, NULL);
	REQUIRE(!line);
	TEE_StartPropertyEnumerator(enumerator, OWN);
	size = 4;
	REQUIRE(TEE_GetPropertyName(enumerator, name, &size) == TEE_ERROR_SHORT_BUFFER);
	REQUIRE(size == sizeof("gpd.ta.appID"));
	REQUIRE(TEE_GetPropertyName(enumerator, name, &size) == TEE_SUCCESS);
	REQUIRE(!strcmp(name, "gpd.ta.appID"));
	REQUIRE(TEE_GetNextProperty(enumerator) == TEE_SUCCESS);
	TEE_ResetPropertyEnumerator(enumerator);
	size = sizeof(name);
	REQUIRE(TEE_GetPropertyName(enumerator, name, &size) == TEE_ERROR_ITEM_NOT_FOUND);
	/* Started anew, it is at the first again. */
	TEE_StartPropertyEnumerator(enumerator, TEE_PROPSET_CURRENT_CLIENT);
	REQUIRE(TEE_GetPropertyName(enumerator, name, &size) == TEE_SUCCESS);
	REQUIRE(!strcmp(name, "gpd.client.identity"));
	REQUIRE(TEE_GetNextProperty(enumerator) == TEE_SUCCESS);
	REQUIRE(TEE_GetNextProperty(enumerator) == TEE_ERROR_ITEM_NOT_FOUND);
	TEE_FreePropertyEnumerator(enumerator);
	return 0;
}

/* What the implementation says of its curves is what it has. */
static uint32_t curves(void)
{
	static const uint32_t nist[] = { TEE_ECC_CURVE_NIST_P192, TEE_ECC_CURVE_NIST_P224,
					 TEE_ECC_CURVE_NIST_P256, TEE_ECC_CURVE_NIST_P384,
					 TEE_ECC_CURVE_NIST_P521 };
	static const char *const true_ones[] = { "gpd.tee.cryptography.ecc",
						 "gpd.tee.cryptography.nist",
						 "gpd.tee.cryptography.ietf",
						 "gpd.tee.cryptography.octa" };
	static const char *const false_ones[] = { "gpd.tee.cryptography.bsi-r",
						  "gpd.tee.cryptography.bsi-t" };
	bool truth;

	for (size_t i = 0; i < sizeof(true_ones) / sizeof(true_ones[0]); i++)
		REQUIRE(TEE_GetPropertyAsBool(TEE_PROPSET_TEE_IMPLEMENTATION, true_ones[i],
					      &truth) == TEE_SUCCESS &&
			truth);
	for (size_t i = 0; i < sizeof(false_ones) / sizeof(false_ones[0]); i++)
		REQUIRE(TEE_GetPropertyAsBool(TEE_PROPSET_TEE_IMPLEMENTATION, false_ones[i],
					      &truth) == TEE_SUCCESS &&
			!truth);
	for (size_t i = 0; i < sizeof(nist) / sizeof(nist[0]); i++) {
		REQUIRE(TEE_IsAlgorithmSupported(TEE_ALG_ECDSA_SHA256, nist[i]) == TEE_SUCCESS);
		REQUIRE(TEE_IsAlgorithmSupported(TEE_ALG_ECDH_DERIVE_SHARED_SECRET, nist[i]) ==
			TEE_SUCCESS);
	}
	REQUIRE(TEE_IsAlgorithmSupported(TEE_ALG_ED25519, TEE_ECC_CURVE_25519) == TEE_SUCCESS);
	REQUIRE(TEE_IsAlgorithmSupported(TEE_ALG_X25519, TEE_ECC_CURVE_25519) == TEE_SUCCESS);
	REQUIRE(TEE_IsAlgorithmSupported(TEE_ALG_SM2_DSA_SM3, TEE_ECC_CURVE_SM2) == TEE_SUCCESS);
	return 0;
}

static uint32_t getters(void)
{
	uint32_t line = values();

	if (!line)
		line = wrong_types();
	if (!line)
		line = missing(OWN, "org.example.missing");
	if (!line)
		line = enumerators();
	if (!line)
		line = curves();
	return line;
}

static void mistake(uint32_t which)
{
	TEE_PropSetHandle enumerator;
	uint32_t value;

	(void)TEE_AllocatePropertyEnumerator(&enumerator);
	switch (which) {
	case 1:
		(void)TEE_GetPropertyAsU32(OWN, "org.example.u32", NULL);
		break;
	case 2:
		(void)TEE_GetPropertyAsU32(OWN, NULL, &value);
		break;
	case 3:
		(void)TEE_GetPropertyAsU32((TEE_PropSetHandle)1234, "org.example.u32", &value);
		break;
	case 4:
		TEE_FreePropertyEnumerator(enumerator);
		TEE_FreePropertyEnumerator(enumerator);
		break;
	case 5:
		TEE_StartPropertyEnumerator(enumerator, (TEE_PropSetHandle)1234);
		break;
	case 6:
		(void)TEE_AllocatePropertyEnumerator(NULL);
		break;
	case 7:
		(void)TEE_GetNextProperty(TEE_PROPSET_CURRENT_TA);
		break;
	}
}

TEE_Result TA_CreateEntryPoint(void)
{
	TEE_Identity identity;

	in_create = TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
					      &identity);
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	const TEE_PropSetHandle sets[] = { TEE_PROPSET_CURRENT_TA, TEE_PROPSET_CURRENT_CLIENT,
					   TEE_PROPSET_TEE_IMPLEMENTATION };

	if (command == 2) {
		params[0].value.a = in_create;
		return TEE_SUCCESS;
	}
	if (command == 3) {
		params[0].value.a = getters();
		return TEE_SUCCESS;
	}
	if (command == 4) {
		mistake(params[0].value.a);
		return TEE_SUCCESS;
	}
	return list(sets[params[0].value.a], params[1].memref.buffer, &params[1].memref.size);
}
