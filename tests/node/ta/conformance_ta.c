/*
 * What the tests of tizen.teec talk to. tests/node/conformance/conformance.js has the same numbers.
 */
#include <tee_internal_api.h>

enum {
	CMD_NOTHING = 0,
	/* Any parameters: values a + 1 and b - 1 (output: 7, -8), octets inverted (output: 0x5a).
	 */
	CMD_TRANSFORM = 1,
	/* [0] value in: the result to return, in a. */
	CMD_RESULT = 2,
	/* [0] value in: a octets of 0x5a go to [1] memref out; SHORT_BUFFER with that size. */
	CMD_FILL = 3,
	/* Until it is cancelled. */
	CMD_WAIT = 4,
	/* [3] value out: a is the parameter types. */
	CMD_TYPES = 5,
	/* [0] memref in, [1] value out: a is the sum of the octets, b their number. */
	CMD_SUM = 6,
	CMD_PANIC = 7,
	/* [0] value in: a milliseconds, and nobody can cancel it. */
	CMD_SLEEP = 8,
	/* [0] memref inout, [1] value in: adds a to each octet; [2] value out: their number. */
	CMD_ADD = 9,
};

/* In [0] value in of an opening: a. */
enum {
	OPEN_RESULT = 1, /* return b */
	OPEN_WAIT = 2,	 /* until it is cancelled */
};

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

static TEE_Result wait_for_cancellation(void)
{
	TEE_UnmaskCancellation();
	return TEE_Wait(TEE_TIMEOUT_INFINITE);
}

static void octets_set(TEE_Param *param, uint8_t value)
{
	TEE_MemFill(param->memref.buffer, value, param->memref.size);
}

static void octets_invert(TEE_Param *param)
{
	uint8_t *octets = param->memref.buffer;

	for (size_t i = 0; i < param->memref.size; i++)
		octets[i] = (uint8_t)~octets[i];
}

static void transform(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	for (uint32_t i = 0; i < TEE_NUM_PARAMS; i++) {
		switch (TEE_PARAM_TYPE_GET(types, i)) {
		case TEE_PARAM_TYPE_VALUE_OUTPUT:
			params[i].value.a = 7;
			params[i].value.b = (uint32_t)-8;
			break;
		case TEE_PARAM_TYPE_VALUE_INOUT:
			params[i].value.a++;
			params[i].value.b--;
			break;
		case TEE_PARAM_TYPE_MEMREF_OUTPUT:
			octets_set(&params[i], 0x5a);
			break;
		case TEE_PARAM_TYPE_MEMREF_INOUT:
			octets_invert(&params[i]);
			break;
		default:
			break;
		}
	}
}

static TEE_Result fill(TEE_Param params[TEE_NUM_PARAMS])
{
	const size_t wanted = params[0].value.a;
	const bool fits = wanted <= params[1].memref.size;

	params[1].memref.size = wanted;
	if (!fits)
		return TEE_ERROR_SHORT_BUFFER;
	octets_set(&params[1], 0x5a);
	return TEE_SUCCESS;
}

static void sum(TEE_Param params[TEE_NUM_PARAMS])
{
	const uint8_t *octets = params[0].memref.buffer;

	params[1].value.a = 0;
	params[1].value.b = (uint32_t)params[0].memref.size;
	for (size_t i = 0; i < params[0].memref.size; i++)
		params[1].value.a += octets[i];
}

static void add(TEE_Param params[TEE_NUM_PARAMS])
{
	uint8_t *octets = params[0].memref.buffer;

	for (size_t i = 0; i < params[0].memref.size; i++)
		octets[i] = (uint8_t)(octets[i] + params[1].value.a);
	params[2].value.a = (uint32_t)params[0].memref.size;
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **session)
{
	(void)session;
	if (TEE_PARAM_TYPE_GET(types, 0) == TEE_PARAM_TYPE_VALUE_INPUT) {
		if (params[0].value.a == OPEN_RESULT)
			return params[0].value.b;
		if (params[0].value.a == OPEN_WAIT)
			return wait_for_cancellation();
	}
	transform(types, params);
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

TEE_Result TA_InvokeCommandEntryPoint(void *session, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)session;
	switch (command) {
	case CMD_NOTHING:
		return TEE_SUCCESS;
	case CMD_TRANSFORM:
		transform(types, params);
		return TEE_SUCCESS;
	case CMD_RESULT:
		return params[0].value.a;
	case CMD_FILL:
		return fill(params);
	case CMD_WAIT:
		return wait_for_cancellation();
	case CMD_TYPES:
		params[3].value.a = types;
		return TEE_SUCCESS;
	case CMD_SUM:
		sum(params);
		return TEE_SUCCESS;
	case CMD_PANIC:
		TEE_Panic(0x7e57);
		return TEE_ERROR_GENERIC;
	case CMD_SLEEP:
		return TEE_Wait(params[0].value.a);
	case CMD_ADD:
		add(params);
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
