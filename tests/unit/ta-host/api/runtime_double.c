#include "runtime_double.h"

#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tee_api_defines.h>
#include <time.h>

#include "client.h"

struct runtime runtime;
struct runtime_double runtime_double;

static jmp_buf panic_return;
static bool panic_expected;

const struct client_patience client_patience_endless = { .deadline_ns = UINT64_MAX };

void runtime_double_reset(void)
{
	memset(&runtime, 0, sizeof(runtime));
	memset(&runtime_double, 0, sizeof(runtime_double));
	runtime.cancellation_masked = true;
	runtime.in_session = true;
	runtime.log_level = 4;
	runtime_double.mapped = true;
}

bool runtime_double_panics(void (*function)(void))
{
	if (setjmp(panic_return)) {
		panic_expected = false;
		return true;
	}
	panic_expected = true;
	function();
	panic_expected = false;
	return false;
}

void runtime_panic(TEE_Result code, const char *reason)
{
	runtime_double.panic_code = code;
	snprintf(runtime_double.panic_reason, sizeof(runtime_double.panic_reason), "%s",
		 reason ? reason : "");
	if (panic_expected)
		longjmp(panic_return, 1);
	fprintf(stderr, "panic 0x%08x that no test expects: %s\n", code, reason ? reason : "");
	abort();
}

void runtime_log(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(runtime_double.last_log, sizeof(runtime_double.last_log), format, arguments);
	va_end(arguments);
	runtime_double.logs++;
}

bool runtime_cancel_requested(void)
{
	return runtime_double.cancel_requested;
}

uint64_t runtime_deadline(uint32_t ms)
{
	struct timespec now;

	if (ms == TEE_TIMEOUT_INFINITE)
		return UINT64_MAX;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec +
	       device_clock_host_ns(&runtime.clock, ms * 1000000ULL);
}

bool runtime_sleep(uint64_t deadline_ns, bool cancellable)
{
	runtime_double.sleep_deadline_ns = deadline_ns;
	runtime_double.sleep_cancellable = cancellable;
	return cancellable && runtime_double.cancel_requested;
}

TEE_Result service_call(struct service *service, uint32_t command, uint32_t types,
			TEE_Param params[TEE_NUM_PARAMS])
{
	runtime_double.service = service;
	runtime_double.service_command = command;
	runtime_double.service_types = types;
	memcpy(runtime_double.service_params, params, sizeof(runtime_double.service_params));
	if (runtime_double.service_answers)
		params[0].value = runtime_double.service_answer;
	return runtime_double.service_result;
}

uint32_t network_connect(const struct network_peer *peer, bool cancellable, int *sock)
{
	(void)peer;
	(void)cancellable;
	*sock = -1;
	return TEE_ERROR_COMMUNICATION;
}

enum network_wait network_wait(int sock, bool to_write, uint64_t deadline_ns, bool cancellable)
{
	(void)sock;
	(void)to_write;
	(void)deadline_ns;
	(void)cancellable;
	return NETWORK_TIMED_OUT;
}

enum runtime_sharing runtime_sharing(const void *address, size_t size, bool *writable)
{
	(void)address;
	(void)size;
	*writable = runtime_double.shared_writable;
	return runtime_double.sharing;
}

bool runtime_mapped(const void *address, size_t size, bool read, bool write)
{
	(void)address;
	(void)size;
	runtime_double.asked_read = read;
	runtime_double.asked_write = write;
	return runtime_double.mapped;
}

/* There is nobody else. */
uint32_t client_open(struct client_session *session, const TEE_UUID *uuid,
		     const struct client_patience *patience, uint32_t types,
		     TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin)
{
	(void)session;
	(void)uuid;
	(void)patience;
	(void)types;
	(void)params;
	*origin = TEE_ORIGIN_TEE;
	return TEE_ERROR_ITEM_NOT_FOUND;
}

uint32_t client_invoke(struct client_session *session, uint32_t command,
		       const struct client_patience *patience, uint32_t types,
		       TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin)
{
	(void)session;
	(void)command;
	(void)patience;
	(void)types;
	(void)params;
	*origin = TEE_ORIGIN_TEE;
	return TEE_ERROR_TARGET_DEAD;
}

void client_close(struct client_session *session)
{
	(void)session;
}
