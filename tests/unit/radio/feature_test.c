/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W2 W13 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/carrier/carrier.h"
#include "radio/feature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int fail_at; /* the n-th calloc from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

/* A frame of a few echoes within half a microsecond. */
static void make_frame(struct qw_csi_frame *frame, uint64_t seed, float gain_db)
{
    struct qw_prng prng;

    memset(frame, 0, sizeof *frame);
    qw_csi_frame_set_tones(frame, QW_CSI_LEGACY_20);
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->agc_db = gain_db;
    qw_prng_init(&prng, seed, 1);
    for (int echo = 0; echo < 5; echo++) {
        double delay_s = 40e-9 * echo;
        double complex a = (qw_prng_gaussian(&prng) + I * qw_prng_gaussian(&prng)) * exp(-echo);

        for (size_t k = 0; k < frame->tone_count; k++) {
            double phase = -2.0 * M_PI * 312.5e3 * frame->tone_index[k] * delay_s;

            frame->value[k] += (float complex)(a * cexp(I * phase) * pow(10.0, gain_db / 20.0));
        }
    }
}

static struct qw_feature_plan *new_plan(bool has_phase)
{
    struct qw_feature_plan *plan = calloc(1, sizeof *plan);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    make_frame(frame, 1, 0.0f);
    assert_int_equal(qw_feature_plan_init(plan, frame, has_phase, false), QW_OK);
    free(frame);
    return plan;
}

static void transform_is_orthonormal(void **state)
{
    (void)state;
    for (int has_phase = 0; has_phase < 2; has_phase++) {
        struct qw_feature_plan *plan = new_plan(has_phase);

        for (size_t a = 0; a < QW_FEATURE_MODES; a++) {
            for (size_t b = 0; b < QW_FEATURE_MODES; b++) {
                double complex sum = 0.0;

                for (size_t k = 0; k < plan->tones; k++) {
                    sum +=
                        plan->basis[a * plan->tones + k] * conj(plan->basis[b * plan->tones + k]);
                }
                assert_true(cabs(sum - (a == b ? 1.0 : 0.0)) < 1e-9);
            }
        }
        free(plan);
    }
}

static void few_numbers_hold_the_channel(void **state)
{
    struct qw_feature_plan *plan = new_plan(true);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    double total = 0.0;
    double kept = 0.0;

    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        float value[QW_FEATURE_MAX];

        make_frame(frame, seed, 0.0f);
        assert_int_equal(qw_feature_extract(plan, frame, value), QW_OK);
        for (size_t k = 0; k < frame->tone_count; k++) {
            total += (double)(crealf(frame->value[k]) * crealf(frame->value[k]) +
                              cimagf(frame->value[k]) * cimagf(frame->value[k]));
        }
        for (size_t d = 0; d < 16; d++) {
            kept += (double)(value[d] * value[d]);
        }
    }
    assert_true(kept > 0.99 * total); /* 8 modes of 52 tones */
    free(plan);
    free(frame);
}

/* Wide grids: still orthonormal, and a channel as long as those of the carriers' standard profiles
 * is in fewer numbers than there are. */
static void every_carrier_has_a_transform_for_its_tones(void **state)
{
    (void)state;
    for (const struct qw_carrier *carrier = qw_carriers; carrier->name != NULL; carrier++) {
        struct qw_feature_plan *plan = calloc(1, sizeof *plan);
        struct qw_csi_frame *frame = calloc(1, sizeof *frame);
        float value[QW_FEATURE_MAX];
        double kept = 0.0;
        double total = 0.0;

        qw_csi_frame_set_tones(frame, carrier->format);
        frame->rx_count = 1;
        frame->tx_count = 1;
        for (size_t k = 0; k < frame->tone_count; k++) {
            double phase = -2.0 * M_PI * carrier->spacing_hz * frame->tone_index[k];

            frame->value[k] = (float complex)(cexp(I * phase * 20e-9) + cexp(I * phase * 250e-9));
            total += pow(cabs((double complex)frame->value[k]), 2.0);
        }
        assert_int_equal(qw_feature_plan_init(plan, frame, true, false), QW_OK);
        assert_int_equal(plan->count, 2 * carrier->modes);
        for (size_t a = 0; a < plan->modes; a++) {
            for (size_t b = 0; b <= a; b++) {
                double complex sum = 0.0;

                for (size_t k = 0; k < plan->tones; k++) {
                    sum +=
                        plan->basis[a * plan->tones + k] * conj(plan->basis[b * plan->tones + k]);
                }
                assert_true(cabs(sum - (a == b ? 1.0 : 0.0)) < 1e-9);
            }
        }
        assert_int_equal(qw_feature_extract(plan, frame, value), QW_OK);
        for (size_t d = 0; d < plan->count; d++) {
            kept += (double)(value[d] * value[d]);
        }
        assert_true(kept > 0.98 * total);
        free(plan);
        free(frame);
    }
}

