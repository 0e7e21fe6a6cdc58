#ifndef TEESIM_TEST_GP_CRYPTOGRAPHY_COMMANDS_H
#define TEESIM_TEST_GP_CRYPTOGRAPHY_COMMANDS_H

enum {
	/* Runs one check of ta.c; value 0: in, its index; out, the line that failed (0: none). */
	COMMAND_CHECK,
};

enum {
	CHECK_DIGESTS,
	CHECK_CIPHERS,
	CHECK_MACS,
	CHECK_AE,
	CHECK_RSA,
	CHECK_DSA_AND_DH,
	CHECK_EC,
	CHECK_EDWARDS,
	CHECK_SM2,
	CHECK_DERIVATION,
	CHECKS,
};

#endif
