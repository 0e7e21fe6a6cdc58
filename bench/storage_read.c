/* Reading 4 KiB of an object, against plain SQLite. */
#include "figures.h"
#include "storage_work.h"
#include "ta/storage_commands.h"

void storage_read_run(struct bench *bench)
{
	storage_measure(bench, "storage_read", "read 4 KiB of an object", 3, BENCH_STORAGE_READ,
			256, 20, false);
}
