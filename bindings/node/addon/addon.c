/*
 * The addon itself: the edge between JavaScript and call.h, on Node-API.
 *
 * Runs in the Node.js process, one `struct instance` for each environment (the main thread, each
 * worker thread). It is called by the JavaScript layer alone, which has checked all arguments and
 * speaks to the user; what is checked here is what memory safety needs. A violation throws a
 * TypeError.
 *
 * JavaScript holds connections, blocks, sessions and calls as handles: objects without properties.
 * Each has a reference, and gives it back when it is collected.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NAPI_VERSION 8
#include <node_api.h>

#include "call.h"

#define UUID_SIZE     16
#define PATHS_MAX     16384
#define ARGUMENTS_MAX 3

/* An environment. */
struct instance {
	_Atomic unsigned int references;
	pthread_mutex_t lock;
	/* Under the lock: brings finished calls to the environment's thread; NULL once it ends. */
	napi_threadsafe_function deliver;
	/* The rest is the environment's thread's. */
	napi_env env;
	TAILQ_HEAD(pending_list, pending) pending;
	/* Calls that JavaScript waits for: they keep its event loop alive. */
	unsigned int awaited;
};

/* A call that is not over, as its environment knows it. */
struct pending {
	TAILQ_ENTRY(pending) in_instance;
	struct instance *instance;
	/* Ours, with its one reference. */
	struct call *call;
	/* What JavaScript passed: parameters to fill in, and the function to call; NULL none. */
	napi_ref request;
	/* An opening that waits for closings of sessions with the same TA. */
	bool deferred;
};

enum handle_kind {
	HANDLE_CONNECTION,
	HANDLE_BLOCK,
	HANDLE_SESSION,
	HANDLE_CALL
};

/* Marks the objects that are ours. */
static const napi_type_tag handle_tag = { 0x7e5ae57ec0de4a11U, 0x9b2c5e0c8d214e0dU };

/* What such an object stands for. */
struct handle {
	enum handle_kind kind;
	struct instance *instance;
	union {
		/* These two are NULL once they are given back. */
		struct connection *connection;
		struct block *block;
		struct session *session;
		struct call *call;
		void *object;
	};
};

static struct instance *instance_reference(struct instance *instance)
{
	atomic_fetch_add(&instance->references, 1);
	return instance;
}

static void instance_release(struct instance *instance)
{
	if (atomic_fetch_sub(&instance->references, 1) != 1)
		return;
	pthread_mutex_destroy(&instance->lock);
	free(instance);
}

static struct instance *instance_of(napi_env env)
{
	void *instance = NULL;

	napi_get_instance_data(env, &instance);
	return instance;
}

/* ---- Calls under way --------------------------------------------------------------------- */

static void pending_free(struct pending *pending)
{
	call_release(pending->call);
	instance_release(pending->instance);
	free(pending);
}

/* On any thread. */
static void pending_finished(struct call *call)
{
	struct pending *pending = call->owner;
	struct instance *instance = pending->instance;
	napi_status status = napi_closing;

	pthread_mutex_lock(&instance->lock);
	if (instance->deliver)
		status = napi_call_threadsafe_function(instance->deliver, pending,
						       napi_tsfn_nonblocking);
	pthread_mutex_unlock(&instance->lock);
	/* The environment is gone, and with it what it had of the call. */
	if (status != napi_ok)
		pending_free(pending);
}

/* Is there a closing that was asked for before, and that must come first: an application that
 * closes a session and opens the next at once may have to do with a TA that takes one at a time. */
static bool pending_must_wait(const struct pending *opening)
{
	const struct pending *other;

	for (other = TAILQ_FIRST(&opening->instance->pending); other != opening;
	     other = TAILQ_NEXT(other, in_instance))
		if (other->call->kind == CALL_CLOSE &&
		    memcmp(&other->call->session->ta, &opening->call->ta, sizeof(TEEC_UUID)) == 0)
			return true;
	return false;
}

static void deferred_start(struct instance *instance)
{
	struct pending *pending, *next;

	for (pending = TAILQ_FIRST(&instance->pending); pending; pending = next) {
		next = TAILQ_NEXT(pending, in_instance);
		if (!pending->deferred || pending_must_wait(pending))
			continue;
		pending->deferred = false;
		call_start(pending->call);
	}
}

