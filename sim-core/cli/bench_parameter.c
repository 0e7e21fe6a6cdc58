#include "cli/bench_parameter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More is no parameter but a mistake. */
#define SIZE_MOST (1ULL << 32)

static int number_take(const char **text, uint64_t most, uint64_t *out)
{
	unsigned long long value;
	char *end;

	errno = 0;
	if (**text < '0' || **text > '9')
		return -EINVAL;
	value = strtoull(*text, &end, 0);
	if (errno || value > most)
		return -EINVAL;
	*text = end;
	*out = value;
	return 0;
}

static int size_take(const char **text, size_t *out)
{
	static const char units[] = "KMG";
	const char *unit;
	uint64_t value;

	if (number_take(text, SIZE_MOST, &value) < 0)
		return -EINVAL;
	unit = **text ? strchr(units, **text) : NULL;
	if (unit) {
		value <<= 10 * (unit - units + 1);
		(*text)++;
	}
	*out = value;
	return value && value <= SIZE_MOST ? 0 : -EINVAL;
}

static int values_take(const char **text, struct bench_parameter *out)
{
	uint64_t a, b = 0;

	if (number_take(text, UINT32_MAX, &a) < 0)
		return -EINVAL;
	if (**text == ',') {
		(*text)++;
		if (number_take(text, UINT32_MAX, &b) < 0)
			return -EINVAL;
	}
	out->a = (uint32_t)a;
	out->b = (uint32_t)b;
	return 0;
}

static int direction_parse(const char *text, struct bench_parameter *out)
{
	/* Values go in, memory both ways. */
	if (!*text) {
		out->input = true;
		out->output = out->kind != BENCH_PARAMETER_VALUE;
		return 0;
	}
	out->input = !strcmp(text, ":in") || !strcmp(text, ":inout");
	out->output = !strcmp(text, ":out") || !strcmp(text, ":inout");
	return out->input || out->output ? 0 : -EINVAL;
}

int bench_parameter_parse(const char *text, struct bench_parameter *out)
{
	static const struct {
		const char *name;
		enum bench_parameter_kind kind;
	} kinds[] = {
		{ "value:", BENCH_PARAMETER_VALUE },
		{ "tmp:", BENCH_PARAMETER_TEMPORARY },
		{ "shm:", BENCH_PARAMETER_SHARED },
		{ "reg:", BENCH_PARAMETER_REGISTERED },
	};
	int err;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(text, kinds[i].name, strlen(kinds[i].name))) {
			out->kind = kinds[i].kind;
			text += strlen(kinds[i].name);
			break;
		}
	if (out->kind == BENCH_PARAMETER_NONE)
		return -EINVAL;
	err = out->kind == BENCH_PARAMETER_VALUE ? values_take(&text, out)
						 : size_take(&text, &out->size);
	return err ? err : direction_parse(text, out);
}

/* 1 in, 2 out, 3 both: so they are numbered for values and for temporary memory. */
static uint32_t direction_of(const struct bench_parameter *parameter)
{
	return (uint32_t)parameter->input | (uint32_t)parameter->output << 1;
}

static TEEC_Result memory_prepare(struct bench_operation *operation, unsigned int i,
				  TEEC_Context *context, const struct bench_parameter *parameter)
{
	TEEC_SharedMemory *memory = &operation->memory[i];
	TEEC_Result result;

	memory->size = parameter->size;
	memory->flags = (parameter->input ? TEEC_MEM_INPUT : 0U) |
			(parameter->output ? TEEC_MEM_OUTPUT : 0U);
	if (parameter->kind == BENCH_PARAMETER_SHARED) {
		result = TEEC_AllocateSharedMemory(context, memory);
	} else {
		memory->buffer = operation->buffer[i];
		result = TEEC_RegisterSharedMemory(context, memory);
	}
	operation->is_shared[i] = result == TEEC_SUCCESS;
	operation->operation.params[i].memref.parent = memory;
	operation->operation.params[i].memref.size = parameter->size;
	return result;
}

static TEEC_Result parameter_prepare(struct bench_operation *operation, unsigned int i,
				     TEEC_Context *context, const struct bench_parameter *parameter,
				     uint32_t *type)
{
	TEEC_Parameter *out = &operation->operation.params[i];

	if (parameter->kind == BENCH_PARAMETER_TEMPORARY ||
	    parameter->kind == BENCH_PARAMETER_REGISTERED) {
		operation->buffer[i] = calloc(1, parameter->size);
		if (!operation->buffer[i])
			return TEEC_ERROR_OUT_OF_MEMORY;
	}
	switch (parameter->kind) {
	case BENCH_PARAMETER_NONE:
		*type = TEEC_NONE;
		return TEEC_SUCCESS;
	case BENCH_PARAMETER_VALUE:
		out->value.a = parameter->a;
		out->value.b = parameter->b;
		*type = TEEC_VALUE_INPUT - 1 + direction_of(parameter);
		return TEEC_SUCCESS;
	case BENCH_PARAMETER_TEMPORARY:
		out->tmpref.buffer = operation->buffer[i];
		out->tmpref.size = parameter->size;
		*type = TEEC_MEMREF_TEMP_INPUT - 1 + direction_of(parameter);
		return TEEC_SUCCESS;
	default:
		*type = TEEC_MEMREF_WHOLE;
		return memory_prepare(operation, i, context, parameter);
	}
}

TEEC_Result bench_operation_prepare(struct bench_operation *operation, TEEC_Context *context,
				    const struct bench_parameter parameters[BENCH_PARAMETERS])
{
	uint32_t type[BENCH_PARAMETERS];

	memset(operation, 0, sizeof(*operation));
	for (unsigned int i = 0; i < BENCH_PARAMETERS; i++) {
		TEEC_Result result =
			parameter_prepare(operation, i, context, &parameters[i], &type[i]);

		if (result != TEEC_SUCCESS)
			return result;
	}
	operation->operation.paramTypes = TEEC_PARAM_TYPES(type[0], type[1], type[2], type[3]);
	return TEEC_SUCCESS;
}

void bench_operation_release(struct bench_operation *operation)
{
	for (unsigned int i = 0; i < BENCH_PARAMETERS; i++) {
		if (operation->is_shared[i])
			TEEC_ReleaseSharedMemory(&operation->memory[i]);
		operation->is_shared[i] = false;
		free(operation->buffer[i]);
		operation->buffer[i] = NULL;
	}
}
