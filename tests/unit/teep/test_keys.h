/* Key pairs for tests: RSA pairs come from the build tree, EC pairs are made on the spot. */
#ifndef TEESIM_TESTS_TEEP_TEST_KEYS_H
#define TEESIM_TESTS_TEEP_TEST_KEYS_H

#include "teep/pki/key.h"

/* The caller's. The same number (1 to 6) gives the same RSA pair, and any number a fresh EC pair.
 * Aborts when there is none. */
EVP_PKEY *test_key(enum key_kind kind, int number);

#endif
