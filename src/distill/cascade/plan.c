/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/cascade/plan.h"

#include "distill/cascade/order.h"

enum { PPM = 1000000, QBER_MIN_PPM = 10, LONG_FRAME_BITS = 1 << 17, PATIENCE = 88 };

struct qw_cascade_blocks qw_cascade_blocks_for(uint64_t size_16ths, uint32_t length)
{
    struct qw_cascade_blocks blocks = { .size = 1 };
    uint64_t narrow; /* positions in narrow blocks: narrow / size + (length - narrow) / 2 size =
                        length / average */

    while (32 * (uint64_t)blocks.size <= size_16ths && 2 * (uint64_t)blocks.size <= length) {
        blocks.size *= 2;
    }
    if (size_16ths < 16) {
        size_16ths = 16;
    }
    if (size_16ths > 32 * (uint64_t)blocks.size) {
        size_16ths = 32 * (uint64_t)blocks.size;
    }
    narrow = 32 * (uint64_t)blocks.size * length / size_16ths - length;
    blocks.wide_from = (uint32_t)((narrow + blocks.size - 1) / blocks.size * blocks.size);
    return blocks;
}

uint32_t qw_cascade_opening_bits(unsigned pass, uint32_t length, struct qw_cascade_blocks blocks)
{
    uint32_t last = length - 1; /* the last position that may be asked for */
    uint32_t narrow = (last < blocks.wide_from ? last : blocks.wide_from) / blocks.size;
    uint32_t wide = last < blocks.wide_from ? 0 : (last - blocks.wide_from) / (2 * blocks.size);

    return narrow + wide + (pass == 0);
}

static struct qw_cascade_blocks even_blocks(uint64_t size, size_t bits)
{
    uint64_t half = (bits + 1) / 2;
    uint32_t limited = (uint32_t)(size < half ? size : half);

    return (struct qw_cascade_blocks){ .size = limited, .wide_from = UINT32_MAX };
}

/* From tools/fit_cascade.c, which also says how good each row is; docs/adr/0011. */
enum { COLUMNS = 3, ROWS = 11 };
static const uint32_t column_bits[COLUMNS] = { 10000, 100000, 1000000 };
static const uint32_t column_from_bits[COLUMNS] = { 0, 31623, 316228 }; /* geometric means */

/* clang-format off */
static const struct {
    uint32_t qber_ppm;
    struct qw_cascade_fit fit[COLUMNS];
} table[ROWS] = {
    { 2000, { { 863, 247, 1 }, { 1034, 205, 0 }, { 1003, 210, 0 } } },
    { 5000, { { 649, 420, 0 }, { 655, 394, 0 }, { 640, 530, 5 } } },
    { 10000, { { 1188, 214, 0 }, { 639, 482, 0 }, { 1086, 239, 4 } } },
    { 15000, { { 901, 353, 1 }, { 900, 339, 1 }, { 954, 289, 0 } } },
    { 20000, { { 1217, 202, 0 }, { 1275, 200, 0 }, { 1099, 239, 4 } } },
    { 30000, { { 894, 403, 0 }, { 942, 373, 0 }, { 946, 337, 2 } } },
    { 40000, { { 1284, 206, 0 }, { 1259, 209, 1 }, { 1132, 257, 10 } } },
    { 50000, { { 799, 495, 1 }, { 792, 495, 0 }, { 800, 513, 12 } } },
    { 80000, { { 1091, 328, 1 }, { 1251, 300, 1 }, { 945, 386, 5 } } },
    { 110000, { { 881, 608, 0 }, { 879, 564, 2 }, { 881, 506, 0 } } },
    { 150000, { { 941, 512, 0 }, { 1146, 394, 0 }, { 1182, 335, 5 } } },
};
/* clang-format on */

/* value between low at 0 and high at span. */
static uint16_t between(uint16_t low, uint16_t high, uint32_t at, uint32_t span)
{
    return (uint16_t)(((uint64_t)low * (span - at) + (uint64_t)high * at) / span);
}

static struct qw_cascade_fit look_up(size_t bits, uint32_t qber_ppm)
{
    struct qw_cascade_fit fit;
    const struct qw_cascade_fit *low;
    const struct qw_cascade_fit *high;
    unsigned column = 0;
    unsigned row = 0;
    uint32_t at;
    uint32_t span;

    while (column + 1 < COLUMNS && bits >= column_from_bits[column + 1]) {
        column++;
    }
    if (qber_ppm < table[0].qber_ppm) {
        qber_ppm = table[0].qber_ppm;
    }
    while (row + 2 < ROWS && qber_ppm >= table[row + 1].qber_ppm) {
        row++;
    }
    at = qber_ppm - table[row].qber_ppm;
    span = table[row + 1].qber_ppm - table[row].qber_ppm;
    low = &table[row].fit[column];
    high = &table[row + 1].fit[column];
    fit.first = between(low->first, high->first, at, span);
    fit.second = between(low->second, high->second, at, span);
    fit.early = (uint16_t)((uint64_t)between(low->early, high->early, at, span) * bits /
                           column_bits[column]);
    return fit;
}

static void plan_original(size_t bits, uint32_t qber_ppm, struct qw_cascade_plan *plan)
{
    uint64_t block = (73 * (uint64_t)PPM / 100 + qber_ppm - 1) / qber_ppm;

    plan->passes = 4;
    plan->closing = 1;
    plan->early = 0;
    plan->patience = QW_CASCADE_ROUND_TRIPS_MAX;
    for (unsigned p = 0; p < plan->passes; p++) {
        plan->blocks[p] = even_blocks(block << p, bits);
    }
}

void qw_cascade_plan_fitted(size_t bits, uint32_t qber_ppm, struct qw_cascade_fit fit,
                            struct qw_cascade_plan *plan)
{
    uint64_t length = qw_cascade_order_length(bits);
    uint64_t first = 16 * (uint64_t)PPM / 1000 * fit.first / qber_ppm;
    uint64_t closing_blocks = bits / 12500;

    if (closing_blocks < 4) {
        closing_blocks = 4;
    }
    if (closing_blocks > 64) {
        closing_blocks = 64;
    }
    plan->closing = bits > LONG_FRAME_BITS ? 2 : 4;
    plan->passes = 3 + plan->closing;
    plan->early = fit.early;
    plan->patience = PATIENCE;
    plan->blocks[0] = qw_cascade_blocks_for(first, (uint32_t)bits);
    plan->blocks[1] = qw_cascade_blocks_for(first * fit.second / 100, (uint32_t)length);
    plan->blocks[2] = qw_cascade_blocks_for(16 * length / (2 * closing_blocks), (uint32_t)length);
    for (unsigned p = 3; p < plan->passes; p++) {
        plan->blocks[p] = qw_cascade_blocks_for(16 * length / closing_blocks, (uint32_t)length);
    }
}

void qw_cascade_plan_for(const struct qw_cascade_config *config, uint32_t qber_ppm,
                         struct qw_cascade_plan *plan)
{
    uint32_t qber = qber_ppm < QBER_MIN_PPM ? QBER_MIN_PPM : qber_ppm;

    if (config->variant == QW_CASCADE_ORIGINAL) {
        plan_original(config->bits, qber, plan);
    } else {
        qw_cascade_plan_fitted(config->bits, qber, look_up(config->bits, qber), plan);
    }
}
