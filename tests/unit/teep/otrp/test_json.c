#include "teep/otrp/json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static int parse(const char *text)
{
	json_t *value = NULL;
	const int rc = json_object_parse(span_of_text(text), &value);

	json_decref(value);
	return rc;
}

Test(otrp_json, an_object_is_accepted)
{
	cr_assert_eq(parse("{}"), 0);
	cr_assert_eq(parse(" {\"a\":[1,{\"b\":\"\\u00e4\xc3\xa4 }]\"}],\"c\":true} \n"), 0);
}

Test(otrp_json, what_is_not_strict_is_refused)
{
	static const char *const bad[] = {
		"",
		"[]",
		"\"x\"",
		"{} {}",
		"{}x",
		"{\"a\":1,\"a\":2}",
		"{\"a\":{\"b\":1,\"b\":1}}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\\u0000\":1}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":01}",
		"{\"a\":1,}",
		"{'a':1}",
		"\xef\xbb\xbf{}",
		"{\"a\":NaN}",
		"{\"a\":\"\n\"}",
		"}{",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(parse(bad[i]), -EBADMSG, "%zu: %s", i, bad[i]);
}

Test(otrp_json, nesting_ends_at_sixteen)
{
	char text[2 * 20 * 8 + 8];

	for (int depth = 15; depth <= 17; depth++) {
		text[0] = '\0';
		for (int i = 0; i < depth; i++)
			strcat(text, "{\"a\":");
		strcat(text, "1");
		for (int i = 0; i < depth; i++)
			strcat(text, "}");
		cr_assert_eq(parse(text), depth <= JSON_DEPTH_MAX ? 0 : -EBADMSG, "%d", depth);
	}
}

Test(otrp_json, a_hundred_thousand_brackets_are_refused_and_overflow_no_stack)
{
	const size_t size = 100000;
	char *text = malloc(size);
	json_t *value;

	memset(text, '[', size);
	cr_assert_eq(json_object_parse(span_of(text, size), &value), -EBADMSG);
	free(text);
}

Test(otrp_json, the_canonical_form_is_sorted_and_bare)
{
	json_t *value;
	char *text;

	cr_assert_eq(
		json_object_parse(span_of_text("{ \"b\" : [true, \"\\/\\u00e4\"],\n"
					       "\"\\u00e4\":{}, \"a\":\"\\u000a\",\"B\":null}"),
				  &value),
		0);
	text = json_canonical(value);
	cr_assert_str_eq(text,
			 "{\"B\":null,\"a\":\"\\n\",\"b\":[true,\"/\xc3\xa4\"],\"\xc3\xa4\":{}"
			 "}");
	free(text);
	json_decref(value);
}

static void written_as_by_jansson(json_t *value)
{
	char *text = json_canonical(value);
	char *other = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	cr_assert_not_null(other);
	cr_assert_str_eq(text, other);
	free(text);
	free(other);
	json_decref(value);
}

Test(otrp_json, the_canonical_form_is_jansson_s)
{
	json_t *many = json_object();

	/* Each octet at each place of what is looked at together. */
	for (unsigned octet = 0; octet < 0x80; octet++)
		for (size_t place = 0; place < 11; place++) {
			char text[] = "abcdefghijk", name[12];

			text[place] = (char)octet;
			written_as_by_jansson(json_stringn(text, sizeof(text) - 1));
			if (!octet)
				continue;
			memcpy(name, text, sizeof(name));
			written_as_by_jansson(json_pack("{s:i}", name, -7));
		}
	written_as_by_jansson(json_pack("[s, s, s, s]", "", "1234567\xc3\xa4", "\xe2\x82\xac",
					"12345\xf0\x9f\x98\x80"));
	written_as_by_jansson(json_pack("[I, I, i, f, f, b, b, n, {}, []]", (json_int_t)INT64_MAX,
					(json_int_t)INT64_MIN, 0, 0.1, -1e300, 1, 0));
	for (int i = 0; i < 100; i++)
		cr_assert_eq(json_object_set_new(many,
						 (char[]) { (char)('z' - i % 26), 'a',
							    (char)('0' + i % 10), '\0' },
						 json_integer(i)),
			     0);
	written_as_by_jansson(many);
	cr_assert_null(json_canonical(NULL));
	many = json_stringn_nocheck("no \xff UTF-8", 11);
	cr_assert_null(json_canonical(many));
	json_decref(many);
}

