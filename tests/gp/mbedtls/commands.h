/* What the TA with mbedTLS can be asked. */
#ifndef GP_MBEDTLS_COMMANDS_H
#define GP_MBEDTLS_COMMANDS_H

enum command {
	/* Value 0: a, out: the number of the line that found something wrong, 0 where all is right.
	 */
	CMD_SELF_TESTS,
	CMD_HASHES,
	CMD_CIPHERS,
	CMD_RSA,
	CMD_CURVES,
	CMD_KEYS,
	CMD_CHANCE,
	CMD_PRIVATE_MEMBERS,
	/* Memory 0, out: a certificate (DER) that it has signed for itself and found good, though
	 * it is of 2001; value 1 as above. */
	CMD_CERTIFICATE,
};

#endif
