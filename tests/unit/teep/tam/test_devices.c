/* Devices, groups, wanted state, deployments, sessions, messages. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "database_kit.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/deployment.h"
#include "teep/tam/device_expiry.h"
#include "teep/tam/device_table.h"
#include "teep/tam/group.h"
#include "teep/tam/message_log.h"
#include "teep/tam/session_table.h"

TestSuite(tam_devices, .init = kit_begin, .fini = kit_end);

static const char *why;
static struct device device;

static int register_device(const char *did, int certificate)
{
	return device_table_register(kit.db, did, kit_certificate(certificate, "TEE", NULL),
				     (struct span) { 0 }, "simtee-0", &kit.arena, &device);
}

Test(tam_devices, a_did_is_one_device)
{
	cr_assert_eq(register_device(kit_did(1), 1), 0);
	cr_assert_eq(device.status, DEVICE_UNKNOWN);
	cr_assert_eq(device.dsi_generation, -1);
	cr_assert_null(device.dsi_hash.data);
	cr_assert_eq(register_device(kit_did(1), 1), 0, "known");
	cr_assert_eq(register_device(kit_did(1), 2), -EEXIST, "another certificate by that did");
	cr_assert_eq(register_device(kit_did(2), 1), -EEXIST, "a copy of that device's key");
	cr_assert_eq(register_device(kit_did(2), 2), 0);
	cr_assert_eq(device_table_register(kit.db, kit_did(3), span_of("x", 1), (struct span) { 0 },
					   "", &kit.arena, &device),
		     -EBADMSG);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM device"), 2);
}

Test(tam_devices, who_stores_from_an_old_view_loses)
{
	struct device mine, theirs;

	cr_assert_eq(register_device(kit_did(1), 1), 0);
	cr_assert_eq(device_table_get(kit.db, kit_did(1), &kit.arena, &mine), 0);
	cr_assert_eq(device_table_get(kit.db, kit_did(1), &kit.arena, &theirs), 0);
	mine.dsi = span_of("{\"dsi\":{}}", 10);
	mine.dsi_hash = span_of("12345678901234567890123456789012", 32);
	mine.dsi_generation = 7;
	mine.status = DEVICE_TRUSTED;
	mine.algorithm = "ES256";
	mine.signer_required = true;
	cr_assert_eq(device_table_store(kit.db, &mine), 0);
	theirs.reason = "mine is older";
	cr_assert_eq(device_table_store(kit.db, &theirs), -ESTALE);
	cr_assert_eq(device_table_get(kit.db, kit_did(1), &kit.arena, &theirs), 0);
	cr_assert_eq(theirs.dsi_generation, 7);
	cr_assert(span_equal(theirs.dsi_hash, mine.dsi_hash));
	cr_assert_str_eq(theirs.algorithm, "ES256");
	cr_assert(theirs.signer_required);
	cr_assert_str_eq(theirs.reason, "");
	cr_assert_eq(device_table_store(kit.db, &mine), 0, "it knows its own change");
	cr_assert_eq(device_table_get(kit.db, kit_did(9), &kit.arena, &mine), -ENOENT);
}

Test(tam_devices, whom_a_person_suspended_stays_so)
{
	cr_assert_eq(register_device(kit_did(1), 1), 0);
	cr_assert_eq(device_table_set_status(kit.db, kit_did(1), DEVICE_SUSPENDED, "stolen"), 0);
	cr_assert_eq(device_table_store(kit.db, &device), -ESTALE);
	cr_assert_eq(device_table_get(kit.db, kit_did(1), &kit.arena, &device), 0);
	device.status = DEVICE_TRUSTED;
	device.reason = "";
	cr_assert_eq(device_table_store(kit.db, &device), 0);
	cr_assert_eq(device_table_get(kit.db, kit_did(1), &kit.arena, &device), 0);
	cr_assert_eq(device.status, DEVICE_SUSPENDED);
	cr_assert_str_eq(device.reason, "stolen");
	cr_assert_eq(device_table_set_status(kit.db, kit_did(1), DEVICE_TRUSTED, NULL), 0);
	cr_assert_eq(device_table_get(kit.db, kit_did(1), &kit.arena, &device), 0);
	cr_assert_eq(device.status, DEVICE_UNKNOWN, "it has to show itself again");
	cr_assert_eq(device_table_set_status(kit.db, kit_did(2), DEVICE_TRUSTED, NULL), -ENOENT);
}

Test(tam_devices, what_a_device_has_follows_its_dsi)
{
	const struct device_domain domains[] = { { .spid = "b", .sdname = "two" },
						 { .spid = "a", .sdname = "one" } };
	const struct device_ta tas[] = {
		{ .spid = "b", .sdname = "two", .taid = TA_2 },
		{ .spid = "a",
		  .sdname = "one",
		  .taid = TA_1,
		  .version = 3,
		  .name = "Pay",
		  .image_sha256 = "abc",
		  .personalisation = 2 },
	};
	const struct device_aik aiks[] = {
		{ .spid = "a", .type = "RSA", .key = span_of("k1", 2) }
	};
	struct device_content content = { domains, 2, tas, 2, aiks, 1 };
	const struct device_domain there[] = {
		{ .spid = "a", .sdname = "one", .certificates = "" },
		{ .spid = "b", .sdname = "two", .certificates = "" }
	};
	struct device_domain told[] = { domains[0], domains[1] };
	const struct device_ta bare[] = { { .spid = "a", .sdname = "one", .taid = TA_1 } };
	const struct device_aik newer[] = {
		{ .spid = "a", .type = "ECC", .key = span_of("k2", 2) }
	};
	struct device_domain *have_domains;
	struct device_ta *have;
	struct device_aik *have_aiks;
	size_t count;

	cr_assert_eq(device_table_store_content(kit.db, kit_did(1), NULL, &content), -ENOENT);
	cr_assert_eq(register_device(kit_did(1), 1), 0);
	cr_assert_eq(device_table_store_content(kit.db, kit_did(1), NULL, &content), 0);
	/* A caller that knows what is there has it compared with that. */
	told[1].certificates = "c1 c2";
	cr_assert_eq(device_table_store_content(
			     kit.db, kit_did(1),
			     &(const struct device_content) { there, 2, NULL, 0, aiks, 1 },
			     &(const struct device_content) { told, 2, tas, 2, aiks, 1 }),
		     0);
	cr_assert_eq(device_table_tas(kit.db, kit_did(1), &kit.arena, &have, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(have[0].taid, TA_1);
	cr_assert_str_eq(have[0].state, "installed");
	/* The next DSI tells less, and one domain is gone. */
	content = (struct device_content) { domains + 1, 1, bare, 1, newer, 1 };
	cr_assert_eq(device_table_store_content(kit.db, kit_did(1), NULL, &content), 0);
	cr_assert_eq(device_table_tas(kit.db, kit_did(1), &kit.arena, &have, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(have[0].version, 3, "what the DSI does not tell is kept");
	cr_assert_eq(have[0].personalisation, 2);
	cr_assert_str_eq(have[0].image_sha256, "abc");
	cr_assert_str_eq(have[0].name, "Pay");
	cr_assert_eq(device_table_domains(kit.db, kit_did(1), &kit.arena, &have_domains, &count),
		     0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(have_domains[0].certificates, "c1 c2");
	cr_assert_eq(device_table_aiks(kit.db, kit_did(1), &kit.arena, &have_aiks, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(have_aiks[0].type, "ECC");
	cr_assert(span_equal(have_aiks[0].key, span_of("k2", 2)));
	content = (struct device_content) { 0 };
	cr_assert_eq(device_table_store_content(kit.db, kit_did(1), NULL, &content), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM device_ta"), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM device_domain"), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM device_aik"), 0);
}

Test(tam_devices, lists_show_whom_one_may_see)
{
	struct device_filter filter = { .status = -1, .limit = 10 };
	struct wanted entry = { .scope = SCOPE_DEVICE,
				.scope_id = kit_did(2),
				.spid = "b",
				.sdname = "sd",
				.taid = "",
				.present = true };
	const struct device_domain domain = { .spid = "a", .sdname = "one" };
	const struct device_content content = { .domains = &domain, .domain_count = 1 };
	struct device *list;
	int64_t total, counts[4];
	size_t count;

	kit_sp("a", 5);
	kit_sp("b", 6);
	for (int i = 1; i <= 4; i++)
		kit_device(i);
	cr_assert_eq(group_add(kit.db, "lab"), 0);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(3)), 0);
	cr_assert_eq(device_table_describe(kit.db, kit_did(4), "Model X", "{\"site\":\"Köln\"}"),
		     0);
	cr_assert_eq(device_table_set_status(kit.db, kit_did(4), DEVICE_SUSPENDED, ""), 0);
	cr_assert_eq(device_table_store_content(kit.db, kit_did(1), NULL, &content), 0);
	cr_assert_eq(wanted_set(kit.db, &entry, &why), 0, "%s", why);

	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 4 && total == 4);
	filter.after = kit_did(1);
	filter.limit = 2;
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 2 && total == 4);
	cr_assert_str_eq(list[0].did, kit_did(2));
	filter = (struct device_filter) { .status = -1, .limit = 10, .q = "model" };
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 1 && total == 1);
	cr_assert_str_eq(list[0].labels, "{\"site\":\"Köln\"}");
	filter.q = "Köln";
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert_eq(count, 1);
	filter.q = "_";
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert_eq(count, 0);
	filter = (struct device_filter) { .status = DEVICE_SUSPENDED, .limit = 10 };
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 1 && total == 1);
	filter = (struct device_filter) { .status = -1, .limit = 10, .group = "lab" };
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 1 && total == 1);
	filter = (struct device_filter) { .status = -1, .limit = 10, .spid = "a" };
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 1 && total == 1);
	cr_assert_str_eq(list[0].did, kit_did(1));
	filter.spid = "b";
	cr_assert_eq(device_table_list(kit.db, &filter, &kit.arena, &list, &count, &total), 0);
	cr_assert(count == 1 && total == 1);
	cr_assert_str_eq(list[0].did, kit_did(2));
	cr_assert_eq(device_table_visible(kit.db, kit_did(2), "b"), 0);
	cr_assert_eq(device_table_visible(kit.db, kit_did(1), "b"), -ENOENT);
	cr_assert_eq(device_table_count(kit.db, counts), 0);
	cr_assert(counts[DEVICE_UNKNOWN] == 3 && counts[DEVICE_SUSPENDED] == 1);
	cr_assert_eq(device_table_remove(kit.db, kit_did(2)), 0);
	cr_assert_eq(device_table_remove(kit.db, kit_did(2)), -ENOENT);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM wanted"), 0);
}

