/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_CLICKS_H
#define QW_QKD_LINK_CLICKS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* CLICKS: pulse numbers and bases of a part of a block, the gaps in a Rice code with an escape.
 * Bytes: docs/protocol/qkd-link.md. A click costs about log2(1 / gain) + 2.5 bits. */
enum {
    QW_QKD_PART_MAX = 1 << 16, /* so that the longest code still fits a message of the wire */
    QW_QKD_CLICKS_HEADER_LEN = 1 + 4 + 2 + 4 + 1 + 8,
    QW_QKD_CLICKS_LEN_MAX = QW_QKD_CLICKS_HEADER_LEN + QW_QKD_PART_MAX * 97 / 8 + 1
};

struct qw_qkd_click {
    uint64_t pulse; /* rises strictly */
    uint8_t basis;  /* enum qw_basis */
    uint8_t bit;    /* B's result; never in CLICKS */
};

struct qw_qkd_clicks_header {
    uint32_t block;
    uint16_t part;
    uint32_t count; /* 1..QW_QKD_PART_MAX */
    uint8_t rice;   /* k, 0..40 */
    uint64_t first_pulse;
};

/* out [cap bytes]; QW_QKD_CLICKS_LEN_MAX always suffice, else QW_ERR_SPACE. count 1..
 * QW_QKD_PART_MAX, pulses rising strictly, else an assertion fails. k is chosen here. */
qw_err qw_qkd_clicks_encode(uint32_t block, uint16_t part, const struct qw_qkd_click *clicks,
                            size_t count, uint8_t *out, size_t cap, size_t *len) QW_MUST_USE;

/* clicks [QW_QKD_PART_MAX], bits 0. Only the one encoding for the given k is taken.
 * QW_ERR_FORMAT; clicks are then undefined. */
qw_err qw_qkd_clicks_decode(const uint8_t *message, size_t len, struct qw_qkd_clicks_header *header,
                            struct qw_qkd_click *clicks) QW_MUST_USE;

#endif
