#include "teep/tam/device_expiry.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/certificate.h"
#include "teep/tam/device_table.h"
#include "teep/tam/text_cut.h"

#define PAGE 200

struct found {
	struct device_ending list[DEVICE_EXPIRY_MAX];
	size_t count;
	int64_t ending;
	/* When each of those ends that are not named. */
	time_t *others;
	size_t other_count, other_room;
};

struct device_expiry {
	pthread_mutex_t mutex;
	struct found found;
};

struct device_expiry *device_expiry_open(void)
{
	struct device_expiry *expiry = calloc(1, sizeof(*expiry));

	if (expiry)
		(void)pthread_mutex_init(&expiry->mutex, NULL);
	return expiry;
}

void device_expiry_close(struct device_expiry *expiry)
{
	if (!expiry)
		return;
	(void)pthread_mutex_destroy(&expiry->mutex);
	free(expiry->found.others);
	free(expiry);
}

/* ---- One device ------------------------------------------------------------------------------ */

struct row {
	const char *did, *tee;
	struct span certificate, chain, firmware;
};

static void read_row(struct tam_rows *rows, struct arena *arena, void *item)
{
	struct row *row = item;

	row->did = tam_row_text(rows, 0, arena);
	row->tee = tam_row_text(rows, 1, arena);
	row->certificate = tam_row_copy(rows, 2, arena);
	row->chain = tam_row_copy(rows, 3, arena);
	row->firmware = tam_row_copy(rows, 4, arena);
}

/* Both names come from devices. */
static void subject_print(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void subject_print(char *out, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_cut_print(out, size, format, arguments);
	va_end(arguments);
}

/* Certificates one after the other; the one that ends first goes into `out`. */
static void soonest(struct span octets, const char *whose, const struct row *row,
		    struct device_ending *out)
{
	const unsigned char *at = octets.data, *end = at + octets.size;
	uint8_t hash[CERTIFICATE_HASH_SIZE];
	char name[150], tee[61];
	X509 *certificate;

	subject_print(tee, sizeof(tee), "%s", row->tee);

	while (at && at < end && (certificate = d2i_X509(NULL, &at, end - at)) != NULL) {
		const time_t until = certificate_time(X509_get0_notAfter(certificate));

		if (until && (!out->not_after || until < out->not_after) &&
		    certificate_hash(certificate, hash)) {
			out->not_after = until;
			out->not_before = certificate_time(X509_get0_notBefore(certificate));
			out->whose = whose;
			(void)hex_encode(hash, sizeof(hash), out->sha256);
			subject_print(out->subject, sizeof(out->subject), "%s, %s of %s",
				      certificate_name(certificate, name, sizeof(name)), whose,
				      tee);
		}
		X509_free(certificate);
	}
	ERR_clear_error();
}

/* ---- All of them ----------------------------------------------------------------------------- */

static int other_note(struct found *found, time_t until)
{
	time_t *grown;

	if (found->other_count == found->other_room) {
		grown = realloc(found->others, (found->other_room + 256) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		found->others = grown;
		found->other_room += 256;
	}
	found->others[found->other_count++] = until;
	return 0;
}

static int note(struct found *found, const struct device_ending *ending)
{
	size_t at = found->count;

	found->ending++;
	while (at > 0 && found->list[at - 1].not_after > ending->not_after)
		at--;
	if (at == DEVICE_EXPIRY_MAX)
		return other_note(found, ending->not_after);
	if (found->count == DEVICE_EXPIRY_MAX &&
	    other_note(found, found->list[--found->count].not_after))
		return -ENOMEM;
	memmove(&found->list[at + 1], &found->list[at],
		(found->count - at) * sizeof(found->list[0]));
	found->list[at] = *ending;
	found->count++;
	return 0;
}

/* Returns how many rows there were, or -errno; `after` goes on. */
static int page_scan(struct tam_database *database, char after[65], time_t until,
		     struct found *found)
{
	ARENA_AUTO arena = { 0 };
	struct row *rows = NULL;
	size_t count = 0;
	int rc = tam_database_read_all(
		database, &arena, read_row, sizeof(*rows), &rows, &count,
		"SELECT did, tee_name, tee_certificate, tee_chain, firmware_certificate FROM "
		"device WHERE did > $1 AND status < $3 ORDER BY did LIMIT $2",
		TAM_VALUES(tam_text(after), tam_integer(PAGE), tam_integer(DEVICE_REFUSED)));

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct device_ending ending = { 0 };

		(void)snprintf(ending.did, sizeof(ending.did), "%s", rows[i].did);
		(void)strcpy(after, ending.did);
		soonest(rows[i].certificate, "TEE", &rows[i], &ending);
		soonest(rows[i].chain, "TEE's authority", &rows[i], &ending);
		soonest(rows[i].firmware, "firmware", &rows[i], &ending);
		if (ending.not_after && ending.not_after < until)
			rc = note(found, &ending);
	}
	return rc ? rc : (int)count;
}

int device_expiry_scan(struct device_expiry *expiry, struct tam_database *database, time_t until)
{
	struct found *found = calloc(1, sizeof(*found)), before;
	char after[65] = "";
	int rc = found ? PAGE : -ENOMEM;

	while (rc == PAGE)
		rc = page_scan(database, after, until, found);
	if (rc >= 0) {
		(void)pthread_mutex_lock(&expiry->mutex);
		before = expiry->found;
		expiry->found = *found;
		*found = before;
		(void)pthread_mutex_unlock(&expiry->mutex);
	}
	if (found)
		free(found->others);
	free(found);
	return rc < 0 ? rc : 0;
}

size_t device_expiry_list(struct device_expiry *expiry, time_t now,
			  struct device_ending out[DEVICE_EXPIRY_MAX], int64_t *ending,
			  int64_t *ended)
{
	size_t count;

	(void)pthread_mutex_lock(&expiry->mutex);
	count = expiry->found.count;
	memcpy(out, expiry->found.list, count * sizeof(out[0]));
	*ending = expiry->found.ending;
	*ended = 0;
	for (size_t i = 0; i < count; i++)
		*ended += out[i].not_after <= now;
	for (size_t i = 0; i < expiry->found.other_count; i++)
		*ended += expiry->found.others[i] <= now;
	(void)pthread_mutex_unlock(&expiry->mutex);
	return count;
}
