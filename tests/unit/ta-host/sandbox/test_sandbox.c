#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"
#include "sandbox/sandbox.h"

#ifdef TEESIM_SANITIZE
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* A system call by itself, so that no wrapper of a sanitizer or the C library stands between. */
#define CALL(...) ((int)(syscall(__VA_ARGS__) < 0 ? errno : 0))

/* Declares a test: doing BODY in PHASE ends the process with SIGSYS. */
#define STOPPED(suite, phase, name, ...)                                                    \
	static int suite##_##name(void)                                                     \
	{                                                                                   \
		__VA_ARGS__;                                                                \
		return 0;                                                                   \
	}                                                                                   \
	Test(suite, stops_##name)                                                           \
	{                                                                                   \
		struct outcome outcome = attempt_run(phase, suite##_##name, NULL);          \
		cr_assert(outcome.entered, "the sandbox was not complete");                 \
		cr_assert_eq(outcome.signal, SIGSYS, "signal %d, value %d", outcome.signal, \
			     outcome.value);                                                \
	}

/* Declares a test: what BODY returns in PHASE is WANTED. */
#define RETURNS(suite, phase, name, wanted, ...)                                   \
	static int suite##_##name(void) { __VA_ARGS__ } Test(suite, name)          \
	{                                                                          \
		struct outcome outcome = attempt_run(phase, suite##_##name, NULL); \
		cr_assert(outcome.entered, "the sandbox was not complete");        \
		cr_assert_eq(outcome.signal, 0, "signal %d", outcome.signal);      \
		cr_assert_eq(outcome.value, wanted, "value %d", outcome.value);    \
	}

#define RUN_STOPS(name, ...)		STOPPED(run_phase, ATTEMPT_RUN, name, __VA_ARGS__)
#define RUN_RETURNS(name, wanted, ...)	RETURNS(run_phase, ATTEMPT_RUN, name, wanted, __VA_ARGS__)
#define LOAD_STOPS(name, ...)		STOPPED(load_phase, ATTEMPT_LOAD, name, __VA_ARGS__)
#define LOAD_RETURNS(name, wanted, ...) RETURNS(load_phase, ATTEMPT_LOAD, name, wanted, __VA_ARGS__)
#define PROCESS_RETURNS(name, wanted, ...) \
	RETURNS(process_phase, ATTEMPT_PROCESS, name, wanted, __VA_ARGS__)

/* Files. */
RUN_STOPS(opening_a_file, CALL(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY))
RUN_STOPS(opening_a_library, CALL(SYS_openat, AT_FDCWD, "/etc/ld.so.cache", O_RDONLY))
RUN_STOPS(making_a_memfd, CALL(SYS_memfd_create, "x", 0))
RUN_STOPS(truncating, CALL(SYS_ftruncate, 1, 0))
RUN_STOPS(duplicating, CALL(SYS_dup, 1))
RUN_STOPS(changing_flags_of_a_descriptor, CALL(SYS_fcntl, 1, F_SETFL, O_ASYNC))
RUN_STOPS(reading_the_control_socket_as_a_file, CALL(SYS_read, 3, NULL, 0))
RUN_STOPS(writing_elsewhere_than_the_log, CALL(SYS_write, 0, "x", 1))
RUN_STOPS(mounting, CALL(SYS_mount, "none", "/", "tmpfs", 0, NULL))
RUN_STOPS(changing_root, CALL(SYS_chroot, "/"))
RUN_STOPS(changing_directory, CALL(SYS_chdir, "/"))
RUN_STOPS(asking_by_statx, CALL(SYS_statx, AT_FDCWD, "/etc/passwd", 0, 0, NULL))
RUN_RETURNS(stat_by_path_tells_nothing, ENOSYS, {
	struct stat st;
	return CALL(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, 0);
})

/* Processes. */
RUN_STOPS(clone_of_a_process, CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0))
RUN_STOPS(clone_of_a_thread, CALL(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0))
RUN_STOPS(clone3, CALL(SYS_clone3, NULL, 0))
#ifdef SYS_fork
RUN_STOPS(fork, CALL(SYS_fork))
RUN_STOPS(vfork, CALL(SYS_vfork))
#endif
RUN_STOPS(executing, CALL(SYS_execve, "/bin/true", NULL, NULL))
RUN_STOPS(executing_a_descriptor, CALL(SYS_execveat, 3, "", NULL, NULL, AT_EMPTY_PATH))
RUN_STOPS(tracing, CALL(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0))
RUN_STOPS(killing_the_parent, CALL(SYS_kill, getppid(), SIGTERM))
RUN_STOPS(asking_for_the_parent, CALL(SYS_getppid))
RUN_STOPS(signalling_any_process, CALL(SYS_kill, -1, 0))
RUN_STOPS(signalling_a_thread_of_process_1, CALL(SYS_tgkill, 1, 1, 0))
RUN_STOPS(stopping_itself, CALL(SYS_tgkill, getpid(), gettid(), SIGSTOP))
RUN_STOPS(stopping_itself_by_more_bits_than_count,
	  CALL(SYS_tgkill, getpid(), gettid(), SIGSTOP | 1L << 32))
RUN_RETURNS(no_signal_at_all_to_itself, 0, { return CALL(SYS_tgkill, getpid(), gettid(), 0); })
RUN_STOPS(signalling_by_tkill, CALL(SYS_tkill, 1, 0))
RUN_STOPS(reading_another_process, CALL(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0))
RUN_STOPS(opening_a_pidfd, CALL(SYS_pidfd_open, 1, 0))
RUN_STOPS(changing_limits, CALL(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, NULL))
RUN_STOPS(becoming_dumpable, CALL(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0))
RUN_STOPS(changing_user, CALL(SYS_setuid, 0))

/* Kernel surface. */
RUN_STOPS(sockets, CALL(SYS_socket, AF_INET, SOCK_STREAM, 0))
RUN_STOPS(socket_pairs, CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL))
RUN_STOPS(sending_elsewhere, CALL(SYS_sendmsg, 5, NULL, 0))
RUN_STOPS(receiving_elsewhere, CALL(SYS_recvmsg, 5, NULL, 0))
RUN_STOPS(reading_the_client_connection_as_a_file, CALL(SYS_read, 4, NULL, 0))
RUN_STOPS(sending_to_an_address_as_a_client, CALL(SYS_sendto, 4, "x", 1, 0, "address", 8))
RUN_STOPS(sending_to_an_address, CALL(SYS_sendto, 3, "x", 1, 0, "address", 8))
RUN_STOPS(io_uring, CALL(SYS_io_uring_setup, 1, NULL))
RUN_STOPS(bpf, CALL(SYS_bpf, 0, NULL, 0))
RUN_STOPS(userfaultfd, CALL(SYS_userfaultfd, 0))
RUN_STOPS(keyctl, CALL(SYS_keyctl, 0, 0, 0, 0, 0))
RUN_STOPS(personality, CALL(SYS_personality, READ_IMPLIES_EXEC))
RUN_STOPS(unsharing, CALL(SYS_unshare, CLONE_NEWUSER))
RUN_STOPS(joining_a_namespace, CALL(SYS_setns, 3, 0))
RUN_STOPS(perf_events, CALL(SYS_perf_event_open, NULL, 0, 0, 0, 0))
RUN_STOPS(another_filter, CALL(SYS_seccomp, 0, 0, NULL))
RUN_STOPS(system_v_memory, CALL(SYS_shmat, 0, NULL, SHM_EXEC))
RUN_STOPS(timers_that_signal, CALL(SYS_timer_create, 0, NULL, NULL))
RUN_STOPS(a_call_without_number, CALL(100000))

#if !SANITIZED
RUN_STOPS(taking_over_signals, CALL(SYS_rt_sigaction, SIGSYS, NULL, NULL, 8))
#endif

#ifdef __x86_64__
#define X32_BIT 0x40000000
RUN_STOPS(calls_by_the_x32_table, CALL(X32_BIT | SYS_getpid))
RUN_STOPS(calls_by_the_i386_table, {
	int answer;
	/* 20 is getpid there and writev here. */
	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(20), "b"(0) : "memory");
	return answer > 0;
})
#endif

