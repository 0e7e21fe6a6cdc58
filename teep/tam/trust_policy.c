#include "teep/tam/trust_policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct place {
	char *err;
	size_t errlen;
};

static int refuse(const struct place *place, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(const struct place *place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(place->err, place->errlen, format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

static int members_require(const json_t *object, const char *where, const struct member *members,
			   size_t count, const struct place *place)
{
	struct otrp_failure failure;

	if (!json_is_object(object))
		return refuse(place, "policy: %s is no object", where);
	if (members_check(object, where, members, count, EXTRA_REFUSED, &failure))
		return refuse(place, "policy: %s", failure.why);
	return 0;
}

static int roots_take(const json_t *array, struct trust_roots *out, const struct place *place)
{
	const json_t *item;
	size_t i;

	if (!array)
		return 0;
	*out = (struct trust_roots) { .listed = true };
	if (json_array_size(array) > TRUST_POLICY_ROOTS_MAX)
		return refuse(place, "policy: firmware_roots: more than %d",
			      TRUST_POLICY_ROOTS_MAX);
	json_array_foreach(array, i, item) {
		if (!json_is_string(item) ||
		    hex_decode(json_span(item), out->hash[out->count++], CERTIFICATE_HASH_SIZE))
			return refuse(place, "policy: firmware_roots: each is the SHA-256 of a "
					     "certificate, 64 hexadecimal digits");
	}
	return 0;
}

static int text_take(const json_t *value, char **out)
{
	if (!value)
		return 0;
	*out = strdup(json_string_value(value));
	return *out ? 0 : -ENOMEM;
}

static const struct member rule_members[] = {
	{ "name", MEMBER_TEXT, MEMBER_REQUIRED },
	{ "allow", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
	{ "min_version", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "require_tfw", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
	{ "firmware_roots", MEMBER_ARRAY, MEMBER_OPTIONAL },
};

static int rule_take(const json_t *object, const struct trust_rule *general, struct trust_rule *out,
		     const struct place *place)
{
	const json_t *allow = json_object_get(object, "allow");
	const json_t *require = json_object_get(object, "require_tfw");
	int rc = members_require(object, "tees", rule_members, COUNT(rule_members), place);

	if (rc)
		return rc;
	out->allow = !allow || json_is_true(allow);
	out->require_tfw = require ? json_is_true(require) : general->require_tfw;
	out->firmware_roots = general->firmware_roots;
	rc = text_take(json_object_get(object, "name"), &out->name);
	if (rc == 0)
		rc = text_take(json_object_get(object, "min_version"), &out->min_version);
	if (rc == 0)
		rc = roots_take(json_object_get(object, "firmware_roots"), &out->firmware_roots,
				place);
	return rc;
}

static const struct member policy_members[] = {
	{ "tees", MEMBER_ARRAY, MEMBER_OPTIONAL },
	{ "others", MEMBER_TEXT, MEMBER_OPTIONAL },
	{ "require_tfw", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
	{ "firmware_roots", MEMBER_ARRAY, MEMBER_OPTIONAL },
	{ "require_revocation", MEMBER_BOOLEAN, MEMBER_OPTIONAL },
};

static int policy_take(const json_t *object, struct trust_policy *out, const struct place *place)
{
	const json_t *others = json_object_get(object, "others");
	const json_t *tees = json_object_get(object, "tees");
	const size_t count = json_array_size(tees);
	int rc =
		members_require(object, "the object", policy_members, COUNT(policy_members), place);

	if (rc)
		return rc;
	out->others.allow = !others || span_is(json_span(others), "allow");
	if (!out->others.allow && !span_is(json_span(others), "deny"))
		return refuse(place, "policy: others is neither \"allow\" nor \"deny\"");
	out->others.require_tfw = json_is_true(json_object_get(object, "require_tfw"));
	out->require_revocation = json_is_true(json_object_get(object, "require_revocation"));
	rc = roots_take(json_object_get(object, "firmware_roots"), &out->others.firmware_roots,
			place);
	if (rc)
		return rc;
	if (count > TRUST_POLICY_TEES_MAX)
		return refuse(place, "policy: tees: more than %d", TRUST_POLICY_TEES_MAX);
	out->tees = count ? calloc(count, sizeof(*out->tees)) : NULL;
	if (count && !out->tees)
		return -ENOMEM;
	while (rc == 0 && out->tee_count < count) {
		struct trust_rule *rule = &out->tees[out->tee_count];

		rc = rule_take(json_array_get(tees, out->tee_count++), &out->others, rule, place);
	}
	return rc;
}

int trust_policy_parse(struct span text, struct trust_policy *out, char *err, size_t errlen)
{
	const struct place place = { err, errlen };
	json_t *object;
	int rc;

	*out = (struct trust_policy) { .others.allow = true };
	if (!text.data)
		return 0;
	rc = json_object_parse(text, &object);
	if (rc)
		return rc == -ENOMEM ? rc : refuse(&place, "policy: not one object in JSON");
	rc = policy_take(object, out, &place);
	json_decref(object);
	if (rc)
		trust_policy_clear(out);
	return rc;
}

void trust_policy_clear(struct trust_policy *policy)
{
	for (size_t i = 0; i < policy->tee_count; i++) {
		free(policy->tees[i].name);
		free(policy->tees[i].min_version);
	}
	free(policy->tees);
	*policy = (struct trust_policy) { 0 };
}

const struct trust_rule *trust_policy_rule(const struct trust_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->tee_count; i++)
		if (fnmatch(policy->tees[i].name, name, FNM_NOESCAPE) == 0)
			return &policy->tees[i];
	return &policy->others;
}

bool trust_version_reaches(const char *version, const char *least)
{
	return strverscmp(version, least) >= 0;
}
