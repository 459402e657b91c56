/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/ldpc_int8/kernel.h"

#include <math.h>

/* Doubts in 1/4096. A message of zero gets a doubt that ends all certainty of its check, and of
 * which the sum's 65535 holds two. */
enum { DOUBT_UNITS = 4096, DOUBT_OF_ZERO = 6 * DOUBT_UNITS };

static double doubt(double x)
{
    return -log(tanh(x / 2));
}

/* Magnitude of the message for a sum of doubts in units, 0..127. */
static uint8_t message_for(double units)
{
    double steps = doubt(units / DOUBT_UNITS) * QW_LDPC_INT8_STEPS;

    return (uint8_t)(steps > 127 ? 127 : lrint(steps));
}

/* Entry i answers for sums of i * step .. (i + 1) * step - 1. Entries below from stay zero, the one
 * before from is a lower bound: the larger of two tables then is the finer one's answer. The last
 * entry is where the table before it ends. */
static void fill(uint8_t table[static QW_LDPC_INT8_TABLE], unsigned step, unsigned from, bool ends)
{
    for (unsigned i = 0; i < QW_LDPC_INT8_TABLE; i++) {
        table[i] = i < from ? 0 : message_for((i + 0.5) * step);
    }
    if (from > 0) {
        table[from - 1] = message_for(from * step);
    }
    if (!ends) {
        table[QW_LDPC_INT8_TABLE - 1] = 0;
    }
}

void qw_ldpc_int8_tables_fill(struct qw_ldpc_int8_tables *tables)
{
    for (unsigned i = 0; i < QW_LDPC_INT8_TABLE; i++) {
        double units = i == 0 ? DOUBT_OF_ZERO : doubt((double)i / QW_LDPC_INT8_STEPS) * DOUBT_UNITS;
        unsigned rounded = (unsigned)lrint(fmin(units, DOUBT_OF_ZERO));

        tables->doubt_low[i] = (uint8_t)rounded;
        tables->doubt_high[i] = (uint8_t)(rounded >> 8);
    }
    fill(tables->fine, 2, 0, false);
    fill(tables->middle, 16, 16, false);
    fill(tables->coarse, 256, 8, true);
    tables->fine[0] = message_for(0.25); /* mostly a sum of zero: every message beyond the grid */
}
