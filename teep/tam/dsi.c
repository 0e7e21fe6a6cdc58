#include "teep/tam/dsi.h"

#include <stdlib.h>

#include <openssl/x509.h>

#include "teep/otrp/encoding.h"
#include "teep/pki/fetched.h"
#include "teep/tam/parsed_pool.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* More than one device can sensibly hold; a list's cost to the planner is bounded with it. */
#define ENTRIES_MAX 65536U
/* Each key costs far more than a name, and before anybody has vouched for the state. */
#define AIKS_MAX 1024U

static int invalid(struct otrp_failure *failure, const char *why)
{
	return otrp_fail(failure, OTRP_REQUEST_INVALID, "device state: %s", why);
}

static int no_memory(struct otrp_failure *failure)
{
	return otrp_fail(failure, OTRP_TEE_FAIL, "out of memory");
}

/* Room for the entries of an array; one that is absent has none. */
static int entries_take(const json_t *array, size_t size, struct arena *arena, void *out,
			size_t *count, struct otrp_failure *failure)
{
	void **entries = out;

	*count = json_array_size(array);
	*entries = NULL;
	if (*count > ENTRIES_MAX)
		return invalid(failure, "a list is too long");
	if (*count == 0)
		return 0;
	*entries = arena_take(arena, *count * size);
	if (!*entries)
		return no_memory(failure);
	memset(*entries, 0, *count * size);
	return 0;
}

static int octets_take(const json_t *object, const char *name, struct arena *arena,
		       struct span *out, struct otrp_failure *failure)
{
	if (base64_decode(json_span(json_object_get(object, name)), BASE64_ANY, arena, out) ||
	    out->size == 0)
		return otrp_fail(failure, OTRP_REQUEST_INVALID, "device state: %s is not base64",
				 name);
	return 0;
}

/* Names are compared pairwise by sorting, so that a long list costs little. */
static int pair_compare(const struct span *a, const struct span *b, size_t spans)
{
	for (size_t i = 0; i < spans; i++) {
		const size_t least = a[i].size < b[i].size ? a[i].size : b[i].size;
		int order = memcmp(a[i].data, b[i].data, least);

		if (order == 0)
			order = (a[i].size > b[i].size) - (a[i].size < b[i].size);
		if (order)
			return order;
	}
	return 0;
}

static int pairs_order(const void *a, const void *b)
{
	return pair_compare(a, b, 2);
}

/* `pairs` are two spans each; sorted here. */
static bool pairs_distinct(struct span (*pairs)[2], size_t count)
{
	if (count)
		qsort(pairs, count, sizeof(*pairs), pairs_order);
	for (size_t i = 1; i < count; i++)
		if (pairs_order(pairs[i - 1], pairs[i]) == 0)
			return false;
	return true;
}

static const struct member ta_members[] = {
	{ "taid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "taname", MEMBER_TEXT, MEMBER_OPTIONAL },
};

static int ta_take(const json_t *object, struct arena *arena, struct dsi_ta *out,
		   struct otrp_failure *failure)
{
	int rc = members_check(object, "device state: TA", ta_members, COUNT(ta_members),
			       EXTRA_IGNORED, failure);

	if (rc == 0)
		rc = member_name(object, "taid", arena, &out->taid, failure);
	/* Empty where a package has no name. */
	if (rc == 0 && json_string_length(json_object_get(object, "taname")))
		rc = member_name(object, "taname", arena, &out->taname, failure);
	return rc;
}

static const struct member sd_members[] = {
	{ "name", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "talist", MEMBER_ARRAY, MEMBER_OPTIONAL },
};

static int sd_take(const json_t *object, struct arena *arena, struct dsi_sd *out,
		   struct otrp_failure *failure)
{
	const json_t *list = json_object_get(object, "talist");
	struct dsi_ta *tas = NULL;
	int rc = members_check(object, "device state: SD", sd_members, COUNT(sd_members),
			       EXTRA_IGNORED, failure);

	if (rc == 0)
		rc = member_name(object, "name", arena, &out->name, failure);
	if (rc == 0)
		rc = member_name(object, "spid", arena, &out->spid, failure);
	if (rc == 0)
		rc = entries_take(list, sizeof(*tas), arena, &tas, &out->ta_count, failure);
	for (size_t i = 0; rc == 0 && i < out->ta_count; i++)
		rc = ta_take(json_array_get(list, i), arena, &tas[i], failure);
	out->tas = tas;
	return rc;
}

/* "cnt" is a number as text, or a number; it counts the entries. */
static bool count_fits(const json_t *count, size_t entries)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%zu", entries);
	return !count || (json_is_string(count) && span_is(json_span(count), text)) ||
	       (json_is_integer(count) && (size_t)json_integer_value(count) == entries);
}

static int sds_take(const json_t *list, struct arena *arena, struct dsi *out,
		    struct otrp_failure *failure)
{
	const json_t *array = json_object_get(list, "sd");
	struct span(*pairs)[2] = NULL;
	struct dsi_sd *sds = NULL;
	size_t count, tas = 0;
	int rc;

