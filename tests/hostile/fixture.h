/*
 * A device of a test's own: a private teesimd with the real ta-host, in directories that are gone
 * afterwards, and the checks that nothing is left.
 *
 * For a Criterion test's own process, by TestSuite(..., .init = fixture_setup, .fini =
 * fixture_teardown). The environment that libteec reads leads to this device alone, so a test calls
 * the TEE Client API as any client would. The teardown fails the test when a process, a descriptor,
 * a socket or a mapping of shared memory is left.
 */
#ifndef TEESIM_TEST_HOSTILE_FIXTURE_H
#define TEESIM_TEST_HOSTILE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include <tee_client_api.h>

/* How long a hostile peer may spin without clients before teesimd ends it, in these devices. */
#define FIXTURE_GRACE_MS 1500

/* What takes longer than this hangs, on a machine with however much to do. */
#define FIXTURE_HANG_MS 60000

/* How often a test repeats what chance decides: more often in the full run, and less often where
 * all that is wanted is the sanitizers' opinion. */
#ifdef TEESIM_SANITIZE
#define HOSTILE_ROUNDS(few) (getenv("TEESIM_HOSTILE_FULL") ? 5 * (few) : (few) / 3)
#else
#define HOSTILE_ROUNDS(few) (getenv("TEESIM_HOSTILE_FULL") ? 25 * (few) : (few))
#endif

void fixture_setup(void);
void fixture_teardown(void);

/* As setup, with the TEESIM_TA_PATH directory `dir` of the test's own before that of the suite. */
const char *fixture_ta_dir(void);

/* The daemon: running since the setup. */
pid_t fixture_daemon(void);
void fixture_daemon_start(const char *const *extra);
/* From now on daemons are started as on a machine that has no PID namespaces for them. */
void fixture_deny_pid_namespaces(void);
/* SIGKILL, and wait until it and all its TA hosts are gone. */
void fixture_daemon_kill(void);
/* An orderly end. */
void fixture_daemon_stop(void);
const char *fixture_socket(void);

/* Does the device's log hold a line with all of these texts (NULL-terminated list), within some
 * seconds? */
bool fixture_logged(const char *first, ...) __attribute__((sentinel));
/* Does no line hold this text, now? */
bool fixture_not_logged(const char *text);
/* How many lines of the log hold this text, now? */
unsigned int fixture_log_count(const char *text);

/* The TA instances that have a process, by what teesimd says; at most `max` are entered in `pids`.
 */
unsigned int fixture_hosts(pid_t *pids, unsigned int max);
/* The process of some instance of this TA; 0 when there is none. */
pid_t fixture_host_of(unsigned int ta);
/* Waits until the process of some instance of this TA has used up a second: it spins. */
bool fixture_host_spins(unsigned int ta);
/* Waits until there are exactly `count` of them. */
bool fixture_hosts_become(unsigned int count);

/* Starts a process that runs `body`; it dies with its parent. */
pid_t fixture_spawn(void (*body)(void *), void *arg);
/* Waits for it, at most some seconds; returns the wait status, or -1 for one that hangs, which is
 * killed. */
int fixture_reap(pid_t pid);

uint64_t fixture_now_ms(void);

/* Waits for others; the test fails where that takes longer than anything may. */
#define fixture_wait_while(condition, round)                                                       \
	do {                                                                                       \
		const uint64_t since_ = fixture_now_ms();                                          \
		while (condition) {                                                                \
			cr_assert_lt(fixture_now_ms() - since_, FIXTURE_HANG_MS, "round %d hangs", \
				     round);                                                       \
			usleep(200);                                                               \
		}                                                                                  \
	} while (0)

/* 0 to `limit` - 1, by chance that is the same in every run. For one thread. */
uint32_t fixture_random(uint32_t limit);

/* TAs of the suite, by the last octet of their UUID; ta/villain.h says what they do. */
TEEC_UUID fixture_uuid(unsigned int ta);

/* A result with its origin, for comparison in one go. */
struct outcome {
	TEEC_Result result;
	uint32_t origin;
};

struct outcome fixture_open(TEEC_Context *context, TEEC_Session *session, unsigned int ta);
/* Invokes with {a, b} as value INOUT in parameter 0; both are written back where not NULL. */
struct outcome fixture_invoke(TEEC_Session *session, uint32_t command, uint32_t *a, uint32_t *b);
/* The same with inputs alone. */
struct outcome fixture_tell(TEEC_Session *session, uint32_t command, uint32_t a, uint32_t b);

#define expect_outcome(call, want_result, want_origin)                                   \
	do {                                                                             \
		const struct outcome got_ = (call);                                      \
		cr_expect(got_.result == (want_result) && got_.origin == (want_origin),  \
			  "%s: result 0x%x origin %u", #call, got_.result, got_.origin); \
	} while (0)

#define expect_dead(call) expect_outcome(call, TEEC_ERROR_TARGET_DEAD, TEEC_ORIGIN_TEE)

/* An honest session beside the hostile ones: opened on a multi-session TA of its own process, and
 * asked whether it is still served, and served right. */
struct bystander {
	TEEC_Context context;
	TEEC_Session session;
	uint32_t count;
};

void bystander_arrive(struct bystander *bystander);
void bystander_check(struct bystander *bystander);
void bystander_leave(struct bystander *bystander);

#endif
