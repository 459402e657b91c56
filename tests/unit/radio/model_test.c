/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W2 W3 W4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "codec_laws.h"
#include "radio/amplitude/waves.h"
#include "radio/model.h"

#include <math.h>

enum { COUNT = 192, STRIDE = QW_FEATURE_MODES, SIGNAL_MODES = 6 };

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

struct sample {
    uint32_t index[COUNT];
    int32_t x[COUNT * STRIDE];
    int32_t y[COUNT * STRIDE];
    struct qw_disclosed disclosed;
};

/* signal: deviation of mode 0, halved from mode to mode; noise at each end; steady: mean of mode 0;
 * memory from probe to probe. */
static void make(struct sample *sample, double signal, double noise, double steady, double memory,
                 bool is_common)
{
    double last[2][STRIDE] = { { 0.0 } };
    struct qw_prng prng;

    qw_prng_init(&prng, 42, 1);
    for (size_t i = 0; i < COUNT; i++) {
        sample->index[i] = (uint32_t)(i + (i / 32) * 50);
        for (size_t d = 0; d < STRIDE; d++) {
            double deviation = d < SIGNAL_MODES ? signal / (double)(1 << d) : 0.0;

            for (int end = 0; end < 2; end++) {
                last[end][d] = memory * last[end][d] +
                               sqrt(1.0 - memory * memory) * deviation * qw_prng_gaussian(&prng);
            }
            if (is_common) {
                last[1][d] = last[0][d];
            }
            sample->x[i * STRIDE + d] = (int32_t)lrint(last[0][d] + (d == 0 ? steady : 0.0) +
                                                       noise * qw_prng_gaussian(&prng));
            sample->y[i * STRIDE + d] = (int32_t)lrint(last[1][d] + (d == 0 ? steady : 0.0) +
                                                       noise * qw_prng_gaussian(&prng));
        }
    }
    sample->disclosed = (struct qw_disclosed){ .count = COUNT,
                                               .stride = STRIDE,
                                               .group = 2,
                                               .index = sample->index,
                                               .x = sample->x,
                                               .y = sample->y };
}

/* All numbers that move are first ones: put them where powers are, too. */
static void move_to_powers(struct sample *sample)
{
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t d = 0; d < STRIDE / 2; d++) {
            sample->x[i * STRIDE + STRIDE / 2 + d] = sample->x[i * STRIDE + d];
            sample->y[i * STRIDE + STRIDE / 2 + d] = sample->y[i * STRIDE + d];
        }
    }
}

/* Width of the first cell over what a Gaussian belief of that deviation would want. */
static double margin_of(const struct sample *sample)
{
    struct qw_model_report report;
    struct qw_belief belief;
    struct qw_model model;

    assert_int_equal(qw_belief_fit(&sample->disclosed, &sample->disclosed.y, 1, STRIDE, &belief),
                     QW_OK);
    assert_int_equal(qw_model_estimate(&sample->disclosed, 0.0, &model, &report), QW_OK);
    return model.width[0] * QW_MODEL_SIGMA_CELLS / belief.deviation[0];
}

/* A receiver whose measurement is six times as noisy in one probe of ten: the deviation alone
 * says nothing of the probes that would not be decoded. */
static void cells_are_wider_where_the_noise_has_tails(void **state)
{
    struct sample sample;
    struct qw_prng prng;
    double gaussian;

    (void)state;
    make(&sample, 20000.0, 200.0, 5000.0, 0.0, true);
    gaussian = margin_of(&sample);
    qw_prng_init(&prng, 43, 1);
    for (size_t i = 0; i < COUNT; i += 10) {
        for (size_t d = 0; d < STRIDE; d++) {
            sample.y[i * STRIDE + d] += (int32_t)lrint(1200.0 * qw_prng_gaussian(&prng));
        }
    }
    assert_true(margin_of(&sample) > 1.5 * gaussian);
}

