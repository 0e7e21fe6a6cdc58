/* The program teesim-agent, between applications that use the library and a TEE that is none. */
#include "teesim_agent.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_tam.h"
#include "fake_tee.h"
#include "teep/agent/connect.h"
#include "teep/agent/protocol.h"

#define TAID "8aaaf200-2450-11e4-abe2-0002a5d5c51b"
/* payload {"T":{"tee":"three"}} */
#define FOR_THREE	       "{\"XRequest\":{\"payload\":\"eyJUIjp7InRlZSI6InRocmVlIn19\"}}"
#define OTRP		       "Content-Type: application/otrp+json\r\n"
#define OK(more, length, body) "HTTP/1.1 200 OK\r\n" more "Content-Length: " length "\r\n\r\n" body
#define END		       "HTTP/1.1 204 No Content\r\n\r\n"

static const char *const one[] = { "one", NULL };

static char directory[] = "/tmp/teesim-agent-XXXXXX";
static char tee_path[64], socket_path[64];
static struct fake_tee fake;
static struct fake_tam tam;
static struct teesim_agent *agent;
static pid_t program;

/* Says in `line` what the program told its starter. */
static void program_launch(const char *const *more, char *line, size_t linelen)
{
	const char *argv[32] = { AGENT_PROGRAM, "serve",    "--socket",	    socket_path,  "--tee",
				 tee_path,	"--config", "/nonexistent", "--ready-fd", "3" };
	int count = 10, ready[2];
	ssize_t n;

	while (more && *more)
		argv[count++] = *more++;
	cr_assert_eq(pipe(ready), 0);
	program = fork();
	cr_assert_geq(program, 0);
	if (program == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(ready[1], 3);
		(void)execv(AGENT_PROGRAM, (char *const *)argv);
		_exit(127);
	}
	close(ready[1]);
	n = read(ready[0], line, linelen - 1);
	cr_assert_gt(n, 0);
	line[n] = '\0';
	close(ready[0]);
}

static void program_start(const char *const *more)
{
	char line[256];

	program_launch(more, line, sizeof(line));
	cr_assert_str_eq(line, "ready\n");
}

static int agent_open(void)
{
	const struct teesim_agent_options options = { .socket = socket_path };

	return teesim_agent_open(&options, &agent);
}

static void start_with(const char *const *more)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(tee_path, sizeof(tee_path), "%s/tee", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/agent", directory);
	fake_tee_start(&fake, tee_path, one);
	program_start(more);
	cr_assert_eq(agent_open(), 0);
}

static int program_wait(void)
{
	int status;

	while (waitpid(program, &status, 0) < 0)
		cr_assert_eq(errno, EINTR);
	return status;
}

static void end(void)
{
	teesim_agent_close(agent);
	(void)kill(program, SIGTERM);
	cr_expect_eq(program_wait(), 0);
	fake_tee_stop(&fake);
	cr_expect_eq(rmdir(directory), 0, "nothing is left");
}

static int process(const char *message)
{
	char *answer;
	size_t size;
	const int rc =
		teesim_agent_process_otrp_message(agent, message, strlen(message), &answer, &size);

	teesim_agent_free(answer);
	return rc;
}

Test(agent_daemon, a_message_is_answered)
{
	char *answer;
	size_t size;

	start_with(NULL);
	cr_assert_eq(teesim_agent_process_otrp_message(agent, "opaque", 6, &answer, &size), 0);
	cr_expect_str_eq(answer, "one:opaque");
	teesim_agent_free(answer);
	cr_expect_eq(process(FOR_THREE), TEESIM_AGENT_TEE_UNKNOWN);
	end();
}

Test(agent_daemon, a_large_message_is_answered)
{
	const size_t size = 5U << 20;
	char *message = malloc(size), *answer;
	size_t answer_size;

	memset(message, 'x', size);
	start_with(NULL);
	cr_assert_eq(teesim_agent_process_otrp_message(agent, message, size, &answer, &answer_size),
		     0);
	cr_expect_eq(answer_size, size + 4);
	cr_expect_eq(memcmp(answer + 4, message, size), 0);
	teesim_agent_free(answer);
	free(message);
	end();
}

Test(agent_daemon, a_tee_that_is_gone_is_told_and_comes_back)
{
	start_with(NULL);
	fake.shared->mood[0] = FAKE_DIES;
	cr_expect_eq(process("x"), TEESIM_AGENT_TEE_FAIL);
	cr_expect_eq(process("x"), TEESIM_AGENT_TEE_FAIL);
	fake.shared->mood[0] = FAKE_ANSWERS;
	fake_tee_restart(&fake, one);
	cr_expect_eq(process("x"), 0);
	end();
}

