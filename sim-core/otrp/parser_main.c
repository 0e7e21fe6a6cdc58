/*
 * teesim-otrp-parser: parses what outsiders sent to the TEE. See parser_process.h.
 *
 * Trusts nobody. It has one socket, and a filter that leaves it reading, writing and forking; each
 * child has a narrower one, does one job and ends.
 */
#include <linux/filter.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "otrp/parser_process.h"
#include "otrp/parser_stream.h"
#include "otrp/parser_warm.h"
#include "sandbox/filter.h"
#include "wire/socket.h"
#ifndef TEESIM_SANITIZE
#include "otrp_policies.h"
#endif

#define CPU_SECONDS   10U
#define ADDRESS_SPACE (2ULL << 30)

#ifndef TEESIM_SANITIZE
static void filter_enter(const struct sock_filter *policy, size_t size)
{
	if (filter_install_code(policy, size / sizeof(*policy)) < 0)
		_exit(1);
}
#endif

static void limit(int resource, rlim_t most)
{
	const struct rlimit limits = { most, most };

	if (setrlimit((__rlimit_resource_t)resource, &limits) < 0)
		_exit(1);
}

static void job_serve(int sock)
{
	struct parser_answer answer;
	struct parser_job job;
	struct arena arena = { 0 };
	struct span octets;

#ifndef TEESIM_SANITIZE
	filter_enter(policy_job, sizeof(policy_job));
#endif
	parser_stream_greet(sock);
	/* The pages that a parse writes to are its own before it is waited for. */
	parser_warm_up();
	if (parser_stream_wait(sock, -1) == 0 &&
	    parser_stream_read(sock, PARSER_SIZE_MAX, &arena, &octets) == 0 &&
	    otrp_record_parse(octets, parser_job_layout, PARSER_JOB_LAYOUT_COUNT, &job) == 0) {
		parser_job_do(&job, &arena, &answer);
		if (otrp_record_encode(&answer, parser_answer_layout, PARSER_ANSWER_LAYOUT_COUNT,
				       &arena, &octets) == 0)
			(void)parser_stream_write(sock, octets);
	}
	/* Its end is put off until the TEE has time for it. */
	parser_stream_wait_end(sock);
	arena_clear(&arena);
}

/* A child that waits for its one job, whose socket goes to the TEE. */
static int child_make(void)
{
	/* One that was taken over must not hold the TEE up for ever. */
	static const struct timeval patience = { .tv_sec = PARSER_PATIENCE_SECONDS };
	struct packet_fds fds = { .count = 1 };
	pid_t child;
	int ends[2], rc, on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	child = fork();
	if (child == 0) {
		/* Of the child alone: its parent serves for ever. */
		limit(RLIMIT_CPU, CPU_SECONDS);
		(void)close(PARSER_SOCKET);
		(void)close(ends[0]);
		job_serve(ends[1]);
		_exit(0);
	}
	(void)close(ends[1]);
	/* The TEE would take a socket without a child for one that died over its job. */
	if (child < 0) {
		(void)close(ends[0]);
		return -1;
	}
	fds.fd[0] = ends[0];
	rc = socket_send(PARSER_SOCKET, "r", 1, &fds, 0);
	packet_fds_close(&fds);
	return rc;
}

int main(void)
{
	const struct sigaction reap = { .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT };
	struct packet_fds fds;
	char word = PARSER_READY;

	/* Nothing of the machine's configuration concerns this process. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (parser_warm_prepare())
		return 1;
	/* Whatever a first parse loads or asks for is loaded and asked for while that is allowed.
	 */
	parser_warm_up();
	/* timegm() looks for the machine's time zone once, though it is of no use to it. */
	tzset();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    sigaction(SIGCHLD, &reap, NULL) < 0)
		return 1;
	limit(RLIMIT_CORE, 0);
#ifndef TEESIM_SANITIZE
	limit(RLIMIT_AS, ADDRESS_SPACE);
	filter_enter(policy_serve, sizeof(policy_serve));
#endif
	do {
		for (int i = 0; i < word && i < PARSER_READY; i++)
			if (child_make() < 0)
				return 1;
	} while (socket_receive(PARSER_SOCKET, &word, 1, &fds, 0) > 0);
	return 0;
}