Test(tam_devices, what_apps_ask_for_is_bounded)
{
	const char **taids;
	char taid[40];
	size_t count;

	cr_assert_eq(device_table_request_ta(kit.db, kit_did(1), TA_1), -ENOENT);
	kit_device(1);
	for (int i = 0; i < 70; i++) {
		snprintf(taid, sizeof(taid), "3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f%04x", i);
		cr_assert_eq(device_table_request_ta(kit.db, kit_did(1), taid), 0);
	}
	cr_assert_eq(device_table_requested(kit.db, kit_did(1), &kit.arena, &taids, &count), 0);
	cr_assert_eq(count, 64);
}

Test(tam_devices, groups_have_members)
{
	struct device_group *list;
	const char **names;
	size_t count;

	kit_device(1);
	cr_assert_eq(group_add(kit.db, "a b"), -EINVAL);
	cr_assert_eq(group_add(kit.db, ""), -EINVAL);
	cr_assert_eq(group_add(kit.db, "lab"), 0);
	cr_assert_eq(group_add(kit.db, "lab"), -EEXIST);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(2)), -ENOENT);
	cr_assert_eq(group_join(kit.db, "none", kit_did(1)), -ENOENT);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(1)), 0);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(1)), 0);
	cr_assert_eq(group_list(kit.db, NULL, &kit.arena, &list, &count), 0);
	cr_assert(count == 1 && list[0].devices == 1);
	cr_assert_eq(group_of_device(kit.db, kit_did(1), &kit.arena, &names, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(names[0], "lab");
	cr_assert_eq(group_leave(kit.db, "lab", kit_did(1)), 0);
	cr_assert_eq(group_leave(kit.db, "lab", kit_did(1)), 0);
	cr_assert_eq(group_leave(kit.db, "lab", kit_did(2)), -ENOENT);
	cr_assert_eq(group_remove(kit.db, "lab"), 0);
	cr_assert_eq(group_remove(kit.db, "lab"), -ENOENT);
}

/* ---- Wanted state ---------------------------------------------------------------------------- */

static int64_t want(enum wanted_scope scope, const char *id, const char *taid, int64_t version,
		    bool present)
{
	struct wanted entry = { .scope = scope,
				.scope_id = id,
				.spid = "a",
				.sdname = "sd",
				.taid = taid,
				.version = version,
				.present = present };
	const int rc = wanted_set(kit.db, &entry, &why);

	cr_assert_eq(rc, 0, "%d %s %s", rc, why ? why : "-", tam_database_error(kit.db));
	return entry.id;
}

static struct wanted_decision decision(const char *did, size_t expected)
{
	struct wanted_decision *list;
	size_t count;

	cr_assert_eq(wanted_for_device(kit.db, did, &kit.arena, &list, &count), 0, "%s",
		     tam_database_error(kit.db));
	cr_assert_eq(count, expected, "%zu", count);
	return count ? list[0] : (struct wanted_decision) { 0 };
}

Test(tam_devices, the_nearest_scope_decides)
{
	int64_t all, group, own;

	kit_sp("a", 5);
	for (uint32_t v = 1; v <= 3; v++)
		kit_ta("a", TA_1, v, 5);
	kit_device(1);
	cr_assert_eq(group_add(kit.db, "lab"), 0);
	cr_assert_eq(group_add(kit.db, "old"), 0);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(1)), 0);
	cr_assert_eq(group_join(kit.db, "old", kit_did(1)), 0);
	(void)decision(kit_did(1), 0);
	all = want(SCOPE_ALL, "", TA_1, 0, true);
	cr_assert_eq(decision(kit_did(1), 1).version, 3, "0 is the latest");
	cr_assert_eq(decision(kit_did(2), 1).version, 3, "known or not");
	group = want(SCOPE_GROUP, "lab", TA_1, 2, true);
	cr_assert_eq(decision(kit_did(1), 1).version, 2);
	cr_assert_eq(decision(kit_did(2), 1).version, 3);
	own = want(SCOPE_DEVICE, kit_did(1), TA_1, 1, true);
	cr_assert_eq(decision(kit_did(1), 1).version, 1);
	cr_assert_eq(want(SCOPE_DEVICE, kit_did(1), TA_1, 0, false), own, "in its place");
	cr_assert(!decision(kit_did(1), 1).present);
	cr_assert_eq(wanted_remove(kit.db, own, "b"), -ENOENT, "not that SP's");
	cr_assert_eq(wanted_remove(kit.db, own, "a"), 0);
	cr_assert_eq(wanted_remove(kit.db, own, NULL), -ENOENT);
	kit_run("UPDATE wanted SET created = created - 1000");
	(void)want(SCOPE_GROUP, "old", TA_1, 3, true);
	cr_assert_eq(decision(kit_did(1), 1).version, 3, "of groups the one made last");
	cr_assert_eq(group_remove(kit.db, "lab"), -EBUSY);
	cr_assert_eq(wanted_remove(kit.db, group, NULL), 0);
	cr_assert_eq(group_remove(kit.db, "lab"), 0);
	cr_assert_eq(wanted_remove(kit.db, all, NULL), 0);
	(void)decision(kit_did(2), 0);
}

