/*
 * How many octets the bodies of all requests may hold at once, and those of one peer.
 *
 * Runs in teesim-tam; any thread may call. A peer is counted in one of many places, by a hash that
 * others can't foresee: two that share one have less, never more.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_BODY_BUDGET_H
#define TEESIM_TEEP_TAM_SERVER_BODY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct body_budget;

/* Octets of all and of one peer. NULL without memory. */
struct body_budget *body_budget_open(uint64_t all, uint64_t each);
/* NULL does nothing. */
void body_budget_close(struct body_budget *budget);

/* `peer` NULL is counted with all only. false: not now. */
bool body_budget_take(struct body_budget *budget, const char *peer, uint64_t octets);
void body_budget_give(struct body_budget *budget, const char *peer, uint64_t octets);

#endif
