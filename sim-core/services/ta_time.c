/*
 * The pseudo TA that keeps the persistent time of each TA, as `time/UUID` in the device's
 * directory.
 *
 * A TA's time goes on as the device's clock does. The file says what it was, and what the clock
 * said then; a code made with the device's key makes it good for that device and that TA alone. A
 * file that is not good, or a clock that has been seen later than it is now, makes the time one
 * that needs to be reset, until the TA sets it. A file that is not there is a time that was never
 * set, and one that was put back from a copy is good: nothing here remembers how new it was.
 * Writing replaces the file as a whole, so that no death of the process leaves half of one.
 *
 * How far the clock had gone is written when it has gone on for CLOCK_NOTE_MS, and a clock that
 * goes back by CLOCK_SLACK_MS is one that was put right, as the machine's is by the network:
 * setting it back by no more than both goes unnoticed. The TA's time then stands still meanwhile.
 */
#include "services/ta_time.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/hardware_key.h"
#include "registry/atomic_file.h"
#include "services/pseudo_ta.h"
#include "services/ta_time_record.h"
#include "storage/forgotten.h"
#include "wire/uuid.h"

#define NS_PER_MS      1000000U
#define MS_PER_S       1000U
#define CLOCK_NOTE_MS  10000U
#define CLOCK_SLACK_MS 5000U

#define FOLDER	       "time"

struct ta_time_session {
	struct uuid ta;
	char path[PATH_MAX];
};

static const struct services_device *device;
static uint8_t *key;

static uint64_t clock_ms(void)
{
	return device_clock_now_ns(&device->clock) / NS_PER_MS;
}

