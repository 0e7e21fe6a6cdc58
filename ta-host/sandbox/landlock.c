#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/library_dirs.h"

/* The kernel's interface by itself, because the header of the build machine may be older than the
 * kernel below: what is unknown to the header would stay allowed. */
#define RULESET_VERSION		   (1U << 0)
#define RULE_PATH_BENEATH	   1

#define FS_READ_FILE		   (1ULL << 2)
#define FS_READ_DIR		   (1ULL << 3)

#define NET_BIND_TCP		   (1ULL << 0)
#define NET_CONNECT_TCP		   (1ULL << 1)

#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL		   (1ULL << 1)

#define ABI_NET			   4
#define ABI_SCOPE		   6

struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* Every file system right that ABI `abi` knows. */
static uint64_t fs_rights(int abi)
{
	/* ABI 1: execute to make_sym. 2: refer. 3: truncate. 5: ioctl_dev. */
	unsigned int rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;

	return (1ULL << rights) - 1;
}

/* `more` is what is allowed besides reading. */
static int path_allow(int ruleset, const char *path, uint64_t more)
{
	struct path_beneath rule = { .allowed_access = FS_READ_FILE | more };
	struct stat st;
	int err = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(rule.parent_fd, &st) < 0) {
		err = -errno;
		goto out;
	}
	if (S_ISDIR(st.st_mode))
		rule.allowed_access |= FS_READ_DIR;
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0)
		err = -errno;
out:
	close(rule.parent_fd);
	return err;
}

/* A set of rules that allows nothing yet of what the kernel knows. Returns its descriptor or
 * -errno, and the kernel's ABI. */
static int ruleset_make(int *abi_out)
{
	struct ruleset rules = { 0 };
	size_t size = sizeof(rules.handled_access_fs);
	int abi, ruleset;

	abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	*abi_out = abi;
	if (abi < 0)
		return -errno;
	rules.handled_access_fs = fs_rights(abi);
	if (abi >= ABI_NET) {
		rules.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(rules.handled_access_net);
	}
	if (abi >= ABI_SCOPE) {
		rules.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size += sizeof(rules.scoped);
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	return ruleset < 0 ? -errno : ruleset;
}

int landlock_enter_directory(const char *directory)
{
	int abi, err, ruleset = ruleset_make(&abi);

	if (abi < 0)
		return ruleset == -ENOSYS || ruleset == -EOPNOTSUPP ? 0 : ruleset;
	if (ruleset < 0)
		return ruleset;
	/* All but executing, which is the first of them. */
	err = path_allow(ruleset, directory, fs_rights(abi) & ~1ULL);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		err = -errno;
	close(ruleset);
	return err;
}

void landlock_enter(struct sandbox_report *report)
{
	int abi, err = 0, ruleset = ruleset_make(&abi);

	if (abi < 0) {
		sandbox_report_set(report, SANDBOX_LANDLOCK, -ruleset);
		sandbox_report_set(report, SANDBOX_LANDLOCK_NET, -ruleset);
		sandbox_report_set(report, SANDBOX_LANDLOCK_SCOPE, -ruleset);
		return;
	}
	if (ruleset < 0)
		err = ruleset;
	for (size_t i = 0; !err && i < LIBRARY_DIRS_COUNT; i++)
		err = path_allow(ruleset, library_dirs[i], 0);
	if (!err)
		err = path_allow(ruleset, LIBRARY_CACHE, 0);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		err = -errno;
	if (ruleset >= 0)
		close(ruleset);
	sandbox_report_set(report, SANDBOX_LANDLOCK, err);
	sandbox_report_set(report, SANDBOX_LANDLOCK_NET, err ? err : abi >= ABI_NET ? 0 : ENOSYS);
	sandbox_report_set(report, SANDBOX_LANDLOCK_SCOPE,
			   err		      ? err
			   : abi >= ABI_SCOPE ? 0
					      : ENOSYS);
}
