#include "storage/record.h"
#include "storage/seal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

TestSuite(storage_records);

Test(storage_records, root_comes_back_as_it_was_written)
{
	const struct record_partition_entry partitions[2] = {
		{ .id = { .ta = { 1 }, .store = 1 },
		  .number = 3,
		  .stamp = 77,
		  .used = 9,
		  .objects = 2 },
		{ .id = { .domain = { 5 }, .store = 0x80000000 }, .number = 4, .stamp = 78 },
	};
	const uint64_t doomed[3] = { 5, 6, 7 };
	struct record_buffer buffer = { 0 };
	struct record_partition_entry entry;
	struct record_root root;

	record_root_write(&buffer, 42, 41, 9, partitions, 2, doomed, 3);
	cr_assert_not(buffer.failed);
	cr_assert_eq(record_root_parse(buffer.bytes, buffer.size, &root), 0);
	cr_expect_eq(root.counter, 42);
	cr_expect_eq(root.previous, 41);
	cr_expect_eq(root.next_number, 9);
	cr_assert_eq(root.partitions, 2);
	cr_assert_eq(root.doomed, 3);
	for (uint32_t i = 0; i < 2; i++) {
		record_root_partition(&root, i, &entry);
		cr_expect(!memcmp(&entry.id, &partitions[i].id, sizeof(entry.id)));
		cr_expect_eq(entry.number, partitions[i].number);
		cr_expect_eq(entry.stamp, partitions[i].stamp);
		cr_expect_eq(entry.used, partitions[i].used);
		cr_expect_eq(entry.objects, partitions[i].objects);
	}
	cr_expect_eq(record_root_doomed(&root, 2), 7);
	for (size_t cut = 0; cut < buffer.size; cut++)
		cr_expect_eq(record_root_parse(buffer.bytes, cut, &root), -EBADMSG, "%zu", cut);
	record_buffer_free(&buffer);
}

Test(storage_records, root_with_numbers_that_were_never_given_out_is_refused)
{
	const struct record_partition_entry zero = { .stamp = 1 };
	const struct record_partition_entry high = { .number = 9, .stamp = 1 };
	const struct record_partition_entry lost = { .number = 3 };
	const uint64_t doomed = 9;
	struct record_buffer buffer = { 0 };
	struct record_root root;

	record_root_write(&buffer, 1, 0, 9, &zero, 1, NULL, 0);
	cr_expect_eq(record_root_parse(buffer.bytes, buffer.size, &root), -EBADMSG);
	record_buffer_clear(&buffer);
	record_root_write(&buffer, 1, 0, 9, &high, 1, NULL, 0);
	cr_expect_eq(record_root_parse(buffer.bytes, buffer.size, &root), -EBADMSG);
	record_buffer_clear(&buffer);
	record_root_write(&buffer, 1, 0, 9, &lost, 1, NULL, 0);
	cr_expect_eq(record_root_parse(buffer.bytes, buffer.size, &root), -EBADMSG);
	record_buffer_clear(&buffer);
	record_root_write(&buffer, 1, 0, 9, NULL, 0, &doomed, 1);
	cr_expect_eq(record_root_parse(buffer.bytes, buffer.size, &root), -EBADMSG);
	record_buffer_free(&buffer);
}

Test(storage_records, page_keeps_each_entry_in_its_place)
{
	struct record_page page, read;
	struct record_buffer buffer = { 0 };

	memset(&page, 0, sizeof(page));
	page.entry[0].number = 1;
	page.entry[0].stamp = 2;
	page.entry[0].charge = 3;
	page.entry[31].number = 4;
	page.entry[31].stamp = 5;
	page.entry[31].name_size = 64;
	memset(page.entry[31].name, 'n', 64);
	record_page_write(&buffer, &page);
	cr_assert_eq(record_page_parse(buffer.bytes, buffer.size, &read), 0);
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*): the gaps are zero */
	cr_expect(!memcmp(&page, &read, sizeof(page)));
	for (size_t cut = 1; cut < buffer.size; cut++)
		if (cut != 32)
			cr_expect_eq(record_page_parse(buffer.bytes, cut, &read), -EBADMSG, "%zu",
				     cut);
	/* The same place twice. */
	buffer.bytes[32 + 24] = 0;
	cr_expect_eq(record_page_parse(buffer.bytes, buffer.size, &read), -EBADMSG);
	record_buffer_free(&buffer);
}

