/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/steady/line.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { COUNT = 3000, STRIDE = 3, BLOCK = 32 };

struct sample {
    uint32_t index[COUNT];
    float complex value[COUNT * STRIDE];
    struct qw_line_series series;
};

static double complex gaussian(struct qw_prng *prng)
{
    double re = qw_prng_gaussian(prng);
    double im = qw_prng_gaussian(prng);

    return (re + I * im) * sqrt(0.5);
}

/* A line of this turn and amplitude over fading of power 1; blocks: of 32 places, with gaps. */
static struct sample *draw(uint64_t seed, size_t count, bool has_blocks, double turn,
                           double amplitude)
{
    struct sample *sample = calloc(1, sizeof *sample);
    struct qw_prng prng;

    qw_prng_init(&prng, seed, 1);
    for (size_t i = 0; i < count; i++) {
        sample->index[i] = (uint32_t)(has_blocks ? i / BLOCK * 417 + i % BLOCK : i);
        sample->value[i * STRIDE + 1] = (float complex)(
            gaussian(&prng) + amplitude * cexp(I * (turn * sample->index[i] + 0.7)));
        sample->value[i * STRIDE] = 100.0f; /* a neighbour, not to be touched */
    }
    sample->series = (struct qw_line_series){ has_blocks ? sample->index : NULL, &sample->value[1],
                                              count, STRIDE };
    return sample;
}

static double power(const struct sample *sample)
{
    double sum = 0.0;

    for (size_t i = 0; i < sample->series.count; i++) {
        double complex value = sample->value[i * STRIDE + 1];

        sum += creal(value * conj(value)) / (double)sample->series.count;
    }
    return sum;
}

static void finds_and_removes_a_line_that_is_half_of_the_power(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        double turn = 6.28318 * (double)seed / 41.0;
        bool has_blocks = seed % 2 == 0;
        struct sample *sample = draw(seed, has_blocks ? 192 : COUNT, has_blocks, turn, 1.1);
        struct qw_line line;

        qw_line_find(&sample->series, &line);
        /* blocks at equal distances leave lobes that fit as well */
        assert_true(has_blocks || cabs(cexp(I * line.turn) - cexp(I * turn)) < 1e-3);
        assert_true(line.share > 0.4 && line.share < 0.7);
        assert_true(fabs(cabs(line.amplitude) - 1.1) < 0.3);
        qw_line_remove(&sample->series, &line);
        assert_true(power(sample) < 1.3);
        assert_true(crealf(sample->value[0]) == 100.0f);
        free(sample);
    }
}

static void finds_no_half_in_fading(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sample *sample = draw(seed, seed % 2 == 0 ? 192 : COUNT, seed % 2 == 0, 0.0, 0.0);
        struct qw_line line;

        qw_line_find(&sample->series, &line);
        assert_true(line.share < 0.3);
        free(sample);
    }
}

static void silence_and_a_single_value(void **state)
{
    struct sample *sample = draw(1, COUNT, false, 0.0, 0.0);
    struct qw_line line;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        sample->value[i * STRIDE + 1] = 0.0f;
    }
    qw_line_find(&sample->series, &line);
    assert_true(line.share == 0.0);
    sample->value[1] = 2.0f;
    sample->series.count = 1;
    qw_line_find(&sample->series, &line);
    assert_true(line.share > 0.999);
    qw_line_remove(&sample->series, &line);
    assert_true(cabsf(sample->value[1]) < 1e-5f);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_removes_a_line_that_is_half_of_the_power),
        cmocka_unit_test(finds_no_half_in_fading),
        cmocka_unit_test(silence_and_a_single_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
