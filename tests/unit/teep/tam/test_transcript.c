/* What the message log says of messages: whole, short, and JSON whatever was in them. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "teep/tam/transcript.h"

static json_t *read_back(struct json_writing *from)
{
	json_t *value;

	cr_assert(!from->failed);
	value = json_loadb(from->text, from->size, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(value, "%.*s", (int)from->size, from->text);
	free(from->text);
	return value;
}

static const char *text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	cr_assert_not_null(text, "%s", name);
	return text;
}

Test(tam_transcript, plain_content_takes_the_place_of_what_was_encrypted)
{
	json_t *tbs = json_pack("{s:s, s:s, s:b}", "rid", "r\"1", "content", "sealed", "x", 1);
	json_t *plain = json_pack("{s:s, s:[{s:i}, s]}", "spid", "ü", "list", "n", 7, "a"), *told;
	struct json_writing to = { 0 };
	const json_t *inner;

	transcript_request(&to, "InstallTA", tbs, plain);
	told = read_back(&to);
	inner = json_object_get(told, "InstallTATBSRequest");
	cr_expect_str_eq(text_at(inner, "rid"), "r\"1");
	cr_expect(json_is_true(json_object_get(inner, "x")));
	cr_expect(json_equal(json_object_get(inner, "content"), plain));
	json_decref(told);
	json_decref(plain);
	json_decref(tbs);
}

Test(tam_transcript, what_is_long_is_told_in_short)
{
	char much[300];
	json_t *tbs, *told, *inner, *many = json_array();
	struct json_writing to = { 0 };

	memset(much, 'A', sizeof(much));
	much[sizeof(much) - 1] = '\0';
	for (int i = 0; i < 500; i++)
		(void)json_array_append_new(many, json_integer(i));
	/* No certificate, and none that could be one. */
	tbs = json_pack("{s:s, s:s, s:o, s:s#}", "big", much, "cert", much, "many", many, "odd",
			"\xc3\xbc\xc3\xbc", 4);
	transcript_request(&to, "X", tbs, NULL);
	told = read_back(&to);
	inner = json_object_get(told, "XTBSRequest");
	cr_expect_not_null(strstr(text_at(inner, "big"), "(299 characters)"));
	cr_expect_not_null(strstr(text_at(inner, "cert"), "(299 characters)"));
	cr_expect_eq(json_array_size(json_object_get(inner, "many")), 201);
	cr_expect_str_eq(text_at(inner, "odd"), "\xc3\xbc\xc3\xbc");
	json_decref(told);
	json_decref(tbs);
}

Test(tam_transcript, answers_follow_each_other_with_what_was_made_of_them)
{
	const struct response passed = { .kind = RESPONSE_OF_TEE,
					 .message = OTRP_GET_DEVICE_STATE,
					 .passed = true,
					 .encrypted = true,
					 .rid = span_of_text("r"),
					 .tid = span_of_text("t") };
	const struct response odd = { .kind = RESPONSE_UNREADABLE,
				      .failure = { .why = "no \"JSON\"" } };
	struct json_writing to = { 0 };
	json_t *list, *inner;

	json_put(&to, "[", 1);
	transcript_response(&to, &passed, NULL, "");
	/* Octets that are no text do not spoil the rest. */
	transcript_response(&to, &odd, NULL, "\xff");
	json_put(&to, "]", 1);
	list = read_back(&to);
	cr_assert_eq(json_array_size(list), 2);
	inner = json_object_get(json_array_get(list, 0), "GetDeviceTEEStateTBSResponse");
	cr_expect_str_eq(text_at(inner, "edsi"), "(encrypted)");
	cr_expect_str_eq(text_at(inner, "status"), "pass");
	cr_expect_null(json_object_get(json_array_get(list, 0), "verdict"));
	cr_expect_str_eq(text_at(json_array_get(list, 1), "unreadable"), "no \"JSON\"");
	cr_expect(json_is_null(json_object_get(json_array_get(list, 1), "verdict")));
	json_decref(list);
}
