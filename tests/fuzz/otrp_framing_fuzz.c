/* What the TEE itself cuts up of what strangers send, before and after somebody vouched for it:
 * frames of certificates and OCSP responses, signed attributes, headers of packages, and numbers
 * that are to be keys. Whatever they are: no crash, and spans that stay inside. */
#include "otrp/parser_job.h"
#include "teep/pki/openssl_auto.h"
#include "teep/pki/signed_object.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span span, struct span whole)
{
	if (span.data && (span.data < whole.data || span.size > whole.size ||
			  span.data + span.size > whole.data + whole.size))
		abort();
}

static void frames_try(struct span octets)
{
	struct signed_object object;
	struct span_list brought;

	if (signed_certificate_parse(octets, &object) == 0) {
		inside(object.body, octets);
		inside(object.signature, octets);
	}
	if (signed_response_parse(octets, &object, &brought) == 0) {
		inside(object.body, octets);
		inside(object.signature, octets);
		for (uint32_t i = 0; i < brought.count; i++)
			inside(brought.item[i], octets);
	}
}

static void package_try(struct span octets)
{
	struct span digest;
	struct ta_cms cms;
	const char *why;

	if (ta_cms_attributes_parse(octets, &digest) == 0)
		inside(digest, octets);
	if (ta_cms_header_parse(octets, &cms, &why) == 0) {
		inside(cms.name, octets);
		inside(cms.image, octets);
	}
}

static void numbers_try(struct span octets)
{
	const size_t half = octets.size / 2;
	struct key_numbers numbers = { .kind = (uint32_t)(octets.size % 3) + KEY_RSA };

	numbers.modulus = numbers.x = span_of(octets.data, half);
	numbers.exponent = numbers.y = span_of(octets.data + half, octets.size - half);
	EVP_PKEY_free(key_numbers_load(&numbers));
}

static void answers_try(struct span octets)
{
	struct parser_certificate certificate;
	struct ta_cms_parts parts;
	struct parser_tam tam;

	if (otrp_record_parse(octets, parser_certificate_layout, PARSER_CERTIFICATE_LAYOUT_COUNT,
			      &certificate) == 0)
		EVP_PKEY_free(key_numbers_load(&certificate.key));
	(void)otrp_record_parse(octets, parser_tam_layout, PARSER_TAM_LAYOUT_COUNT, &tam);
	(void)otrp_record_parse(octets, parser_package_layout, PARSER_PACKAGE_LAYOUT_COUNT, &parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span octets = span_of(data, size);

	frames_try(octets);
	package_try(octets);
	numbers_try(octets);
	answers_try(octets);
	return 0;
}
