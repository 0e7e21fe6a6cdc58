/* Service providers, their certificates and TAs, tokens, events. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "database_kit.h"
#include "teep/otrp/encoding.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/event_log.h"
#include "teep/tam/group.h"
#include "teep/tam/token.h"
#include "teep/tam/wanted.h"

TestSuite(tam_catalogue, .init = kit_begin, .fini = kit_end);

static const char *why;
static struct ta_version version;

static int add(const char *spid, struct span package)
{
	return catalogue_add(kit.db, spid, package, NULL, false, &kit.arena, &version, &why);
}

Test(tam_catalogue, service_providers_are_added_once_and_listed_in_order)
{
	static const char *const names[] = { "z", "com.bank/pay", "Ünï", "A", "a" };
	struct sp sp, *list;
	size_t count;

	for (size_t i = 0; i < 5; i++)
		cr_assert_eq(sp_add(kit.db, names[i], "Name", &why), 0);
	cr_assert_eq(sp_add(kit.db, "z", "Other", &why), -EEXIST);
	cr_assert_eq(sp_get(kit.db, "z", &kit.arena, &sp), 0);
	cr_assert_str_eq(sp.name, "Name");
	cr_assert_eq(sp_get(kit.db, "nobody", &kit.arena, &sp), -ENOENT);
	cr_assert_eq(sp_list(kit.db, NULL, 10, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 5);
	for (size_t i = 1; i < count; i++)
		cr_assert_lt(strcmp(list[i - 1].spid, list[i].spid), 0, "by octets, everywhere");
	cr_assert_eq(sp_list(kit.db, "a", 2, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(list[0].spid, "com.bank/pay");
	cr_assert_eq(sp_rename(kit.db, "z", "New", &why), 0);
	cr_assert_eq(sp_rename(kit.db, "nobody", "New", &why), -ENOENT);
	cr_assert_eq(sp_remove(kit.db, "z"), 0);
	cr_assert_eq(sp_remove(kit.db, "z"), -ENOENT);
}

Test(tam_catalogue, names_that_are_none_are_refused)
{
	char much[300];

	memset(much, 'x', sizeof(much));
	much[256] = '\0';
	cr_assert_eq(sp_add(kit.db, much, "", &why), -EINVAL);
	much[255] = '\0';
	cr_assert_eq(sp_add(kit.db, much, "", &why), 0);
	cr_assert_eq(sp_add(kit.db, "", "", &why), -EINVAL);
	cr_assert_eq(sp_add(kit.db, "a\nb", "", &why), -EINVAL);
	cr_assert_not_null(why);
	cr_assert_eq(sp_add(kit.db, "a", "\x1b[31m", &why), -EINVAL);
	cr_assert_eq(sp_add(kit.db, "a\xc2\x9b", "", &why), -EINVAL, "a C1 control");
	cr_assert_eq(sp_add(kit.db, "a", "\xc2\x80", &why), -EINVAL);
	cr_assert_eq(sp_add(kit.db, ".", "", &why), -EINVAL, "no path leads there");
	cr_assert_eq(sp_add(kit.db, "..", "", &why), -EINVAL);
	cr_assert_eq(group_add(kit.db, "."), -EINVAL);
	cr_assert_eq(group_add(kit.db, ".."), -EINVAL);
	cr_assert_eq(group_add(kit.db, ""), -EINVAL);
	cr_assert_eq(group_add(kit.db, "..."), 0);
	cr_assert_eq(sp_add(kit.db, "\xff", "", &why), -EILSEQ);
	cr_assert_eq(sp_add(kit.db, "'; DROP TABLE sp; --", "", &why), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp"), 2);
}

/* Octets of all kinds, the dangerous ones often. */
static void noise(char *out, size_t size, unsigned int *seed)
{
	static const char often[] = "'\"\\;-%_!\n\x7f\xc3\xbc\xe2\x82\xac$1?:";
	const size_t length = 1 + (size_t)rand_r(seed) % (size - 1);

	for (size_t i = 0; i < length; i++) {
		const int die = rand_r(seed) % 16;

		out[i] = (char)(die == 0   ? 1 + rand_r(seed) % 255
				: die == 1 ? often[(size_t)rand_r(seed) % (sizeof(often) - 1)]
					   : 'a' + rand_r(seed) % 26);
	}
	out[length] = '\0';
}

