/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_GROWTH_H
#define QW_DISTILL_LDPC_GROWTH_H

#include "distill/ldpc_code.h"

enum {
    QW_LDPC_GROW_BITS_MAX = 1 << 20,
    QW_LDPC_DEGREE_MAX = 40,
    QW_LDPC_ROWS_MIN = 7 /* fewer rows leave no room for the degrees of very high rates */
};

/* Sizes of a code whose degrees the caller chooses. */
struct qw_ldpc_shape {
    size_t bits; /* (columns - 1) * lift < bits <= columns * lift <= QW_LDPC_GROW_BITS_MAX */
    uint32_t lift;
    uint32_t rows;
    uint32_t columns; /* >= rows */
    /* Columns up to this degree keep as far from each other as they can, since low words that no
     * check sees are made of them, and out of the last row, which then may be used in part. 0: no
     * such care. */
    uint32_t weak_degree;
    /* Places looked at before each edge: the more, the longer the shortest cycles, and the time. */
    uint32_t visits_max;
    /* Two columns with the same rows make a word of all their bits that no check sees: not wanted
     * when it has fewer bits than this. 0: no such care. */
    uint32_t block_word_min;
};

/* columns of a base graph that take part in so many rows, 2..QW_LDPC_DEGREE_MAX. */
struct qw_ldpc_degree_count {
    uint32_t degree;
    uint32_t columns;
};

/* Builds a code for a shape and degrees of the caller's own. counts [size: count x 1], their
 * columns add up to shape->columns. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_ldpc_code_grow(const struct qw_ldpc_shape *shape,
                         const struct qw_ldpc_degree_count *counts, size_t count,
                         struct qw_ldpc_code **code) QW_MUST_USE;

#endif
