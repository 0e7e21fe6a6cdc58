/* Uses what published TAs expect of the C library and its extensions. */
#include <assert.h>
#include <atomic.h>
#include <base64.h>
#include <bitstring.h>
#include <compiler.h>
#include <config.h>
#include <confine_array_index.h>
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <printk.h>
#include <pthread.h>
#include <qsort_helpers.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdlib_ext.h>
#include <string.h>
#include <string_ext.h>
#include <sys/queue.h>
#include <tee_internal_api.h>
#include <trace.h>
#include <types_ext.h>
#include <unistd.h>
#include <util.h>

#include "libutils/commands.h"

/* The line of the first thing that is not as it should be. */
#define REQUIRE(truth)                   \
	do {                             \
		if (!(truth))            \
			return __LINE__; \
	} while (0)

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static uint32_t strings(void)
{
	char text[32] = "", encoded[16];
	uint8_t octets[8];
	size_t size;

	REQUIRE(strlcpy(text, "abcdef", 4) == 6 && !strcmp(text, "abc"));
	REQUIRE(strlcat(text, "xyz", 5) == 6 && !strcmp(text, "abcx"));
	REQUIRE(!consttime_memcmp("same", "same", 4) && consttime_memcmp("same", "sane", 4));
	REQUIRE(!buf_compare_ct("same", "same", 4) && buf_compare_ct("same", "sane", 4));
	REQUIRE(snprintk(text, sizeof(text), "%s-%08" PRIx32, "n", 0xbeefU) == 10);
	REQUIRE(!strcmp(text, "n-0000beef"));
	memzero_explicit(text, sizeof(text));
	REQUIRE(!text[0] && !text[9]);
	size = sizeof(encoded);
	REQUIRE(base64_encode("\xff\x00\x10", 3, encoded, &size) && !strcmp(encoded, "/wAQ"));
	REQUIRE(base64_enc_len(3) == 5);
	size = sizeof(octets);
	REQUIRE(base64_decode("/wAQ", 4, octets, &size) && size == 3 && octets[0] == 0xff);
	REQUIRE(!strcmp(strchr("a/b/c", '/'), "/b/c") && !strcmp(strrchr("a/b/c", '/'), "/c"));
	REQUIRE(strnlen("abc", 2) == 2 && !strncmp("abcd", "abce", 3) && strstr("abcd", "bc"));
	REQUIRE(memchr("abc", 'c', 3) && memcmp("a", "b", 1) < 0);
	REQUIRE(isdigit('7') && !isalpha('7') && isxdigit('f') && toupper('q') == 'Q' &&
		isspace('\t') && isupper('Q') && islower('q') && tolower('Q') == 'q');
	REQUIRE(snprintf(text, sizeof(text), "%d %s", -5, "x") == 4 && !strcmp(text, "-5 x"));
	return 0;
}

static uint32_t numbers(void)
{
	uint8_t small[] = { 3, 255, 0 };
	int64_t large[] = { 3, INT64_MIN, INT64_MAX };
	unsigned int word = 5, found = 5;
	uint32_t counter = UINT32_MAX, sum;

	REQUIRE(strtoul("0x1fz", NULL, 16) == 0x1f && strtoul("77", NULL, 8) == 63);
	REQUIRE(abs(-3) == 3 && labs(-3L) == 3);
	(void)rand(); /* NOLINT(cert-msc30-c,cert-msc50-cpp): it is there */
	qsort_u8(small, ARRAY_SIZE(small));
	REQUIRE(small[0] == 0 && small[2] == 255);
	qsort_s64(large, ARRAY_SIZE(large));
	REQUIRE(large[0] == INT64_MIN && large[2] == INT64_MAX);
	REQUIRE(MIN(3, 4) == 3 && MAX(3, 4) == 4 && ROUNDUP(13U, 8U) == 16 &&
		ROUNDDOWN(13U, 8U) == 8 && IS_POWER_OF_TWO(64U) && !IS_POWER_OF_TWO(65U));
	REQUIRE(DIV_ROUND_UP(7, 2) == 4 && GENMASK_32(7, 4) == 0xf0 && BIT(3) == 8);
	REQUIRE(ADD_OVERFLOW(UINT32_MAX, 1, &sum) && !MUL_OVERFLOW(3, 4, &sum) && sum == 12);
	REQUIRE(atomic_inc32(&counter) == 0 && atomic_dec32(&counter) == UINT32_MAX);
	REQUIRE(atomic_cas_uint(&word, &found, 9) && atomic_load_uint(&word) == 9);
	found = 1;
	REQUIRE(!atomic_cas_uint(&word, &found, 2) && found == 9);
	REQUIRE(confine_array_index(3, 4) == 3 && confine_array_index(4, 4) < 4);
	REQUIRE(IS_ENABLED(CFG_NOT_SET) == 0);
	return 0;
}

