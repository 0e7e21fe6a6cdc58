/*
 * Internal Core API 8, in a sandbox: big integers, and what panics.
 */
#include <criterion/criterion.h>

#include "commands.h"
#include "fixture.h"

static const TEEC_UUID ta = UUID_ARITHMETIC, ta_1_1 = UUID_ARITHMETIC_1_1;

TestSuite(arithmetic, .init = fixture_start, .fini = fixture_stop);

static void checks(const TEEC_UUID *uuid)
{
	struct client client;

	client_open(&client, uuid);
	for (uint32_t index = 0; index < CHECKS; index++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };

		operation.params[0].value.a = index;
		cr_assert_eq(client_invoke(&client, COMMAND_CHECK, &operation), TEEC_SUCCESS,
			     "check %u", index);
		cr_expect_eq(operation.params[0].value.a, 0, "check %u failed in line %u of ta.c",
			     index, operation.params[0].value.a);
	}
	client_close(&client);
}

Test(arithmetic, every_function_does_what_it_is_defined_to)
{
	checks(&ta);
}

Test(arithmetic, so_do_those_of_version_1_1)
{
	checks(&ta_1_1);
}

Test(arithmetic, broken_rule_ends_the_instance_and_is_in_the_log)
{
	static const char *const texts[RULE_COUNT] = {
#define RULE_TEXT(name, text) [RULE_##name] = (text),
		RULES(RULE_TEXT)
#undef RULE_TEXT
	};

	for (uint32_t rule = 0; rule < RULE_COUNT; rule++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };
		struct client client;

		operation.params[0].value.a = rule;
		client_open(&client, &ta);
		cr_expect_eq(client_invoke(&client, COMMAND_BREAK, &operation),
			     TEEC_ERROR_TARGET_DEAD, "%s", texts[rule]);
		client_close(&client);
		cr_expect(fixture_log_has(texts[rule]));
	}
}
