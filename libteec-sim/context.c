#include "context.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <teesim_client_api.h>

#include "fork_guard.h"
#include "handle_table.h"
#include "result_map.h"
#include "session.h"
#include "shared_memory.h"
#include "wire/launch.h"
#include "wire/result.h"
#include "wire/wait.h"

static_assert(sizeof(TEEC_Context) == 8 && _Alignof(TEEC_Context) == 4, "binary interface");
static_assert(offsetof(TEEC_Context, imp.fd) == 0, "binary interface");
static_assert(offsetof(TEEC_Context, imp.reg_mem) == 4, "binary interface");
static_assert(offsetof(TEEC_Context, imp.memref_null) == 5, "binary interface");
static_assert(sizeof(TEEC_UUID) == 16 && _Alignof(TEEC_UUID) == 4, "binary interface");

static struct handle_table contexts = HANDLE_TABLE_INITIALIZER;

/* Finding a context and counting a reference to it must not be torn apart by a release. */
static pthread_mutex_t reference_lock = PTHREAD_MUTEX_INITIALIZER;

void context_table_before_fork(void)
{
	pthread_mutex_lock(&reference_lock);
	pthread_mutex_lock(&contexts.lock);
}

void context_table_after_fork(void)
{
	pthread_mutex_unlock(&contexts.lock);
	pthread_mutex_unlock(&reference_lock);
}

static void connection_abandon(void *object, void *unused)
{
	struct context *context = object;

	(void)unused;
	if (context->control.sock >= 0)
		close(context->control.sock);
	context->control.sock = -1;
	atomic_store(&context->control.dead, true);
}

void context_table_after_fork_in_child(void)
{
	context_table_after_fork();
	handle_table_each(&contexts, connection_abandon, NULL);
}

struct context *context_reference(struct context *context)
{
	atomic_fetch_add(&context->references, 1);
	return context;
}

void context_release(struct context *context)
{
	uint32_t left;

	pthread_mutex_lock(&reference_lock);
	left = atomic_fetch_sub(&context->references, 1) - 1;
	pthread_mutex_unlock(&reference_lock);
	if (left)
		return;
	control_fini(&context->control);
	pthread_mutex_destroy(&context->lock);
	free(context);
}

struct context *context_of(const TEEC_Context *api, TEEC_Result *result)
{
	struct context *context;

	if (!api) {
		*result = TEEC_ERROR_BAD_PARAMETERS;
		return NULL;
	}
	pthread_mutex_lock(&reference_lock);
	context = handle_table_find(&contexts, (uint32_t)api->imp.fd);
	if (context)
		context_reference(context);
	pthread_mutex_unlock(&reference_lock);
	if (!context) {
		*result = TEEC_ERROR_BAD_PARAMETERS;
		return NULL;
	}
	if (fork_guard_inherited(context->generation)) {
		context_release(context);
		*result = TEEC_ERROR_BAD_STATE;
		return NULL;
	}
	return context;
}

/* The directory of the running program, or an empty string. */
static size_t program_directory(char *path, size_t capacity)
{
	ssize_t n = readlink("/proc/self/exe", path, capacity);

	if (n <= 0 || (size_t)n >= capacity)
		return 0;
	while (n > 1 && path[n - 1] != '/')
		n--;
	return n > 1 ? (size_t)n - 1 : (size_t)n;
}

