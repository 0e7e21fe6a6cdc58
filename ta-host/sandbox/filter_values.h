/*
 * What the policy compiler (build time) and the filter (run time, ta-host) must agree on.
 */
#ifndef TEESIM_SANDBOX_FILTER_VALUES_H
#define TEESIM_SANDBOX_FILTER_VALUES_H

/* Stands in a compiled filter where the process's own number belongs. No kernel gives out so high
 * a number (the limit is 2^22). */
#define FILTER_PLACEHOLDER_TGID 0x7E57AB1D

/* Where ta-host finds its control socket. */
#define FILTER_CONTROL_FD 3
/* Where it finds its connection as a client. */
#define FILTER_CLIENT_FD 4

#endif
