/*
 * The parameters of the command that `teesim bench` invokes, as its command line names them. Runs
 * in `teesim`.
 */
#ifndef TEESIM_CLI_BENCH_PARAMETER_H
#define TEESIM_CLI_BENCH_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tee_client_api.h>

enum bench_parameter_kind {
	BENCH_PARAMETER_NONE,
	BENCH_PARAMETER_VALUE,
	BENCH_PARAMETER_TEMPORARY,
	BENCH_PARAMETER_SHARED,
	BENCH_PARAMETER_REGISTERED,
};

struct bench_parameter {
	enum bench_parameter_kind kind;
	bool input;
	bool output;
	uint32_t a;
	uint32_t b;
	size_t size;
};

#define BENCH_PARAMETERS 4

/* "value:A,B", "tmp:SIZE", "shm:SIZE" or "reg:SIZE", each with ":in", ":out" or ":inout" behind.
 * Numbers as C has them; sizes may end in K, M or G. Returns 0, or -EINVAL. */
int bench_parameter_parse(const char *text, struct bench_parameter *out);

/* What one thread hands to its calls. */
struct bench_operation {
	TEEC_Operation operation;
	TEEC_SharedMemory memory[BENCH_PARAMETERS];
	bool is_shared[BENCH_PARAMETERS];
	void *buffer[BENCH_PARAMETERS];
};

/* Makes the memory that the parameters ask for. Returns TEEC_SUCCESS, or what the Client API said;
 * bench_operation_release() is due either way. */
TEEC_Result bench_operation_prepare(struct bench_operation *operation, TEEC_Context *context,
				    const struct bench_parameter parameters[BENCH_PARAMETERS]);
void bench_operation_release(struct bench_operation *operation);

#endif
