/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_ROWS_H
#define QW_DISTILL_LDPC_ROWS_H

#include "distill/ldpc_code.h"

#include <stdint.h>

/* One round of layered sum-product over all rows of a code: the inner loop of ldpc_decoder.c, built
 * for several instruction sets out of ldpc_rows_body.h. All of them do the same arithmetic in the
 * same order. */

/* Messages end at 2 atanh of this, 14.5: 20 of them cannot outvote QW_LDPC_LLR_KNOWN. */
#define QW_LDPC_TANH_MAX 0.999999f

struct qw_ldpc_rows {
    const struct qw_ldpc_code *code;
    const uint8_t *syndrome; /* [size: checks] */
    float *belief;           /* [size: columns * lift] */
    float *message;          /* [size: edges x lift], check to bit */
    float *incoming;         /* [size: row_degree_max x lift], bit to check, of the row at work */
    float *angle;            /* [size: row_degree_max x lift], tanh(incoming / 2) */
    float *before; /* [size: (row_degree_max + 1) x lift], products of the angles 0..i-1 */
    float *after;  /* [size: lift], product of the angles i+1.. */
};

struct qw_ldpc_rows_kernel {
    const char *name;
    void (*run)(const struct qw_ldpc_rows *rows);
};

extern const struct qw_ldpc_rows_kernel qw_ldpc_rows_portable;
/* NULL when the processor, or the build, has none. */
const struct qw_ldpc_rows_kernel *qw_ldpc_rows_avx2(void);
const struct qw_ldpc_rows_kernel *qw_ldpc_rows_avx512(void);
const struct qw_ldpc_rows_kernel *qw_ldpc_rows_best(void);

#endif
