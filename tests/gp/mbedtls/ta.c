/* Uses mbedTLS as sources for its version 3 do. */
#include <mbedtls/aes.h>
#include <mbedtls/base64.h>
#include <mbedtls/bignum.h>
#include <mbedtls/build_info.h>
#include <mbedtls/cipher.h>
#include <mbedtls/cmac.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/des.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/entropy.h>
#include <mbedtls/gcm.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/md5.h>
#include <mbedtls/pk.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>
#include <string.h>
#include <tee_internal_api.h>

#include "mbedtls/commands.h"

#if MBEDTLS_VERSION_MAJOR != 3 || defined(MBEDTLS_FS_IO)
#error "the kit's headers were not found first"
#endif

/* The line of the first thing that is not as it should be. */
#define REQUIRE(truth)                   \
	do {                             \
		if (!(truth))            \
			return __LINE__; \
	} while (0)

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;

TEE_Result TA_CreateEntryPoint(void)
{
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&drbg);
	return mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0)
		       ? TEE_ERROR_GENERIC
		       : TEE_SUCCESS;
}

void TA_DestroyEntryPoint(void)
{
	mbedtls_ctr_drbg_free(&drbg);
	mbedtls_entropy_free(&entropy);
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types, TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
}

static uint32_t self_tests(void)
{
	REQUIRE(!mbedtls_mpi_self_test(0));
	REQUIRE(!mbedtls_aes_self_test(0));
	REQUIRE(!mbedtls_des_self_test(0));
	REQUIRE(!mbedtls_md5_self_test(0));
	REQUIRE(!mbedtls_sha1_self_test(0));
	REQUIRE(!mbedtls_sha256_self_test(0));
	REQUIRE(!mbedtls_sha512_self_test(0));
	REQUIRE(!mbedtls_gcm_self_test(0));
	REQUIRE(!mbedtls_cmac_self_test(0));
	REQUIRE(!mbedtls_base64_self_test(0));
	REQUIRE(!mbedtls_rsa_self_test(0));
	REQUIRE(!mbedtls_ecp_self_test(0));
	REQUIRE(!mbedtls_ctr_drbg_self_test(0));
	REQUIRE(!mbedtls_entropy_self_test(0));
	return 0;
}

/* In steps and at once; each gives a result, as in 3. */
static uint32_t hashes(void)
{
	static const uint8_t abc_begins[] = { 0xba, 0x78, 0x16, 0xbf };
	const uint8_t *abc = (const uint8_t *)"abc";
	uint8_t once[64], steps[64];
	mbedtls_sha256_context sha256;
	mbedtls_sha512_context sha512;
	mbedtls_sha1_context sha1;
	mbedtls_md5_context md5;
	int err;

	err = mbedtls_sha256(abc, 3, once, 0);
	REQUIRE(!err && !memcmp(once, abc_begins, sizeof(abc_begins)));
	mbedtls_sha256_init(&sha256);
	err = mbedtls_sha256_starts(&sha256, 0);
	REQUIRE(!err);
	err = mbedtls_sha256_update(&sha256, abc, 1);
	REQUIRE(!err);
	err = mbedtls_sha256_update(&sha256, abc + 1, 2);
	REQUIRE(!err);
	err = mbedtls_sha256_finish(&sha256, steps);
	REQUIRE(!err && !memcmp(once, steps, 32));
	mbedtls_sha256_free(&sha256);

	REQUIRE(!mbedtls_sha512(abc, 3, once, 0));
	mbedtls_sha512_init(&sha512);
	REQUIRE(!mbedtls_sha512_starts(&sha512, 0) && !mbedtls_sha512_update(&sha512, abc, 3) &&
		!mbedtls_sha512_finish(&sha512, steps) && !memcmp(once, steps, 64));
	mbedtls_sha512_free(&sha512);

	REQUIRE(!mbedtls_sha1(abc, 3, once));
	mbedtls_sha1_init(&sha1);
	REQUIRE(!mbedtls_sha1_starts(&sha1) && !mbedtls_sha1_update(&sha1, abc, 3) &&
		!mbedtls_sha1_finish(&sha1, steps) && !memcmp(once, steps, 20));
	mbedtls_sha1_free(&sha1);

	REQUIRE(!mbedtls_md5(abc, 3, once));
	mbedtls_md5_init(&md5);
	REQUIRE(!mbedtls_md5_starts(&md5) && !mbedtls_md5_update(&md5, abc, 3) &&
		!mbedtls_md5_finish(&md5, steps) && !memcmp(once, steps, 16));
	mbedtls_md5_free(&md5);

	REQUIRE(mbedtls_md_get_size_from_type(MBEDTLS_MD_SHA384) == 48);
	REQUIRE(!mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), NULL, 0, abc, 3, NULL,
			      0, once, 40));
	REQUIRE(!mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA1, (const uint8_t *)"password", 8,
					       (const uint8_t *)"salt", 4, 1, 20, steps));
	/* RFC 6070, the first one. */
	REQUIRE(steps[0] == 0x0c && steps[1] == 0x60 && steps[19] == 0xa6);
	return 0;
}

