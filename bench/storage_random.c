/* Writing 4 KiB anywhere in an object of 64 MiB, against plain SQLite. */
#include "figures.h"
#include "storage_work.h"
#include "ta/storage_commands.h"

void storage_random_run(struct bench *bench)
{
	storage_measure(bench, "storage_random", "write 4 KiB somewhere in 64 MiB", 3,
			BENCH_STORAGE_RANDOM, 64, 10, false);
}
