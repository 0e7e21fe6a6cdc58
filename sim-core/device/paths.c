#include "device/paths.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

__attribute__((format(printf, 3, 4))) static int format(char *out, size_t size, const char *text,
							...)
{
	va_list args;
	int length;

	va_start(args, text);
	length = vsnprintf(out, size, text, args);
	va_end(args);
	if (length < 0)
		return -EINVAL;
	return (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* The value of a variable that holds an absolute path; anything else counts as not set. */
static const char *environment_dir(const char *name)
{
	const char *value = secure_getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

/*
 * Drop doubled slashes, "." components and the trailing slash of an absolute path, in place, so
 * that different spellings give the same socket. ".." stays: only the file system can resolve it.
 */
static void normalise(char *path)
{
	char *to = path;
	const char *from = path;

	while (*from) {
		size_t length;

		while (*from == '/')
			from++;
		length = strcspn(from, "/");
		if (length == 0)
			break;
		if (length != 1 || from[0] != '.') {
			*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

const char *paths_default_device(void)
{
	const char *name = secure_getenv("TEESIM_DEVICE");

	return name && name[0] ? name : "default";
}

bool paths_device_name_valid(const char *name)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t length;

	if (!name || !name[0] || !strchr(first, name[0]))
		return false;
	length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	return length <= PATHS_DEVICE_NAME_MAX && name[length] == '\0';
}

static int home_of_user(char *out, size_t size)
{
	const char *home = environment_dir("HOME");
	struct passwd entry, *found = NULL;
	char text[4096];

	if (home)
		return format(out, size, "%s/.local/state/teesim", home);
	if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) != 0 || !found ||
	    entry.pw_dir[0] != '/')
		return -ENOENT;
	return format(out, size, "%s/.local/state/teesim", entry.pw_dir);
}

int paths_home(char *out, size_t size)
{
	const char *own = secure_getenv("TEESIM_HOME");
	const char *state = environment_dir("XDG_STATE_HOME");
	char current[PATH_MAX];
	int rc;

	if (own && own[0] == '/') {
		rc = format(out, size, "%s", own);
	} else if (own && own[0]) {
		if (!getcwd(current, sizeof(current)))
			return -errno;
		rc = format(out, size, "%s/%s", current, own);
	} else if (state) {
		rc = format(out, size, "%s/teesim", state);
	} else {
		rc = home_of_user(out, size);
	}
	if (rc == 0)
		normalise(out);
	return rc;
}

int paths_keys(char *out, size_t size)
{
	char home[PATH_MAX];
	int rc = paths_home(home, sizeof(home));

	return rc ? rc : format(out, size, "%s/keys", home);
}

/* How much of a socket's path, or its name, stands before the suffix that most of them have. */
static int socket_stem(const char *socket)
{
	static const char suffix[] = ".sock";
	const size_t length = strlen(socket), tail = strlen(suffix);

	return (int)(length >= tail && !strcmp(socket + length - tail, suffix) ? length - tail
									       : length);
}

/* 64-bit FNV-1a, folded: keeps paths apart in a name, and protects nothing. */
static unsigned int path_mark(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): snprintf() has filled it */
	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
	return (unsigned int)(hash ^ hash >> 32);
}

int paths_follow(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char directory[PATH_MAX] = ".", resolved[PATH_MAX];
	int rc = 0;

	if (!name[0] || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	if (slash)
		rc = format(directory, sizeof(directory), "%.*s",
			    slash == path ? 1 : (int)(slash - path), path);
	if (rc)
		return rc;
	if (!realpath(directory, resolved))
		return -errno;
	return format(out, size, "%s/%s", strcmp(resolved, "/") ? resolved : "", name);
}

/* The path of a socket in the one spelling that daemon and clients come to alike. */
static int socket_resolve(const char *socket, char *out, size_t size)
{
	int rc = paths_follow(socket, out, size);

	if (rc == 0 || rc == -ENAMETOOLONG)
		return rc;
	/* Nobody will listen there. */
	rc = format(out, size, "%s", socket);
	if (rc == 0 && out[0] == '/')
		normalise(out);
	return rc;
}

int paths_ephemeral(const char *socket, char *out, size_t size, char *err, size_t errlen)
{
	const char *slash = strrchr(socket, '/'), *name = slash ? slash + 1 : socket;
	char runtime[PATH_MAX], resolved[PATH_MAX];
	int rc = paths_runtime_dir(runtime, sizeof(runtime), err, errlen);

	if (rc)
		return rc;
	rc = socket_resolve(socket, resolved, sizeof(resolved));
	if (rc == 0)
		rc = format(out, size, "%s/ephemeral-%.*s-%08x", runtime, socket_stem(name), name,
			    path_mark(resolved));
	if (rc && err)
		snprintf(err, errlen, "the path of the socket %s is too long", socket);
	return rc;
}

/* Whether `name` is the device of the command that runs here under `teesim run`. */
static bool ephemeral_here(const char *name, char *out, size_t size)
{
	const char *socket = environment_dir("TEESIM_SOCKET");
	struct stat st;

	return socket && strcmp(name, paths_default_device()) == 0 &&
	       paths_ephemeral(socket, out, size, NULL, 0) == 0 && lstat(out, &st) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

int paths_device(const char *name, char *out, size_t size)
{
	char home[PATH_MAX];
	int rc;

	if (!paths_device_name_valid(name))
		return -EINVAL;
	if (ephemeral_here(name, out, size))
		return 0;
	rc = paths_home(home, sizeof(home));
	return rc ? rc : format(out, size, "%s/devices/%s", home, name);
}

int paths_otrp_socket(const char *socket, char *out, size_t size)
{
	return format(out, size, "%.*s.otrp", socket_stem(socket), socket);
}

int paths_make_dir(const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	int rc = format(part, sizeof(part), "%s", path);

	if (rc)
		return rc;
	for (char *slash = part + 1; *slash; slash++) {
		if (*slash != '/')
			continue;
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (mkdir(part, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(part, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int paths_runtime_dir(char *out, size_t size, char *err, size_t errlen)
{
	const char *base = environment_dir("XDG_RUNTIME_DIR");
	struct stat st;
	int rc;

	/* After su or sudo the variable may still name the directory of the user before. */
	if (base && (lstat(base, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()))
		base = NULL;
	rc = base ? format(out, size, "%s/teesim", base)
		  : format(out, size, "/tmp/teesim-%u", (unsigned)geteuid());
	if (rc) {
		if (err)
			snprintf(err, errlen, "the path in XDG_RUNTIME_DIR is too long");
		return rc;
	}
	normalise(out);
	if (mkdir(out, 0700) < 0 && errno != EEXIST) {
		rc = -errno;
		if (err)
			snprintf(err, errlen, "cannot make %s: %s", out, strerror(-rc));
		return rc;
	}
	if (lstat(out, &st) < 0) {
		rc = -errno;
		if (err)
			snprintf(err, errlen, "cannot look at %s: %s", out, strerror(-rc));
		return rc;
	}
	/* /tmp is everybody's: somebody else may have been there first. */
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
		if (err)
			snprintf(err, errlen,
				 "%s must be a directory of your own with mode 0700: remove it, or "
				 "set XDG_RUNTIME_DIR",
				 out);
		return -EPERM;
	}
	return 0;
}

int paths_socket(const char *device, char *out, size_t size, char *err, size_t errlen)
{
	char home[PATH_MAX], runtime[PATH_MAX], path[PATH_MAX];
	int rc;

	if (!paths_device_name_valid(device)) {
		if (err)
			snprintf(err, errlen,
				 "not a device name: use 1 to %d letters, digits, '.', '_' or '-'",
				 PATHS_DEVICE_NAME_MAX);
		return -EINVAL;
	}
	rc = paths_home(home, sizeof(home));
	if (rc) {
		if (err)
			snprintf(err, errlen, "no home directory: set TEESIM_HOME or HOME");
		return rc;
	}
	rc = paths_runtime_dir(runtime, sizeof(runtime), err, errlen);
	if (rc)
		return rc;
	rc = format(path, sizeof(path), "%s/%s-%08x.sock", runtime, device, path_mark(home));
	if (rc == 0 && strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		rc = -ENAMETOOLONG;
	if (rc) {
		if (err)
			snprintf(err, errlen,
				 "the socket path %s is longer than the system's %zu bytes: set "
				 "XDG_RUNTIME_DIR to a shorter directory",
				 path, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		return rc;
	}
	return format(out, size, "%s", path);
}
