#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../sandbox/attempt.h"
#include "loader/loader.h"
#include "loader/stack.h"
#include "registry/elf_image.h"
#include "sandbox/sandbox.h"
#include "wire/socket.h"

#define FIXTURE(name) FIXTURES "/" name
#define LIBRARY_UUID  "00000000-0000-0000-0000-00000000000b"

/* What the fixtures' constructors and destructors wrote down. */
static char notes[64];

__attribute__((visibility("default"))) void fixture_note(char what);
void fixture_note(char what)
{
	size_t length = strlen(notes);

	if (length + 1 < sizeof(notes))
		notes[length] = what;
}

static struct loaded_ta ta;
static char err[512];

/* The image as teesimd would hand it over: checked, neutralised, in a memfd. */
static int image_make(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	off_t size = lseek(file, 0, SEEK_END);
	struct elf_image image;
	void *bytes = malloc((size_t)size);

	cr_assert_eq(pread(file, bytes, (size_t)size, 0), size);
	cr_assert_eq(elf_image_parse(bytes, (size_t)size, &image, err, sizeof(err)), 0, "%s", err);
	elf_image_neutralise(&image, bytes);
	cr_assert_eq(write(fd, bytes, (size_t)size), size);
	cr_assert_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	free(bytes);
	close(file);
	return fd;
}

static int open_neutralised(const char *path)
{
	int fd = image_make(path);
	int result = loader_open(fd, path, &ta, err, sizeof(err));

	close(fd);
	return result;
}

static void construct(void)
{
	char *argv[] = { "ta", NULL };

	loader_run_constructors(&ta, 1, argv, environ);
}

Test(loader, opening_runs_nothing_of_the_image)
{
	cr_assert_eq(open_neutralised(FIXTURE("plain.ta")), 0, "%s", err);
	cr_assert_str_eq(notes, "");
	loader_close(&ta);
	cr_assert_str_eq(notes, "", "unloading ran %s", notes);
}

Test(loader, constructors_run_in_the_linkers_order)
{
	cr_assert_eq(open_neutralised(FIXTURE("plain.ta")), 0, "%s", err);
	construct();
	cr_assert_str_eq(notes, "I12");
	loader_close(&ta);
	cr_assert_str_eq(notes, "I12xbai", "destructors that are owed: %s", notes);
}

Test(loader, destructors_run_in_reverse_and_once)
{
	cr_assert_eq(open_neutralised(FIXTURE("plain.ta")), 0, "%s", err);
	construct();
	memset(notes, 0, sizeof(notes));
	loader_run_destructors(&ta);
	/* What __cxa_atexit() registered is called by the compiler's own destructor. */
	cr_assert_str_eq(notes, "xbai");
	loader_run_destructors(&ta);
	cr_assert_str_eq(notes, "xbai");
	loader_close(&ta);
}

Test(loader, destructors_do_not_run_without_constructors)
{
	cr_assert_eq(open_neutralised(FIXTURE("plain.ta")), 0, "%s", err);
	loader_run_destructors(&ta);
	cr_assert_str_eq(notes, "");
	loader_close(&ta);
}

Test(loader, finds_entry_points_head_and_properties)
{
	void *context = NULL;

	cr_assert_eq(open_neutralised(FIXTURE("plain.ta")), 0, "%s", err);
	cr_assert_eq(ta.create(), TEE_SUCCESS);
	cr_assert_eq(ta.open_session(0, NULL, &context), TEE_SUCCESS);
	cr_assert_eq((uintptr_t)context, (uintptr_t)fixture_note);
	cr_assert_eq(ta.invoke_command(context, 5, 0, NULL), 6);
	ta.close_session(context);
	ta.destroy();
	cr_assert_eq(ta.head->flags, 4);
	cr_assert_eq(ta.property_count, 2);
	cr_assert_str_eq(ta.properties[1].name, "fixture.two");
	loader_close(&ta);
}

static int name_seen(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	return info->dlpi_name && !strcmp(info->dlpi_name, data);
}

