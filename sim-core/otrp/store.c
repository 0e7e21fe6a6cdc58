#include "otrp/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/boot.h"
#include "device/paths.h"
#include "device/seal.h"

#define SIZE_MAX_DEFAULT  (1ULL << 30)
#define PAGE_SIZE	  4096
#define BUSY_MS		  20000
#define SUM_SIZE	  DEVICE_SEAL_MAC_SIZE
#define MARK_SIZE	  DEVICE_SEAL_MAC_SIZE
#define DEVICE_SEAL_NONCE 24U
#define DEVICE_SEAL_TAG	  16U

enum {
	GET,
	PUT,
	DELETE,
	SCAN,
	BEGIN,
	COMMIT,
	ROLLBACK,
	STATEMENT_COUNT,
};

static const char *const texts[STATEMENT_COUNT] = {
	[GET] = "SELECT v FROM item WHERE k = ?1",
	[PUT] = "INSERT OR REPLACE INTO item (k, v) VALUES (?1, ?2)",
	[DELETE] = "DELETE FROM item WHERE k = ?1",
	[SCAN] = "SELECT k, v FROM item WHERE k >= ?1 AND k < ?2 ORDER BY k",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

/* What is sealed under the state's key. */
struct state {
	uint64_t generation;
	uint8_t sum[SUM_SIZE];	     /* of all other rows */
	uint8_t previous[MARK_SIZE]; /* mark of the state before this one */
};

/* A state's mark is a keyed hash of the nonce and tag that it was sealed with: no two are the same,
 * even where they say the same. That before the first is zero. */
struct counter_slot {
	uint64_t generation;
	uint8_t mark[MARK_SIZE];
	uint8_t mac[DEVICE_SEAL_MAC_SIZE];
};

/* More than these are not worth to be put off. */
#define LATE_MAX 4U

struct late {
	struct span key, value;
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	struct device_seal_key key;
	/* One that no scan uses now: scans may stand in one another, and there are many. */
	sqlite3_stmt *spare_scan;
	int counter_fd;
	bool durable;
	bool in_transaction;
	bool uncounted; /* the last commit is not in the counter's file yet */
	struct late late[LATE_MAX];
	unsigned int late_count;
	struct state state, before; /* the latter as it was when the transaction began */
	uint8_t mark[MARK_SIZE];    /* of the state that was committed last */
};

/* Sorts before all others, and is no key that store_key() makes. */
static const struct span state_key = { (const uint8_t *)"\1state", 6 };

static int complain(int code, char *err, size_t errlen, const char *directory, const char *what)
{
	if (code)
		snprintf(err, errlen, "%s/domains.db: %s%s%s", directory, what,
			 code == -EBADMSG || code == -ESTALE || code == -EBUSY ? "" : ": ",
			 code == -EBADMSG || code == -ESTALE || code == -EBUSY ? ""
									       : strerror(-code));
	return code;
}

static int error_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

/* The sum's parts are octets of one long number, the least first. */
static void sum_add(uint8_t sum[SUM_SIZE], const uint8_t part[SUM_SIZE])
{
	unsigned carry = 0;

	for (unsigned i = 0; i < SUM_SIZE; i++) {
		carry += (unsigned)sum[i] + part[i];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void sum_subtract(uint8_t sum[SUM_SIZE], const uint8_t part[SUM_SIZE])
{
	int borrow = 0;

	for (unsigned i = 0; i < SUM_SIZE; i++) {
		borrow += (int)sum[i] - part[i];
		sum[i] = (uint8_t)borrow;
		borrow >>= 8;
	}
}

/* Nonce and tag stand for the whole of what is sealed. */
static int row_mac(const struct store *store, struct span key, struct span sealed,
		   uint8_t out[SUM_SIZE])
{
	uint8_t ends[DEVICE_SEAL_NONCE + DEVICE_SEAL_TAG];

	if (sealed.size < sizeof(ends))
		return -EBADMSG;
	memcpy(ends, sealed.data, DEVICE_SEAL_NONCE);
	memcpy(ends + DEVICE_SEAL_NONCE, sealed.data + sealed.size - DEVICE_SEAL_TAG,
	       DEVICE_SEAL_TAG);
	device_seal_mac(&store->key, key.data, key.size, ends, sizeof(ends), out);
	return 0;
}

static struct span column(sqlite3_stmt *statement, int index)
{
	const void *data = sqlite3_column_blob(statement, index);

	return span_of(data ? data : "", (size_t)sqlite3_column_bytes(statement, index));
}

static int unseal(const struct store *store, struct span key, struct span sealed,
		  struct arena *arena, struct span *value)
{
	uint8_t *plain;
	size_t size;
	int rc;

	if (sealed.size < DEVICE_SEAL_OVERHEAD)
		return -EBADMSG;
	size = sealed.size - DEVICE_SEAL_OVERHEAD;
	plain = arena_take(arena, size);
	if (!plain)
		return -ENOMEM;
	rc = device_seal_open(&store->key, key.data, key.size, sealed.data, sealed.size, plain);
	*value = span_of(plain, size);
	return rc;
}

static int bind_key(sqlite3_stmt *statement, int index, struct span key)
{
	return sqlite3_bind_blob(statement, index, key.data, (int)key.size, SQLITE_STATIC);
}

/* Runs a statement without rows. */
static int run(struct store *store, int which)
{
	sqlite3_stmt *statement = store->statements[which];
	const int rc = sqlite3_step(statement);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return error_of(rc);
}

static int sealed_write(struct store *store, struct span key, const uint8_t *sealed, size_t size)
{
	sqlite3_stmt *statement = store->statements[PUT];

	if (bind_key(statement, 1, key) ||
	    sqlite3_bind_blob64(statement, 2, sealed, size, SQLITE_STATIC)) {
		sqlite3_reset(statement);
		sqlite3_clear_bindings(statement);
		return -ENOSPC;
	}
	return run(store, PUT);
}

static int state_write(struct store *store, uint8_t mark[MARK_SIZE])
{
	uint8_t sealed[sizeof(store->state) + DEVICE_SEAL_OVERHEAD];
	int rc;

	device_seal(&store->key, state_key.data, state_key.size, &store->state,
		    sizeof(store->state), sealed);
	rc = row_mac(store, state_key, span_of(sealed, sizeof(sealed)), mark);
	return rc ? rc : sealed_write(store, state_key, sealed, sizeof(sealed));
}

/* Takes the row that is there out of the sum. -ENOENT when there is none. */
static int row_forget(struct store *store, struct span key)
{
	sqlite3_stmt *statement = store->statements[GET];
	uint8_t mac[SUM_SIZE] = { 0 };
	int rc = -ENOENT;
	int step;

	if (bind_key(statement, 1, key))
		return -ENOMEM;
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		rc = row_mac(store, key, column(statement, 0), mac);
	else if (step != SQLITE_DONE)
		rc = error_of(step);
	sqlite3_reset(statement);
	if (rc == 0)
		sum_subtract(store->state.sum, mac);
	return rc;
}

int store_get(struct store *store, struct span key, struct arena *arena, struct span *value)
{
	sqlite3_stmt *statement = store->statements[GET];
	int rc = -ENOENT;
	int step;

	if (bind_key(statement, 1, key))
		return -ENOMEM;
	step = sqlite3_step(statement);
	if (step == SQLITE_ROW)
		rc = unseal(store, key, column(statement, 0), arena, value);
	else if (step != SQLITE_DONE)
		rc = error_of(step);
	sqlite3_reset(statement);
	return rc;
}

int store_put(struct store *store, struct span key, struct span value)
{
	const size_t size = value.size + DEVICE_SEAL_OVERHEAD;
	uint8_t *sealed = malloc(size), mac[SUM_SIZE] = { 0 };
	int rc;

	if (!sealed)
		return -ENOMEM;
	device_seal(&store->key, key.data, key.size, value.data, value.size, sealed);
	rc = row_forget(store, key);
	if (rc == -ENOENT)
		rc = 0;
	if (rc == 0)
		rc = sealed_write(store, key, sealed, size);
	if (rc == 0)
		rc = row_mac(store, key, span_of(sealed, size), mac);
	if (rc == 0)
		sum_add(store->state.sum, mac);
	free(sealed);
	return rc;
}

int store_put_late(struct store *store, struct span key, struct span value)
{
	if (store->late_count == LATE_MAX)
		return store_put(store, key, value);
	store->late[store->late_count++] = (struct late) { key, value };
	return 0;
}

int store_delete(struct store *store, struct span key)
{
	const int rc = row_forget(store, key);

	if (rc)
		return rc;
	if (bind_key(store->statements[DELETE], 1, key))
		return -ENOMEM;
	return run(store, DELETE);
}

int store_scan(struct store *store, struct span prefix, bool values,
	       int (*each)(void *context, struct span key, struct span value), void *context)
{
	sqlite3_stmt *statement = store->spare_scan;
	uint8_t *end = malloc(prefix.size + 1);
	int rc = 0, step = SQLITE_DONE;

	store->spare_scan = NULL;
	if (!end ||
	    (!statement && sqlite3_prepare_v2(store->db, texts[SCAN], -1, &statement, NULL))) {
		sqlite3_finalize(statement);
		free(end);
		return -ENOMEM;
	}
	/* No key has an octet 0xff there: parts are UTF-8 or follow a zero octet. */
	memcpy(end, prefix.data, prefix.size);
	end[prefix.size] = 0xff;
	if (bind_key(statement, 1, prefix) || bind_key(statement, 2, span_of(end, prefix.size + 1)))
		rc = -ENOMEM;
	while (rc == 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		struct arena arena = { 0 };
		const struct span key = column(statement, 0);
		struct span value = { 0 };

		if (values)
			rc = unseal(store, key, column(statement, 1), &arena, &value);
		if (rc == 0)
			rc = each(context, key, value);
		arena_clear(&arena);
	}
	if (rc == 0)
		rc = error_of(step);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	if (store->spare_scan)
		sqlite3_finalize(statement);
	else
		store->spare_scan = statement;
	free(end);
	return rc;
}

static int counter_write(struct store *store)
{
	struct counter_slot slot = { .generation = store->state.generation };
	const off_t at = (off_t)(slot.generation % 2 * sizeof(slot));

	memcpy(slot.mark, store->mark, sizeof(slot.mark));
	device_seal_mac(&store->key, "counter", 7, &slot, offsetof(struct counter_slot, mac),
			slot.mac);
	store->uncounted =
		pwrite(store->counter_fd, &slot, sizeof(slot), at) != (ssize_t)sizeof(slot) ||
		(store->durable && fdatasync(store->counter_fd) < 0);
	return store->uncounted ? -EIO : 0;
}

/* The higher of the two slots that hold; one may be torn. All zero when none does. */
static void counter_read(const struct store *store, struct counter_slot *highest)
{
	*highest = (struct counter_slot) { 0 };

	for (int i = 0; i < 2; i++) {
		struct counter_slot slot;
		uint8_t mac[DEVICE_SEAL_MAC_SIZE];

		if (pread(store->counter_fd, &slot, sizeof(slot), i * (off_t)sizeof(slot)) !=
		    (ssize_t)sizeof(slot))
			continue;
		device_seal_mac(&store->key, "counter", 7, &slot,
				offsetof(struct counter_slot, mac), mac);
		if (memcmp(mac, slot.mac, sizeof(mac)) == 0 &&
		    slot.generation > highest->generation)
			*highest = slot;
	}
}

int store_begin(struct store *store)
{
	/* Two changes that are not counted could not be told from a counter that was set back. */
	int rc = store->uncounted ? counter_write(store) : 0;

	if (rc == 0)
		rc = run(store, BEGIN);
	if (rc == 0) {
		store->in_transaction = true;
		store->before = store->state;
	}
	return rc;
}

int store_commit(struct store *store)
{
	uint8_t mark[MARK_SIZE];
	int rc = 0;

	for (unsigned int i = 0; i < store->late_count && rc == 0; i++)
		rc = store_put(store, store->late[i].key, store->late[i].value);
	if (rc)
		return rc;
	store->late_count = 0;
	store->state.generation++;
	memcpy(store->state.previous, store->mark, sizeof(mark));
	rc = state_write(store, mark);
	if (rc == 0)
		rc = run(store, COMMIT);
	if (rc)
		return rc;
	store->in_transaction = false;
	memcpy(store->mark, mark, sizeof(mark));
	/* It has happened. A crash or a failure here leaves the store one ahead, which the next
	 * transaction or opening mends. */
	(void)counter_write(store);
	return 0;
}

void store_rollback(struct store *store)
{
	if (!store->in_transaction)
		return;
	(void)run(store, ROLLBACK);
	store->in_transaction = false;
	store->late_count = 0;
	store->state = store->before;
}

/* Goes through all rows: what the sum says must be what is there. */
static int sum_verify(struct store *store)
{
	uint8_t sum[SUM_SIZE] = { 0 }, mac[SUM_SIZE] = { 0 };
	sqlite3_stmt *statement;
	int rc = 0, step;

	if (sqlite3_prepare_v2(store->db, "SELECT k, v FROM item", -1, &statement, NULL))
		return -EIO;
	while (rc == 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		const struct span key = column(statement, 0);

		if (span_equal(key, state_key))
			continue;
		rc = row_mac(store, key, column(statement, 1), mac);
		sum_add(sum, mac);
	}
	if (rc == 0)
		rc = error_of(step);
	sqlite3_finalize(statement);
	return rc ? rc : memcmp(sum, store->state.sum, SUM_SIZE) ? -EBADMSG : 0;
}

static int state_load(struct store *store, bool *fresh)
{
	sqlite3_stmt *statement = store->statements[GET];
	struct span sealed;
	int rc, step;

	*fresh = false;
	if (bind_key(statement, 1, state_key))
		return -ENOMEM;
	step = sqlite3_step(statement);
	*fresh = step == SQLITE_DONE;
	rc = error_of(step);
	if (step == SQLITE_ROW) {
		sealed = column(statement, 0);
		rc = sealed.size != sizeof(store->state) + DEVICE_SEAL_OVERHEAD
			     ? -EBADMSG
			     : device_seal_open(&store->key, state_key.data, state_key.size,
						sealed.data, sealed.size, (uint8_t *)&store->state);
		if (rc == 0)
			rc = row_mac(store, state_key, sealed, store->mark);
	}
	sqlite3_reset(statement);
	return rc;
}

/* Is the store what the counter says, or what came right after that? One transaction may have been
 * cut off before it was counted. */
static int counter_check(const struct store *store, const struct counter_slot *counted, char *err,
			 size_t errlen, const char *directory)
{
	const uint8_t *mark = store->mark;

	if (store->state.generation < counted->generation)
		return complain(
			-ESTALE, err, errlen, directory,
			"is an older copy than the one that was used last; where the device "
			"lost power, 'teesim device accept-rollback' takes it as it is");
	if (store->state.generation == counted->generation + 1)
		mark = store->state.previous;
	else if (store->state.generation > counted->generation)
		return complain(-ESTALE, err, errlen, directory,
				"is ahead of domains.counter, which was set back or lost; where "
				"the device lost power, 'teesim device accept-rollback' takes it "
				"as it is");
	return complain(memcmp(mark, counted->mark, MARK_SIZE) ? -EBADMSG : 0, err, errlen,
			directory, "is not the one that domains.counter was written for");
}

/* What is committed next comes after both: where the store is behind, right after the state that
 * the counter was written for. */
static struct store_gap state_overtake(struct store *store, const struct counter_slot *counted)
{
	const uint64_t generation = store->state.generation;

	if (generation > counted->generation)
		return (struct store_gap) { .ahead = generation - counted->generation };
	store->state.generation = counted->generation;
	memcpy(store->mark, counted->mark, MARK_SIZE);
	return (struct store_gap) { .behind = counted->generation - generation };
}

static int state_verify(struct store *store, const struct store_options *options, char *err,
			size_t errlen, const char *directory)
{
	struct counter_slot counted;
	bool fresh;
	int rc = state_load(store, &fresh);

	counter_read(store, &counted);
	if (rc == 0)
		rc = sum_verify(store);
	if (rc)
		return complain(rc, err, errlen, directory,
				rc == -EBADMSG ? "was changed by somebody else than the TEE"
					       : "can't be read");
	rc = counter_check(store, &counted, err, errlen, directory);
	if (rc == -ESTALE && options->gap) {
		*options->gap = state_overtake(store, &counted);
		return 0;
	}
	if (rc)
		return rc;
	if (fresh) {
		rc = store_begin(store);
		if (rc == 0)
			rc = store_commit(store);
	} else if (store->state.generation > counted.generation) {
		rc = counter_write(store);
	}
	return complain(rc, err, errlen, directory, "can't be written");
}

static int schema_make(sqlite3 *db, const struct store_options *options)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "PRAGMA page_size = %d; PRAGMA locking_mode = EXCLUSIVE;"
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s; PRAGMA temp_store = MEMORY;"
		 "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;"
		 "PRAGMA cell_size_check = ON; PRAGMA max_page_count = %llu;"
		 "CREATE TABLE IF NOT EXISTS item (k BLOB PRIMARY KEY, v BLOB NOT NULL)"
		 " WITHOUT ROWID;",
		 PAGE_SIZE, options->durable ? "FULL" : "NORMAL",
		 (unsigned long long)((options->size_max ? options->size_max : SIZE_MAX_DEFAULT) /
				      PAGE_SIZE));
	return error_of(sqlite3_exec(db, text, NULL, NULL, NULL));
}

static int files_open(struct store *store, const char *directory,
		      const struct store_options *options)
{
	char path[PATH_MAX], followed[PATH_MAX];
	int rc;

	if (snprintf(path, sizeof(path), "%s/domains.counter", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	store->counter_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->counter_fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "%s/domains.db", directory);
	rc = paths_follow(path, followed, sizeof(followed));
	if (rc == 0)
		rc = error_of(sqlite3_open_v2(followed, &store->db,
					      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
						      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
					      NULL));
	if (rc == 0 && chmod(path, 0600) < 0)
		rc = -errno;
	/* Another that has it, has it for one request. */
	if (rc == 0)
		rc = error_of(sqlite3_busy_timeout(store->db, BUSY_MS));
	if (rc == 0)
		rc = schema_make(store->db, options);
	for (int i = 0; rc == 0 && i < STATEMENT_COUNT; i++)
		rc = error_of(sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
						 &store->statements[i], NULL));
	return rc;
}

int store_open(struct store **out, const char *directory, const struct store_options *options,
	       char *err, size_t errlen)
{
	struct store *store = calloc(1, sizeof(*store));
	int rc;

	if (!store)
		return -ENOMEM;
	store->counter_fd = -1;
	store->durable = options->durable;
	rc = options->key ? device_seal_key_take(&store->key, options->key)
			  : device_seal_key_open(&store->key, directory, BOOT_PURPOSE_STORE);
	rc = complain(rc, err, errlen, directory, "no key");
	if (rc == 0) {
		rc = files_open(store, directory, options);
		(void)complain(rc, err, errlen, directory,
			       rc == -EBUSY	? "another process has it"
			       : rc == -EBADMSG ? "is no database"
						: "can't be opened");
	}
	if (rc == 0)
		rc = state_verify(store, options, err, errlen, directory);
	if (rc) {
		store_close(store);
		return rc;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_rollback(store);
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_finalize(store->spare_scan);
	sqlite3_close(store->db);
	if (store->counter_fd >= 0)
		close(store->counter_fd);
	device_seal_key_close(&store->key);
	free(store);
}

struct span store_key(struct arena *arena, char kind, unsigned count, const struct span *parts)
{
	size_t size = 1;
	uint8_t *key, *at;

	for (unsigned i = 0; i < count; i++)
		size += parts[i].size + 1;
	key = at = arena_take(arena, size);
	if (!key)
		return (struct span) { 0 };
	*at++ = (uint8_t)kind;
	for (unsigned i = 0; i < count; i++) {
		if (parts[i].size)
			memcpy(at, parts[i].data, parts[i].size);
		at += parts[i].size;
		*at++ = 0;
	}
	return span_of(key, size);
}
