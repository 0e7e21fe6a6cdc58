#include "teep/fleet/jobs.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "teep/fleet/factory.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"

/* The directory of a device. */
static void jobs_device_path(const struct jobs *jobs, unsigned int number,
			     char path[JOBS_PATH_SIZE])
{
	snprintf(path, JOBS_PATH_SIZE, "%s/%06u", jobs->directory, number);
}

/* ---- Making -----------------------------------------------------------------------------------
 */

struct maker {
	const struct jobs *jobs;
	struct factory *factory;
};

static void *make_start(void *context, const volatile int *stop)
{
	struct maker *maker = calloc(1, sizeof(*maker));
	char err[512];

	(void)stop;
	if (!maker)
		return NULL;
	maker->jobs = context;
	if (factory_open(&maker->factory, maker->jobs->pki, maker->jobs->kind, err, sizeof(err))) {
		fprintf(stderr, "teesim fleet: %s\n", err);
		free(maker);
		return NULL;
	}
	return maker;
}

static int make_one(void *own, unsigned int number, struct turn *turn, const volatile int *stop)
{
	const struct maker *maker = own;
	char path[JOBS_PATH_SIZE], boot[JOBS_PATH_SIZE + 8];

	(void)stop;
	jobs_device_path(maker->jobs, number, path);
	snprintf(boot, sizeof(boot), "%s/boot", path);
	if (access(boot, F_OK) == 0)
		return 0;
	return factory_make(maker->factory, path, turn->why, sizeof(turn->why));
}

static void make_end(void *own)
{
	struct maker *maker = own;

	factory_close(maker->factory);
	free(maker);
}

struct crew_job jobs_make(const struct jobs *jobs)
{
	return (struct crew_job) {
		.what = "made",
		.start = make_start,
		.one = make_one,
		.end = make_end,
		.context = (void *)jobs,
	};
}

/* ---- Contacting -------------------------------------------------------------------------------
 */

struct caller {
	const struct jobs *jobs;
	struct contact *contact;
	unsigned int seed;
};

static void *contact_start(void *context, const volatile int *stop)
{
	struct caller *caller = calloc(1, sizeof(*caller));

	if (!caller)
		return NULL;
	caller->jobs = context;
	caller->seed = (unsigned int)getpid();
	caller->contact = contact_open(caller->jobs->tam, caller->jobs->ca_file, stop);
	if (!caller->contact) {
		free(caller);
		return NULL;
	}
	return caller;
}

#define PAUSE_FIRST_MS 50U
#define PAUSE_MAX_MS   2000U

/* Twice as long each time, and not all at the same instant. Returns the next pause. */
static unsigned int pause_take(struct caller *caller, unsigned int ms)
{
	const unsigned int taken = ms / 2 + (unsigned int)rand_r(&caller->seed) % ms;
	const struct timespec pause = { .tv_sec = taken / 1000,
					.tv_nsec = (long)(taken % 1000) * 1000000 };

	nanosleep(&pause, NULL);
	return 2 * ms < PAUSE_MAX_MS ? 2 * ms : PAUSE_MAX_MS;
}

/* What the device has by its own account, whatever the TAM believes. */
static int look(const struct jobs *jobs, struct tee *tee, const char *directory, struct turn *turn)
{
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	X509_STACK_AUTO chain = NULL;
	char path[JOBS_PATH_SIZE + 16];
	char *text = tee_ta_list(tee);
	json_t *list = text ? json_loads(text, 0, NULL) : NULL;
	size_t i;
	json_t *ta;

	free(text);
	snprintf(path, sizeof(path), "%s/boot/tee.pem", directory);
	chain = chain_read(path, turn->why, sizeof(turn->why));
	if (!list || !chain || !certificate_hash(sk_X509_value(chain, 0), hash)) {
		json_decref(list);
		snprintf(turn->why, sizeof(turn->why), "what the device has can't be looked at");
		return -EIO;
	}
	hex_encode(hash, sizeof(hash), turn->did);
	turn->tas = (unsigned int)json_array_size(list);
	json_array_foreach(list, i, ta) {
		const char *taid = json_string_value(json_object_get(ta, "taid"));

		if (jobs->taid && taid && strcmp(taid, jobs->taid) == 0)
			turn->version =
				(unsigned int)json_integer_value(json_object_get(ta, "version"));
	}
	json_decref(list);
	return 0;
}

static int contact_one(void *own, unsigned int number, struct turn *turn, const volatile int *stop)
{
	/* Messages are parsed in this process: what comes is from a TAM that was named on the
	 * command line, and a process for each parse would be most of what is measured. */
	const struct tee_options options = { .aik_kind = KEY_P256 };
	struct caller *caller = own;
	const time_t last = time(NULL) + caller->jobs->patience;
	unsigned int pause = PAUSE_FIRST_MS;
	char path[JOBS_PATH_SIZE], err[JOBS_PATH_SIZE + 512];
	struct tee *tee;
	int store_error, rc;

	jobs_device_path(caller->jobs, number, path);
	if (tee_open(&tee, path, &options, &store_error, err, sizeof(err)) != BOOT_OK) {
		snprintf(turn->why, sizeof(turn->why), "%.*s", (int)sizeof(turn->why) - 1, err);
		return -EIO;
	}
	for (;;) {
		rc = contact_run(caller->contact, tee, &turn->count, turn->why, sizeof(turn->why));
		if (rc != -EAGAIN || *stop || time(NULL) >= last)
			break;
		turn->retries++;
		pause = pause_take(caller, pause);
	}
	if (rc == 0)
		rc = look(caller->jobs, tee, path, turn);
	tee_close(tee);
	return rc;
}

static void contact_end(void *own)
{
	struct caller *caller = own;

	contact_close(caller->contact);
	free(caller);
}

struct crew_job jobs_contact(const struct jobs *jobs, const char *what)
{
	return (struct crew_job) {
		.what = what,
		.start = contact_start,
		.one = contact_one,
		.end = contact_end,
		.context = (void *)jobs,
	};
}