Test(loader, image_is_known_by_the_name_of_its_file)
{
	cr_assert_eq(open_neutralised(FIXTURE("plain.ta")), 0, "%s", err);
	cr_assert(dl_iterate_phdr(name_seen, FIXTURE("plain.ta")));
	loader_close(&ta);
	cr_assert_not(dl_iterate_phdr(name_seen, FIXTURE("plain.ta")));
}

/* The image as teesimd would hand it over when library number 3 is what it needs. */
static int image_make_with_library(const char *path, int library_fd)
{
	int fd = image_make(path);
	off_t size = lseek(fd, 0, SEEK_END);
	void *bytes = malloc((size_t)size);
	char name[32];
	struct elf_image image;
	int renamed = memfd_create("renamed", MFD_CLOEXEC);
	size_t neutral = 0;

	/* Once more, from the file: a neutralised image is not parsed a second time. */
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_eq(pread(fd, bytes, (size_t)size, 0), size);
	cr_assert_eq(elf_image_parse(bytes, (size_t)size, &image, err, sizeof(err)), 0, "%s", err);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", library_fd);
	elf_image_neutralise(&image, bytes);
	for (unsigned int i = 0; i < image.needed_count; i++)
		if (!strcmp(image.needed[i], LIBRARY_UUID)) {
			cr_assert_eq(elf_image_rename_needed(&image, bytes, i, name, err,
							     sizeof(err)),
				     0, "%s", err);
			neutral++;
		}
	cr_assert_eq(neutral, 1);
	cr_assert_eq(write(renamed, bytes, (size_t)size), size);
	free(bytes);
	close(fd);
	return renamed;
}

static void libraries_set(struct loader_image libraries[LOADER_LIBRARIES_MAX])
{
	for (size_t i = 0; i < LOADER_LIBRARIES_MAX; i++)
		libraries[i].fd = -1;
	libraries[3].fd = image_make(FIXTURE("library.ta"));
	libraries[3].path = FIXTURE("library.ta");
	cr_assert_eq(uuid_parse(LIBRARY_UUID, &libraries[3].uuid), 0);
}

Test(loader, libraries_come_before_the_ta)
{
	struct loader_image libraries[LOADER_LIBRARIES_MAX] = { 0 };
	struct loader_image image = { .path = FIXTURE("uses_library.ta"), .needs = 1U << 3 };
	struct uuid other = { { 1 } };

	libraries_set(libraries);
	image.fd = image_make_with_library(image.path, libraries[3].fd);
	cr_assert_eq(loader_open_set(&image, libraries, &ta, err, sizeof(err)), 0, "%s", err);
	cr_assert_str_eq(notes, "");
	cr_expect_eq(loader_library_find(&ta, &libraries[3].uuid), 3);
	cr_expect_eq(loader_library_find(&ta, &other), -ENOENT);
	cr_expect_not(loader_library_is_constructed(&ta, 3));
	construct();
	cr_expect(loader_library_is_constructed(&ta, 3));
	cr_assert_str_eq(notes, "LI12");
	cr_assert_eq(ta.invoke_command(NULL, 1, 0, NULL), 43);
	memset(notes, 0, sizeof(notes));
	loader_run_destructors(&ta);
	cr_assert_str_eq(notes, "xbail");
	loader_close(&ta);
	close(libraries[3].fd);
	close(image.fd);
}

