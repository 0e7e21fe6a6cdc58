#include "teep/tam/server/body_budget.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

#define PLACES 4096

struct body_budget {
	uint64_t seed, all, each;
	atomic_uint_fast64_t used;
	atomic_uint_fast64_t of_peer[PLACES];
};

struct body_budget *body_budget_open(uint64_t all, uint64_t each)
{
	struct body_budget *budget = calloc(1, sizeof(*budget));

	if (!budget)
		return NULL;
	if (getrandom(&budget->seed, sizeof(budget->seed), 0) < 0)
		budget->seed = (uintptr_t)budget;
	budget->all = all;
	budget->each = each;
	return budget;
}

void body_budget_close(struct body_budget *budget)
{
	free(budget);
}

static atomic_uint_fast64_t *place_of(struct body_budget *budget, const char *peer)
{
	uint64_t hash = budget->seed;

	for (; *peer; peer++) {
		hash = (hash ^ (uint8_t)*peer) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return &budget->of_peer[hash % PLACES];
}

static bool take(atomic_uint_fast64_t *used, uint64_t octets, uint64_t max)
{
	uint_fast64_t now = atomic_load(used);

	do {
		if (octets > max || now > max - octets)
			return false;
	} while (!atomic_compare_exchange_weak(used, &now, now + octets));
	return true;
}

bool body_budget_take(struct body_budget *budget, const char *peer, uint64_t octets)
{
	atomic_uint_fast64_t *place = peer ? place_of(budget, peer) : NULL;

	if (place && !take(place, octets, budget->each))
		return false;
	if (take(&budget->used, octets, budget->all))
		return true;
	if (place)
		(void)atomic_fetch_sub(place, octets);
	return false;
}

void body_budget_give(struct body_budget *budget, const char *peer, uint64_t octets)
{
	if (peer)
		(void)atomic_fetch_sub(place_of(budget, peer), octets);
	(void)atomic_fetch_sub(&budget->used, octets);
}
