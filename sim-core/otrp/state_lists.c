#include "otrp/state_lists.h"

#include <errno.h>
#include <stdlib.h>

#include "teep/otrp/compose.h"

static void list_clear(struct state_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].key);
	free(list->items);
	free(list->text);
	*list = (struct state_list) { 0 };
}

static void lists_clear(struct state_lists *lists)
{
	list_clear(&lists->domains);
	list_clear(&lists->keys);
	*lists = (struct state_lists) { 0 };
}

/* As the store orders its rows. */
static int key_compare(const struct state_item *item, struct span key)
{
	const size_t shorter = item->key_size < key.size ? item->key_size : key.size;
	const int order = memcmp(item->key, key.data, shorter);

	if (order)
		return order;
	return item->key_size < key.size ? -1 : item->key_size > key.size;
}

/* The first item that does not come before the key. */
static size_t list_find(const struct state_list *list, struct span key, bool *there)
{
	size_t low = 0, high = list->count;

	/* A list that is read grows at its end. */
	if (high && key_compare(&list->items[high - 1], key) < 0)
		low = high;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (key_compare(&list->items[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*there = low < list->count && key_compare(&list->items[low], key) == 0;
	return low;
}

static int room_make(void **block, size_t *room, size_t wanted, size_t each)
{
	size_t larger = *room ? *room : 64;
	void *moved;

	while (larger < wanted)
		larger *= 2;
	if (larger == *room)
		return 0;
	moved = reallocarray(*block, larger, each);
	if (!moved)
		return -ENOMEM;
	*block = moved;
	*room = larger;
	return 0;
}

/* Puts `size` octets of text, and a comma, in the place of `before` at `at`. */
static int text_replace(struct state_list *list, size_t at, size_t before, const char *text,
			size_t size)
{
	const size_t after = size ? size + 1 : 0;

	if (room_make((void **)&list->text, &list->room, list->size - before + after, 1))
		return -ENOMEM;
	memmove(list->text + at + after, list->text + at + before, list->size - at - before);
	if (size) {
		memcpy(list->text + at, text, size);
		list->text[at + size] = ',';
	}
	list->size += after - before;
	return 0;
}

static void item_remove(struct state_list *list, size_t i)
{
	free(list->items[i].key);
	list->count--;
	memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(list->items[0]));
}

static int item_insert(struct state_list *list, size_t i, struct span key, size_t end)
{
	uint8_t *copy = malloc(key.size);

	if (!copy || room_make((void **)&list->items, &list->items_room, list->count + 1,
			       sizeof(list->items[0]))) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, key.data, key.size);
	memmove(&list->items[i + 1], &list->items[i], (list->count - i) * sizeof(list->items[0]));
	list->items[i] = (struct state_item) { end, key.size, copy };
	list->count++;
	/* cppcheck-suppress memleak ; the item has it */
	return 0;
}

/* The object under that key is `text`; NULL: there is none. */
static int list_set(struct state_list *list, struct span key, const char *text)
{
	const size_t size = text ? strlen(text) : 0;
	size_t i, at, before;
	bool there;
	int rc;

	i = list_find(list, key, &there);
	at = i ? list->items[i - 1].end : 0;
	before = there ? list->items[i].end - at : 0;
	if (!there && !text)
		return 0;
	rc = text_replace(list, at, before, text, size);
	if (rc)
		return rc;
	if (!there)
		rc = item_insert(list, i, key, at);
	else if (!text)
		item_remove(list, i);
	if (rc)
		return rc;
	if (text && there)
		list->items[i].end = at + before;
	for (size_t n = i; n < list->count; n++)
		list->items[n].end += (text ? size + 1 : 0) - before;
	return 0;
}

static int ta_add(void *context, struct span taid, struct span name)
{
	json_t *tas = context, *ta = json_pack("{s:o}", "taid", otrp_text(taid));

	if (ta && name.size)
		(void)json_object_set_new(ta, "taname", otrp_text(name));
	return json_array_append_new(tas, ta) ? -ENOMEM : 0;
}

static int object_set(struct state_list *list, struct span key, json_t *object)
{
	char *text = object ? json_canonical(object) : NULL;
	int rc = text ? list_set(list, key, text) : -ENOMEM;

	free(text);
	json_decref(object);
	return rc;
}

static struct span domain_key(struct arena *arena, const struct domain_name *name)
{
	const struct span parts[] = { name->spid, name->sdname };

	return store_key(arena, 'S', 2, parts);
}

static struct span spid_key(struct arena *arena, struct span spid)
{
	return store_key(arena, 'A', 1, &spid);
}

static int domain_set(struct state_lists *lists, struct store *store, struct arena *arena,
		      const struct domain *domain)
{
	const struct span key = domain_key(arena, &domain->name);
	json_t *tas = json_array();
	int rc = key.data && tas ? ta_each(store, arena, domain->id, ta_add, tas) : -ENOMEM;

	if (rc) {
		json_decref(tas);
		return rc;
	}
	return object_set(&lists->domains, key,
			  json_pack("{s:o, s:o, s:o}", "name", otrp_text(domain->name.sdname),
				    "spid", otrp_text(domain->name.spid), "talist", tas));
}

static int key_set(struct state_lists *lists, struct store *store, struct arena *arena,
		   struct span tamid, struct span spid)
{
	const struct span key = spid_key(arena, spid);
	struct aik_public public;
	int rc = key.data ? aik_public_get(store, arena, tamid, spid, &public) : -ENOMEM;

	if (rc == -ENOENT)
		return list_set(&lists->keys, key, NULL);
	return rc ? rc
		  : object_set(&lists->keys, key,
			       json_pack("{s:o, s:o, s:o}", "spaik", otrp_text(public.text),
					 "spaiktype", otrp_text(public.type), "spid",
					 otrp_text(spid)));
}

struct reading {
	struct state_lists *lists;
	struct store *store;
	struct span last_spid;
	struct arena arena;
};

static int domain_read(void *context, const struct domain *domain)
{
	struct reading *reading = context;
	struct arena arena = { 0 };
	int rc = domain_set(reading->lists, reading->store, &arena, domain);

	/* Domains come in the order of their SP, each of which has a key. */
	if (rc == 0 && !span_equal(domain->name.spid, reading->last_spid)) {
		rc = key_set(reading->lists, reading->store, &arena, domain->name.tamid,
			     domain->name.spid);
		if (rc == 0 && !arena_copy(&reading->arena, domain->name.spid.data,
					   domain->name.spid.size, &reading->last_spid))
			rc = -ENOMEM;
	}
	arena_clear(&arena);
	return rc;
}

static struct state_lists *lists_find(struct state_lists_cache *cache, struct span tamid)
{
	for (unsigned int i = 0; i < STATE_LISTS_TAMS; i++)
		if (cache->of[i].tamid[0] && span_is(tamid, cache->of[i].tamid))
			return &cache->of[i];
	return NULL;
}

static struct state_lists *lists_oldest(struct state_lists_cache *cache)
{
	struct state_lists *oldest = &cache->of[0];

	for (unsigned int i = 1; i < STATE_LISTS_TAMS; i++)
		if (cache->of[i].used < oldest->used)
			oldest = &cache->of[i];
	return oldest;
}

struct state_lists *state_lists_get(struct state_lists_cache *cache, struct store *store,
				    struct span tamid, uint64_t dsigen)
{
	struct state_lists *lists = lists_find(cache, tamid);
	struct reading reading = { .store = store };
	int rc;

	if (!lists || lists->dsigen != dsigen ||
	    lists->domains.size + lists->keys.size > STATE_LISTS_SIZE_MAX) {
		lists = lists ? lists : lists_oldest(cache);
		lists_clear(lists);
		reading.lists = lists;
		rc = tamid.size < sizeof(lists->tamid)
			     ? domain_each(store, tamid, domain_read, &reading)
			     : -EINVAL;
		arena_clear(&reading.arena);
		if (rc) {
			lists_clear(lists);
			return NULL;
		}
		memcpy(lists->tamid, tamid.data, tamid.size);
		lists->dsigen = dsigen;
	}
	lists->used = ++cache->uses;
	return lists;
}

static int domain_follow(struct state_lists *lists, struct store *store, struct arena *arena,
			 const struct domain_name *name)
{
	const struct span key = domain_key(arena, name);
	struct domain domain = { 0 };
	int rc = key.data ? domain_get(store, arena, name, &domain) : -ENOMEM;

	if (rc == -ENOENT)
		rc = list_set(&lists->domains, key, NULL);
	else if (rc == 0)
		rc = domain_set(lists, store, arena, &domain);
	return rc ? rc : key_set(lists, store, arena, name->tamid, name->spid);
}

void state_lists_follow(struct state_lists_cache *cache, struct store *store, struct span tamid,
			uint64_t dsigen, const struct domain_name *touched, unsigned int count)
{
	struct state_lists *lists = lists_find(cache, tamid);
	struct arena arena = { 0 };
	int rc = 0;

	if (!lists)
		return;
	if (lists->dsigen + 1 != dsigen)
		rc = -ESTALE;
	for (unsigned int i = 0; rc == 0 && i < count; i++)
		if (touched[i].spid.data && touched[i].sdname.data)
			rc = domain_follow(lists, store, &arena, &touched[i]);
	arena_clear(&arena);
	if (rc)
		lists_clear(lists);
	else
		lists->dsigen = dsigen;
}

void state_lists_drop(struct state_lists_cache *cache, struct span tamid)
{
	struct state_lists *lists = lists_find(cache, tamid);

	if (lists)
		lists_clear(lists);
}

void state_lists_clear(struct state_lists_cache *cache)
{
	for (unsigned int i = 0; i < STATE_LISTS_TAMS; i++)
		lists_clear(&cache->of[i]);
}
