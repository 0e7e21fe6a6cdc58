#include "teep/agent/answer.h"
#include "teep/agent/route.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {"<envelope>Request":{"payload":base64url(payload),…}} */
static struct route routed(const char *envelope, const char *payload)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const size_t length = strlen(payload);
	char encoded[2048], text[4096];
	struct route route;
	size_t used = 0;

	for (size_t i = 0; i < length; i += 3) {
		const size_t n = length - i < 3 ? length - i : 3;
		unsigned char in[3] = { 0 };
		unsigned int bits;

		memcpy(in, payload + i, n);
		bits = (unsigned int)in[0] << 16 | (unsigned int)in[1] << 8 | in[2];
		for (size_t k = 0; k <= n; k++)
			encoded[used++] = digits[bits >> (18 - 6 * k) & 63];
	}
	encoded[used] = '\0';
	snprintf(text, sizeof(text),
		 "{\"%sRequest\":{\"header\":{\"x5c\":[\"payload\"]},\"payload\":\"%s\","
		 "\"signature\":\"AA\"}}",
		 envelope, encoded);
	cr_assert_eq(route_parse(text, strlen(text), &route), 0);
	return route;
}

Test(agent_route, the_name_of_the_tee_is_read_and_nothing_else)
{
	const struct route route = routed("InstallTA", "{\"InstallTATBSRequest\":{\"content\":{"
						       "\"tee\":\"no\"},\"tee\":\"simtee-0\"}}");

	cr_assert_str_eq(route.tee, "simtee-0");
	cr_assert_not(route.device_state);
}

Test(agent_route, get_device_state_is_for_all)
{
	const struct route route =
		routed("GetDeviceState", "{\"GetDeviceStateTBSRequest\":{\"ver\":\"1.0\"}}");

	cr_assert(route.device_state);
	cr_assert_str_empty(route.tee);
}

Test(agent_route, what_names_no_tee_has_no_name)
{
	static const char *const payloads[] = { "",
						"x",
						"{}",
						"{\"a\":1}",
						"{\"a\":{\"tee\":7}}",
						"{\"a\":{\"tee\":\"x}}",
						"{\"a\":{\"tee\":\"\\u0000\"}}",
						"{\"a\":{},\"tee\":\"outside\"}" };

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		const struct route route = routed("CreateSD", payloads[i]);

		cr_assert_str_empty(route.tee, "%s", payloads[i]);
	}
}

Test(agent_route, a_name_that_is_too_long_is_no_name)
{
	char payload[512] = "{\"a\":{\"tee\":\"";
	const size_t start = strlen(payload);
	struct route route;

	memset(payload + start, 'n', ROUTE_NAME_MAX);
	strcpy(payload + start + ROUTE_NAME_MAX, "\"}}");
	route = routed("CreateSD", payload);
	cr_assert_eq(strlen(route.tee), ROUTE_NAME_MAX);
	memset(payload + start, 'n', ROUTE_NAME_MAX + 1);
	strcpy(payload + start + ROUTE_NAME_MAX + 1, "\"}}");
	route = routed("CreateSD", payload);
	cr_assert_str_empty(route.tee);
}

Test(agent_route, what_is_no_message_is_somebodys_all_the_same)
{
	static const char *const messages[] = { "",
						"x",
						"{",
						"[]",
						"{\"a\":1}",
						"{\"a\":{\"payload\":1}}",
						"{\"a\":{\"payload\":\"!!\"}}" };
	struct route route;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		cr_assert_eq(route_parse(messages[i], strlen(messages[i]), &route), 0);
		cr_assert_str_empty(route.tee);
		cr_assert_not(route.device_state);
	}
}

Test(agent_route, names_are_an_array_of_texts)
{
	static const char *const bad[] = { "",	       "[]",  "{}",	  "[\"a\"",
					   "[\"a\"]x", "[1]", "[\"a\",]", "[\"\"]" };
	struct route_names names;

	cr_assert_eq(route_names_parse(" [ \"a\" , \"b\" ] ", 15, &names), 0);
	cr_assert_eq(names.count, 2);
	cr_assert_str_eq(names.name[1], "b");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(route_names_parse(bad[i], strlen(bad[i]), &names), -EBADMSG, "%s",
			     bad[i]);
}

Test(agent_route, answers_become_one_array_as_they_are)
{
	const struct answer_part parts[] = { { "{\"a\":1}", 7 }, { "x", 1 } };
	size_t size;
	char *text = answer_device_state_compose(parts, 2, &size);

	cr_assert_str_eq(text, "{\"GetDeviceStateResponse\":[{\"a\":1},x]}");
	cr_assert_eq(size, strlen(text));
	free(text);
}

Test(agent_route, the_agents_own_word_has_the_protocols_form)
{
	size_t size;
	char *text = answer_error_compose(ANSWER_TEE_UNKNOWN, &size);

	cr_assert_str_eq(text, "{\"OTrPBrokerError\":{\"errcode\":\"ERR_AGENT_TEE_UNKNOWN\","
			       "\"rid\":\"\",\"tid\":\"\",\"ver\":\"1.0\"}}");
	cr_assert_eq(size, strlen(text));
	free(text);
}
