// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the library would ask of an operating system, asked of the TEE instead. Takes the place of
 * the objects of the same names in the distribution's archive (TeesimMbedtls.cmake), and is linked
 * into TAs.
 */
#include <mbedtls/config.h>

#include <mbedtls/entropy.h>
#include <mbedtls/entropy_poll.h>
#include <mbedtls/havege.h>
#include <mbedtls/x509.h>
#include <string.h>
#include <tee_internal_api.h>

static int random_give(unsigned char *out, size_t size, size_t *given)
{
	TEE_GenerateRandom(out, size);
	*given = size;
	return 0;
}

int mbedtls_platform_entropy_poll(void *arg, unsigned char *out, size_t size, size_t *given)
{
	(void)arg;
	return random_give(out, size, given);
}

int mbedtls_hardclock_poll(void *arg, unsigned char *out, size_t size, size_t *given)
{
	(void)arg;
	return random_give(out, size, given);
}

int mbedtls_havege_poll(void *arg, unsigned char *out, size_t size, size_t *given)
{
	(void)arg;
	return random_give(out, size, given);
}

void mbedtls_havege_init(mbedtls_havege_state *state)
{
	memset(state, 0, sizeof(*state));
}

void mbedtls_havege_free(mbedtls_havege_state *state)
{
	(void)state;
}

int mbedtls_havege_random(void *arg, unsigned char *out, size_t size)
{
	(void)arg;
	TEE_GenerateRandom(out, size);
	return 0;
}

/* A TEE's libmbedtls knows no time of day, and so takes no certificate for expired. */
int __tee_mbedtls_time_is_past(const mbedtls_x509_time *to);
int __tee_mbedtls_time_is_past(const mbedtls_x509_time *to)
{
	(void)to;
	return 0;
}

int __tee_mbedtls_time_is_future(const mbedtls_x509_time *from);
int __tee_mbedtls_time_is_future(const mbedtls_x509_time *from)
{
	(void)from;
	return 0;
}
