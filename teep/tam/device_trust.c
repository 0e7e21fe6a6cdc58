#include "teep/tam/device_trust.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "teep/pki/chain.h"
#include "teep/pki/ocsp.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signature.h"
#include "teep/tam/parsed_pool.h"
#include "teep/tam/text_cut.h"
#include "teep/tam/trust_policy.h"

#define PATH_SIZE 4096
#define FILE_MAX  (1L << 20)

/* Certificates of one hierarchy. */
struct ring {
	STACK_OF(X509) * roots;
	STACK_OF(X509) * others; /* no trust in them; they complete paths */
};

struct response_file {
	struct response_file *next;
	size_t size;
	uint8_t octets[];
};

/* For those who watch expiry. */
struct revocation_note {
	struct revocation_note *next;
	struct revocation_source source;
	char subject[160];
	char path[];
};

/* All that comes from files; replaced as a whole. */
struct material {
	struct ring tee, firmware;
	STACK_OF(X509_CRL) * lists;
	struct response_file *responses;
	struct revocation_note *notes;
};

struct device_trust {
	struct trust_policy policy;
	char *tee_roots, *firmware_roots, *revocation;
	pthread_rwlock_t lock; /* of what follows */
	struct material *material;
	uint64_t stamp; /* of the files that it was made from */
	struct chain_memory verified;
};

static void material_free(struct material *material)
{
	struct response_file *response, *next;
	struct revocation_note *note, *later;

	if (!material)
		return;
	for (note = material->notes; note; note = later) {
		later = note->next;
		free(note);
	}
	x509_stack_free(material->tee.roots);
	x509_stack_free(material->tee.others);
	x509_stack_free(material->firmware.roots);
	x509_stack_free(material->firmware.others);
	sk_X509_CRL_pop_free(material->lists, X509_CRL_free);
	for (response = material->responses; response; response = next) {
		next = response->next;
		free(response);
	}
	free(material);
}

static struct material *material_new(void)
{
	struct material *material = calloc(1, sizeof(*material));

	if (!material)
		return NULL;
	material->tee.roots = sk_X509_new_null();
	material->tee.others = sk_X509_new_null();
	material->firmware.roots = sk_X509_new_null();
	material->firmware.others = sk_X509_new_null();
	material->lists = sk_X509_CRL_new_null();
	if (material->tee.roots && material->tee.others && material->firmware.roots &&
	    material->firmware.others && material->lists)
		return material;
	material_free(material);
	return NULL;
}

/* ---- Reading files --------------------------------------------------------------------------- */

struct reading {
	struct material *material;
	struct ring *ring; /* certificates go here; NULL: what revokes */
	char *err;
	size_t errlen;
};

static int complain(const struct reading *reading, const char *path, const char *why, int rc)
{
	(void)snprintf(reading->err, reading->errlen, "%s: %s", path, why);
	return rc;
}

static int certificates_read(struct reading *reading, const char *path)
{
	X509_STACK_AUTO chain = chain_read(path, reading->err, reading->errlen);

	if (!chain)
		return -EBADMSG;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);
		const bool root = X509_check_issued(certificate, certificate) == X509_V_OK;

		if (!X509_add_cert(root ? reading->ring->roots : reading->ring->others, certificate,
				   X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP))
			return complain(reading, path, "out of memory", -ENOMEM);
	}
	return 0;
}

/* NULL without memory, after which it is not watched. */
static struct revocation_note *revocation_note(struct reading *reading, const char *path)
{
	struct revocation_note *note = calloc(1, sizeof(*note) + strlen(path) + 1);

	if (note) {
		(void)strcpy(note->path, path);
		note->source.file = note->path;
		note->source.subject = note->subject;
		note->next = reading->material->notes;
		reading->material->notes = note;
	}
	return note;
}

static void list_note(struct reading *reading, const char *path, const X509_CRL *list)
{
	struct revocation_note *note = revocation_note(reading, path);

	if (!note)
		return;
	note->source.is_list = true;
	note->source.since = certificate_time(X509_CRL_get0_lastUpdate(list));
	note->source.until = certificate_time(X509_CRL_get0_nextUpdate(list));
	if (X509_NAME_get_text_by_NID(X509_CRL_get_issuer(list), NID_commonName, note->subject,
				      sizeof(note->subject)) < 0)
		(void)strcpy(note->subject, "?");
}

