/*
 * Result codes and origins as they travel between the three programs. GlobalPlatform gives
 * TEE_Result and TEEC_Result the same values, so one set serves both edges; the public headers
 * define the API names, this one the wire's.
 */
#ifndef TEESIM_WIRE_RESULT_H
#define TEESIM_WIRE_RESULT_H

#include <stdint.h>

#define RESULT_SUCCESS		     0U
#define RESULT_STORAGE_NOT_AVAILABLE 0xF0100003U
#define RESULT_GENERIC		     0xFFFF0000U
#define RESULT_ACCESS_DENIED	     0xFFFF0001U
#define RESULT_CANCEL		     0xFFFF0002U
#define RESULT_ACCESS_CONFLICT	     0xFFFF0003U
#define RESULT_EXCESS_DATA	     0xFFFF0004U
#define RESULT_BAD_FORMAT	     0xFFFF0005U
#define RESULT_BAD_PARAMETERS	     0xFFFF0006U
#define RESULT_BAD_STATE	     0xFFFF0007U
#define RESULT_ITEM_NOT_FOUND	     0xFFFF0008U
#define RESULT_NOT_IMPLEMENTED	     0xFFFF0009U
#define RESULT_NOT_SUPPORTED	     0xFFFF000AU
#define RESULT_NO_DATA		     0xFFFF000BU
#define RESULT_OUT_OF_MEMORY	     0xFFFF000CU
#define RESULT_BUSY		     0xFFFF000DU
#define RESULT_COMMUNICATION	     0xFFFF000EU
#define RESULT_SECURITY		     0xFFFF000FU
#define RESULT_SHORT_BUFFER	     0xFFFF0010U
#define RESULT_EXTERNAL_CANCEL	     0xFFFF0011U
#define RESULT_TARGET_DEAD	     0xFFFF3024U

#define ORIGIN_API		     1U
#define ORIGIN_COMMS		     2U
#define ORIGIN_TEE		     3U
#define ORIGIN_TRUSTED_APP	     4U

#define LOGIN_PUBLIC		     0U
#define LOGIN_USER		     1U
#define LOGIN_GROUP		     2U
#define LOGIN_APPLICATION	     4U
#define LOGIN_USER_APPLICATION	     5U
#define LOGIN_GROUP_APPLICATION	     6U
#define LOGIN_TRUSTED_APP	     0xF0000000U

/* The code's name without a prefix ("TARGET_DEAD"), or NULL for one that the specification does not
 * name. */
const char *result_name(uint32_t result);

#endif
