/*
 * The pseudo TA behind the Core API's chapter on trusted storage: who has which object open and
 * how, on top of the engine (storage/storage.h). One session for each TA instance; when that ends,
 * however it ends, its objects are free for others.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/pseudo_ta.h"
#include "services/storage_request.h"
#include "serving/serve.h"
#include "storage/forgotten.h"
#include "storage/storage.h"
#include "wire/channel_host.h"
#include "wire/uuid.h"

#define ACCESS_ALL                                                \
	(TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE | \
	 TEE_DATA_FLAG_ACCESS_WRITE_META | TEE_DATA_FLAG_SHARE_READ | TEE_DATA_FLAG_SHARE_WRITE)

/* How long second copies are put off: those who change something do so again soon. */
#define TWIN_DELAY_NS 50000000U

/* No TA has more objects open at a time. */
#define HANDLES_MAX 65536U

struct storage_session {
	struct storage_session *next;
	struct ta_owner owner;
	/* By handle - 1; NULL where it is closed. */
	struct handle {
		struct storage_object *object;
		uint32_t flags;
	} * handles;
	uint32_t room;
	/* What is under way. */
	struct storage_job job;
	uint32_t job_flags;
};

static const struct services_device *device;
static struct storage *storage;
static struct storage_session *sessions;

static TEE_Result result_of(int err)
{
	switch (err) {
	case 0:
		return TEE_SUCCESS;
	case -ENOENT:
		return TEE_ERROR_ITEM_NOT_FOUND;
	case -EEXIST:
	case -EACCES:
		return TEE_ERROR_ACCESS_CONFLICT;
	case -EBADMSG:
		return TEE_ERROR_CORRUPT_OBJECT;
	case -ENOSPC:
		return TEE_ERROR_STORAGE_NO_SPACE;
	case -EFBIG:
		return TEE_ERROR_OVERFLOW;
	case -ENOMEM:
		return TEE_ERROR_OUT_OF_MEMORY;
	case -EINVAL:
	case -EBADF:
		return TEE_ERROR_BAD_PARAMETERS;
	case -EBUSY:
		return SERVE_LATER;
	default:
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	}
}

static int start(const struct services_device *of)
{
	device = of;
	storage_prepare();
	return 0;
}

static void stop(void)
{
	/* Whoever still has a session is about to be told. */
	while (sessions) {
		struct storage_session *session = sessions;

		sessions = session->next;
		storage_job_cancel(&session->job);
		for (uint32_t i = 0; i < session->room; i++)
			storage_object_put(session->handles[i].object);
		free(session->handles);
		free(session);
	}
	storage_close(storage);
	storage = NULL;
}

/* What TAs have left that a TAM deleted goes before anybody uses the storage. Where one of them
 * still runs, its objects stay until it has ended. */
static void forget(void)
{
	static struct forgotten_files files;
	int err;

	if (!forgotten_changed(device->path, &files))
		return;
	err = storage_forget(storage, device->path);
	/* What failed is tried again; what is in use is when that ends. */
	if (err < 0 && err != -EBUSY)
		memset(&files, 0, sizeof(files));
}

static TEE_Result storage_ready(void)
{
	const struct storage_options options = {
		.durable = device->storage_durable,
		.quota_ta = device->storage_quota_ta,
		.quota_device = device->storage_quota_device,
	};
	char err[512];
	int code;

	if (storage) {
		forget();
		return TEE_SUCCESS;
	}
	code = storage_open(&storage, device->path, &options, err, sizeof(err));
	if (code == -EBADMSG)
		fprintf(stderr,
			"trusted storage is refused: %s. `teesim storage fsck` tells more; "
			"`teesim storage fsck --accept` takes it as it is\n",
			err);
	else if (code < 0)
		fprintf(stderr, "trusted storage is not available: %s\n", err);
	else
		forget();
	return code < 0 ? (code == -EBADMSG ? TEE_ERROR_CORRUPT_OBJECT
					    : TEE_ERROR_STORAGE_NOT_AVAILABLE)
			: TEE_SUCCESS;
}

static TEE_Result open_session(const struct pseudo_ta_client *client, uint32_t types,
			       TEE_Param params[TEE_NUM_PARAMS], void **context)
{
	struct storage_session *session;
	TEE_Result result = storage_ready();

	(void)types;
	(void)params;
	if (result != TEE_SUCCESS)
		return result;
	session = calloc(1, sizeof(*session));
	if (!session)
		return TEE_ERROR_OUT_OF_MEMORY;
	session->owner = client->owner;
	session->next = sessions;
	sessions = session;
	*context = session;
	return TEE_SUCCESS;
}

