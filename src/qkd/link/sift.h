/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_SIFT_H
#define QW_QKD_LINK_SIFT_H

#include "base/error.h"
#include "qkd/link/clicks.h"
#include "qkd/optics.h"

#include <stddef.h>
#include <stdint.h>

/* SIFT: which clicks of a part have equal bases, and their intensities; and what an end keeps of
 * them. Bytes: docs/protocol/qkd-link.md. */
enum {
    QW_QKD_SIFT_HEADER_LEN = 1 + 4 + 2 + 4,
    QW_QKD_SIFT_LEN_MAX = QW_QKD_SIFT_HEADER_LEN + QW_QKD_PART_MAX * 3 / 8 + 2
};

/* The matching clicks of a block at one end, in order. Bits as in base/bits.h. */
struct qw_qkd_sifted {
    size_t x_max, z_max;
    size_t x_count, z_count;
    uint8_t *x_bits;      /* [x_max / 8 + 1] own bits of basis X: secret */
    uint8_t *x_intensity; /* [x_max + 1] */
    uint8_t *z_bits;      /* [z_max / 8 + 1] */
    uint8_t *z_intensity; /* [z_max + 1] */
    uint64_t clicks, first_pulse, last_pulse;
};
/* QW_ERR_NOMEM. free: NULL is fine; wipes. */
qw_err qw_qkd_sifted_new(size_t x_max, size_t z_max, struct qw_qkd_sifted **sifted) QW_MUST_USE;
void qw_qkd_sifted_free(struct qw_qkd_sifted *sifted);
void qw_qkd_sifted_clear(struct qw_qkd_sifted *sifted); /* wipes; ready for the next block */

/* A's choices for the clicks of a part, in their order, into SIFT, and her bits into sifted.
 * pulses [count]. QW_ERR_SPACE: sifted might not have room for all of them; nothing has
 * changed then. out [QW_QKD_SIFT_LEN_MAX]. */
qw_err qw_qkd_sift_encode(const struct qw_qkd_clicks_header *header,
                          const struct qw_qkd_click *clicks, const struct qw_pulse *pulses,
                          size_t intensities, struct qw_qkd_sifted *sifted, uint8_t *out,
                          size_t *len) QW_MUST_USE;

/* B's side: the message must belong to this block, part and count. QW_ERR_FORMAT, QW_ERR_SPACE; the
 * block is then lost. */
qw_err qw_qkd_sift_decode(const uint8_t *message, size_t len, uint32_t block, uint16_t part,
                          const struct qw_qkd_click *clicks, size_t count, size_t intensities,
                          struct qw_qkd_sifted *sifted) QW_MUST_USE;

#endif
