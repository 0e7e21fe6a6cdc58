/*
 * Whether a certificate is one of a TAM that may be trusted now: path, revocation, profile and
 * identifier.
 *
 * Runs in a child of the TEE's parser. The TEE has seen to it beforehand that every octet of this
 * was signed by somebody whom a trusted root vouches for, so the job is to judge, and not to doubt
 * that; nothing of that is taken for granted here all the same.
 */
#ifndef TEESIM_OTRP_TAM_JUDGE_H
#define TEESIM_OTRP_TAM_JUDGE_H

#include "otrp/parser_job.h"

/* Judges a JOB_TAM. 0, or otrp_fail()'s value with OTRP_TAM_NOT_TRUSTED. */
int tam_judge(const struct parser_job *job, struct arena *arena, struct parser_tam *out,
	      struct otrp_failure *failure);

#endif
