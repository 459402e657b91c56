/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_SYNDROME_PLAN_H
#define QW_DISTILL_SYNDROME_PLAN_H

#include "distill/ldpc_growth.h"

/* Which code serves a frame: the same for both parties, from its two numbers alone. */
struct qw_ldpc_shape qw_syndrome_shape(size_t bits, size_t checks);

/* Column degrees for a shape; their columns add up to shape->columns. */
enum { QW_SYNDROME_DEGREES = 11 };
void qw_syndrome_degrees(const struct qw_ldpc_shape *shape,
                         struct qw_ldpc_degree_count counts[static QW_SYNDROME_DEGREES]);

/* bits 1..QW_SYNDROME_BITS_MAX, checks 1..bits. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_syndrome_code_new(size_t bits, size_t checks, struct qw_ldpc_code **code) QW_MUST_USE;

#endif
