/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/level_plan.h"

#include "distill/level_entropy.h"

#include <math.h>

/* What a code needs above the entropy H, in 1/4096 bit: slope of the code itself, and loss that
 * falls with the root of the block length, for a frame error rate of a few 1e-3 at the design
 * deviation. The slope includes what 1.5 % more noise than the receiver believes costs. Measured:
 * docs/adr/0005-multilevel-soft-reconciliation.md. */
struct margin {
    uint32_t entropy;
    uint32_t code;
    uint32_t root; /* divided by sqrt(bits) */
};

static const struct margin margins[] = {
    { 0, 12, 900 },      { 36, 27, 3600 },     { 131, 37, 5800 },    { 411, 58, 10800 },
    { 847, 88, 13600 },  { 1737, 142, 16200 }, { 2417, 170, 15000 }, { 3203, 175, 12800 },
    { 3677, 183, 9000 }, { 4096, 160, 6000 },
};

enum {
    CHECKS_MIN = 20,
    PLAIN_FROM = 3940, /* 1/4096 bit */
    MORE_SHARE = 16,
    MORE_SHARE_QUIET = 64, /* of levels where nearly every position is known already */
    QUIET_TO = 200         /* 1/4096 bit */
};

uint32_t qw_level_entropy_units(unsigned sigma_units, unsigned level)
{
    double entropy = qw_level_entropy((double)sigma_units / QW_LEVEL_SIGMA_UNITS, level);

    return (uint32_t)lround(entropy * QW_LEVEL_ENTROPY_UNITS);
}

static uint32_t root_of(uint64_t x)
{
    uint32_t root = 0;

    for (uint32_t bit = 1u << 16; bit != 0; bit >>= 1) {
        uint64_t next = root + bit;

        root = next * next <= x ? (uint32_t)next : root;
    }
    return root;
}

static uint32_t between(uint32_t a, uint32_t b, uint32_t at, uint32_t span)
{
    return (uint32_t)((int64_t)a + ((int64_t)b - (int64_t)a) * at / span);
}

static size_t checks_for(uint32_t entropy, size_t bits)
{
    const struct margin *m = margins;
    uint32_t at;
    uint32_t span;
    uint64_t units;
    uint64_t root_bits = root_of((uint64_t)bits << 8); /* 16 x sqrt(bits) */

    while (m[1].entropy < entropy) {
        m++;
    }
    at = entropy - m[0].entropy;
    span = m[1].entropy - m[0].entropy;
    units = (uint64_t)bits * (entropy + between(m[0].code, m[1].code, at, span)) +
            root_bits * between(m[0].root, m[1].root, at, span) / 16;
    units /= QW_LEVEL_ENTROPY_UNITS;
    return (size_t)(units > CHECKS_MIN ? units : CHECKS_MIN);
}

struct qw_level_plan qw_level_plan_for(unsigned sigma_units, unsigned level, size_t bits)
{
    struct qw_level_plan plan = { QW_LEVEL_FREE, 0, 0 };
    uint32_t entropy;

    /* Candidates at least 12.5 deviations apart: 6.25 to the middle, 4e-10 per coefficient. */
    if (((unsigned)QW_LEVEL_SIGMA_UNITS << level) * 2u >= 25u * sigma_units) {
        return plan;
    }
    entropy = qw_level_entropy_units(sigma_units, level);
    plan.kind = QW_LEVEL_PLAIN;
    if (entropy < PLAIN_FROM) {
        size_t checks = checks_for(entropy, bits);

        if (checks < bits / 64 * 63) {
            plan.kind = QW_LEVEL_CODED;
            plan.checks = checks;
            plan.more = bits / (entropy < QUIET_TO ? MORE_SHARE_QUIET : MORE_SHARE) + 1;
        }
    }
    return plan;
}
