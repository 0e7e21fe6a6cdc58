#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "teep/tam/server/target.h"

static struct target target;

static void path_is(const char *raw, const char *joined)
{
	char text[256] = "";

	cr_assert_eq(target_parse(raw, &target), 0, "%s", raw);
	for (size_t i = 0; i < target.segment_count; i++) {
		strcat(text, "|");
		strcat(text, target.segments[i]);
	}
	cr_assert_str_eq(text, joined);
}

Test(target, segments_are_decoded_once_each_for_itself)
{
	path_is("/", "");
	path_is("/?a=b", "");
	path_is("/a", "|a");
	path_is("/sps/com.bank%2Fpay/x%20y", "|sps|com.bank/pay|x y");
	path_is("/a%252Fb", "|a%2Fb");
	path_is("/a+b", "|a+b");
	path_is("/%C3%A4", "|\xc3\xa4");
	path_is("/a/..b", "|a|..b");
}

Test(target, what_is_odd_is_refused)
{
	static const char *const bad[] = {
		"",	   "a",	      "*",	    "http://h/",     "//",	"/a/",
		"/a//b",   "/.",      "/a/../b",    "/%2e%2E",	     "/%",	"/%2",
		"/%zz",	   "/%00",    "/a%0a",	    "/%7f",	     "/\x01",	"/%c3",
		"/%c3%28", "/%c0%af", "/%ed%a0%80", "/%f4%90%80%80", "/%c2%80", "/%ff",
		"/a?&",	   "/a?b&",   "/a?=b",	    "/a?b=%0d",	     "/a?%00",	"/a?b&&c",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(target_parse(bad[i], &target), -EBADMSG, "%s", bad[i]);
}

Test(target, bounds_hold)
{
	static char raw[TARGET_SIZE_MAX + 2];

	memset(raw, 'a', sizeof(raw) - 1);
	raw[0] = '/';
	cr_assert_eq(target_parse(raw, &target), -EMSGSIZE);
	raw[TARGET_SIZE_MAX] = 0;
	cr_assert_eq(target_parse(raw, &target), 0);
	cr_assert_eq(strlen(target.segments[0]), TARGET_SIZE_MAX - 1);
	cr_assert_eq(target_parse("/1/2/3/4/5/6/7/8/9", &target), -EMSGSIZE);
	strcpy(raw, "/?");
	for (int i = 0; i <= TARGET_MEMBERS_MAX; i++)
		strcat(raw, i ? "&a" : "a");
	cr_assert_eq(target_parse(raw, &target), -EMSGSIZE);
}

Test(target, query_members_are_found)
{
	cr_assert_eq(target_parse("/x?q=a+b%26&flag&q=2&empty=", &target), 0);
	cr_assert_str_eq(target_member(&target, "q"), "a b&");
	cr_assert_str_eq(target_member(&target, "flag"), "");
	cr_assert_str_eq(target_member(&target, "empty"), "");
	cr_assert_null(target_member(&target, "none"));
	cr_assert_eq(target_member_count(&target, "q"), 2);
}

Test(target, patterns)
{
	const char *values[TARGET_SEGMENTS_MAX];

	cr_assert_eq(target_parse("/sps/a/certificates/b", &target), 0);
	cr_assert(target_fits(&target, "/sps/{}/certificates/{}", values));
	cr_assert_str_eq(values[0], "a");
	cr_assert_str_eq(values[1], "b");
	cr_assert_not(target_fits(&target, "/sps/{}/certificates", values));
	cr_assert_not(target_fits(&target, "/sps/{}/certificates/{}/x", values));
	cr_assert_not(target_fits(&target, "/sp/{}/certificates/{}", values));
	cr_assert_not(target_fits(&target, "/spsx/{}/certificates/{}", values));
	cr_assert_not(target_fits(&target, "/", values));
	cr_assert_eq(target_parse("/", &target), 0);
	cr_assert(target_fits(&target, "/", values));
	cr_assert_not(target_fits(&target, "/{}", values));
}

Test(target, numbers)
{
	int64_t number = -1;

	cr_assert(target_number_parse("0", 0, 9, &number) && number == 0);
	cr_assert(target_number_parse("007", 0, 9, &number) && number == 7);
	cr_assert_not(target_number_parse("", 0, 9, &number));
	cr_assert_not(target_number_parse("-1", -9, 9, &number));
	cr_assert_not(target_number_parse(" 1", 0, 9, &number));
	cr_assert_not(target_number_parse("10", 0, 9, &number));
	cr_assert_not(target_number_parse("9223372036854775808", 0, INT64_MAX, &number));
}