/* Executable memory. */
RUN_STOPS(mapping_executable_memory,
	  CALL(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
RUN_STOPS(mapping_a_file_executable, CALL(SYS_mmap, NULL, 4096, PROT_EXEC, MAP_PRIVATE, 3, 0))
RUN_STOPS(making_memory_executable, {
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC);
})
RUN_STOPS(making_memory_executable_by_key, {
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(SYS_pkey_mprotect, page, 4096, PROT_READ | PROT_EXEC, -1);
})
RUN_STOPS(remapping_file_pages, CALL(SYS_remap_file_pages, NULL, 4096, 0, 0, 0))

/* What must go on working. */
RUN_RETURNS(memory_can_be_had_and_given_back, 0, {
	for (size_t size = 1; size < 32 << 20; size *= 3) {
		char *block = malloc(size);
		if (!block)
			return 1;
		memset(block, 1, size);
		char *grown = realloc(block, size * 2);
		if (!grown) {
			free(block);
			return 2;
		}
		block = grown;
		if (block[size - 1] != 1) {
			free(block);
			return 3;
		}
		free(block);
	}
	return 0;
})
RUN_RETURNS(time_and_chance_are_there, 0, {
	struct timespec soon = { 0, 1000 };
	struct timespec now;
	char random[16];
	return clock_gettime(CLOCK_MONOTONIC, &now) || syscall(SYS_clock_gettime, 0, &now) ||
	       clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, NULL) ||
	       getrandom(random, sizeof(random), 0) != sizeof(random);
})
RUN_RETURNS(futexes_work, 0, {
	uint32_t word = 1;
	struct timespec soon = { 0, 1000 };
	return CALL(SYS_futex, &word, FUTEX_WAIT, 1, &soon, NULL, 0) != ETIMEDOUT;
})
RUN_RETURNS(the_control_socket_works, 0, {
	char octet = 0;
	return recv(3, &octet, 1, 0) != 1 || octet != ATTEMPT_CONTROL_OCTET ||
	       send(3, &octet, 1, MSG_NOSIGNAL) != 1;
})
RUN_RETURNS(setjmp_works, 7, {
	jmp_buf here;
	int value = setjmp(here);
	if (!value)
		longjmp(here, 7);
	return value;
})
RUN_RETURNS(sigsetjmp_with_the_mask_works, 7, {
	sigjmp_buf here;
	int value = sigsetjmp(here, 1);
	if (!value)
		siglongjmp(here, 7);
	return value;
})
RUN_RETURNS(the_size_of_a_received_block_can_be_asked, 0, {
	struct stat st;
	return CALL(SYS_fstat, 1, &st) || fcntl(1, F_GET_SEALS) >= 0 || errno != EINVAL;
})

