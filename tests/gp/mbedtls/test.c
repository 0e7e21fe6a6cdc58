/*
 * mbedTLS for TAs, as sources for version 3 use it, in a real sandbox.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <openssl/x509.h>

#include "mbedtls/commands.h"

static const TEEC_UUID mbedtls = UUID_MBEDTLS;

static struct client client;

static void start(void)
{
	fixture_start();
	client_open(&client, &mbedtls);
}

static void stop(void)
{
	client_close(&client);
	fixture_stop();
}

TestSuite(mbedtls, .init = start, .fini = stop);

static void expect_right(uint32_t command)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_VALUE_OUTPUT, 0, 0, 0) };

	cr_assert_eq(client_invoke(&client, command, &operation), TEEC_SUCCESS);
	cr_expect_eq(operation.params[0].value.a, 0, "mbedtls/ta.c:%u",
		     operation.params[0].value.a);
}

Test(mbedtls, self_tests)
{
	expect_right(CMD_SELF_TESTS);
}

Test(mbedtls, hashes_in_steps_and_at_once)
{
	expect_right(CMD_HASHES);
}

Test(mbedtls, gcm_in_steps_and_what_is_told_of_ciphers)
{
	expect_right(CMD_CIPHERS);
}

Test(mbedtls, rsa_signs_and_enciphers)
{
	expect_right(CMD_RSA);
}

Test(mbedtls, elliptic_curves)
{
	expect_right(CMD_CURVES);
}

Test(mbedtls, keys_are_written_parsed_and_used)
{
	expect_right(CMD_KEYS);
}

Test(mbedtls, entropy_comes_from_the_tee)
{
	expect_right(CMD_CHANCE);
}

Test(mbedtls, private_members_can_be_named)
{
	expect_right(CMD_PRIVATE_MEMBERS);
}

Test(mbedtls, certificates_are_signed_and_verified_whatever_the_date)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_TEMP_OUTPUT,
								    TEEC_VALUE_OUTPUT, 0, 0) };
	unsigned char der[1024];
	const unsigned char *at = der;
	X509 *certificate;

	operation.params[0].tmpref.buffer = der;
	operation.params[0].tmpref.size = sizeof(der);
	cr_assert_eq(client_invoke(&client, CMD_CERTIFICATE, &operation), TEEC_SUCCESS);
	cr_assert_eq(operation.params[1].value.a, 0, "mbedtls/ta.c:%u",
		     operation.params[1].value.a);
	/* So does another library. */
	certificate = d2i_X509(NULL, &at, (long)operation.params[0].tmpref.size);
	cr_assert(certificate);
	cr_expect_eq(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
	cr_expect_eq(ASN1_INTEGER_get(X509_get0_serialNumber(certificate)), 0x1234);
	X509_free(certificate);
}
