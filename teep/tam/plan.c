#include "teep/tam/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct planning {
	const struct plan_input *input;
	struct arena *arena;
	struct plan_step *steps;
	size_t count;
	struct plan_problem *problems;
	size_t problem_count;
};

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* ---- What is wanted -------------------------------------------------------------------------- */

static bool requested(const struct plan_input *input, const char *taid)
{
	for (size_t i = 0; i < input->requested_count; i++)
		if (same(input->requested[i], taid))
			return true;
	for (size_t i = 0; i < input->dsi->requested_count; i++)
		if (span_is(input->dsi->requested[i], taid))
			return true;
	return false;
}

static const struct dsi_sd *sd_of(const struct plan_input *input, const char *spid,
				  const char *sdname)
{
	return dsi_sd_find(input->dsi, span_of_text(spid), span_of_text(sdname));
}

bool plan_ta_there(const struct plan_input *input, const struct wanted_decision *decision)
{
	return dsi_ta_find(sd_of(input, decision->spid, decision->sdname),
			   span_of_text(decision->taid)) != NULL;
}

/* Whether its image is at hand. */
static bool deliverable(const struct plan_input *input, const struct wanted_decision *decision)
{
	if (decision->sealed)
		return decision->delivery == SEALED_READY;
	return !decision->bundled ||
	       (input->bundled_taid && same(input->bundled_taid, decision->taid) &&
		input->bundled_version == decision->version);
}

/* A TA that is to be on the device; the domain itself where there is none. */
static bool wants(const struct plan_input *input, const struct wanted_decision *decision)
{
	if (!decision->present)
		return false;
	if (!decision->taid[0] || plan_ta_there(input, decision))
		return true;
	return deliverable(input, decision) &&
	       (!decision->on_request || requested(input, decision->taid));
}

/* The SP can encrypt for a device once that has the SP's domain, whose key comes with it. */
static bool awaits(const struct plan_input *input, const struct wanted_decision *decision)
{
	return decision->sealed && decision->present && decision->taid[0] &&
	       (!decision->on_request || requested(input, decision->taid));
}

static const struct wanted_decision *decision_find(const struct plan_input *input, struct span spid,
						   struct span sdname, struct span taid)
{
	for (size_t i = 0; i < input->wanted_count; i++) {
		const struct wanted_decision *decision = &input->wanted[i];

		if (span_is(taid, decision->taid) && span_is(sdname, decision->sdname) &&
		    span_is(spid, decision->spid))
			return decision;
	}
	return NULL;
}

static bool domain_wanted(const struct plan_input *input, struct span spid, struct span sdname)
{
	for (size_t i = 0; i < input->wanted_count; i++)
		if (span_is(sdname, input->wanted[i].sdname) &&
		    span_is(spid, input->wanted[i].spid) &&
		    (wants(input, &input->wanted[i]) || awaits(input, &input->wanted[i])))
			return true;
	return false;
}

/* ---- What is known --------------------------------------------------------------------------- */

static const struct device_domain *record_of(const struct plan_input *input, struct span spid,
					     struct span sdname)
{
	for (size_t i = 0; i < input->domain_count; i++)
		if (span_is(spid, input->domains[i].spid) &&
		    span_is(sdname, input->domains[i].sdname))
			return &input->domains[i];
	return NULL;
}

/* The certificates of a domain are known to whoever put them there. */
static bool ours(const struct plan_input *input, struct span spid, struct span sdname)
{
	const struct device_domain *record = record_of(input, spid, sdname);

	return record && record->certificates[0];
}

static const struct device_ta *ta_record(const struct plan_input *input,
					 const struct wanted_decision *decision)
{
	for (size_t i = 0; i < input->ta_count; i++)
		if (same(input->tas[i].taid, decision->taid) &&
		    same(input->tas[i].spid, decision->spid) &&
		    same(input->tas[i].sdname, decision->sdname))
			return &input->tas[i];
	return NULL;
}