Test(tam_catalogue, whatever_comes_goes_in_as_it_is_or_not_at_all)
{
	unsigned int seed = 20261122;
	char text[24], other[24];
	int64_t in = 0;

	for (int i = 0; i < 400; i++) {
		struct wanted entry = {
			.scope = SCOPE_ALL, .spid = text, .sdname = other, .present = true
		};
		struct ta_summary *tas;
		struct token token;
		struct sp sp;
		size_t count;
		int rc;

		noise(text, sizeof(text), &seed);
		noise(other, sizeof(other), &seed);
		rc = sp_add(kit.db, text, other, &why);
		cr_assert(rc == 0 || rc == -EINVAL || rc == -EILSEQ || rc == -EEXIST, "%d %s", rc,
			  tam_database_error(kit.db));
		in += rc == 0;
		if (rc == 0) {
			cr_assert_eq(sp_get(kit.db, text, &kit.arena, &sp), 0);
			cr_assert_str_eq(sp.spid, text);
			cr_assert_str_eq(sp.name, other);
			cr_assert_eq(wanted_set(kit.db, &entry, &why), 0);
		}
		rc = catalogue_list(kit.db, NULL, text, NULL, 5, &kit.arena, &tas, &count);
		cr_assert(rc == 0 || rc == -EILSEQ);
		cr_assert_eq(token_check(kit.db, text, &kit.arena, &token), -ENOENT);
	}
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp"), in);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM wanted"), in);
	cr_assert(in > 20 && in < 380, "%lld", (long long)in);
}

Test(tam_catalogue, certificates_are_vetted_for_one_sp)
{
	const struct span certificate = kit_certificate(1, "Signer", NULL);
	struct sp_certificate one, *list;
	size_t count;

	kit_sp("a", 1);
	kit_sp("b", 2);
	cr_assert_eq(sp_certificate_add(kit.db, "a", certificate, &kit.arena, &one, &why), -EEXIST);
	cr_assert_eq(sp_certificate_add(kit.db, "c", certificate, &kit.arena, &one, &why), -ENOENT);
	cr_assert_eq(sp_certificate_add(kit.db, "b", certificate, &kit.arena, &one, &why), 0);
	cr_assert_str_eq(one.subject, "Signer");
	cr_assert_gt(one.not_after, tam_time_now());
	cr_assert_eq(sp_certificate_add(kit.db, "a", span_of("junk", 4), &kit.arena, &one, &why),
		     -EBADMSG);
	cr_assert_not_null(why);
	cr_assert_eq(sp_certificate_list(kit.db, "b", &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_eq(sp_certificate_list(kit.db, NULL, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 3);
	cr_assert(span_equal(list[0].der, certificate));
	cr_assert_eq(sp_certificate_remove(kit.db, "a", one.sha256), 0);
	cr_assert_eq(sp_certificate_remove(kit.db, "a", one.sha256), -ENOENT);
}

Test(tam_catalogue, an_expired_signer_is_refused)
{
	EVP_PKEY *key;
	struct sp_certificate one;
	struct span der = kit_certificate(1, "x", &key);
	const struct certificate_request request = {
		.role = ROLE_SP, .name = "Old", .key = key, .not_before = 1000, .not_after = 2000
	};
	X509_AUTO old = certificate_issue(&request, NULL, key);
	uint8_t *encoded = certificate_encode(old, &der.size);

	kit_sp("a", 1);
	der.data = encoded;
	cr_assert_eq(sp_certificate_add(kit.db, "a", der, &kit.arena, &one, &why), -EBADMSG);
	cr_assert_str_eq(why, "it has expired");
	OPENSSL_free(encoded);
}

Test(tam_catalogue, a_package_needs_a_vetted_signer)
{
	struct span package = kit_package(TA_1, 1, "image", 1);
	uint8_t *octets = (uint8_t *)package.data;

	cr_assert_eq(add("a", package), -ENOENT);
	kit_sp("a", 2);
	cr_assert_eq(add("a", package), -EKEYREJECTED, "its signer is not vetted");
	cr_assert_not_null(why);
	kit_sp("b", 1);
	cr_assert_eq(add("a", package), -EKEYREJECTED, "nor by being another's");
	octets[package.size / 2] ^= 1;
	cr_assert_eq(add("b", package), -EKEYREJECTED);
	octets[package.size / 2] ^= 1;
	package.size--;
	cr_assert_eq(add("b", package), -EKEYREJECTED);
	package.size++;
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM ta"), 0,
		     "nothing is left of what was refused");
	cr_assert_eq(add("b", package), 0);
	cr_assert_str_eq(version.taid, TA_1);
	cr_assert_str_eq(version.name, "Demo TA");
	cr_assert_eq(version.version, 1);
}

Test(tam_catalogue, a_version_means_one_image_and_is_never_lowered)
{
	struct ta_version first;
	struct span cms;

	kit_sp("a", 1);
	kit_sp("b", 2);
	cr_assert_eq(add("a", kit_package(TA_1, 2, "two", 1)), 0);
	first = version;
	cr_assert_eq(add("a", kit_package(TA_1, 2, "two", 1)), 0, "the same image signed again");
	cr_assert_str_eq(version.sha256, first.sha256, "the first stays");
	cr_assert_eq(add("a", kit_package(TA_1, 2, "other", 1)), -EEXIST);
	cr_assert_eq(add("a", kit_package(TA_1, 1, "one", 1)), -ESTALE);
	cr_assert_eq(add("a", kit_package(TA_1, 0, "none", 1)), -EBADMSG);
	cr_assert_eq(add("b", kit_package(TA_1, 9, "stolen", 2)), -EPERM, "a taid is one SP's");
	cr_assert_not_null(why);
	cr_assert_eq(add("a", kit_package(TA_1, 5, "five", 1)), 0);
	cr_assert_eq(catalogue_get(kit.db, TA_1, 0, &kit.arena, &version), 0);
	cr_assert_eq(version.version, 5);
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 5), 0);
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 4), -ENOENT);
	cr_assert_eq(catalogue_get(kit.db, TA_1, 0, &kit.arena, &version), 0);
	cr_assert_eq(version.version, 2);
	cr_assert_eq(add("a", kit_package(TA_1, 4, "four", 1)), -ESTALE,
		     "below what was there, even if that is retired");
	cr_assert_eq(catalogue_package(kit.db, TA_1, 5, &kit.arena, &cms), 0);
	cr_assert_gt(cms.size, 100);
	cr_assert_eq(catalogue_package(kit.db, TA_1, 3, &kit.arena, &cms), -ENOENT);
}