static uint32_t ciphers(void)
{
	static const uint8_t key[16] = { 1 }, iv[12] = { 2 };
	const mbedtls_cipher_info_t *info =
		mbedtls_cipher_info_from_type(MBEDTLS_CIPHER_AES_256_CBC);
	uint8_t clear[48], once[48], steps[48], tag[16], tag_of_steps[16];
	mbedtls_gcm_context gcm;
	size_t size, rest;

	memset(clear, 'x', sizeof(clear));
	REQUIRE(mbedtls_cipher_info_get_key_bitlen(info) == 256);
	REQUIRE(mbedtls_cipher_info_get_mode(info) == MBEDTLS_MODE_CBC);
	REQUIRE(mbedtls_cipher_info_get_iv_size(info) == 16);
	REQUIRE(mbedtls_cipher_info_get_block_size(info) == 16);

	mbedtls_gcm_init(&gcm);
	REQUIRE(!mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128));
	REQUIRE(!mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, sizeof(clear), iv, sizeof(iv),
					   NULL, 0, clear, once, sizeof(tag), tag));
	REQUIRE(!mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, iv, sizeof(iv)));
	REQUIRE(!mbedtls_gcm_update(&gcm, clear, 32, steps, sizeof(steps), &size) && size == 32);
	REQUIRE(mbedtls_gcm_update(&gcm, clear + 32, 16, steps + 32, 15, &size) ==
		MBEDTLS_ERR_GCM_BAD_INPUT);
	REQUIRE(!mbedtls_gcm_update(&gcm, clear + 32, 16, steps + 32, 16, &size) && size == 16);
	REQUIRE(!mbedtls_gcm_finish(&gcm, NULL, 0, &rest, tag_of_steps, sizeof(tag)) && !rest);
	REQUIRE(!memcmp(once, steps, sizeof(once)) && !memcmp(tag, tag_of_steps, sizeof(tag)));
	mbedtls_gcm_free(&gcm);
	return 0;
}

static uint32_t rsa(void)
{
	uint8_t hash[32] = { 3 }, sig[128], clear[128];
	mbedtls_rsa_context key;
	size_t size;

	mbedtls_rsa_init(&key);
	REQUIRE(!mbedtls_rsa_gen_key(&key, mbedtls_ctr_drbg_random, &drbg, 1024, 65537));
	REQUIRE(mbedtls_rsa_get_bitlen(&key) == 1024 && mbedtls_rsa_get_len(&key) == 128);
	REQUIRE(mbedtls_rsa_get_padding_mode(&key) == MBEDTLS_RSA_PKCS_V15);
	REQUIRE(!mbedtls_rsa_pkcs1_sign(&key, mbedtls_ctr_drbg_random, &drbg, MBEDTLS_MD_SHA256,
					sizeof(hash), hash, sig));
	REQUIRE(!mbedtls_rsa_pkcs1_verify(&key, MBEDTLS_MD_SHA256, sizeof(hash), hash, sig));
	hash[0] ^= 1;
	REQUIRE(mbedtls_rsa_pkcs1_verify(&key, MBEDTLS_MD_SHA256, sizeof(hash), hash, sig));

	REQUIRE(mbedtls_rsa_set_padding(&key, 7, MBEDTLS_MD_NONE) ==
		MBEDTLS_ERR_RSA_INVALID_PADDING);
	REQUIRE(!mbedtls_rsa_set_padding(&key, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256));
	REQUIRE(mbedtls_rsa_get_md_alg(&key) == MBEDTLS_MD_SHA256);
	REQUIRE(!mbedtls_rsa_rsassa_pss_sign(&key, mbedtls_ctr_drbg_random, &drbg,
					     MBEDTLS_MD_SHA256, sizeof(hash), hash, sig));
	REQUIRE(!mbedtls_rsa_rsassa_pss_verify(&key, MBEDTLS_MD_SHA256, sizeof(hash), hash, sig));
	REQUIRE(!mbedtls_rsa_rsaes_oaep_encrypt(&key, mbedtls_ctr_drbg_random, &drbg,
						(const uint8_t *)"L", 1, 5,
						(const uint8_t *)"hello", sig));
	REQUIRE(!mbedtls_rsa_rsaes_oaep_decrypt(&key, mbedtls_ctr_drbg_random, &drbg,
						(const uint8_t *)"L", 1, &size, sig, clear,
						sizeof(clear)));
	REQUIRE(size == 5 && !memcmp(clear, "hello", 5));
	mbedtls_rsa_free(&key);
	return 0;
}

