/* What the measurements of trusted storage and their trusted application agree upon. */
#ifndef BENCH_STORAGE_COMMANDS_H
#define BENCH_STORAGE_COMMANDS_H

/* Each does its work value 0.a times. */
enum {
	/* Create, write 1 KiB, close and delete. */
	BENCH_STORAGE_SMALL,
	/* Read 4 KiB anywhere in the first MiB of an object. */
	BENCH_STORAGE_READ,
	/* Write 16 MiB of an object, or read them, a piece in each call. */
	BENCH_STORAGE_WRITE_ALL,
	BENCH_STORAGE_READ_ALL,
	/* Write 4 KiB anywhere in an object of 64 MiB. */
	BENCH_STORAGE_RANDOM,
};

#define BENCH_STORAGE_SMALL_SIZE  1024U
#define BENCH_STORAGE_BLOCK	  4096U
#define BENCH_STORAGE_NEAR_BLOCKS 256U
#define BENCH_STORAGE_ALL	  (16U << 20)
#define BENCH_STORAGE_PIECE	  (256U << 10)
#define BENCH_STORAGE_BLOCKS	  16384U

/* Where the next random block is, the same on both sides. */
static inline unsigned int bench_storage_next(unsigned int *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

#endif
