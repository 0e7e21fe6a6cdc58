/*
 * Where a user's simulated devices keep their state, and where their sockets are.
 *
 * Runs in every program of the project, libteec included (so in any client process), and depends on
 * libc alone. It trusts the caller's own environment, except in a set-user-id program, where the
 * environment is ignored. All programs of one user come to the same answer from the same
 * environment; that is how a client finds the daemon.
 *
 *   home      $TEESIM_HOME, else $XDG_STATE_HOME/teesim, else ~/.local/state/teesim
 *   device    <home>/devices/<name>, or for one that is gone afterwards
 *             <runtime>/ephemeral-<name of its socket>-<hash of the socket's path>
 *   keys      <home>/keys
 *   runtime   $XDG_RUNTIME_DIR/teesim where that is the user's own directory, else
 *             /tmp/teesim-<uid>
 *   socket    <runtime>/<name>-<hash of home>.sock, so two homes never share a socket
 *
 * Every function writes a path into the caller's buffer and returns 0 or a negative errno; `err`,
 * where a function takes it, receives one line for the user and may be NULL.
 */
#ifndef TEESIM_DEVICE_PATHS_H
#define TEESIM_DEVICE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#define PATHS_DEVICE_NAME_MAX 32

/* The device meant when none is named: $TEESIM_DEVICE, else "default". Not yet checked. */
const char *paths_default_device(void);

/* Whether `name` may name a device: 1-32 of A-Z a-z 0-9 . _ -, the first a letter or a digit. */
bool paths_device_name_valid(const char *name);

/* The home directory of all state, absolute. Creates nothing. */
int paths_home(char *out, size_t size);

/* The directory of the user's signing keys. Creates nothing. */
int paths_keys(char *out, size_t size);

/*
 * The directory of one device. Creates nothing. -EINVAL when the name is not valid. Where the
 * environment is that of a command of `teesim run`, with the device's name in $TEESIM_DEVICE and
 * $TEESIM_SOCKET that of an ephemeral device, it is that one's.
 */
int paths_device(const char *name, char *out, size_t size);

/*
 * The directory of the ephemeral device that listens on `socket`, the same for every spelling of
 * that path. Creates the runtime directory.
 */
int paths_ephemeral(const char *socket, char *out, size_t size, char *err, size_t errlen);

/*
 * The directory of the sockets, which exists on success, with mode 0700 and the effective user as
 * its owner. -EPERM when something else stands at that name.
 */
int paths_runtime_dir(char *out, size_t size, char *err, size_t errlen);

/*
 * The socket of a device, short enough for sockaddr_un (-ENAMETOOLONG otherwise). $TEESIM_SOCKET is
 * not looked at: that is the client's business.
 */
int paths_socket(const char *device, char *out, size_t size, char *err, size_t errlen);

/* Where the same daemon listens for those who speak OTrP: the path of its socket with ".otrp" in
 * place of ".sock", or behind it where it ends otherwise. */
int paths_otrp_socket(const char *socket, char *out, size_t size);

/*
 * `path` without a symbolic link in its directory, for who opens the file without following any:
 * SQLite with SQLITE_OPEN_NOFOLLOW, which refuses them all along the path. The directory must
 * exist; the last component need not, and is not looked at: it may be a link. -EINVAL when the path
 * names no file but a directory, such as "a/" or "a/..".
 */
int paths_follow(const char *path, char *out, size_t size);

/* Make a directory and its missing parents, each with mode 0700. An existing one is left alone. */
int paths_make_dir(const char *path);

#endif