Test(storage_records, head_comes_back_as_it_was_written)
{
	const struct object_header header = { 1, 2, 3, 4 };
	const uint64_t maps[4] = { 11, 0, 13, 0 };
	struct record_buffer buffer = { 0 };
	struct record_head head;

	record_head_write(&buffer, &header, 0xFFFFFFFF, 7, true, (const uint8_t *)"attributes", 10,
			  maps, 4);
	cr_assert_eq(record_head_parse(buffer.bytes, buffer.size, &head), 0);
	cr_expect(!memcmp(&head.header, &header, sizeof(header)));
	cr_expect_eq(head.data_size, 0xFFFFFFFF);
	cr_expect_eq(head.blocks, 7);
	cr_expect(head.unclean);
	cr_assert_eq(head.attributes_size, 10);
	cr_expect(!memcmp(head.attributes, "attributes", 10));
	cr_expect_eq(head.maps.count, 3);
	cr_expect_eq(record_stamp(&head.maps, 2), 13);
	cr_expect_eq(record_stamp(&head.maps, 3), 0);
	for (size_t cut = 0; cut < buffer.size; cut++)
		cr_expect_eq(record_head_parse(buffer.bytes, cut, &head), -EBADMSG, "%zu", cut);
	record_buffer_free(&buffer);
}

static void sealed_row_opens_only_in_its_place(enum seal_cipher cipher)
{
	const uint8_t from[SEAL_SECRET_SIZE] = { 1 };
	struct seal_secret *secret = seal_secret_new(from);
	struct seal_secret *other_secret = seal_secret_derive(secret, "other", 5);
	struct seal_key *key = seal_key_derive(secret, cipher, 5);
	struct seal_key *other = seal_key_derive(secret, cipher, 6);
	struct seal_key *foreign = seal_key_derive(other_secret, cipher, 5);
	uint8_t sealed[5 + SEAL_OVERHEAD], plain[5];

	seal_close(key, 3, 77, "hello", 5, sealed);
	cr_expect_eq(seal_open(key, 3, 77, sealed, sizeof(sealed), plain), 0);
	cr_expect(!memcmp(plain, "hello", 5));
	cr_expect_eq(seal_open(key, 4, 77, sealed, sizeof(sealed), plain), -EBADMSG);
	cr_expect_eq(seal_open(key, 3, 78, sealed, sizeof(sealed), plain), -EBADMSG);
	cr_expect_eq(seal_open(other, 3, 77, sealed, sizeof(sealed), plain), -EBADMSG);
	cr_expect_eq(seal_open(foreign, 3, 77, sealed, sizeof(sealed), plain), -EBADMSG);
	cr_expect_eq(seal_open(key, 3, 77, sealed, sizeof(sealed) - 1, plain), -EBADMSG);
	cr_expect_eq(seal_open(key, 3, 77, sealed, 3, plain), -EBADMSG);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		cr_expect_eq(seal_open(key, 3, 77, sealed, sizeof(sealed), plain), -EBADMSG);
		sealed[i] ^= 1;
	}
	seal_key_free(key);
	seal_key_free(other);
	seal_key_free(foreign);
	seal_secret_free(secret);
	seal_secret_free(other_secret);
}

Test(storage_records, sealed_row_opens_only_in_its_place)
{
	cr_assert_geq(sodium_init(), 0);
	sealed_row_opens_only_in_its_place(SEAL_CHACHA20_POLY1305);
	if (seal_cipher_usable(SEAL_AES256_GCM))
		sealed_row_opens_only_in_its_place(SEAL_AES256_GCM);
	cr_expect_not(seal_cipher_usable(0));
	cr_expect_not(seal_cipher_usable(3));
}
