/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/level_plan.h"

#include "distill/level_entropy.h"

#include <math.h>
#include <stdbool.h>

/* What a code needs above the entropy H, all in 1/4096 bit. Half of the blocks decode with bits *
 * (H + code) + sqrt(bits) * root checks; what the others need spreads around that with the standard
 * deviation sqrt(bits) * spread. 1.5 % more noise than the receiver believes costs bits * noise.
 * Measured: docs/adr/0013-further-parities.md. */
struct margin {
    uint32_t entropy;
    uint32_t code;
    uint32_t root;
    uint32_t spread;
    uint32_t noise;
};

static const struct margin margins[] = {
    { 0, 12, 400, 300, 0 },       { 64, 10, 330, 900, 10 },     { 131, 18, 650, 1400, 16 },
    { 232, 27, 1000, 1800, 23 },  { 366, 45, 1200, 2300, 31 },  { 721, 50, 1900, 2900, 31 },
    { 1182, 70, 1900, 3200, 40 }, { 1645, 70, 2200, 3400, 46 }, { 2507, 50, 4100, 3500, 46 },
    { 2861, 50, 4300, 3400, 42 }, { 3582, 60, 3500, 2800, 29 }, { 4096, 70, 3000, 2500, 4 },
};

/* First message and MORE in 1/100 of the spread. */
struct steps {
    int32_t first;
    int32_t more;
    bool has_noise;
};

static const struct steps steps[] = {
    [QW_LEVEL_ONE_MESSAGE] = { 300, 600, true }, /* who needs more after that is far off */
    [QW_LEVEL_LEAN] = { 25, 100, false },
};

enum {
    CHECKS_MIN = 20,
    MORE_MIN = 4,
    PLAIN_FROM = 3940, /* 1/4096 bit */
    /* Distance of two candidates in 1/16 deviations, for 1024 bits: from it on 1e-3 errors are
     * expected in the block, or 0.25; and what a doubling of the bits adds, in 1/32. */
    FREE_FROM = 157,
    CHECKED_FROM = 118,
    FREE_STEP = 9,
    CHECKED_STEP = 10
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

static struct margin margin_at(uint32_t entropy)
{
    const struct margin *m = margins;
    struct margin at = { .entropy = entropy };
    uint32_t in;
    uint32_t span;

    while (m[1].entropy < entropy) {
        m++;
    }
    in = entropy - m[0].entropy;
    span = m[1].entropy - m[0].entropy;
    at.code = between(m[0].code, m[1].code, in, span);
    at.root = between(m[0].root, m[1].root, in, span);
    at.spread = between(m[0].spread, m[1].spread, in, span);
    at.noise = between(m[0].noise, m[1].noise, in, span);
    return at;
}

static size_t at_least(int64_t units, size_t least)
{
    int64_t whole = units / QW_LEVEL_ENTROPY_UNITS;

    return whole > (int64_t)least ? (size_t)whole : least;
}

static void plan_code(enum qw_level_thrift thrift, uint32_t entropy, size_t bits,
                      struct qw_level_plan *plan)
{
    struct margin m = margin_at(entropy);
    const struct steps *s = &steps[thrift];
    int64_t root_bits = root_of((uint64_t)bits << 8); /* 16 x sqrt(bits) */
    int64_t spread = root_bits * m.spread / 16;
    int64_t units = (int64_t)bits * (entropy + m.code + (s->has_noise ? m.noise : 0)) +
                    root_bits * m.root / 16 + spread * s->first / 100;

    plan->checks = at_least(units, CHECKS_MIN);
    plan->more = at_least(spread * s->more / 100, MORE_MIN);
}

/* level_from: of 1024 bits or fewer; the more bits, the rarer an error must be. */
static unsigned distance_from(unsigned level_from, unsigned step, size_t bits)
{
    unsigned doublings = 0;

    while (((size_t)1024 << doublings) < bits) {
        doublings++;
    }
    return level_from + (step * doublings + 1) / 2;
}

struct qw_level_plan qw_level_plan_for(enum qw_level_thrift thrift, unsigned sigma_units,
                                       unsigned level, size_t bits)
{
    struct qw_level_plan plan = { QW_LEVEL_FREE, 0, 0 };
    unsigned distance = ((unsigned)QW_LEVEL_SIGMA_UNITS << level) * 16 / sigma_units;
    uint32_t entropy;

    if (distance >= distance_from(FREE_FROM, FREE_STEP, bits)) {
        return plan;
    }
    plan.kind = QW_LEVEL_CHECKED;
    if (distance < distance_from(CHECKED_FROM, CHECKED_STEP, bits)) {
        plan.kind = QW_LEVEL_CODED;
        entropy = qw_level_entropy_units(sigma_units, level);
        plan_code(thrift, entropy < PLAIN_FROM ? entropy : PLAIN_FROM, bits, &plan);
        if (entropy >= PLAIN_FROM || plan.checks >= bits / 64 * 63) {
            plan = (struct qw_level_plan){ QW_LEVEL_PLAIN, 0, 0 };
        }
    }
    return plan;
}
