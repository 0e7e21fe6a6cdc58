/*
 * load_ta IMAGE: what a loader needs of a TA image, without the simulator: dlopen() takes it, its
 * description is found by name, and its entry points run. Then commands from standard input, one a
 * line: `COMMAND A` prints the result, and the first parameter after it; `COMMAND A SIZE` passes a
 * memory reference of that size as well, and prints its size after it.
 *
 * Stubs stand in for the runtime; a TA that calls one is not for this program.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tee_internal_api.h>
#include <user_ta_header.h>

typedef TEE_Result invoke_fn(void *context, uint32_t command, uint32_t types, TEE_Param *params);

static void *symbol_of(void *image, const char *name)
{
	void *address = dlsym(image, name);

	if (!address)
		printf("missing %s\n", name);

	return address;
}

int main(int argc, char **argv)
{
	const struct user_ta_property *props;
	const struct ta_head *head;
	const size_t *num_props;
	uint8_t block[16] = { 0 };
	invoke_fn *invoke;
	uint32_t command, number;
	char line[80];
	void *image;
	size_t i, size;
	bool has_memref;
	char *end;

	image = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	if (!image) {
		printf("not loaded: %s\n", argc == 2 ? dlerror() : "usage: load_ta IMAGE");
		return 1;
	}
	head = symbol_of(image, "ta_head");
	props = symbol_of(image, "ta_props");
	num_props = symbol_of(image, "ta_num_props");
	*(void **)&invoke = symbol_of(image, "TA_InvokeCommandEntryPoint");
	if (!head || !props || !num_props || !invoke || !symbol_of(image, "TA_CreateEntryPoint") ||
	    !symbol_of(image, "TA_DestroyEntryPoint") ||
	    !symbol_of(image, "TA_OpenSessionEntryPoint") ||
	    !symbol_of(image, "TA_CloseSessionEntryPoint") || !symbol_of(image, "trace_level") ||
	    !symbol_of(image, "ta_heap_size") || !symbol_of(image, "trace_ext_prefix"))
		return 1;

	printf("uuid %08x-%04x flags %x stack %u entry %llx\n", head->uuid.timeLow,
	       head->uuid.timeMid, head->flags, head->stack_size,
	       (unsigned long long)head->depr_entry);
	printf("heap %zu level %d prefix %s\n", *(size_t *)symbol_of(image, "ta_heap_size"),
	       *(int *)symbol_of(image, "trace_level"),
	       (char *)symbol_of(image, "trace_ext_prefix"));
	for (i = 0; i < *num_props; i++) {
		printf("property %s ", props[i].name);
		if (props[i].type == USER_TA_PROP_TYPE_STRING)
			printf("%s\n", (const char *)props[i].value);
		else if (props[i].type == USER_TA_PROP_TYPE_BOOL)
			printf("%d\n", *(const bool *)props[i].value);
		else if (props[i].type == USER_TA_PROP_TYPE_U32)
			printf("%u\n", *(const uint32_t *)props[i].value);
		else
			printf("of type %d\n", props[i].type);
	}

	while (fgets(line, sizeof(line), stdin)) {
		TEE_Param params[4] = { 0 };
		uint32_t types = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INOUT, 0, 0, 0);
		TEE_Result res;

		command = (uint32_t)strtoul(line, &end, 10);
		number = (uint32_t)strtoul(end, &end, 10);
		has_memref = *end == ' ';
		size = strtoul(end, NULL, 10);
		params[0].value.a = number;
		if (has_memref) {
			types |= TEE_PARAM_TYPES(0, TEE_PARAM_TYPE_MEMREF_INOUT, 0, 0);
			params[1].memref.buffer = block;
			params[1].memref.size = size;
		}
		res = invoke(NULL, command, types, params);
		printf("command %u: %x %u", command, res, params[0].value.a);
		if (has_memref)
			printf(" %u %zu", params[0].value.b, params[1].memref.size);
		printf("\n");
	}

	return 0;
}
