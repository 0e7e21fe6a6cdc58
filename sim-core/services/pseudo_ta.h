/*
 * A pseudo TA: a service of the trusted OS that is reached like a TA, by its UUID, by clients and
 * by TAs, and is not one. All of them run in one process, tee-services, which teesimd starts when
 * the first session with any of them is opened, and ends a while after the last was closed.
 *
 * To add one:
 *
 *   1. a line in services.def with its name and UUID; that is what sends its sessions here;
 *   2. a source file in this folder that defines `const struct pseudo_ta NAME_pseudo_ta`, and its
 *      line in CMakeLists.txt;
 *   3. every system call that it needs beyond services.policy, there, with the reason.
 *
 * Its functions run on the process's one thread, one operation of all pseudo TAs at a time: none
 * may wait for somebody else. A command that would keep others waiting does a part of its work and
 * returns SERVE_LATER (serving/serve.h); it is called again with the same arguments. Parameters are
 * checked as a TA's are: types are types, references lie within the client's memory. That memory is
 * shared, so what was read once and checked is not read again. The client is who teesimd says that
 * it is.
 */
#ifndef TEESIM_SERVICES_PSEUDO_TA_H
#define TEESIM_SERVICES_PSEUDO_TA_H

#include <stdbool.h>
#include <stdint.h>

#include <tee_api_defines.h>
#include <tee_api_types.h>

#include "device/clock.h"
#include "services/ta_owner.h"
#include "wire/channel_host.h"

/* The device that the services are part of. */
struct services_device {
	TEE_UUID id;
	/* Its directory (device/device.h), as a path and open with O_PATH. Anything below it can be
	 * opened at any time, and nothing else once the pseudo TAs have started. */
	const char *path;
	int fd;
	/* What it takes for the time. */
	struct device_clock clock;
	/* Trusted storage: what a call has done outlasts a loss of power, and how much there may be
	 * of one TA's objects and of all, in octets (0: no limit). */
	bool storage_durable;
	uint64_t storage_quota_ta;
	uint64_t storage_quota_device;
};

/* Who may open sessions. */
enum pseudo_ta_opener {
	PSEUDO_TA_FOR_APPLICATIONS = 1,
	PSEUDO_TA_FOR_TAS = 2,
};

/* Who opens a session. */
struct pseudo_ta_client {
	/* TEE_LOGIN_TRUSTED_APP and the TA's UUID for a TA. */
	TEE_Identity identity;
	/* Which TA that is, where it is one. */
	struct ta_owner owner;
};

#define PSEUDO_TA_WORKED CHANNEL_LISTENER_WORKED

/* Members but `name` and `openers` may be NULL: then there is nothing to do, and no command. */
struct pseudo_ta {
	/* For the log. */
	const char *name;
	/* pseudo_ta_opener bits. */
	uint32_t openers;
	/* Called once, when the process starts and before it narrows itself. `device` lives as long
	 * as the process. Returns 0, or -errno: then this one answers TEE_ERROR_GENERIC. */
	int (*start)(const struct services_device *device);
	/* The entry points, as a TA has them. `*context` is the session's own. A session that was
	 * opened is closed, too when its client dies. */
	TEE_Result (*open)(const struct pseudo_ta_client *client, uint32_t types,
			   TEE_Param params[TEE_NUM_PARAMS], void **context);
	TEE_Result (*invoke)(void *context, uint32_t command, uint32_t types,
			     TEE_Param params[TEE_NUM_PARAMS]);
	void (*close)(void *context);
	/* Called once, when the process ends in good order. */
	void (*stop)(void);
	/* Called when there is no operation to run. Returns PSEUDO_TA_WORKED where it did something
	 * and may have more to do, else after how many nanoseconds (less than a second) it wants to
	 * be called again; 0: not before something has happened. */
	uint64_t (*idle)(void);
};

#endif
