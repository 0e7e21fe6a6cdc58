/* From what is wanted and what is there to what is sent: tables of situations. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "teep/tam/plan.h"

#define CERT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CERT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CERT_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct arena arena;

static void teardown(void)
{
	arena_clear(&arena);
}

TestSuite(tam_plan, .fini = teardown);

/* A device and a TAM's picture of it, in few words. */
struct situation {
	struct dsi_ta tas[8];
	struct dsi_sd sds[4];
	struct dsi_aik aiks[2];
	struct dsi dsi;
	struct device_ta known[8];
	struct device_domain domains[4];
	struct wanted_decision wanted[8];
	struct sp_certificate certificates[4];
	struct plan_failure failures[4];
	const char *requested[4];
	struct plan_input input;
};

static void situation_begin(struct situation *s)
{
	memset(s, 0, sizeof(*s));
	s->aiks[0].spid = span_of_text("sp");
	s->dsi.aiks = s->aiks;
	s->dsi.aik_count = 1;
	s->dsi.sds = s->sds;
	s->input = (struct plan_input) { .dsi = &s->dsi,
					 .wanted = s->wanted,
					 .tas = s->known,
					 .domains = s->domains,
					 .certificates = s->certificates,
					 .requested = s->requested,
					 .failures = s->failures };
	s->certificates[0] = (struct sp_certificate) { .spid = "sp", .sha256 = CERT_A };
	s->input.certificate_count = 1;
}

/* A domain on the device, of TAs taids[0] …; certificates NULL: the TAM knows nothing of it. */
static void has(struct situation *s, const char *sdname, const char *certificates, const char *taid,
		const char *another)
{
	static struct dsi_ta room[16][2];
	static unsigned used;
	struct dsi_ta *tas = room[used++ % 16];
	struct dsi_sd *sd = &s->sds[s->dsi.sd_count++];

	*sd = (struct dsi_sd) { span_of_text(sdname), span_of_text("sp"), tas, 0 };
	if (taid)
		tas[sd->ta_count++] = (struct dsi_ta) { .taid = span_of_text(taid) };
	if (another)
		tas[sd->ta_count++] = (struct dsi_ta) { .taid = span_of_text(another) };
	if (certificates)
		s->domains[s->input.domain_count++] = (struct device_domain) {
			.spid = "sp", .sdname = sdname, .certificates = certificates
		};
}

static void knows(struct situation *s, const char *sdname, const char *taid, int64_t version)
{
	s->known[s->input.ta_count++] = (struct device_ta) {
		.spid = "sp", .sdname = sdname, .taid = taid, .version = version, .image_sha256 = ""
	};
}

static struct wanted_decision *want(struct situation *s, const char *sdname, const char *taid,
				    int64_t version)
{
	struct wanted_decision *decision = &s->wanted[s->input.wanted_count++];

	*decision = (struct wanted_decision) { .spid = "sp",
					       .sdname = sdname,
					       .taid = taid,
					       .present = version >= 0,
					       .version = version,
					       .image_sha256 = "",
					       .signer = CERT_A };
	return decision;
}

/* The steps, as "CreateSD sd1, InstallTA sd1/t1; problem …". */
static void expect(struct situation *s, const char *expected)
{
	char text[1024] = "", *at = text;
	struct plan plan;

	cr_assert_eq(plan_make(&s->input, &arena, &plan), 0);
	for (size_t i = 0; i < plan.count; i++) {
		const struct plan_step *step = &plan.steps[i];

		at += sprintf(at, "%s%s %s%s%s", i ? ", " : "", otrp_message_name(step->message),
			      step->sdname, step->taid[0] ? "/" : "", step->taid);
		if (step->message == OTRP_UPDATE_SD)
			at += sprintf(at, " +%zu -%zu%s", step->certificate_count,
				      step->removal_count, step->renew_aik ? " aik" : "");
		if (step->ta)
			at += sprintf(at, "%s%s", step->send_image ? " image" : "",
				      step->send_personalisation ? " data" : "");
	}
	for (size_t i = 0; i < plan.problem_count; i++)
		at += sprintf(at, "; %s: %s", plan.problems[i].taid, plan.problems[i].text);
	cr_expect_str_eq(text, expected);
}

Test(tam_plan, nothing_wanted_on_an_empty_device_is_nothing_to_do)
{
	struct situation s;

	situation_begin(&s);
	expect(&s, "");
}

