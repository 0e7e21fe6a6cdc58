#include "teep/pki/ocsp.h"

#include <errno.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#include "teep/pki/key.h"
#include "teep/pki/openssl_auto.h"

static ASN1_GENERALIZEDTIME *time_make(time_t at)
{
	return ASN1_GENERALIZEDTIME_set(NULL, at);
}

static bool statement_add(OCSP_BASICRESP *basic, const struct ocsp_statement *statement)
{
	OCSP_CERTID_AUTO id = OCSP_cert_to_id(EVP_sha1(), statement->subject, statement->issuer);
	ASN1_GENERALIZEDTIME *from = time_make(statement->this_update);
	ASN1_GENERALIZEDTIME *to =
		statement->next_update ? time_make(statement->next_update) : NULL;
	ASN1_GENERALIZEDTIME *revoked = statement->status == V_OCSP_CERTSTATUS_REVOKED
						? time_make(statement->revoked_at)
						: NULL;
	const bool added = id && from &&
			   OCSP_basic_add1_status(basic, id, statement->status,
						  OCSP_REVOKED_STATUS_NOSTATUS, revoked, from, to);

	ASN1_GENERALIZEDTIME_free(from);
	ASN1_GENERALIZEDTIME_free(to);
	ASN1_GENERALIZEDTIME_free(revoked);
	return added;
}

uint8_t *ocsp_make(const struct ocsp_statement *statement, size_t *size)
{
	OCSP_BASIC_AUTO basic = OCSP_BASICRESP_new();
	OCSP_RESPONSE_AUTO response = NULL;
	uint8_t *der = NULL;
	/* The issuer's own certificate is known to whoever checks. */
	const unsigned long flags =
		X509_cmp(statement->responder, statement->issuer) == 0 ? OCSP_NOCERTS : 0;
	int n;

	if (!basic || !statement_add(basic, statement) ||
	    !OCSP_basic_sign(basic, statement->responder, statement->responder_key, EVP_sha256(),
			     NULL, flags))
		return NULL;
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	n = response ? i2d_OCSP_RESPONSE(response, &der) : -1;
	if (n <= 0)
		return NULL;
	*size = (size_t)n;
	return der;
}