static void close_session(void *context)
{
	struct storage_session *session = context;
	const struct ta_owner owner = session->owner;
	struct storage_session **at = &sessions;

	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
	storage_job_cancel(&session->job);
	for (uint32_t i = 0; i < session->room; i++)
		storage_object_put(session->handles[i].object);
	free(session->handles);
	free(session);
	/* It may have run on when its TA was deleted. */
	if (!sodium_is_zero(owner.domain, sizeof(owner.domain)))
		(void)storage_forget(storage, device->path);
}

static struct storage_partition *partition_of(const struct storage_session *session, uint32_t store)
{
	struct partition_id id = { .store = store };

	memcpy(id.domain, session->owner.domain, sizeof(id.domain));
	memcpy(id.ta, session->owner.ta.octet, sizeof(id.ta));
	return storage_partition(storage, &id);
}

static int handle_take(struct storage_session *session, struct storage_object *object,
		       uint32_t flags, uint32_t *handle)
{
	uint32_t i = 0;

	while (i < session->room && session->handles[i].object)
		i++;
	if (i == session->room) {
		const uint32_t room = session->room * 2 + 8;
		struct handle *more =
			room > HANDLES_MAX ? NULL : realloc(session->handles, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		memset(more + session->room, 0, (room - session->room) * sizeof(*more));
		session->handles = more;
		session->room = room;
	}
	session->handles[i] = (struct handle) { .object = object, .flags = flags };
	*handle = i + 1;
	return 0;
}

/* NULL when there is no such handle, or it lacks one of the rights. */
static struct handle *handle_of(const struct storage_session *session, uint32_t handle,
				uint32_t rights)
{
	struct handle *found;

	if (!handle || handle > session->room)
		return NULL;
	found = &session->handles[handle - 1];
	return found->object && (found->flags & rights) == rights ? found : NULL;
}

static void handle_close(struct handle *handle)
{
	storage_object_put(handle->object);
	handle->object = NULL;
}

/* May both have the object open at once? (Core API, table of data flags.) */
static bool flags_agree(uint32_t one, uint32_t other)
{
	const uint32_t both = one & other, either = one | other;

	if (either & TEE_DATA_FLAG_ACCESS_WRITE_META)
		return false;
	if (either & TEE_DATA_FLAG_ACCESS_READ && !(both & TEE_DATA_FLAG_SHARE_READ))
		return false;
	if (either & TEE_DATA_FLAG_ACCESS_WRITE && !(both & TEE_DATA_FLAG_SHARE_WRITE))
		return false;
	/* A handle may lock the object against a kind of access without using it. */
	return !((one ^ other) & (TEE_DATA_FLAG_SHARE_READ | TEE_DATA_FLAG_SHARE_WRITE));
}

static bool flags_conflict(const struct storage_object *object, uint32_t flags)
{
	for (const struct storage_session *session = sessions; session; session = session->next)
		for (uint32_t i = 0; i < session->room; i++)
			if (session->handles[i].object == object &&
			    !flags_agree(session->handles[i].flags, flags))
				return true;
	return false;
}

static int object_tell(struct storage_object *object, uint32_t handle, TEE_Param *param)
{
	struct storage_call_object told = { .handle = handle };
	const size_t room = param->memref.size;
	struct object_header header = { 0 };
	const uint8_t *attributes = NULL;
	size_t size = 0;
	int err = storage_object_header(object, &header);

	if (!err)
		err = storage_object_attributes(object, &attributes, &size);
	if (err < 0)
		return err;
	param->memref.size = sizeof(told) + size;
	if (room < sizeof(told) + size)
		return -ERANGE;
	told.type = header.type;
	told.size = header.size;
	told.usage = header.usage;
	told.attributes_size = (uint32_t)size;
	memcpy(param->memref.buffer, &told, sizeof(told));
	if (size)
		memcpy((uint8_t *)param->memref.buffer + sizeof(told), attributes, size);
	return 0;
}

static TEE_Result on_open(struct storage_session *session, const struct storage_request *request,
			  TEE_Param params[])
{
	struct storage_partition *partition = partition_of(session, request->store);
	struct storage_object *object = NULL;
	uint32_t handle = 0;
	int err;

	if (!partition)
		return TEE_ERROR_OUT_OF_MEMORY;
	if (request->flags & ~ACCESS_ALL)
		return TEE_ERROR_BAD_PARAMETERS;
	err = storage_object_get(partition, request->name, request->name_size, &object);
	if (err < 0)
		return result_of(err);
	if (flags_conflict(object, request->flags))
		err = -EACCES;
	if (!err)
		err = handle_take(session, object, request->flags, &handle);
	if (err < 0) {
		storage_object_put(object);
		return result_of(err);
	}
	err = object_tell(object, handle, &params[2]);
	if (err < 0)
		handle_close(&session->handles[handle - 1]);
	return err == -ERANGE ? TEE_ERROR_SHORT_BUFFER : result_of(err);
}

static TEE_Result created(struct storage_session *session, const struct storage_request *request,
			  TEE_Param params[])
{
	struct storage_object *object = session->job.object;
	uint32_t handle = 0;
	int err = 0;

	if (request->no_handle)
		storage_object_put(object);
	else
		err = handle_take(session, object, request->flags & ACCESS_ALL, &handle);
	if (err < 0) {
		/* Nothing has happened. */
		(void)storage_object_remove(object);
		storage_object_put(object);
	}
	params[2].value.a = handle;
	return result_of(err);
}

static TEE_Result on_create(struct storage_session *session, const struct storage_request *request,
			    TEE_Param params[])
{
	struct storage_partition *partition = partition_of(session, request->store);
	int err;

	(void)params;
	if (!partition)
		return TEE_ERROR_OUT_OF_MEMORY;
	if (request->flags & ~(ACCESS_ALL | TEE_DATA_FLAG_OVERWRITE))
		return TEE_ERROR_BAD_PARAMETERS;
	err = storage_create_start(&session->job, partition, request->name, request->name_size,
				   &request->header, request->attributes, request->attributes_size,
				   request->data, request->zeros ? request->zeros : request->size,
				   request->flags & TEE_DATA_FLAG_OVERWRITE);
	/* Somebody has it open. */
	return result_of(err == -EBUSY ? -EACCES : err);
}

static TEE_Result on_read(struct storage_session *session, const struct storage_request *request,
			  TEE_Param params[])
{
	struct handle *handle = handle_of(session, request->handle, TEE_DATA_FLAG_ACCESS_READ);

	(void)params;
	if (!handle)
		return TEE_ERROR_BAD_PARAMETERS;
	return result_of(storage_read_start(&session->job, handle->object, request->value,
					    request->out, request->size));
}

static TEE_Result on_write(struct storage_session *session, const struct storage_request *request,
			   TEE_Param params[])
{
	struct handle *handle = handle_of(session, request->handle, TEE_DATA_FLAG_ACCESS_WRITE);

	(void)params;
	if (!handle)
		return TEE_ERROR_BAD_PARAMETERS;
	return result_of(storage_write_start(&session->job, handle->object, request->value,
					     request->data, request->size));
}

static TEE_Result on_truncate(struct storage_session *session,
			      const struct storage_request *request, TEE_Param params[])
{
	struct handle *handle = handle_of(session, request->handle, TEE_DATA_FLAG_ACCESS_WRITE);

	(void)params;
	return handle ? result_of(storage_object_truncate(handle->object, request->value))
		      : TEE_ERROR_BAD_PARAMETERS;
}

static TEE_Result on_rename(struct storage_session *session, const struct storage_request *request,
			    TEE_Param params[])
{
	struct handle *handle =
		handle_of(session, request->handle, TEE_DATA_FLAG_ACCESS_WRITE_META);

	(void)params;
	return handle ? result_of(storage_object_rename(handle->object, request->name,
							request->name_size))
		      : TEE_ERROR_BAD_PARAMETERS;
}

static TEE_Result on_remove(struct storage_session *session, const struct storage_request *request,
			    TEE_Param params[])
{
	struct handle *handle =
		handle_of(session, request->handle, TEE_DATA_FLAG_ACCESS_WRITE_META);
	TEE_Result result;

	(void)params;
	if (!handle)
		return TEE_ERROR_BAD_PARAMETERS;
	result = result_of(storage_object_remove(handle->object));
	if (result != SERVE_LATER)
		handle_close(handle);
	return result;
}

static TEE_Result on_close(struct storage_session *session, const struct storage_request *request,
			   TEE_Param params[])
{
	struct handle *handle = handle_of(session, request->handle, 0);

	(void)params;
	if (!handle)
		return TEE_ERROR_BAD_PARAMETERS;
	handle_close(handle);
	return TEE_SUCCESS;
}

static TEE_Result on_restrict(struct storage_session *session,
			      const struct storage_request *request, TEE_Param params[])
{
	struct handle *handle = handle_of(session, request->handle, 0);
	struct object_header header = { 0 };
	int err;

	(void)params;
	if (!handle)
		return TEE_ERROR_BAD_PARAMETERS;
	err = storage_object_header(handle->object, &header);
	if (!err && header.usage & ~request->value)
		err = storage_object_set_usage(handle->object, header.usage & request->value);
	return result_of(err);
}

static TEE_Result on_stat(struct storage_session *session, const struct storage_request *request,
			  TEE_Param params[])
{
	struct handle *handle = handle_of(session, request->handle, 0);
	uint64_t size = 0;
	int err;

	if (!handle)
		return TEE_ERROR_BAD_PARAMETERS;
	err = storage_object_data_size(handle->object, &size);
	params[1].value.a = (uint32_t)size;
	return result_of(err);
}

static TEE_Result on_next(struct storage_session *session, const struct storage_request *request,
			  TEE_Param params[])
{
	struct storage_partition *partition = partition_of(session, request->store);
	struct storage_call_entry told = { 0 };
	struct storage_entry entry = { 0 };
	uint32_t cursor = request->value;
	int err;

	if (!partition)
		return TEE_ERROR_OUT_OF_MEMORY;
	err = storage_next(partition, &cursor, &entry);
	params[0].value.b = cursor;
	params[1].memref.size = 0;
	if (err < 0)
		return result_of(err);
	told.type = entry.header.type;
	told.size = entry.header.size;
	told.usage = entry.header.usage;
	told.data_size = (uint32_t)entry.data_size;
	told.name_size = entry.name_size;
	memcpy(told.name, entry.name, entry.name_size);
	memcpy(params[1].memref.buffer, &told, sizeof(told));
	params[1].memref.size = sizeof(told);
	return TEE_SUCCESS;
}

static TEE_Result (*const handlers[])(struct storage_session *session,
				      const struct storage_request *request, TEE_Param params[]) = {
	[STORAGE_OPEN] = on_open,	  [STORAGE_CREATE] = on_create,
	[STORAGE_READ] = on_read,	  [STORAGE_WRITE] = on_write,
	[STORAGE_TRUNCATE] = on_truncate, [STORAGE_RENAME] = on_rename,
	[STORAGE_REMOVE] = on_remove,	  [STORAGE_CLOSE] = on_close,
	[STORAGE_RESTRICT] = on_restrict, [STORAGE_STAT] = on_stat,
	[STORAGE_NEXT] = on_next,
};

/* A step of the session's job. */
static TEE_Result job_continue(struct storage_session *session,
			       const struct storage_request *request, TEE_Param params[])
{
	const size_t size = session->job.size;
	const int err = storage_job_step(&session->job);

	if (err == 1)
		return SERVE_LATER;
	if (err < 0)
		return result_of(err == -EBUSY ? -EACCES : err);
	if (request->command == STORAGE_READ)
		params[1].memref.size = size;
	return request->command == STORAGE_CREATE ? created(session, request, params) : TEE_SUCCESS;
}

static TEE_Result invoke(void *context, uint32_t command, uint32_t types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	struct storage_session *session = context;
	struct storage_request request;
	TEE_Result result = TEE_SUCCESS;
	int err = storage_request_parse(command, types, params, &request);

	/* What is in the caller's memory may have changed since; its next operation must not meet
	 * the job, whose data may be elsewhere by then. */
	if (err < 0) {
		storage_job_cancel(&session->job);
		return result_of(err);
	}
	/* An operation that is called again goes on where it was. */
	if (session->job.kind == STORAGE_JOB_NONE)
		result = handlers[request.command](session, &request, params);
	if (result == TEE_SUCCESS && session->job.kind != STORAGE_JOB_NONE)
		result = job_continue(session, &request, params);
	storage_request_clear(&request);
	return result;
}

static uint64_t idle(void)
{
	static uint64_t due_since_ns;
	uint64_t waited;

	if (!storage)
		return 0;
	if (storage_clean(storage) == 1)
		return PSEUDO_TA_WORKED;
	if (!storage_twin_due(storage)) {
		due_since_ns = 0;
		return 0;
	}
	if (!due_since_ns)
		due_since_ns = wait_now_ns();
	waited = wait_now_ns() - due_since_ns;
	if (waited < TWIN_DELAY_NS)
		return TWIN_DELAY_NS - waited;
	if (!storage_twin(storage))
		due_since_ns = 0;
	return PSEUDO_TA_WORKED;
}

extern const struct pseudo_ta trusted_storage_pseudo_ta;
const struct pseudo_ta trusted_storage_pseudo_ta = {
	.name = "trusted storage",
	.openers = PSEUDO_TA_FOR_TAS,
	.start = start,
	.stop = stop,
	.open = open_session,
	.invoke = invoke,
	.close = close_session,
	.idle = idle,
};
