#include "teep/agent/json_scan.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct json_scan scan_of(const char *text)
{
	return json_scan_of(text, strlen(text));
}

static int string_of(const char *json, char *out, size_t size)
{
	struct json_scan scan = scan_of(json);

	return json_scan_string(&scan, out, size);
}

Test(agent_json_scan, escapes_become_octets)
{
	char text[32];

	cr_assert_eq(string_of("\"a\\n\\\"\\u00e9\\ud83d\\ude00\"", text, sizeof(text)), 9);
	cr_assert_str_eq(text, "a\n\"\xc3\xa9\xf0\x9f\x98\x80");
}

Test(agent_json_scan, what_is_no_string_is_none)
{
	static const char *const bad[] = { "",		"\"",	   "\"a",	  "\"\\",
					   "\"\\u12\"", "\"\\q\"", "\"\\ud800\"", "\"\\udc00x\"",
					   "a\"" };
	char text[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(string_of(bad[i], text, sizeof(text)), -EBADMSG, "%s", bad[i]);
}

Test(agent_json_scan, a_string_that_does_not_fit_is_passed_over)
{
	struct json_scan scan = scan_of("\"12345\",7");
	char text[5];

	cr_assert_eq(json_scan_string(&scan, text, sizeof(text)), -ENAMETOOLONG);
	cr_assert(json_scan_take(&scan, ','));
	cr_assert_eq(string_of("\"a\\u0000b\"", text, sizeof(text)), -ENAMETOOLONG);
	cr_assert_str_empty(text);
}

Test(agent_json_scan, the_first_member_of_that_name_is_found)
{
	struct json_scan scan = scan_of(
		" { \"x\" : [ { \"tee\" : 1 } , -1.5e3, null ] , \"y\":{} , \"tee\" : \"b\", "
		"\"tee\":\"c\"}");
	char text[8];

	cr_assert(json_scan_member(&scan, "tee"));
	cr_assert_eq(json_scan_string(&scan, text, sizeof(text)), 1);
	cr_assert_str_eq(text, "b");
}

Test(agent_json_scan, a_member_that_is_not_there_is_not_found)
{
	static const char *const none[] = {
		"{}",	     "[]",	 "{\"a\":1}",		"{\"a\":1,}",
		"{\"a\" 1}", "{\"a\":}", "{\"a\":{\"tee\":1}}", "\"tee\"",
		"{\"a\":]}"
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct json_scan scan = scan_of(none[i]);

		cr_assert_not(json_scan_member(&scan, "tee"), "%s", none[i]);
	}
}

Test(agent_json_scan, deep_nesting_ends_the_walk)
{
	char text[2 * JSON_SCAN_DEPTH_MAX + 8];
	struct json_scan scan;

	memset(text, '[', JSON_SCAN_DEPTH_MAX);
	memset(text + JSON_SCAN_DEPTH_MAX, ']', JSON_SCAN_DEPTH_MAX);
	text[2 * JSON_SCAN_DEPTH_MAX] = '\0';
	scan = scan_of(text);
	cr_assert(json_scan_skip(&scan) && json_scan_ended(&scan));
	memset(text, '[', JSON_SCAN_DEPTH_MAX + 1);
	scan = scan_of(text);
	cr_assert_not(json_scan_skip(&scan));
}