	if (array && !json_is_array(array))
		return invalid(failure, "sd is no array");
	rc = entries_take(array, sizeof(*sds), arena, &sds, &out->sd_count, failure);
	if (rc == 0)
		rc = entries_take(array, sizeof(*pairs), arena, &pairs, &count, failure);
	for (size_t i = 0; rc == 0 && i < out->sd_count; i++) {
		rc = sd_take(json_array_get(array, i), arena, &sds[i], failure);
		tas += sds[i].ta_count;
		if (rc == 0 && tas > ENTRIES_MAX)
			rc = invalid(failure, "the domains have too many TAs");
		if (rc == 0) {
			pairs[i][0] = sds[i].spid;
			pairs[i][1] = sds[i].name;
		}
	}
	out->sds = sds;
	if (rc == 0 && !count_fits(json_object_get(list, "cnt"), out->sd_count))
		rc = invalid(failure, "cnt does not count the domains");
	if (rc == 0 && !pairs_distinct(pairs, out->sd_count))
		rc = invalid(failure, "two domains of one SP have one name");
	return rc;
}

static const struct member aik_members[] = {
	{ "spid", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spaik", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "spaiktype", MEMBER_TEXT, MEMBER_REQUIRED },
};

EVP_PKEY *aik_parse(struct span der)
{
	return pool_key(der);
}

static int aik_take(const json_t *object, struct arena *arena, struct dsi_aik *out,
		    struct otrp_failure *failure)
{
	struct span type;
	int rc = members_check(object, "device state: AIK", aik_members, COUNT(aik_members),
			       EXTRA_IGNORED, failure);

	if (rc == 0)
		rc = member_name(object, "spid", arena, &out->spid, failure);
	if (rc == 0)
		rc = octets_take(object, "spaik", arena, &out->der, failure);
	if (rc)
		return rc;
	type = json_span(json_object_get(object, "spaiktype"));
	out->ecc = span_is(type, "ECC");
	return out->ecc || span_is(type, "RSA") ? 0 : invalid(failure, "spaiktype is not known");
}

int dsi_keys_check(const struct dsi *dsi, struct otrp_failure *failure)
{
	for (size_t i = 0; i < dsi->aik_count; i++) {
		EVP_PKEY *key = aik_parse(dsi->aiks[i].der);
		const bool fits = key && (key_kind(key) == KEY_RSA) != dsi->aiks[i].ecc;

		EVP_PKEY_free(key);
		if (!fits)
			return invalid(failure, "spaik is no key that can be used, or not of "
						"spaiktype");
	}
	return 0;
}

static int aiks_take(const json_t *array, struct arena *arena, struct dsi *out,
		     struct otrp_failure *failure)
{
	struct span(*pairs)[2] = NULL;
	struct dsi_aik *aiks = NULL;
	size_t count;
	int rc = 0;

	if (json_array_size(array) > AIKS_MAX)
		return invalid(failure, "there are more keys than a TEE has");
	rc = entries_take(array, sizeof(*aiks), arena, &aiks, &out->aik_count, failure);
	if (rc == 0)
		rc = entries_take(array, sizeof(*pairs), arena, &pairs, &count, failure);
	for (size_t i = 0; rc == 0 && i < out->aik_count; i++) {
		rc = aik_take(json_array_get(array, i), arena, &aiks[i], failure);
		if (rc == 0) {
			pairs[i][0] = aiks[i].spid;
			pairs[i][1] = span_of("", 0);
		}
	}
	out->aiks = aiks;
	if (rc == 0 && !pairs_distinct(pairs, out->aik_count))
		rc = invalid(failure, "an SP has two keys");
	return rc;
}

/* [{taid, taname?}]: hints, so that what is no TA is passed over. */
static int requested_take(const json_t *array, struct arena *arena, struct dsi *out,
			  struct otrp_failure *failure)
{
	struct span *taids = NULL;
	struct dsi_ta ta;
	size_t count;
	int rc = entries_take(array, sizeof(*taids), arena, &taids, &count, failure);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		ta = (struct dsi_ta) { 0 };
		if (ta_take(json_array_get(array, i), arena, &ta, failure) == 0)
			taids[out->requested_count++] = ta.taid;
		else if (failure->status == OTRP_TEE_FAIL)
			rc = -1;
	}
	out->requested = taids;
	return rc;
}

static int generation_take(const json_t *value, struct dsi *out, struct otrp_failure *failure)
{
	const struct span text = json_span(value);

	if (!value)
		return 0;
	out->has_generation = true;
	if (text.size == 0 || text.size > 19 || (text.size > 1 && text.data[0] == '0'))
		return invalid(failure, "dsigen is not a number as text");
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return invalid(failure, "dsigen is not a number as text");
		out->generation = out->generation * 10 + (uint64_t)(text.data[i] - '0');
	}
	return out->generation > INT64_MAX ? invalid(failure, "dsigen is too large") : 0;
}

