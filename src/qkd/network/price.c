/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/price.h"

#include "base/error.h"

#include <math.h>

#define HOP_PRICE 0.001
#define LOW_LEVEL 0.25

static double clipped(double level)
{
    return fmin(1, fmax(0, level));
}

double qw_price_of(double level)
{
    return 1 - clipped(level) + HOP_PRICE;
}

double qw_price_limit(enum qw_request_class class)
{
    static const double limits[] = { 0.25, 0.5, 1 };

    qw_assert((unsigned)class < sizeof limits / sizeof limits[0]);
    return limits[class];
}

void qw_damper_init(struct qw_damper *damper, double level, uint64_t now_ms)
{
    *damper = (struct qw_damper){ .is_up = true,
                                  .is_told_up = true,
                                  .told_level = clipped(level),
                                  .told_ms = now_ms,
                                  .hold_ms = QW_DAMP_HOLD_MS };
}

static int level_class(double level)
{
    return level <= 0 ? 0 : level < LOW_LEVEL ? 1 : 2;
}

bool qw_damper_cut(struct qw_damper *damper, uint64_t now_ms)
{
    bool was_told_up = damper->is_told_up;

    if (!was_told_up && damper->is_up) { /* cut again before it was trusted */
        damper->hold_ms =
            damper->hold_ms * 2 > QW_DAMP_HOLD_MAX_MS ? QW_DAMP_HOLD_MAX_MS : damper->hold_ms * 2;
    }
    damper->is_up = false;
    damper->is_told_up = false;
    damper->told_ms = now_ms;
    return was_told_up;
}

void qw_damper_restore(struct qw_damper *damper, uint64_t now_ms)
{
    if (!damper->is_up) {
        damper->is_up = true;
        damper->back_ms = now_ms;
    }
}

bool qw_damper_look(struct qw_damper *damper, double level, uint64_t now_ms)
{
    double now_level = clipped(level);
    bool has_news;

    if (!damper->is_up) {
        return false;
    }
    if (!damper->is_told_up) {
        has_news = now_ms - damper->back_ms >= damper->hold_ms;
        damper->hold_ms = has_news ? QW_DAMP_HOLD_MS : damper->hold_ms;
    } else {
        bool has_moved = fabs(now_level - damper->told_level) * QW_DAMP_LEVEL_STEPS >= 1;

        has_news = level_class(now_level) != level_class(damper->told_level) ||
                   (has_moved && now_ms - damper->told_ms >= QW_DAMP_INTERVAL_MS);
    }
    if (has_news) {
        damper->is_told_up = true;
        damper->told_level = now_level;
        damper->told_ms = now_ms;
    }
    return has_news;
}
