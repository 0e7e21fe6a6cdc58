/*
 * What to send a device: the difference between what it should have and what it has, as commands in
 * the order in which they must be executed.
 *
 * Used by the TAM. A pure function of what it is given; the engine executes the first step, learns
 * the device's new state, and plans again, so that a plan is right from wherever a device stands.
 *
 * The order: TAs that are not wanted go, then domains that have nothing left; then for each domain
 * in turn it is made, its certificates are brought up to date, its TAs updated, TAs installed.
 * Steps are sorted by names within that. A TA that its SP encrypts for each device has its domain
 * made first, as the key that it is encrypted for comes with it.
 *
 * What is in a domain that this TAM made is wanted or goes. In a domain that it knows nothing of
 * (another installation of the same TAM made it) only what an entry excludes goes; with the first
 * TA that is wanted there the domain becomes this TAM's.
 */
#ifndef TEESIM_TEEP_TAM_PLAN_H
#define TEESIM_TEEP_TAM_PLAN_H

#include "teep/otrp/request.h"
#include "teep/tam/device_table.h"
#include "teep/tam/dsi.h"
#include "teep/tam/wanted.h"

/* A step that was tried in this session and failed; what depends on it is left out with it. */
struct plan_failure {
	enum otrp_message message;
	/* taid "" for those without; sdname "": everything of the SP is left out */
	const char *spid, *sdname, *taid;
};

struct plan_input {
	const struct dsi *dsi;
	const struct wanted_decision *wanted;
	size_t wanted_count;
	const struct device_ta *tas; /* what the TAM knows beyond the DSI */
	size_t ta_count;
	const struct device_domain *domains; /* the same */
	size_t domain_count;
	const struct sp_certificate *certificates; /* of the SPs that are wanted */
	size_t certificate_count;
	const char *const *requested; /* taids that client apps asked for */
	size_t requested_count;
	const struct plan_failure *failures;
	size_t failure_count;
	/* The version of the one TA whose package the client app brought; NULL: none. Bundled TAs
	 * come and are updated only so. */
	const char *bundled_taid;
	int64_t bundled_version;
	bool hold_deletions; /* only what an entry excludes is deleted */
};

struct plan_step {
	enum otrp_message message;
	const char *spid, *sdname, *taid; /* taid "" for those without */
	/* InstallTA, UpdateTA */
	const struct wanted_decision *ta;
	bool send_image, send_personalisation;
	/* CreateSD: one; UpdateSD: those to add */
	const struct sp_certificate *certificates[SPAN_LIST_MAX];
	size_t certificate_count;
	/* UpdateSD: SHA-256 of those to remove, hexadecimal */
	const char *removals[SPAN_LIST_MAX];
	size_t removal_count;
	bool renew_aik;
	/* CreateSD, UpdateSD: what the domain has after it, as device_domain's */
	const char *certificates_after;
};

/* Something that is wanted and that no command can bring about. */
struct plan_problem {
	const char *spid, *sdname, *taid;
	const char *text; /* for people */
};

struct plan {
	const struct plan_step *steps;
	size_t count;
	const struct plan_problem *problems;
	size_t problem_count;
};

/* Spans and texts are borrowed from the input; the rest is in the arena. 0 or -ENOMEM. */
int plan_make(const struct plan_input *input, struct arena *arena, struct plan *out);

/* Whether the TA is wanted, and it is for somebody else to bring its package: a client app, or the
 * SP that encrypts it for this device. */
bool plan_ta_waits(const struct plan_input *input, const struct wanted_decision *decision);

/* Whether the device has the TA, in whichever version. */
bool plan_ta_there(const struct plan_input *input, const struct wanted_decision *decision);

#endif
