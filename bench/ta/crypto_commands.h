/* What the measurements of cryptography and their trusted application agree upon. */
#ifndef BENCH_CRYPTO_COMMANDS_H
#define BENCH_CRYPTO_COMMANDS_H

/*
 * The command is what is done; value 0 has how many octets each time, and how many times. Data and
 * keys are the TA's own, prepared when they are first needed. Value 1 gets the time of the
 * processor's that it took, in nanoseconds, the upper half first.
 */
enum {
	BENCH_CRYPTO_GCM,
	BENCH_CRYPTO_CTR,
	BENCH_CRYPTO_SHA256,
	BENCH_CRYPTO_RSA,
	BENCH_CRYPTO_P256,
	BENCH_CRYPTO_ED25519,
	BENCH_CRYPTO_SHORT,
	BENCH_CRYPTO_COMMANDS,
};

#define BENCH_CRYPTO_SIZE_MAX	(1U << 20)
#define BENCH_CRYPTO_KEY_SIZE	16U
#define BENCH_CRYPTO_SHORT_SIZE 64U

#endif
