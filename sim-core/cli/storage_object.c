#include "cli/storage_object.h"

#include <errno.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int storage_object_name_parse(const char *text, uint8_t name[RECORD_NAME_MAX], size_t *size)
{
	const size_t length = strlen(text);

	if (strncmp(text, "0x", 2)) {
		if (length > RECORD_NAME_MAX)
			return -EINVAL;
		memcpy(name, text, length);
		*size = length;
		return 0;
	}
	if (length % 2 || length > 2 + 2 * RECORD_NAME_MAX)
		return -EINVAL;
	*size = length / 2 - 1;
	for (size_t i = 0; i < *size; i++) {
		const int high = digit(text[2 + 2 * i]), low = digit(text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return -EINVAL;
		name[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

char *storage_object_name_text(const uint8_t *name, size_t size, char text[STORAGE_NAME_TEXT])
{
	/* Nothing is shown as "0x": it would not be seen otherwise. */
	bool plain = size && (size < 2 || memcmp(name, "0x", 2) != 0);

	for (size_t i = 0; i < size; i++)
		plain = plain && name[i] > 0x20 && name[i] < 0x7F;
	if (plain) {
		memcpy(text, name, size);
		text[size] = '\0';
		return text;
	}
	memcpy(text, "0x", 3);
	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", name[i]);
	return text;
}

static const struct {
	const char *name;
	uint32_t store;
} stores[] = {
	{ "private", 0x00000001 },
	{ "ree", 0x80000000 },
	{ "rpmb", 0x80000100 },
};

int storage_store_parse(const char *text, uint32_t *store)
{
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (!strcmp(text, stores[i].name)) {
			*store = stores[i].store;
			return 0;
		}
	return -EINVAL;
}

const char *storage_store_text(uint32_t store)
{
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (store == stores[i].store)
			return stores[i].name;
	return "?";
}

const char *storage_type_text(uint32_t type, char text[16])
{
	static const struct {
		uint32_t type;
		const char *name;
	} types[] = {
		{ 0xA00000BF, "data" },		{ 0xA0000010, "AES" },
		{ 0xA0000011, "DES" },		{ 0xA0000013, "DES3" },
		{ 0xA0000014, "SM4" },		{ 0xA0000001, "HMAC-MD5" },
		{ 0xA0000002, "HMAC-SHA1" },	{ 0xA0000003, "HMAC-SHA224" },
		{ 0xA0000004, "HMAC-SHA256" },	{ 0xA0000005, "HMAC-SHA384" },
		{ 0xA0000006, "HMAC-SHA512" },	{ 0xA0000000, "secret" },
		{ 0xA0000030, "RSA public" },	{ 0xA1000030, "RSA pair" },
		{ 0xA0000031, "DSA public" },	{ 0xA1000031, "DSA pair" },
		{ 0xA1000032, "DH pair" },	{ 0xA0000041, "ECDSA public" },
		{ 0xA1000041, "ECDSA pair" },	{ 0xA0000042, "ECDH public" },
		{ 0xA1000042, "ECDH pair" },	{ 0xA0000043, "Ed25519 public" },
		{ 0xA1000043, "Ed25519 pair" }, { 0xA0000044, "X25519 public" },
		{ 0xA1000044, "X25519 pair" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (type == types[i].type)
			return types[i].name;
	snprintf(text, 16, "0x%08x", type);
	return text;
}

void storage_dump(FILE *to, const uint8_t *bytes, size_t size, uint64_t offset)
{
	for (size_t i = 0; i < size; i += 16) {
		fprintf(to, "%08llx ", (unsigned long long)(offset + i));
		for (size_t j = i; j < i + 16; j++)
			if (j < size)
				fprintf(to, " %02x", bytes[j]);
			else
				fputs("   ", to);
		fputs("  |", to);
		for (size_t j = i; j < i + 16 && j < size; j++)
			fputc(bytes[j] >= 0x20 && bytes[j] < 0x7F ? bytes[j] : '.', to);
		fputs("|\n", to);
	}
}