static void cells_are_as_wide_as_what_the_other_end_cannot_tell(void **state)
{
    struct qw_model_report report = { 0 };
    struct qw_model model;
    struct sample sample;

    (void)state;
    make(&sample, 20000.0, 200.0, 5000.0, 0.0, true);
    assert_int_equal(qw_model_estimate(&sample.disclosed, 0.9, &model, &report), QW_OK);
    assert_int_equal(report.refusal, QW_PLKG_NONE);
    assert_true(model.dims >= 3 && model.dims <= SIGNAL_MODES);
    for (size_t d = 0; d < model.dims; d++) {
        double deviation = model.width[d] * QW_MODEL_SIGMA_CELLS;

        assert_true(deviation > 200 * 1.2 && deviation < 200 * 2.0);
        /* 12 deviations to either side */
        assert_true((double)model.width[d] * exp2(model.depth[d]) >= 22.0 * 20000.0 / (1 << d));
    }
    assert_true(abs(model.centre[0] - 5000) < 6000);
    assert_true(report.snr_db > 20.0 && report.snr_db < 45.0);
}

/* The same numbers as amplitudes, the second half of them as powers: never more of the first ones
 * than waves that move in the others. */
static void amplitudes_are_used_as_far_as_waves_move(void **state)
{
    struct qw_model_report report = { 0 };
    struct qw_model all;
    struct qw_model model;
    struct sample sample;
    size_t waves = 99;

    (void)state;
    make(&sample, 20000.0, 200.0, 5000.0, 0.0, true);
    assert_int_equal(qw_model_estimate(&sample.disclosed, 0.0, &all, &report), QW_OK);
    sample.disclosed.group = 1;
    move_to_powers(&sample);
    assert_int_equal(qw_model_estimate(&sample.disclosed, 0.0, &model, &report), QW_OK);
    assert_int_equal(qw_waves_count(&sample.disclosed, &waves), QW_OK);
    assert_int_equal(model.dims, waves);
    assert_true(model.dims < all.dims);
}

static void credits_less_to_whoever_asks_for_more(void **state)
{
    struct qw_model_report report = { 0 };
    struct qw_model little;
    struct qw_model much;
    struct sample sample;

    (void)state;
    make(&sample, 20000.0, 200.0, 0.0, 0.0, true);
    assert_int_equal(qw_model_estimate(&sample.disclosed, 0.0, &little, &report), QW_OK);
    assert_int_equal(qw_model_estimate(&sample.disclosed, 0.99, &much, &report), QW_OK);
    assert_true(much.dims < little.dims);
}