static uint32_t curves(void)
{
	uint8_t hash[32] = { 4 }, sig[MBEDTLS_ECDSA_MAX_LEN];
	mbedtls_ecdsa_context key;
	mbedtls_ecp_group grp;
	mbedtls_ecp_point Q;
	mbedtls_mpi d;
	size_t size;

	mbedtls_ecdsa_init(&key);
	REQUIRE(!mbedtls_ecdsa_genkey(&key, MBEDTLS_ECP_DP_SECP256R1, mbedtls_ctr_drbg_random,
				      &drbg));
	REQUIRE(!mbedtls_ecdsa_write_signature(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig,
					       sizeof(sig), &size, mbedtls_ctr_drbg_random, &drbg));
	REQUIRE(!mbedtls_ecdsa_read_signature(&key, hash, sizeof(hash), sig, size));
	REQUIRE(mbedtls_ecdsa_write_signature(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, 10,
					      &size, mbedtls_ctr_drbg_random,
					      &drbg) == MBEDTLS_ERR_ECP_BUFFER_TOO_SMALL);
	REQUIRE(!mbedtls_ecp_check_pub_priv(&key, &key, mbedtls_ctr_drbg_random, &drbg));
	mbedtls_ecp_group_init(&grp);
	mbedtls_mpi_init(&d);
	mbedtls_ecp_point_init(&Q);
	REQUIRE(!mbedtls_ecp_export(&key, &grp, &d, &Q));
	REQUIRE(!mbedtls_ecp_check_pubkey(&grp, &Q) && !mbedtls_ecp_check_privkey(&grp, &d));
	mbedtls_ecp_point_free(&Q);
	mbedtls_mpi_free(&d);
	mbedtls_ecp_group_free(&grp);
	mbedtls_ecdsa_free(&key);
	return 0;
}

static uint32_t keys(void)
{
	uint8_t hash[32] = { 5 }, sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE], pem[1024];
	mbedtls_pk_context key, again;
	size_t size;

	mbedtls_pk_init(&key);
	mbedtls_pk_init(&again);
	REQUIRE(!mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
	REQUIRE(!mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key),
				     mbedtls_ctr_drbg_random, &drbg));
	REQUIRE(!mbedtls_pk_write_key_pem(&key, pem, sizeof(pem)));
	REQUIRE(!mbedtls_pk_parse_key(&again, pem, strlen((char *)pem) + 1, NULL, 0,
				      mbedtls_ctr_drbg_random, &drbg));
	REQUIRE(!mbedtls_pk_check_pair(&key, &again, mbedtls_ctr_drbg_random, &drbg));
	REQUIRE(!mbedtls_pk_sign(&again, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, sizeof(sig),
				 &size, mbedtls_ctr_drbg_random, &drbg));
	REQUIRE(!mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, size));
	REQUIRE(mbedtls_pk_sign(&again, MBEDTLS_MD_SHA256, hash, sizeof(hash), sig, 8, &size,
				mbedtls_ctr_drbg_random, &drbg) == MBEDTLS_ERR_PK_BUFFER_TOO_SMALL);
	mbedtls_pk_free(&again);
	mbedtls_pk_free(&key);
	return 0;
}

static uint32_t chance(void)
{
	uint8_t first[32] = { 0 }, second[32] = { 0 };

	REQUIRE(!mbedtls_entropy_func(&entropy, first, sizeof(first)));
	REQUIRE(!mbedtls_entropy_func(&entropy, second, sizeof(second)));
	REQUIRE(memcmp(first, second, sizeof(first)));
	REQUIRE(!mbedtls_ctr_drbg_random(&drbg, first, sizeof(first)));
	REQUIRE(!mbedtls_ctr_drbg_update(&drbg, second, sizeof(second)));
	REQUIRE(!mbedtls_ctr_drbg_random(&drbg, second, sizeof(second)));
	REQUIRE(memcmp(first, second, sizeof(first)));
	return 0;
}

