/*
 * Sealed memory: the memfds that two processes share. A block that somebody else made is mapped
 * only after block_check() has seen the seals that keep its size fixed, so that touching it can
 * never raise SIGBUS.
 *
 * Used by all three programs. Whoever calls block_create() owns the descriptor it returns.
 */
#ifndef TEESIM_WIRE_MEMORY_H
#define TEESIM_WIRE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a zero-filled block of exactly `size` octets (rounded up to whole pages), sealed against
 * shrinking, growing and further sealing. Returns the descriptor (close-on-exec) or -errno. */
int block_create(const char *name, size_t size);

/* Makes one that is still open to one more seal: block_seal_read_only() must follow or
 * block_seal(). */
int block_create_unsealed(const char *name, size_t size);

/* Fixes the size for ever. */
int block_seal(int fd);

/* Fixes the size, and allows no new writable mapping: those that exist stay writable. */
int block_seal_read_only(int fd);

/* Is `fd` a memfd that holds at least `size` octets and can neither shrink nor grow? With
 * `read_only`, it must also refuse new writable mappings. Returns 0, or -EBADF for something that
 * is no sealable memory, -EPERM for missing seals, -ERANGE for one that is too small. */
int block_check(int fd, size_t size, bool read_only);

/* Maps the first `size` octets, shared. Returns MAP_FAILED with errno set on failure. */
void *block_map(int fd, size_t size, bool writable);

/* The size in whole pages that a request for `size` octets occupies; 0 when that overflows. */
size_t block_page_round(size_t size);

#endif
