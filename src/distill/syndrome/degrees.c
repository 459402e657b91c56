/* SPDX-License-Identifier: Apache-2.0 */
/* Column degrees by leak (checks per bit), from tools/optimise_bsc_degrees.c: density evolution on
 * the binary symmetric channel. */
#include "distill/syndrome/plan.h"

static const uint32_t degrees[QW_SYNDROME_DEGREES] = { 2, 3, 4, 5, 6, 8, 10, 14, 20, 28, 40 };

struct profile {
    uint32_t leak;                       /* checks per 10000 bits */
    uint32_t share[QW_SYNDROME_DEGREES]; /* of the columns, per 10000 */
};

/* clang-format off */
static const struct profile profiles[] = {                                                /* optimised for an error rate of */
    {  483, {  457, 5287, 0, 1,  257, 1697, 1030, 332,   9, 579, 351 } }, /*  0.5 %, optimise_bsc_degrees 0.005 160 0.99 */
    {  851, {  808, 5421, 3, 1,   42, 1470, 1205, 102, 128,  36, 785 } }, /*  1 %,   optimise_bsc_degrees 0.01 92 0.99 */
    { 1490, { 1415, 5154, 6, 103, 344, 1184, 670, 219, 151, 396, 358 } }, /*  2 %,   optimise_bsc_degrees 0.02 46 0.99 */
    { 2034, { 1932, 5016, 0, 3,  115, 1344,  602, 288,   3, 444, 254 } }, /*  3 %,   optimise_bsc_degrees 0.03 31 0.99 */
    { 2971, { 2822, 4361, 3, 1,  326, 1110,  629,  25,  15, 457, 253 } }, /*  5 %,   optimise_bsc_degrees 0.05 20 0.99 */
    { 4162, { 3412, 4074, 1, 3,  734,  618,  372, 179,  39, 334, 233 } }, /*  8 %,   optimise_bsc_degrees 0.08 13 0.99 */
    { 5167, { 3949, 3785, 0, 9,  684,  598,  406, 101,   2, 275, 193 } }, /* 11 %,   optimise_bsc_degrees 0.11 9.5 0.99 */
    { 6363, { 4540, 3348, 174, 53, 1082, 38,  72,   0,  13, 350, 331 } }, /* 15 %,   optimise_bsc_degrees 0.15 8 0.99 */
};
/* clang-format on */
enum { PROFILES = sizeof profiles / sizeof profiles[0] };

/* Share of a degree, linear in the leak between two profiles. */
static uint32_t share_at(uint32_t leak, size_t i)
{
    size_t above = 0;
    uint32_t span;

    while (above < PROFILES && profiles[above].leak <= leak) {
        above++;
    }
    if (above == 0 || above == PROFILES) {
        return profiles[above == 0 ? 0 : PROFILES - 1].share[i];
    }
    span = profiles[above].leak - profiles[above - 1].leak;
    return (profiles[above - 1].share[i] * (profiles[above].leak - leak) +
            profiles[above].share[i] * (leak - profiles[above - 1].leak)) /
           span;
}

void qw_syndrome_degrees(const struct qw_ldpc_shape *shape,
                         struct qw_ldpc_degree_count counts[static QW_SYNDROME_DEGREES])
{
    uint32_t leak = (uint32_t)((uint64_t)10000 * shape->rows / shape->columns);
    uint32_t weak_max =
        (shape->rows - 1) * 19 / 20; /* more columns of degree 2 would close a cycle */
    uint32_t total = 0;
    uint32_t given = 0;

    /* Rounding the running sum keeps the counts together at columns. */
    for (size_t i = 0; i < QW_SYNDROME_DEGREES; i++) {
        uint32_t upto;

        total += share_at(leak, i);
        upto = (uint32_t)(((uint64_t)total * shape->columns + 5000) / 10000);
        upto = upto < shape->columns ? upto : shape->columns;
        counts[i] = (struct qw_ldpc_degree_count){ degrees[i], upto - given };
        given = upto;
    }
    counts[1].columns += shape->columns - given; /* what rounding left */
    if (counts[0].columns > weak_max) {
        counts[1].columns += counts[0].columns - weak_max;
        counts[0].columns = weak_max;
    }
}
