#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/filter.h"
#include "sandbox/landlock.h"

#define ADDRESS_SPACE_DEFAULT (64ULL << 30)
/* What a TA can make the machine provide; channels and shared blocks are its clients' memory and
 * do not count. Far beyond what real TEEs have. */
#define PRIVATE_MEMORY_DEFAULT (1ULL << 30)
#define LOCKED_MEMORY_DEFAULT  (1ULL << 20)

/* The bit that marks calls by the x32 table on x86-64. */
#define X32_BIT 0x40000000

#if defined(__x86_64__)
#define ARCH_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH_NATIVE AUDIT_ARCH_RISCV64
#else
#error "name the audit architecture of this machine"
#endif

/* Some of the steps were left out, because whoever started the process said so. */
static uint32_t left_out;

static bool step_wanted(struct sandbox_report *report, enum sandbox_feature feature)
{
	if (left_out & SANDBOX_BIT(feature)) {
		sandbox_report_set(report, feature, ECANCELED);
		return false;
	}
	return true;
}

static int limit_set(int resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max > value)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int limits_enter(const struct sandbox_limits *limits)
{
	uint64_t space =
		limits && limits->address_space ? limits->address_space : ADDRESS_SPACE_DEFAULT;
	uint64_t locked =
		limits && limits->locked_memory ? limits->locked_memory : LOCKED_MEMORY_DEFAULT;
	const struct {
		int resource;
		uint64_t value;
	} wanted[] = {
		{ RLIMIT_NOFILE, SANDBOX_DESCRIPTORS_MAX },
		/* No core file: it would hold the TA's secrets. */
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NICE, 0 },
		{ RLIMIT_RTPRIO, 0 },
		{ RLIMIT_MEMLOCK, locked },
#ifndef TEESIM_SANITIZE
		{ RLIMIT_AS, space },
		{ RLIMIT_DATA, PRIVATE_MEMORY_DEFAULT },
#endif
	};
	int first = 0;

	(void)space;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int err = limit_set(wanted[i].resource, wanted[i].value);

		if (err && !first)
			first = err;
	}
	return first;
}

static int capabilities_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Fails for an ordinary user, whom no_new_privs keeps from gaining any. */
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int descriptors_close(void)
{
	/* Whatever lies above the limit that follows would otherwise stay open unseen. */
	return syscall(SYS_close_range, SANDBOX_CLIENT_FD + 1, UINT_MAX, 0) < 0 ? -errno : 0;
}

void sandbox_enter_process(const struct sandbox_limits *limits, struct sandbox_report *report)
{
	left_out = limits ? limits->leave_out : 0;

	if (step_wanted(report, SANDBOX_CLOSED_FDS))
		sandbox_report_set(report, SANDBOX_CLOSED_FDS, descriptors_close());
	if (step_wanted(report, SANDBOX_NO_NEW_PRIVS))
		sandbox_report_set(report, SANDBOX_NO_NEW_PRIVS,
				   prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? errno : 0);
	if (step_wanted(report, SANDBOX_NOT_DUMPABLE))
		sandbox_report_set(report, SANDBOX_NOT_DUMPABLE,
				   prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? errno : 0);
	if (step_wanted(report, SANDBOX_NO_CAPABILITIES))
		sandbox_report_set(report, SANDBOX_NO_CAPABILITIES, capabilities_drop());
	if (step_wanted(report, SANDBOX_RLIMITS))
		sandbox_report_set(report, SANDBOX_RLIMITS, limits_enter(limits));
	if (step_wanted(report, SANDBOX_LANDLOCK)) {
		landlock_enter(report);
	} else {
		sandbox_report_set(report, SANDBOX_LANDLOCK_NET, ECANCELED);
		sandbox_report_set(report, SANDBOX_LANDLOCK_SCOPE, ECANCELED);
	}
}

int sandbox_enter_load(struct sandbox_report *report)
{
	int err;

	if (!step_wanted(report, SANDBOX_SECCOMP))
		return 0;
	err = filter_install(FILTER_LOAD);
	sandbox_report_set(report, SANDBOX_SECCOMP, err);
	return err;
}

int sandbox_enter_run(struct sandbox_report *report)
{
	int err;

	/* Threads count as processes, so this could not be set before they were made. */
	if (step_wanted(report, SANDBOX_RLIMITS)) {
		err = limit_set(RLIMIT_NPROC, 0);
		if (err)
			sandbox_report_set(report, SANDBOX_RLIMITS, err);
	}
	if (!step_wanted(report, SANDBOX_SECCOMP))
		return 0;
	err = filter_install(FILTER_RUN);
	sandbox_report_set(report, SANDBOX_SECCOMP, err);
	return err;
}

int sandbox_find_stray_descriptor(const int *allowed, size_t count)
{
	struct rlimit limit;
	int end = SANDBOX_DESCRIPTORS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT_MAX)
		end = (int)limit.rlim_cur;
	for (int fd = 0; fd < end; fd++) {
		bool is_allowed = false;

		for (size_t i = 0; i < count; i++)
			is_allowed |= allowed[i] == fd;
		if (!is_allowed && fcntl(fd, F_GETFD) >= 0)
			return fd;
	}
	return -ENOENT;
}

const char *sandbox_violation_name(int nr)
{
	const char *name = filter_syscall_name(nr);

	return name ? name : "unknown";
}

static size_t text_append(char *text, size_t size, size_t at, const char *more)
{
	size_t length = strlen(more);

	if (at + length >= size)
		length = size - at - 1;
	memcpy(text + at, more, length);
	text[at + length] = '\0';
	return at + length;
}

size_t sandbox_violation_describe(const siginfo_t *info, char *text, size_t size)
{
	int nr = info->si_syscall;
	const char *name = NULL;
	char digits[12];
	size_t at = 0, i = sizeof(digits);

	if (!size)
		return 0;
	if (info->si_arch == ARCH_NATIVE && !(nr & X32_BIT))
		name = filter_syscall_name(nr);
	at = text_append(text, size, at, "system call ");
	if (name) {
		at = text_append(text, size, at, name);
	} else {
		unsigned int number = (unsigned int)nr & ~(unsigned int)X32_BIT;

		digits[--i] = '\0';
		do {
			digits[--i] = (char)('0' + number % 10);
			number /= 10;
		} while (number);
		at = text_append(text, size, at, digits + i);
		if (info->si_arch != ARCH_NATIVE || nr & X32_BIT)
			at = text_append(text, size, at, " of a foreign architecture");
	}
	return text_append(text, size, at, " is not allowed in a TA");
}