Test(loader, a_library_that_nobody_needs_waits_until_it_is_asked_for)
{
	struct loader_image libraries[LOADER_LIBRARIES_MAX] = { 0 };
	struct loader_image image = { .path = FIXTURE("plain.ta") };

	libraries_set(libraries);
	libraries[0].fd = memfd_create("damaged", MFD_CLOEXEC);
	libraries[0].path = "/x/damaged.ta";
	image.fd = image_make(image.path);
	cr_assert_eq(loader_open_set(&image, libraries, &ta, err, sizeof(err)), 0, "%s", err);
	cr_expect_eq(loader_library_find(&ta, &libraries[3].uuid), -ENOENT);
	loader_open_others(&ta, libraries);
	cr_assert_eq(loader_library_find(&ta, &libraries[3].uuid), 3);
	/* One that is no good is known, with what is the matter. */
	cr_assert_eq(loader_library_find(&ta, &libraries[0].uuid), 0);
	cr_expect_not(ta.library[0].handle);
	cr_expect(strstr(ta.library[0].problem, "/x/damaged.ta: cannot be loaded"), "%s",
		  ta.library[0].problem);
	construct();
	cr_assert_str_eq(notes, "I12");
	loader_library_construct(&ta, 3);
	loader_library_construct(&ta, 3);
	cr_assert_str_eq(notes, "I12L");
	loader_run_destructors(&ta);
	cr_assert_str_eq(notes, "I12Llxbai");
	loader_close(&ta);
	close(libraries[0].fd);
	close(libraries[3].fd);
	close(image.fd);
}

Test(loader, from_a_path_the_linker_runs_everything)
{
	cr_assert_eq(loader_open_path(FIXTURE("plain.ta"), &ta, err, sizeof(err)), 0, "%s", err);
	cr_assert_str_eq(notes, "I12");
	construct();
	cr_assert_str_eq(notes, "I12");
	loader_run_destructors(&ta);
	cr_assert_str_eq(notes, "I12");
	/* In the same order as loader_run_destructors() has. */
	loader_close(&ta);
	cr_assert_str_eq(notes, "I12xbai");
}

/* What is wrong is said with the file's name and a next step. */
#define REFUSED(name, path, code, ...)                                                         \
	Test(loader, name)                                                                     \
	{                                                                                      \
		const char *const parts[] = { path, __VA_ARGS__ };                             \
		int result = open_neutralised(path);                                           \
		cr_assert_eq(result, code, "%d: %s", result, err);                             \
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)                  \
			cr_assert(strstr(err, parts[i]), "'%s' is not in: %s", parts[i], err); \
		cr_assert_not(strchr(err, '\n'), "%s", err);                                   \
		cr_assert_not(strstr(err, "/proc/self"), "%s", err);                           \
		cr_assert_null(ta.image.handle);                                               \
	}

REFUSED(a_missing_entry_point_is_named, FIXTURE("no_open_session.ta"), -ENOENT,
	": missing symbol TA_OpenSessionEntryPoint", "five entry points")
REFUSED(an_undefined_entry_point_is_named, FIXTURE("refers_to_open_session.ta"), -ENOENT,
	": missing symbol TA_OpenSessionEntryPoint", "five entry points")
REFUSED(a_missing_head_is_named, FIXTURE("no_head.ta"), -ENOENT, ": missing symbol ta_head",
	"user_ta_header.c")
REFUSED(an_undefined_function_is_named, FIXTURE("unknown_function.ta"), -ENOENT,
	": undefined symbol fixture_is_nowhere", "TEE Internal Core API")
REFUSED(a_missing_library_is_named, FIXTURE("uses_library.ta"), -ELIBACC,
	": needs library 00000000-0000-0000-0000-00000000000b", "/usr/lib", "statically")

Test(loader, an_entry_point_of_a_library_is_not_the_tas)
{
	struct loader_image libraries[LOADER_LIBRARIES_MAX] = { 0 };
	struct loader_image image = { .path = FIXTURE("no_entries.ta"), .needs = 1U << 3 };

	libraries_set(libraries);
	image.fd = image_make_with_library(image.path, libraries[3].fd);
	cr_assert_eq(loader_open_set(&image, libraries, &ta, err, sizeof(err)), -ENOENT);
	cr_assert(strstr(err, "no_entries.ta: missing symbol TA_CreateEntryPoint"), "%s", err);
	cr_assert_null(ta.image.handle);
	cr_assert_not(dl_iterate_phdr(name_seen, FIXTURE("library.ta")));
	close(libraries[3].fd);
	close(image.fd);
}