/* Starts a call that has been filled in; `request` may be NULL. Takes over the call. Returns
 * whether there was memory for that. */
static bool pending_start(napi_env env, struct instance *instance, struct call *call,
			  napi_value request)
{
	struct pending *pending = calloc(1, sizeof(*pending));

	if (!pending ||
	    (request && napi_create_reference(env, request, 1, &pending->request) != napi_ok)) {
		free(pending);
		call_release(call);
		return false;
	}
	pending->instance = instance_reference(instance);
	pending->call = call;
	call->owner = pending;
	call->finished = pending_finished;
	TAILQ_INSERT_TAIL(&instance->pending, pending, in_instance);
	if (request && instance->awaited++ == 0)
		napi_ref_threadsafe_function(env, instance->deliver);
	pending->deferred = call->kind == CALL_OPEN && pending_must_wait(pending);
	if (!pending->deferred)
		call_start(call);
	return true;
}

static napi_value handle_wrap(napi_env env, struct instance *instance, enum handle_kind kind,
			      void *object);

static napi_value number_of(napi_env env, double number)
{
	napi_value value = NULL;

	napi_create_double(env, number, &value);
	return value;
}

/* [a, b] of a value, the size of a memory reference, or undefined for what is no output. */
static napi_value output_of(napi_env env, const TEEC_Operation *operation, unsigned int i)
{
	const TEEC_Parameter *param = &operation->params[i];
	napi_value value = NULL;

	switch (TEEC_PARAM_TYPE_GET(operation->paramTypes, i)) {
	case TEEC_VALUE_OUTPUT:
	case TEEC_VALUE_INOUT:
		napi_create_array_with_length(env, 2, &value);
		napi_set_element(env, value, 0, number_of(env, param->value.a));
		napi_set_element(env, value, 1, number_of(env, param->value.b));
		return value;
	case TEEC_MEMREF_TEMP_OUTPUT:
	case TEEC_MEMREF_TEMP_INOUT:
		return number_of(env, (double)param->tmpref.size);
	case TEEC_MEMREF_WHOLE:
	case TEEC_MEMREF_PARTIAL_OUTPUT:
	case TEEC_MEMREF_PARTIAL_INOUT:
		return number_of(env, (double)param->memref.size);
	default:
		napi_get_undefined(env, &value);
		return value;
	}
}

/* Copies what the TA has written into the Uint8Array that the parameter names. */
static void memory_return(napi_env env, napi_value params, const struct call *call, unsigned int i)
{
	const uint32_t type = TEEC_PARAM_TYPE_GET(call->operation.paramTypes, i);
	size_t size = call->operation.params[i].tmpref.size;
	napi_value param, memory;
	void *octets = NULL;
	size_t length = 0;

	if (!call->copy[i] || (type != TEEC_MEMREF_TEMP_OUTPUT && type != TEEC_MEMREF_TEMP_INOUT))
		return;
	if (napi_get_element(env, params, i, &param) != napi_ok ||
	    napi_get_named_property(env, param, "memory", &memory) != napi_ok ||
	    napi_get_typedarray_info(env, memory, NULL, &length, &octets, NULL, NULL) != napi_ok)
		return;
	/* The array may have lost its memory since; a larger size says what would be needed. */
	if (octets && size <= length && size <= call->copy_size[i])
		memcpy(octets, call->copy[i], size);
}

/* Calls request.done(result, origin, outputs, session). */
static void request_answer(napi_env env, struct instance *instance, struct call *call,
			   napi_value request)
{
	napi_value done, params, outputs, undefined, session, exception;
	napi_value arguments[4];

	if (napi_get_named_property(env, request, "done", &done) != napi_ok ||
	    napi_get_named_property(env, request, "params", &params) != napi_ok)
		return;
	napi_get_undefined(env, &undefined);
	napi_create_array_with_length(env, TEEC_CONFIG_PAYLOAD_REF_COUNT, &outputs);
	for (unsigned int i = 0; i < TEEC_CONFIG_PAYLOAD_REF_COUNT; i++) {
		memory_return(env, params, call, i);
		napi_set_element(env, outputs, i, output_of(env, &call->operation, i));
	}
	session = undefined;
	if (call->kind == CALL_OPEN && call->result == TEEC_SUCCESS)
		session = handle_wrap(env, instance, HANDLE_SESSION,
				      session_reference(call->session));
	arguments[0] = number_of(env, call->result);
	arguments[1] = number_of(env, call->origin);
	arguments[2] = outputs;
	arguments[3] = session ? session : undefined;
	if (napi_call_function(env, undefined, done, 4, arguments, NULL) != napi_pending_exception)
		return;
	napi_get_and_clear_last_exception(env, &exception);
	napi_fatal_exception(env, exception);
}

