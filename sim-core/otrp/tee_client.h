/*
 * A client of a device's TEE: asks it over the socket that teesimd listens on for it.
 *
 * Runs in the normal world: the TEEP agent, the command line, tests. Believes nothing that arrives;
 * what the TEE's answers say is signed or not worth more than a hint. Depends on libc alone. A
 * client belongs to one thread at a time.
 */
#ifndef TEESIM_OTRP_TEE_CLIENT_H
#define TEESIM_OTRP_TEE_CLIENT_H

#include "otrp/tee_socket.h"

struct tee_client;

/*
 * Where the TEE of a device is reached: "<socket of its daemon>.otrp", with the daemon's ".sock"
 * left out. `device` NULL: the daemon that $TEESIM_SOCKET leads to, else the device that
 * $TEESIM_DEVICE names, else "default". Returns 0 or -errno with one line in `err`.
 */
int tee_client_path(const char *device, char *path, size_t size, char *err, size_t errlen);

/*
 * Connect to the TEE at `path`. NULL: to that of the device which tee_client_path() finds by NULL,
 * whose daemon is started where none runs, as libteec does, and stays for as long as the client
 * does. Returns 0, or -errno with one line in `err`; -ENOENT or -ECONNREFUSED where nobody listens.
 */
int tee_client_open(struct tee_client **out, const char *path, char *err, size_t errlen);

/* Harmless for NULL. */
void tee_client_close(struct tee_client *client);

/*
 * Ask the TEE with `kind`, one of those up to TEE_CLIENT_KIND_LAST, and wait for its answer for at
 * most `timeout_ms` milliseconds; -1 for as long as it takes. `in` may be NULL when `in_size` is 0.
 *
 * Returns 0 with the answer in *out, the caller's (free()), behind whose *out_size octets there is
 * one more, zero. Else -errno and *out is NULL, or the one line of text that the TEE gave as its
 * reason, the caller's as well. -ETIMEDOUT, -EPROTO and -ECONNRESET are the connection's end: only
 * tee_client_close() is left.
 */
int tee_client_call(struct tee_client *client, uint32_t kind, const void *in, size_t in_size,
		    char **out, size_t *out_size, int timeout_ms);

#endif