Test(loader, what_is_no_elf_file_is_refused)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	cr_assert_eq(write(fd, "#!/bin/sh\n", 10), 10);
	cr_assert_eq(loader_open(fd, "/x/script.ta", &ta, err, sizeof(err)), -ELIBBAD);
	cr_assert(strstr(err, "/x/script.ta: cannot be loaded: "), "%s", err);
	cr_assert_not(strstr(err, "/proc/self"), "%s", err);
	close(fd);
}

/* The whole way, in the sandbox: load, thread, narrow, construct, call. */
static atomic_int narrowed;
static struct stack_thread thread;

static void *ta_thread(void *arg)
{
	while (!atomic_load(&narrowed))
		sched_yield();
	construct();
	if (ta.create() != TEE_SUCCESS || ta.invoke_command(NULL, 8, 0, NULL) != 9)
		return NULL;
	return arg;
}

static int load_and_run(void)
{
	struct sandbox_report report = { 0 };
	struct packet_fds fds = { 0 };
	char octet;
	void *answer;

	if (socket_receive(3, &octet, 1, &fds, 0) != 1 || fds.count != 1)
		return 1;
	if (loader_open(fds.fd[0], "/x/fixture.ta", &ta, err, sizeof(err))) {
		dprintf(2, "%s", err);
		return 2;
	}
	packet_fds_close(&fds);
	if (notes[0])
		return 3;
	if (stack_thread_start(&thread, 4096, ta_thread, &thread))
		return 4;
	if (sandbox_enter_run(&report))
		return 5;
	if (write(2, "narrow ", 7) != 7)
		return 6;
	atomic_store(&narrowed, 1);
	answer = stack_thread_join(&thread);
	if (write(2, notes, strlen(notes)) != (ssize_t)strlen(notes))
		return 6;
	return answer == &thread ? 0 : 7;
}

static void violation_tell(int sig, siginfo_t *info, void *context)
{
	char text[128];
	size_t length = sandbox_violation_describe(info, text, sizeof(text));

	(void)sig;
	(void)context;
	_exit(write(2, text, length) == (ssize_t)length ? 9 : 10);
}

static int violation_handle(void)
{
	struct sigaction action = { .sa_sigaction = violation_tell, .sa_flags = SA_SIGINFO };

	return sigaction(SIGSYS, &action, NULL);
}

static void attach(const char *path)
{
	attempt_attach(image_make(path));
}

Test(loader_in_sandbox, ta_is_loaded_and_runs)
{
	attach(FIXTURE("plain.ta"));
	struct outcome outcome = attempt_run(ATTEMPT_LOAD, load_and_run, violation_handle);

	cr_assert(outcome.entered);
	cr_assert_eq(outcome.signal, 0, "signal %d: %s", outcome.signal, outcome.log);
	cr_assert_eq(outcome.value, 0, "value %d: %s", outcome.value, outcome.log);
	cr_assert_str_eq(outcome.log, "narrow I12");
}

Test(loader_in_sandbox, constructor_that_opens_a_file_is_stopped)
{
	attach(FIXTURE("escapes.ta"));
	struct outcome outcome = attempt_run(ATTEMPT_LOAD, load_and_run, violation_handle);

	cr_assert_eq(outcome.value, 9, "value %d: %s", outcome.value, outcome.log);
	/* Not before the last phase. */
	cr_assert_str_eq(outcome.log, "narrow system call openat is not allowed in a TA");
}

Test(loader_in_sandbox, system_libraries_are_found)
{
	attach(FIXTURE("needs_libm.ta"));
	struct outcome outcome = attempt_run(ATTEMPT_LOAD, load_and_run, violation_handle);

	cr_assert_eq(outcome.value, 0, "value %d, signal %d: %s", outcome.value, outcome.signal,
		     outcome.log);
}

Test(loader_in_sandbox, missing_library_is_named)
{
	attach(FIXTURE("uses_library.ta"));
	struct outcome outcome = attempt_run(ATTEMPT_LOAD, load_and_run, violation_handle);

	cr_assert_eq(outcome.value, 2, "value %d, signal %d", outcome.value, outcome.signal);
	cr_assert(strstr(outcome.log, "needs library 00000000-0000-0000-0000-00000000000b"), "%s",
		  outcome.log);
}