/* On the environment's thread, once for each finished call; without `env` while that ends. */
static void pending_deliver(napi_env env, napi_value unused, void *context, void *data)
{
	struct instance *instance = context;
	struct pending *pending = data;
	napi_value request = NULL;

	(void)unused;
	if (!env) {
		pending_free(pending);
		return;
	}
	TAILQ_REMOVE(&instance->pending, pending, in_instance);
	if (pending->call->kind == CALL_CLOSE)
		deferred_start(instance);
	if (pending->request) {
		if (--instance->awaited == 0)
			napi_unref_threadsafe_function(env, instance->deliver);
		napi_get_reference_value(env, pending->request, &request);
		napi_delete_reference(env, pending->request);
	}
	if (request)
		request_answer(env, instance, pending->call, request);
	pending_free(pending);
}

/* The environment ends: nobody waits any longer for what is under way. */
static void instance_end(void *arg)
{
	struct instance *instance = arg;
	struct call **calls = NULL;
	struct pending *pending;
	size_t count = 0, size = 0;

	for (pending = TAILQ_FIRST(&instance->pending); pending;
	     pending = TAILQ_NEXT(pending, in_instance))
		size++;
	if (size)
		calls = calloc(size, sizeof(struct call *));
	pthread_mutex_lock(&instance->lock);
	/* As long as we have the lock none of them is freed. */
	for (pending = TAILQ_FIRST(&instance->pending); pending;
	     pending = TAILQ_NEXT(pending, in_instance)) {
		if (pending->request)
			napi_delete_reference(instance->env, pending->request);
		if (calls)
			calls[count++] = call_reference(pending->call);
	}
	TAILQ_INIT(&instance->pending);
	instance->deliver = NULL;
	pthread_mutex_unlock(&instance->lock);
	for (size_t i = 0; i < count; i++) {
		if (calls[i]->kind != CALL_CLOSE)
			call_cancel(calls[i]);
		call_release(calls[i]);
	}
	free(calls);
	instance_release(instance);
}

/* ---- Handles ------------------------------------------------------------------------------- */

/* A session that nobody can reach any more is closed. */
static void session_abandon(napi_env env, struct instance *instance, struct session *session)
{
	struct call *close;

	if (session->closing || !instance->deliver)
		return;
	session->closing = true;
	close = call_new(CALL_CLOSE, session->connection, session);
	if (close)
		(void)pending_start(env, instance, close, NULL);
}

/* Calls that use the block keep it until they are over. */
static void handle_block_release(napi_env env, struct handle *handle)
{
	struct block *block = handle->block;
	int64_t unused;

	if (!block)
		return;
	handle->block = NULL;
	napi_adjust_external_memory(env, -(int64_t)block->memory.size, &unused);
	block_release(block);
}

static void handle_collect(napi_env env, void *data, void *hint)
{
	struct handle *handle = data;

	(void)hint;
	switch (handle->kind) {
	case HANDLE_CONNECTION:
		if (handle->connection)
			connection_release(handle->connection);
		break;
	case HANDLE_BLOCK:
		handle_block_release(env, handle);
		break;
	case HANDLE_SESSION:
		session_abandon(env, handle->instance, handle->session);
		session_release(handle->session);
		break;
	case HANDLE_CALL:
		call_release(handle->call);
		break;
	}
	instance_release(handle->instance);
	free(handle);
}