Test(tam_plan, from_nothing_a_domain_is_made_and_the_ta_installed)
{
	struct situation s;

	situation_begin(&s);
	s.dsi.aik_count = 0;
	want(&s, "sd1", "t1", 1);
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image");
}

Test(tam_plan, personalisation_data_goes_along)
{
	struct situation s;

	situation_begin(&s);
	want(&s, "sd1", "t1", 1)->personalisation = 1;
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image data");
}

Test(tam_plan, device_that_has_all_gets_nothing)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	want(&s, "sd1", "t1", 1);
	expect(&s, "");
}

Test(tam_plan, newer_version_in_the_catalogue_is_an_update)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	want(&s, "sd1", "t1", 2);
	expect(&s, "UpdateTA sd1/t1 image");
}

Test(tam_plan, newer_personalisation_alone_sends_no_image)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	s.known[0].personalisation = 1;
	want(&s, "sd1", "t1", 1)->personalisation = 2;
	expect(&s, "UpdateTA sd1/t1 data");
}

Test(tam_plan, ta_of_unknown_version_is_sent_anew_as_an_update)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	want(&s, "sd1", "t1", 1)->personalisation = 1;
	expect(&s, "UpdateTA sd1/t1 image data");
}

Test(tam_plan, device_with_a_newer_version_is_a_problem_and_no_step)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 3);
	want(&s, "sd1", "t1", 2);
	expect(&s, "; t1: the device has a newer version, and versions are never lowered");
}

Test(tam_plan, retired_ta_goes_and_its_empty_domain_with_it)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	expect(&s, "DeleteTA sd1/t1, DeleteSD sd1");
}

Test(tam_plan, domain_stays_while_something_in_it_is_wanted)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", "t2");
	knows(&s, "sd1", "t2", 1);
	want(&s, "sd1", "t1", -1);
	want(&s, "sd1", "t2", 1);
	expect(&s, "DeleteTA sd1/t1");
}

Test(tam_plan, domain_that_is_wanted_for_itself_is_made_and_stays)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, NULL, NULL);
	want(&s, "sd1", "", 0);
	want(&s, "sd2", "", 0);
	expect(&s, "CreateSD sd2");
}

Test(tam_plan, what_another_installation_made_is_left_alone)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "foreign", NULL, "t1", NULL);
	expect(&s, "");
}

Test(tam_plan, what_another_installation_made_goes_when_an_entry_says_so)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "foreign", NULL, "t1", NULL);
	want(&s, "foreign", "t1", -1);
	expect(&s, "DeleteTA foreign/t1");
	want(&s, "foreign", "", -1);
	expect(&s, "DeleteTA foreign/t1, DeleteSD foreign");
}

Test(tam_plan, foreign_domain_in_which_a_ta_is_wanted_is_taken_over)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "foreign", NULL, "t1", NULL);
	want(&s, "foreign", "t2", 1);
	expect(&s, "UpdateSD foreign +1 -0, InstallTA foreign/t2 image");
}