static void gain_control_is_undone(void **state)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    (void)state;
    for (int has_phase = 0; has_phase < 2; has_phase++) {
        struct qw_feature_plan *plan = new_plan(has_phase);
        float plain[QW_FEATURE_MAX];
        float raised[QW_FEATURE_MAX];

        make_frame(frame, 3, 0.0f);
        assert_int_equal(qw_feature_extract(plan, frame, plain), QW_OK);
        make_frame(frame, 3, 17.0f);
        assert_int_equal(qw_feature_extract(plan, frame, raised), QW_OK);
        for (size_t d = 0; d < plan->count; d++) {
            assert_true(fabsf(plain[d] - raised[d]) < 1e-4f);
        }
        free(plan);
    }
    free(frame);
}

static void amplitudes_do_not_depend_on_the_phase(void **state)
{
    struct qw_feature_plan *plan = new_plan(false);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    float plain[QW_FEATURE_MAX];
    float turned[QW_FEATURE_MAX];

    (void)state;
    assert_int_equal(plan->count, 2 * QW_FEATURE_MODES);
    assert_int_equal(qw_feature_numbers(plan->count, plan->group), QW_FEATURE_MODES);
    make_frame(frame, 4, 0.0f);
    assert_int_equal(qw_feature_extract(plan, frame, plain), QW_OK);
    for (size_t k = 0; k < frame->tone_count; k++) {
        frame->value[k] *= (float complex)cexp(I * (1.0 + 0.2 * (double)k));
    }
    assert_int_equal(qw_feature_extract(plan, frame, turned), QW_OK);
    for (size_t d = 0; d < plan->count; d++) {
        assert_true(fabsf(plain[d] - turned[d]) < 1e-4f);
    }
    free(plan);
    free(frame);
}

/* A power is linear in products of waves: those of a sum are those of the parts and of what two of
 * them make together, whatever the delays. */
static void powers_are_linear_in_products_of_waves(void **state)
{
    struct qw_feature_plan *plan = new_plan(false);
    struct qw_csi_frame *a = calloc(1, sizeof *a);
    struct qw_csi_frame *b = calloc(1, sizeof *b);
    float value[4][QW_FEATURE_MAX];

    (void)state;
    make_frame(a, 5, 0.0f);
    make_frame(b, 6, 0.0f);
    for (size_t i = 0; i < 4; i++) { /* a, b, their sum, their difference */
        struct qw_csi_frame *frame = i == 1 ? b : a;

        for (size_t k = 0; i == 2 && k < a->tone_count; k++) {
            a->value[k] += b->value[k];
        }
        for (size_t k = 0; i == 3 && k < a->tone_count; k++) {
            a->value[k] -= 2.0f * b->value[k];
        }
        assert_int_equal(qw_feature_extract(plan, frame, value[i]), QW_OK);
    }
    for (size_t d = QW_FEATURE_MODES; d < plan->count; d++) {
        float twice = 2.0f * (value[0][d] + value[1][d]);

        assert_true(fabsf(value[2][d] + value[3][d] - twice) < 1e-3f);
    }
    free(plan);
    free(a);
    free(b);
}

static void refuses_other_shapes_and_what_is_no_number(void **state)
{
    struct qw_feature_plan *plan = new_plan(true);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    float value[QW_FEATURE_MAX] = { 7.0f };

    (void)state;
    qw_csi_frame_set_tones(frame, QW_CSI_HT_20);
    assert_int_equal(qw_feature_extract(plan, frame, value), QW_ERR_FORMAT);
    make_frame(frame, 1, 0.0f);
    frame->value[9] = NAN;
    assert_int_equal(qw_feature_extract(plan, frame, value), QW_ERR_FORMAT);
    assert_true(value[0] == 7.0f);
    make_frame(frame, 1, 0.0f);
    frame->tone_count = QW_FEATURE_MODES - 1;
    assert_int_equal(qw_feature_plan_init(plan, frame, true, false), QW_ERR_ARG);
    frame->tone_count = QW_FEATURE_TONES_MAX + 1;
    assert_int_equal(qw_feature_plan_init(plan, frame, true, false), QW_ERR_ARG);
    frame->tone_count = 20;
    frame->tone_index[5] = frame->tone_index[4];
    assert_int_equal(qw_feature_plan_init(plan, frame, true, false), QW_ERR_ARG);
    free(plan);
    free(frame);
}