/* Takes over the caller's reference to the object. Returns NULL with an exception pending. */
static napi_value handle_wrap(napi_env env, struct instance *instance, enum handle_kind kind,
			      void *object)
{
	struct handle *handle = calloc(1, sizeof(*handle));
	napi_value value = NULL;

	if (!handle) {
		napi_throw_error(env, NULL, "out of memory");
		/* What it stood for stays until the process ends; there is no memory to mend it. */
		return NULL;
	}
	handle->kind = kind;
	handle->instance = instance_reference(instance);
	handle->object = object;
	if (napi_create_object(env, &value) != napi_ok ||
	    napi_wrap(env, value, handle, handle_collect, NULL, NULL) != napi_ok) {
		handle_collect(env, handle, NULL);
		return NULL;
	}
	/* Fails while the environment ends; then nobody is left to use it. */
	(void)napi_type_tag_object(env, value, &handle_tag);
	return value;
}

static napi_value complain(napi_env env, const char *what)
{
	bool pending = false;

	napi_is_exception_pending(env, &pending);
	if (!pending)
		napi_throw_type_error(env, NULL, what);
	return NULL;
}

/* The handle behind an object; NULL when there is none, or of another kind. */
static struct handle *handle_of(napi_env env, napi_value value, enum handle_kind kind)
{
	bool is_handle = false;
	void *data = NULL;
	struct handle *handle;

	if (napi_check_object_type_tag(env, value, &handle_tag, &is_handle) != napi_ok ||
	    !is_handle || napi_unwrap(env, value, &data) != napi_ok)
		return NULL;
	handle = data;
	return handle->kind == kind && handle->object ? handle : NULL;
}

/* ---- Arguments --------------------------------------------------------------------------- */

static bool arguments_get(napi_env env, napi_callback_info info, size_t wanted,
			  napi_value arguments[ARGUMENTS_MAX])
{
	size_t count = wanted;

	return napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok &&
	       count >= wanted;
}

/* Copies a string, or leaves `*out` NULL for null. The caller frees it. */
static bool text_get(napi_env env, napi_value value, char **out)
{
	napi_valuetype type;
	size_t size = 0;

	*out = NULL;
	if (napi_typeof(env, value, &type) != napi_ok)
		return false;
	if (type == napi_null)
		return true;
	if (napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok || size > PATHS_MAX)
		return false;
	*out = calloc(1, size + 1);
	if (!*out)
		return false;
	napi_get_value_string_utf8(env, value, *out, size + 1, &size);
	/* A name that ends elsewhere than it seems to. */
	return strlen(*out) == size;
}

/* A number of octets, exact. */
static bool size_get(napi_env env, napi_value value, size_t *out)
{
	double number;

	if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= 0) ||
	    number > 9007199254740991.0)
		return false;
	*out = (size_t)number;
	return true;
}

static bool octets_get(napi_env env, napi_value value, uint8_t **octets, size_t *length)
{
	napi_typedarray_type type;
	bool is_typed_array = false;
	void *data = NULL;

	if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array ||
	    napi_get_typedarray_info(env, value, &type, length, &data, NULL, NULL) != napi_ok ||
	    type != napi_uint8_array)
		return false;
	*octets = data;
	return true;
}

static bool number_property(napi_env env, napi_value object, const char *name, uint32_t *out)
{
	napi_value value;

	return napi_get_named_property(env, object, name, &value) == napi_ok &&
	       napi_get_value_uint32(env, value, out) == napi_ok;
}

static bool size_property(napi_env env, napi_value object, const char *name, size_t *out)
{
	napi_value value;

	return napi_get_named_property(env, object, name, &value) == napi_ok &&
	       size_get(env, value, out);
}

static bool temporary_get(napi_env env, napi_value param, struct call *call, unsigned int i)
{
	TEEC_TempMemoryReference *reference = &call->operation.params[i].tmpref;
	napi_value memory;
	uint8_t *octets;
	size_t length;

	if (napi_get_named_property(env, param, "memory", &memory) != napi_ok ||
	    !octets_get(env, memory, &octets, &length))
		return false;
	/* At least one octet, since NULL stands for a reference that is none. */
	call->copy[i] = calloc(1, length ? length : 1);
	if (!call->copy[i])
		return false;
	if (length)
		memcpy(call->copy[i], octets, length);
	call->copy_size[i] = length;
	reference->buffer = call->copy[i];
	reference->size = length;
	return true;
}

