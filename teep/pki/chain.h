/*
 * Whether a certificate leads to a trusted root, at a time that the caller states.
 *
 * Used by the TEE for TAMs, and by the TAM for devices. The certificates are hostile, the roots are
 * the caller's own.
 */
#ifndef TEESIM_TEEP_PKI_CHAIN_H
#define TEESIM_TEEP_PKI_CHAIN_H

#include <openssl/x509.h>
#include <pthread.h>
#include <time.h>

/*
 * Build and check the path (RFC 5280) from `leaf` through any of `others` to one of `roots`, all
 * valid at `now`. On success *path, if it is asked for, is the caller's: leaf first, root last.
 * Returns 0; -EACCES with the reason in *why, a text that lives for ever; or -ENOMEM.
 */
int chain_verify(X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * roots, time_t now,
		 STACK_OF(X509) * *path, const char **why);

#define CHAIN_MEMORY_SIZE 16

/* Which authorities' signatures have been verified, by the objects themselves: worth it where the
 * same ones come again and again. For all threads. */
struct chain_memory {
	pthread_mutex_t mutex;
	struct chain_signature {
		X509 *certificate, *issuer; /* held here */
	} signatures[CHAIN_MEMORY_SIZE];
	unsigned next;
};

void chain_memory_open(struct chain_memory *memory);
void chain_memory_close(struct chain_memory *memory);

/* The same, but that the signature of one authority about another is verified once. Everything else
 * is checked each time: what the path may be, all times, the leaf's signature. */
int chain_verify_with(struct chain_memory *memory, X509 *leaf, STACK_OF(X509) * others,
		      STACK_OF(X509) * roots, time_t now, STACK_OF(X509) * *path, const char **why);

#endif