static int log_print(void)
{
	printf("octets %d\n", 42);
	return fflush(stdout) ? 1 : 0;
}

Test(run_phase, printf_reaches_the_log)
{
	struct outcome outcome = attempt_run(ATTEMPT_RUN, log_print, NULL);

	cr_assert_eq(outcome.value, 0, "value %d, signal %d", outcome.value, outcome.signal);
	cr_assert_str_eq(outcome.log, "octets 42\n");
}

static int give_up(void)
{
	abort();
}

Test(run_phase, abort_is_sigabrt)
{
	cr_assert_eq(attempt_run(ATTEMPT_RUN, give_up, NULL).signal, SIGABRT);
}

static int fault(void)
{
	volatile uintptr_t nowhere = 16;

	*(volatile int *)nowhere = 1;
	return 0;
}

static int fault_by_default(void)
{
	return signal(SIGSEGV, SIG_DFL) == SIG_ERR;
}

Test(run_phase, a_fault_is_sigsegv)
{
	cr_assert_eq(attempt_run(ATTEMPT_RUN, fault, fault_by_default).signal, SIGSEGV);
}

/* A thread that was there before the filter, asked to break it afterwards. */
static atomic_int thread_goes;

static void *thread_breaks(void *arg)
{
	while (!atomic_load(&thread_goes))
		sched_yield();
	CALL(SYS_socket, AF_INET, SOCK_STREAM, 0);
	return arg;
}

static int thread_start(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, thread_breaks, NULL);
}

static int thread_release(void)
{
	atomic_store(&thread_goes, 1);
	sleep(60);
	return 0;
}

Test(run_phase, holds_for_threads_that_were_there_before)
{
	cr_assert_eq(attempt_run(ATTEMPT_RUN, thread_release, thread_start).signal, SIGSYS);
}

/* The report of a violation. */
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