static int say_hello(struct context *context, const char *directory, const char *ta_path)
{
	union {
		struct message_hello hello;
		uint8_t bytes[MESSAGE_SIZE_MAX];
	} packet;
	struct message_answer answer;
	size_t size = sizeof(packet.hello);
	size_t n;
	int err;

	memset(&packet.hello, 0, sizeof(packet.hello));
	packet.hello.header.type = MESSAGE_HELLO;
	packet.hello.protocol = MESSAGE_PROTOCOL;
	if (directory) {
		n = strlen(directory);
		memcpy(packet.bytes + size, directory, n);
	} else {
		n = program_directory((char *)packet.bytes + size, PATH_MAX);
	}
	packet.hello.client_directory_size = (uint32_t)n;
	size += n;
	if (!ta_path)
		ta_path = getenv("TEESIM_TA_PATH");
	n = ta_path ? strlen(ta_path) : 0;
	if (n > sizeof(packet) - size) {
		fprintf(stderr,
			"teesim: TEESIM_TA_PATH is longer than the %zu octets that can be passed "
			"on\n",
			sizeof(packet) - size);
		return -E2BIG;
	}
	if (n)
		memcpy(packet.bytes + size, ta_path, n);
	packet.hello.ta_path_size = (uint32_t)n;
	size += n;
	err = control_call(&context->control, NULL, &packet.hello.header, size, NULL,
			   MESSAGE_ANSWER, &answer, sizeof(answer), NULL);
	if (err < 0)
		return err;
	if (answer.result != RESULT_SUCCESS) {
		fputs("teesim: this libteec and the running teesimd are of different versions: run "
		      "'teesim stop' and try again\n",
		      stderr);
		return -EPROTO;
	}
	return 0;
}

static struct context *context_new(int sock)
{
	struct context *context = calloc(1, sizeof(*context));

	if (!context) {
		close(sock);
		return NULL;
	}
	context->generation = fork_guard_generation();
	context->references = 1;
	context->spin_us = wait_spin_from_environment();
	pthread_mutex_init(&context->lock, NULL);
	control_init(&context->control, sock);
	return context;
}

/* A daemon that was just about to end for lack of work closes a connection unanswered: then
 * the next attempt starts another. */
#define CONNECT_ATTEMPTS 2

static TEEC_Result context_connect(struct context **out, const char *directory, const char *ta_path)
{
	char why[512] = "";
	int err = 0;

	for (int i = 0; i < CONNECT_ATTEMPTS; i++) {
		int sock = launch_connect(NULL, why, sizeof(why));

		if (sock < 0) {
			fprintf(stderr, "teesim: %s\n", why);
			return TEEC_ERROR_COMMUNICATION;
		}
		*out = context_new(sock);
		if (!*out)
			return TEEC_ERROR_OUT_OF_MEMORY;
		err = say_hello(*out, directory, ta_path);
		if (!err)
			return TEEC_SUCCESS;
		context_release(*out);
		if (err != -EPIPE)
			return result_from_errno(err);
	}
	fputs("teesim: teesimd closes every connection; 'teesim log' says why\n", stderr);
	return result_from_errno(err);
}

TEEC_Result TEESIM_InitializeContextForApplication(const char *name, const char *directory,
						   const char *ta_path, TEEC_Context *api)
{
	struct context *context;
	TEEC_Result result;

	if (!api || (directory && (directory[0] != '/' || strlen(directory) >= PATH_MAX)))
		return TEEC_ERROR_BAD_PARAMETERS;
	if (name && strcmp(name, "optee-tz") != 0)
		return TEEC_ERROR_ITEM_NOT_FOUND;
	fork_guard_install();
	result = context_connect(&context, directory, ta_path);
	if (result != TEEC_SUCCESS)
		return result;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): no errno maps to TEEC_SUCCESS */
	context->handle = handle_table_add(&contexts, context);
	if (!context->handle) {
		context_release(context);
		return TEEC_ERROR_OUT_OF_MEMORY;
	}
	memset(api, 0, sizeof(*api));
	api->imp.fd = (int)context->handle;
	api->imp.reg_mem = true;
	api->imp.memref_null = true;
	return TEEC_SUCCESS;
}

TEEC_Result TEEC_InitializeContext(const char *name, TEEC_Context *api)
{
	return TEESIM_InitializeContextForApplication(name, NULL, NULL, api);
}

void TEEC_FinalizeContext(TEEC_Context *api)
{
	struct context *context;

	if (!api)
		return;
	context = handle_table_remove(&contexts, (uint32_t)api->imp.fd);
	if (!context)
		return;
	session_abandon_all(context);
	block_release_all(context);
	/* Threads that still wait for an answer get it now: there will be none. */
	if (context->control.sock >= 0)
		(void)shutdown(context->control.sock, SHUT_RDWR);
	context_release(context);
}
