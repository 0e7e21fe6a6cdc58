/*
 * Nonces of AES-GCM that are longer than libcrypto takes. Runs in ta-host, on the TA's thread.
 *
 * GCM makes one block, where the counter starts, from a nonce that does not have 12 octets (NIST SP
 * 800-38D, 7.1). For each such block there is just one nonce of 16 octets that makes the same one:
 * that can be given to the library in place of the long one.
 */
#ifndef TEESIM_TA_HOST_API_GCM_NONCE_H
#define TEESIM_TA_HOST_API_GCM_NONCE_H

#include <stddef.h>
#include <stdint.h>

#define GCM_BLOCK 16U

/* `subkey` is the block of zeros under the key; wiping it is up to the caller. */
void gcm_nonce_shorten(const uint8_t subkey[GCM_BLOCK], const uint8_t *nonce, size_t size,
		       uint8_t shortened[GCM_BLOCK]);

#endif
