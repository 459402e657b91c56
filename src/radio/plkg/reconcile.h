/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_RECONCILE_H
#define QW_RADIO_PLKG_RECONCILE_H

#include "crypto/poly_hash.h"
#include "distill/verify.h"
#include "radio/model.h"
#include "radio/plkg/message.h"

/* SYNDROME: the cells, two verification keys and tags, and what the reconciler says; DECODED: what
 * came of it. The body of MORE is the reconciler's bytes alone. Two tags, because one of 72 bits
 * would use up the whole budget of a long string. */
enum { QW_PLKG_VERIFY_TAGS = 2, QW_PLKG_SYNDROME_HEAD_MAX = QW_MODEL_LEN_MAX + 2 * (16 + 9) };

struct qw_plkg_syndrome {
    struct qw_model model;
    uint8_t verify_key[QW_PLKG_VERIFY_TAGS][QW_POLY_HASH_LEN];
    uint8_t verify_tag[QW_PLKG_VERIFY_TAGS][QW_VERIFY_TAG_LEN];
    const uint8_t *said; /* borrowed from the body when decoded */
    size_t said_len;     /* the rest of the body */
};

/* Writes all but said [said_len bytes], which the caller appends. */
size_t qw_plkg_syndrome_encode_head(const struct qw_plkg_syndrome *syndrome,
                                    uint8_t out[static QW_PLKG_SYNDROME_HEAD_MAX]);
qw_err qw_plkg_syndrome_decode(const uint8_t *body, size_t len,
                               struct qw_plkg_syndrome *syndrome) QW_MUST_USE;

enum qw_plkg_outcome { QW_PLKG_DECODED_OK = 0, QW_PLKG_DECODED_MORE = 1 };
qw_err qw_plkg_decoded_decode(const uint8_t *body, size_t len,
                              enum qw_plkg_outcome *outcome) QW_MUST_USE;

#endif