/* T-42: what is too much never reaches the TEE, and another process is served all the while. */
Test(agent_daemon, a_flood_is_answered_busy_and_holds_up_nobody_else)
{
	static const char *const limits[] = { "--rate", "10", NULL };
	unsigned int served = 0, busy = 0;
	int status;
	pid_t other;

	start_with(limits);
	/* On any machine there are more than ten in some second. */
	for (int i = 0; i < 300 || (!busy && i < 3000); i++) {
		const int rc = process("flood");

		served += rc == 0;
		busy += rc == TEESIM_AGENT_TEE_BUSY;
		cr_assert(rc == 0 || rc == TEESIM_AGENT_TEE_BUSY, "%d", rc);
	}
	cr_expect_geq(served, 20);
	cr_expect_gt(busy, 0);
	cr_expect_eq(fake.shared->asked, served);
	other = fork();
	if (other == 0) {
		const struct teesim_agent_options options = { .socket = socket_path };
		struct teesim_agent *own;
		char *answer;
		size_t size;

		_exit(teesim_agent_open(&options, &own) != 0 ||
		      teesim_agent_process_otrp_message(own, "x", 1, &answer, &size) != 0);
	}
	cr_assert_eq(waitpid(other, &status, 0), other);
	cr_expect_eq(status, 0);
	end();
}

static void *process_thread(void *result)
{
	*(int *)result = process("x");
	return NULL;
}

Test(agent_daemon, a_queue_that_is_full_takes_no_more)
{
	static const char *const limits[] = { "--queue", "2", NULL };
	pthread_t threads[3];
	int results[3];

	start_with(limits);
	fake.shared->mood[0] = FAKE_WAITS;
	for (int i = 0; i < 3; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, process_thread, &results[i]), 0);
	/* One is with the TEE, two wait; a fourth is one too many, as soon as they are there. */
	while (fake.shared->asked == 0)
		usleep(1000);
	for (bool all = false; !all;) {
		struct agent_message message;
		char err[256];
		const int fd = agent_connect(NULL, socket_path, err, sizeof(err));

		cr_assert_geq(fd, 0);
		cr_assert_eq(agent_send(fd, AGENT_STATUS, 0, NULL, 0), 0);
		cr_assert_eq(agent_receive(fd, &message), 0);
		all = strstr(message.octets, "\"under_way\":3") != NULL;
		agent_message_clear(&message);
		close(fd);
		usleep(1000);
	}
	cr_expect_eq(process("x"), TEESIM_AGENT_TEE_BUSY);
	fake.shared->released = 3;
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
		cr_expect_eq(results[i], 0);
	}
	end();
}

Test(agent_daemon, who_leaves_is_forgotten_and_the_next_is_served)
{
	char err[256];
	int fd;

	start_with(NULL);
	fake.shared->mood[0] = FAKE_WAITS;
	fd = agent_connect(NULL, socket_path, err, sizeof(err));
	cr_assert_geq(fd, 0);
	cr_assert_eq(agent_send(fd, AGENT_PROCESS, 0, "x", 1), 0);
	while (fake.shared->asked == 0)
		usleep(1000);
	close(fd);
	fake.shared->released = 2;
	cr_expect_eq(process("y"), 0);
	end();
}

Test(agent_daemon, who_breaks_the_protocol_is_let_go)
{
	struct agent_message message;
	char err[256];
	int fd;

	start_with(NULL);
	fd = agent_connect(NULL, socket_path, err, sizeof(err));
	cr_assert_geq(fd, 0);
	cr_assert_eq(send(fd, "rubbish", 7, 0), 7);
	cr_expect_eq(agent_receive(fd, &message), -ECONNRESET);
	close(fd);
	fd = agent_connect(NULL, socket_path, err, sizeof(err));
	cr_assert_eq(agent_send(fd, AGENT_PROGRESS, 2, "x", 1), 0);
	cr_expect_eq(agent_receive(fd, &message), -ECONNRESET);
	close(fd);
	cr_expect_eq(process("x"), 0);
	end();
}

struct seen {
	char steps[32];
	enum teesim_agent_step stop;
};

static int progress(void *context, enum teesim_agent_step step, const char *text)
{
	struct seen *seen = context;

	cr_expect_str_not_empty(text);
	seen->steps[strlen(seen->steps)] = (char)('0' + (int)step);
	return step == seen->stop;
}