Test(tam_catalogue, what_is_there_stays_as_it_is)
{
	const struct span package = kit_package(TA_1, 1, "one", 1);

	kit_sp("a", 1);
	cr_assert_eq(catalogue_add(kit.db, "a", package, "Name", false, &kit.arena, &version, &why),
		     0);
	cr_assert_not(version.was_there);
	cr_assert_eq(add("a", package), 0);
	cr_assert(version.was_there);
	cr_assert_str_eq(version.name, "Name", "nobody said another");
	cr_assert_eq(catalogue_add(kit.db, "a", package, "Name", false, &kit.arena, &version, &why),
		     0);
	cr_assert_eq(catalogue_add(kit.db, "a", package, "Other", false, &kit.arena, &version,
				   &why),
		     -EEXIST);
	cr_assert_str_eq(why, "that version is there already, under another name");
	cr_assert_eq(catalogue_add(kit.db, "a", package, NULL, true, &kit.arena, &version, &why),
		     -EEXIST);
	cr_assert(strstr(why, "the TAM brings it"), "%s", why);
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 1), 0);
	cr_assert_eq(add("a", package), -EEXIST);
	cr_assert(strstr(why, "retired"), "%s", why);
	cr_assert_eq(catalogue_announce(kit.db, "a", TA_2, 1, "Name", &kit.arena, &version, &why),
		     0);
	cr_assert_not(version.was_there);
	cr_assert_eq(catalogue_announce(kit.db, "a", TA_2, 1, NULL, &kit.arena, &version, &why), 0);
	cr_assert(version.was_there);
	cr_assert_eq(catalogue_announce(kit.db, "a", TA_2, 1, "Other", &kit.arena, &version, &why),
		     -EEXIST);
	cr_assert_eq(catalogue_retire(kit.db, TA_2, 1), 0);
	cr_assert_eq(catalogue_announce(kit.db, "a", TA_2, 1, NULL, &kit.arena, &version, &why),
		     -EEXIST);
}

Test(tam_catalogue, a_signer_in_use_and_an_sp_in_use_stay)
{
	kit_sp("a", 1);
	kit_ta("a", TA_1, 1, 1);
	cr_assert_eq(catalogue_get(kit.db, TA_1, 1, &kit.arena, &version), 0);
	cr_assert_eq(sp_certificate_remove(kit.db, "a", version.signer), -EBUSY);
	cr_assert_eq(sp_remove(kit.db, "a"), -EBUSY);
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 1), 0);
	cr_assert_eq(sp_certificate_remove(kit.db, "a", version.signer), 0);
}

