#include "otrp/domains.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/random.h>

#include "storage/forgotten.h"
#include "teep/otrp/record.h"
#include "teep/pki/fetched.h"

/* Kinds of rows; behind each, the parts of its key. */
enum {
	ROW_AIK = 'A',	       /* tamid, spid */
	ROW_AIK_PUBLIC = 'B',  /* the same; two parts, where ROW_BIRTH has one */
	ROW_SESSION = 'C',     /* tid, tamid */
	ROW_BIRTH = 'B',       /* taid */
	ROW_DOMAIN_NAME = 'D', /* id */
	ROW_FORGOTTEN = 'G',
	ROW_SESSION_AGE = 'E', /* tamid, number */
	ROW_CLOCK = 'K',
	ROW_REQUESTED = 'Q',
	ROW_MEMBER = 'L',   /* domain id, taid */
	ROW_SEEN = 'H',	    /* tamid, hash */
	ROW_PERSONAL = 'P', /* taid */
	ROW_DOMAIN = 'S',   /* tamid, spid, sdname */
	ROW_REQUEST = 'R',  /* tamid, number */
	ROW_TAM = 'T',	    /* tamid */
	ROW_TAM_NEW = 'U',  /* the count that a TAM without a row begins with */
	ROW_TA = 'I',	    /* taid */
	ROW_TRUST = 'V',
	ROW_IMAGE = 'X', /* taid */
};

#define ANY SIZE_MAX
#define SPAN(type, member)                                  \
	{                                                   \
		RECORD_SPAN, offsetof(type, member), 0, ANY \
	}
#define LIST(type, member)                                  \
	{                                                   \
		RECORD_LIST, offsetof(type, member), 0, ANY \
	}
#define NUMBER(type, member)                                         \
	{                                                            \
		RECORD_NUMBER, offsetof(type, member), 0, UINT32_MAX \
	}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct record_member domain_layout[] = {
	SPAN(struct domain, id),
	LIST(struct domain, signers),
};

static const struct record_member domain_name_layout[] = {
	SPAN(struct domain_name, tamid),
	SPAN(struct domain_name, spid),
	SPAN(struct domain_name, sdname),
};

static const struct record_member ta_layout[] = {
	SPAN(struct domain_ta, domain),	   SPAN(struct domain_ta, name),
	NUMBER(struct domain_ta, version), SPAN(struct domain_ta, hash),
	SPAN(struct domain_ta, signer),	   SPAN(struct domain_ta, tam_chain),
};

static const struct record_member aik_public_layout[] = {
	SPAN(struct aik_public, text),
	SPAN(struct aik_public, type),
};

static const struct record_member session_layout[] = {
	SPAN(struct tam_session, tamid),
	LIST(struct tam_session, chain),
	LIST(struct tam_session, ocsp),
};

static const struct record_member requested_layout[] = {
	{ RECORD_LIST, 0, REQUESTED_TAID_SIZE, ANY },
};

static struct span key_of(struct arena *arena, char kind, struct span a, struct span b,
			  struct span c)
{
	const struct span parts[] = { a, b, c };
	const unsigned count = c.data ? 3 : b.data ? 2 : a.data ? 1 : 0;

	return store_key(arena, kind, count, parts);
}

#define KEY1(arena, kind, a)	   key_of(arena, kind, a, (struct span) { 0 }, (struct span) { 0 })
#define KEY2(arena, kind, a, b)	   key_of(arena, kind, a, b, (struct span) { 0 })
#define KEY3(arena, kind, a, b, c) key_of(arena, kind, a, b, c)

/* The parts of a key that store_key() made, as text. Returns false when there are fewer. */
static bool key_parts(struct span key, unsigned count, struct span *parts)
{
	const uint8_t *at = key.data + 1, *end = key.data + key.size;

	for (unsigned i = 0; i < count; i++) {
		const uint8_t *stop = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;

		if (!stop)
			return false;
		parts[i] = span_of(at, (size_t)(stop - at));
		at = stop + 1;
	}
	return true;
}

static int record_get(struct store *store, struct arena *arena, struct span key,
		      const struct record_member *layout, size_t count, void *out)
{
	struct span value;
	int rc = key.data ? store_get(store, key, arena, &value) : -ENOMEM;

	return rc ? rc : otrp_record_parse(value, layout, count, out);
}