Test(agent_daemon, a_ta_is_asked_for_with_progress)
{
	struct seen seen = { .steps = "" };
	char *keys;

	tam.answers[0] = OK(OTRP "TAM-Session: t\r\n", "7", "{\"a\":1}");
	tam.answers[1] = END;
	tam.answers[2] = OK("", "4", "keys");
	start_with(NULL);
	fake_tam_start(&tam);
	cr_assert_eq(teesim_agent_request_ta(agent, TAID, tam.uri, progress, &seen, &keys), 0, "%s",
		     teesim_agent_reason());
	cr_expect_str_eq(seen.steps, "2345");
	cr_expect_str_eq(keys, "keys");
	cr_expect_str_eq(strstr(tam.requests[1], "\r\n\r\n") + 4, "one:{\"a\":1}");
	cr_expect_eq(fake.shared->asked, 2, "what is wanted, and the message");
	teesim_agent_free(keys);
	fake_tam_stop(&tam);
	end();
}

Test(agent_daemon, an_application_may_bring_its_ta_along)
{
	tam.answers[0] = END;
	start_with(NULL);
	fake_tam_start(&tam);
	cr_assert_eq(teesim_agent_offer_ta(agent, TAID, "package", 7, tam.uri, NULL, NULL, NULL),
		     0);
	cr_expect_str_eq(strstr(tam.requests[0], "\r\n\r\n") + 4, "package");
	fake_tam_stop(&tam);
	end();
}

Test(agent_daemon, a_request_may_be_given_up)
{
	struct seen seen = { .stop = TEESIM_AGENT_STEP_TO_TEE };

	for (int i = 0; i < 3; i++)
		tam.answers[i] = OK(OTRP, "1", "x");
	start_with(NULL);
	fake_tam_start(&tam);
	cr_expect_eq(teesim_agent_request_ta(agent, TAID, tam.uri, progress, &seen, NULL),
		     -ECANCELED);
	cr_expect_eq(process("x"), 0);
	fake_tam_stop(&tam);
	end();
}

Test(agent_daemon, what_goes_wrong_with_the_tam_is_told)
{
	start_with(NULL);
	cr_expect_eq(teesim_agent_request_ta(agent, TAID, "http://127.0.0.1:1/tam", NULL, NULL,
					     NULL),
		     -ECONNREFUSED);
	cr_expect_not_null(strstr(teesim_agent_reason(), "127.0.0.1:1"));
	cr_expect_eq(teesim_agent_request_ta(agent, TAID, NULL, NULL, NULL, NULL), -EDESTADDRREQ);
	cr_expect_eq(teesim_agent_request_ta(agent, TAID, "http://192.0.2.1/", NULL, NULL, NULL),
		     -EACCES);
	end();
}

Test(agent_daemon, without_a_tee_no_tam_is_called)
{
	start_with(NULL);
	fake_tam_start(&tam);
	fake.shared->mood[0] = FAKE_DIES;
	cr_expect_eq(teesim_agent_request_ta(agent, TAID, tam.uri, NULL, NULL, NULL),
		     TEESIM_AGENT_TEE_FAIL);
	cr_expect_eq(tam.count, 0);
	fake_tam_stop(&tam);
	end();
}

Test(agent_daemon, requests_are_limited)
{
	static const char *const limits[] = { "--request-rate", "1", NULL };
	int busy = 0;

	start_with(limits);
	for (int i = 0; i < 200 && !busy; i++)
		busy += teesim_agent_request_ta(agent, TAID, "http://127.0.0.1:1/", NULL, NULL,
						NULL) == TEESIM_AGENT_TEE_BUSY;
	cr_expect_gt(busy, 0);
	cr_expect_eq(process("x"), 0);
	end();
}

struct request {
	struct fake_tam tam;
	pthread_t thread;
	int rc;
};

static void *request_thread(void *context)
{
	struct request *request = context;

	request->rc = teesim_agent_request_ta(agent, TAID, request->tam.uri, NULL, NULL, NULL);
	return NULL;
}

Test(agent_daemon, as_many_requests_pass_at_once_as_is_documented)
{
	start_with(NULL);
	for (int i = 0; i < 20; i++)
		cr_expect_neq(teesim_agent_request_ta(agent, TAID, "http://127.0.0.1:1/", NULL,
						      NULL, NULL),
			      TEESIM_AGENT_TEE_BUSY, "request %d", i);
	end();
}

