/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_MESSAGE_H
#define QW_QKD_LINK_MESSAGE_H

#include "base/error.h"
#include "crypto/one_time_mac.h"
#include "crypto/poly_hash.h"
#include "distill/verify.h"
#include "qkd/auth_pool.h"
#include "qkd/link_ledger.h"
#include "qkd/link_terms.h"

#include <stddef.h>
#include <stdint.h>

/* Messages of fixed form of a link, one struct each; those that carry clicks are in clicks.h and
 * sift.h. Bytes and ranges: docs/protocol/qkd-link.md. Cascade's own types are 1 to 4. Encoders
 * write the whole message and give its length; decoders take the whole message and give
 * QW_ERR_FORMAT for anything but one. */
enum qw_qkd_type {
    QW_QKD_TYPE_OPEN = 0x10,
    QW_QKD_TYPE_OPEN_ACK = 0x11,
    QW_QKD_TYPE_CLICKS = 0x12,
    QW_QKD_TYPE_SIFT = 0x13,
    QW_QKD_TYPE_TEST = 0x14,
    QW_QKD_TYPE_TEST_REPLY = 0x15,
    QW_QKD_TYPE_VERIFY = 0x16,
    QW_QKD_TYPE_VERIFIED = 0x17,
    QW_QKD_TYPE_AMPLIFY = 0x18,
    QW_QKD_TYPE_FINISH = 0x19,
    QW_QKD_TYPE_DONE = 0x1a,
    QW_QKD_TYPE_CLOSE = 0x1b,
    QW_QKD_TYPE_REFUSE = 0x1f
};

enum {
    QW_QKD_VERSION = 2,
    QW_QKD_NONCE_LEN = 16,
    QW_QKD_OPEN_LEN = 1 + 1 + QW_QKD_NONCE_LEN + QW_QKD_TERMS_LEN + QW_QKD_DIRECTIONS * (8 + 8) + 4,
    QW_QKD_BITS_HEADER_LEN = 1 + 4 + 4, /* of TEST, TEST_REPLY and AMPLIFY */
    QW_QKD_VERIFY_LEN = 1 + 4 + QW_POLY_HASH_LEN + QW_VERIFY_TAG_LEN,
    QW_QKD_VERIFIED_LEN = 1 + 4 + 8 + 4 * QW_DECOY_INTENSITIES_MAX + 4,
    QW_QKD_FINISH_LEN = 1 + 4 + 4 + QW_ONE_TIME_MAC_LEN,
    QW_QKD_BLOCK_LEN = 1 + 4, /* of DONE and CLOSE */
    QW_QKD_REFUSE_LEN = 2
};

struct qw_qkd_open { /* and OPEN_ACK */
    uint8_t nonce[QW_QKD_NONCE_LEN];
    struct qw_qkd_terms terms;
    uint64_t position[QW_QKD_DIRECTIONS]; /* of the pool: up, down */
    uint64_t end[QW_QKD_DIRECTIONS];
    uint32_t capacity;
};
void qw_qkd_open_encode(enum qw_qkd_type type, const struct qw_qkd_open *open,
                        uint8_t out[static QW_QKD_OPEN_LEN]);
qw_err qw_qkd_open_decode(enum qw_qkd_type type, const uint8_t *message, size_t len,
                          struct qw_qkd_open *open) QW_MUST_USE;

/* TEST, TEST_REPLY, AMPLIFY: a number, bits, and for AMPLIFY a tag. */
struct qw_qkd_bits {
    uint32_t block;
    uint32_t number;     /* of the bits; in AMPLIFY of the secret bits */
    const uint8_t *bits; /* [ceil(count / 8) bytes] borrowed from the message */
    const uint8_t *tag;  /* AMPLIFY only, else NULL */
};
/* Header alone; the caller puts the bits, and the tag, behind it. */
void qw_qkd_bits_header(enum qw_qkd_type type, uint32_t block, uint32_t number,
                        uint8_t out[static QW_QKD_BITS_HEADER_LEN]);
/* count: the bits that must follow, in AMPLIFY; for the others the number says it, and may be at
 * most count. */
qw_err qw_qkd_bits_decode(enum qw_qkd_type type, const uint8_t *message, size_t len, size_t count,
                          struct qw_qkd_bits *bits) QW_MUST_USE;

struct qw_qkd_verify {
    uint32_t block;
    uint8_t key[QW_POLY_HASH_LEN];
    uint8_t tag[QW_VERIFY_TAG_LEN];
};
void qw_qkd_verify_encode(const struct qw_qkd_verify *verify,
                          uint8_t out[static QW_QKD_VERIFY_LEN]);
qw_err qw_qkd_verify_decode(const uint8_t *message, size_t len,
                            struct qw_qkd_verify *verify) QW_MUST_USE;

struct qw_qkd_verified {
    uint32_t block;
    uint64_t leaked_bits;
    uint32_t errors[QW_DECOY_INTENSITIES_MAX]; /* in X; unused: 0 */
    uint32_t secret_bits;                      /* >= 1 */
};
void qw_qkd_verified_encode(const struct qw_qkd_verified *verified,
                            uint8_t out[static QW_QKD_VERIFIED_LEN]);
qw_err qw_qkd_verified_decode(const uint8_t *message, size_t len,
                              struct qw_qkd_verified *verified) QW_MUST_USE;

struct qw_qkd_finish {
    uint32_t block;
    uint32_t secret_bits; /* >= 1 */
    uint8_t tag[QW_ONE_TIME_MAC_LEN];
};
void qw_qkd_finish_encode(const struct qw_qkd_finish *finish,
                          uint8_t out[static QW_QKD_FINISH_LEN]);
qw_err qw_qkd_finish_decode(const uint8_t *message, size_t len,
                            struct qw_qkd_finish *finish) QW_MUST_USE;

/* DONE, CLOSE. */
void qw_qkd_block_encode(enum qw_qkd_type type, uint32_t block,
                         uint8_t out[static QW_QKD_BLOCK_LEN]);
qw_err qw_qkd_block_decode(enum qw_qkd_type type, const uint8_t *message, size_t len,
                           uint32_t *block) QW_MUST_USE;

void qw_qkd_refuse_encode(enum qw_qkd_refusal refusal, uint8_t out[static QW_QKD_REFUSE_LEN]);
/* NONE is not a refusal. */
qw_err qw_qkd_refuse_decode(const uint8_t *message, size_t len,
                            enum qw_qkd_refusal *refusal) QW_MUST_USE;

#endif
