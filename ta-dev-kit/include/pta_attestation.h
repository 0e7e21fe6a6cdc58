/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA that measures and attests TAs and the trusted OS.
 */
#ifndef __PTA_ATTESTATION_H
#define __PTA_ATTESTATION_H

/* clang-format off */
#define PTA_ATTESTATION_UUID \
	{ 0x39800861, 0x182a, 0x4720, \
	  { 0x9b, 0x67, 0x2b, 0xcd, 0x62, 0x2b, 0xc0, 0xb5 } }
/* clang-format on */

/* memref[0], memref[1] (out): exponent and modulus of the key; value[2].a (out): its algorithm. */
#define PTA_ATTESTATION_GET_PUBKEY 0x0
/* memref[0] (in): a TA's UUID, memref[1] (in): nonce, memref[2] (out): digest of the TA's file in
 * its signed header, and the signature. */
#define PTA_ATTESTATION_GET_TA_SHDR_DIGEST 0x1
/* memref[0] (in): nonce, memref[1] (out): digest of the calling TA's code, and the signature. */
#define PTA_ATTESTATION_HASH_TA_MEMORY 0x2
/* The same of the trusted OS. */
#define PTA_ATTESTATION_HASH_TEE_MEMORY 0x3

#endif /* __PTA_ATTESTATION_H */
