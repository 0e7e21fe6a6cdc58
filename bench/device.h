/*
 * A simulated device of the measurement's own: its directories, its teesimd, and the numbers that
 * the kernel keeps of its processes. Nothing of the user's own devices is touched.
 */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEVICE_PROCESSES_MAX 96U

struct device {
	char socket[128];
	pid_t teesimd;
};

/* Starts teesimd for device `name` in the directory `scratch`, on `cpu` only unless that is -1, and
 * leads this process' next TEEC_InitializeContext() there. Returns 0, or -errno with a line in
 * `why`. */
int device_start(struct device *device, const char *scratch, const char *name, int cpu, char *why,
		 size_t size);
void device_stop(struct device *device);

/* From now on TEEC_InitializeContext() connects to this device. */
void device_use(const struct device *device);

/* The TA hosts that run on the device. Returns how many. */
unsigned int device_hosts(const struct device *device, pid_t pids[DEVICE_PROCESSES_MAX]);

/* The TA host that works while `call` is called over and over for a moment. Returns its pid, or
 * -errno. */
pid_t device_busy_host(const struct device *device, int (*call)(void *context), void *context);

/* Waits, for at most a second, until the device has that many hosts at most. */
void device_settle(const struct device *device, unsigned int hosts);

#endif