/* What a response says of its first certificate. */
static void response_note(struct reading *reading, const char *path,
			  const struct response_file *file)
{
	const unsigned char *at = file->octets;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)file->size);
	OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
	OCSP_SINGLERESP *single = basic ? OCSP_resp_get0(basic, 0) : NULL;
	struct revocation_note *note = single ? revocation_note(reading, path) : NULL;
	ASN1_GENERALIZEDTIME *since = NULL, *until = NULL;
	ASN1_INTEGER *serial = NULL;
	BIGNUM *number;
	char *digits;

	if (note) {
		(void)OCSP_single_get0_status(single, NULL, NULL, &since, &until);
		note->source.since = certificate_time(since);
		note->source.until = certificate_time(until);
		(void)OCSP_id_get0_info(NULL, NULL, NULL, &serial,
					(OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single));
		number = serial ? ASN1_INTEGER_to_BN(serial, NULL) : NULL;
		digits = number ? BN_bn2hex(number) : NULL;
		(void)snprintf(note->subject, sizeof(note->subject), "the certificate %.60s",
			       digits ? digits : "?");
		OPENSSL_free(digits);
		BN_free(number);
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
}

static int list_read(struct reading *reading, const char *path)
{
	BIO_AUTO in = BIO_new_file(path, "r");
	X509_CRL *list = in ? PEM_read_bio_X509_CRL(in, NULL, NULL, NULL) : NULL;

	if (in && !list && BIO_seek(in, 0) == 0)
		list = d2i_X509_CRL_bio(in, NULL);
	ERR_clear_error();
	if (!list)
		return complain(reading, path, "not a certificate revocation list", -EBADMSG);
	if (!sk_X509_CRL_push(reading->material->lists, list)) {
		X509_CRL_free(list);
		return complain(reading, path, "out of memory", -ENOMEM);
	}
	list_note(reading, path, list);
	return 0;
}

static int response_read(struct reading *reading, const char *path)
{
	struct response_file *response;
	FILE *file = fopen(path, "re");
	struct stat status;
	int rc = 0;

	if (!file || fstat(fileno(file), &status) < 0 || status.st_size > FILE_MAX) {
		rc = complain(reading, path, file ? "too large" : strerror(errno), -EIO);
		if (file)
			(void)fclose(file);
		return rc;
	}
	response = malloc(sizeof(*response) + (size_t)status.st_size);
	if (response) {
		response->size = fread(response->octets, 1, (size_t)status.st_size, file);
		response->next = reading->material->responses;
		reading->material->responses = response;
		response_note(reading, path, response);
	} else {
		rc = complain(reading, path, "out of memory", -ENOMEM);
	}
	(void)fclose(file);
	return rc;
}

static int file_read(struct reading *reading, const char *path)
{
	const char *ending = strrchr(path, '.');

	if (reading->ring)
		return certificates_read(reading, path);
	if (ending && strcmp(ending, ".ocsp") == 0)
		return response_read(reading, path);
	return list_read(reading, path);
}

/* Each file of a directory, by `visit`; or the one file. Names that begin with a dot are left out:
 * they are being written. */
static int files_each(const char *path, int (*visit)(void *context, const char *path),
		      void *context)
{
	struct dirent **entries;
	char name[PATH_SIZE];
	struct stat status;
	int count, rc = 0;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return visit(context, path);
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (rc == 0 && entries[i]->d_name[0] != '.' &&
		    (size_t)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name) <
			    sizeof(name) &&
		    stat(name, &status) == 0 && S_ISREG(status.st_mode))
			rc = visit(context, name);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int read_visit(void *context, const char *path)
{
	return file_read(context, path);
}

static int stamp_visit(void *context, const char *path)
{
	uint64_t *stamp = context;
	struct stat status;

	if (stat(path, &status) < 0)
		return 0;
	*stamp = (*stamp ^ (uint64_t)status.st_ino ^ (uint64_t)status.st_size << 32 ^
		  (uint64_t)status.st_mtim.tv_sec << 20 ^ (uint64_t)status.st_mtim.tv_nsec) *
		 1099511628211U;
	return 0;
}

static uint64_t stamp_of(const struct device_trust *trust)
{
	const char *const paths[] = { trust->tee_roots, trust->firmware_roots, trust->revocation };
	uint64_t stamp = 14695981039346656037U;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i])
			(void)files_each(paths[i], stamp_visit, &stamp);
	return stamp;
}

static int place_read(struct reading *reading, const char *path, struct ring *ring)
{
	int rc;

	if (!path)
		return 0;
	reading->ring = ring;
	reading->err[0] = '\0';
	rc = files_each(path, read_visit, reading);
	if (rc && !reading->err[0])
		(void)complain(reading, path, strerror(-rc), rc);
	return rc;
}