struct element {
	int number;
	TAILQ_ENTRY(element) link;
	STAILQ_ENTRY(element) tail;
};

static uint32_t containers(void)
{
	TAILQ_HEAD(elements, element) list = TAILQ_HEAD_INITIALIZER(list);
	struct element element[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct element *each, *next;
	bitstr_t bit_decl(bits, 40) = { 0 };
	int first, sum = 0;

	for (int i = 0; i < 3; i++)
		TAILQ_INSERT_TAIL(&list, &element[i], link);
	TAILQ_FOREACH_SAFE(each, &list, link, next) {
		sum = sum * 10 + each->number;
		TAILQ_REMOVE(&list, each, link);
	}
	REQUIRE(sum == 123 && TAILQ_EMPTY(&list));
	REQUIRE(container_of(&element[1].link, struct element, link) == &element[1]);
	bit_nset(bits, 3, 9);
	bit_clear(bits, 3);
	bit_ffs(bits, 40, &first);
	REQUIRE(first == 4 && bit_test(bits, 9) && !bit_test(bits, 10));
	bit_ffc(bits, 40, &first);
	REQUIRE(first == 0);
	return 0;
}

static uint32_t memory(void)
{
	char *block = malloc(100);
	char *more = NULL, *zeros = calloc(10, 10), *aligned = memalign(256, 10);
	bool good = block && zeros && !zeros[99] && aligned && !((uintptr_t)aligned % 256);

	if (block) {
		memset(block, 'x', 100);
		more = realloc(block, 10000);
		good &= more && more[99] == 'x';
		if (!more)
			free(block);
	}
	free_wipe(more);
	free(zeros);
	free(aligned);
	REQUIRE(good);
	return 0;
}

static jmp_buf there;

static __attribute__((noinline)) void leave(int with)
{
	longjmp(there, with);
}

static uint32_t locks_and_jumps(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	volatile int times = 0;
	int with;

	REQUIRE(!pthread_mutex_lock(&mutex) && pthread_mutex_trylock(&mutex));
	REQUIRE(!pthread_mutex_unlock(&mutex) && !pthread_mutex_destroy(&mutex));
	with = setjmp(there);
	times++;
	if (!with)
		leave(5);
	REQUIRE(with == 5 && times == 2);
	return 0;
}

static void trace(int level)
{
	static const uint8_t octets[] = { 0xca, 0xfe, 'O', 'K' };

	trace_set_level(level);
	EMSG("word of level %d", TRACE_ERROR);
	IMSG("word of level %d", TRACE_INFO);
	DMSG("word of level %d", TRACE_DEBUG);
	FMSG("word of level %d", TRACE_FLOW);
	DHEXDUMP(octets, sizeof(octets));
	EMSG_RAW("level %d was set", trace_get_level());
}

static void output(void)
{
	static const char last[] = "by write\n";

	printf("by %s\n", "printf");
	puts("by puts");
	fputs("by fputs\n", stdout);
	fwrite("by fwrite\n", 1, 10, stdout);
	putchar('c');
	putchar('\n');
	fprintf(stderr, "by %s\n", "fprintf");
	(void)!write(1, last, sizeof(last) - 1);
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	switch (command) {
	case CMD_STRINGS:
		params[0].value.a = strings();
		return TEE_SUCCESS;
	case CMD_NUMBERS:
		params[0].value.a = numbers();
		return TEE_SUCCESS;
	case CMD_CONTAINERS:
		params[0].value.a = containers();
		return TEE_SUCCESS;
	case CMD_MEMORY:
		params[0].value.a = memory();
		return TEE_SUCCESS;
	case CMD_LOCKS_AND_JUMPS:
		params[0].value.a = locks_and_jumps();
		return TEE_SUCCESS;
	case CMD_TRACE:
		trace((int)params[0].value.a);
		return TEE_SUCCESS;
	case CMD_OUTPUT:
		output();
		return TEE_SUCCESS;
	case CMD_ASSERT:
		assert(!"this is so");
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}
