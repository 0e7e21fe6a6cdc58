/*
 * Objects of trusted storage on the command line: how they are named there, and shown.
 *
 * Runs in `teesim`, on the developer's own device.
 */
#ifndef TEESIM_CLI_STORAGE_OBJECT_H
#define TEESIM_CLI_STORAGE_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "storage/record.h"

/* "text", or "0x" and hexadecimal digits. Returns 0, or -EINVAL: it is too long, or none. */
int storage_object_name_parse(const char *text, uint8_t name[RECORD_NAME_MAX], size_t *size);

/* The other way round: as text where it would be parsed as itself. */
#define STORAGE_NAME_TEXT (2 + 2 * RECORD_NAME_MAX + 1)
char *storage_object_name_text(const uint8_t *name, size_t size, char text[STORAGE_NAME_TEXT]);

/* "private", "ree" or "rpmb". Returns 0 or -EINVAL. */
int storage_store_parse(const char *text, uint32_t *store);
const char *storage_store_text(uint32_t store);

/* "data", "AES", …, or the number. */
const char *storage_type_text(uint32_t type, char text[16]);

/* A dump as hexdump -C makes it. */
void storage_dump(FILE *to, const uint8_t *bytes, size_t size, uint64_t offset);

#endif
