/*
 * The trusted application of the formula pair: C++ behind the five entry points. No exception
 * leaves them: what they call is C, which can't pass one on.
 */
#include <algorithm>
#include <new>
#include <string>
#include <string_view>

#include <tee_internal_api.h>
#include <trace.h>

#include <formula_ta.h>

#include "formula.h"

namespace
{

struct session {
	formula::variables variables;
	unsigned evaluated = 0;
};

/* There for as long as the instance: its constructor runs before TA_CreateEntryPoint(). */
struct statistics {
	unsigned sessions = 0;
	unsigned formulas = 0;

	~statistics()
	{
		IMSG("%u formulas in %u sessions", formulas, sessions);
	}
} totals;

TEE_Result evaluate(session &in, uint32_t param_types, TEE_Param params[TEE_NUM_PARAMS])
{
	if (param_types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT,
					   TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[0].memref.size > FORMULA_SIZE_MAX)
		return TEE_ERROR_EXCESS_DATA;
	/* The client can still write there: a copy does not change while it is read. */
	const std::string text(static_cast<const char *>(params[0].memref.buffer),
			       params[0].memref.size);

	try {
		const auto value =
			static_cast<uint64_t>(formula::evaluate(text, in.variables));

		params[1].value.a = static_cast<uint32_t>(value);
		params[1].value.b = static_cast<uint32_t>(value >> 32);
		params[2].memref.size = 0;
		in.evaluated++;
		totals.formulas++;
		return TEE_SUCCESS;
	} catch (const formula::error &error) {
		const std::string_view what = error.what();
		const size_t size = std::min(what.size(), params[2].memref.size);

		TEE_MemMove(params[2].memref.buffer, what.data(), size);
		params[2].memref.size = size;
		IMSG("refused: %s", error.what());
		return TEE_ERROR_BAD_FORMAT;
	}
}

} // namespace

TEE_Result TA_CreateEntryPoint()
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint()
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t, TEE_Param[TEE_NUM_PARAMS], void **context)
{
	auto *opened = new (std::nothrow) session;

	if (!opened)
		return TEE_ERROR_OUT_OF_MEMORY;
	totals.sessions++;
	*context = opened;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	delete static_cast<session *>(context);
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t param_types,
				      TEE_Param params[TEE_NUM_PARAMS])
try {
	if (command != FORMULA_CMD_EVALUATE)
		return TEE_ERROR_NOT_SUPPORTED;
	return evaluate(*static_cast<session *>(context), param_types, params);
} catch (const std::bad_alloc &) {
	return TEE_ERROR_OUT_OF_MEMORY;
}
