/*
 * Opening files that only root or the user may have written.
 *
 * Runs in teesimd and in the command line. Everything in the file system is suspect: a name may
 * stand for a FIFO or a device that blocks, or for a file of somebody else.
 */
#ifndef TEESIM_REGISTRY_TRUSTED_FILE_H
#define TEESIM_REGISTRY_TRUSTED_FILE_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define TRUSTED_FILE_SHARED 0002 /* not writable by everybody */
#define TRUSTED_FILE_SECRET 0077 /* for its owner alone */

/*
 * Open for reading a regular file of at most `max_size` bytes that belongs to root or to the
 * effective user and has none of the mode bits `forbidden`. Symbolic links are followed; what they
 * lead to is checked. Never blocks.
 *
 * Returns a descriptor, which is the caller's, and what fstat says; or a negative errno with one
 * line in `err`: -ENOENT, -EPERM for a file that is not to be trusted, or why it cannot be opened.
 */
int trusted_file_open(const char *path, mode_t forbidden, size_t max_size, struct stat *st,
		      char *err, size_t errlen);

/* Read exactly `size` bytes; -EAGAIN when the file has become shorter. */
int trusted_file_read(int fd, void *bytes, size_t size);

#endif