static int material_read(const struct device_trust *trust, struct material **out, char *err,
			 size_t errlen)
{
	struct reading reading = { .material = material_new(), .err = err, .errlen = errlen };
	int rc;

	if (!reading.material) {
		(void)snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	rc = place_read(&reading, trust->tee_roots, &reading.material->tee);
	if (rc == 0)
		rc = place_read(&reading, trust->firmware_roots, &reading.material->firmware);
	if (rc == 0)
		rc = place_read(&reading, trust->revocation, NULL);
	if (rc)
		material_free(reading.material);
	else
		*out = reading.material;
	return rc;
}

static bool path_keep(const char *path, char **out)
{
	*out = path ? strdup(path) : NULL;
	return *out || !path;
}

int device_trust_open(struct device_trust **out, const struct device_trust_options *options,
		      char *err, size_t errlen)
{
	struct device_trust *trust = calloc(1, sizeof(*trust));
	int rc = -ENOMEM;

	(void)snprintf(err, errlen, "out of memory");
	if (!trust)
		return rc;
	(void)pthread_rwlock_init(&trust->lock, NULL);
	chain_memory_open(&trust->verified);
	if (path_keep(options->tee_roots, &trust->tee_roots) &&
	    path_keep(options->firmware_roots, &trust->firmware_roots) &&
	    path_keep(options->revocation, &trust->revocation))
		rc = trust_policy_parse(options->policy, &trust->policy, err, errlen);
	trust->stamp = stamp_of(trust);
	if (rc == 0)
		rc = material_read(trust, &trust->material, err, errlen);
	if (rc)
		device_trust_close(trust);
	else
		*out = trust;
	return rc;
}

void device_trust_close(struct device_trust *trust)
{
	if (!trust)
		return;
	chain_memory_close(&trust->verified);
	material_free(trust->material);
	trust_policy_clear(&trust->policy);
	free(trust->tee_roots);
	free(trust->firmware_roots);
	free(trust->revocation);
	(void)pthread_rwlock_destroy(&trust->lock);
	free(trust);
}

int device_trust_refresh(struct device_trust *trust, bool *changed, char *err, size_t errlen)
{
	const uint64_t stamp = stamp_of(trust);
	struct material *fresh, *old;
	int rc;

	if (changed)
		*changed = false;
	/* Only this function writes it, and one thread at a time calls it. */
	if (stamp == trust->stamp)
		return 0;
	rc = material_read(trust, &fresh, err, errlen);
	if (rc)
		return rc;
	(void)pthread_rwlock_wrlock(&trust->lock);
	old = trust->material;
	trust->material = fresh;
	trust->stamp = stamp;
	(void)pthread_rwlock_unlock(&trust->lock);
	material_free(old);
	if (changed)
		*changed = true;
	return 0;
}

/* ---- Judging --------------------------------------------------------------------------------- */

static int refuse(char reason[DEVICE_REASON_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(char reason[DEVICE_REASON_SIZE], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_cut_print(reason, DEVICE_REASON_SIZE, format, arguments);
	va_end(arguments);
	return -EACCES;
}

static int no_memory(char reason[DEVICE_REASON_SIZE])
{
	(void)refuse(reason, "out of memory");
	return -ENOMEM;
}

static bool list_fresh(const X509_CRL *list, time_t now)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
	time_t moment = now;

	return X509_cmp_time(X509_CRL_get0_lastUpdate(list), &moment) < 0 && next &&
	       X509_cmp_time(next, &moment) > 0;
}

/* By every list of its issuer; *covered: one of them speaks for the present. */
static int lists_check(const struct material *material, X509 *certificate, X509 *issuer, time_t now,
		       bool *covered, char reason[DEVICE_REASON_SIZE])
{
	char name[128];

	for (int i = 0; i < sk_X509_CRL_num(material->lists); i++) {
		X509_CRL *list = sk_X509_CRL_value(material->lists, i);
		X509_REVOKED *entry;

		if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) != 0 ||
		    X509_CRL_verify(list, X509_get0_pubkey(issuer)) != 1)
			continue;
		if (X509_CRL_get0_by_cert(list, &entry, certificate) == 1)
			return refuse(reason,
				      "the certificate of %s is revoked by its issuer's list",
				      certificate_name(certificate, name, sizeof(name)));
		*covered |= list_fresh(list, now);
	}
	return 0;
}

