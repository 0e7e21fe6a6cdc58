/*
 * Internal Core API 6, in a sandbox: each family of algorithms at work in a real TA.
 */
#include <criterion/criterion.h>

#include "commands.h"
#include "fixture.h"
#include "rules.h"

static const TEEC_UUID ta = UUID_CRYPTOGRAPHY, rules = UUID_CRYPTOGRAPHY_RULES;

TestSuite(cryptography, .init = fixture_start, .fini = fixture_stop);

/* Each in an instance of its own, so that none finds the way paved by another. */
static void check(uint32_t index)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INOUT, 0, 0, 0) };
	struct client client;

	operation.params[0].value.a = index;
	client_open(&client, &ta);
	cr_assert_eq(client_invoke(&client, COMMAND_CHECK, &operation), TEEC_SUCCESS, "check %u",
		     index);
	cr_assert_eq(operation.params[0].value.a, 0, "check %u failed in line %u of ta.c", index,
		     operation.params[0].value.a);
	client_close(&client);
}

Test(cryptography, every_family_works_in_the_sandbox)
{
	for (uint32_t index = 0; index < CHECKS; index++)
		check(index);
}

Test(cryptography, broken_rule_ends_the_instance_and_is_in_the_log)
{
	static const char *const texts[] = {
#define RULE_TEXT(text, ...) (text),
		RULES(RULE_TEXT)
#undef RULE_TEXT
	};

	for (uint32_t rule = 0; rule < sizeof(texts) / sizeof(texts[0]); rule++) {
		TEEC_Operation operation = { .paramTypes =
						     TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, 0, 0, 0) };
		struct client client;

		operation.params[0].value.a = rule;
		client_open(&client, &rules);
		cr_expect_eq(client_invoke(&client, 0, &operation), TEEC_ERROR_TARGET_DEAD, "%s",
			     texts[rule]);
		client_close(&client);
		cr_expect(fixture_log_has(texts[rule]));
	}
}
