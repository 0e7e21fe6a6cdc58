#include "result_map.h"

#include <errno.h>

TEEC_Result result_from_errno(int err)
{
	switch (-err) {
	case 0:
		return TEEC_SUCCESS;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
		return TEEC_ERROR_OUT_OF_MEMORY;
	case EINVAL:
	case EBADF:
	case EPERM:
	case ERANGE:
		return TEEC_ERROR_BAD_PARAMETERS;
	case EPIPE:
	case ECONNRESET:
	case ECONNREFUSED:
	case ENOTCONN:
	case EPROTO:
		return TEEC_ERROR_COMMUNICATION;
	case EOWNERDEAD:
		return TEEC_ERROR_TARGET_DEAD;
	case ECANCELED:
		return TEEC_ERROR_CANCEL;
	default:
		return TEEC_ERROR_GENERIC;
	}
}
