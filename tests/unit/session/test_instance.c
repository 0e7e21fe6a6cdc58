/* The life cycle of TA instances, as the flags of ta_head say. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon_fixture.h"
#include "fake_host.h"
#include "wire/result.h"

static struct daemon daemon_;
static int sock;

static void setup(void)
{
	daemon_start(&daemon_, NULL);
	daemon_add_ta(&daemon_, TA_PER_SESSION, FAKE_NORMAL);
	daemon_add_ta(&daemon_, TA_SINGLE, FAKE_NORMAL);
	daemon_add_ta(&daemon_, TA_SINGLE_MULTI, FAKE_NORMAL);
	daemon_add_ta(&daemon_, TA_KEEP_ALIVE, FAKE_NORMAL);
	daemon_add_ta(&daemon_, TA_KEEP_CRASHED, FAKE_NORMAL);
	sock = client_hello(&daemon_, FAKE_NORMAL);
}

static void teardown(void)
{
	if (sock >= 0)
		close(sock);
	daemon_stop(&daemon_);
}

TestSuite(instance, .init = setup, .fini = teardown);

Test(instance, each_session_has_its_own_unless_single)
{
	struct message_opened first = client_open(sock, TA_PER_SESSION, NULL);
	struct message_opened second = client_open(sock, TA_PER_SESSION, NULL);

	cr_assert_eq(first.result, RESULT_SUCCESS);
	cr_assert_eq(second.result, RESULT_SUCCESS);
	cr_expect_neq(first.instance, second.instance);
	cr_expect_neq(first.session, second.session);
	client_close_session(sock, first.session);
	cr_expect(client_wait_instances(sock, 1, MESSAGE_INSTANCE_LIVE));
	client_close_session(sock, second.session);
	cr_expect(client_wait_instances(sock, 0, -1));
}

Test(instance, single_without_multi_session_is_busy)
{
	struct message_opened first = client_open(sock, TA_SINGLE, NULL);
	struct message_opened second = client_open(sock, TA_SINGLE, NULL);

	cr_assert_eq(first.result, RESULT_SUCCESS);
	cr_expect_eq(second.result, RESULT_BUSY);
	cr_expect_eq(second.origin, ORIGIN_TEE);
	client_close_session(sock, first.session);
	/* The instance is ending by now: this waits for its exit. */
	cr_expect_eq(client_open(sock, TA_SINGLE, NULL).result, RESULT_SUCCESS);
}