static const struct member tee_members[] = {
	{ "name", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "ver", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "cert", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "cacert", MEMBER_ANY, MEMBER_OPTIONAL },
	{ "dsigen", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "sdlist", MEMBER_OBJECT, MEMBER_REQUIRED },
	{ "teeaiklist", MEMBER_ARRAY, MEMBER_OPTIONAL },
	{ "requestedtalist", MEMBER_ARRAY, MEMBER_OPTIONAL },
};

static int tee_take(const json_t *tee, struct arena *arena, struct dsi *out,
		    struct otrp_failure *failure)
{
	int rc = members_check(tee, "device state: tee", tee_members, COUNT(tee_members),
			       EXTRA_IGNORED, failure);

	if (rc == 0)
		rc = member_name(tee, "name", arena, &out->name, failure);
	if (rc == 0)
		rc = member_name(tee, "ver", arena, &out->version, failure);
	if (rc == 0)
		rc = octets_take(tee, "cert", arena, &out->cert, failure);
	if (rc == 0)
		rc = member_list(tee, "cacert", true, arena, &out->cacert, OTRP_REQUEST_INVALID,
				 failure);
	if (rc == 0)
		rc = generation_take(json_object_get(tee, "dsigen"), out, failure);
	if (rc == 0)
		rc = sds_take(json_object_get(tee, "sdlist"), arena, out, failure);
	if (rc == 0)
		rc = aiks_take(json_object_get(tee, "teeaiklist"), arena, out, failure);
	if (rc == 0)
		rc = requested_take(json_object_get(tee, "requestedtalist"), arena, out, failure);
	return rc;
}

static const struct member tfw_members[] = {
	{ "tbs", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "cert", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sigalg", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "sig", MEMBER_TEXT, MEMBER_REQUIRED },
};

static int tfw_take(const json_t *tfw, struct arena *arena, struct dsi *out,
		    struct otrp_failure *failure)
{
	int rc = members_check(tfw, "device state: tfwdata", tfw_members, COUNT(tfw_members),
			       EXTRA_IGNORED, failure);

	if (rc == 0)
		rc = octets_take(tfw, "tbs", arena, &out->tfw_tbs, failure);
	if (rc == 0)
		rc = octets_take(tfw, "cert", arena, &out->tfw_cert, failure);
	if (rc == 0)
		rc = octets_take(tfw, "sig", arena, &out->tfw_sig, failure);
	if (rc == 0)
		out->tfw_algorithm = jws_algorithm_parse(json_span(json_object_get(tfw, "sigalg")));
	out->has_tfw = rc == 0;
	return rc;
}

static int state_take(const json_t *object, struct arena *arena, struct dsi *out,
		      struct otrp_failure *failure)
{
	const json_t *dsi = json_object_get(object, "dsi");
	const json_t *tee = json_object_get(dsi, "tee");
	const json_t *tfw = json_object_get(dsi, "tfwdata");
	int rc;

	if (!json_is_object(tee))
		return invalid(failure, "there is no tee in it");
	if (tfw && !json_is_object(tfw))
		return invalid(failure, "tfwdata is no object");
	rc = tee_take(tee, arena, out, failure);
	if (rc == 0 && tfw)
		rc = tfw_take(tfw, arena, out, failure);
	return rc;
}

int dsi_take(const json_t *object, struct span text, struct arena *arena, struct dsi *out,
	     struct otrp_failure *failure)
{
	int rc;

	*out = (struct dsi) { 0 };
	rc = state_take(object, arena, out, failure);
	if (rc == 0 && !sha256_make(text.data, text.size, out->hash))
		rc = no_memory(failure);
	return rc;
}

int dsi_parse(struct span text, struct arena *arena, struct dsi *out, struct otrp_failure *failure)
{
	json_t *object;
	int rc;

	if (json_object_parse(text, &object))
		return invalid(failure, "not one object in JSON");
	rc = dsi_take(object, text, arena, out, failure);
	json_decref(object);
	return rc ? rc : dsi_keys_check(out, failure);
}

EVP_PKEY *dsi_aik_key(const struct dsi *dsi, struct span spid)
{
	for (size_t i = 0; i < dsi->aik_count; i++)
		if (span_equal(dsi->aiks[i].spid, spid))
			return aik_parse(dsi->aiks[i].der);
	return NULL;
}

const struct dsi_sd *dsi_sd_find(const struct dsi *dsi, struct span spid, struct span name)
{
	for (size_t i = 0; i < dsi->sd_count; i++)
		if (span_equal(dsi->sds[i].spid, spid) && span_equal(dsi->sds[i].name, name))
			return &dsi->sds[i];
	return NULL;
}

const struct dsi_ta *dsi_ta_find(const struct dsi_sd *sd, struct span taid)
{
	for (size_t i = 0; sd && i < sd->ta_count; i++)
		if (span_equal(sd->tas[i].taid, taid))
			return &sd->tas[i];
	return NULL;
}
