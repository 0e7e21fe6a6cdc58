/*
 * Cryptographic operations: what all families share (Internal Core API 6.2). Runs in ta-host, on
 * the TA's thread.
 *
 * A handle of the TA's owns its operation, and that its keys (copies, without handles) and what its
 * family keeps in `context`.
 */
#ifndef TEESIM_TA_HOST_API_OPERATION_H
#define TEESIM_TA_HOST_API_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tee_api_types.h>

#include "api/algorithms.h"
#include "api/object.h"

struct operation;

/* One for each family. What may be NULL does nothing; what returns false had no memory. */
struct operation_methods {
	/* Of a context that lies in the operation's own memory, zeroed; 0: open() makes it. */
	size_t context_size;
	/* Makes the context; required. */
	bool (*open)(struct operation *operation);
	/* Wipes and frees it; required. */
	void (*close)(struct operation *operation);
	/* The keys are others now, or none: forget what was made from them. */
	bool (*key_changed)(struct operation *operation);
	/* The context of `to` becomes one as that of `from`; both have the same keys by then. */
	bool (*copy)(struct operation *to, const struct operation *from);
	/* Back to the initial state. */
	void (*reset)(struct operation *operation);
};

/* At most: two-key modes have as many. */
#define OPERATION_KEYS 2

struct operation {
	const struct algorithm *algorithm;
	const struct operation_methods *methods;
	void *context;
	uint32_t handle;
	uint32_t mode;
	uint32_t max_key_size; /* bits */
	uint32_t usage;
	uint32_t flags; /* TEE_HANDLE_FLAG_… */
	uint32_t state; /* TEE_OPERATION_STATE_… */
	uint32_t digest_length;
	const struct object_type *key_type;
	unsigned int key_count;
	/* Empty until they are set. */
	struct object *key[OPERATION_KEYS];
};

/* The operation behind a TA's handle, of that class; panics in the name of `function`. */
struct operation *operation_of(TEE_OperationHandle handle, uint32_t class, const char *function);

/* The same, and its key is set and its mode that one. */
struct operation *operation_with_key(TEE_OperationHandle handle, uint32_t class, uint32_t mode,
				     const char *function);

/* The same, and TEE_…Init() was called. */
struct operation *operation_begun(TEE_OperationHandle handle, uint32_t class, const char *function);

/* TEE_…Init() was called; the family's state is new. */
void operation_begin(struct operation *operation);

/* TEE_…Final() was called: initial again. */
void operation_end(struct operation *operation);

/* The secret of an operation's key. */
const struct attribute *operation_secret(const struct operation *operation, unsigned int index);

/* Panics in the name of `function` when there are octets, but no address. */
void operation_check_buffer(const void *buffer, size_t size, const char *function);

extern const struct operation_methods digest_methods, shake_methods, cipher_methods, hmac_methods,
	cmac_methods, cbc_mac_methods, gcm_methods, ccm_methods, rsa_methods, dsa_methods,
	ecdsa_methods, eddsa_methods, sm2_methods, derivation_methods;

#endif