Test(agent_daemon, sessions_with_several_tams_go_on_side_by_side)
{
	static struct request requests[4];

	start_with(NULL);
	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < 5; k++)
			requests[i].tam.answers[k] = OK(OTRP, "1", "x");
		requests[i].tam.answers[5] = END;
		fake_tam_start(&requests[i].tam);
		cr_assert_eq(
			pthread_create(&requests[i].thread, NULL, request_thread, &requests[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(pthread_join(requests[i].thread, NULL), 0);
		cr_expect_eq(requests[i].rc, 0);
		cr_expect_eq(requests[i].tam.count, 6);
		fake_tam_stop(&requests[i].tam);
	}
	cr_expect_eq(fake.shared->asked, 4 + 20);
	end();
}

Test(agent_daemon, it_ends_in_the_middle_of_everything)
{
	struct request request = { .rc = 0 };

	start_with(NULL);
	fake.shared->mood[0] = FAKE_WAITS;
	fake.shared->released = 1; /* what is wanted, and not the message */
	request.tam.answers[0] = OK(OTRP, "1", "x");
	fake_tam_start(&request.tam);
	cr_assert_eq(pthread_create(&request.thread, NULL, request_thread, &request), 0);
	while (fake.shared->asked < 2)
		usleep(1000);
	(void)kill(program, SIGTERM);
	cr_assert_eq(pthread_join(request.thread, NULL), 0);
	cr_expect_eq(request.rc, -ECONNRESET);
	fake_tam_stop(&request.tam);
	end();
}

Test(agent_daemon, one_runs_for_each_socket)
{
	char command[512];

	start_with(NULL);
	snprintf(command, sizeof(command), "%s serve --socket %s --tee %s 2>/dev/null",
		 AGENT_PROGRAM, socket_path, tee_path);
	cr_expect_eq(WEXITSTATUS(system(command)), 1);
	cr_expect_eq(process("x"), 0);
	end();
}

Test(agent_daemon, a_killed_one_is_followed_by_the_next)
{
	start_with(NULL);
	cr_expect_eq(process("x"), 0);
	(void)kill(program, SIGKILL);
	(void)program_wait();
	program_start(NULL);
	cr_expect_eq(process("x"), 0);
	end();
}

/* Neither does it run, nor is what is there touched. */
static void expect_kept(const char *path, const char *content)
{
	char line[256], have[64] = "";
	int fd;

	program_launch(NULL, line, sizeof(line));
	cr_assert(strncmp(line, "error: ", 7) == 0 && strstr(line, path), "%s", line);
	cr_expect_neq(program_wait(), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cr_expect_geq(read(fd, have, sizeof(have) - 1), 0);
	cr_expect_str_eq(have, content);
	close(fd);
}

static void file_write(const char *path, const char *content)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
}

Test(agent_daemon, files_of_others_stay_where_they_are)
{
	char lock_path[80], other[80];

	cr_assert_not_null(mkdtemp(directory));
	snprintf(tee_path, sizeof(tee_path), "%s/tee", directory);
	snprintf(socket_path, sizeof(socket_path), "%s/agent", directory);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", socket_path);
	snprintf(other, sizeof(other), "%s/other", directory);
	file_write(socket_path, "precious");
	expect_kept(socket_path, "precious");
	cr_expect_eq(access(lock_path, F_OK), -1, "the lock was its own");
	cr_assert_eq(unlink(socket_path), 0);

	file_write(lock_path, "precious");
	expect_kept(lock_path, "precious");
	cr_assert_eq(unlink(lock_path), 0);
	/* An empty one, but not there. */
	file_write(other, "");
	cr_assert_eq(symlink(other, lock_path), 0);
	expect_kept(lock_path, "");
	cr_expect_eq(unlink(lock_path), 0);
	cr_expect_eq(unlink(other), 0);
	cr_expect_eq(rmdir(directory), 0, "nothing else is left");
}

Test(agent_daemon, it_ends_when_it_is_idle)
{
	static const char *const idle[] = { "--idle", "1", NULL };
	int rc;

	start_with(idle);
	/* It may have ended before anybody came. */
	for (int i = 0; (rc = process("x")) < 0 && i < 20; i++) {
		cr_assert_eq(program_wait(), 0);
		program_start(idle);
	}
	cr_expect_eq(rc, 0);
	/* As long as somebody is connected it stays: the handle keeps its connection. */
	teesim_agent_close(agent);
	cr_expect_eq(program_wait(), 0);
	fake_tee_stop(&fake);
	cr_expect_eq(rmdir(directory), 0);
}