static void says_why_there_is_nothing(void **state)
{
    static const struct {
        double signal, noise, steady, memory, eve;
        bool is_common;
        enum qw_plkg_refusal refusal;
    } cases[] = {
        { 0.0, 200.0, 20000.0, 0.0, 0.9, true, QW_PLKG_STATIC },
        { 0.0, 200.0, 0.0, 0.0, 0.9, true, QW_PLKG_LOW_RHO },
        { 20000.0, 200.0, 0.0, 0.0, 0.9, false, QW_PLKG_LOW_RHO },
        { 2000.0, 300.0, 0.0, 0.0, 0.99, true, QW_PLKG_EVE_CORR },
        { 4000.0, 500.0, 0.0, 0.999, 0.0, true, QW_PLKG_PREDICTABLE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_model_report report = { 0 };
        struct qw_model model = { .dims = 77 };
        struct sample sample;

        make(&sample, cases[i].signal, cases[i].noise, cases[i].steady, cases[i].memory,
             cases[i].is_common);
        assert_int_equal(qw_model_estimate(&sample.disclosed, cases[i].eve, &model, &report),
                         QW_ERR_REFUSED);
        if (report.refusal != cases[i].refusal) {
            print_message("case %zu: %s\n", i, qw_plkg_refusal_name(report.refusal));
        }
        assert_int_equal(report.refusal, cases[i].refusal);
        assert_int_equal(model.dims, 77);
    }
}

/* Both ends see the same, and too little of it, in all numbers alike. */
static void says_that_nothing_is_to_be_gained(void **state)
{
    struct qw_model_report report = { 0 };
    struct qw_model model = { .dims = 77 };
    struct sample sample;

    (void)state;
    make(&sample, 1000.0, 900.0, 0.0, 0.0, true);
    for (size_t i = 0; i < COUNT * STRIDE; i++) {
        sample.x[i] = sample.x[i - i % STRIDE];
        sample.y[i] = sample.y[i - i % STRIDE];
    }
    assert_int_equal(qw_model_estimate(&sample.disclosed, 0.0, &model, &report), QW_ERR_REFUSED);
    assert_int_equal(report.refusal, QW_PLKG_NO_GAIN);
    assert_int_equal(model.dims, 77);
}

static void a_value_lies_in_its_cell(void **state)
{
    struct qw_model model = { .dims = 1, .centre = { -37 }, .width = { 13 }, .depth = { 6 } };

    (void)state;
    for (int32_t value = -37 - 32 * 13; value < -37 + 32 * 13; value++) {
        bool is_outside = true;
        uint16_t symbol = qw_model_symbol(&model, 0, value, &is_outside);

        assert_false(is_outside);
        assert_true(symbol < 64);
        assert_true(abs(qw_model_value(&model, 0, symbol) - value) <= 6);
    }
}

static void values_beyond_all_cells_are_told(void **state)
{
    struct qw_model model = { .dims = 1, .centre = { 0 }, .width = { 10 }, .depth = { 3 } };
    bool is_outside = false;

    (void)state;
    assert_int_equal(qw_model_symbol(&model, 0, -41, &is_outside), 0);
    assert_true(is_outside);
    assert_int_equal(qw_model_symbol(&model, 0, -40, &is_outside), 0);
    assert_false(is_outside);
    assert_int_equal(qw_model_symbol(&model, 0, 39, &is_outside), 7);
    assert_false(is_outside);
    assert_int_equal(qw_model_symbol(&model, 0, 40, &is_outside), 7);
    assert_true(is_outside);
    assert_int_equal(qw_model_symbol(&model, 0, INT32_MIN, &is_outside), 0);
    assert_true(is_outside);
    assert_int_equal(qw_model_symbol(&model, 0, INT32_MAX, &is_outside), 7);
    assert_true(is_outside);
}

static qw_err round_trip(const uint8_t *body, size_t len, uint8_t *out, size_t *out_len)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_model model;

    if (!qw_model_read(&r, &model) || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out_len = qw_model_encode(&model, out);
    return QW_OK;
}

static void comes_back_from_its_bytes(void **state)
{
    struct qw_model model = { .dims = 3,
                              .centre = { -(1 << 23), 0, 1 << 23 },
                              .width = { 1, 300, 1 << 24 },
                              .depth = { 1, 9, 14 } };
    uint8_t bytes[QW_MODEL_LEN_MAX];

    (void)state;
    assert_codec_laws(round_trip, bytes, qw_model_encode(&model, bytes));
}

static void two_observations_tell_more_than_one(void **state)
{
    const int32_t *observation[2];
    struct qw_belief one;
    struct qw_belief two;
    struct sample sample;
    static int32_t other[COUNT * STRIDE];
    struct qw_prng prng;

    (void)state;
    make(&sample, 20000.0, 500.0, 0.0, 0.0, true);
    qw_prng_init(&prng, 8, 8);
    for (size_t i = 0; i < COUNT * STRIDE; i++) {
        other[i] = sample.x[i] + (int32_t)lrint(300.0 * qw_prng_gaussian(&prng));
    }
    observation[0] = sample.y;
    observation[1] = other;
    assert_int_equal(qw_belief_fit(&sample.disclosed, observation, 1, 4, &one), QW_OK);
    assert_int_equal(qw_belief_fit(&sample.disclosed, observation, 2, 4, &two), QW_OK);
    for (size_t d = 0; d < 4; d++) {
        assert_true(two.deviation[d] < one.deviation[d]);
    }
}

static void survives_every_failing_allocation(void **state)
{
    struct qw_model_report report = { 0 };
    struct qw_model model = { .dims = 77 };
    struct sample sample;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    make(&sample, 20000.0, 200.0, 0.0, 0.0, true);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_at = n;
        err = qw_model_estimate(&sample.disclosed, 0.5, &model, &report);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && model.dims == 77));
    }
    fail_at = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_wider_where_the_noise_has_tails),
        cmocka_unit_test(cells_are_as_wide_as_what_the_other_end_cannot_tell),
        cmocka_unit_test(amplitudes_are_used_as_far_as_waves_move),
        cmocka_unit_test(credits_less_to_whoever_asks_for_more),
        cmocka_unit_test(says_why_there_is_nothing),
        cmocka_unit_test(says_that_nothing_is_to_be_gained),
        cmocka_unit_test(a_value_lies_in_its_cell),
        cmocka_unit_test(values_beyond_all_cells_are_told),
        cmocka_unit_test(comes_back_from_its_bytes),
        cmocka_unit_test(two_observations_tell_more_than_one),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
