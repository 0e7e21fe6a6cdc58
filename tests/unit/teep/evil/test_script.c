#include "teep/evil/script.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct script script;
static char err[256];

static int parse(const char *text)
{
	return script_parse(text, strlen(text), &script, err, sizeof(err));
}

Test(evil_script, statements_are_lines_of_words)
{
	cr_assert_eq(
		parse("# nothing\n\n  say \"two words\" three # four\n\ton tam #2 drop\r\nrun s"),
		0, "%s", err);
	cr_assert_eq(script.count, 3);
	cr_expect_eq(script.statements[0].line, 3);
	cr_expect_eq(script.statements[0].count, 3);
	cr_expect_str_eq(script.statements[0].words[1], "two words");
	cr_expect_eq(script.statements[1].line, 4);
	cr_expect_str_eq(script.statements[2].words[1], "s");
	script_clear(&script);
}

Test(evil_script, what_is_no_statement_is_named_by_its_line)
{
	static const char *const bad[] = { "say \"open",
					   "a b c d e f g h i j k l m",
					   "on",
					   "on both drop",
					   "on tam",
					   "on tam vanish",
					   "on tam #0 drop",
					   "on tam drop it",
					   "on tee flip",
					   "on tee set one" };
	char text[128] = "\n";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(text + 1, bad[i]);
		cr_assert_eq(parse(text), -EBADMSG, "%s", bad[i]);
		cr_assert_not_null(strstr(err, "line 2"), "%s: %s", bad[i], err);
	}
	cr_assert_eq(script_parse("a\0b", 3, &script, err, sizeof(err)), -EBADMSG);
}

static struct rule rule_of(const char *text)
{
	struct rule rule;

	cr_assert_eq(parse(text), 0, "%s", err);
	cr_assert_eq(script_rule_parse(&script.statements[0], &rule, err, sizeof(err)), 0);
	return rule;
}

Test(evil_script, rules_say_which_message_of_whom)
{
	struct rule rule = rule_of("on tee InstallTA #3 flip 7 payload");

	cr_expect_eq(rule.side, SIDE_TEE);
	cr_expect_str_eq(rule.message, "InstallTA");
	cr_expect_eq(rule.number, 3);
	cr_expect_str_eq(rule.action, "flip");
	cr_expect_eq(rule.argument_count, 2);
	cr_expect_str_eq(rule.arguments[1], "payload");
	script_clear(&script);
	rule = rule_of("on tam drop");
	cr_expect_eq(rule.side, SIDE_TAM);
	cr_expect_null(rule.message);
	cr_expect_eq(rule.number, 0);
	script_clear(&script);
}

Test(evil_script, numbers_are_numbers_within_bounds)
{
	long number;

	cr_expect(script_number("-5", -9, 9, &number) && number == -5);
	cr_expect(script_number("9", 0, 9, &number) && number == 9);
	cr_expect_not(script_number("-1", 0, 9, &number));
	cr_expect_not(script_number("10", 0, 9, &number));
	cr_expect_not(script_number("1x", 0, 9, &number));
	cr_expect_not(script_number("", 0, 9, &number));
	cr_expect_not(script_number("99999999999999999999", 0, 9, &number));
}
