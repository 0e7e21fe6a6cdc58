/*
 * A TA whose constructors and destructors tell the test that they run, and which macros vary:
 *
 *	FIXTURE_LIBRARY	    a shared library for a TA in its place
 *	FIXTURE_USES_LIBRARY	a TA that needs it
 *	FIXTURE_ESCAPES	    a constructor that opens a file
 *	FIXTURE_NO_HEAD, FIXTURE_NO_OPEN_SESSION, FIXTURE_REFERS_TO_OPEN_SESSION,
 *	FIXTURE_UNKNOWN_FUNCTION, FIXTURE_NO_ENTRIES	what is missing
 */
#include <fcntl.h>
#include <stdlib.h>
#include <tee_internal_api.h>
#include <unistd.h>
#include <user_ta_header.h>

/* The test has it: writes one letter down. */
void fixture_note(char what);

/* Part of every image; calls `run` when the image's destructors do. */
extern void *__dso_handle;
int __cxa_atexit(void (*run)(void *), void *arg, void *image);

#ifdef FIXTURE_LIBRARY

__attribute__((constructor)) static void library_construct(void)
{
	fixture_note('L');
}

__attribute__((destructor)) static void library_destruct(void)
{
	fixture_note('l');
}

int library_answer(void);
int library_answer(void)
{
	return 42;
}

/* A TA that lacks its own must not get these. */
TEE_Result TA_CreateEntryPoint(void);
TEE_Result TA_CreateEntryPoint(void)
{
	return 1;
}

#else

void fixture_init(int argc, char **argv, char **envp);
void fixture_fini(void);

void fixture_init(int argc, char **argv, char **envp)
{
	fixture_note(argc >= 1 && argv && argv[0] && envp ? 'I' : '?');
}

void fixture_fini(void)
{
	fixture_note('i');
}

static void at_exit_run(void *arg)
{
	(void)arg;
	fixture_note('x');
}

__attribute__((constructor(101))) static void construct_first(void)
{
	fixture_note('1');
#ifdef FIXTURE_ESCAPES
	fixture_note(open("/etc/passwd", O_RDONLY) < 0 ? '-' : '+');
#endif
}

__attribute__((constructor(102))) static void construct_second(void)
{
	fixture_note('2');
	__cxa_atexit(at_exit_run, NULL, &__dso_handle);
}

__attribute__((destructor(101))) static void destruct_last(void)
{
	fixture_note('a');
}

__attribute__((destructor(102))) static void destruct_first(void)
{
	fixture_note('b');
}

#ifndef FIXTURE_NO_HEAD
const struct ta_head ta_head = { .stack_size = 4096, .flags = 4, .depr_entry = UINT64_MAX };
#endif

static const bool yes = true;

const struct user_ta_property ta_props[] = {
	{ "fixture.one", USER_TA_PROP_TYPE_BOOL, &yes },
	{ "fixture.two", USER_TA_PROP_TYPE_BOOL, &yes },
};

const size_t ta_num_props = 2;

#ifdef FIXTURE_USES_LIBRARY
int library_answer(void);
#endif
#ifdef FIXTURE_UNKNOWN_FUNCTION
void fixture_is_nowhere(void);
#endif

#ifndef FIXTURE_NO_ENTRIES
TEE_Result TA_CreateEntryPoint(void)
{
	return TEE_SUCCESS;
}
#endif

void TA_DestroyEntryPoint(void)
{
#ifdef FIXTURE_UNKNOWN_FUNCTION
	fixture_is_nowhere();
#endif
}

#if !defined(FIXTURE_NO_OPEN_SESSION) && !defined(FIXTURE_REFERS_TO_OPEN_SESSION)
TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[4], void **context)
{
	(void)types;
	(void)params;
	*context = &fixture_note;
	return TEE_SUCCESS;
}
#endif

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
#ifdef FIXTURE_REFERS_TO_OPEN_SESSION
	TA_OpenSessionEntryPoint(types, params, &context);
#endif
#ifdef FIXTURE_USES_LIBRARY
	return (TEE_Result)library_answer() + command;
#else
	return command + 1;
#endif
}

#endif