/* Long strings have a way of their own to jansson's tree. */
#define LONG 3000

static char *long_text(const char *form, char octet)
{
	char *text, *middle = malloc(LONG + 1);

	memset(middle, 'x', LONG);
	middle[LONG / 2] = octet;
	middle[LONG] = '\0';
	cr_assert_gt(asprintf(&text, form, middle, middle, middle), 0);
	free(middle);
	return text;
}

static void long_kept(const char *form)
{
	char *text = long_text(form, 'y'), *again;
	json_t *value;

	cr_assert_eq(json_object_parse(span_of_text(text), &value), 0, "%s", form);
	again = json_canonical(value);
	cr_assert_str_eq(again, text);
	json_decref(value);
	free(again);
	free(text);
}

Test(otrp_json, long_strings_are_what_they_were)
{
	long_kept("{\"a\":\"%s\"}");
	long_kept("{\"a\":\"%s\",\"b\":[\"%s\",{\"c\":\"%s\"},1],\"d\":\"0\"}");
	long_kept("{\"%s\":\"short\"}");
	long_kept("{\"%s\":\"%s\"}");
	long_kept("{\"a\":\"\\\\%s\",\"b\":\"\x7f\"}");
	long_kept("{\"a\":\"\x7f\",\"b\":\"\x7f"
		  "0\",\"c\":\"%s\"}");
	/* More than are taken out at a time. */
	long_kept("{\"a\":[\"%1$s\",\"%1$s\",\"%1$s\",\"%1$s\",\"%1$s\",\"%1$s\",\"%1$s\","
		  "\"%1$s\",\"%1$s\",\"%1$s\"]}");
}

Test(otrp_json, long_strings_are_as_strict)
{
	static const char octets[] = { '\n', '\xff', '\xc0', '\x01' };
	static const char *const bad[] = {
		"{\"a\":\"%s\"",
		"{\"a\":\"%s}",
		"{\"a\":\"%s\"\"b\":1}",
		"{\"a\":\"%s\",\"a\":\"%s\"}",
		"{\"%s\":1,\"%s\":2}",
		"{\"%s\",1}",
		"[\"%s\"]",
	};
	json_t *value;

	for (size_t i = 0; i < sizeof(octets); i++) {
		char *text = long_text("{\"a\":\"%s\"}", octets[i]);

		cr_assert_eq(json_object_parse(span_of_text(text), &value), -EBADMSG, "%zu", i);
		free(text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text = long_text(bad[i], 'y');

		cr_assert_eq(json_object_parse(span_of_text(text), &value), -EBADMSG, "%s", bad[i]);
		free(text);
	}
}

static const struct member members[] = {
	{ "text", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "flag", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
};

static int check(const char *text, enum members_extra extra)
{
	struct otrp_failure failure;
	json_t *value;
	int rc;

	cr_assert_eq(json_object_parse(span_of_text(text), &value), 0);
	rc = members_check(value, "test", members, 2, extra, &failure);
	if (rc)
		cr_assert_eq(failure.status, OTRP_REQUEST_INVALID);
	json_decref(value);
	return rc;
}

Test(otrp_json, members_are_all_there_and_of_their_types)
{
	cr_assert_eq(check("{\"text\":\"\"}", EXTRA_REFUSED), 0);
	cr_assert_eq(check("{\"text\":\"\",\"flag\":false}", EXTRA_REFUSED), 0);
	cr_assert_neq(check("{}", EXTRA_REFUSED), 0);
	cr_assert_neq(check("{\"text\":1}", EXTRA_REFUSED), 0);
	cr_assert_neq(check("{\"text\":null}", EXTRA_REFUSED), 0);
	cr_assert_neq(check("{\"text\":\"\",\"flag\":\"true\"}", EXTRA_REFUSED), 0);
	cr_assert_neq(check("{\"text\":\"\",\"more\":1}", EXTRA_REFUSED), 0);
	cr_assert_eq(check("{\"text\":\"\",\"more\":1}", EXTRA_IGNORED), 0);
}
