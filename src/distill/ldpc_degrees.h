/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_DEGREES_H
#define QW_DISTILL_LDPC_DEGREES_H

#include <stddef.h>
#include <stdint.h>

/* How many columns of a base graph get which degree. */
enum { QW_LDPC_DEGREES = 9 };
extern const uint8_t qw_ldpc_degree[QW_LDPC_DEGREES]; /* rising */

/* count [size: QW_LDPC_DEGREES x 1], sum = columns. */
void qw_ldpc_degree_counts(uint32_t rows, uint32_t columns, uint32_t count[static QW_LDPC_DEGREES]);

#endif
