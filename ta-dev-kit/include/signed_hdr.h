/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of OP-TEE's signed images, for programs that look into .ta files. The simulator loads
 * such images, and makes its own kind (`teesim ta sign`).
 */
#ifndef __SIGNED_HDR_H
#define __SIGNED_HDR_H

#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>
#include <util.h>

#define SHDR_MAGIC 0x4f545348

enum shdr_img_type {
	SHDR_TA = 0,
	SHDR_BOOTSTRAP_TA = 1,
	SHDR_ENCRYPTED_TA = 2,
	SHDR_SUBKEY = 3,
};

/* Then hash_size bytes of the image's hash, then sig_size bytes of the signature of that. */
struct shdr {
	uint32_t magic;
	uint32_t img_type;
	uint32_t img_size;
	uint32_t algo;
	uint16_t hash_size;
	uint16_t sig_size;
};

/* All of it in bytes; 0 when that can't be. */
static inline size_t shdr_get_size(const struct shdr *shdr)
{
	size_t size;

	if (ADD_OVERFLOW(sizeof(*shdr), shdr->hash_size, &size) ||
	    ADD_OVERFLOW(size, shdr->sig_size, &size))
		return 0;
	return size;
}

#define SHDR_GET_SIZE(shdr) shdr_get_size(shdr)
#define SHDR_GET_HASH(shdr) ((uint8_t *)(shdr) + sizeof(struct shdr))
#define SHDR_GET_SIG(shdr)  (SHDR_GET_HASH(shdr) + (shdr)->hash_size)

/* Behind a struct shdr of type SHDR_BOOTSTRAP_TA. */
struct shdr_bootstrap_ta {
	uint8_t uuid[sizeof(TEE_UUID)];
	uint32_t ta_version;
};

/* Behind one of type SHDR_ENCRYPTED_TA; then iv_size and tag_size bytes. */
struct shdr_encrypted_ta {
	uint32_t enc_algo;
	uint32_t flags;
	uint16_t iv_size;
	uint16_t tag_size;
};

#define SHDR_ENC_KEY_TYPE_MASK 0x1

enum shdr_enc_key_type {
	SHDR_ENC_KEY_DEV_SPECIFIC = 0,
	SHDR_ENC_KEY_CLASS_WIDE = 1,
};

#endif /* __SIGNED_HDR_H */
