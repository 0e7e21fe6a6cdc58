/*
 * Internal Core API 4.11: the heap, instance data, and what may be touched.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api.h>
#include <tee_internal_api_extensions.h>

#include "runtime_double.h"

TestSuite(memory, .init = runtime_double_reset);

static bool all_zero(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (octets[i])
			return false;
	return true;
}

Test(memory, malloc_fills_with_zero_also_what_was_used_before)
{
	for (int round = 0; round < 8; round++) {
		uint8_t *block = TEE_Malloc(300, TEE_MALLOC_FILL_ZERO);

		cr_assert(block);
		cr_assert_eq((uintptr_t)block % 16, 0);
		cr_expect(all_zero(block, 300));
		memset(block, 0xA5, 300);
		TEE_Free(block);
	}
}

Test(memory, malloc_takes_every_hint_of_the_api)
{
	static const uint32_t hints[] = { TEE_MALLOC_NO_FILL, TEE_MALLOC_NO_SHARE,
					  TEE_MALLOC_NO_FILL | TEE_MALLOC_NO_SHARE,
					  TEE_USER_MEM_HINT_NO_FILL_ZERO };

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		void *block = TEE_Malloc(64, hints[i]);

		cr_expect(block, "hint 0x%x", hints[i]);
		TEE_Free(block);
	}
}

Test(memory, malloc_with_an_unknown_hint_gives_nothing_and_says_so)
{
	cr_expect_null(TEE_Malloc(64, 0x100));
	cr_expect_eq(runtime_double.logs, 1);
}

Test(memory, malloc_of_more_than_there_is_gives_null)
{
	cr_expect_null(TEE_Malloc(SIZE_MAX, TEE_MALLOC_FILL_ZERO));
	cr_expect_null(TEE_Malloc(SIZE_MAX - 8, TEE_MALLOC_NO_FILL));
	cr_expect_null(TEE_Malloc((size_t)PTRDIFF_MAX, TEE_MALLOC_FILL_ZERO));
}

Test(memory, malloc_of_nothing_is_a_pointer_of_its_own_that_can_be_freed)
{
	uint8_t *first = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);
	uint8_t *second = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);

	cr_assert(first);
	cr_assert(second);
	cr_expect_neq(first, second);
	TEE_Free(first);
	TEE_Free(second);
}

Test(memory, malloc_of_nothing_does_not_run_out_by_freeing)
{
	for (int i = 0; i < 100000; i++) {
		void *nothing = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);

		cr_assert(nothing);
		TEE_Free(nothing);
	}
}

Test(memory, realloc_keeps_what_fits_and_zeroes_the_rest)
{
	uint8_t *block = TEE_Malloc(40, TEE_MALLOC_FILL_ZERO);

	memset(block, 0x5A, 40);
	block = TEE_Realloc(block, 5000);
	cr_assert(block);
	for (size_t i = 0; i < 40; i++)
		cr_assert_eq(block[i], 0x5A);
	cr_expect(all_zero(block + 40, 4960));
	memset(block, 0x5A, 5000);
	block = TEE_Realloc(block, 10);
	cr_assert(block);
	block = TEE_Realloc(block, 4000);
	cr_assert(block);
	cr_expect(all_zero(block + 10, 3990));
	TEE_Free(block);
}

Test(memory, realloc_of_null_allocates_zeroed)
{
	uint8_t *block = TEE_Realloc(NULL, 32);

	cr_assert(block);
	cr_expect(all_zero(block, 32));
	TEE_Free(block);
}

Test(memory, realloc_to_nothing_and_back)
{
	uint8_t *block = TEE_Malloc(32, TEE_MALLOC_FILL_ZERO);

	block[0] = 1;
	block = TEE_Realloc(block, 0);
	cr_assert(block);
	block = TEE_Realloc(block, 32);
	cr_assert(block);
	cr_expect(all_zero(block, 32));
	TEE_Free(block);
}

Test(memory, realloc_that_fails_leaves_the_block)
{
	uint8_t *block = TEE_Malloc(32, TEE_MALLOC_FILL_ZERO);

	block[31] = 7;
	cr_expect_null(TEE_Realloc(block, SIZE_MAX / 2));
	cr_expect_eq(block[31], 7);
	TEE_Free(block);
}

Test(memory, thousands_of_blocks_are_told_apart)
{
	enum {
		COUNT = 5000
	};
	static uint32_t *blocks[COUNT];

	for (uint32_t i = 0; i < COUNT; i++) {
		blocks[i] = TEE_Malloc(4 + i % 97, TEE_MALLOC_FILL_ZERO);
		cr_assert(blocks[i]);
		*blocks[i] = i;
	}
	for (uint32_t i = 0; i < COUNT; i += 3)
		TEE_Free(blocks[i]);
	for (uint32_t i = 1; i < COUNT; i += 3) {
		blocks[i] = TEE_Realloc(blocks[i], 400);
		cr_assert(blocks[i]);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		if (i % 3 == 0)
			continue;
		cr_assert_eq(*blocks[i], i);
		TEE_Free(blocks[i]);
	}
	cr_expect_eq(tee_user_mem_check_heap(), 0);
}

static void *victim;

static void free_victim(void)
{
	TEE_Free(victim);
}

static void realloc_victim(void)
{
	victim = TEE_Realloc(victim, 100);
}

Test(memory, free_twice_panics)
{
	victim = TEE_Malloc(16, TEE_MALLOC_FILL_ZERO);
	TEE_Free(victim);
	cr_assert(runtime_double_panics(free_victim));
	cr_expect_eq(runtime_double.panic_code, TEE_ERROR_BAD_PARAMETERS);
	cr_expect(strstr(runtime_double.panic_reason, "TEE_Free"));
}

Test(memory, free_of_nothing_twice_panics)
{
	victim = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);
	TEE_Free(victim);
	cr_expect(runtime_double_panics(free_victim));
}

Test(memory, free_of_a_pointer_into_a_block_panics)
{
	uint8_t *block = TEE_Malloc(64, TEE_MALLOC_FILL_ZERO);

	victim = block + 16;
	cr_expect(runtime_double_panics(free_victim));
	TEE_Free(block);
}

Test(memory, free_of_the_stack_panics_also_as_the_first_call)
{
	uint8_t local = 0;

	victim = &local;
	cr_expect(runtime_double_panics(free_victim));
}

Test(memory, realloc_of_a_freed_block_panics)
{
	victim = TEE_Malloc(16, TEE_MALLOC_FILL_ZERO);
	TEE_Free(victim);
	cr_assert(runtime_double_panics(realloc_victim));
	cr_expect(strstr(runtime_double.panic_reason, "TEE_Realloc"));
}

Test(memory, free_of_null_does_nothing)
{
	TEE_Free(NULL);
}

Test(memory, strict_mode_ends_the_heap_at_the_declared_size)
{
	uint8_t *first, *second;

	runtime.data_size = 4096;
	cr_assert(first = TEE_Malloc(100000, TEE_MALLOC_FILL_ZERO), "not strict: no limit");
	TEE_Free(first);
	runtime.strict_memory = true;
	cr_expect_null(TEE_Malloc(4096, TEE_MALLOC_FILL_ZERO), "the heap's own data take room");
	cr_assert(first = TEE_Malloc(3000, TEE_MALLOC_FILL_ZERO));
	cr_expect_null(TEE_Malloc(2000, TEE_MALLOC_FILL_ZERO));
	cr_assert(second = TEE_Malloc(500, TEE_MALLOC_FILL_ZERO));
	cr_expect_null(TEE_Realloc(second, 2000));
	TEE_Free(first);
	cr_assert(second = TEE_Realloc(second, 2000), "what was freed can be had again");
	TEE_Free(second);
}

Test(memory, heap_mark_counts_what_came_after_it)
{
	void *before = TEE_Malloc(100, TEE_MALLOC_FILL_ZERO);
	void *after;

	tee_user_mem_mark_heap();
	cr_expect_eq(tee_user_mem_check_heap(), 0);
	after = TEE_Malloc(30, TEE_MALLOC_FILL_ZERO);
	cr_expect_eq(tee_user_mem_check_heap(), 30);
	after = TEE_Realloc(after, 50);
	cr_expect_eq(tee_user_mem_check_heap(), 50);
	TEE_Free(before);
	cr_expect_eq(tee_user_mem_check_heap(), 50);
	TEE_Free(after);
	cr_expect_eq(tee_user_mem_check_heap(), 0);
}

Test(memory, memmove_copies_overlapping_both_ways)
{
	char text[] = "0123456789";

	cr_expect_eq(TEE_MemMove(text + 2, text, 5), text + 2);
	cr_expect_str_eq(text, "0101234789");
	TEE_MemMove(text, text + 3, 5);
	cr_expect_str_eq(text, "1234734789");
}

Test(memory, memcompare_goes_by_the_first_difference_as_unsigned_octets)
{
	cr_expect_eq(TEE_MemCompare("abc", "abc", 3), 0);
	cr_expect_eq(TEE_MemCompare("abc", "xyz", 0), 0);
	cr_expect_lt(TEE_MemCompare("abz", "aca", 3), 0);
	cr_expect_gt(TEE_MemCompare("aca", "abz", 3), 0);
	cr_expect_gt(TEE_MemCompare("\xff", "\x01", 1), 0);
	cr_expect_lt(TEE_MemCompare("\x01\xff", "\x02\x00", 2), 0);
}

Test(memory, memfill_uses_the_low_octet)
{
	uint8_t octets[4] = { 1, 2, 3, 4 };

	TEE_MemFill(octets + 1, 0x12345678, 2);
	cr_expect_arr_eq(octets, ((uint8_t[]) { 1, 0x78, 0x78, 4 }), 4);
}

Test(memory, size_0_takes_null)
{
	TEE_MemFill(NULL, 0, 0);
	TEE_MemMove(NULL, NULL, 0);
	cr_expect_eq(TEE_MemCompare(NULL, NULL, 0), 0);
}

static void fill_null(void)
{
	TEE_MemFill(NULL, 0, 1);
}

static void move_null(void)
{
	char octet;

	TEE_MemMove(&octet, NULL, 1);
}

static void compare_null(void)
{
	(void)TEE_MemCompare("a", NULL, 1);
}

Test(memory, null_with_a_size_panics)
{
	cr_expect(runtime_double_panics(fill_null));
	cr_expect(runtime_double_panics(move_null));
	cr_expect(runtime_double_panics(compare_null));
}

Test(memory, instance_data_is_kept_as_it_is)
{
	static const int data = 1;

	cr_expect_null(TEE_GetInstanceData());
	TEE_SetInstanceData(&data);
	cr_expect_eq(TEE_GetInstanceData(), &data);
	TEE_SetInstanceData(NULL);
	cr_expect_null(TEE_GetInstanceData());
}

static uint8_t somewhere[16];

static TEE_Result check(uint32_t flags)
{
	return TEE_CheckMemoryAccessRights(flags, somewhere, sizeof(somewhere));
}

Test(memory, access_to_private_memory_needs_no_owner_flag)
{
	cr_expect_eq(check(TEE_MEMORY_ACCESS_READ), TEE_SUCCESS);
	cr_expect(runtime_double.asked_read);
	cr_expect_not(runtime_double.asked_write);
	cr_expect_eq(check(TEE_MEMORY_ACCESS_WRITE), TEE_SUCCESS);
	cr_expect_not(runtime_double.asked_read);
	cr_expect(runtime_double.asked_write);
	cr_expect_eq(check(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER), TEE_SUCCESS);
}

Test(memory, access_to_what_is_not_mapped_so_is_denied)
{
	runtime_double.mapped = false;
	cr_expect_eq(check(TEE_MEMORY_ACCESS_READ), TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(check(TEE_MEMORY_ACCESS_WRITE | TEE_MEMORY_ACCESS_ANY_OWNER),
		     TEE_ERROR_ACCESS_DENIED);
}

Test(memory, access_to_shared_memory_needs_any_owner)
{
	runtime_double.sharing = RUNTIME_SHARED;
	runtime_double.shared_writable = true;
	cr_expect_eq(check(TEE_MEMORY_ACCESS_READ), TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(check(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER), TEE_SUCCESS);
	cr_expect_eq(check(TEE_MEMORY_ACCESS_WRITE | TEE_MEMORY_ACCESS_ANY_OWNER), TEE_SUCCESS);
}

Test(memory, shared_input_is_not_writable)
{
	runtime_double.sharing = RUNTIME_SHARED;
	cr_expect_eq(check(TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER), TEE_SUCCESS);
	cr_expect_eq(check(TEE_MEMORY_ACCESS_WRITE | TEE_MEMORY_ACCESS_ANY_OWNER),
		     TEE_ERROR_ACCESS_DENIED);
}

Test(memory, secure_and_nonsecure_ask_who_owns_it)
{
	static const uint32_t read = TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER;

	cr_expect_eq(check(read | TEE_MEMORY_ACCESS_SECURE), TEE_SUCCESS);
	cr_expect_eq(check(read | TEE_MEMORY_ACCESS_NONSECURE), TEE_ERROR_ACCESS_DENIED);
	runtime_double.sharing = RUNTIME_SHARED;
	cr_expect_eq(check(read | TEE_MEMORY_ACCESS_SECURE), TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(check(read | TEE_MEMORY_ACCESS_NONSECURE), TEE_SUCCESS);
	runtime_double.sharing = RUNTIME_MIXED;
	cr_expect_eq(check(read), TEE_SUCCESS);
	cr_expect_eq(check(read | TEE_MEMORY_ACCESS_SECURE), TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(check(read | TEE_MEMORY_ACCESS_NONSECURE), TEE_ERROR_ACCESS_DENIED);
}

Test(memory, access_to_no_octets_is_allowed_anywhere)
{
	runtime_double.mapped = false;
	cr_expect_eq(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, NULL, 0), TEE_SUCCESS);
	cr_expect_eq(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_WRITE, somewhere, 0),
		     TEE_SUCCESS);
}

Test(memory, access_to_null_low_addresses_and_past_the_end_is_denied)
{
	static const uint32_t read = TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER;

	cr_expect_eq(TEE_CheckMemoryAccessRights(read, NULL, 1), TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(TEE_CheckMemoryAccessRights(read, (void *)0x1000, 1), TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(TEE_CheckMemoryAccessRights(read, somewhere, SIZE_MAX),
		     TEE_ERROR_ACCESS_DENIED);
	cr_expect_eq(check(0x40), TEE_ERROR_ACCESS_DENIED, "no such flag");
}
