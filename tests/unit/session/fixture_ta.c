/*
 * A TA image for the tests of teesimd: found, verified and handed to the fake host, and never run.
 * FIXTURE_FLAGS are the flags of ta_head, FIXTURE_UUID_LAST is the UUID's last octet.
 */
#include <stddef.h>
#include <stdint.h>

struct head {
	uint32_t low;
	uint16_t mid, high;
	uint8_t node[8];
	uint32_t stack_size, flags;
	uint64_t unused_entry;
};

const struct head ta_head __attribute__((section(".ta_head"))) = {
	.low = 0x7e5e51d0,
	.mid = 0x2450,
	.high = 0x41e4,
	.node = { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, FIXTURE_UUID_LAST },
	.stack_size = 4096,
	.flags = FIXTURE_FLAGS,
	.unused_entry = UINT64_MAX,
};

const size_t ta_heap_size = 32 * 1024;

struct property {
	const char *name;
	uint32_t type;
	const void *value;
};

const struct property ta_props[] = {
	{ "gpd.ta.description", 4, "fixture" },
};

const size_t ta_num_props = sizeof(ta_props) / sizeof(ta_props[0]);

uint32_t TA_CreateEntryPoint(void);
uint32_t TA_CreateEntryPoint(void)
{
	return 0;
}

void TA_DestroyEntryPoint(void);
void TA_DestroyEntryPoint(void)
{
}

uint32_t TA_OpenSessionEntryPoint(uint32_t types, void *params, void **session);
uint32_t TA_OpenSessionEntryPoint(uint32_t types, void *params, void **session)
{
	(void)types;
	(void)params;
	(void)session;
	return 0;
}

void TA_CloseSessionEntryPoint(void *session);
void TA_CloseSessionEntryPoint(void *session)
{
	(void)session;
}

uint32_t TA_InvokeCommandEntryPoint(void *session, uint32_t cmd, uint32_t types, void *params);
uint32_t TA_InvokeCommandEntryPoint(void *session, uint32_t cmd, uint32_t types, void *params)
{
	(void)session;
	(void)cmd;
	(void)types;
	(void)params;
	return 0;
}
