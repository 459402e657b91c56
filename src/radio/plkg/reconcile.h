/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_RECONCILE_H
#define QW_RADIO_PLKG_RECONCILE_H

#include "crypto/poly_hash.h"
#include "distill/multilevel.h"
#include "distill/verify.h"
#include "radio/model.h"
#include "radio/plkg/message.h"

#include <stdbool.h>

/* SYNDROME: the cells, two verification keys and tags, and what the reconciler says; DECODED: what
 * came of it, or about which level more is wanted. The body of MORE is the reconciler's bytes
 * alone. Two tags, because one of 72 bits would use up the whole budget of a long string. */
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

/* The body is one byte: 0, or 1 and the level. */
struct qw_plkg_decoded {
    bool wants_more;
    uint8_t level; /* of the reconciler, < QW_MULTILEVEL_DEPTH_MAX; 0 unless wants_more */
};

uint8_t qw_plkg_decoded_encode(const struct qw_plkg_decoded *decoded);
qw_err qw_plkg_decoded_decode(const uint8_t *body, size_t len,
                              struct qw_plkg_decoded *decoded) QW_MUST_USE;

#endif
