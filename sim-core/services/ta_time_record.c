#include "services/ta_time_record.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

/* "TAtime" and a version. */
#define RECORD_MAGIC 0x01656d6974415401ULL

static_assert(sizeof(struct ta_time_record) == 64, "a file's content");

static void code_make(const struct ta_time_record *record, const struct uuid *ta,
		      const uint8_t key[TA_TIME_KEY_SIZE], uint8_t code[TA_TIME_CODE_SIZE])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, key, TA_TIME_KEY_SIZE, TA_TIME_CODE_SIZE);
	(void)crypto_generichash_update(&state, ta->octet, sizeof(ta->octet));
	(void)crypto_generichash_update(&state, (const unsigned char *)record,
					offsetof(struct ta_time_record, code));
	(void)crypto_generichash_final(&state, code, TA_TIME_CODE_SIZE);
}

void ta_time_record_seal(struct ta_time_record *record, const struct uuid *ta,
			 const uint8_t key[TA_TIME_KEY_SIZE])
{
	record->magic = RECORD_MAGIC;
	code_make(record, ta, key, record->code);
}

int ta_time_record_parse(const uint8_t *octets, size_t size, const struct uuid *ta,
			 const uint8_t key[TA_TIME_KEY_SIZE], struct ta_time_record *record)
{
	struct ta_time_record read;
	uint8_t code[TA_TIME_CODE_SIZE];

	if (size != sizeof(read))
		return -EBADMSG;
	memcpy(&read, octets, sizeof(read));
	code_make(&read, ta, key, code);
	if (sodium_memcmp(code, read.code, sizeof(code)) || read.magic != RECORD_MAGIC ||
	    read.noted_ms < read.clock_ms)
		return -EBADMSG;
	*record = read;
	return 0;
}
