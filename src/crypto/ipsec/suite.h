/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_IPSEC_SUITE_H
#define QW_CRYPTO_IPSEC_SUITE_H

#include "crypto/ipsec/prf.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

/* How messages of IKEv2 and packets of ESP are closed. With a tag of 16 octets: AES-GCM [RFC 4106]
 * [RFC 5282], ChaCha20 with Poly1305 [RFC 7634]. AES-CBC [RFC 3602] with HMAC-SHA2 [RFC 4868]. To
 * read what others wrote. */
enum qw_ipsec_tag {
    QW_IPSEC_GCM,
    QW_IPSEC_POLY1305,
    QW_IPSEC_HMAC_SHA256,
    QW_IPSEC_HMAC_SHA384,
    QW_IPSEC_HMAC_SHA512
};
enum {
    QW_IPSEC_SALT_LEN = 4, /* behind the key, of what is no HMAC */
    QW_IPSEC_ENCRYPTION_MAX = 36,
    QW_IPSEC_INTEGRITY_MAX = 64,
    QW_IPSEC_NONCE_LEN = 12, /* salt, IV */
    QW_IPSEC_BLOCK_LEN = 16
};

struct qw_ipsec_suite {
    size_t key_len; /* of AES: 16, 24 or 32; with Poly1305: 32 */
    enum qw_ipsec_tag tag;
};

/* Whether it is one of those above. */
bool qw_ipsec_suite_is_known(struct qw_ipsec_suite suite);

/* One key does both, and the tag covers what is only authenticated too. */
bool qw_ipsec_suite_is_aead(struct qw_ipsec_suite suite);

/* Octets of a known suite: key with salt, key of the HMAC, and on the wire IV and tag, which of an
 * HMAC is half of the digest [RFC 4868 2.3]. */
size_t qw_ipsec_encryption_len(struct qw_ipsec_suite suite);
size_t qw_ipsec_integrity_len(struct qw_ipsec_suite suite);
size_t qw_ipsec_iv_len(struct qw_ipsec_suite suite);
size_t qw_ipsec_tag_len(struct qw_ipsec_suite suite);

/* Of a known suite with an HMAC: its hash. */
enum qw_ipsec_prf qw_ipsec_suite_digest(struct qw_ipsec_suite suite);

/* Of a known suite; static. */
const EVP_CIPHER *qw_ipsec_cipher(struct qw_ipsec_suite suite);

#endif
