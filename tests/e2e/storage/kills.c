/*
 * kills NUMBER SEED: changes objects of trusted storage at random while another thread kills, at
 * random moments, the TA's process, that of the services, the daemon, or all of them, NUMBER times
 * in all. A model beside it knows what must be there: what was answered has happened, what was not
 * asked for has not, and the one call that a death cut off has happened wholly or not at all.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <tee_client_api.h>
#include <time.h>
#include <unistd.h>

#include "../../gp/storage/commands.h"
#include "device/paths.h"

#define NAMES	  6
#define SIZE_MOST 1500000U
#define RIGHTS	  7U /* read, write, write meta */
#define OVERWRITE 0x400U
#define NOT_FOUND TEEC_ERROR_ITEM_NOT_FOUND
/* For a process that was killed to go, 5 ms at the least between two. */
#define TRIES 12000

struct object {
	bool exists;
	uint8_t *data;
	size_t size;
};

static const TEEC_UUID ta = TA_UUID;
static struct object model[NAMES];
/* What the call under way makes of the model, for the names that it touches. */
static struct object next[NAMES];
static bool touched[NAMES];

static TEEC_Context context;
static TEEC_Session session;
static bool connected;
static uint32_t state;

static volatile int kills_left;
static volatile bool working = true;
static unsigned long calls, cut_off, happened;

static uint32_t chance(uint32_t *from, uint32_t below)
{
	*from = *from * 1664525U + 1013904223U;
	return (*from >> 8) % below;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nafter %lu calls, %lu of them cut off\n", calls, cut_off);
	exit(1);
}

/* ---- who dies ---- */

static pid_t daemon_find(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	char err[200];
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (paths_socket(paths_default_device(), address.sun_path, sizeof(address.sun_path), err,
			 sizeof(err)) < 0 ||
	    connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		peer.pid = 0;
	close(sock);
	return peer.pid;
}

/* "12 (name) S 11 …": the name, and the parent's number. */
static void stat_parse(const char *line, char comm[64], pid_t *parent)
{
	const char *name = strchr(line, '('), *end = name ? strrchr(name, ')') : NULL;

	if (!end || end - name > 64 || strlen(end) < 4)
		return;
	memcpy(comm, name + 1, (size_t)(end - name - 1));
	comm[end - name - 1] = '\0';
	*parent = (pid_t)strtol(end + 4, NULL, 10);
}

/* A process whose parent, or parent's parent, is `ancestor`, and which is called that. */
static pid_t descendant_find(pid_t ancestor, const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		char path[300], line[300] = "";
		char comm[64] = "";
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent = 0;
		FILE *file;

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(line, sizeof(line), file))
			stat_parse(line, comm, &parent);
		fclose(file);
		if (parent == ancestor && !strcmp(comm, name))
			found = pid;
		else if (parent == ancestor && strcmp(comm, name) != 0 && !found &&
			 strcmp(comm, "tee-services") != 0)
			found = descendant_find(pid, name);
	}
	if (proc)
		closedir(proc);
	return found;
}

static void *kill_now_and_then(void *seed)
{
	uint32_t dice = *(uint32_t *)seed;

	while (kills_left > 0) {
		pid_t daemon, victim = 0;
		uint32_t who = chance(&dice, 8);

		pause_ms(chance(&dice, 30));
		daemon = daemon_find();
		if (!daemon)
			continue;
		if (who < 3)
			victim = descendant_find(daemon, "tee-services");
		else if (who < 6)
			victim = descendant_find(daemon, "ta-host");
		else
			victim = daemon;
		if (who == 7) {
			pid_t services = descendant_find(daemon, "tee-services");

			if (services)
				(void)kill(services, SIGKILL);
		}
		if (!victim || kill(victim, SIGKILL) < 0)
			continue;
		kills_left--;
	}
	working = false;
	return NULL;
}

/* ---- calls ---- */

static void disconnect(void)
{
	if (!connected)
		return;
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
	connected = false;
}

/* Until somebody answers: the daemon starts anew, and so does the rest. */
static void reconnect(void)
{
	disconnect();
	for (int i = 0; i < TRIES; i++) {
		if (TEEC_InitializeContext(NULL, &context) == TEEC_SUCCESS) {
			if (TEEC_OpenSession(&context, &session, &ta, TEEC_LOGIN_PUBLIC, NULL, NULL,
					     NULL) == TEEC_SUCCESS) {
				connected = true;
				return;
			}
			TEEC_FinalizeContext(&context);
		}
		pause_ms(25);
	}
	fail("no session any more");
}

static TEEC_Result invoke(uint32_t command, TEEC_Operation *operation)
{
	calls++;
	return TEEC_InvokeCommand(&session, command, operation, NULL);
}

