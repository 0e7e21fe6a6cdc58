/*
 * A process that works on the storage is killed at a random moment, again and again. It says what
 * it is about to do and what it has done; whatever it had done must be there, what it had not begun
 * must not, and what it was at must be there wholly or not at all.
 */
#include "device_directory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

TestSuite(storage_killed, .init = device_directory_make, .fini = device_directory_remove,
	  .timeout = 1500);

#define NAMES 6
/* Some are staged in slices. */
#define SIZES 5
static const size_t sizes[SIZES] = { 0, 700, 5000, 300000, 1400000 };

/* What each object holds: octets of `fill(seed)`, so many; or none. */
struct content {
	uint32_t seed;
	uint32_t size;
	bool exists;
};

/* Shared with the process that is killed. */
struct diary {
	struct content now[NAMES];
	/* Under way, where `which` is not -1. */
	volatile int which;
	struct content next;
	volatile uint64_t calls;
};

static void name_of(int which, char name[8])
{
	memset(name, 'k', 4);
	name[0] = (char)('0' + which);
	name[4] = '\0';
}

static void work(struct diary *diary, uint32_t seed)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	uint8_t *data = malloc(sizes[SIZES - 1]);

	for (;;) {
		const int which = (int)((seed = seed * 1664525U + 1013904223U) >> 8) % NAMES;
		struct content *now = &diary->now[which];
		struct content next = { .seed = seed, .exists = true };
		char name[8];
		int err;

		name_of(which, name);
		next.size = (uint32_t)sizes[(seed >> 16) % SIZES];
		if (now->exists && (seed >> 28) == 0)
			next = (struct content) { 0 };
		diary->next = next;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		diary->which = which;
		if (!next.exists) {
			err = storage_remove_name(partition, name, 4);
		} else {
			fill(data, next.size, next.seed);
			err = object_create_try(partition, name, data, next.size, true);
		}
		if (err < 0)
			_exit(1);
		*now = next;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		diary->which = -1;
		diary->calls++;
		(void)storage_clean(storage);
		(void)storage_twin(storage);
	}
}

static bool matches(struct storage_partition *partition, int which, const struct content *wanted)
{
	struct storage_object *object;
	uint8_t *content, *data;
	char name[8];
	size_t size;
	bool same;
	int err;

	name_of(which, name);
	err = storage_object_get(partition, name, 4, &object);
	if (err == -ENOENT)
		return !wanted->exists;
	cr_assert_eq(err, 0, "%s: %s", name, strerror(-err));
	storage_object_put(object);
	content = object_content(partition, name, &size);
	data = malloc(wanted->size + 1);
	fill(data, wanted->size, wanted->seed);
	same = wanted->exists && size == wanted->size && !memcmp(content, data, size);
	free(content);
	free(data);
	return same;
}

static void look(struct diary *diary)
{
	struct storage *storage = device_storage(NULL);
	struct storage_partition *partition = ta_partition(storage, 1, 1);
	struct storage_check check = { 0 };

	for (int i = 0; i < NAMES; i++) {
		if (matches(partition, i, &diary->now[i]))
			continue;
		cr_assert_eq(diary->which, i, "%d is not what was written", i);
		cr_assert(matches(partition, i, &diary->next), "%d is torn", i);
		diary->now[i] = diary->next;
	}
	cr_assert_eq(storage_check(storage, false, &check), 0);
	cr_assert_eq(check.findings, 0);
	storage_close(storage);
}

static void kill_often(int times)
{
	struct diary *diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t state = 5;

	cr_assert_neq(diary, MAP_FAILED);
	diary->which = -1;
	for (int i = 0; i < times; i++) {
		const uint64_t calls = diary->calls;
		struct timespec pause = { 0 };
		int status;
		pid_t pid;

		state = state * 1664525U + 1013904223U;
		pause.tv_nsec = (long)(state >> 8) % 20000000;
		pid = fork();
		cr_assert_geq(pid, 0);
		if (!pid)
			work(diary, state);
		/* Half of them when they have come to something, however long that takes. */
		while (i % 2 && diary->calls == calls && waitpid(pid, &status, WNOHANG) == 0)
			sched_yield();
		nanosleep(&pause, NULL);
		cr_assert_eq(kill(pid, SIGKILL), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFSIGNALED(status), "it ended by itself: %d", status);
		look(diary);
		diary->which = -1;
	}
	cr_expect_gt(diary->calls, 0);
	munmap(diary, sizeof(*diary));
}

Test(storage_killed, nothing_is_lost_torn_or_resurrected)
{
	const char *times = getenv("TEESIM_KILLS");

	kill_often(times ? (int)strtol(times, NULL, 10) : 120);
}