static bool failed(const struct plan_input *input, enum otrp_message message, const char *spid,
		   const char *sdname, const char *taid)
{
	for (size_t i = 0; i < input->failure_count; i++) {
		const struct plan_failure *failure = &input->failures[i];

		if (failure->sdname[0] == '\0' && same(failure->spid, spid))
			return true;
		if (failure->message == message && same(failure->taid, taid) &&
		    same(failure->sdname, sdname) && same(failure->spid, spid))
			return true;
	}
	return false;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* The next step, unless it was tried and failed. */
static struct plan_step *step_add(struct planning *planning, enum otrp_message message,
				  const char *spid, const char *sdname, const char *taid)
{
	struct plan_step *step;

	if (failed(planning->input, message, spid, sdname, taid))
		return NULL;
	step = &planning->steps[planning->count++];
	*step = (struct plan_step) {
		.message = message, .spid = spid, .sdname = sdname, .taid = taid
	};
	return step;
}

static void problem_add(struct planning *planning, const struct wanted_decision *decision,
			const char *text)
{
	planning->problems[planning->problem_count++] =
		(struct plan_problem) { decision->spid, decision->sdname, decision->taid, text };
}

static void plan_removals(struct planning *planning)
{
	const struct plan_input *input = planning->input;

	for (size_t i = 0; i < input->dsi->sd_count; i++) {
		const struct dsi_sd *sd = &input->dsi->sds[i];
		const bool made_here = ours(input, sd->spid, sd->name);

		for (size_t n = 0; n < sd->ta_count; n++) {
			const struct wanted_decision *decision =
				decision_find(input, sd->spid, sd->name, sd->tas[n].taid);
			const bool unwanted = decision && decision->excluded ? true
					      : input->hold_deletions	     ? false
					      : decision ? !wants(input, decision)
							 : made_here;

			if (unwanted)
				(void)step_add(planning, OTRP_DELETE_TA, span_text(sd->spid),
					       span_text(sd->name), span_text(sd->tas[n].taid));
		}
	}
}

/* Whether a domain has nothing left, once the steps so far are done. */
static bool emptied(const struct planning *planning, const struct dsi_sd *sd)
{
	size_t deleted = 0;

	for (size_t i = 0; i < planning->count; i++)
		deleted += planning->steps[i].message == OTRP_DELETE_TA &&
			   span_is(sd->spid, planning->steps[i].spid) &&
			   span_is(sd->name, planning->steps[i].sdname);
	return deleted == sd->ta_count;
}

static void plan_empty_domains(struct planning *planning)
{
	const struct plan_input *input = planning->input;

	for (size_t i = 0; i < input->dsi->sd_count; i++) {
		const struct dsi_sd *sd = &input->dsi->sds[i];
		const struct wanted_decision *decision =
			decision_find(input, sd->spid, sd->name, span_of("", 0));
		const bool excluded = decision && !decision->present;

		if (!domain_wanted(input, sd->spid, sd->name) &&
		    (excluded || (!input->hold_deletions && ours(input, sd->spid, sd->name))) &&
		    emptied(planning, sd))
			(void)step_add(planning, OTRP_DELETE_SD, span_text(sd->spid),
				       span_text(sd->name), "");
	}
}

/* ---- Certificates ---------------------------------------------------------------------------- */

/* Whether a list of digests, joined by spaces, has one. */
static bool listed(const char *list, const char *sha256)
{
	return strstr(list, sha256) != NULL;
}

static bool signs_wanted(const struct plan_input *input, const struct sp_certificate *certificate,
			 const char *sdname)
{
	for (size_t i = 0; i < input->wanted_count; i++)
		if (same(input->wanted[i].spid, certificate->spid) &&
		    same(input->wanted[i].sdname, sdname) && wants(input, &input->wanted[i]) &&
		    same(input->wanted[i].signer, certificate->sha256))
			return true;
	return false;
}

/* What a domain should have: the signers of what it gets first, for its room is limited. */
static size_t certificates_choose(const struct plan_input *input, const char *spid,
				  const char *sdname, const struct sp_certificate **chosen)
{
	size_t count = 0;

	for (int signers = 1; signers >= 0; signers--)
		for (size_t i = 0; i < input->certificate_count && count < SPAN_LIST_MAX; i++) {
			const struct sp_certificate *certificate = &input->certificates[i];

			if (same(certificate->spid, spid) &&
			    signs_wanted(input, certificate, sdname) == (signers == 1))
				chosen[count++] = certificate;
		}
	return count;
}

static const char *certificates_join(struct arena *arena,
				     const struct sp_certificate *const *chosen, size_t count)
{
	char *text = arena_take(arena, count * SHA256_TEXT_SIZE + 1), *at = text;

	if (!text)
		return NULL;
	*at = '\0';
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%s", i ? " " : "", chosen[i]->sha256);
	return text;
}

static int removals_take(struct planning *planning, struct plan_step *step, const char *recorded,
			 const struct sp_certificate *const *chosen, size_t count)
{
	const size_t width = SHA256_TEXT_SIZE - 1;

	for (const char *at = recorded; strlen(at) >= width && step->removal_count < SPAN_LIST_MAX;
	     at += width + (at[width] == ' ')) {
		bool kept = false;
		struct span copy;

		for (size_t i = 0; i < count; i++)
			kept |= strncmp(at, chosen[i]->sha256, width) == 0;
		if (kept)
			continue;
		if (!arena_copy(planning->arena, at, width, &copy))
			return -ENOMEM;
		step->removals[step->removal_count++] = span_text(copy);
	}
	return 0;
}

/* The SP's key is what TAs are encrypted for. */
static bool aik_missing(const struct plan_input *input, const char *spid)
{
	for (size_t i = 0; i < input->dsi->aik_count; i++)
		if (span_is(input->dsi->aiks[i].spid, spid))
			return false;
	return true;
}

/* Certificates that are missing, or too many; a key that is missing. */
static int plan_domain_update(struct planning *planning, const char *spid, const char *sdname,
			      const char *recorded)
{
	const struct plan_input *input = planning->input;
	const struct sp_certificate *chosen[SPAN_LIST_MAX];
	const size_t count = certificates_choose(input, spid, sdname, chosen);
	struct plan_step *step = step_add(planning, OTRP_UPDATE_SD, spid, sdname, "");

	if (!step)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (!listed(recorded, chosen[i]->sha256))
			step->certificates[step->certificate_count++] = chosen[i];
	step->renew_aik = aik_missing(input, spid) && sd_of(input, spid, sdname);
	step->certificates_after = certificates_join(planning->arena, chosen, count);
	if (!step->certificates_after || removals_take(planning, step, recorded, chosen, count))
		return -ENOMEM;
	if (!step->certificate_count && !step->removal_count && !step->renew_aik)
		planning->count--;
	return 0;
}

/* ---- TAs ------------------------------------------------------------------------------------- */

static bool same_image(const struct device_ta *record, const struct wanted_decision *decision)
{
	return record &&
	       (!record->image_sha256[0] || same(record->image_sha256, decision->image_sha256));
}

static bool same_data(const struct device_ta *record, const struct wanted_decision *decision)
{
	return decision->personalisation == 0 ||
	       (record && record->version && record->personalisation == decision->personalisation);
}

/* Whether the device has what is wanted, as far as is known. */
static bool up_to_date(const struct device_ta *record, const struct wanted_decision *decision)
{
	return record && record->version == decision->version && same_image(record, decision) &&
	       same_data(record, decision);
}

bool plan_ta_waits(const struct plan_input *input, const struct wanted_decision *decision)
{
	if (!decision->present || !decision->taid[0])
		return false;
	if ((decision->sealed || decision->sealed_data) && plan_ta_there(input, decision))
		return !up_to_date(ta_record(input, decision), decision);
	if (decision->sealed)
		return awaits(input, decision);
	return decision->bundled && !plan_ta_there(input, decision);
}

static void stale_tell(struct planning *planning, const struct wanted_decision *decision)
{
	if (decision->delivery == SEALED_STALE)
		problem_add(planning, decision,
			    decision->sealed
				    ? "the provider's package is for a key that the device does "
				      "not have any more: it has to be encrypted again"
				    : "the provider's data are for a key that the device does not "
				      "have any more: they have to be encrypted again");
}

/* The data alone: image and version are what is wanted. */
static void plan_data_update(struct planning *planning, const struct wanted_decision *decision)
{
	struct plan_step *step;

	stale_tell(planning, decision);
	if (decision->delivery != SEALED_READY)
		return;
	step = step_add(planning, OTRP_UPDATE_TA, decision->spid, decision->sdname, decision->taid);
	if (step) {
		step->ta = decision;
		step->send_personalisation = true;
	}
}

static void plan_ta_update(struct planning *planning, const struct wanted_decision *decision)
{
	const struct plan_input *input = planning->input;
	const struct device_ta *record = ta_record(input, decision);
	const int64_t version = record ? record->version : 0;
	struct plan_step *step;

	if (version > decision->version) {
		problem_add(planning, decision,
			    "the device has a newer version, and versions are never lowered");
		return;
	}
	if (up_to_date(record, decision))
		return;
	if (decision->sealed_data && version == decision->version && same_image(record, decision)) {
		plan_data_update(planning, decision);
		return;
	}
	if (decision->sealed)
		stale_tell(planning, decision);
	if (!deliverable(input, decision))
		return;
	step = step_add(planning, OTRP_UPDATE_TA, decision->spid, decision->sdname, decision->taid);
	if (step) {
		step->ta = decision;
		/* A delivery is one. */
		step->send_image = decision->sealed || version != decision->version ||
				   !same_image(record, decision);
		step->send_personalisation = decision->sealed || (!decision->sealed_data &&
								  !same_data(record, decision));
	}
}

static void plan_ta_install(struct planning *planning, const struct wanted_decision *decision)
{
	struct plan_step *step = step_add(planning, OTRP_INSTALL_TA, decision->spid,
					  decision->sdname, decision->taid);

	if (step) {
		step->ta = decision;
		step->send_image = true;
		step->send_personalisation = decision->personalisation && !decision->sealed_data;
	}
}

/* A taid is unique on a device: of two domains that are to have it, the first gets it. */
static bool elsewhere(const struct plan_input *input, const struct wanted_decision *const *order,
		      size_t position)
{
	for (size_t i = 0; i < position; i++)
		if (same(order[i]->taid, order[position]->taid) && wants(input, order[i]))
			return true;
	return false;
}

/* ---- Domains --------------------------------------------------------------------------------- */

static int decision_order(const void *a, const void *b)
{
	const struct wanted_decision *const *x = a;
	const struct wanted_decision *const *y = b;
	int order = strcmp((*x)->spid, (*y)->spid);

	if (order == 0)
		order = strcmp((*x)->sdname, (*y)->sdname);
	return order ? order : strcmp((*x)->taid, (*y)->taid);
}

/* CreateSD takes one certificate; UpdateSD adds the others afterwards. */
static int plan_domain_create(struct planning *planning, const struct wanted_decision *decision,
			      const char **recorded)
{
	const struct sp_certificate *chosen[SPAN_LIST_MAX];
	const size_t count =
		certificates_choose(planning->input, decision->spid, decision->sdname, chosen);
	struct plan_step *step;

	*recorded = NULL;
	if (count == 0) {
		problem_add(planning, decision,
			    "no certificate is registered for the service provider");
		return 0;
	}
	step = step_add(planning, OTRP_CREATE_SD, decision->spid, decision->sdname, "");
	if (!step)
		return 0;
	step->certificates[0] = chosen[0];
	step->certificate_count = 1;
	step->certificates_after = *recorded = certificates_join(planning->arena, chosen, 1);
	return *recorded ? 0 : -ENOMEM;
}

/* One domain: its decisions are order[from] up to, not including, order[to]. */
static int plan_domain(struct planning *planning, const struct wanted_decision *const *order,
		       size_t from, size_t to)
{
	const struct plan_input *input = planning->input;
	const struct wanted_decision *first = order[from];
	const struct dsi_sd *sd = sd_of(input, first->spid, first->sdname);
	const struct device_domain *record =
		record_of(input, span_of_text(first->spid), span_of_text(first->sdname));
	const char *recorded = record ? record->certificates : "";
	int rc = 0;

	if (!sd)
		rc = plan_domain_create(planning, first, &recorded);
	if (rc || !recorded)
		return rc;
	rc = plan_domain_update(planning, first->spid, first->sdname, recorded);
	for (int installing = 0; rc == 0 && installing < 2; installing++)
		for (size_t i = from; i < to; i++) {
			const bool there = dsi_ta_find(sd, span_of_text(order[i]->taid)) != NULL;

			if (installing && !there && awaits(input, order[i]))
				stale_tell(planning, order[i]);
			if (!order[i]->taid[0] || !wants(input, order[i]) ||
			    there == (installing == 1))
				continue;
			if (elsewhere(input, order, i))
				problem_add(planning, order[i],
					    "another domain of the device is to have this TA");
			else if (installing)
				plan_ta_install(planning, order[i]);
			else
				plan_ta_update(planning, order[i]);
		}
	return rc;
}

static int plan_domains(struct planning *planning)
{
	const struct plan_input *input = planning->input;
	const struct wanted_decision **order =
		arena_take(planning->arena, input->wanted_count * sizeof(struct wanted_decision *));
	size_t from = 0, to;
	int rc = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < input->wanted_count; i++)
		order[i] = &input->wanted[i];
	if (input->wanted_count)
		qsort(order, input->wanted_count, sizeof(struct wanted_decision *), decision_order);
	for (; rc == 0 && from < input->wanted_count; from = to) {
		for (to = from + 1; to < input->wanted_count; to++)
			if (!same(order[to]->spid, order[from]->spid) ||
			    !same(order[to]->sdname, order[from]->sdname))
				break;
		if (domain_wanted(input, span_of_text(order[from]->spid),
				  span_of_text(order[from]->sdname)))
			rc = plan_domain(planning, order, from, to);
	}
	return rc;
}

int plan_make(const struct plan_input *input, struct arena *arena, struct plan *out)
{
	struct planning planning = { .input = input, .arena = arena };
	size_t most = input->dsi->sd_count + 3 * input->wanted_count;
	int rc;

	for (size_t i = 0; i < input->dsi->sd_count; i++)
		most += input->dsi->sds[i].ta_count;
	planning.steps = arena_take(arena, most * sizeof(*planning.steps));
	planning.problems = arena_take(arena, 2 * input->wanted_count * sizeof(*planning.problems));
	if (!planning.steps || !planning.problems)
		return -ENOMEM;
	plan_removals(&planning);
	plan_empty_domains(&planning);
	rc = plan_domains(&planning);
	*out = (struct plan) { planning.steps, planning.count, planning.problems,
			       planning.problem_count };
	return rc;
}
