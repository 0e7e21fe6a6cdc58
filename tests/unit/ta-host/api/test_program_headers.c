/*
 * dl_iterate_phdr() as trusted applications know it.
 */
#include <criterion/criterion.h>
#include <link.h>
#include <string.h>

#include "runtime_double.h"

int __tee_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *info, size_t size, void *data),
			  void *data);

static const struct user_ta_property property = { "a", USER_TA_PROP_TYPE_STRING, "b" };

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
	unsigned int *visits = data;

	cr_expect_geq(size, sizeof(*info) - sizeof(info->dlpi_tls_data));
	cr_expect_str_eq(info->dlpi_name, "00000001-0000-0000-0000-000000000000");
	cr_expect_gt(info->dlpi_phnum, 0);
	++*visits;
	return 7;
}

/* The test program, which holds the properties, is the TA; the C library and others are not. */
Test(program_headers, walk_shows_the_ta_under_its_uuid_and_nothing_of_the_process,
     .init = runtime_double_reset)
{
	unsigned int visits = 0;

	runtime.uuid.timeLow = 1;
	runtime.property = &property;
	runtime.properties = 1;
	cr_expect_eq(__tee_dl_iterate_phdr(visit, &visits), 7);
	cr_expect_eq(visits, 1);
}