static bool registered_get(napi_env env, napi_value param, struct call *call, unsigned int i)
{
	TEEC_RegisteredMemoryReference *reference = &call->operation.params[i].memref;
	struct handle *handle;
	napi_value value;

	if (napi_get_named_property(env, param, "block", &value) != napi_ok)
		return false;
	handle = handle_of(env, value, HANDLE_BLOCK);
	if (!handle)
		return false;
	call->block[i] = block_reference(handle->block);
	reference->parent = &handle->block->memory;
	return size_property(env, param, "offset", &reference->offset) &&
	       size_property(env, param, "size", &reference->size);
}

static bool param_get(napi_env env, napi_value param, struct call *call, unsigned int i)
{
	TEEC_Value *value = &call->operation.params[i].value;
	uint32_t type;

	if (!number_property(env, param, "type", &type))
		return false;
	call->operation.paramTypes |= (type & 0xf) << (4 * i);
	switch (type) {
	case TEEC_VALUE_INPUT:
	case TEEC_VALUE_OUTPUT:
	case TEEC_VALUE_INOUT:
		return number_property(env, param, "a", &value->a) &&
		       number_property(env, param, "b", &value->b);
	case TEEC_MEMREF_TEMP_INPUT:
	case TEEC_MEMREF_TEMP_OUTPUT:
	case TEEC_MEMREF_TEMP_INOUT:
		return temporary_get(env, param, call, i);
	case TEEC_MEMREF_WHOLE:
	case TEEC_MEMREF_PARTIAL_INPUT:
	case TEEC_MEMREF_PARTIAL_OUTPUT:
	case TEEC_MEMREF_PARTIAL_INOUT:
		return registered_get(env, param, call, i);
	default:
		return false;
	}
}

/* request.params, an array of four at most. */
static bool params_get(napi_env env, napi_value request, struct call *call)
{
	napi_value params, param;
	uint32_t count;

	if (napi_get_named_property(env, request, "params", &params) != napi_ok ||
	    napi_get_array_length(env, params, &count) != napi_ok ||
	    count > TEEC_CONFIG_PAYLOAD_REF_COUNT)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (napi_get_element(env, params, i, &param) != napi_ok ||
		    !param_get(env, param, call, i))
			return false;
	return true;
}

/* request.ta, the 16 octets of a UUID as RFC 4122 has them. */
static bool uuid_get(napi_env env, napi_value request, TEEC_UUID *uuid)
{
	napi_value value;
	uint8_t *octets;
	size_t length;

	if (napi_get_named_property(env, request, "ta", &value) != napi_ok ||
	    !octets_get(env, value, &octets, &length) || length != UUID_SIZE)
		return false;
	uuid->timeLow = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
			(uint32_t)octets[2] << 8 | octets[3];
	uuid->timeMid = (uint16_t)(octets[4] << 8 | octets[5]);
	uuid->timeHiAndVersion = (uint16_t)(octets[6] << 8 | octets[7]);
	memcpy(uuid->clockSeqAndNode, octets + 8, 8);
	return true;
}

/* request.group, which may be undefined. */
static bool group_get(napi_env env, napi_value request, struct call *call)
{
	napi_valuetype type;
	napi_value value;

	if (napi_get_named_property(env, request, "group", &value) != napi_ok ||
	    napi_typeof(env, value, &type) != napi_ok)
		return false;
	call->has_group = type != napi_undefined;
	return !call->has_group || napi_get_value_uint32(env, value, &call->group) == napi_ok;
}

/* ---- Functions, in the order of the table at the end --------------------------------------- */

/* connect(name | null, directory | null, taPath | null): a connection, or a TEEC_Result. */
static napi_value js_connect(napi_env env, napi_callback_info info)
{
	char *name = NULL, *directory = NULL, *ta_path = NULL;
	napi_value arguments[ARGUMENTS_MAX], value = NULL;
	struct connection *connection;
	TEEC_Result result;

	if (arguments_get(env, info, 3, arguments) && text_get(env, arguments[0], &name) &&
	    text_get(env, arguments[1], &directory) && text_get(env, arguments[2], &ta_path)) {
		result = connection_open(name, directory, ta_path, &connection);
		value = result == TEEC_SUCCESS
				? handle_wrap(env, instance_of(env), HANDLE_CONNECTION, connection)
				: number_of(env, result);
	} else {
		complain(env, "connect(name, directory, taPath)");
	}
	free(name);
	free(directory);
	free(ta_path);
	return value;
}

