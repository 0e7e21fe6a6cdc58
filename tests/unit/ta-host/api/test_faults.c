/*
 * What faults when it is touched, and what a function is told to write where nothing is. Apart,
 * because it is what Valgrind reports.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <tee_api.h>
#include <tee_internal_api_extensions.h>

#include "runtime_double.h"

TestSuite(faults, .init = runtime_double_reset);

Test(faults, reading_what_malloc_of_nothing_gave_faults, .signal = SIGSEGV)
{
	volatile uint8_t *nothing = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);

	(void)*nothing;
}

Test(faults, writing_what_malloc_of_nothing_gave_faults, .signal = SIGSEGV)
{
	volatile uint8_t *nothing = TEE_Malloc(0, TEE_MALLOC_FILL_ZERO);

	*nothing = 1;
}

Test(faults, pads_of_a_mapping_cannot_be_touched, .signal = SIGSEGV)
{
	volatile uint8_t *memory = tee_map_zi_va(0, 4096, 4096, 4096, 0);

	memory[4096] = 1;
}

static void random_to_nowhere(void)
{
	TEE_GenerateRandom((void *)0x1000, 64);
}

Test(faults, random_data_to_nowhere_panics)
{
	cr_expect(runtime_double_panics(random_to_nowhere));
	cr_expect_eq(runtime_double.panic_code, TEE_ERROR_BAD_PARAMETERS);
}
