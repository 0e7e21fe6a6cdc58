/* What it costs that trusted storage outlasts a loss of power: small objects on such a device,
 * against plain SQLite that waits for the disk as well. */
#include <stdlib.h>

#include "device.h"
#include "figures.h"
#include "scratch.h"
#include "storage_work.h"
#include "ta/storage_commands.h"

#define NAME  "storage_durable"
#define TITLE "the same with --durable"

void storage_durable_run(struct bench *bench)
{
	struct device device;
	char why[160];
	int err;

	/* As a daemon that a client starts would be told. */
	setenv("TEESIM_DURABLE", "1", 1);
	err = device_start(&device, scratch_directory(), "durable", -1, why, sizeof(why));
	unsetenv("TEESIM_DURABLE");
	if (err < 0) {
		harness_fail(bench, NAME, TITLE, "%s", why);
		return;
	}
	storage_measure(bench, NAME, TITLE, 0, BENCH_STORAGE_SMALL, 1, 10, true);
	device_stop(&device);
	if (bench->device)
		device_use(bench->device);
}
