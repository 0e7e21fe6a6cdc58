#include "teep/otrp/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const names[OTRP_STATUS_COUNT] = {
	[OTRP_PASS] = "pass",
	[OTRP_REQUEST_INVALID] = "ERR_REQUEST_INVALID",
	[OTRP_UNSUPPORTED_MSG_VERSION] = "ERR_UNSUPPORTED_MSG_VERSION",
	[OTRP_UNSUPPORTED_CRYPTO_ALG] = "ERR_UNSUPPORTED_CRYPTO_ALG",
	[OTRP_DEV_STATE_MISMATCH] = "ERR_DEV_STATE_MISMATCH",
	[OTRP_SD_ALREADY_EXISTS] = "ERR_SD_ALREADY_EXISTS",
	[OTRP_SD_NOT_EMPTY] = "ERR_SD_NOT_EMPTY",
	[OTRP_SD_NOT_FOUND] = "ERR_SD_NOT_FOUND",
	[OTRP_SDNAME_ALREADY_USED] = "ERR_SDNAME_ALREADY_USED",
	[OTRP_SPCERT_INVALID] = "ERR_SPCERT_INVALID",
	[OTRP_TA_ALREADY_INSTALLED] = "ERR_TA_ALREADY_INSTALLED",
	[OTRP_TA_INVALID] = "ERR_TA_INVALID",
	[OTRP_TA_NOT_FOUND] = "ERR_TA_NOT_FOUND",
	[OTRP_TEE_FAIL] = "ERR_TEE_FAIL",
	[OTRP_TEE_RESOURCE_FULL] = "ERR_TEE_RESOURCE_FULL",
	[OTRP_TFW_NOT_TRUSTED] = "ERR_TFW_NOT_TRUSTED",
	[OTRP_TAM_NOT_TRUSTED] = "ERR_TAM_NOT_TRUSTED",
	[OTRP_TAM_NOT_AUTHORIZED] = "ERR_TAM_NOT_AUTHORIZED",
	[OTRP_AGENT_TEE_UNKNOWN] = "ERR_AGENT_TEE_UNKNOWN",
	[OTRP_AGENT_TEE_BUSY] = "ERR_AGENT_TEE_BUSY",
	[OTRP_AGENT_TEE_FAIL] = "ERR_AGENT_TEE_FAIL",
};

const char *otrp_status_name(enum otrp_status status)
{
	return (unsigned)status < OTRP_STATUS_COUNT ? names[status] : "unknown";
}

enum otrp_status otrp_status_parse(struct span name)
{
	/* The draft spells this one both ways. */
	if (span_is(name, "ERR_SD_ALREADY_EXIST"))
		return OTRP_SD_ALREADY_EXISTS;
	for (unsigned i = OTRP_PASS + 1; i < OTRP_STATUS_COUNT; i++)
		if (span_is(name, names[i]))
			return (enum otrp_status)i;
	return OTRP_STATUS_COUNT;
}

int otrp_fail(struct otrp_failure *failure, enum otrp_status status, const char *format, ...)
{
	va_list arguments;

	failure->status = status;
	va_start(arguments, format);
	(void)vsnprintf(failure->why, sizeof(failure->why), format, arguments);
	va_end(arguments);
	return status == OTRP_TEE_FAIL ? -ENOMEM : -EBADMSG;
}
