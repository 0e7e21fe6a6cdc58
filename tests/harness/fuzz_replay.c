/*
 * A fuzz target's main where there is no libFuzzer: `fuzz-NAME CORPUS_DIR` feeds the target every
 * file of the directory, and then MUTATIONS variants of each, the same ones in every run.
 *
 * Each input is handed over in a block of exactly its size, so that reading past its end is an
 * error that the sanitizers and Valgrind see. A corpus that is missing or empty is a failure: a
 * target that was fed nothing has shown nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUTATIONS      2000
#define INPUT_MAX_SIZE (1 << 20)
#define EDITS_MAX      4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* xorshift64: no quality needed, the same sequence everywhere is. */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % limit;
}

static void feed(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

/* Flips, overwrites with an edge value, or cuts; 32-bit words because lengths are what breaks. */
static size_t mutate(uint8_t *data, size_t size)
{
	static const uint32_t edges[] = { 0, 1, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xffffffff };
	uint32_t edge, at;

	for (uint32_t edits = 1 + random_below(EDITS_MAX); edits > 0 && size > 0; edits--) {
		at = random_below((uint32_t)size);
		switch (random_below(4)) {
		case 0:
			data[at] ^= (uint8_t)(1 << random_below(8));
			break;
		case 1:
			data[at] = (uint8_t)random_below(256);
			break;
		case 2:
			edge = edges[random_below(sizeof(edges) / sizeof(edges[0]))];
			if (size - at >= sizeof(edge))
				memcpy(data + at, &edge, sizeof(edge));
			break;
		default:
			/* Cutting at every step would leave nothing of a long input. */
			if (random_below(4) == 0)
				size = at;
			break;
		}
	}
	return size;
}

static int replay_file(const char *path)
{
	uint8_t *original = malloc(INPUT_MAX_SIZE), *variant = malloc(INPUT_MAX_SIZE);
	FILE *file = fopen(path, "rbe");
	size_t size;

	if (!file || !original || !variant) {
		fprintf(stderr, "fuzz-replay: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	size = fread(original, 1, INPUT_MAX_SIZE, file);
	fclose(file);
	feed(original, size);
	for (int i = 0; i < MUTATIONS; i++) {
		memcpy(variant, original, size);
		feed(variant, mutate(variant, size));
	}
	free(original);
	free(variant);
	return 1;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	char path[4096];
	int count, files = 0;

	if (argc != 2) {
		fputs("usage: fuzz-NAME CORPUS_DIR\n", stderr);
		return 2;
	}
	/* Sorted, because the mutations follow from the order. */
	count = scandir(argv[1], &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
			files += replay_file(path);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (!files) {
		fprintf(stderr, "fuzz-replay: no input in %s; add one that the target accepts\n",
			argv[1]);
		return 1;
	}
	printf("%d inputs, %d mutations of each\n", files, MUTATIONS);
	return 0;
}
