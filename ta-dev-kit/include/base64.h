/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64 as in RFC 4648, provided by the runtime.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* base64_enc_len() - bytes of the text for @size bytes, with its terminator */
size_t base64_enc_len(size_t size);

/*
 * base64_encode() - write the text, terminated, of @size bytes
 *
 * @blen: room at @buf, and on return what was or would have been written. False: no room.
 */
bool base64_encode(const void *data, size_t size, char *buf, size_t *blen);

/*
 * base64_decode() - write the bytes of @size characters of text
 *
 * @blen: room at @buf, and on return what was or would have been written. False: no room, or not
 * base64.
 */
bool base64_decode(const char *data, size_t size, void *buf, size_t *blen);

#ifdef __cplusplus
}
#endif

#endif /* BASE64_H */