Test(tam_devices, what_is_retired_is_not_wanted)
{
	struct wanted_decision one;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_ta("a", TA_1, 2, 5);
	(void)want(SCOPE_ALL, "", TA_1, 0, true);
	(void)want(SCOPE_DEVICE, kit_did(1), TA_1, 2, true);
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 2, span_of("x", 1)), 0);
	one = decision(kit_did(1), 1);
	cr_assert(one.present && one.version == 2 && one.personalisation == 1);
	cr_assert_eq(strlen(one.image_sha256), 64);
	cr_assert_eq(strlen(one.signer), 64);
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 2), 0);
	cr_assert(!decision(kit_did(1), 1).present, "that version and no other was asked for");
	one = decision(kit_did(2), 1);
	cr_assert(one.present && one.version == 1, "the latest that is left");
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 1), 0);
	cr_assert(!decision(kit_did(2), 1).present);
}

Test(tam_devices, wanted_state_names_what_there_is)
{
	struct wanted entry = {
		.scope = SCOPE_ALL, .spid = "a", .sdname = "sd", .taid = TA_1, .present = true
	};
	struct wanted_filter filter = { .scope = -1, .limit = 10 };
	struct wanted *list;
	size_t count;

	cr_assert_eq(wanted_set(kit.db, &entry, &why), -ENOENT);
	cr_assert_str_eq(why, "there is no such service provider");
	kit_sp("a", 5);
	kit_sp("b", 6);
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -ENOENT);
	cr_assert_str_eq(why, "the service provider has no such TA");
	kit_ta("b", TA_1, 1, 6);
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -ENOENT, "another's");
	entry.spid = "b";
	entry.version = 2;
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -ENOENT);
	entry.version = 0;
	entry.scope = SCOPE_GROUP;
	entry.scope_id = "none";
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -ENOENT);
	entry.scope = SCOPE_DEVICE;
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -EINVAL);
	entry.scope = SCOPE_ALL;
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -EINVAL);
	entry.scope_id = "";
	entry.taid = "3F6D2B9E-7C41-4F0E-8A52-0C1D2E3F4A5B";
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -EINVAL, "upper case");
	entry.taid = "";
	entry.version = 1;
	cr_assert_eq(wanted_set(kit.db, &entry, &why), -EINVAL, "a domain has no version");
	entry.version = 0;
	cr_assert_eq(wanted_set(kit.db, &entry, &why), 0, "a domain by itself");
	cr_assert_eq(decision(kit_did(1), 1).present, true);
	cr_assert_eq(wanted_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	filter.spid = "a";
	cr_assert_eq(wanted_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 0);
	filter = (struct wanted_filter) { .scope = SCOPE_ALL, .scope_id = "", .limit = 1 };
	cr_assert_eq(wanted_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(wanted_entries_for_device(kit.db, kit_did(3), &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(sp_remove(kit.db, "b"), -EBUSY);
}

/* ---- Deployments ----------------------------------------------------------------------------- */

static struct deployment deploy(enum wanted_scope scope, const char *id, int64_t version)
{
	struct wanted what = { .scope = scope,
			       .scope_id = id,
			       .spid = "a",
			       .sdname = "sd",
			       .taid = TA_1,
			       .version = version,
			       .present = true,
			       .created_by = "tester" };
	struct deployment out;
	const int rc = deployment_start(kit.db, &what, &kit.arena, &out, &why);

	cr_assert_eq(rc, 0, "%d %s %s", rc, why ? why : "-", tam_database_error(kit.db));
	return out;
}

static struct deployment again(int64_t id)
{
	struct deployment out;

	cr_assert_eq(deployment_get(kit.db, id, &kit.arena, &out), 0);
	return out;
}

static void progress(int n, const struct wanted *entry, enum deployment_state state,
		     const char *error)
{
	cr_assert_eq(deployment_progress(kit.db, kit_did(n), entry, state, error), 0, "%s",
		     tam_database_error(kit.db));
}

static int64_t run(int n)
{
	int64_t open;

	cr_assert_eq(deployment_run(kit.db, kit_did(n), &open), 0, "%s",
		     tam_database_error(kit.db));
	return open;
}

Test(tam_devices, a_deployment_counts_its_devices)
{
	struct deployment_device *devices;
	struct deployment one, *list;
	struct wanted entry;
	size_t count;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	for (int i = 1; i <= 3; i++)
		kit_device(i);
	one = deploy(SCOPE_ALL, "", 0);
	entry = one.what;
	cr_assert_eq(one.waiting, 3);
	cr_assert_eq(deployment_state(&one), DEPLOYMENT_RUNNING);
	cr_assert_str_eq(one.what.created_by, "tester");
	kit_device(4);
	cr_assert_eq(again(one.id).waiting, 4, "who comes later joins");
	for (int i = 1; i <= 3; i++)
		cr_assert_eq(run(i), 1);
	progress(1, &entry, DEPLOYMENT_DONE, NULL);
	progress(2, &entry, DEPLOYMENT_FAILED, "ERR_TA_INVALID");
	cr_assert_eq(run(1), 0);
	progress(1, &entry, DEPLOYMENT_FAILED, "done is done");
	one = again(one.id);
	cr_assert(one.waiting == 1 && one.running == 1 && one.done == 1 && one.failed == 1);
	cr_assert_eq(deployment_devices(kit.db, one.id, DEPLOYMENT_FAILED, NULL, 10, &kit.arena,
					&devices, &count),
		     0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(devices[0].error, "ERR_TA_INVALID");
	cr_assert_str_eq(devices[0].tee_name, "simtee-0");
	cr_assert_eq(deployment_return(kit.db, kit_did(3)), 0);
	cr_assert_eq(again(one.id).waiting, 2, "a session that was lost");
	progress(3, NULL, DEPLOYMENT_DONE, NULL);
	progress(4, &entry, DEPLOYMENT_DONE, NULL);
	one = again(one.id);
	cr_assert_eq(deployment_state(&one), DEPLOYMENT_FAILED);
	cr_assert_eq(run(2), 1);
	progress(2, &entry, DEPLOYMENT_DONE, NULL);
	one = again(one.id);
	cr_assert_eq(deployment_state(&one), DEPLOYMENT_DONE);
	cr_assert_eq(one.done, 4);
	cr_assert_eq(deployment_list(kit.db, "a", 0, 5, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_eq(deployment_list(kit.db, NULL, one.id, 5, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 0);
	cr_assert_eq(deployment_get(kit.db, one.id + 1, &kit.arena, &one), -ENOENT);
}

/* Each entry but for one of what tells it from the one that was deployed. */
Test(tam_devices, a_deployment_heeds_no_entry_but_its_own)
{
	struct deployment one;
	struct wanted others[6];

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_device(1);
	one = deploy(SCOPE_ALL, "", 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		others[i] = one.what;
	others[0].spid = "b";
	others[1].sdname = "another";
	others[2].taid = "";
	others[3].scope = SCOPE_GROUP;
	others[4].scope_id = "lab";
	others[5].created++;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		progress(1, &others[i], DEPLOYMENT_DONE, NULL);
		cr_assert_eq(again(one.id).waiting, 1, "%zu", i);
	}
	progress(1, &one.what, DEPLOYMENT_DONE, NULL);
	cr_assert_eq(again(one.id).done, 1);
}

Test(tam_devices, a_deployment_that_is_over_is_not_touched)
{
	struct deployment one;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_device(1);
	one = deploy(SCOPE_ALL, "", 0);
	progress(1, &one.what, DEPLOYMENT_FAILED, "no room");
	(void)want(SCOPE_ALL, "", TA_1, 0, false);
	cr_assert_eq(run(1), 0);
	progress(1, &one.what, DEPLOYMENT_DONE, NULL);
	one = again(one.id);
	cr_assert(one.replaced && one.failed == 1 && one.done == 0 && one.running == 0);
}

Test(tam_devices, what_a_session_left_running_waits_or_is_left_out)
{
	struct deployment one;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_device(1);
	one = deploy(SCOPE_ALL, "", 0);
	cr_assert_eq(run(1), 1);
	cr_assert_eq(deployment_return(kit.db, kit_did(1)), 0);
	cr_assert_eq(again(one.id).waiting, 1);
	/* It ended while another process's session made it run once more. */
	kit_run("UPDATE deployment SET replaced = 1");
	kit_run("UPDATE deployment_device SET state = 1");
	cr_assert_eq(deployment_return(kit.db, kit_did(1)), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"), 0);
}

Test(tam_devices, a_later_deployment_takes_the_place_of_an_earlier)
{
	struct deployment first, second;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_ta("a", TA_1, 2, 5);
	kit_device(1);
	kit_device(2);
	first = deploy(SCOPE_ALL, "", 1);
	progress(1, &first.what, DEPLOYMENT_DONE, NULL);
	second = deploy(SCOPE_ALL, "", 2);
	first = again(first.id);
	cr_assert(first.replaced && first.done == 1 && first.waiting == 0);
	cr_assert_eq(second.waiting, 2);
	kit_device(3);
	cr_assert_eq(again(first.id).waiting, 0);
	cr_assert_eq(again(second.id).waiting, 3);
	cr_assert_eq(decision(kit_did(1), 1).version, 2);
	cr_assert_eq(wanted_remove(kit.db, kit_count("SELECT id FROM wanted"), NULL), 0);
	second = again(second.id);
	cr_assert(second.replaced && second.waiting == 0, "taken back");
}

Test(tam_devices, an_entry_that_is_set_anew_ends_the_deployment)
{
	struct deployment one;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_device(1);
	one = deploy(SCOPE_ALL, "", 0);
	(void)want(SCOPE_DEVICE, kit_did(1), TA_1, 0, false);
	cr_assert(!again(one.id).replaced, "that is of another scope");
	(void)want(SCOPE_ALL, "", TA_1, 0, false);
	one = again(one.id);
	cr_assert(one.replaced && one.waiting == 0 && one.done == 0);
}

Test(tam_devices, a_deployment_to_a_group_follows_the_group)
{
	struct deployment one;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_device(1);
	kit_device(2);
	cr_assert_eq(group_add(kit.db, "lab"), 0);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(1)), 0);
	one = deploy(SCOPE_GROUP, "lab", 0);
	cr_assert_eq(one.waiting, 1);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(2)), 0);
	cr_assert_eq(again(one.id).waiting, 2);
	cr_assert_eq(group_leave(kit.db, "lab", kit_did(2)), 0);
	cr_assert_eq(again(one.id).waiting, 1);
	for (enum deployment_state state = DEPLOYMENT_RUNNING; state <= DEPLOYMENT_FAILED;
	     state++) {
		cr_assert_eq(group_join(kit.db, "lab", kit_did(2)), 0);
		progress(2, &one.what, state, NULL);
		cr_assert_eq(group_leave(kit.db, "lab", kit_did(2)), 0);
		cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"),
			     state == DEPLOYMENT_DONE ? 2 : 1);
		kit_run("DELETE FROM deployment_device WHERE state = 2");
	}
	one = deploy(SCOPE_DEVICE, kit_did(3), 0);
	cr_assert_eq(one.waiting, 0);
	kit_device(3);
	cr_assert_eq(again(one.id).waiting, 1, "named before it was known");
}

/* A device whose last state the TAM knows, with that version of the TA; 0: without. */
static void device_with(int n, int64_t version, const char *image)
{
	const struct device_domain domain = { .spid = "a", .sdname = "sd", .certificates = "" };
	const struct device_ta ta = { .spid = "a",
				      .sdname = "sd",
				      .taid = TA_1,
				      .name = "",
				      .version = version,
				      .image_sha256 = image,
				      .state = "installed" };
	const struct device_content content = {
		.domains = &domain, .domain_count = 1, .tas = &ta, .ta_count = version > 0
	};

	kit_device(n);
	cr_assert_eq(device_table_get(kit.db, kit_did(n), &kit.arena, &device), 0);
	device.status = DEVICE_TRUSTED;
	device.dsi = span_of("{}", 2);
	cr_assert_eq(device_table_store(kit.db, &device), 0);
	cr_assert_eq(device_table_store_content(kit.db, kit_did(n), NULL, &content), 0);
}

static struct deployment deploy_domain(const char *taid, bool present)
{
	struct wanted what = {
		.scope = SCOPE_ALL, .spid = "a", .sdname = "sd", .taid = taid, .present = present
	};
	struct deployment out;

	cr_assert_eq(deployment_start(kit.db, &what, &kit.arena, &out, &why), 0, "%s", why);
	return out;
}

Test(tam_devices, a_deployment_is_done_where_it_is_so_already)
{
	struct deployment_device *devices;
	struct deployment one;
	size_t count;

	kit_sp("a", 9);
	kit_ta("a", TA_1, 1, 9);
	kit_ta("a", TA_1, 2, 9);
	device_with(1, 2, "");
	device_with(2, 1, "");
	device_with(3, 0, "");
	device_with(4, 2, "of another image");
	device_with(5, 2, "");
	device_with(6, 2, "");
	device_with(7, 2, "");
	/* Whose state is not known, or counts for nothing, is waited for. */
	cr_assert_eq(tam_database_run(kit.db, "UPDATE device SET dsi = NULL WHERE did = $1",
				      TAM_VALUES(tam_text(kit_did(5))), NULL),
		     0);
	cr_assert_eq(device_table_set_status(kit.db, kit_did(6), DEVICE_SUSPENDED, ""), 0);
	one = deploy(SCOPE_ALL, "", 0);
	cr_assert(one.done == 2 && one.waiting == 5, "%d %d", (int)one.done, (int)one.waiting);
	cr_assert_eq(deployment_devices(kit.db, one.id, DEPLOYMENT_DONE, NULL, 10, &kit.arena,
					&devices, &count),
		     0);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(devices[0].error, "already so when it was asked for");
	one = deploy(SCOPE_DEVICE, kit_did(2), 1);
	cr_assert_eq(deployment_state(&one), DEPLOYMENT_DONE, "an older version is what is asked");
	/* Personalisation data that came later is still to be brought. */
	cr_assert_eq(catalogue_personalise(kit.db, TA_1, 2, span_of_text("new")), 0);
	one = deploy(SCOPE_DEVICE, kit_did(1), 0);
	cr_assert_eq(one.waiting, 1);
	/* Once the newest is retired, the one before is. */
	cr_assert_eq(catalogue_retire(kit.db, TA_1, 2), 0);
	one = deploy(SCOPE_ALL, "", 0);
	cr_assert(one.done == 1 && one.waiting == 6);
	/* Whoever joins a group. */
	cr_assert_eq(group_add(kit.db, "lab"), 0);
	one = deploy(SCOPE_GROUP, "lab", 0);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(2)), 0);
	cr_assert_eq(group_join(kit.db, "lab", kit_did(3)), 0);
	one = again(one.id);
	cr_assert(one.done == 1 && one.waiting == 1);
	/* What is to go, and domains. */
	one = deploy_domain(TA_1, false);
	cr_assert(one.done == 1 && one.waiting == 6);
	one = deploy_domain("", true);
	cr_assert(one.done == 5 && one.waiting == 2);
	one = deploy_domain("", false);
	cr_assert_eq(one.waiting, 7);
	/* One that its SP encrypts for each device is there with the SP's last delivery alone. */
	kit_run("UPDATE ta_version SET bundled = 2");
	one = deploy(SCOPE_DEVICE, kit_did(2), 0);
	cr_assert_eq(one.done, 1);
	cr_assert_eq(
		tam_database_run(
			kit.db,
			"INSERT INTO sealed_delivery(did, spid, taid, version, name, aik_hash, "
			"size, personalisation, created, created_by, installed, error) "
			"VALUES($1, 'a', $2, 1, '', $3, 0, 0, 0, '', 0, '')",
			TAM_VALUES(tam_text(kit_did(2)), tam_text(TA_1),
				   tam_octets(span_of("hash", 4))),
			NULL),
		0);
	one = deploy(SCOPE_DEVICE, kit_did(2), 0);
	cr_assert_eq(one.waiting, 1);
}

/* ---- Sessions -------------------------------------------------------------------------------- */

Test(tam_devices, of_two_who_took_one_answer_one_stores)
{
	struct session session = { .tid = "tid-1",
				   .rid = "rid-1",
				   .step = "GetDeviceState",
				   .secret = span_of("content key", 11) };
	struct session mine, theirs;
	TAM_ROWS_AUTO *rows = NULL;
	struct span sealed;

	cr_assert_eq(session_table_add(kit.db, &session), 0);
	cr_assert_eq(session_table_add(kit.db, &session), -EEXIST);
	cr_assert_eq(session_table_get(kit.db, "tid-1", &kit.arena, &mine), 0);
	cr_assert_eq(session_table_get(kit.db, "tid-1", &kit.arena, &theirs), 0);
	cr_assert_eq(session_table_get(kit.db, "tid-2", &kit.arena, &theirs), -ENOENT);
	cr_assert(span_equal(mine.secret, span_of("content key", 11)));
	mine.rid = "rid-2";
	mine.did = kit_did(1);
	mine.context = span_of("plan", 4);
	mine.last_hash = span_of("hash", 4);
	mine.last_answer = span_of("answer", 6);
	cr_assert_eq(session_table_store(kit.db, &mine), 0);
	theirs.revision = 1;
	cr_assert_eq(session_table_store(kit.db, &theirs), -ESTALE);
	cr_assert_eq(session_table_get(kit.db, "tid-1", &kit.arena, &theirs), 0);
	cr_assert_str_eq(theirs.rid, "rid-2");
	cr_assert_str_eq(theirs.did, kit_did(1));
	cr_assert(span_equal(theirs.last_answer, span_of("answer", 6)));
	cr_assert_eq(session_table_take(kit.db, "tid-1", span_of("hash", 4), &kit.arena, &theirs),
		     0);
	cr_assert(span_equal(theirs.last_answer, span_of("answer", 6)));
	cr_assert_eq(session_table_take(kit.db, "tid-1", span_of("hush", 4), &kit.arena, &theirs),
		     0);
	cr_assert_null(theirs.last_answer.data, "another message has not been answered");
	cr_assert(span_equal(theirs.context, span_of("plan", 4)));
	cr_assert_eq(tam_database_query(kit.db, &rows, "SELECT secret FROM session", TAM_NO_VALUES),
		     0);
	cr_assert_eq(tam_rows_next(rows), 1);
	sealed = tam_row_octets(rows, 0);
	cr_assert_null(memmem(sealed.data, sealed.size, "content", 7), "sealed at rest");
}

static void session_at(const char *tid, const char *did, int64_t time)
{
	struct session session = { .tid = tid, .did = did };

	cr_assert_eq(session_table_add(kit.db, &session), 0);
	cr_assert_eq(tam_database_run(
			     kit.db, "UPDATE session SET started = $2, updated = $2 WHERE tid = $1",
			     TAM_VALUES(tam_text(tid), tam_integer(time)), NULL),
		     0);
}

static void say(const char *tid, const char *did, const char *kind)
{
	struct message message = {
		.tid = tid, .did = did, .kind = kind, .size = 5, .decoded = "{}"
	};

	cr_assert_eq(message_log_add(kit.db, &message), 0, "%s", tam_database_error(kit.db));
}

Test(tam_devices, sessions_are_listed_newest_first_and_expire)
{
	struct session_filter filter = { .state = -1, .limit = 2 };
	struct session *list;
	int64_t n, open, total;
	size_t count;

	kit_sp("a", 5);
	kit_ta("a", TA_1, 1, 5);
	kit_device(1);
	kit_device(2);
	session_at("one", kit_did(1), 1000);
	session_at("two", kit_did(2), 2000);
	session_at("three", kit_did(1), 2000);
	session_at("four", "", 4000);
	say("one", kit_did(1), "x");
	cr_assert_eq(session_table_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(list[0].tid, "four");
	cr_assert_str_eq(list[1].tid, "two");
	filter.after = "two";
	cr_assert_eq(session_table_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_str_eq(list[0].tid, "three");
	cr_assert_eq(list[1].messages, 1);
	filter = (struct session_filter) { .state = -1, .limit = 9, .did = kit_did(1) };
	cr_assert_eq(session_table_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	filter = (struct session_filter) { .state = -1, .limit = 9, .spid = "a" };
	cr_assert_eq(session_table_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 0);
	(void)deploy(SCOPE_DEVICE, kit_did(1), 0);
	cr_assert_eq(session_table_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	cr_assert_eq(run(1), 1);
	cr_assert_eq(session_table_count(kit.db, &open, &total), 0);
	cr_assert(open == 4 && total == 4);
	cr_assert_eq(session_table_expire(kit.db, 3000, 100, &n), 0);
	cr_assert_eq(n, 3);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device WHERE state = 0"), 1,
		     "what ran waits again");
	filter = (struct session_filter) { .state = SESSION_LOST, .limit = 9 };
	cr_assert_eq(session_table_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 3);
	cr_assert_eq(session_table_trim(kit.db, 1500, 100, &n), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM message"), 0);
	cr_assert_eq(session_table_beyond(kit.db, 3, &n), 0);
	cr_assert_eq(n, 0, "there are three");
	cr_assert_eq(session_table_beyond(kit.db, 1, &n), 0);
	cr_assert_eq(n, 2000);
	cr_assert_eq(session_table_beyond(kit.db, 0, &n), 0);
	cr_assert_eq(n, 4000);
}

Test(tam_devices, messages_are_kept_in_order_and_in_bounds)
{
	struct message_filter filter = { .after = -1, .limit = 3 };
	struct message *list, big = { .tid = "t1", .kind = "y" };
	char *much = malloc(MESSAGE_DECODED_MAX + 100);
	int64_t removed;
	size_t count;

	kit_device(1);
	session_at("t1", kit_did(1), 1);
	for (int i = 0; i < 6; i++)
		say(i % 2 ? "t1" : "t2", i % 2 ? kit_did(1) : "", i % 2 ? "odd" : "even");
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 3);
	cr_assert_str_eq(list[0].kind, "odd");
	cr_assert_eq(list[2].seq, 3, "the third of its session");
	cr_assert_eq(list[1].seq, 0, "of no session");
	filter = (struct message_filter) { .after = list[0].id, .limit = 10 };
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 2);
	filter = (struct message_filter) { .limit = 10, .tid = "t1" };
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 3);
	cr_assert_lt(list[0].seq, list[1].seq);
	filter = (struct message_filter) { .after = -1, .limit = 1, .did = kit_did(1) };
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert(count == 1 && list[0].seq == 3);
	filter = (struct message_filter) { .limit = 10, .spid = "nobody" };
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_eq(count, 0);
	memset(much, 'x', MESSAGE_DECODED_MAX + 100);
	much[MESSAGE_DECODED_MAX + 99] = '\0';
	big.decoded = much;
	cr_assert_eq(message_log_add(kit.db, &big), 0);
	filter = (struct message_filter) { .after = -1, .limit = 1 };
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &list, &count), 0);
	cr_assert_str_eq(list[0].kind, "y");
	cr_assert_lt(strlen(list[0].decoded), 100);
	cr_assert_eq(message_log_trim(kit.db, 4, 0, &removed), 0);
	cr_assert_eq(removed, 3);
	cr_assert_eq(message_log_trim(kit.db, 100, tam_time_now() + 1000, &removed), 0);
	cr_assert_eq(removed, 4);
	free(much);
}

