/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_RECONCILE_H
#define QW_RADIO_PLKG_RECONCILE_H

#include "crypto/poly_hash.h"
#include "distill/multilevel.h"
#include "radio/model.h"
#include "radio/plkg/message.h"

#include <stdbool.h>

/* SYNDROME: the cells, a check of the string under a key drawn for it, and what the reconciler
 * says; DECODED: what came of it, or about which level more is wanted. The body of MORE is the
 * reconciler's bytes alone. The check is short, since it leaks: it tells the terminal when to go on
 * searching. That both strings are equal is proved by tag 0 of AMPLIFY. */
enum {
    QW_PLKG_CHECK_LEN = 4,
    QW_PLKG_SYNDROME_HEAD_MAX = QW_MODEL_LEN_MAX + QW_POLY_HASH_LEN + QW_PLKG_CHECK_LEN
};

struct qw_plkg_syndrome {
    struct qw_model model;
    uint8_t check_key[QW_POLY_HASH_LEN];
    uint8_t check[QW_PLKG_CHECK_LEN];
    const uint8_t *said; /* borrowed from the body when decoded */
    size_t said_len;     /* the rest of the body */
};

/* The beginning of the tag of distill/verify.h: another string of n bits has the same one with
 * probability at most (ceil(n / 128) + 2) x 2^-32. */
void qw_plkg_check_of(const uint8_t key[static QW_POLY_HASH_LEN], const uint8_t *string, size_t n,
                      uint8_t check[static QW_PLKG_CHECK_LEN]);

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
