/*
 * Writing a file so that its name stands for all of its content or for none of it.
 *
 * Runs in teesimd and in the command line. The content goes to a temporary file next to the target,
 * is flushed to the disk, and then takes the name. What somebody left there who was killed over it,
 * the next writer takes away; of several at once, one after the other writes.
 */
#ifndef TEESIM_REGISTRY_ATOMIC_FILE_H
#define TEESIM_REGISTRY_ATOMIC_FILE_H

#include <stddef.h>
#include <sys/types.h>

enum atomic_file_mode {
	ATOMIC_FILE_REPLACE, /* whatever had the name before is gone */
	ATOMIC_FILE_KEEP,    /* -EEXIST when the name is taken, and the file stays as it is */
};

struct atomic_file_part {
	const void *bytes;
	size_t size;
};

/*
 * Write the parts one after another to `path` with permission bits `mode` (the umask does not
 * count). Returns 0 or a negative errno; on failure nothing has changed and nothing is left behind.
 */
int atomic_file_write(const char *path, const struct atomic_file_part *parts, unsigned count,
		      mode_t mode, enum atomic_file_mode how);

#endif