static void a_frame_without_power_is_not_heard(void **state)
{
    struct qw_feature_plan *plan = new_plan(true);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    struct qw_feature_set *set;
    float value[QW_FEATURE_MAX] = { 7.0f };

    (void)state;
    assert_non_null(frame);
    make_frame(frame, 1, 0.0f);
    for (size_t i = 0; i < frame->tone_count; i++) {
        frame->value[i] = 0.0f;
    }
    assert_int_equal(qw_feature_extract(plan, frame, value), QW_ERR_FORMAT);
    assert_true(value[0] == 7.0f);
    assert_int_equal(qw_feature_set_new(4, &set), QW_OK);
    assert_int_equal(qw_feature_set_put(set, 1, frame, true), QW_ERR_FORMAT);
    assert_false(qw_feature_set_has(set, 1));
    frame->value[9] = 1.0f;
    assert_int_equal(qw_feature_set_put(set, 1, frame, true), QW_OK);
    assert_true(qw_feature_set_has(set, 1));
    qw_feature_set_free(set);
    free(plan);
    free(frame);
}

static void a_set_keeps_the_first_frame_of_each_probe(void **state)
{
    struct qw_feature_set *set;
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    float first;

    (void)state;
    assert_int_equal(qw_feature_set_new(100, &set), QW_OK);
    make_frame(frame, 1, 0.0f);
    assert_int_equal(qw_feature_set_put(set, 100, frame, true), QW_ERR_FORMAT);
    assert_int_equal(qw_feature_set_put(set, 99, frame, true), QW_OK);
    first = set->value[99 * set->stride];
    make_frame(frame, 2, 0.0f);
    assert_int_equal(qw_feature_set_put(set, 99, frame, true), QW_OK);
    assert_true(set->value[99 * set->stride] == first);
    qw_csi_frame_set_tones(frame, QW_CSI_HT_20);
    assert_int_equal(qw_feature_set_put(set, 5, frame, true), QW_ERR_FORMAT);
    assert_false(qw_feature_set_has(set, 5));
    assert_true(qw_feature_set_has(set, 99));
    assert_false(qw_feature_set_has(set, 100));
    qw_feature_set_free(set);
    qw_feature_set_free(NULL);
    free(frame);
}

/* Whatever unit the radio speaks in, the numbers come out in the same range. */
static void integers_do_not_depend_on_the_unit(void **state)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    int32_t first[2] = { 0, 0 };

    (void)state;
    for (int i = 0; i <= 20; i++) {
        int shift = -40 + i / 2 * 8;
        bool has_phase = i % 2 == 0;
        struct qw_feature_set *set;
        const int32_t *row;
        int32_t last;

        assert_int_equal(qw_feature_set_new(10, &set), QW_OK);
        for (uint64_t probe = 0; probe < 10; probe++) {
            make_frame(frame, probe, 0.0f);
            for (size_t k = 0; k < frame->tone_count; k++) {
                frame->value[k] *= ldexpf(1.0f, shift);
            }
            assert_int_equal(qw_feature_set_put(set, probe, frame, has_phase), QW_OK);
        }
        qw_feature_set_fix(set);
        row = qw_feature_set_row(set, 3);
        last = row[has_phase ? 0 : set->stride / 2]; /* of powers the first one */
        first[i % 2] = i < 2 ? last : first[i % 2];
        assert_int_equal(last, first[i % 2]);
        assert_true(abs(row[0]) > 100 && abs(row[0]) < 1 << 20);
        assert_true(abs(last) > 100 && abs(last) < 1 << 20);
        qw_feature_set_free(set);
    }
    free(frame);
}

/* A frame of 2 x 2 chains and what the other end makes of it: receive and transmit change places.
 */
