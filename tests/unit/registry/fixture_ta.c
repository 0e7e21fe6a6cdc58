/*
 * A TA image for the tests of the registry: the symbols that the kit's header file makes, with no
 * code worth running. Macros vary it: FIXTURE_UUID_LAST, FIXTURE_VERSION, and what makes an image
 * unacceptable.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef FIXTURE_UUID_LAST
#define FIXTURE_UUID_LAST 0x01
#endif
#ifndef FIXTURE_VERSION
#define FIXTURE_VERSION "1.2.3"
#endif

struct head {
	uint32_t low;
	uint16_t mid, high;
	uint8_t node[8];
	uint32_t stack_size, flags;
	uint64_t unused_entry;
};

struct property {
	const char *name;
	uint32_t type;
	const void *value;
};

uint32_t TEE_Probe(uint32_t value);

#ifndef FIXTURE_WITHOUT_HEAD
const struct head ta_head __attribute__((section(".ta_head"))) = {
	.low = 0x8aaaf200,
	.mid = 0x2450,
	.high = 0x11e4,
	.node = { 0xab, 0xe2, 0x00, 0x02, 0xa5, 0xd5, 0xc5, FIXTURE_UUID_LAST },
	.stack_size = 4096,
	.flags = 1U << 2 | 1U << 3,
	.unused_entry = UINT64_MAX,
};
#endif

const size_t ta_heap_size = 32 * 1024;

static const uint32_t data_size = 32 * 1024;

const struct property ta_props[] = {
	{ "gpd.ta.dataSize", 1, &data_size },
	{ "gpd.ta.version", 4, FIXTURE_VERSION },
	{ "gpd.ta.description", 4, "a TA\033[31m for the registry's tests" },
};

const size_t ta_num_props = sizeof(ta_props) / sizeof(ta_props[0]);

#ifdef FIXTURE_THREAD_LOCAL
static __thread int constructed;
#else
static int constructed;
#endif

__attribute__((constructor)) static void construct(void)
{
	constructed = 1;
}

uint32_t TA_CreateEntryPoint(void)
{
	return (uint32_t)constructed;
}

void TA_DestroyEntryPoint(void)
{
}

uint32_t TA_OpenSessionEntryPoint(void)
{
	return 0;
}

#ifdef FIXTURE_WITHOUT_CLOSE
void TA_CloseSessionEntryPoint(void);
void *fixture_reference(void);

void *fixture_reference(void)
{
	return (void *)TA_CloseSessionEntryPoint;
}
#else
void TA_CloseSessionEntryPoint(void)
{
}
#endif

uint32_t TA_InvokeCommandEntryPoint(uint32_t command)
{
	if (command == UINT32_MAX)
		abort();
	return TEE_Probe(command);
}

#ifdef FIXTURE_IFUNC
static int implementation(void)
{
	return 1;
}

static void *resolver(void)
{
	return (void *)implementation;
}

int fixture_ifunc(void) __attribute__((ifunc("resolver")));
#endif

#ifdef FIXTURE_OPENS_LIBRARIES
void *__tee_dlopen(const char *name, int flags);
void *fixture_open(void);

void *fixture_open(void)
{
	return __tee_dlopen("8aaaf200-2450-11e4-abe2-0002a5d5c50a", 2);
}
#endif

#ifdef FIXTURE_NAMED_LIKE_THE_END
void d5c50c(void);

void d5c50c(void)
{
}
#endif