static int violation_make(void)
{
	return CALL(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

Test(run_phase, a_violation_is_named_to_the_handler)
{
	struct outcome outcome = attempt_run(ATTEMPT_RUN, violation_make, violation_handle);

	cr_assert_eq(outcome.value, 9);
	cr_assert_str_eq(outcome.log, "system call socket is not allowed in a TA");
}

static int violation_make_blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, 8))
		return 1;
	return CALL(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

Test(run_phase, blocking_the_signal_does_not_help)
{
	cr_assert_eq(attempt_run(ATTEMPT_RUN, violation_make_blocked, violation_handle).signal,
		     SIGSYS);
}

#ifdef __x86_64__
static int violation_make_foreign(void)
{
	return CALL(X32_BIT | SYS_getpid);
}

Test(run_phase, a_foreign_call_is_told_apart)
{
	struct outcome outcome = attempt_run(ATTEMPT_RUN, violation_make_foreign, violation_handle);

	cr_assert_str_eq(outcome.log,
			 "system call 39 of a foreign architecture is not allowed in a TA");
}
#endif

Test(violation, names_known_calls_and_admits_unknown_ones)
{
	cr_assert_str_eq(sandbox_violation_name(SYS_openat), "openat");
	cr_assert_str_eq(sandbox_violation_name(SYS_bpf), "bpf");
	cr_assert_str_eq(sandbox_violation_name(100000), "unknown");
	cr_assert_str_eq(sandbox_violation_name(-1), "unknown");
}

/* The loading phase. */
LOAD_STOPS(opening_for_writing, CALL(SYS_openat, AT_FDCWD, "/tmp/x", O_WRONLY))
LOAD_STOPS(creating, CALL(SYS_openat, AT_FDCWD, "/tmp/x", O_RDONLY | O_CREAT, 0600))
LOAD_STOPS(executing, CALL(SYS_execve, "/bin/true", NULL, NULL))
LOAD_STOPS(making_a_process, CALL(SYS_clone, SIGCHLD, 0, 0, 0, 0))
LOAD_STOPS(making_memory_executable, {
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CALL(SYS_mprotect, page, 4096, PROT_READ | PROT_EXEC);
})
LOAD_STOPS(mapping_memory_without_a_file_executable,
	   CALL(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
LOAD_STOPS(mapping_a_file_writable_and_executable,
	   CALL(SYS_mmap, NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, 0, 0))
LOAD_STOPS(sockets, CALL(SYS_socket, AF_INET, SOCK_STREAM, 0))
LOAD_RETURNS(libraries_can_be_opened, 0,
	     { return CALL(SYS_openat, AT_FDCWD, "/usr/lib", O_RDONLY | O_DIRECTORY); })
LOAD_RETURNS(other_files_are_denied, EACCES,
	     { return CALL(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); })
LOAD_RETURNS(a_file_can_be_mapped_executable, 0, {
	int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	return fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED;
})

static void *thread_answer(void *arg)
{
	return arg;
}

LOAD_RETURNS(threads_can_be_made, 0, {
	pthread_t thread;
	void *answer;
	return pthread_create(&thread, NULL, thread_answer, &answer) ||
	       pthread_join(thread, &answer) || answer != &answer;
})

/* What holds without any filter. */
PROCESS_RETURNS(files_are_denied, EACCES,
		{ return CALL(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); })
PROCESS_RETURNS(folders_are_denied, EACCES,
		{ return CALL(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY); })
PROCESS_RETURNS(files_cannot_be_made, EACCES, {
	return CALL(SYS_openat, AT_FDCWD, "/tmp/teesim-test-sandbox", O_RDWR | O_CREAT, 0600);
})
PROCESS_RETURNS(programs_cannot_be_executed, EACCES,
		{ return CALL(SYS_execve, "/bin/true", NULL, NULL); })
PROCESS_RETURNS(the_process_is_not_dumpable, 0, { return prctl(PR_GET_DUMPABLE); })
PROCESS_RETURNS(no_privileges_can_be_gained, 1, { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); })
PROCESS_RETURNS(no_core_file_is_written, 0, {
	struct rlimit limit;
	return getrlimit(RLIMIT_CORE, &limit) || limit.rlim_max;
})
PROCESS_RETURNS(capabilities_are_gone, EPERM, { return CALL(SYS_chroot, "/"); })
PROCESS_RETURNS(only_its_own_descriptors_are_open, 0, {
	const int own[] = { 0, 1, 2, 3, 4 };
	return sandbox_find_stray_descriptor(own, 5) != -ENOENT;
})

static int open_more(void)
{
	return dup2(1, 77) < 0;
}

static int find_more(void)
{
	const int own[] = { 0, 1, 2 };

	return sandbox_find_stray_descriptor(own, 3);
}

Test(process_phase, closes_inherited_descriptors_and_finds_strays)
{
	/* 77 is closed on entering; 3 is open and here not expected. */
	cr_assert_eq(attempt_run(ATTEMPT_PROCESS, find_more, open_more).value, 3);
}