Test(tam_catalogue, lists_are_filtered)
{
	struct ta_summary *list, one;
	struct ta_version *versions;
	size_t count;

	kit_sp("a", 1);
	kit_sp("b", 2);
	kit_ta("a", TA_1, 1, 1);
	kit_ta("a", TA_1, 2, 1);
	kit_ta("b", TA_2, 1, 2);
	cr_assert_eq(catalogue_list(kit.db, NULL, NULL, NULL, 10, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_eq(list[0].latest, 2);
	cr_assert_eq(catalogue_list(kit.db, "b", NULL, NULL, 10, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(catalogue_list(kit.db, NULL, "4A5C", NULL, 10, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(catalogue_list(kit.db, NULL, "demo", TA_1, 10, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(catalogue_list(kit.db, NULL, "%", NULL, 10, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 0, "a percent sign is one");
	cr_assert_eq(catalogue_summary(kit.db, TA_1, &kit.arena, &one), 0);
	cr_assert_eq(catalogue_versions(kit.db, TA_1, &kit.arena, &versions, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_eq(versions[0].version, 2);
	cr_assert_str_eq(versions[0].spid, "a");
}

Test(tam_catalogue, personalisation_is_sealed_and_counted)
{
	const struct span data = span_of("{\"pin-retries\":3}", 17);
	TAM_ROWS_AUTO *rows = NULL;
	struct span out;

	kit_sp("a", 1);
	kit_ta("a", TA_1, 1, 1);
	kit_ta("a", TA_1, 2, 1);
	cr_assert_eq(catalogue_personalisation(kit.db, TA_1, 1, &kit.arena, &out), -ENOENT);
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 1, data), 0);
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 3, data), -ENOENT);
	cr_assert_eq(catalogue_personalisation(kit.db, TA_1, 1, &kit.arena, &out), 0);
	cr_assert(span_equal(out, data));
	cr_assert_eq(catalogue_get(kit.db, TA_1, 1, &kit.arena, &version), 0);
	cr_assert_eq(version.personalisation, 1);
	cr_assert_eq(tam_database_query(kit.db, &rows,
					"SELECT personalisation_sealed FROM ta_version WHERE "
					"version = 1",
					TAM_NO_VALUES),
		     0);
	cr_assert_eq(tam_rows_next(rows), 1);
	cr_assert_null(
		memmem(tam_row_octets(rows, 0).data, tam_row_octets(rows, 0).size, "retries", 7));
	tam_rows_close(rows);
	/* Moved to another version it does not open. */
	kit_run("UPDATE ta_version SET personalisation_sealed = (SELECT personalisation_sealed "
		"FROM "
		"ta_version WHERE version = 1) WHERE version = 2");
	cr_assert_eq(catalogue_personalisation(kit.db, TA_1, 2, &kit.arena, &out), -EBADMSG);
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 1, (struct span) { 0 }), 0);
	cr_assert_eq(catalogue_get(kit.db, TA_1, 1, &kit.arena, &version), 0);
	cr_assert_eq(version.personalisation, 0);
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 1, data), 0);
	cr_assert_eq(catalogue_get(kit.db, TA_1, 1, &kit.arena, &version), 0);
	cr_assert_eq(version.personalisation, 3, "a number is never used again");
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 1, span_of("", 0)), 0);
	cr_assert_eq(catalogue_personalisation(kit.db, TA_1, 1, &kit.arena, &out), 0);
	cr_assert_eq(out.size, 0);
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

/* As with a full disk: people want to read all the more. */
Test(tam_catalogue, a_token_counts_though_its_use_can_not_be_noted)
{
	char text[TOKEN_TEXT_SIZE];
	struct token token;

	cr_assert_eq(token_make(kit.db, "first", TOKEN_ADMIN, NULL, text, NULL), 0);
	if (kit_is_postgresql())
		kit_run("SET default_transaction_read_only = on");
	else
		kit_run("PRAGMA query_only = on");
	cr_assert_lt(
		tam_database_run(kit.db, "UPDATE token SET last_used = 1", TAM_NO_VALUES, NULL), 0);
	cr_assert_eq(token_check(kit.db, text, &kit.arena, &token), 0);
	cr_assert_str_eq(token.name, "first");
}

Test(tam_catalogue, tokens_say_who_one_is)
{
	char admin[TOKEN_TEXT_SIZE], other[TOKEN_TEXT_SIZE];
	struct token token, *list;
	int64_t id;
	size_t count;

	kit_sp("a", 1);
	cr_assert_eq(token_make(kit.db, "first", TOKEN_ADMIN, NULL, admin, NULL), 0);
	cr_assert_eq(token_make(kit.db, "sp's", TOKEN_OPERATOR, "a", other, &id), 0);
	cr_assert_eq(token_make(kit.db, "x", TOKEN_OPERATOR, "nobody", other + 0, NULL), -ENOENT);
	cr_assert_eq(strlen(other), 0, "what was not made is not shown");
	cr_assert_eq(token_make(kit.db, "x", TOKEN_ADMIN, "a", other, NULL), -EINVAL);
	cr_assert_eq(token_make(kit.db, "", TOKEN_VIEWER, NULL, other, NULL), -EINVAL);
	cr_assert_eq(strlen(admin), TOKEN_TEXT_SIZE - 1);
	cr_assert_eq(token_check(kit.db, admin, &kit.arena, &token), 0);
	cr_assert_str_eq(token.name, "first");
	cr_assert_eq(token.role, TOKEN_ADMIN);
	cr_assert_null(token.spid);
	cr_assert_gt(token.last_used, 0);
	cr_assert_eq(token_holds(kit.db, token.id), 0);
	cr_assert_eq(token_holds(kit.db, token.id + 1000), -ENOENT);
	admin[20] = admin[20] == 'A' ? 'B' : 'A';
	cr_assert_eq(token_check(kit.db, admin, &kit.arena, &token), -ENOENT);
	cr_assert_eq(token_check(kit.db, "", &kit.arena, &token), -ENOENT);
	cr_assert_eq(token_check(kit.db, "tam_", &kit.arena, &token), -ENOENT);
	cr_assert_eq(token_check(kit.db, "' OR 1=1 --", &kit.arena, &token), -ENOENT);
	cr_assert_eq(token_list(kit.db, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(list[1].spid, "a");
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM token WHERE CAST(hash AS TEXT) LIKE '%tam_%'"),
		     0);
	cr_assert_eq(token_remove(kit.db, list[0].id), -EBUSY, "the last admin's");
	cr_assert_eq(token_remove(kit.db, id), 0);
	cr_assert_eq(token_remove(kit.db, id), -ENOENT);
	cr_assert_eq(token_make(kit.db, "second", TOKEN_ADMIN, NULL, other, NULL), 0);
	cr_assert_eq(token_remove(kit.db, list[0].id), 0);
}

Test(tam_catalogue, a_removed_sp_takes_its_tokens_along)
{
	char text[TOKEN_TEXT_SIZE];
	struct token token;

	kit_sp("a", 1);
	cr_assert_eq(token_make(kit.db, "x", TOKEN_VIEWER, "a", text, NULL), 0);
	cr_assert_eq(sp_remove(kit.db, "a"), 0);
	cr_assert_eq(token_check(kit.db, text, &kit.arena, &token), -ENOENT);
}

Test(tam_catalogue, events_are_read_on_from_where_one_was)
{
	struct event *list;
	size_t count;
	char subject[16];

	for (int i = 0; i < 20; i++) {
		snprintf(subject, sizeof(subject), "s%d", i);
		cr_assert_eq(event_log_add(kit.db, i % 2 ? "device" : "sp", subject,
					   i % 3 ? NULL : "a", "me", "it happened"),
			     0);
	}
	cr_assert_eq(event_log_list(kit.db, NULL, NULL, -1, 5, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 5);
	cr_assert_str_eq(list[0].subject, "s15");
	cr_assert_str_eq(list[4].subject, "s19");
	cr_assert_eq(event_log_list(kit.db, NULL, "sp", list[1].id, 50, &kit.arena, &list, &count),
		     0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(list[0].subject, "s18");
	cr_assert_eq(event_log_list(kit.db, "a", NULL, 0, 50, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 7);
	cr_assert_eq(event_log_trim(kit.db, 3), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM event"), 3);
	/* What devices cause drives out nothing that people did. */
	for (int i = 0; i < 9; i++)
		cr_assert_eq(event_log_add(kit.db, "alarm", "d", NULL, NULL, "again"), 0);
	cr_assert_eq(event_log_trim(kit.db, 3), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM event WHERE who = 'me'"), 3);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM event WHERE who = ''"), 3);
}