/* Did a death, and not the storage, give that answer? */
static bool is_cut_off(TEEC_Result result)
{
	return result == TEEC_ERROR_TARGET_DEAD || result == TEEC_ERROR_COMMUNICATION ||
	       result == 0xF0100003 /* TEE_ERROR_STORAGE_NOT_AVAILABLE */ ||
	       result == TEEC_ERROR_GENERIC;
}

static void name_of(int which, char name[8])
{
	snprintf(name, 8, "name %c", 'a' + which);
}

static TEEC_Result name_open(int which, uint32_t *handle)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_VALUE_OUTPUT, 0),
	};
	char name[8];
	TEEC_Result result;

	name_of(which, name);
	operation.params[0].tmpref.buffer = name;
	operation.params[0].tmpref.size = strlen(name);
	operation.params[1].value.a = 1;
	operation.params[1].value.b = RIGHTS;
	/* A process that was killed may hold it a moment longer. */
	for (int i = 0; i < TRIES; i++) {
		result = invoke(CMD_OPEN, &operation);
		if (result != 0xFFFF0003 /* TEE_ERROR_ACCESS_CONFLICT */)
			break;
		pause_ms(5);
	}
	*handle = operation.params[2].value.a;
	return result;
}

static TEEC_Result about(uint32_t command, uint32_t handle, uint32_t value, uint32_t type,
			 void *data, size_t *size)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, type, 0, 0) };
	TEEC_Result result;

	operation.params[0].value.a = handle;
	operation.params[0].value.b = value;
	operation.params[1].tmpref.buffer = data;
	operation.params[1].tmpref.size = size ? *size : 0;
	result = invoke(command, &operation);
	if (size)
		*size = operation.params[1].tmpref.size;
	return result;
}

/* ---- the model ---- */

static void object_set(struct object *object, const void *data, size_t size)
{
	object->data = realloc(object->data, size + 1);
	if (size > object->size)
		memset(object->data + object->size, 0, size - object->size);
	if (data && size)
		memcpy(object->data, data, size);
	object->size = size;
	object->exists = true;
}

static void object_drop(struct object *object)
{
	free(object->data);
	*object = (struct object) { 0 };
}

static void touch(int which)
{
	touched[which] = true;
	object_drop(&next[which]);
	if (model[which].exists)
		object_set(&next[which], model[which].data, model[which].size);
}

static bool same(const struct object *one, const struct object *other)
{
	return one->exists == other->exists && one->size == other->size &&
	       (!one->size || !memcmp(one->data, other->data, one->size));
}

/* What the device has under that name; false: a death came in between. */
static bool look(int which, struct object *found)
{
	static uint8_t data[2 * SIZE_MOST];
	size_t size = sizeof(data);
	uint32_t handle;
	TEEC_Result result = name_open(which, &handle);

	object_drop(found);
	if (result == NOT_FOUND)
		return true;
	if (is_cut_off(result))
		return false;
	if (result != TEEC_SUCCESS)
		fail("name %c: can't be opened: 0x%x", 'a' + which, result);
	result = about(CMD_READ, handle, sizeof(data), TEEC_MEMREF_TEMP_OUTPUT, data, &size);
	if (is_cut_off(result))
		return false;
	if (result != TEEC_SUCCESS)
		fail("name %c: can't be read: 0x%x", 'a' + which, result);
	object_set(found, data, size);
	return about(CMD_CLOSE, handle, 0, 0, NULL, NULL) == TEEC_SUCCESS;
}

/* The call under way was answered, or not: what is there now? */
static void settle(TEEC_Result result)
{
	bool done = false, not_done = false;

	if (result == TEEC_SUCCESS) {
		for (int i = 0; i < NAMES; i++)
			if (touched[i]) {
				struct object old = model[i];

				model[i] = next[i];
				next[i] = old;
			}
		return;
	}
	cut_off++;
	reconnect();
	for (int i = 0; i < NAMES; i++) {
		static struct object found[1];

		if (!touched[i])
			continue;
		while (!look(i, found))
			reconnect();
		if (same(&model[i], &next[i])) {
			if (!same(found, &model[i]))
				fail("name %c has changed", 'a' + i);
		} else if (same(found, &next[i])) {
			done = true;
		} else if (same(found, &model[i])) {
			not_done = true;
		} else {
			fail("name %c is torn: %d of %zu octets", 'a' + i, found->exists,
			     found->size);
		}
	}
	if (done && not_done)
		fail("half of a call has happened");
	happened += done;
	if (done)
		settle(TEEC_SUCCESS);
}

/* ---- the work ---- */

static void fill(uint8_t *data, size_t size)
{
	uint32_t word = chance(&state, UINT32_MAX);

	for (size_t i = 0; i < size; i++) {
		word = word * 1664525U + 1013904223U;
		data[i] = (uint8_t)(word >> 24);
	}
}