/* A response that says nothing valid counts only where no other source speaks for the present. */
static int responses_check(const struct material *material, X509 *certificate, X509 *issuer,
			   time_t now, bool *covered, char reason[DEVICE_REASON_SIZE])
{
	const struct response_file *response = material->responses;
	const char *why = NULL, *useless = NULL;
	char name[128];

	for (; response; response = response->next) {
		struct ocsp_verdict verdict;
		int rc = ocsp_judge(response->octets, response->size, certificate, issuer, now,
				    OCSP_SKEW_DEFAULT, &verdict, &why);

		if (rc == -ENOENT)
			continue;
		if (rc == -ENOMEM)
			return no_memory(reason);
		if (rc && verdict.denied)
			return refuse(reason, "the certificate of %s: %s",
				      certificate_name(certificate, name, sizeof(name)), why);
		if (rc)
			useless = why;
		else
			*covered = true;
	}
	return useless && !*covered
		       ? refuse(reason, "the certificate of %s: %s",
				certificate_name(certificate, name, sizeof(name)), useless)
		       : 0;
}

/* Everything of the path but its root. */
static int revocation_check(const struct material *material, STACK_OF(X509) * path, bool required,
			    time_t now, char reason[DEVICE_REASON_SIZE])
{
	for (int i = 0; i + 1 < sk_X509_num(path); i++) {
		X509 *certificate = sk_X509_value(path, i), *issuer = sk_X509_value(path, i + 1);
		bool covered = false;
		char name[128];
		int rc = lists_check(material, certificate, issuer, now, &covered, reason);

		if (rc == 0)
			rc = responses_check(material, certificate, issuer, now, &covered, reason);
		if (rc == 0 && required && !covered)
			rc = refuse(reason,
				    "no fresh revocation list or OCSP response speaks for the "
				    "certificate of %s",
				    certificate_name(certificate, name, sizeof(name)));
		if (rc)
			return rc;
	}
	return 0;
}

/* The certificates that a path may go through: what the device told, and what the ring has. */
static STACK_OF(X509) * others_of(const struct span_list *told, const struct ring *ring)
{
	STACK_OF(X509) *others = sk_X509_new_null();

	for (uint32_t i = 0; others && told && i < told->count; i++) {
		X509 *other = pool_certificate(told->item[i]);

		/* One that is none of what it should be simply completes no path. */
		if (other && !sk_X509_push(others, other))
			X509_free(other);
	}
	for (int i = 0; others && i < sk_X509_num(ring->others); i++)
		if (!X509_add_cert(others, sk_X509_value(ring->others, i), X509_ADD_FLAG_UP_REF)) {
			x509_stack_free(others);
			return NULL;
		}
	return others;
}

static int path_check(struct device_trust *trust, const struct ring *ring, X509 *leaf,
		      const struct span_list *told, const char *whose, bool required, time_t now,
		      STACK_OF(X509) * *path, char reason[DEVICE_REASON_SIZE])
{
	X509_STACK_AUTO others = others_of(told, ring);
	const char *why;
	int rc;

	if (!others)
		return no_memory(reason);
	rc = chain_verify_with(&trust->verified, leaf, others, ring->roots, now, path, &why);
	ERR_clear_error();
	if (rc == -ENOMEM)
		return no_memory(reason);
	if (rc)
		return refuse(reason, "the %s's certificate: %s", whose, why);
	return revocation_check(trust->material, *path, required, now, reason);
}

static int certificate_check(struct device_trust *trust, const struct dsi *dsi, time_t now,
			     X509 **leaf, char reason[DEVICE_REASON_SIZE])
{
	X509_AUTO certificate = pool_certificate(dsi->cert);
	X509_STACK_AUTO path = NULL;
	int rc;

	if (!certificate)
		return refuse(reason, "the TEE's certificate is none");
	rc = path_check(trust, &trust->material->tee, certificate, &dsi->cacert, "TEE",
			trust->policy.require_revocation, now, &path, reason);
	if (rc)
		return rc;
	if (!certificate_fits(certificate, ROLE_TEE))
		return refuse(reason, "the TEE's certificate is not one for a TEE's use");
	*leaf = certificate;
	certificate = NULL;
	return 0;
}

int device_trust_certificate(const struct device_trust *trust, const struct dsi *dsi, time_t now,
			     X509 **leaf, char reason[DEVICE_REASON_SIZE])
{
	struct device_trust *shared = (struct device_trust *)trust;
	int rc;

	(void)pthread_rwlock_rdlock(&shared->lock);
	rc = certificate_check(shared, dsi, now, leaf, reason);
	(void)pthread_rwlock_unlock(&shared->lock);
	return rc;
}

