#include "teep/fleet/crew.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The shared table: this, and behind it the turns. */
struct table {
	_Atomic unsigned int next;
	volatile int stop;
	double seconds;
};

#define TURNS_OFFSET 64U

_Static_assert(sizeof(struct table) <= TURNS_OFFSET, "the turns are behind it");

static struct table *table_of(const struct crew *crew)
{
	return (struct table *)((char *)crew->turns - TURNS_OFFSET);
}

static size_t table_size(const struct crew *crew)
{
	return TURNS_OFFSET + crew->devices * sizeof(struct turn);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

int crew_open(struct crew *crew, unsigned int workers, unsigned int devices, bool progress)
{
	void *memory;

	*crew = (struct crew) { .workers = workers, .devices = devices, .progress = progress };
	memory = mmap(NULL, table_size(crew), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	crew->turns = (struct turn *)((char *)memory + TURNS_OFFSET);
	return 0;
}

void crew_close(struct crew *crew)
{
	if (crew->turns)
		munmap(table_of(crew), table_size(crew));
	crew->turns = NULL;
}

unsigned int crew_count(const struct crew *crew, enum turn_state state)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < crew->devices; i++)
		count += __atomic_load_n(&crew->turns[i].state, __ATOMIC_ACQUIRE) == (int)state;
	return count;
}

double crew_seconds(const struct crew *crew)
{
	return table_of(crew)->seconds;
}

/* A worker's whole life. */
static void work(const struct crew *crew, const struct crew_job *job)
{
	struct table *table = table_of(crew);
	void *own = job->start(job->context, &table->stop);
	unsigned int number;

	while (own && !table->stop &&
	       (number = atomic_fetch_add(&table->next, 1)) < crew->devices) {
		struct turn *turn = &crew->turns[number];
		const uint64_t began = now_ns();
		int rc;

		__atomic_store_n(&turn->state, TURN_TAKEN, __ATOMIC_RELEASE);
		rc = job->one(own, number, turn, &table->stop);
		turn->ns = now_ns() - began;
		__atomic_store_n(&turn->state, rc ? TURN_FAILED : TURN_DONE, __ATOMIC_RELEASE);
	}
	if (own)
		job->end(own);
}

static pid_t worker_start(const struct crew *crew, const struct crew_job *job)
{
	const pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	/* What the terminal sends is for the watcher, who tells the others. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	work(crew, job);
	_exit(0);
}

static void progress_tell(const struct crew *crew, const char *what, double seconds, bool last)
{
	const bool terminal = isatty(STDERR_FILENO);
	unsigned int done, failed, retries = 0;

	if (!crew->progress)
		return;
	done = crew_count(crew, TURN_DONE);
	failed = crew_count(crew, TURN_FAILED);
	for (unsigned int i = 0; i < crew->devices; i++)
		retries += crew->turns[i].retries;
	fprintf(stderr, "%s%u of %u devices %s, %.0f/s, %.1f s", terminal ? "\r\033[K" : "", done,
		crew->devices, what, seconds > 0 ? done / seconds : 0, seconds);
	if (retries)
		fprintf(stderr, ", %u retries", retries);
	if (failed)
		fprintf(stderr, ", %u failed", failed);
	if (!terminal || last)
		fputc('\n', stderr);
}

/* How many of the workers are still there. */
static unsigned int workers_left(pid_t *pids, unsigned int count)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) == pids[i])
			pids[i] = 0;
		left += pids[i] > 0;
	}
	return left;
}

/* A terminal sees it go; a file gets a line now and then. */
#define TELL_NS	     200000000U
#define TELL_FILE_NS 10000000000U

/* For a worker to come to the end of a message. */
#define GRACE_NS 2000000000U

static void watch(const struct crew *crew, const struct crew_job *job, pid_t *pids,
		  unsigned int count, const volatile sig_atomic_t *interrupted)
{
	const uint64_t began = now_ns(), pause = isatty(STDERR_FILENO) ? TELL_NS : TELL_FILE_NS;
	const struct timespec tick = { .tv_nsec = 20000000 };
	uint64_t told = began, stopped = 0;

	while (workers_left(pids, count)) {
		nanosleep(&tick, NULL);
		if (*interrupted && !stopped) {
			table_of(crew)->stop = 1;
			stopped = now_ns();
		}
		/* One that waits for a TAM that says nothing. */
		for (unsigned int i = 0; i < count; i++)
			if (stopped && now_ns() - stopped > GRACE_NS && pids[i] > 0)
				kill(pids[i], SIGKILL);
		if (job->watch)
			job->watch(job->watch_context, crew_count(crew, TURN_DONE));
		if (now_ns() - told >= pause) {
			told = now_ns();
			progress_tell(crew, job->what, (double)(told - began) / 1e9, false);
		}
	}
	table_of(crew)->seconds = (double)(now_ns() - began) / 1e9;
	progress_tell(crew, job->what, crew_seconds(crew), true);
}

int crew_run(struct crew *crew, const struct crew_job *job,
	     const volatile sig_atomic_t *interrupted)
{
	unsigned int count = crew->workers < crew->devices ? crew->workers : crew->devices;
	pid_t pids[CREW_WORKERS_MAX];
	int rc = 0;

	memset(table_of(crew), 0, table_size(crew));
	for (unsigned int i = 0; i < count; i++) {
		pids[i] = worker_start(crew, job);
		if (pids[i] < 0) {
			rc = -errno;
			table_of(crew)->stop = 1;
			count = i;
		}
	}
	watch(crew, job, pids, count, interrupted);
	if (*interrupted)
		return -EINTR;
	for (unsigned int i = 0; rc == 0 && i < crew->devices; i++) {
		struct turn *turn = &crew->turns[i];

		if (turn->state == TURN_WAITING || turn->state == TURN_TAKEN) {
			snprintf(turn->why, sizeof(turn->why), "%s",
				 turn->state == TURN_TAKEN ? "its worker died over it"
							   : "no worker was left for it");
			turn->state = TURN_FAILED;
		}
	}
	return rc ? rc : crew_count(crew, TURN_FAILED) ? -EIO : 0;
}
