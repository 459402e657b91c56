/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SM2_ENCRYPTION_H
#define QW_CRYPTO_SM2_ENCRYPTION_H

#include "base/error.h"

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

/* Public-key encryption by SM2 with SM3 [GB/T 32918.4]. Sealed: C1 (point, 04 and two coordinates
 * of 32 bytes) | C3 (32) | C2 (as long as the text), plain bytes and not the ASN.1 of GM/T 0009, so
 * that its length is known. Any thread, each with a context of its own. */
enum { QW_SM2_POINT_LEN = 65, QW_SM2_OVERHEAD = QW_SM2_POINT_LEN + 32, QW_SM2_TEXT_MAX = 64 };

/* key: an SM2 key's public half at least; len 1..QW_SM2_TEXT_MAX [sealed: len + QW_SM2_OVERHEAD].
 * QW_ERR_NOMEM: the library fails. */
qw_err qw_sm2_encrypt(EVP_PKEY *key, const uint8_t *text, size_t len, uint8_t *sealed) QW_MUST_USE;
/* key with its private half [text: len - QW_SM2_OVERHEAD]. QW_ERR_FORMAT: too short, too long, no
 * uncompressed point; QW_ERR_AUTH: for another key, altered, or no point of the curve; text is
 * untouched then. QW_ERR_NOMEM. */
qw_err qw_sm2_decrypt(EVP_PKEY *key, const uint8_t *sealed, size_t len, uint8_t *text) QW_MUST_USE;

#endif
