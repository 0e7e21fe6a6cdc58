/*
 * Files of the boot chain, read whole.
 *
 * Runs in the trusted OS and in `teesim oem`.
 */
#ifndef TEESIM_BOOT_BOOT_FILE_H
#define TEESIM_BOOT_BOOT_FILE_H

#include <stddef.h>
#include <stdint.h>

struct boot_file {
	uint8_t *octets; /* owned; a zero octet behind the last */
	size_t size;
};

/* 0 or -errno with one line in `err`. */
int boot_file_read(const char *directory, const char *name, struct boot_file *out, char *err,
		   size_t errlen);

/* Wipes and frees. Harmless when done twice. */
void boot_file_clear(struct boot_file *file);

#define BOOT_FILE_AUTO __attribute__((cleanup(boot_file_clear))) struct boot_file

/* What the signature of an image is over: both lengths and both parts. The caller's (free()). */
uint8_t *boot_signed_octets(const void *image, size_t image_size, const void *certificate,
			    size_t certificate_size, size_t *size);

#endif