static OCSP_BASICRESP *basic_parse(const void *der, size_t size)
{
	const uint8_t *at = der;
	OCSP_RESPONSE_AUTO response =
		size <= INT32_MAX ? d2i_OCSP_RESPONSE(NULL, &at, (long)size) : NULL;

	if (!response || at != (const uint8_t *)der + size ||
	    OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return NULL;
	return OCSP_response_get1_basic(response);
}

/* Is this identifier, by whichever of two hashes it uses, the certificate's? */
static bool id_fits(OCSP_SINGLERESP *single, X509 *subject, X509 *issuer)
{
	const OCSP_CERTID *found = OCSP_SINGLERESP_get0_id(single);
	ASN1_OBJECT *hash = NULL;
	OCSP_CERTID_AUTO wanted = NULL;

	if (!OCSP_id_get0_info(NULL, &hash, NULL, NULL, (OCSP_CERTID *)found))
		return false;
	switch (OBJ_obj2nid(hash)) {
	case NID_sha1:
		wanted = OCSP_cert_to_id(EVP_sha1(), subject, issuer);
		break;
	case NID_sha256:
		wanted = OCSP_cert_to_id(EVP_sha256(), subject, issuer);
		break;
	default:
		break;
	}
	return wanted && OCSP_id_cmp(wanted, found) == 0;
}

static OCSP_SINGLERESP *single_find(OCSP_BASICRESP *basic, X509 *subject, X509 *issuer)
{
	for (int i = 0; i < OCSP_resp_count(basic); i++)
		if (id_fits(OCSP_resp_get0(basic, i), subject, issuer))
			return OCSP_resp_get0(basic, i);
	return NULL;
}

/* As chain_verify() demands it of chains: SHA-256 or a longer one of its family. */
static bool is_strong(int digest)
{
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

static bool is_delegated(X509 *signer, X509 *issuer, time_t now)
{
	int digest = NID_undef;

	/* Absent, this would be UINT32_MAX, and any purpose would do. */
	const uint32_t purposes = X509_get_extended_key_usage(signer);

	return purposes != UINT32_MAX && purposes & XKU_OCSP_SIGN &&
	       X509_get_signature_info(signer, &digest, NULL, NULL, NULL) == 1 &&
	       is_strong(digest) && X509_check_issued(issuer, signer) == X509_V_OK &&
	       X509_verify(signer, X509_get0_pubkey(issuer)) == 1 &&
	       key_kind(X509_get0_pubkey(signer)) != KEY_OTHER &&
	       X509_cmp_time(X509_get0_notBefore(signer), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(signer), &now) > 0;
}

/* Signed by the issuer, or by one that the issuer delegates to: *signer is which. */
static bool signature_holds(OCSP_BASICRESP *basic, X509 *issuer, time_t now, X509 **signer)
{
	STACK_OF(X509) *known = sk_X509_new_null();
	const X509_ALGOR *algorithm = OCSP_resp_get0_tbs_sigalg(basic);
	int digest = NID_undef;
	bool holds;

	holds = known && sk_X509_push(known, issuer) &&
		OBJ_find_sigid_algs(OBJ_obj2nid(algorithm->algorithm), &digest, NULL) == 1 &&
		is_strong(digest) && OCSP_basic_verify(basic, known, NULL, OCSP_NOVERIFY) == 1 &&
		OCSP_resp_get0_signer(basic, signer, known) == 1 &&
		(X509_cmp(*signer, issuer) == 0 || is_delegated(*signer, issuer, now));
	sk_X509_free(known);
	return holds;
}

static bool time_read(const ASN1_TIME *encoded, time_t *out)
{
	struct tm broken;

	if (!encoded || ASN1_TIME_to_tm(encoded, &broken) != 1)
		return false;
	*out = timegm(&broken);
	return true;
}

/* A delegate's certificate bounds what it says: both ends stand outside of the interval. */
static void narrow(X509 *signer, struct ocsp_verdict *verdict)
{
	time_t from, until;

	if (!time_read(X509_get0_notBefore(signer), &from) ||
	    !time_read(X509_get0_notAfter(signer), &until))
		until = from = 0;
	if (verdict->from <= from)
		verdict->from = from + 1;
	if (verdict->until >= until)
		verdict->until = until - 1;
}

int ocsp_judge(const void *der, size_t size, X509 *subject, X509 *issuer, time_t now, time_t skew,
	       struct ocsp_verdict *verdict, const char **why)
{
	ASN1_GENERALIZEDTIME *this_encoded = NULL, *next_encoded = NULL;
	OCSP_BASIC_AUTO basic = basic_parse(der, size);
	OCSP_SINGLERESP *single;
	X509 *signer = NULL;
	time_t this_update;
	int status;

	*verdict = (struct ocsp_verdict) { 0 };
	*why = "is no successful OCSP response";
	if (!basic)
		return -EACCES;
	single = single_find(basic, subject, issuer);
	if (!single)
		return -ENOENT;
	*why = "is not signed by the issuer or its delegate";
	if (!signature_holds(basic, issuer, now, &signer))
		return -EACCES;
	status = OCSP_single_get0_status(single, NULL, NULL, &this_encoded, &next_encoded);
	*why = status == V_OCSP_CERTSTATUS_REVOKED ? "says revoked" : "says unknown";
	verdict->denied = status != V_OCSP_CERTSTATUS_GOOD;
	if (verdict->denied)
		return -EACCES;
	*why = "lacks a time";
	if (!time_read(this_encoded, &this_update) ||
	    !time_read(next_encoded, &verdict->next_update) ||
	    !time_read(OCSP_resp_get0_produced_at(basic), &verdict->produced))
		return -EACCES;
	*why = "is from the future";
	if (this_update > now + skew)
		return -EACCES;
	*why = "is stale";
	if (verdict->next_update < now - skew)
		return -EACCES;
	*why = "was produced before its own time";
	if (verdict->produced < this_update - skew)
		return -EACCES;
	verdict->from = this_update - skew;
	verdict->until = verdict->next_update + skew;
	if (X509_cmp(signer, issuer) != 0)
		narrow(signer, verdict);
	return 0;
}

int ocsp_check(const void *der, size_t size, X509 *subject, X509 *issuer, time_t now, time_t skew,
	       time_t *produced, time_t *next_update, const char **why)
{
	struct ocsp_verdict verdict;
	const int rc = ocsp_judge(der, size, subject, issuer, now, skew, &verdict, why);

	*produced = verdict.produced;
	*next_update = verdict.next_update;
	return rc;
}