/* ---- Certificates that end ------------------------------------------------------------------- */

/* 700 with the certificate of the first: pages of 200, and more than are named; each seventh is
 * refused. */
static int many_devices(struct tam_database *database, void *context)
{
	int rc = 0;

	(void)context;
	for (int n = 1000; rc == 0 && n < 1700; n++) {
		char did[16];

		snprintf(did, sizeof(did), "ffff%d", n);
		rc = tam_database_run(
			database,
			"INSERT INTO device(did, revision, key_hash, tee_name, tee_version, "
			"model, labels, status, reason, signer_required, algorithm, address, "
			"first_seen, last_seen, dsi_generation, tee_certificate, tee_chain) "
			"VALUES($1, 1, $2, 'many', '', '', '{}', $3, '', 0, '', '', 0, 0, -1, "
			"$4, $5)",
			TAM_VALUES(tam_text(did), tam_octets(span_of(did, strlen(did))),
				   tam_integer(n % 7 == 0 ? DEVICE_REFUSED : DEVICE_TRUSTED),
				   tam_octets(kit_certificate(1, "Sim TEE", NULL)),
				   tam_octets(span_of("", 0))),
			NULL);
	}
	return rc;
}

#define EIGHT "________"

Test(tam_devices, certificates_that_end_are_found_on_whichever_page)
{
	struct device_expiry *expiry = device_expiry_open();
	struct device_ending list[DEVICE_EXPIRY_MAX];
	const time_t now = time(NULL);
	int64_t ending, ended;

	cr_assert_not_null(expiry);
	for (int n = 1; n <= 3; n++)
		kit_device(n);
	cr_assert_eq(tam_database_transaction(kit.db, TAM_RELAXED, many_devices, NULL), 0, "%s",
		     tam_database_error(kit.db));
	cr_assert_eq(device_expiry_scan(expiry, kit.db, now + 3600), 0);
	cr_expect_eq(device_expiry_list(expiry, now, list, &ending, &ended), 0);
	cr_expect(ending == 0 && ended == 0);
	cr_assert_eq(device_expiry_scan(expiry, kit.db, now + 2 * 86400), 0);
	cr_expect_eq(device_expiry_list(expiry, now, list, &ending, &ended), DEVICE_EXPIRY_MAX);
	cr_expect_eq(ending, 603, "%lld: all that are not refused", (long long)ending);
	cr_expect_eq(ended, 0);
	cr_expect(device_expiry_list(expiry, now + 2 * 86400, list, &ending, &ended) &&
			  ended == ending,
		  "%lld", (long long)ended);
	for (int i = 1; i < DEVICE_EXPIRY_MAX; i++)
		cr_expect_leq(list[i - 1].not_after, list[i].not_after);
	cr_expect_str_eq(list[0].whose, "TEE");
	cr_expect_not_null(strstr(list[0].subject, "Sim TEE"));
	/* A name is cut between two characters. */
	kit_run("UPDATE device SET tee_name = 'x' || REPLACE('" EIGHT EIGHT EIGHT EIGHT EIGHT
		"', '_', '\xe2\x82\xac')");
	cr_assert_eq(device_expiry_scan(expiry, kit.db, now + 2 * 86400), 0);
	cr_expect_eq(device_expiry_list(expiry, now, list, &ending, &ended), DEVICE_EXPIRY_MAX);
	cr_expect_not_null(strstr(list[0].subject, "of x\xe2\x82\xac"));
	cr_expect_str_eq(list[0].subject + strlen(list[0].subject) - 3, "\xe2\x82\xac");
	/* What is above it ends first: that is told. */
	kit_run("UPDATE device SET tee_certificate = tee_chain, tee_chain = tee_certificate");
	cr_assert_eq(device_expiry_scan(expiry, kit.db, now + 2 * 86400), 0);
	cr_expect_eq(device_expiry_list(expiry, now, list, &ending, &ended), DEVICE_EXPIRY_MAX);
	cr_expect_str_eq(list[0].whose, "TEE's authority");
	kit_run("DELETE FROM device");
	cr_assert_eq(device_expiry_scan(expiry, kit.db, now + 2 * 86400), 0);
	cr_expect_eq(device_expiry_list(expiry, now, list, &ending, &ended), 0);
	device_expiry_close(expiry);
}