/* disconnect(connection): sessions and blocks that are left keep the connection itself. */
static napi_value js_disconnect(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;

	if (!arguments_get(env, info, 1, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_CONNECTION)))
		return complain(env, "disconnect(connection)");
	connection_release(handle->connection);
	handle->connection = NULL;
	return NULL;
}

/* allocate(connection, size, flags): a block, or a TEEC_Result. */
static napi_value js_allocate(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;
	struct block *block;
	TEEC_Result result;
	int64_t unused;
	uint32_t flags;
	size_t size;

	if (!arguments_get(env, info, 3, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_CONNECTION)) ||
	    !size_get(env, arguments[1], &size) ||
	    napi_get_value_uint32(env, arguments[2], &flags) != napi_ok)
		return complain(env, "allocate(connection, size, flags)");
	result = block_allocate(handle->connection, size, flags, &block);
	if (result != TEEC_SUCCESS)
		return number_of(env, result);
	/* So that the collector knows what it is about. */
	napi_adjust_external_memory(env, (int64_t)size, &unused);
	return handle_wrap(env, instance_of(env), HANDLE_BLOCK, block);
}

/* release(block) */
static napi_value js_release(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;

	if (!arguments_get(env, info, 1, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_BLOCK)))
		return complain(env, "release(block)");
	handle_block_release(env, handle);
	return NULL;
}

/* The memory of a block that write() and read() are about; NULL where it has not so much. */
static uint8_t *block_part(napi_env env, napi_callback_info info, uint8_t **octets, size_t *length)
{
	napi_value arguments[ARGUMENTS_MAX];
	const struct block *block;
	struct handle *handle;
	size_t offset;

	if (!arguments_get(env, info, 3, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_BLOCK)) ||
	    !octets_get(env, arguments[1], octets, length) || !size_get(env, arguments[2], &offset))
		return NULL;
	block = handle->block;
	if (offset > block->memory.size || *length > block->memory.size - offset)
		return NULL;
	return (uint8_t *)block->memory.buffer + offset;
}

/* write(block, octets, offset) */
static napi_value js_write(napi_env env, napi_callback_info info)
{
	uint8_t *octets, *part;
	size_t length;

	part = block_part(env, info, &octets, &length);
	if (!part)
		return complain(env, "write(block, octets, offset)");
	if (length)
		memcpy(part, octets, length);
	return NULL;
}

/* read(block, octets, offset) */
static napi_value js_read(napi_env env, napi_callback_info info)
{
	uint8_t *octets, *part;
	size_t length;

	part = block_part(env, info, &octets, &length);
	if (!part)
		return complain(env, "read(block, octets, offset)");
	if (length)
		memcpy(octets, part, length);
	return NULL;
}

/* Starts a call and gives JavaScript a handle of it, to cancel it by. */
static napi_value call_begin(napi_env env, struct call *call, napi_value request)
{
	napi_value value = handle_wrap(env, instance_of(env), HANDLE_CALL, call_reference(call));

	if (!value) {
		call_release(call);
		return NULL;
	}
	if (!pending_start(env, instance_of(env), call, request))
		return complain(env, "out of memory");
	return value;
}

/* open(connection, { ta, login, group, params, done }): a call. */
static napi_value js_open(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;
	struct call *call;

	if (!arguments_get(env, info, 2, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_CONNECTION)))
		return complain(env, "open(connection, request)");
	call = call_new(CALL_OPEN, handle->connection, NULL);
	if (!call)
		return complain(env, "out of memory");
	if (!uuid_get(env, arguments[1], &call->ta) ||
	    !number_property(env, arguments[1], "login", &call->login) ||
	    !group_get(env, arguments[1], call) || !params_get(env, arguments[1], call)) {
		call_release(call);
		return complain(env, "open(connection, { ta, login, group, params, done })");
	}
	return call_begin(env, call, arguments[1]);
}

