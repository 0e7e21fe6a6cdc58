#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "services/ta_time_record.h"

static const uint8_t key[TA_TIME_KEY_SIZE] = { 1, 2, 3 };
static const struct uuid ta = { { 7 } };

static struct ta_time_record sealed(void)
{
	struct ta_time_record record = { .time_ms = 5, .clock_ms = 6, .noted_ms = 7 };

	ta_time_record_seal(&record, &ta, key);
	return record;
}

static int parse(const struct ta_time_record *record, size_t size, const struct uuid *of,
		 const uint8_t with[TA_TIME_KEY_SIZE])
{
	uint8_t octets[sizeof(*record) + 1] = { 0 };
	struct ta_time_record out = { .time_ms = 99 };
	int err;

	memcpy(octets, record, sizeof(*record));
	err = ta_time_record_parse(octets, size, of, with, &out);
	cr_expect_eq(out.time_ms, err ? 99 : record->time_ms);
	return err;
}

Test(ta_time_record, is_good_for_its_ta_and_device_alone)
{
	static const uint8_t other_key[TA_TIME_KEY_SIZE] = { 1, 2, 4 };
	static const struct uuid other_ta = { { 8 } };
	const struct ta_time_record record = sealed();

	cr_expect_eq(parse(&record, sizeof(record), &ta, key), 0);
	cr_expect_eq(parse(&record, sizeof(record), &other_ta, key), -EBADMSG);
	cr_expect_eq(parse(&record, sizeof(record), &ta, other_key), -EBADMSG);
}

Test(ta_time_record, no_bit_of_it_can_be_changed)
{
	for (size_t bit = 0; bit < 8 * sizeof(struct ta_time_record); bit++) {
		struct ta_time_record record = sealed();

		((uint8_t *)&record)[bit / 8] ^= (uint8_t)(1U << bit % 8);
		cr_expect_eq(parse(&record, sizeof(record), &ta, key), -EBADMSG, "bit %zu", bit);
	}
}

Test(ta_time_record, has_one_size)
{
	const struct ta_time_record record = sealed();

	cr_expect_eq(parse(&record, sizeof(record) - 1, &ta, key), -EBADMSG);
	cr_expect_eq(parse(&record, sizeof(record) + 1, &ta, key), -EBADMSG);
	cr_expect_eq(parse(&record, 0, &ta, key), -EBADMSG);
}

Test(ta_time_record, clock_was_not_noted_before_it_was_set)
{
	struct ta_time_record record = { .clock_ms = 6, .noted_ms = 5 };

	ta_time_record_seal(&record, &ta, key);
	cr_expect_eq(parse(&record, sizeof(record), &ta, key), -EBADMSG);
}