static void make_matrix(struct qw_csi_frame *frame, size_t rx, size_t tx, size_t bands, bool swap)
{
    struct qw_csi_frame *one = calloc(1, sizeof *one);
    size_t tones;

    make_frame(frame, 1, 0.0f);
    tones = frame->tone_count;
    frame->rx_count = (uint8_t)(swap ? tx : rx);
    frame->tx_count = (uint8_t)(swap ? rx : tx);
    frame->band_count = (uint8_t)bands;
    for (size_t chain = 0; chain < rx * tx * bands; chain++) {
        size_t place = chain % (rx * tx);
        size_t other = chain - place + place % tx * rx + place / tx;

        make_frame(one, 100 + chain, 0.0f);
        memcpy(&frame->value[(swap ? other : chain) * tones], one->value,
               tones * sizeof one->value[0]);
    }
    free(one);
}

static void both_ends_order_their_antennas_alike(void **state)
{
    static const size_t shape[][3] = { { 2, 2, 1 }, { 1, 4, 1 }, { 3, 1, 1 }, { 1, 2, 2 } };
    struct qw_feature_plan *plan = calloc(2, sizeof *plan);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        float value[2][QW_FEATURE_MAX];

        for (size_t end = 0; end < 2; end++) {
            make_matrix(frame, shape[s][0], shape[s][1], shape[s][2], end == 1);
            assert_int_equal(qw_feature_plan_init(&plan[end], frame, true, end == 1), QW_OK);
            assert_int_equal(qw_feature_extract(&plan[end], frame, value[end]), QW_OK);
            assert_true(plan[end].count <= QW_FEATURE_MAX);
            assert_int_equal(plan[end].count % QW_FEATURE_MODES, 0);
        }
        assert_memory_equal(value[0], value[1], plan[0].count * sizeof value[0][0]);
        assert_true(value[0][0] != value[0][2]);
    }
    free(frame);
    free(plan);
}

static void each_chain_has_the_numbers_that_it_has_alone(void **state)
{
    struct qw_feature_plan *alone = new_plan(true);
    struct qw_feature_plan *plan = calloc(1, sizeof *plan);
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    float value[QW_FEATURE_MAX];

    (void)state;
    make_matrix(frame, 2, 2, 1, false);
    assert_int_equal(qw_feature_plan_init(plan, frame, true, false), QW_OK);
    assert_int_equal(qw_feature_extract(plan, frame, value), QW_OK);
    assert_int_equal(qw_feature_extract(alone, frame, value), QW_ERR_FORMAT);
    for (size_t chain = 0; chain < 4; chain++) {
        float own[QW_FEATURE_MAX];

        make_frame(frame, 100 + chain, 0.0f);
        assert_int_equal(qw_feature_extract(alone, frame, own), QW_OK);
        for (size_t m = 0; m < plan->modes; m++) {
            assert_true(fabsf(value[(m * 4 + chain) * 2] - own[m * 2]) < 1e-5f);
            assert_true(fabsf(value[(m * 4 + chain) * 2 + 1] - own[m * 2 + 1]) < 1e-5f);
        }
    }
    make_matrix(frame, 2, 2, 2, false);
    assert_int_equal(qw_feature_plan_init(plan, frame, true, false), QW_ERR_ARG);
    free(frame);
    free(plan);
    free(alone);
}

static void survives_every_failing_allocation(void **state)
{
    struct qw_feature_set *set = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_feature_set_new(0, &set), QW_ERR_ARG);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_at = n;
        err = qw_feature_set_new(64, &set);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && set == NULL));
    }
    fail_at = 0;
    qw_feature_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_order_their_antennas_alike),
        cmocka_unit_test(each_chain_has_the_numbers_that_it_has_alone),
        cmocka_unit_test(transform_is_orthonormal),
        cmocka_unit_test(few_numbers_hold_the_channel),
        cmocka_unit_test(every_carrier_has_a_transform_for_its_tones),
        cmocka_unit_test(gain_control_is_undone),
        cmocka_unit_test(amplitudes_do_not_depend_on_the_phase),
        cmocka_unit_test(powers_are_linear_in_products_of_waves),
        cmocka_unit_test(refuses_other_shapes_and_what_is_no_number),
        cmocka_unit_test(a_frame_without_power_is_not_heard),
        cmocka_unit_test(a_set_keeps_the_first_frame_of_each_probe),
        cmocka_unit_test(integers_do_not_depend_on_the_unit),
        cmocka_unit_test(survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