/* invoke(session, { command, params, done }): a call. */
static napi_value js_invoke(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;
	struct call *call;

	if (!arguments_get(env, info, 2, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_SESSION)) || handle->session->closing)
		return complain(env, "invoke(session, request)");
	call = call_new(CALL_INVOKE, handle->session->connection, handle->session);
	if (!call)
		return complain(env, "out of memory");
	if (!number_property(env, arguments[1], "command", &call->command) ||
	    !params_get(env, arguments[1], call)) {
		call_release(call);
		return complain(env, "invoke(session, { command, params, done })");
	}
	return call_begin(env, call, arguments[1]);
}

/* close(session, { params: [], done }): a call, after those of the session that are under way. */
static napi_value js_close(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;
	struct call *call;

	if (!arguments_get(env, info, 2, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_SESSION)) || handle->session->closing)
		return complain(env, "close(session, request)");
	call = call_new(CALL_CLOSE, handle->session->connection, handle->session);
	if (!call)
		return complain(env, "out of memory");
	handle->session->closing = true;
	return call_begin(env, call, arguments[1]);
}

/* cancel(call) */
static napi_value js_cancel(napi_env env, napi_callback_info info)
{
	napi_value arguments[ARGUMENTS_MAX];
	struct handle *handle;
	struct pending *pending;

	if (!arguments_get(env, info, 1, arguments) ||
	    !(handle = handle_of(env, arguments[0], HANDLE_CALL)))
		return complain(env, "cancel(call)");
	if (handle->call->kind == CALL_CLOSE)
		return NULL;
	/* One that waits for a closing has not been given to a thread yet, and never will be. */
	for (pending = TAILQ_FIRST(&handle->instance->pending); pending;
	     pending = TAILQ_NEXT(pending, in_instance))
		if (pending->call == handle->call)
			pending->deferred = false;
	call_cancel(handle->call);
	return NULL;
}

/* nothing(…): what calling from JavaScript costs by itself, for measurements. */
static napi_value js_nothing(napi_env env, napi_callback_info info)
{
	(void)env;
	(void)info;
	return NULL;
}

static const napi_property_descriptor functions[] = {
	{ .utf8name = "connect", .method = js_connect, .attributes = napi_enumerable },
	{ .utf8name = "disconnect", .method = js_disconnect, .attributes = napi_enumerable },
	{ .utf8name = "allocate", .method = js_allocate, .attributes = napi_enumerable },
	{ .utf8name = "release", .method = js_release, .attributes = napi_enumerable },
	{ .utf8name = "write", .method = js_write, .attributes = napi_enumerable },
	{ .utf8name = "read", .method = js_read, .attributes = napi_enumerable },
	{ .utf8name = "open", .method = js_open, .attributes = napi_enumerable },
	{ .utf8name = "invoke", .method = js_invoke, .attributes = napi_enumerable },
	{ .utf8name = "close", .method = js_close, .attributes = napi_enumerable },
	{ .utf8name = "cancel", .method = js_cancel, .attributes = napi_enumerable },
	{ .utf8name = "nothing", .method = js_nothing, .attributes = napi_enumerable },
};

static void instance_collect(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	instance_release(data);
}

NAPI_MODULE_INIT(/* env, exports */)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	napi_value name;

	if (!instance)
		return complain(env, "out of memory");
	/* One of the environment, one until instance_end(). */
	instance->references = 2;
	instance->env = env;
	pthread_mutex_init(&instance->lock, NULL);
	TAILQ_INIT(&instance->pending);
	if (napi_create_string_utf8(env, "teec", NAPI_AUTO_LENGTH, &name) != napi_ok ||
	    napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, instance,
					    pending_deliver, &instance->deliver) != napi_ok ||
	    napi_unref_threadsafe_function(env, instance->deliver) != napi_ok ||
	    /* After the function above, so that it runs before that one's own end. */
	    napi_add_env_cleanup_hook(env, instance_end, instance) != napi_ok ||
	    napi_set_instance_data(env, instance, instance_collect, NULL) != napi_ok ||
	    napi_define_properties(env, exports, sizeof(functions) / sizeof(functions[0]),
				   functions) != napi_ok)
		return complain(env, "the addon could not be set up");
	return exports;
}
