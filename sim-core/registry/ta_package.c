#include "registry/ta_package.h"

#include "registry/ta_refusal.h"

#include <elf.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#define FORMAT		 1
#define ALGORITHM	 1
#define OPTEE_MAGIC	 0x4f545348U
#define OPTEE_RSA_PSS	 0x70414930U
#define OPTEE_RSA_PKCS1	 0x70004830U
#define SIGNED_PART_SIZE offsetof(struct header, signature)

static const char magic[8] = { 'T', 'E', 'E', 'S', 'I', 'M', 'T', 'A' };

/* Numbers as they stand in the file: both it and x86-64 are little-endian. */
struct header {
	char magic[8];
	uint32_t format;
	uint32_t algorithm;
	uint8_t uuid[16];
	uint32_t version;
	uint32_t reserved;
	uint64_t image_size;
	uint8_t digest[64];
	uint8_t signer[PUBLIC_KEY_SIZE];
	uint8_t signature[SIGNATURE_SIZE];
};

_Static_assert(sizeof(struct header) == TA_PACKAGE_HEADER_SIZE, "no holes in the header");

/* What OP-TEE puts in front of an image. */
struct optee_header {
	uint32_t magic;
	uint32_t type;
	uint32_t image_size;
	uint32_t algorithm;
	uint16_t hash_size;
	uint16_t signature_size;
};

_Static_assert(sizeof(struct optee_header) == 20, "OP-TEE's header");

enum {
	OPTEE_TYPE_LEGACY = 0,
	OPTEE_TYPE_BOOTSTRAP = 1,
	OPTEE_TYPE_ENCRYPTED = 2,
	OPTEE_TYPE_SUBKEY = 3,
};

/* Follows hash and signature in an image of type BOOTSTRAP. */
#define OPTEE_BOOTSTRAP_SIZE 20

const char *ta_form_name(enum ta_form form)
{
	static const char *const names[] = {
		[TA_FORM_ELF] = "elf",
		[TA_FORM_PACKAGE] = "package",
		[TA_FORM_OPTEE] = "optee",
	};

	return names[form];
}

static int parse_own(const uint8_t *bytes, size_t size, struct ta_package *out, char *err,
		     size_t errlen)
{
	uint8_t digest[sizeof(((struct header *)0)->digest)];
	struct header header;

	if (size < sizeof(header))
		return refuse(-EBADMSG, err, errlen, "the package is cut off: %zu bytes", size);
	memcpy(&header, bytes, sizeof(header));
	if (header.format != FORMAT || header.algorithm != ALGORITHM || header.reserved != 0)
		return refuse(-EOPNOTSUPP, err, errlen,
			      "package format %u with algorithm %u is not known here: sign the TA "
			      "again with this version of teesim",
			      header.format, header.algorithm);
	if (header.image_size != size - sizeof(header))
		return refuse(-EBADMSG, err, errlen,
			      "the package says %llu bytes of image and holds %zu",
			      (unsigned long long)header.image_size, size - sizeof(header));
	if (crypto_sign_verify_detached(header.signature, bytes, SIGNED_PART_SIZE, header.signer) !=
	    0)
		return refuse(-EKEYREJECTED, err, errlen,
			      "bad signature: the package was changed after it was signed");
	crypto_generichash(digest, sizeof(digest), bytes + sizeof(header), size - sizeof(header),
			   NULL, 0);
	if (sodium_memcmp(digest, header.digest, sizeof(digest)) != 0)
		return refuse(-EKEYREJECTED, err, errlen,
			      "bad signature: the image was changed after it was signed");
	out->form = TA_FORM_PACKAGE;
	out->has_uuid = true;
	memcpy(out->uuid.octet, header.uuid, sizeof(header.uuid));
	out->has_version = true;
	out->version = header.version;
	out->is_signed = true;
	memcpy(out->signer, header.signer, sizeof(header.signer));
	out->image = bytes + sizeof(header);
	out->image_size = size - sizeof(header);
	return 0;
}

