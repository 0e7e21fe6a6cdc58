#include "session/domain_image.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/ta_refusal.h"

#define PATIENCE_MS 5000
/* What teesim-teep ends with when no TAM installed the TA, and where it writes one. */
#define STATUS_NOT_FOUND 3
#define IMAGE_FD	 3

extern char **environ;

static int provisioner_start(const char *program, const char *directory, const char *uuid, int fd,
			     pid_t *pid)
{
	char *argv[] = { (char *)program,   "otrp", "release", (char *)uuid, "--device",
			 (char *)directory, NULL };
	posix_spawn_file_actions_t actions;
	int rc;

	posix_spawn_file_actions_init(&actions);
	rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, 0, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&actions, fd, IMAGE_FD);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&actions, IMAGE_FD + 1);
	if (rc == 0)
		rc = posix_spawn(pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

/* The exit status, or -1 for another end. */
static int provisioner_wait(pid_t pid)
{
	struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int status;

	if (ended.fd < 0 || poll(&ended, 1, PATIENCE_MS) <= 0)
		(void)kill(pid, SIGKILL);
	if (ended.fd >= 0)
		close(ended.fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static enum ta_refusal image_take(int fd, const struct uuid *uuid, const char *origin,
				  const struct ta_trust *trust, struct ta_libraries *libraries,
				  struct ta_image *out, char *err, size_t errlen)
{
	/* Its signature was checked when it was installed, and its hash now. */
	const struct ta_policy policy = { 0 };
	struct ta_location location = { .place = TA_PLACE_FILE, .has_uuid = true, .uuid = *uuid };
	enum ta_refusal refusal;

	snprintf(location.path, sizeof(location.path), "/proc/self/fd/%d", fd);
	refusal = ta_image_load(&location, &policy, trust, libraries, out, err, errlen);
	if (refusal == TA_ACCEPTED)
		snprintf(out->location.path, sizeof(out->location.path), "%s", origin);
	return refusal;
}

enum ta_refusal domain_image_load(const char *provisioner, const char *directory,
				  const struct uuid *uuid, const struct ta_trust *trust,
				  struct ta_libraries *libraries, struct ta_image *out, char *err,
				  size_t errlen)
{
	char origin[PATH_MAX], text[UUID_TEXT_SIZE];
	struct ta_file_identity file;
	enum ta_refusal refusal = TA_UNREADABLE;
	int fd, high, status = -1;
	pid_t pid;

	/* Where nothing was ever installed nobody is asked. Looked at before the image is: one that
	 * is replaced meanwhile is not taken for the new one. */
	if (snprintf(origin, sizeof(origin), "%s/domains.tas", directory) >= (int)sizeof(origin) ||
	    !ta_file_identify(origin, &file))
		return TA_NOT_FOUND;
	fd = memfd_create("teesim-domain-ta", MFD_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0600) < 0) {
		if (fd >= 0)
			close(fd);
		return (enum ta_refusal)refuse(TA_OUT_OF_RESOURCES, err, errlen,
					       "no memory for a TA's image");
	}
	high = fcntl(fd, F_DUPFD_CLOEXEC, IMAGE_FD + 1);
	if (high >= 0 &&
	    provisioner_start(provisioner, directory, uuid_format(uuid, text), high, &pid) == 0)
		status = provisioner_wait(pid);
	if (high >= 0)
		close(high);
	if (status == 0)
		refusal = image_take(fd, uuid, origin, trust, libraries, out, err, errlen);
	else if (status == STATUS_NOT_FOUND)
		refusal = TA_NOT_FOUND;
	else
		refuse(0, err, errlen,
		       "the TAs that a TAM installed on this device can't be read (status %d of "
		       "%s): `teesim device verify %s` may tell why",
		       status, provisioner, directory);
	if (refusal == TA_ACCEPTED)
		out->file = file;
	close(fd);
	return refusal;
}
