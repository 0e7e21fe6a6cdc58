/*
 * T-35: the TEE is killed at each write, flush and truncation of each command. What is found
 * afterwards is the state before the command or the one after it.
 *
 * The calls are caught by this program's own functions of their names, which SQLite's and ours come
 * to first.
 */
#include "tam_kit.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static int countdown; /* 0: not armed */

/* The store's counter alone is written in one piece of that size. */
#define COUNTER_SIZE 72
static bool counter_fails;

static void write_comes(void)
{
	if (countdown > 0 && --countdown == 0)
		raise(SIGKILL);
}

EXPORTED ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	write_comes();
	if (counter_fails && size == COUNTER_SIZE) {
		errno = EIO;
		return -1;
	}
	return real(fd, data, size, at);
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	return pwrite64(fd, data, size, at);
}

EXPORTED int fdatasync(int fd)
{
	static int (*real)(int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	write_comes();
	return real(fd);
}

EXPORTED int ftruncate64(int fd, off64_t size)
{
	static int (*real)(int, off64_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "ftruncate64");
	write_comes();
	return real(fd, size);
}

static struct kit kit;

static void run(const char *command)
{
	char text[400];

	snprintf(text, sizeof(text), "cd %s && %s", kit.directory, command);
	cr_assert_eq(system(text), 0, "%s", text);
}

static void stop(void)
{
	tee_close(kit.tee);
	kit.tee = NULL;
}

/* Executes the request in a process that dies at its nth write. Returns whether it lived. */
static bool lives_through(const char *request, int n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char err[512], *answer;
		struct tee *tee;
		int store_error;

		if (tee_open(&tee, kit.device, &kit.options, &store_error, err, sizeof(err)))
			_exit(2);
		countdown = n;
		if (tee_process(tee, request, strlen(request), &answer))
			_exit(3);
		_exit(0);
	}
	cr_assert_gt(pid, 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0, "status %d", status);
	return !WIFSIGNALED(status);
}

/* The state without the SPs' keys, which differ in any two runs. */
static char *state_text(void)
{
	char *text = kit_dsi(&kit, &kit.tam), *shorter;
	json_t *state = json_loads(text, 0, NULL);
	json_t *aik, *list = json_object_get(json_object_get(json_object_get(state, "dsi"), "tee"),
					     "teeaiklist");
	size_t i;

	json_array_foreach(list, i, aik)
		json_object_del(aik, "spaik");
	shorter = json_dumps(state, JSON_SORT_KEYS);
	json_decref(state);
	free(text);
	return shorter;
}

static void killed_at_every_write(const struct kit_request *request)
{
	char *text = kit_request(&kit, request), *before, *after, *found;
	unsigned old = 0, new = 0;
	struct kit_answer answer;
	bool lived = false;

	stop();
	run("rm -rf saved && cp -r device saved");
	kit_restart(&kit);
	kit_send(&kit, &kit.tam, text, strlen(text), &answer);
	cr_assert_str_eq(answer.code, "pass");
	kit_answer_clear(&answer);
	after = state_text();
	stop();
	run("rm -rf device && cp -r saved device");
	kit_restart(&kit);
	before = state_text();
	cr_assert_str_neq(before, after);
	for (int n = 1; !lived; n++) {
		stop();
		run("rm -rf device && cp -r saved device");
		lived = lives_through(text, n);
		kit_restart(&kit);
		found = state_text();
		cr_assert(!strcmp(found, before) || !strcmp(found, after), "at write %d: %s", n,
			  found);
		/* Who holds a TA from before is told. */
		if (request->message >= OTRP_DELETE_SD && strcmp(found, after) == 0)
			run("! cmp -s device/domains.tas saved/domains.tas");
		/* Trusted storage is told of a TA that is deleted, and of none that is there. */
		if (request->message == OTRP_DELETE_TA)
			run(strcmp(found, after) == 0
				    ? "test $(stat -c %s device/domains.gone) = 48"
				    : "test ! -s device/domains.gone");
		if (strcmp(found, before) == 0)
			old++;
		else
			new ++;
		cr_assert(!lived || strcmp(found, after) == 0);
		free(found);
	}
	/* Deaths before and after the commit were both met. */
	cr_assert_gt(old, 0);
	cr_assert_gt(new, 1);
	free(before);
	free(after);
	free(text);
	/* Go on from the state after it. */
}

Test(otrp_tee_kill, t35_at_any_write_of_any_command_the_state_is_old_or_new)
{
	json_t *changes;
	size_t size;
	uint8_t *package;
	json_t *content, *encrypted;

	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
	killed_at_every_write(&(struct kit_request) {
		.message = OTRP_CREATE_SD,
		.content = kit_create_content(&kit, &kit.tam, "sp", "sd") });
	package = kit_package(&kit, 1, &size);
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, "{}", false);
	killed_at_every_write(
		&(struct kit_request) { .message = OTRP_INSTALL_TA,
					.content = kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					.encrypted_ta = encrypted });
	OPENSSL_free(package);
	package = kit_package(&kit, 2, &size);
	encrypted = kit_encrypted_ta(&kit, "sp", package, size, "{}", true);
	killed_at_every_write(
		&(struct kit_request) { .message = OTRP_UPDATE_TA,
					.content = kit_ta_content(&kit.tam, "sp", "sd", KIT_TAID),
					.encrypted_ta = encrypted });
	OPENSSL_free(package);
	content = kit_sd_content(&kit.tam, "sp", "sd");
	changes = json_pack("{s:s, s:s}", "newsdname", "sd2", "newspid", "sp2");
	json_object_set_new(content, "changes", changes);
	killed_at_every_write(
		&(struct kit_request) { .message = OTRP_UPDATE_SD, .content = content });
	killed_at_every_write(&(struct kit_request) {
		.message = OTRP_DELETE_TA,
		.content = kit_ta_content(&kit.tam, NULL, "sd2", KIT_TAID) });
	killed_at_every_write(&(struct kit_request) {
		.message = OTRP_DELETE_SD, .content = kit_sd_content(&kit.tam, NULL, "sd2") });
	kit_close(&kit);
}

/* What was committed has happened, whatever becomes of the counter; but nothing changes any more
 * until that can be written. */
Test(otrp_tee_kill, a_counter_that_fails_takes_nothing_back)
{
	struct kit_answer answer;
	char *text;

	kit_open(&kit, NULL);
	kit_state(&kit, &kit.tam);
	counter_fails = true;
	kit_create(&kit, &kit.tam, "sp", "sd");
	text = kit_request(&kit, &(struct kit_request) { .message = OTRP_GET_DEVICE_STATE });
	kit_send(&kit, &kit.tam, text, strlen(text), &answer);
	cr_assert_str_eq(answer.code, "ERR_TEE_FAIL");
	kit_answer_clear(&answer);
	free(text);
	counter_fails = false;
	kit_state(&kit, &kit.tam);
	kit_expect(&kit,
		   &(struct kit_request) { .message = OTRP_CREATE_SD,
					   .content =
						   kit_create_content(&kit, &kit.tam, "sp", "sd") },
		   "ERR_SD_ALREADY_EXISTS", NULL);
	/* Killed in between, the next start makes up for it. */
	counter_fails = true;
	kit_create(&kit, &kit.tam, "sp", "sd2");
	stop();
	counter_fails = false;
	kit_restart(&kit);
	kit_state(&kit, &kit.tam);
	kit_close(&kit);
}