static int parse_optee(const uint8_t *bytes, size_t size, struct ta_package *out, char *err,
		       size_t errlen)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	struct optee_header header;
	size_t extra = 0, start;

	if (size < sizeof(header))
		return refuse(-EBADMSG, err, errlen, "the OP-TEE image is cut off: %zu bytes",
			      size);
	memcpy(&header, bytes, sizeof(header));
	switch (header.type) {
	case OPTEE_TYPE_LEGACY:
		break;
	case OPTEE_TYPE_BOOTSTRAP:
		extra = OPTEE_BOOTSTRAP_SIZE;
		break;
	case OPTEE_TYPE_ENCRYPTED:
		return refuse(-EOPNOTSUPP, err, errlen,
			      "an encrypted OP-TEE image, whose key is not here: build without "
			      "CFG_ENCRYPT_TA");
	case OPTEE_TYPE_SUBKEY:
		return refuse(-EOPNOTSUPP, err, errlen,
			      "an OP-TEE image signed with a subkey, which is not supported: build "
			      "without TA_SUBKEY_ARGS");
	default:
		return refuse(-EBADMSG, err, errlen, "an OP-TEE image of unknown type %u",
			      header.type);
	}
	if ((header.algorithm != OPTEE_RSA_PSS && header.algorithm != OPTEE_RSA_PKCS1) ||
	    header.hash_size != sizeof(digest))
		return refuse(
			-EOPNOTSUPP, err, errlen,
			"an OP-TEE image with signature algorithm %#x: only RSA with SHA-256 is "
			"known here",
			header.algorithm);
	start = sizeof(header) + header.hash_size + header.signature_size;
	if (size < start + extra || size - start - extra != header.image_size)
		return refuse(-EBADMSG, err, errlen,
			      "the OP-TEE image is damaged or cut off: it says %u bytes of image",
			      header.image_size);
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, bytes, sizeof(header));
	crypto_hash_sha256_update(&state, bytes + start, size - start);
	crypto_hash_sha256_final(&state, digest);
	if (sodium_memcmp(digest, bytes + sizeof(header), sizeof(digest)) != 0)
		return refuse(
			-EKEYREJECTED, err, errlen,
			"the OP-TEE image was changed after it was signed: its hash is wrong");
	out->form = TA_FORM_OPTEE;
	if (extra) {
		out->has_uuid = out->has_version = true;
		memcpy(out->uuid.octet, bytes + start, sizeof(out->uuid.octet));
		memcpy(&out->version, bytes + start + sizeof(out->uuid.octet),
		       sizeof(out->version));
	}
	out->image = bytes + start + extra;
	out->image_size = header.image_size;
	return 0;
}

int ta_package_parse(const void *bytes, size_t size, struct ta_package *out, char *err,
		     size_t errlen)
{
	uint32_t first;

	memset(out, 0, sizeof(*out));
	if (sodium_init() < 0)
		return refuse(-EOPNOTSUPP, err, errlen, "libsodium does not start");
	if (size < sizeof(magic))
		return refuse(-EBADMSG, err, errlen, "not a TA: only %zu bytes", size);
	memcpy(&first, bytes, sizeof(first));
	if (memcmp(bytes, magic, sizeof(magic)) == 0)
		return parse_own(bytes, size, out, err, errlen);
	if (first == OPTEE_MAGIC)
		return parse_optee(bytes, size, out, err, errlen);
	if (memcmp(bytes, ELFMAG, SELFMAG) == 0) {
		out->form = TA_FORM_ELF;
		out->image = bytes;
		out->image_size = size;
		return 0;
	}
	return refuse(-EBADMSG, err, errlen,
		      "not a TA: neither a signed package nor an ELF file nor an OP-TEE image");
}

void ta_package_sign(const struct uuid *uuid, uint32_t version, const void *image, size_t size,
		     const struct signing_key *key, uint8_t out[TA_PACKAGE_HEADER_SIZE])
{
	struct header header = {
		.format = FORMAT,
		.algorithm = ALGORITHM,
		.version = version,
		.image_size = size,
	};

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(header.uuid, uuid->octet, sizeof(header.uuid));
	memcpy(header.signer, key->public_key.bytes, sizeof(header.signer));
	crypto_generichash(header.digest, sizeof(header.digest), image, size, NULL, 0);
	signing_key_sign(key, &header, SIGNED_PART_SIZE, header.signature);
	memcpy(out, &header, sizeof(header));
}