static uint32_t private_members(void)
{
	mbedtls_ecp_group grp;
	mbedtls_mpi number;

	mbedtls_mpi_init(&number);
	REQUIRE(!mbedtls_mpi_lset(&number, -5));
	REQUIRE(number.MBEDTLS_PRIVATE(s) == -1 && number.MBEDTLS_PRIVATE(n) == 1);
	REQUIRE(number.MBEDTLS_PRIVATE(p)[0] == 5);
	mbedtls_mpi_free(&number);
	mbedtls_ecp_group_init(&grp);
	REQUIRE(!mbedtls_ecp_group_load(&grp, MBEDTLS_ECP_DP_SECP384R1));
	REQUIRE(grp.MBEDTLS_PRIVATE(pbits) == 384);
	mbedtls_ecp_group_free(&grp);
	return 0;
}

static uint32_t certificate(TEE_Param *out)
{
	uint8_t serial[] = { 0x12, 0x34 }, der[1024];
	mbedtls_x509write_cert writing;
	mbedtls_x509_crt certificate;
	mbedtls_pk_context key;
	uint32_t flags = 0;
	int size;

	mbedtls_pk_init(&key);
	REQUIRE(!mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
	REQUIRE(!mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key),
				     mbedtls_ctr_drbg_random, &drbg));
	mbedtls_x509write_crt_init(&writing);
	mbedtls_x509write_crt_set_version(&writing, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&writing, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&writing, &key);
	mbedtls_x509write_crt_set_issuer_key(&writing, &key);
	REQUIRE(!mbedtls_x509write_crt_set_subject_name(&writing, "CN=a TA,O=tests"));
	REQUIRE(!mbedtls_x509write_crt_set_issuer_name(&writing, "CN=a TA,O=tests"));
	REQUIRE(!mbedtls_x509write_crt_set_serial_raw(&writing, serial, sizeof(serial)));
	REQUIRE(!mbedtls_x509write_crt_set_validity(&writing, "20010101000000", "20011231235959"));
	REQUIRE(!mbedtls_x509write_crt_set_basic_constraints(&writing, 1, -1));
	size = mbedtls_x509write_crt_der(&writing, der, sizeof(der), mbedtls_ctr_drbg_random,
					 &drbg);
	REQUIRE(size > 0 && (size_t)size <= out->memref.size);
	/* It is at the end of the buffer. */
	memcpy(out->memref.buffer, der + sizeof(der) - (size_t)size, (size_t)size);
	out->memref.size = (size_t)size;

	mbedtls_x509_crt_init(&certificate);
	REQUIRE(!mbedtls_x509_crt_parse(&certificate, out->memref.buffer, (size_t)size));
	REQUIRE(certificate.valid_to.year == 2001);
	REQUIRE(mbedtls_x509_crt_get_ca_istrue(&certificate));
	REQUIRE(!mbedtls_x509_crt_verify(&certificate, &certificate, NULL, "a TA", &flags, NULL,
					 NULL));
	REQUIRE(mbedtls_x509_crt_verify(&certificate, &certificate, NULL, "another", &flags, NULL,
					NULL) == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
	REQUIRE(flags == MBEDTLS_X509_BADCERT_CN_MISMATCH);
	mbedtls_x509_crt_free(&certificate);
	mbedtls_x509write_crt_free(&writing);
	mbedtls_pk_free(&key);
	return 0;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t command, uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	static uint32_t (*const tests[])(void) = {
		[CMD_SELF_TESTS] = self_tests, [CMD_HASHES] = hashes,
		[CMD_CIPHERS] = ciphers,       [CMD_RSA] = rsa,
		[CMD_CURVES] = curves,	       [CMD_KEYS] = keys,
		[CMD_CHANCE] = chance,	       [CMD_PRIVATE_MEMBERS] = private_members,
	};

	if (command < sizeof(tests) / sizeof(tests[0]))
		params[0].value.a = tests[command]();
	else if (command == CMD_CERTIFICATE)
		params[1].value.a = certificate(&params[0]);
	else
		return TEE_ERROR_NOT_SUPPORTED;
	return TEE_SUCCESS;
}
