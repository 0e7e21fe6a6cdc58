/* A TA that dies in all ways, in a function that another one called. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tee_internal_api.h>

#define HERE __attribute__((noinline, noclone))

static volatile int zero, many = 7;
static volatile int *volatile nowhere = (int *)0x10;
static const char read_only[] = "text";
/* Not NULL for all that a compiler can know. */
extern int (*volatile nothing)(void);
int (*volatile nothing)(void);

HERE static int inner_null(void)
{
	return *nowhere; /* LINE null */
}

static inline __attribute__((always_inline)) int inlined_null(void)
{
	return *nowhere + 1; /* LINE inlined */
}

HERE static int inner_inlined(void)
{
	return inlined_null() + 2; /* LINE around */
}

HERE static int inner_write(void)
{
	*(volatile char *)read_only = 'T'; /* LINE write */
	return 1;
}

HERE static int inner_divide(void)
{
	return many / zero; /* LINE divide */
}

HERE static int inner_abort(void)
{
	abort(); /* LINE abort */
}

HERE static int inner_illegal(void)
{
	__builtin_trap(); /* LINE illegal */
}

HERE static int inner_trap(void)
{
	__asm__ volatile("int3");
	return zero; /* LINE trap */
}

HERE static int inner_panic(void)
{
	TEE_Panic(TEE_ERROR_BAD_STATE); /* LINE panic */
	return 1;
}

HERE static int inner_rule(void)
{
	TEE_GetSystemTime(NULL); /* LINE rule */
	return 1;
}

HERE static int inner_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) + 1; /* LINE socket */
}

HERE static int inner_overflow(int depth)
{
	volatile char room[1000] = { 0 };

	room[depth % 1000] = (char)depth;
	return zero ? 0 : inner_overflow(depth + 1) + room[0]; /* LINE overflow */
}

HERE static int inner_jump(void)
{
	return nothing() + 1; /* LINE jump */
}

/* A frame more, that does not end in a jump. */
HERE static int outer(uint32_t command)
{
	switch (command) {
	case 1:
		return inner_null() + 1; /* LINE outer */
	case 2:
		return inner_inlined() + 1;
	case 3:
		return inner_write() + 1;
	case 4:
		return inner_divide() + 1;
	case 5:
		return inner_abort() + 1;
	case 6:
		return inner_illegal() + 1;
	case 7:
		return inner_trap() + 1;
	case 8:
		return inner_panic() + 1;
	case 9:
		return inner_rule() + 1;
	case 10:
		return inner_socket() + 1;
	case 11:
		return inner_overflow(0) + 1;
	case 12:
		return inner_jump() + 1;
	default:
		return zero;
	}
}

TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[4], void **context)
{
	*context = NULL;
	return TEE_PARAM_TYPE_GET(types, 0) == TEE_PARAM_TYPE_VALUE_INPUT &&
			       outer(params[0].value.a)
		       ? TEE_ERROR_GENERIC
		       : TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	(void)context;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[4])
{
	(void)context;
	(void)types;
	(void)params;
	return outer(command) ? TEE_ERROR_GENERIC : TEE_SUCCESS;
}