Test(tam_plan, certificates_follow_those_of_the_provider)
{
	struct situation s;

	situation_begin(&s);
	s.certificates[1] = (struct sp_certificate) { .spid = "sp", .sha256 = CERT_B };
	s.input.certificate_count = 2;
	has(&s, "sd1", CERT_A " " CERT_C, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	want(&s, "sd1", "t1", 1);
	expect(&s, "UpdateSD sd1 +1 -1");
}

Test(tam_plan, domain_is_made_with_the_signer_and_then_gets_the_others)
{
	struct situation s;
	struct plan plan;

	situation_begin(&s);
	s.certificates[1] = (struct sp_certificate) { .spid = "sp", .sha256 = CERT_B };
	s.input.certificate_count = 2;
	want(&s, "sd1", "t1", 1)->signer = CERT_B;
	expect(&s, "CreateSD sd1, UpdateSD sd1 +1 -0, InstallTA sd1/t1 image");
	cr_assert_eq(plan_make(&s.input, &arena, &plan), 0);
	cr_expect_str_eq(plan.steps[0].certificates[0]->sha256, CERT_B);
	cr_expect_str_eq(plan.steps[0].certificates_after, CERT_B);
	cr_expect_str_eq(plan.steps[1].certificates_after, CERT_B " " CERT_A);
}

Test(tam_plan, provider_without_certificates_is_a_problem)
{
	struct situation s;

	situation_begin(&s);
	s.input.certificate_count = 0;
	want(&s, "sd1", "t1", 1);
	expect(&s, "; t1: no certificate is registered for the service provider");
}

Test(tam_plan, key_that_is_missing_is_asked_for)
{
	struct situation s;

	situation_begin(&s);
	s.dsi.aik_count = 0;
	has(&s, "sd1", CERT_A, NULL, NULL);
	want(&s, "sd1", "t1", 1);
	expect(&s, "UpdateSD sd1 +0 -0 aik, InstallTA sd1/t1 image");
}

Test(tam_plan, sp_of_which_too_much_failed_is_left_out)
{
	struct plan_failure failure = { OTRP_INSTALL_TA, "another", "", "" };
	struct situation s;

	situation_begin(&s);
	want(&s, "sd1", "t1", 1);
	s.input.failures = &failure;
	s.input.failure_count = 1;
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image");
	failure.spid = s.input.wanted[0].spid;
	expect(&s, "");
}

Test(tam_plan, ta_on_request_comes_when_it_is_asked_for_and_then_stays)
{
	struct situation s;

	situation_begin(&s);
	want(&s, "sd1", "t1", 2)->on_request = true;
	expect(&s, "");
	s.requested[0] = "t1";
	s.input.requested_count = 1;
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image");
	s.input.requested_count = 0;
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	expect(&s, "UpdateTA sd1/t1 image");
}

Test(tam_plan, device_tells_what_is_asked_for_as_well)
{
	struct span requested = span_of_text("t1");
	struct situation s;

	situation_begin(&s);
	want(&s, "sd1", "t1", 1)->on_request = true;
	s.dsi.requested = &requested;
	s.dsi.requested_count = 1;
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image");
}

Test(tam_plan, ta_that_moves_leaves_before_it_comes)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t1", NULL);
	knows(&s, "sd1", "t1", 1);
	want(&s, "sd2", "t1", 1);
	expect(&s, "DeleteTA sd1/t1, DeleteSD sd1, CreateSD sd2, InstallTA sd2/t1 image");
}

Test(tam_plan, ta_in_two_domains_is_a_problem)
{
	struct situation s;

	situation_begin(&s);
	want(&s, "sd2", "t1", 1);
	want(&s, "sd1", "t1", 1);
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image, CreateSD sd2; t1: another domain of the "
		   "device is to have this TA");
}

Test(tam_plan, order_is_that_of_names_and_updates_come_before_installs)
{
	struct situation s;

	situation_begin(&s);
	has(&s, "sd1", CERT_A, "t9", NULL);
	knows(&s, "sd1", "t9", 1);
	want(&s, "sd2", "t5", 1);
	want(&s, "sd1", "t1", 1);
	want(&s, "sd1", "t9", 2);
	expect(&s, "UpdateTA sd1/t9 image, InstallTA sd1/t1 image, CreateSD sd2, "
		   "InstallTA sd2/t5 image");
}

Test(tam_plan, what_failed_is_left_out_with_what_depends_on_it)
{
	struct situation s;

	situation_begin(&s);
	want(&s, "sd1", "t1", 1);
	want(&s, "sd2", "t2", 1);
	s.failures[0] = (struct plan_failure) { OTRP_CREATE_SD, "sp", "sd1", "" };
	s.input.failure_count = 1;
	expect(&s, "CreateSD sd2, InstallTA sd2/t2 image");
	s.failures[0] = (struct plan_failure) { OTRP_INSTALL_TA, "sp", "sd2", "t2" };
	expect(&s, "CreateSD sd1, InstallTA sd1/t1 image, CreateSD sd2");
}

Test(tam_plan, executing_the_first_step_again_and_again_ends)
{
	struct situation s;
	struct plan plan;
	unsigned steps = 0;

	situation_begin(&s);
	want(&s, "sd1", "t1", 1);
	want(&s, "sd1", "t2", 1);
	for (; steps < 10; steps++) {
		const struct plan_step *step;

		cr_assert_eq(plan_make(&s.input, &arena, &plan), 0);
		if (plan.count == 0)
			break;
		step = &plan.steps[0];
		if (step->message == OTRP_CREATE_SD) {
			has(&s, "sd1", step->certificates_after, NULL, NULL);
		} else {
			struct dsi_sd *sd = &s.sds[0];

			cr_assert_eq(step->message, OTRP_INSTALL_TA);
			s.tas[sd->ta_count].taid = span_of_text(step->taid);
			sd->tas = s.tas;
			sd->ta_count++;
			knows(&s, "sd1", step->taid, step->ta->version);
		}
	}
	cr_expect_eq(steps, 3);
}