static bool root_listed(const struct trust_roots *roots, STACK_OF(X509) * path)
{
	uint8_t hash[CERTIFICATE_HASH_SIZE];

	if (!roots->listed)
		return true;
	if (!certificate_hash(sk_X509_value(path, sk_X509_num(path) - 1), hash))
		return false;
	for (size_t i = 0; i < roots->count; i++)
		if (memcmp(roots->hash[i], hash, sizeof(hash)) == 0)
			return true;
	return false;
}

/* The firmware vouches for this transaction, with a certificate of a firmware root. */
static int firmware_check(struct device_trust *trust, const struct trust_rule *rule,
			  const struct dsi *dsi, struct span tid, time_t now,
			  char reason[DEVICE_REASON_SIZE])
{
	X509_AUTO certificate = pool_certificate(dsi->tfw_cert);
	X509_STACK_AUTO path = NULL;
	EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;
	int rc;

	if (!key)
		return refuse(reason, "the firmware's certificate is none");
	rc = path_check(trust, &trust->material->firmware, certificate, NULL, "firmware", false,
			now, &path, reason);
	if (rc)
		return rc;
	if (!certificate_fits(certificate, ROLE_TFW))
		return refuse(reason, "the firmware's certificate is not one for its use");
	if (!root_listed(&rule->firmware_roots, path))
		return refuse(reason, "the firmware's root is not one that the policy lists");
	if (!span_equal(dsi->tfw_tbs, tid))
		return refuse(reason, "the firmware signed another transaction than this one");
	if (dsi->tfw_algorithm == JWS_NONE || jws_algorithm_of(key_kind(key)) != dsi->tfw_algorithm)
		return refuse(reason, "the firmware's algorithm is not that of its key");
	if (!signature_holds(key, SIGNATURE_JOSE, tid.data, tid.size, dsi->tfw_sig.data,
			     dsi->tfw_sig.size))
		return refuse(reason, "the firmware's signature does not hold");
	return 0;
}

int device_trust_judge(const struct device_trust *trust, const struct dsi *dsi, struct span tid,
		       time_t now, char reason[DEVICE_REASON_SIZE])
{
	struct device_trust *shared = (struct device_trust *)trust;
	const struct trust_rule *rule = trust_policy_rule(&trust->policy, span_text(dsi->name));
	int rc;

	if (!rule->allow)
		return refuse(reason, "the policy does not allow TEEs named \"%s\"",
			      span_text(dsi->name));
	if (rule->min_version && !trust_version_reaches(span_text(dsi->version), rule->min_version))
		return refuse(reason, "the TEE's version %s is below %s, which the policy asks for",
			      span_text(dsi->version), rule->min_version);
	if (!dsi->has_tfw)
		return rule->require_tfw ? refuse(reason, "the firmware does not vouch for the "
							  "TEE, as the policy asks")
					 : 0;
	(void)pthread_rwlock_rdlock(&shared->lock);
	rc = firmware_check(shared, rule, dsi, tid, now, reason);
	(void)pthread_rwlock_unlock(&shared->lock);
	return rc;
}

void device_trust_each(const struct device_trust *trust,
		       void (*visit)(void *context, const char *what, X509 *certificate),
		       void *context)
{
	struct device_trust *shared = (struct device_trust *)trust;
	const struct material *material;

	(void)pthread_rwlock_rdlock(&shared->lock);
	material = trust->material;
	for (int i = 0; i < sk_X509_num(material->tee.roots); i++)
		visit(context, "tee-root", sk_X509_value(material->tee.roots, i));
	for (int i = 0; i < sk_X509_num(material->tee.others); i++)
		visit(context, "tee-intermediate", sk_X509_value(material->tee.others, i));
	for (int i = 0; i < sk_X509_num(material->firmware.roots); i++)
		visit(context, "firmware-root", sk_X509_value(material->firmware.roots, i));
	for (int i = 0; i < sk_X509_num(material->firmware.others); i++)
		visit(context, "firmware-intermediate",
		      sk_X509_value(material->firmware.others, i));
	(void)pthread_rwlock_unlock(&shared->lock);
}

void device_trust_revocation_each(const struct device_trust *trust,
				  void (*visit)(void *context,
						const struct revocation_source *source),
				  void *context)
{
	struct device_trust *shared = (struct device_trust *)trust;

	(void)pthread_rwlock_rdlock(&shared->lock);
	for (const struct revocation_note *note = trust->material->notes; note; note = note->next)
		visit(context, &note->source);
	(void)pthread_rwlock_unlock(&shared->lock);
}
