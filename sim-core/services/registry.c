#include "services/registry.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PSEUDO_TA(name, ...) extern const struct pseudo_ta name##_pseudo_ta;
#include "services/services.def"
#undef PSEUDO_TA

#define PSEUDO_TA(name, low, mid, high, ...) \
	{ { low, mid, high, { __VA_ARGS__ } }, &name##_pseudo_ta },
static const struct registry_entry {
	TEE_UUID uuid;
	const struct pseudo_ta *ta;
} entries[] = {
#include "services/services.def"
};
#undef PSEUDO_TA

#define COUNT (sizeof(entries) / sizeof(entries[0]))

static bool failed[COUNT];

void registry_start(const struct services_device *device)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct pseudo_ta *ta = entries[i].ta;
		const int err = ta->start ? ta->start(device) : 0;

		failed[i] = err < 0;
		if (failed[i])
			fprintf(stderr, "%s did not start: %s\n", ta->name, strerror(-err));
	}
}

static const struct registry_entry *entry_of(const struct session *session)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!memcmp(&entries[i].uuid, &session->ta, sizeof(session->ta)))
			return &entries[i];
	return NULL;
}

static TEE_Result session_open(const struct registry_entry *entry, struct session *session,
			       uint32_t types, TEE_Param params[CHANNEL_PARAMS])
{
	const uint32_t opener = session->client.login == TEE_LOGIN_TRUSTED_APP
					? PSEUDO_TA_FOR_TAS
					: PSEUDO_TA_FOR_APPLICATIONS;

	const TEE_UUID *uuid = &session->client.uuid;
	struct pseudo_ta_client client = {
		.identity = session->client,
		.owner.ta = uuid_from_fields(uuid->timeLow, uuid->timeMid, uuid->timeHiAndVersion,
					     uuid->clockSeqAndNode),
	};

	memcpy(client.owner.domain, session->client_domain, sizeof(client.owner.domain));
	session->ta_context = NULL;
	if (failed[entry - entries])
		return TEE_ERROR_GENERIC;
	if (!(entry->ta->openers & opener))
		return TEE_ERROR_ACCESS_DENIED;
	if (!entry->ta->open)
		return TEE_SUCCESS;
	return entry->ta->open(&client, types, params, &session->ta_context);
}

uint32_t registry_operate(struct session *session, const struct channel_call *call,
			  TEE_Param params[CHANNEL_PARAMS])
{
	const struct registry_entry *entry = entry_of(session);

	if (!entry)
		return TEE_ERROR_ITEM_NOT_FOUND;
	switch (call->op) {
	case CHANNEL_OPEN:
		return session_open(entry, session, call->types, params);
	case CHANNEL_INVOKE:
		if (!entry->ta->invoke)
			return TEE_ERROR_NOT_SUPPORTED;
		return entry->ta->invoke(session->ta_context, call->cmd, call->types, params);
	case CHANNEL_CLOSE:
		if (entry->ta->close)
			entry->ta->close(session->ta_context);
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_BAD_PARAMETERS;
	}
}

void registry_stop(void)
{
	for (size_t i = 0; i < COUNT; i++)
		if (entries[i].ta->stop && !failed[i])
			entries[i].ta->stop();
}

uint64_t registry_idle(void)
{
	uint64_t soonest = 0;
	bool worked = false;

	for (size_t i = 0; i < COUNT; i++) {
		const bool asks = entries[i].ta->idle && !failed[i];
		const uint64_t ns = asks ? entries[i].ta->idle() : 0;

		worked |= ns == PSEUDO_TA_WORKED;
		if (ns && (!soonest || ns < soonest))
			soonest = ns;
	}
	return worked ? PSEUDO_TA_WORKED : soonest;
}