static size_t some_size(void)
{
	return chance(&state, 12) ? chance(&state, 9000) : chance(&state, SIZE_MOST);
}

static TEEC_Result create(int which, uint8_t *data)
{
	TEEC_Operation operation = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
					       TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INOUT),
	};
	const size_t size = some_size();
	char name[8];
	TEEC_Result result;

	name_of(which, name);
	fill(data, size);
	next[which].size = 0;
	object_set(&next[which], data, size);
	operation.params[0].tmpref.buffer = name;
	operation.params[0].tmpref.size = strlen(name);
	operation.params[1].value.a = 1;
	operation.params[1].value.b = RIGHTS | OVERWRITE;
	operation.params[2].tmpref.buffer = data;
	operation.params[2].tmpref.size = size;
	for (int i = 0; i < TRIES; i++) {
		operation.params[3].value.a = 0;
		result = invoke(CMD_CREATE_WITHOUT_HANDLE, &operation);
		if (result != 0xFFFF0003)
			break;
		pause_ms(5);
	}
	return result;
}

static TEEC_Result change(int which, uint32_t what, uint32_t handle, uint8_t *data)
{
	TEEC_Operation seek = {
		.paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_INPUT, TEEC_VALUE_INPUT, 0, 0),
	};
	size_t size = some_size(), offset = chance(&state, (uint32_t)model[which].size + 5000);
	TEEC_Result result;
	char name[8];
	int other;

	switch (what) {
	case 0:
		if (offset + size > SIZE_MOST)
			offset = 0;
		seek.params[0].value.a = handle;
		seek.params[1].value.a = (uint32_t)offset;
		result = invoke(CMD_SEEK, &seek);
		if (result != TEEC_SUCCESS)
			return result;
		fill(data, size);
		if (size && offset + size > next[which].size)
			object_set(&next[which], NULL, offset + size);
		memcpy(next[which].data + offset, data, size);
		return about(CMD_WRITE, handle, 0, TEEC_MEMREF_TEMP_INPUT, data, &size);
	case 1:
		object_set(&next[which], NULL, size);
		return about(CMD_TRUNCATE, handle, (uint32_t)size, 0, NULL, NULL);
	case 2:
		other = (int)chance(&state, NAMES);
		if (other == which || model[other].exists)
			return about(CMD_CLOSE, handle, 0, 0, NULL, NULL);
		touch(other);
		next[other] = next[which];
		next[which] = (struct object) { 0 };
		name_of(other, name);
		size = strlen(name);
		return about(CMD_RENAME, handle, 0, TEEC_MEMREF_TEMP_INPUT, name, &size);
	default:
		object_drop(&next[which]);
		return about(CMD_DELETE, handle, 0, 0, NULL, NULL);
	}
}

static void work(uint8_t *data)
{
	const int which = (int)chance(&state, NAMES);
	const uint32_t what = chance(&state, 6);
	uint32_t handle = 0;
	TEEC_Result result;

	memset(touched, 0, sizeof(touched));
	touch(which);
	if (what > 3 || !model[which].exists) {
		result = create(which, data);
	} else {
		result = name_open(which, &handle);
		if (result == TEEC_SUCCESS)
			result = change(which, what, handle, data);
	}
	if (result != TEEC_SUCCESS && !is_cut_off(result))
		fail("name %c: %u: 0x%x", 'a' + which, what, result);
	settle(result);
	if (result == TEEC_SUCCESS && handle && what < 3 &&
	    about(CMD_CLOSE, handle, 0, 0, NULL, NULL) != TEEC_SUCCESS)
		reconnect();
}

int main(int argc, char **argv)
{
	static uint8_t data[SIZE_MOST + 8192];
	static struct object found;
	pthread_t killer;
	uint32_t seed;
	int number;

	if (argc != 3)
		return 2;
	number = (int)strtol(argv[1], NULL, 10);
	kills_left = number;
	seed = (uint32_t)strtoul(argv[2], NULL, 10);
	state = seed * 7 + 1;
	reconnect();
	if (pthread_create(&killer, NULL, kill_now_and_then, &seed) != 0)
		return 2;
	while (working)
		work(data);
	pthread_join(killer, NULL);
	for (int i = 0; i < NAMES; i++) {
		while (!connected || !look(i, &found))
			reconnect();
		if (!same(&found, &model[i]))
			fail("name %c is not what it was", 'a' + i);
		object_drop(&found);
		object_drop(&model[i]);
		object_drop(&next[i]);
	}
	disconnect();
	printf("%d kills, %lu calls, %lu cut off, %lu of those had happened\n", number, calls,
	       cut_off, happened);
	return 0;
}
