/*
 * A TA file that a `teesim ta` command was given, taken apart, and whom it may have been signed by.
 *
 * Runs in the command line. The ta_file owns its bytes; everything else in it points into them.
 */
#ifndef TEESIM_CLI_TA_FILE_H
#define TEESIM_CLI_TA_FILE_H

#include "registry/elf_image.h"
#include "registry/ta_package.h"
#include "registry/ta_signature.h"

#include <limits.h>

struct ta_file {
	uint8_t *bytes;
	struct ta_package package;
	struct elf_image elf;
};

/* Read and check a file that must be a TA. On failure, says why on stderr and returns false. */
bool ta_file_open(const char *path, struct ta_file *out);

void ta_file_close(struct ta_file *file);

/* The directories that a command works on. `device` NULL stands for the default device. */
struct ta_dirs {
	char keys[PATH_MAX];
	char device[PATH_MAX];
};

bool ta_dirs_find(const char *device, struct ta_dirs *out);

/* The keys that count there. On failure, says why on stderr; a bad key file is only a warning. */
bool ta_dirs_trust(const struct ta_dirs *dirs, struct ta_trust *out);

/* A file as a device sees it. */
struct ta_examined {
	struct ta_dirs dirs;
	struct ta_file file;
	enum ta_signature signature;
	struct ta_signer signer;
};

/* Reads and checks it. On failure, says why on stderr and returns false; else the caller closes
 * `out->file`. */
bool ta_examine(const char *path, const char *device, struct ta_examined *out);

/* Says on stderr that its signature is not enough, and what to do. */
void ta_signature_complain(const char *path, const struct ta_examined *ta);

#endif
