/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_CODE_H
#define QW_DISTILL_LDPC_CODE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A binary quasi-cyclic LDPC code, built from its two sizes alone: both ends make the same one on
 * every machine, and nothing about it is secret. The base graph has rows x columns cells; a cell
 * with an edge stands for a lift x lift circulant: bit column * lift + z takes part in check row *
 * lift + (z + shift) mod lift. Positions from bits on do not exist for the user: they are zero. */
struct qw_ldpc_code {
    size_t bits;   /* as asked for; <= columns * lift */
    size_t checks; /* rows * lift; a little more than asked for */
    uint32_t lift;
    uint32_t rows;
    uint32_t columns;
    uint32_t edges;
    uint32_t row_degree_max;
    uint32_t *row_start;   /* [size: rows + 1]: first edge of each row */
    uint32_t *edge_column; /* [size: edges] */
    uint32_t *edge_shift;  /* [size: edges], < lift */
};

enum { QW_LDPC_BITS_MAX = 1 << 17 };

/* The sizes that qw_ldpc_code_new gives, without building anything. */
size_t qw_ldpc_code_checks(size_t bits, size_t checks);

/* bits 1..QW_LDPC_BITS_MAX, checks 1..bits. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_ldpc_code_new(size_t bits, size_t checks, struct qw_ldpc_code **code) QW_MUST_USE;
void qw_ldpc_code_free(struct qw_ldpc_code *code); /* NULL is fine */

/* syndrome [size: checks x 1] of bit [size: columns * lift x 1], one 0 or 1 per byte; bit [bits..]
 * zero. */
void qw_ldpc_code_syndrome(const struct qw_ldpc_code *code, const uint8_t *bit, uint8_t *syndrome);

/* The same with sum ^= bit [size: count x 1] done by add. */
void qw_ldpc_code_syndrome_by(void (*add)(uint8_t *restrict sum, const uint8_t *restrict bit,
                                          size_t count),
                              const struct qw_ldpc_code *code, const uint8_t *bit,
                              uint8_t *syndrome);

#endif
