/* The UUIDs that TAs see of their clients; expected values are from Python's uuid.uuid5(). */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/identity.h"
#include "wire/result.h"

static int pair[2] = { -1, -1 };

static void setup(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
}

static void teardown(void)
{
	close(pair[0]);
	close(pair[1]);
}

TestSuite(identity, .init = setup, .fini = teardown);

static void expect_uuid(const struct identity *identity, const char *expected)
{
	char text[UUID_TEXT_SIZE];

	cr_expect_str_eq(uuid_format(&identity->uuid, text), expected);
}

Test(identity, public_is_nil)
{
	struct identity identity;

	cr_assert_eq(identity_make(&identity, LOGIN_PUBLIC, 0, pair[0], 1000, 1000), 0);
	cr_expect_eq(identity.login, LOGIN_PUBLIC);
	expect_uuid(&identity, "00000000-0000-0000-0000-000000000000");
}

Test(identity, user_is_made_of_the_uid_in_hexadecimal)
{
	struct identity identity;

	cr_assert_eq(identity_make(&identity, LOGIN_USER, 0, pair[0], 1000, 1000), 0);
	cr_expect_eq(identity.login, LOGIN_USER);
	expect_uuid(&identity, "fc34275c-d8dd-5ba7-968b-504718363b87");
	cr_assert_eq(identity_make(&identity, LOGIN_USER, 0, pair[0], 0, 0), 0);
	expect_uuid(&identity, "ef0180a3-13f3-5d1c-b7f5-888c0e21059a");
}

Test(identity, group_is_made_of_a_gid_that_the_peer_is_in)
{
	struct identity identity;

	cr_assert_eq(identity_make(&identity, LOGIN_GROUP, 1000, pair[0], 1000, 1000), 0);
	cr_expect_eq(identity.login, LOGIN_GROUP);
	expect_uuid(&identity, "0ece43ed-001d-51bd-bab7-480c8954c3cf");
	cr_expect_eq(identity_make(&identity, LOGIN_GROUP, 0x7ffffff1, pair[0], 1000, 1000),
		     -EACCES);
}

Test(identity, other_methods_are_not_offered)
{
	struct identity identity;

	cr_expect_eq(identity_make(&identity, LOGIN_APPLICATION, 0, pair[0], 0, 0), -EINVAL);
	cr_expect_eq(identity_make(&identity, LOGIN_TRUSTED_APP, 0, pair[0], 0, 0), -EINVAL);
	cr_expect_eq(identity_make(&identity, 0x80000000, 0, pair[0], 0, 0), -EINVAL);
}
