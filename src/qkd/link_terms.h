/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_TERMS_H
#define QW_QKD_LINK_TERMS_H

#include "base/bytes.h"
#include "distill/cascade.h"
#include "qkd/finite_key.h"

#include <stdbool.h>
#include <stdint.h>

/* What both ends of a link have to agree on, in integers, so that both compute with the same
 * numbers. Bytes and ranges: docs/protocol/qkd-link.md. */
enum {
    QW_QKD_TERMS_LEN = 58,
    QW_QKD_BLOCK_BITS_MAX = 8000000,
    QW_QKD_FRAME_BITS_MIN = 64,
    QW_QKD_POOL_HIGH_TAGS_MIN = 4, /* what a session begins with, twice */
    QW_QKD_METHOD_ONE_DECOY = 1,
    QW_QKD_METHOD_LIM = 2
};

struct qw_qkd_terms {
    uint8_t method;      /* QW_QKD_METHOD_* */
    uint8_t intensities; /* 2 or 3, as the method wants */
    uint32_t mean_photons_millionths[QW_DECOY_INTENSITIES_MAX];
    uint32_t share_millionths[QW_DECOY_INTENSITIES_MAX]; /* sum 10^6 */
    uint32_t frame_bits;                                 /* of Cascade */
    uint16_t frames;                                     /* per block */
    uint32_t qber_limit_ppm;
    uint8_t secrecy_exponent; /* epsilon 10^-this, 3..40 */
    uint8_t cascade_variant;  /* enum qw_cascade_variant */
    uint64_t expected_gain;   /* clicks per 10^12 pulses; 0: not checked */
    uint32_t gain_tolerance_ppm;
    uint32_t
        key_bits; /* of every block, or none: what the proofs are for; 0: what the counts give */
    /* Of the pool in each direction, in tags: keys fill it up to high, and before anything else
     * below low. high 0: never. */
    uint16_t pool_low_tags, pool_high_tags;
};

bool qw_qkd_terms_valid(const struct qw_qkd_terms *terms);
bool qw_qkd_terms_equal(const struct qw_qkd_terms *a, const struct qw_qkd_terms *b);
void qw_qkd_terms_write(struct qw_writer *writer, const struct qw_qkd_terms *terms);
/* False: malformed or not valid; *terms is then undefined. */
bool qw_qkd_terms_read(struct qw_reader *reader, struct qw_qkd_terms *terms);

size_t qw_qkd_terms_block_bits(const struct qw_qkd_terms *terms); /* n_X */
struct qw_decoy_source qw_qkd_terms_source(const struct qw_qkd_terms *terms);
const struct qw_finite_key_method *qw_qkd_terms_method(const struct qw_qkd_terms *terms);
double qw_qkd_terms_secrecy(const struct qw_qkd_terms *terms);

#endif
