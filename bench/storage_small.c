/* Creating an object, writing 1 KiB, closing and deleting it, against plain SQLite. */
#include "figures.h"
#include "storage_work.h"
#include "ta/storage_commands.h"

void storage_small_run(struct bench *bench)
{
	storage_measure(bench, "storage_small", "create, write 1 KiB, close and delete", 3,
			BENCH_STORAGE_SMALL, 32, 20, false);
}
