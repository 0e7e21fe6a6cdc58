/* Reading 16 MiB of an object from the beginning on, against plain SQLite. */
#include "figures.h"
#include "storage_work.h"
#include "ta/storage_commands.h"

void storage_read_all_run(struct bench *bench)
{
	storage_measure(bench, "storage_read_all", "read 16 MiB of an object", 2,
			BENCH_STORAGE_READ_ALL, 1, 5, false);
}
