#include "teep/evil/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "teep/otrp/jws.h"
#include "test_keys.h"

/* payload {"T":{"status":"fail","tid":"t","reason":{"error-code":"ERR_X"}}}, protected {},
 * signature 00 */
#define SIGNED                                                                                     \
	"{\"payload\":"                                                                            \
	"\"eyJUIjp7InN0YXR1cyI6ImZhaWwiLCJ0aWQiOiJ0IiwicmVhc29uIjp7ImVycm9yLWNvZGUiOiJFUlJfWCJ9fX" \
	"0\","                                                                                     \
	"\"protected\":\"e30\",\"signature\":\"AA\"}"
#define MESSAGE "{\"CreateSDResponse\":" SIGNED "}"
#define STATES \
	"{\"GetDeviceStateResponse\":[{\"GetDeviceTEEStateResponse\":" SIGNED "},{\"Other\":{}}]}"

static struct octets message, other;
static struct message_look look;

static const struct message_look *seen(void)
{
	message_look(&message, &look);
	return &look;
}

static void take(const char *text)
{
	octets_clear(&message);
	cr_assert_eq(octets_of_text(text, &message), 0);
}

static void done(void)
{
	octets_clear(&message);
	octets_clear(&other);
}

Test(evil_message, what_anybody_can_read)
{
	take(MESSAGE);
	cr_expect_str_eq(seen()->name, "CreateSDResponse");
	cr_expect_str_eq(look.status, "fail");
	cr_expect_str_eq(look.reason, "ERR_X");
	cr_expect_str_eq(look.tid, "t");
	cr_expect(message_is(&look, "CreateSD") && message_is(&look, "CreateSDResponse"));
	cr_expect_not(message_is(&look, "Create"));
	take(STATES);
	cr_expect_eq(seen()->entries, 2);
	cr_expect_str_eq(look.status, "fail");
	take("{\"OTrPBrokerError\":{\"errcode\":\"ERR_AGENT_TEE_BUSY\"}}");
	cr_expect_str_eq(seen()->reason, "ERR_AGENT_TEE_BUSY");
	take("rubbish");
	cr_expect_str_empty(seen()->name);
	done();
}

Test(evil_message, a_bit_is_flipped_where_it_is_wanted)
{
	take("\x01");
	cr_assert_eq(message_flip(&message, NULL, 6), 0);
	cr_expect_eq(message.data[0], 3);
	cr_expect_eq(message_flip(&message, NULL, 8), -ERANGE);
	take(MESSAGE);
	cr_assert_eq(message_flip(&message, "signature", 0), 0);
	cr_expect_not_null(strstr(message.data, "\"signature\":\"gA\""));
	cr_expect_not_null(strstr(message.data, "\"protected\":\"e30\""));
	cr_expect_eq(message_flip(&message, "signature", 8), -ERANGE);
	cr_expect_eq(message_flip(&message, "x5c", 0), -EBADMSG);
	take(STATES);
	cr_assert_eq(message_flip(&message, "signature", 7), 0);
	cr_expect_not_null(strstr(message.data, "\"signature\":\"AQ\""));
	done();
}

Test(evil_message, it_is_cut_and_renamed_and_changed)
{
	take(MESSAGE);
	cr_assert_eq(message_rename(&message, "DeleteSDResponse"), 0);
	cr_expect_str_eq(seen()->name, "DeleteSDResponse");
	cr_assert_eq(message_set(&message, "status", "\"pass\""), 0);
	cr_expect_str_eq(seen()->status, "pass");
	cr_assert_eq(message_remove(&message, "signature"), 0);
	cr_expect_null(strstr(message.data, "signature"));
	cr_expect_eq(message_remove(&message, "signature"), -EBADMSG);
	cr_assert_eq(message_truncate(&message, -1), 0);
	cr_expect_str_empty(seen()->name);
	cr_assert_eq(message_truncate(&message, 5), 0);
	cr_expect_str_eq(message.data, "{\"Del");
	cr_assert_eq(message_truncate(&message, -9), 0);
	cr_expect_eq(message.size, 0);
	done();
}

Test(evil_message, it_is_signed_by_another)
{
	EVP_PKEY *key = key_generate(KEY_P256);
	struct otrp_failure failure;
	ARENA_AUTO arena = { 0 };
	struct jws jws;
	json_t *root;

	take(MESSAGE);
	cr_assert_eq(message_resign(&message, key, NULL), 0);
	root = json_loads(message.data, 0, NULL);
	cr_assert_eq(jws_parse(json_object_get(root, "CreateSDResponse"),
			       &(struct jws_options) { 0 }, &arena, &jws, &failure),
		     0);
	cr_expect(jws_verify(&jws, key));
	cr_assert_eq(message_alg(&message, "none"), 0);
	cr_expect_not_null(strstr(message.data, "\"signature\":\"\""));
	cr_expect_eq(message_alg(&message, "HS256"), -EBADMSG,
		     "there is no key to take for a secret");
	json_decref(root);
	EVP_PKEY_free(key);
	done();
}

Test(evil_message, entries_come_and_go)
{
	take(STATES);
	cr_assert_eq(octets_copy(&message, &other), 0);
	cr_assert_eq(message_entries(&message, "duplicate", NULL), 0);
	cr_expect_eq(seen()->entries, 4);
	cr_assert_eq(message_entries(&message, "add", &other), 0);
	cr_expect_eq(seen()->entries, 6);
	cr_assert_eq(message_entries(&message, "reverse", NULL), 0);
	cr_expect_str_empty(seen()->status, "the last is the first");
	cr_assert_eq(message_entries(&message, "empty", NULL), 0);
	cr_expect_eq(seen()->entries, 0);
	cr_expect_eq(message_entries(&message, "shuffle", NULL), -EINVAL);
	take(MESSAGE);
	cr_expect_eq(message_entries(&message, "empty", NULL), -EBADMSG);
	done();
}

Test(evil_message, what_is_none_is_left_alone)
{
	take("rubbish");
	cr_expect_eq(message_flip(&message, "payload", 0), -EBADMSG);
	cr_expect_eq(message_rename(&message, "x"), -EBADMSG);
	cr_expect_eq(message_set(&message, "x", "1"), -EBADMSG);
	cr_expect_eq(message_alg(&message, "none"), -EBADMSG);
	cr_expect_str_eq(message.data, "rubbish");
	done();
}
