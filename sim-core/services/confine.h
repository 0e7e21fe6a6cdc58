/*
 * What tee-services may do once its pseudo TAs have started: files below the device's directory,
 * its sockets to teesimd, and the system calls of services.policy. Its own code is trusted; what
 * its clients send it is not, and might find a mistake in it.
 *
 * Runs in tee-services.
 */
#ifndef TEESIM_SERVICES_CONFINE_H
#define TEESIM_SERVICES_CONFINE_H

/* For good. What the kernel lacks is left out. Returns 0 or -errno. */
int confine(const char *device_directory);

#endif
