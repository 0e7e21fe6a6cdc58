#include "session/id_map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define CAPACITY_FIRST 16

static uint64_t secret(void)
{
	static uint64_t value;

	/* Without random numbers at hand the map is merely predictable. */
	if (!value && getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		value = 0x9E3779B97F4A7C15U;
	return value | 1;
}

static size_t place(const struct id_map *map, uint64_t key)
{
	uint64_t h = (key ^ secret()) * 0xD6E8FEB86659FD93U;

	h ^= h >> 32;
	h *= secret();
	h ^= h >> 29;
	return (size_t)h & (map->capacity - 1);
}

/* Where the key is, or the empty place where it would go. */
static size_t find(const struct id_map *map, uint64_t key)
{
	size_t i = place(map, key);

	while (map->entry[i].value && map->entry[i].key != key)
		i = (i + 1) & (map->capacity - 1);
	return i;
}

void *id_map_get(const struct id_map *map, uint64_t key)
{
	return map->count ? map->entry[find(map, key)].value : NULL;
}

static int grow(struct id_map *map)
{
	struct id_map larger = { .capacity = map->capacity ? map->capacity * 2 : CAPACITY_FIRST };

	larger.entry = calloc(larger.capacity, sizeof(*larger.entry));
	if (!larger.entry)
		return -ENOMEM;
	for (size_t i = 0; i < map->capacity; i++)
		if (map->entry[i].value)
			larger.entry[find(&larger, map->entry[i].key)] = map->entry[i];
	larger.count = map->count;
	free(map->entry);
	*map = larger;
	return 0;
}

int id_map_put(struct id_map *map, uint64_t key, void *value)
{
	size_t i;

	/* At most three quarters full, so that every search meets an empty place. */
	if (4 * (map->count + 1) > 3 * map->capacity) {
		int err = grow(map);

		if (err < 0)
			return err;
	}
	i = find(map, key);
	map->entry[i] = (struct id_map_entry) { .key = key, .value = value };
	map->count++;
	return 0;
}

void *id_map_remove(struct id_map *map, uint64_t key)
{
	size_t hole, next;
	void *value;

	if (!map->count)
		return NULL;
	hole = find(map, key);
	value = map->entry[hole].value;
	if (!value)
		return NULL;
	/* Close the hole with whatever was put behind it for want of this place. */
	next = hole;
	for (;;) {
		size_t home;

		next = (next + 1) & (map->capacity - 1);
		if (!map->entry[next].value)
			break;
		home = place(map, map->entry[next].key);
		if (((next - home) & (map->capacity - 1)) < ((next - hole) & (map->capacity - 1)))
			continue;
		map->entry[hole] = map->entry[next];
		hole = next;
	}
	map->entry[hole].value = NULL;
	map->count--;
	return value;
}

void *id_map_next(const struct id_map *map, size_t *at)
{
	while (*at < map->capacity) {
		void *value = map->entry[(*at)++].value;

		if (value)
			return value;
	}
	return NULL;
}

uint32_t id_map_fresh(const struct id_map *map, uint32_t *last)
{
	do {
		++*last;
	} while (!*last || id_map_get(map, *last));
	return *last;
}

void id_map_free(struct id_map *map)
{
	free(map->entry);
	*map = (struct id_map) { 0 };
}
