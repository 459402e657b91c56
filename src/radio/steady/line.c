/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/steady/line.h"

#include <math.h>

/* A strong line leaves what the square of its phase error at the ends says: the last steps count.
 */
enum { FIRST_WINDOW = 32, STEPS_PER_WINDOW = 4, FINER_STEPS = 7 };

static uint32_t place_of(const struct qw_line_series *series, size_t i)
{
    return series->index != NULL ? series->index[i] : (uint32_t)i;
}

/* exp(-i turn place), from the last one where the next place follows it. */
static double complex turned(const struct qw_line_series *series, size_t i, double turn,
                             double complex step, double complex last)
{
    if (i > 0 && i % FIRST_WINDOW != 0 && place_of(series, i) == place_of(series, i - 1) + 1) {
        return last * step;
    }
    return cexp(-I * fmod(turn * place_of(series, i), 2.0 * M_PI));
}

/* Power of the line in windows of so many places, each with a phase of its own. */
static double window_power(const struct qw_line_series *series, double turn, double window)
{
    double complex step = cexp(-I * turn);
    double complex phase = 1.0;
    double complex sum = 0.0;
    double power = 0.0;
    double at = -1.0;

    for (size_t i = 0; i < series->count; i++) {
        double here = floor(place_of(series, i) / window);

        if (here > at) {
            power += creal(sum * conj(sum));
            sum = 0.0;
            at = here;
        }
        phase = turned(series, i, turn, step, phase);
        sum += (double complex)series->value[i * series->stride] * phase;
    }
    return power + creal(sum * conj(sum));
}

/* Best of the turns from first on, step by step. */
static double best_turn(const struct qw_line_series *series, double first, double step,
                        size_t count, double window)
{
    double best = first;
    double most = -1.0;

    for (size_t k = 0; k < count; k++) {
        double turn = first + step * (double)k;
        double power = window_power(series, turn, window);

        if (power > most) {
            most = power;
            best = turn;
        }
    }
    return best;
}

/* Values with gaps between them leave lobes that are nearly as high as the line: all of them are
 * looked at. */
static double finest_turn(const struct qw_line_series *series, double coarse, double reach,
                          double span)
{
    double step = 2.0 * M_PI / (STEPS_PER_WINDOW * span);
    size_t count = (size_t)(2.0 * reach / step) + 1;

    return best_turn(series, coarse - reach, step, count, span);
}

/* Longer and longer windows tell the turn finer and finer, until one holds the whole series. */
static double find_turn(const struct qw_line_series *series)
{
    double span = (double)place_of(series, series->count - 1) + 1.0;
    double window = FIRST_WINDOW;
    double step = 2.0 * M_PI / (STEPS_PER_WINDOW * window);
    double turn = best_turn(series, 0.0, step, (size_t)STEPS_PER_WINDOW * FIRST_WINDOW, window);

    if (series->index != NULL && span > window) {
        turn = finest_turn(series, turn, step, span);
        step = 2.0 * M_PI / (STEPS_PER_WINDOW * span);
        window = span;
    }
    for (int finer = 0; finer < FINER_STEPS; finer += window >= span ? 1 : 0) {
        window = fmin(2.0 * window, span);
        turn = best_turn(series, turn - step, step / 2.0, 5, window);
        step /= 2.0;
    }
    return turn - 2.0 * M_PI * floor(turn / (2.0 * M_PI));
}

void qw_line_find(const struct qw_line_series *series, struct qw_line *line)
{
    double turn = find_turn(series);
    double complex step = cexp(-I * turn);
    double complex phase = 1.0;
    double complex sum = 0.0;
    double power = 0.0;

    for (size_t i = 0; i < series->count; i++) {
        double complex value = series->value[i * series->stride];

        phase = turned(series, i, turn, step, phase);
        sum += value * phase;
        power += creal(value * conj(value));
    }
    line->turn = turn;
    line->amplitude = sum / (double)series->count;
    line->share =
        power > 0.0 ? fmin(creal(sum * conj(sum)) / ((double)series->count * power), 1.0) : 0.0;
}

void qw_line_remove(const struct qw_line_series *series, const struct qw_line *line)
{
    double complex step = cexp(-I * line->turn);
    double complex phase = 1.0;

    for (size_t i = 0; i < series->count; i++) {
        phase = turned(series, i, line->turn, step, phase);
        series->value[i * series->stride] -= (float complex)(line->amplitude * conj(phase));
    }
}
