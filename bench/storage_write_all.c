/* Writing 16 MiB of an object from the beginning on, against plain SQLite. */
#include "figures.h"
#include "storage_work.h"
#include "ta/storage_commands.h"

void storage_write_all_run(struct bench *bench)
{
	storage_measure(bench, "storage_write_all", "write 16 MiB of an object", 2,
			BENCH_STORAGE_WRITE_ALL, 1, 3, false);
}
