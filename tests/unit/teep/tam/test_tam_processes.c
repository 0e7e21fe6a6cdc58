/* Several TAM processes on one database: whoever gets a message can take it, and one does. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scene.h"

TestSuite(tam_processes, .init = scene_begin, .fini = scene_end);

#define INSTALLED(version) SCENE_SD "/" SCENE_TA ":" version
#define CROWD		   6

/* A TAM process of its own: handle, worker. Never returns. */
static void process(void (*work)(unsigned n), unsigned n)
{
	scene.database = scene_database();
	scene.worker = tam_worker_open(&scene.tam, scene.database);
	work(n);
	tam_worker_close(scene.worker);
	tam_database_close(scene.database);
	_exit(0);
}

static void crowd(void (*work)(unsigned n), unsigned count)
{
	pid_t pids[CROWD];
	int status;

	for (unsigned n = 0; n < count; n++) {
		pids[n] = fork();
		cr_assert_geq(pids[n], 0);
		if (pids[n] == 0)
			process(work, n);
	}
	for (unsigned n = 0; n < count; n++) {
		cr_assert_eq(waitpid(pids[n], &status, 0), pids[n]);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %u: %d", n,
			  status);
	}
}

/* Installs, updates and deletes on a device of its own, each time to the end. */
static void serve(unsigned n)
{
	for (unsigned i = 0; i < 3; i++)
		if (!scene_run(n, NULL, NULL))
			_exit(1);
	if (scene_session().state != SESSION_DONE)
		_exit(2);
	tee_close(scene.devices[n].tee);
}

Test(tam_processes, devices_of_several_processes_do_not_stand_in_each_others_way)
{
	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_OTHER, 1);
	scene_want(SCENE_TA, 0);
	scene_want(SCENE_OTHER, 0);
	crowd(serve, SCENE_DEVICES);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device WHERE status = 1"), SCENE_DEVICES);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device_ta"), 2 * SCENE_DEVICES);
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM session WHERE state <> 1"), 0);
	for (unsigned n = 0; n < SCENE_DEVICES; n++)
		scene_converged(n, INSTALLED("1") " " SCENE_SD "/" SCENE_OTHER ":1");
}

static char *message;
static int gate[2], results[2];

/* All wait at the gate, and then post the same answer. */
static void post_together(unsigned n)
{
	struct session session;
	char byte, *next;

	(void)n;
	close(gate[1]);
	(void)!read(gate[0], &byte, 1);
	next = scene_post(message);
	session = scene_session();
	dprintf(results[1], "%s %zu %lld\n", session.rid, next ? strlen(next) : 0,
		(long long)session.revision);
	free(next);
}

Test(tam_processes, one_message_in_many_processes_at_once_is_acted_on_once)
{
	char *request = scene_connect(NULL), line[256], first[256] = "";
	int64_t before;
	unsigned lines = 0;
	FILE *in;

	scene_publish(SCENE_TA, 1);
	scene_want(SCENE_TA, 0);
	for (unsigned step = 0; step < 3; step++) {
		message = scene_answer(0, request);
		before = scene_count("SELECT COUNT(*) FROM message");
		cr_assert(pipe(gate) == 0 && pipe(results) == 0);
		for (unsigned n = 0; n < CROWD; n++)
			if (fork() == 0)
				process(post_together, n);
		close(gate[0]);
		close(gate[1]);
		close(results[1]);
		in = fdopen(results[0], "r");
		for (lines = 0; fgets(line, sizeof(line), in); lines++) {
			if (lines == 0)
				strcpy(first, line);
			cr_expect_str_eq(line, first);
		}
		fclose(in);
		cr_expect_eq(lines, CROWD);
		while (wait(NULL) > 0)
			;
		cr_expect_eq(scene_count("SELECT COUNT(*) FROM message"),
			     before + (step < 2 ? 2 : 1));
		free(request);
		/* What they all got. */
		request = scene_post(message);
		free(message);
	}
	cr_expect_null(request);
	scene_converged(0, INSTALLED("1"));
}

/* Each begins a session with one and the same device, whose TEE they reach in turns by a lock. */
static void same_device(unsigned n)
{
	(void)n;
	for (unsigned i = 0; i < 4; i++) {
		char *request = scene_connect(NULL), *answer;

		for (unsigned rounds = 0; request && rounds < 30; rounds++) {
			if (lockf(gate[0], F_LOCK, 0))
				_exit(1);
			answer = scene_answer(0, request);
			tee_close(scene.devices[0].tee);
			scene.devices[0].tee = NULL;
			if (lockf(gate[0], F_ULOCK, 0))
				_exit(1);
			free(request);
			request = scene_post(answer);
			free(answer);
		}
		if (request)
			_exit(2);
	}
}

Test(tam_processes, t17_many_sessions_with_one_device_leave_it_as_it_should_be)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/lock", scene.directory);
	gate[0] = open(path, O_RDWR | O_CREAT, 0600);
	scene_publish(SCENE_TA, 1);
	scene_publish(SCENE_OTHER, 1);
	scene_want(SCENE_TA, 0);
	scene_want(SCENE_OTHER, 0);
	scene_device(0);
	tee_close(scene.devices[0].tee);
	scene.devices[0].tee = NULL;
	crowd(same_device, 3);
	close(gate[0]);
	cr_assert(scene_run(0, NULL, NULL));
	scene_converged(0, INSTALLED("1") " " SCENE_SD "/" SCENE_OTHER ":1");
	cr_expect_eq(scene_count("SELECT COUNT(*) FROM device"), 1);
}
