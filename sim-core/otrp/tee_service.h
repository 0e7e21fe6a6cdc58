/*
 * Serves a TEE over sockets: to clients that teesimd hands over, and to teesimd itself.
 *
 * Runs in tee-otrp, on one thread; one request at a time, of each connection in turn. Trusts
 * teesimd's socket to be teesimd's, and no client with anything: one that breaks the protocol, or
 * does not take its answers, loses its connection.
 */
#ifndef TEESIM_OTRP_TEE_SERVICE_H
#define TEESIM_OTRP_TEE_SERVICE_H

#include "otrp/tee.h"

/* So many clients at most; those beyond are hung up on. */
#define TEE_CLIENTS_MAX 64

/*
 * Serve until teesimd hangs up. Where there is no `tee`, because it did not boot, `why_not` is the
 * line that all are told. The first TEE has those below it at descriptor `below` and after, whose
 * clients and TAs it hands on. Returns 0 or -errno.
 */
int tee_serve(struct tee *tee, const char *why_not, int control, int below);

#endif
