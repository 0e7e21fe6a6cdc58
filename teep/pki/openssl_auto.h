/* Variables that free their OpenSSL object when they go out of scope. */
#ifndef TEESIM_TEEP_PKI_OPENSSL_AUTO_H
#define TEESIM_TEEP_PKI_OPENSSL_AUTO_H

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define OPENSSL_AUTO(type, name, release)                     \
	static inline void name##_auto_release(type **object) \
	{                                                     \
		release(*object);                             \
	}
#define AUTO_OF(type, name) __attribute__((cleanup(name##_auto_release))) type *
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void x509_stack_free(STACK_OF(X509) * stack)
{
	sk_X509_pop_free(stack, X509_free);
}

OPENSSL_AUTO(EVP_PKEY, pkey, EVP_PKEY_free)
OPENSSL_AUTO(EVP_PKEY_CTX, pkey_ctx, EVP_PKEY_CTX_free)
OPENSSL_AUTO(EVP_MD_CTX, md_ctx, EVP_MD_CTX_free)
OPENSSL_AUTO(EVP_CIPHER_CTX, cipher_ctx, EVP_CIPHER_CTX_free)
OPENSSL_AUTO(X509, x509, X509_free)
OPENSSL_AUTO(STACK_OF(X509), x509_stack, x509_stack_free)
OPENSSL_AUTO(X509_STORE, x509_store, X509_STORE_free)
OPENSSL_AUTO(X509_STORE_CTX, x509_store_ctx, X509_STORE_CTX_free)
OPENSSL_AUTO(OCSP_RESPONSE, ocsp_response, OCSP_RESPONSE_free)
OPENSSL_AUTO(OCSP_BASICRESP, ocsp_basic, OCSP_BASICRESP_free)
OPENSSL_AUTO(OCSP_CERTID, ocsp_certid, OCSP_CERTID_free)
OPENSSL_AUTO(CMS_ContentInfo, cms, CMS_ContentInfo_free)
OPENSSL_AUTO(BIO, bio, BIO_free_all)

#define PKEY_AUTO	    AUTO_OF(EVP_PKEY, pkey)
#define PKEY_CTX_AUTO	    AUTO_OF(EVP_PKEY_CTX, pkey_ctx)
#define MD_CTX_AUTO	    AUTO_OF(EVP_MD_CTX, md_ctx)
#define CIPHER_CTX_AUTO	    AUTO_OF(EVP_CIPHER_CTX, cipher_ctx)
#define X509_AUTO	    AUTO_OF(X509, x509)
#define X509_STACK_AUTO	    AUTO_OF(STACK_OF(X509), x509_stack)
#define X509_STORE_AUTO	    AUTO_OF(X509_STORE, x509_store)
#define X509_STORE_CTX_AUTO AUTO_OF(X509_STORE_CTX, x509_store_ctx)
#define OCSP_RESPONSE_AUTO  AUTO_OF(OCSP_RESPONSE, ocsp_response)
#define OCSP_BASIC_AUTO	    AUTO_OF(OCSP_BASICRESP, ocsp_basic)
#define OCSP_CERTID_AUTO    AUTO_OF(OCSP_CERTID, ocsp_certid)
#define CMS_AUTO	    AUTO_OF(CMS_ContentInfo, cms)
#define BIO_AUTO	    AUTO_OF(BIO, bio)

#endif
