/* SPDX-License-Identifier: Apache-2.0 */
/* Degree distributions by leak (checks per bit), from tools/optimise_degrees.c: EXIT analysis on
 * the real channel of a level. Columns of degree 2 stay fewer than the rows, for leaks below
 * a third fewer than half of them: more would close short cycles among themselves and with columns
 * of degree 3, which the analysis does not see and short blocks feel. */
#include "distill/ldpc_degrees.h"

const uint8_t qw_ldpc_degree[QW_LDPC_DEGREES] = { 2, 3, 4, 5, 6, 8, 10, 14, 20 };

struct profile {
    uint32_t leak;                   /* checks per 1000 bits that the profile was made for */
    uint16_t share[QW_LDPC_DEGREES]; /* of the columns, per 10000 */
};

/* clang-format off */
static const struct profile profiles[] = {
    { 930, { 7468, 1535,  76,  565,  53, 101,  66,   39,   97 } },
    { 895, { 6974, 1411, 423,  734, 139,  34,   1,    6,  278 } },
    { 848, { 6459, 2036, 471,  160, 345, 157,  88,   88,  196 } },
    { 783, { 6276, 1040, 1702,   2, 458,  65,   1,    0,  456 } },
    { 700, { 5605, 1921, 1251,   55, 157, 245, 295,   94, 377 } },
    { 595, { 5383, 2113, 343,  655, 743, 154,   0,    0,  609 } },
    { 475, { 4515, 3254,  28,  523, 547, 254, 275,    0,  604 } },
    { 379, { 3599, 3863, 1010,   6,  26, 468, 188,    0,  840 } },
    { 305, { 1527, 7065,   0,    0,   0,  97, 142,   58, 1111 } },
    { 217, { 1086, 7409,   0,    0,   0,   1, 332,  172, 1000 } },
    { 139, {  694, 7774,   0,    0,   0,   0,  31,  600,  901 } },
    {  83, {  787, 7200,   0,    0,   0, 2013,  0,    0,    0 } },
    {  37, {    0, 8028,   0,    0,   0, 1972,  0,    0,    0 } },
    {   0, {    0, 2500, 1500, 4000,  0, 2000,  0,    0,    0 } },
};
/* clang-format on */

static const struct profile *nearest(uint32_t leak)
{
    const struct profile *best = profiles;

    for (size_t i = 1; i < sizeof profiles / sizeof profiles[0]; i++) {
        uint32_t middle = (profiles[i - 1].leak + profiles[i].leak) / 2;

        if (leak < middle) {
            best = &profiles[i];
        }
    }
    return best;
}

void qw_ldpc_degree_counts(uint32_t rows, uint32_t columns, uint32_t count[static QW_LDPC_DEGREES])
{
    const struct profile *profile = nearest(1000 * rows / columns);
    uint32_t total = 0;
    uint32_t given = 0;

    /* Rounding the running sum keeps the counts together at columns. */
    for (size_t i = 0; i < QW_LDPC_DEGREES; i++) {
        uint32_t upto;

        total += profile->share[i];
        upto = (uint32_t)(((uint64_t)total * columns + 5000) / 10000);
        count[i] = upto - given;
        given = upto;
    }
    count[1] += columns - given; /* shares that do not add up to 10000 exactly */
    if (count[0] > rows * 19 / 20) {
        count[1] += count[0] - rows * 19 / 20;
        count[0] = rows * 19 / 20;
    }
}