static int record_put(struct store *store, struct arena *arena, struct span key,
		      const struct record_member *layout, size_t count, const void *object)
{
	struct span value;
	int rc = key.data ? otrp_record_encode(object, layout, count, arena, &value) : -ENOMEM;

	return rc ? rc : store_put(store, key, value);
}

int domain_get(struct store *store, struct arena *arena, const struct domain_name *name,
	       struct domain *out)
{
	out->name = *name;
	return record_get(store, arena,
			  KEY3(arena, ROW_DOMAIN, name->tamid, name->spid, name->sdname),
			  domain_layout, COUNT(domain_layout), out);
}

int domain_put(struct store *store, struct arena *arena, struct domain *domain)
{
	const struct domain_name *name = &domain->name;
	int rc = 0;

	if (!domain->id.data) {
		char *id = arena_take(arena, DOMAIN_ID_SIZE + 1);
		uint64_t number;

		if (!id || getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -ENOMEM;
		snprintf(id, DOMAIN_ID_SIZE + 1, "%016llx", (unsigned long long)number);
		domain->id = span_of(id, DOMAIN_ID_SIZE);
	}
	rc = record_put(store, arena,
			KEY3(arena, ROW_DOMAIN, name->tamid, name->spid, name->sdname),
			domain_layout, COUNT(domain_layout), domain);
	return rc ? rc
		  : record_put(store, arena, KEY1(arena, ROW_DOMAIN_NAME, domain->id),
			       domain_name_layout, COUNT(domain_name_layout), name);
}

int domain_delete(struct store *store, struct arena *arena, const struct domain *domain)
{
	const struct domain_name *name = &domain->name;
	int rc =
		store_delete(store, KEY3(arena, ROW_DOMAIN, name->tamid, name->spid, name->sdname));

	return rc ? rc : store_delete(store, KEY1(arena, ROW_DOMAIN_NAME, domain->id));
}

struct domain_visit {
	struct arena *arena;
	struct span sdname;
	struct domain *out;
	unsigned count;
	int (*each)(void *context, const struct domain *domain);
	void *context;
};

static int domain_visit_row(void *context, struct span key, struct span value)
{
	struct domain_visit *visit = context;
	struct domain domain = { 0 };
	struct span parts[3];

	if (!key_parts(key, 3, parts) ||
	    otrp_record_parse(value, domain_layout, COUNT(domain_layout), &domain))
		return -EBADMSG;
	domain.name = (struct domain_name) { parts[0], parts[1], parts[2] };
	return visit->each(visit->context, &domain);
}

int domain_each(struct store *store, struct span tamid,
		int (*each)(void *context, const struct domain *domain), void *context)
{
	struct domain_visit visit = { .each = each, .context = context };
	struct arena arena = { 0 };
	const struct span prefix = KEY1(&arena, ROW_DOMAIN, tamid);
	int rc = prefix.data ? store_scan(store, prefix, true, domain_visit_row, &visit) : -ENOMEM;

	arena_clear(&arena);
	return rc;
}

static int name_match(void *context, struct span key, struct span value)
{
	struct domain_visit *visit = context;
	struct span parts[3];

	(void)value;
	if (!key_parts(key, 3, parts))
		return -EBADMSG;
	if (!span_equal(parts[2], visit->sdname))
		return 0;
	visit->count++;
	return arena_copy(visit->arena, parts[0].data, parts[0].size, &visit->out->name.tamid) &&
			       arena_copy(visit->arena, parts[1].data, parts[1].size,
					  &visit->out->name.spid) &&
			       arena_copy(visit->arena, parts[2].data, parts[2].size,
					  &visit->out->name.sdname)
		       ? 0
		       : -ENOMEM;
}

int domain_find(struct store *store, struct arena *arena, struct span tamid, struct span sdname,
		struct domain *out, unsigned *count)
{
	struct domain_visit visit = { .arena = arena, .sdname = sdname, .out = out };
	const struct span prefix = KEY1(arena, ROW_DOMAIN, tamid);
	struct domain_name name;
	int rc = prefix.data ? store_scan(store, prefix, false, name_match, &visit) : -ENOMEM;

	*count = visit.count;
	if (rc)
		return rc;
	if (!visit.count)
		return -ENOENT;
	name = out->name;
	return domain_get(store, arena, &name, out);
}

/* Ends a scan at its first row. */
static int stop_there(void *context, struct span key, struct span value)
{
	(void)context;
	(void)key;
	(void)value;
	return 1;
}

static int any_row(struct store *store, struct span prefix, bool *any)
{
	const int rc = prefix.data ? store_scan(store, prefix, false, stop_there, NULL) : -ENOMEM;

	*any = rc == 1;
	return rc == 1 ? 0 : rc;
}

int domain_any(struct store *store, struct arena *arena, struct span tamid, struct span spid,
	       bool *any)
{
	return any_row(store, KEY2(arena, ROW_DOMAIN, tamid, spid), any);
}

int domain_of_id(struct store *store, struct arena *arena, struct span id, struct domain *out)
{
	struct domain_name name;
	int rc = record_get(store, arena, KEY1(arena, ROW_DOMAIN_NAME, id), domain_name_layout,
			    COUNT(domain_name_layout), &name);

	return rc ? rc : domain_get(store, arena, &name, out);
}

int ta_get(struct store *store, struct arena *arena, struct span taid, struct domain_ta *out)
{
	out->taid = taid;
	return record_get(store, arena, KEY1(arena, ROW_TA, taid), ta_layout, COUNT(ta_layout),
			  out);
}

int ta_put(struct store *store, struct arena *arena, const struct domain_ta *ta)
{
	int rc = record_put(store, arena, KEY1(arena, ROW_TA, ta->taid), ta_layout,
			    COUNT(ta_layout), ta);

	return rc ? rc : store_put(store, KEY2(arena, ROW_MEMBER, ta->domain, ta->taid), ta->name);
}

static struct span part_key(struct arena *arena, struct span taid, enum ta_part part)
{
	return KEY1(arena, part == TA_PART_IMAGE ? ROW_IMAGE : ROW_PERSONAL, taid);
}

#define BIRTH_SIZE 16

int ta_born(struct store *store, struct arena *arena, struct span taid)
{
	const struct span key = KEY1(arena, ROW_BIRTH, taid);
	uint8_t birth[BIRTH_SIZE];

	if (!key.data || getrandom(birth, sizeof(birth), 0) != (ssize_t)sizeof(birth))
		return -ENOMEM;
	return store_put(store, key, span_of(birth, sizeof(birth)));
}

/* Of the TAM as well, since an identifier that is no more than random is another's with another
 * TAM. */
int ta_mark_get(struct store *store, struct arena *arena, const struct domain_ta *ta,
		uint8_t mark[TA_MARK_SIZE])
{
	static const char purpose[] = "teesim security domain";
	struct domain domain = { 0 };
	struct span birth = span_of("", 0);
	const struct span key = KEY1(arena, ROW_BIRTH, ta->taid);
	int rc = domain_of_id(store, arena, ta->domain, &domain);

	if (rc == 0)
		rc = key.data ? store_get(store, key, arena, &birth) : -ENOMEM;
	/* Installed by a version that gave them none. */
	if (rc == -ENOENT && domain.id.data)
		rc = 0;
	if (rc == 0) {
		const struct span parts[] = { span_of(purpose, sizeof(purpose)), domain.name.tamid,
					      span_of("", 1), ta->domain, birth };
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		bool done = context &&
			    EVP_DigestInit_ex(context, fetched_digest(FETCHED_SHA256), NULL) == 1;

		for (size_t i = 0; done && i < COUNT(parts); i++)
			done = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
		if (!done || EVP_DigestFinal_ex(context, mark, NULL) != 1)
			rc = -ENOMEM;
		EVP_MD_CTX_free(context);
	}
	return rc;
}

int ta_number_get(struct store *store, struct arena *arena, const struct domain_ta *ta,
		  uint8_t number[TA_NUMBER_SIZE])
{
	uint8_t mark[TA_MARK_SIZE];
	int rc = ta_mark_get(store, arena, ta, mark);

	if (rc == 0 && !sha256_make(mark, sizeof(mark), number))
		rc = -ENOMEM;
	return rc;
}

int ta_forgotten_get(struct store *store, struct arena *arena, struct span *records)
{
	const struct span key = store_key(arena, ROW_FORGOTTEN, 0, NULL);
	int rc = key.data ? store_get(store, key, arena, records) : -ENOMEM;

	if (rc == -ENOENT) {
		*records = span_of("", 0);
		rc = 0;
	}
	return rc;
}

/* In the transaction that deletes the TA. */
static int ta_forget(struct store *store, struct arena *arena, const struct domain_ta *ta)
{
	const struct span key = store_key(arena, ROW_FORGOTTEN, 0, NULL);
	struct forgotten_record record = { 0 };
	char text[UUID_TEXT_SIZE] = "";
	struct span before;
	struct uuid uuid;
	uint8_t *all;
	int rc = ta_mark_get(store, arena, ta, record.mark);

	if (rc == 0)
		rc = key.data ? ta_forgotten_get(store, arena, &before) : -ENOMEM;
	if (rc)
		return rc;
	if (ta->taid.size >= sizeof(text))
		return -EBADMSG;
	memcpy(text, ta->taid.data, ta->taid.size);
	if (uuid_parse(text, &uuid) < 0)
		return -EBADMSG;
	memcpy(record.ta, uuid.octet, sizeof(record.ta));
	if (before.size >= FORGOTTEN_MAX * sizeof(record)) {
		before.data += sizeof(record);
		before.size -= sizeof(record);
	}
	all = arena_take(arena, before.size + sizeof(record));
	if (!all)
		return -ENOMEM;
	memcpy(all, before.data, before.size);
	memcpy(all + before.size, &record, sizeof(record));
	return store_put(store, key, span_of(all, before.size + sizeof(record)));
}

int ta_delete(struct store *store, struct arena *arena, const struct domain_ta *ta)
{
	int rc = ta_forget(store, arena, ta);

	if (rc == 0)
		rc = store_delete(store, KEY1(arena, ROW_TA, ta->taid));
	if (rc == 0) {
		rc = store_delete(store, KEY1(arena, ROW_BIRTH, ta->taid));
		if (rc == -ENOENT)
			rc = 0;
	}

	if (rc == 0)
		rc = store_delete(store, KEY2(arena, ROW_MEMBER, ta->domain, ta->taid));
	for (int part = TA_PART_IMAGE; rc == 0 && part <= TA_PART_PERSONAL; part++) {
		rc = store_delete(store, part_key(arena, ta->taid, (enum ta_part)part));
		if (rc == -ENOENT)
			rc = 0;
	}
	return rc;
}

struct ta_visit {
	struct arena *arena;
	struct span taid;
	int (*each)(void *context, struct span taid, struct span name);
	void *context;
};

static int ta_visit_row(void *context, struct span key, struct span value)
{
	struct ta_visit *visit = context;
	struct span parts[2];

	return key_parts(key, 2, parts) ? visit->each(visit->context, parts[1], value) : -EBADMSG;
}

int ta_each(struct store *store, struct arena *arena, struct span domain,
	    int (*each)(void *context, struct span taid, struct span name), void *context)
{
	struct ta_visit visit = { .each = each, .context = context };
	const struct span prefix = KEY1(arena, ROW_MEMBER, domain);

	return prefix.data ? store_scan(store, prefix, true, ta_visit_row, &visit) : -ENOMEM;
}

struct device_visit {
	int (*each)(void *context, const struct domain_ta *ta);
	void *context;
};

static int device_visit_row(void *context, struct span key, struct span value)
{
	struct device_visit *visit = context;
	struct domain_ta ta;

	if (!key_parts(key, 1, &ta.taid) ||
	    otrp_record_parse(value, ta_layout, COUNT(ta_layout), &ta))
		return -EBADMSG;
	return visit->each(visit->context, &ta);
}

int ta_each_of_device(struct store *store, struct arena *arena,
		      int (*each)(void *context, const struct domain_ta *ta), void *context)
{
	struct device_visit visit = { each, context };
	const struct span prefix = store_key(arena, ROW_TA, 0, NULL);

	return prefix.data ? store_scan(store, prefix, true, device_visit_row, &visit) : -ENOMEM;
}

static int first_taid(void *context, struct span key, struct span value)
{
	struct ta_visit *visit = context;
	struct span parts[2];

	(void)value;
	if (!key_parts(key, 2, parts) ||
	    !arena_copy(visit->arena, parts[1].data, parts[1].size, &visit->taid))
		return -EBADMSG;
	return 1;
}

/* One after the other: a scan must not stand in a store that changes. */
int ta_delete_all(struct store *store, struct arena *arena, struct span domain)
{
	const struct span prefix = KEY1(arena, ROW_MEMBER, domain);
	struct ta_visit visit = { .arena = arena };
	struct domain_ta ta;
	int rc = prefix.data ? 0 : -ENOMEM;

	while (rc == 0) {
		rc = store_scan(store, prefix, false, first_taid, &visit);
		if (rc != 1)
			return rc;
		rc = ta_get(store, arena, visit.taid, &ta);
		if (rc == 0)
			rc = ta_delete(store, arena, &ta);
	}
	return rc;
}

int ta_any(struct store *store, struct arena *arena, struct span domain, bool *any)
{
	return any_row(store, KEY1(arena, ROW_MEMBER, domain), any);
}

int ta_part_get(struct store *store, struct arena *arena, struct span taid, enum ta_part part,
		struct span *out)
{
	const struct span key = part_key(arena, taid, part);

	return key.data ? store_get(store, key, arena, out) : -ENOMEM;
}

int ta_part_put(struct store *store, struct arena *arena, struct span taid, enum ta_part part,
		struct span octets)
{
	const struct span key = part_key(arena, taid, part);

	return key.data ? store_put_late(store, key, octets) : -ENOMEM;
}

int aik_get(struct store *store, struct arena *arena, struct span tamid, struct span spid,
	    struct span *der)
{
	const struct span key = KEY2(arena, ROW_AIK, tamid, spid);

	return key.data ? store_get(store, key, arena, der) : -ENOMEM;
}

int aik_put(struct store *store, struct arena *arena, struct span tamid, struct span spid,
	    struct span der)
{
	const struct span key = KEY2(arena, ROW_AIK, tamid, spid);

	return key.data ? store_put(store, key, der) : -ENOMEM;
}

int aik_delete(struct store *store, struct arena *arena, struct span tamid, struct span spid)
{
	const struct span key = KEY2(arena, ROW_AIK, tamid, spid);
	const struct span public = KEY2(arena, ROW_AIK_PUBLIC, tamid, spid);
	int rc = key.data && public.data ? store_delete(store, key) : -ENOMEM;

	return rc ? rc : store_delete(store, public);
}

int aik_public_get(struct store *store, struct arena *arena, struct span tamid, struct span spid,
		   struct aik_public *out)
{
	return record_get(store, arena, KEY2(arena, ROW_AIK_PUBLIC, tamid, spid), aik_public_layout,
			  COUNT(aik_public_layout), out);
}

int aik_public_put(struct store *store, struct arena *arena, struct span tamid, struct span spid,
		   const struct aik_public *key)
{
	return record_put(store, arena, KEY2(arena, ROW_AIK_PUBLIC, tamid, spid), aik_public_layout,
			  COUNT(aik_public_layout), key);
}

static int first_count_get(struct store *store, struct arena *arena, uint64_t *out)
{
	const struct span key = store_key(arena, ROW_TAM_NEW, 0, NULL);
	struct span value;
	int rc = key.data ? store_get(store, key, arena, &value) : -ENOMEM;

	*out = 0;
	if (rc == 0 && value.size != sizeof(*out))
		rc = -EBADMSG;
	if (rc == 0)
		memcpy(out, value.data, sizeof(*out));
	return rc == -ENOENT ? 0 : rc;
}

int tam_get(struct store *store, struct arena *arena, struct span tamid, struct tam_memory *out)
{
	const struct span key = KEY1(arena, ROW_TAM, tamid);
	struct span value;
	int rc = key.data ? store_get(store, key, arena, &value) : -ENOMEM;

	memset(out, 0, sizeof(*out));
	if (rc == -ENOENT)
		return first_count_get(store, arena, &out->dsigen);
	if (rc == 0 && value.size != sizeof(*out))
		rc = -EBADMSG;
	if (rc == 0)
		memcpy(out, value.data, sizeof(*out));
	return rc;
}

int tam_put(struct store *store, struct arena *arena, struct span tamid,
	    const struct tam_memory *memory)
{
	const struct span key = KEY1(arena, ROW_TAM, tamid);

	return key.data ? store_put_late(store, key, span_of(memory, sizeof(*memory))) : -ENOMEM;
}

struct tam_rows {
	struct arena arena;
	struct tam_row {
		struct tam_row *next;
		struct span key;
		struct tam_memory memory;
	} * first;
};

static int tam_row_collect(void *context, struct span key, struct span value)
{
	struct tam_rows *rows = context;
	struct tam_row *row = arena_take(&rows->arena, sizeof(*row));
	uint8_t *copy = arena_take(&rows->arena, key.size);

	if (!row || !copy)
		return -ENOMEM;
	if (value.size != sizeof(row->memory))
		return -EBADMSG;
	memcpy(copy, key.data, key.size);
	memcpy(&row->memory, value.data, value.size);
	row->key = span_of(copy, key.size);
	row->next = rows->first;
	rows->first = row;
	return 0;
}

int tams_advance(struct store *store, uint64_t by)
{
	static const uint8_t kind = ROW_TAM;
	struct tam_rows rows = { 0 };
	uint64_t first = 0;
	int rc = store_scan(store, span_of(&kind, 1), true, tam_row_collect, &rows);

	for (struct tam_row *row = rows.first; rc == 0 && row; row = row->next) {
		row->memory.dsigen += by;
		row->memory.dsi_valid = 0;
		rc = store_put(store, row->key, span_of(&row->memory, sizeof(row->memory)));
	}
	if (rc == 0)
		rc = first_count_get(store, &rows.arena, &first);
	first += by;
	if (rc == 0)
		rc = store_put(store, store_key(&rows.arena, ROW_TAM_NEW, 0, NULL),
			       span_of(&first, sizeof(first)));
	arena_clear(&rows.arena);
	return rc;
}

/* Lengths first, so that no two pairs look the same. */
static bool request_hash(struct span rid, struct span tid, struct arena *arena, struct span *out)
{
	uint8_t digest[32];
	struct span text;
	char *digits = arena_take(arena, 2 * sizeof(digest) + 1);
	uint8_t *joined = arena_take(arena, rid.size + tid.size + 2);

	if (!digits || !joined)
		return false;
	joined[0] = (uint8_t)rid.size;
	memcpy(joined + 1, rid.data, rid.size);
	joined[rid.size + 1] = (uint8_t)tid.size;
	memcpy(joined + rid.size + 2, tid.data, tid.size);
	text = span_of(joined, rid.size + tid.size + 2);
	if (!sha256_make(text.data, text.size, digest))
		return false;
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(digits + 2 * i, 3, "%02x", digest[i]);
	*out = span_of(digits, 2 * sizeof(digest));
	return true;
}

static struct span number_text(struct arena *arena, uint64_t number)
{
	char *text = arena_take(arena, 17);

	if (!text)
		return (struct span) { 0 };
	snprintf(text, 17, "%016llx", (unsigned long long)number);
	return span_of(text, 16);
}

int request_seen(struct store *store, struct arena *arena, struct span tamid, struct span rid,
		 struct span tid, bool *seen)
{
	struct span hash, value;
	int rc;

	if (!request_hash(rid, tid, arena, &hash))
		return -ENOMEM;
	rc = store_get(store, KEY2(arena, ROW_SEEN, tamid, hash), arena, &value);
	*seen = rc == 0;
	return rc == -ENOENT ? 0 : rc;
}

int request_note(struct store *store, struct arena *arena, struct span tamid,
		 struct tam_memory *memory, struct span rid, struct span tid)
{
	struct span hash, oldest, number = number_text(arena, memory->requests);
	int rc;

	if (!number.data || !request_hash(rid, tid, arena, &hash))
		return -ENOMEM;
	rc = store_put(store, KEY2(arena, ROW_SEEN, tamid, hash), span_of("", 0));
	if (rc == 0)
		rc = store_put(store, KEY2(arena, ROW_REQUEST, tamid, number), hash);
	if (rc == 0 && memory->requests >= REQUESTS_REMEMBERED) {
		number = number_text(arena, memory->requests - REQUESTS_REMEMBERED);
		if (!number.data)
			return -ENOMEM;
		rc = store_get(store, KEY2(arena, ROW_REQUEST, tamid, number), arena, &oldest);
		if (rc == 0)
			rc = store_delete(store, KEY2(arena, ROW_SEEN, tamid, oldest));
		if (rc == 0)
			rc = store_delete(store, KEY2(arena, ROW_REQUEST, tamid, number));
	}
	memory->requests++;
	return rc;
}

struct slot_search {
	struct arena *arena;
	struct span tid, slot;
};

static int slot_match(void *context, struct span key, struct span value)
{
	struct slot_search *search = context;

	if (!span_equal(value, search->tid))
		return 0;
	return arena_copy(search->arena, key.data, key.size, &search->slot) ? 1 : -ENOMEM;
}

/* A session whose id is used again has one slot, not an older one as well that takes it along. */
static int session_slot_leave(struct store *store, struct arena *arena, struct span tamid,
			      struct span tid)
{
	struct slot_search search = { .arena = arena, .tid = tid };
	struct span unused;
	int rc = store_get(store, KEY2(arena, ROW_SESSION, tid, tamid), arena, &unused);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	rc = store_scan(store, KEY1(arena, ROW_SESSION_AGE, tamid), true, slot_match, &search);
	return rc == 1 ? store_delete(store, search.slot) : rc;
}

int session_put(struct store *store, struct arena *arena, struct span tid,
		struct tam_memory *memory, const struct tam_session *session)
{
	/* Sessions age with the requests that began them. */
	const struct span number = number_text(arena, memory->requests % SESSIONS_REMEMBERED);
	struct span slot, old;
	int rc;

	if (!number.data)
		return -ENOMEM;
	slot = KEY2(arena, ROW_SESSION_AGE, session->tamid, number);
	rc = session_slot_leave(store, arena, session->tamid, tid);
	if (rc == 0)
		rc = store_get(store, slot, arena, &old);
	if (rc == 0) {
		rc = store_delete(store, KEY2(arena, ROW_SESSION, old, session->tamid));
		if (rc == -ENOENT)
			rc = 0;
	} else if (rc == -ENOENT) {
		rc = 0;
	}
	if (rc == 0)
		rc = store_put(store, slot, tid);
	return rc ? rc
		  : record_put(store, arena, KEY2(arena, ROW_SESSION, tid, session->tamid),
			       session_layout, COUNT(session_layout), session);
}

struct session_visit {
	int (*each)(void *context, const struct tam_session *session);
	void *context;
};

static int session_visit_row(void *context, struct span key, struct span value)
{
	struct session_visit *visit = context;
	struct tam_session session;

	(void)key;
	if (otrp_record_parse(value, session_layout, COUNT(session_layout), &session))
		return -EBADMSG;
	return visit->each(visit->context, &session);
}

int session_each(struct store *store, struct arena *arena, struct span tid,
		 int (*each)(void *context, const struct tam_session *session), void *context)
{
	struct session_visit visit = { each, context };
	const struct span prefix = KEY1(arena, ROW_SESSION, tid);

	return prefix.data ? store_scan(store, prefix, true, session_visit_row, &visit) : -ENOMEM;
}

int requested_get(struct store *store, struct arena *arena, struct span_list *out)
{
	int rc = record_get(store, arena, store_key(arena, ROW_REQUESTED, 0, NULL),
			    requested_layout, COUNT(requested_layout), out);

	if (rc)
		out->count = 0;
	return rc == -ENOENT ? 0 : rc;
}

int requested_put(struct store *store, struct arena *arena, const struct span_list *tas)
{
	return record_put(store, arena, store_key(arena, ROW_REQUESTED, 0, NULL), requested_layout,
			  COUNT(requested_layout), tas);
}

int requested_drop(struct store *store, struct arena *arena, struct span taid)
{
	struct span_list tas;
	uint32_t kept = 0;
	int rc = requested_get(store, arena, &tas);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < tas.count; i++)
		if (!span_equal(span_of(tas.item[i].data, REQUESTED_TAID_SIZE), taid))
			tas.item[kept++] = tas.item[i];
	if (kept == tas.count)
		return 0;
	tas.count = kept;
	return requested_put(store, arena, &tas);
}

int clock_floor_get(struct store *store, struct arena *arena, uint64_t *seconds)
{
	struct span value;
	int rc = store_get(store, store_key(arena, ROW_CLOCK, 0, NULL), arena, &value);

	*seconds = 0;
	if (rc == 0 && value.size == sizeof(*seconds))
		memcpy(seconds, value.data, sizeof(*seconds));
	return rc == -ENOENT ? 0 : rc;
}

int clock_floor_put(struct store *store, struct arena *arena, uint64_t seconds)
{
	return store_put(store, store_key(arena, ROW_CLOCK, 0, NULL),
			 span_of(&seconds, sizeof(seconds)));
}

int trust_list_get(struct store *store, struct arena *arena, struct span *record)
{
	return store_get(store, store_key(arena, ROW_TRUST, 0, NULL), arena, record);
}

int trust_list_put(struct store *store, struct arena *arena, struct span record)
{
	return store_put(store, store_key(arena, ROW_TRUST, 0, NULL), record);
}