/* Returns 0, -ENOENT, -EBADMSG for a file that is not good, or another -errno. */
static int record_read(const struct ta_time_session *session, struct ta_time_record *record)
{
	uint8_t octets[sizeof(*record) + 1];
	int fd = open(session->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t size;
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : errno == ELOOP ? -EBADMSG : -errno;
	size = read(fd, octets, sizeof(octets));
	if (size < 0)
		err = errno == EISDIR ? -EBADMSG : -errno;
	close(fd);
	return err ? err : ta_time_record_parse(octets, (size_t)size, &session->ta, key, record);
}

static int record_write(const struct ta_time_session *session, struct ta_time_record *record)
{
	const struct atomic_file_part whole = { record, sizeof(*record) };

	ta_time_record_seal(record, &session->ta, key);
	return atomic_file_write(session->path, &whole, 1, 0600, ATOMIC_FILE_REPLACE);
}

static TEE_Result result_of(int err)
{
	switch (err) {
	case -ENOENT:
		return TEE_ERROR_TIME_NOT_SET;
	case -EBADMSG:
		return TEE_ERROR_TIME_NEEDS_RESET;
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
		return TEE_ERROR_STORAGE_NO_SPACE;
	case -ENOMEM:
		return TEE_ERROR_OUT_OF_MEMORY;
	default:
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	}
}

static TEE_Result time_get(const struct ta_time_session *session, TEE_Param *out)
{
	struct ta_time_record record = { 0 };
	uint64_t now = clock_ms();
	uint64_t ms;
	int err = record_read(session, &record);

	out->value.a = 0;
	out->value.b = 0;
	if (!err && now + CLOCK_SLACK_MS < record.noted_ms)
		err = -EBADMSG;
	if (err)
		return result_of(err);
	if (now < record.noted_ms)
		now = record.noted_ms;
	if (now - record.noted_ms >= CLOCK_NOTE_MS) {
		record.noted_ms = now;
		err = record_write(session, &record);
		/* The time is right all the same. */
		if (err < 0)
			fprintf(stderr, "%s: %s\n", session->path, strerror(-err));
	}
	ms = record.time_ms + (now - record.clock_ms);
	out->value.a = (uint32_t)(ms / MS_PER_S);
	out->value.b = (uint32_t)(ms % MS_PER_S);
	return ms / MS_PER_S > UINT32_MAX ? TEE_ERROR_OVERFLOW : TEE_SUCCESS;
}

static TEE_Result time_set(const struct ta_time_session *session, const TEE_Param *in)
{
	struct ta_time_record record = { .clock_ms = clock_ms() };
	int err;

	if (in->value.b >= MS_PER_S)
		return TEE_ERROR_BAD_PARAMETERS;
	record.noted_ms = record.clock_ms;
	record.time_ms = (uint64_t)in->value.a * MS_PER_S + in->value.b;
	err = record_write(session, &record);
	if (!err)
		return TEE_SUCCESS;
	fprintf(stderr, "%s: %s\n", session->path, strerror(-err));
	/* Whatever the reason, the API knows this one alone. */
	return err == -ENOMEM ? TEE_ERROR_OUT_OF_MEMORY : TEE_ERROR_STORAGE_NO_SPACE;
}

/* What a process that was killed while it wrote has left. */
static void leftovers_remove(int folder)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;
	struct uuid uuid;

	if (!dir) {
		close(folder);
		return;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && uuid_parse(entry->d_name, &uuid) < 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

/* Of a TA that a TAM deleted. */
static int time_forget(void *context, const struct forgotten_owner *forgotten)
{
	struct ta_owner owner;
	char name[UUID_TEXT_SIZE];
	struct uuid id;

	memcpy(owner.domain, forgotten->domain, sizeof(owner.domain));
	memcpy(owner.ta.octet, forgotten->ta, sizeof(owner.ta.octet));
	id = ta_owner_id(&owner);
	(void)unlinkat(*(const int *)context, uuid_format(&id, name), 0);
	return 0;
}

/* Times that are nobody's any more are removed when the process starts: nobody can reach them. */
static int start(const struct services_device *of)
{
	int folder;

	device = of;
	if (sodium_init() < 0)
		return -ENOSYS;
	key = sodium_malloc(TA_TIME_KEY_SIZE);
	if (!key)
		return -ENOMEM;
	if (mkdirat(of->fd, FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	folder = openat(of->fd, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0)
		return -errno;
	(void)forgotten_each(of->path, time_forget, &folder);
	leftovers_remove(folder);
	return hardware_key_derive(of->path, "TA persistent time", key, TA_TIME_KEY_SIZE);
}

static TEE_Result session_open(const struct pseudo_ta_client *client, uint32_t types,
			       TEE_Param params[TEE_NUM_PARAMS], void **context)
{
	struct ta_time_session *session = calloc(1, sizeof(*session));
	char name[UUID_TEXT_SIZE];

	(void)types;
	(void)params;
	if (!session)
		return TEE_ERROR_OUT_OF_MEMORY;
	session->ta = ta_owner_id(&client->owner);
	uuid_format(&session->ta, name);
	if (snprintf(session->path, sizeof(session->path), "%s/" FOLDER "/%s", device->path,
		     name) >= (int)sizeof(session->path)) {
		free(session);
		return TEE_ERROR_GENERIC;
	}
	*context = session;
	return TEE_SUCCESS;
}

static TEE_Result invoke(void *context, uint32_t command, uint32_t types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t out = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_PARAM_TYPE_NONE,
					     TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE);
	const uint32_t in = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_NONE,
					    TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE);

	if (command == TA_TIME_GET && types == out)
		return time_get(context, &params[0]);
	if (command == TA_TIME_SET && types == in)
		return time_set(context, &params[0]);
	return TEE_ERROR_BAD_PARAMETERS;
}

extern const struct pseudo_ta ta_time_pseudo_ta;
const struct pseudo_ta ta_time_pseudo_ta = {
	.name = "TA persistent time",
	.openers = PSEUDO_TA_FOR_TAS,
	.start = start,
	.open = session_open,
	.invoke = invoke,
	.close = free,
};
