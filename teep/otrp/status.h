/*
 * OTrP's error codes, and the one failure that a request or a response comes to.
 *
 * Used by every program that reads or writes OTrP.
 */
#ifndef TEESIM_TEEP_OTRP_STATUS_H
#define TEESIM_TEEP_OTRP_STATUS_H

#include "teep/otrp/span.h"

enum otrp_status {
	OTRP_PASS,
	OTRP_REQUEST_INVALID,
	OTRP_UNSUPPORTED_MSG_VERSION,
	OTRP_UNSUPPORTED_CRYPTO_ALG,
	OTRP_DEV_STATE_MISMATCH,
	OTRP_SD_ALREADY_EXISTS,
	OTRP_SD_NOT_EMPTY,
	OTRP_SD_NOT_FOUND,
	OTRP_SDNAME_ALREADY_USED,
	OTRP_SPCERT_INVALID,
	OTRP_TA_ALREADY_INSTALLED,
	OTRP_TA_INVALID,
	OTRP_TA_NOT_FOUND,
	OTRP_TEE_FAIL,
	OTRP_TEE_RESOURCE_FULL,
	OTRP_TFW_NOT_TRUSTED,
	OTRP_TAM_NOT_TRUSTED,
	OTRP_TAM_NOT_AUTHORIZED,
	/* Said by the agent, unsigned. */
	OTRP_AGENT_TEE_UNKNOWN,
	OTRP_AGENT_TEE_BUSY,
	OTRP_AGENT_TEE_FAIL,
	OTRP_STATUS_COUNT,
};

/* "ERR_…" as it is sent; "pass" for OTRP_PASS. */
const char *otrp_status_name(enum otrp_status status);

/* The code of a name as sent, or of one of its accepted aliases; OTRP_STATUS_COUNT for others. */
enum otrp_status otrp_status_parse(struct span name);

#define OTRP_WHY_SIZE 160

struct otrp_failure {
	enum otrp_status status;
	char why[OTRP_WHY_SIZE]; /* one line for people; never quotes what came from outside */
};

/* Notes the failure and returns -EBADMSG, or -ENOMEM where `status` is OTRP_TEE_FAIL. */
int otrp_fail(struct otrp_failure *failure, enum otrp_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
