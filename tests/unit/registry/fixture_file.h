/* The images that CMake built for the tests of the registry, and a directory for one test. */
#ifndef TESTS_REGISTRY_FIXTURE_FILE_H
#define TESTS_REGISTRY_FIXTURE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct fixture_file {
	uint8_t *bytes;
	size_t size;
};

/* The bytes of one of the built images. The caller frees them. */
struct fixture_file fixture_read(const char *name);
struct fixture_file fixture_read_path(const char *path);

void fixture_write(const char *path, const void *bytes, size_t size, unsigned mode);

/* An empty directory, which fixture_dir_remove() takes away with all that is in it. */
char *fixture_dir_make(void);
void fixture_dir_remove(char *dir);

#endif
