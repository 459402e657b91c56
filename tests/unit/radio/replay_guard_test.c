/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/prng.h"
#include "radio/replay_guard.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool is_failing;

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing ? NULL : __real_calloc(count, size);
}

enum { PROBES = 700, STRIDE = 32, DISCLOSED = 96, BLOCK = 32, DISCLOSED_SHORT = 42 };

/* Autoregressive fading of a seed, seen from a probe on, turned and amplified, with noise. */
struct view {
    uint64_t fading, noise;
    double memory;
    size_t first;
    double gain, phase;
    double deviation; /* of the noise over the channel */
    size_t group;
    double line; /* amplitude of a wave that turns steadily */
    double turn; /* radians per probe */
};

static struct qw_feature_set *see(const struct view *view)
{
    struct qw_feature_set *set;
    struct qw_prng fading;
    struct qw_prng noise;
    double complex at[STRIDE] = { 0.0 };

    assert_int_equal(qw_feature_set_new(PROBES, &set), QW_OK);
    set->stride = STRIDE;
    set->plan.group = view->group;
    qw_prng_init(&fading, view->fading, 1);
    qw_prng_init(&noise, view->noise, 2);
    for (size_t i = 0; i < view->first + PROBES; i++) {
        for (size_t d = 0; d < STRIDE / view->group; d++) {
            double complex fresh = qw_prng_gaussian(&fading) + I * qw_prng_gaussian(&fading);
            double complex value;

            at[d] = view->memory * at[d] + sqrt(1.0 - view->memory * view->memory) * fresh;
            if (i < view->first) {
                continue;
            }
            value =
                at[d] + view->deviation * (qw_prng_gaussian(&noise) + I * qw_prng_gaussian(&noise));
            value += view->line * cexp(I * view->turn * (double)i);
            value *= 2000.0 * view->gain * cexp(I * view->phase);
            set->fixed[(i - view->first) * STRIDE + d * view->group] = (int32_t)creal(value);
            if (view->group == 2) {
                set->fixed[(i - view->first) * STRIDE + d * 2 + 1] = (int32_t)cimag(value);
            }
        }
        if (i >= view->first) {
            qw_bit_set(set->heard, i - view->first, true);
        }
    }
    return set;
}

static const struct view first_view = {
    .fading = 1, .noise = 1, .memory = 0.5, .gain = 1.0, .deviation = 0.1, .group = 2
};

/* Three blocks of 32, or the beginning of them. */
static void remember_some(struct qw_replay_guard *guard, const struct view *view, uint32_t count)
{
    struct qw_feature_set *set = see(view);
    uint32_t index[DISCLOSED];
    int32_t *value = malloc(sizeof(int32_t) * DISCLOSED * STRIDE);

    for (uint32_t i = 0; i < count; i++) {
        index[i] = i / BLOCK * 128 + i % BLOCK;
        memcpy(&value[i * STRIDE], qw_feature_set_row(set, index[i]), STRIDE * sizeof *value);
    }
    qw_replay_guard_remember(guard, index, count, value, STRIDE, view->group);
    free(value);
    qw_feature_set_free(set);
}

static void remember(struct qw_replay_guard *guard, const struct view *view)
{
    remember_some(guard, view, DISCLOSED);
}

static bool knows(const struct qw_replay_guard *guard, const struct view *view)
{
    struct qw_feature_set *set = see(view);
    bool is_known = qw_replay_guard_knows(guard, set);

    qw_feature_set_free(set);
    return is_known;
}

static struct qw_replay_guard *new_guard(size_t sessions)
{
    struct qw_replay_guard *guard = NULL;

    assert_int_equal(qw_replay_guard_new(sessions, &guard), QW_OK);
    return guard;
}

static void finds_the_same_fading_under_other_noise_gain_phase_and_start(void **state)
{
    struct qw_replay_guard *guard = new_guard(4);
    struct view again = first_view;

    (void)state;
    remember(guard, &first_view);
    again.noise = 2;
    assert_true(knows(guard, &again));
    again.gain = 0.2;
    again.phase = 2.1;
    assert_true(knows(guard, &again));
    again.first = 37; /* the recording begins later */
    assert_true(knows(guard, &again));
    again.deviation = 0.32; /* at 10 dB */
    assert_true(knows(guard, &again));
    qw_replay_guard_free(guard);
}

/* What the shortest session discloses is enough to know it by. */
static void a_short_session_is_remembered(void **state)
{
    struct qw_replay_guard *guard = new_guard(8);
    struct view again = first_view;

    (void)state;
    for (uint64_t seed = 1; seed < 8; seed++) {
        struct view view = first_view;

        view.fading = 100 + seed;
        view.noise = 200 + seed;
        view.memory = seed % 2 == 0 ? 0.0 : 0.9;
        assert_false(knows(guard, &view));
        remember_some(guard, &view, DISCLOSED_SHORT);
    }
    assert_false(knows(guard, &again));
    remember_some(guard, &first_view, DISCLOSED_SHORT);
    again.noise = 2;
    again.deviation = 0.32;
    again.phase = 1.0;
    assert_true(knows(guard, &again));
    qw_replay_guard_free(guard);
}

/* 200 other channels, slow ones too, against a full memory. */
static void other_fading_is_not_known(void **state)
{
    struct qw_replay_guard *guard = new_guard(8);
    struct view other = first_view;

    (void)state;
    for (uint64_t i = 0; i < 8; i++) {
        other.fading = 100 + i;
        other.memory = 0.12 * (double)i;
        remember(guard, &other);
    }
    for (uint64_t i = 0; i < 200; i++) {
        other.fading = 1000 + i;
        other.memory = 0.9 * (double)(i % 10) / 9.0;
        assert_false(knows(guard, &other));
    }
    qw_replay_guard_free(guard);
}

/* K = 13 dB: two walks of one pace, or of nearly one, whose fading has nothing in common. */
static void a_steady_wave_is_not_taken_for_a_replay(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct qw_replay_guard *guard = new_guard(1);
        struct view walk = first_view;

        walk.fading = 100 + seed;
        walk.memory = seed % 2 == 0 ? 0.0 : 0.7;
        walk.line = 6.3;
        walk.turn = 0.13 * (double)seed;
        remember(guard, &walk);
        walk.fading = 1000 + seed;
        walk.noise = 2;
        walk.turn += seed % 3 == 0 ? 0.0 : 0.002;
        assert_false(knows(guard, &walk));
        walk.line = 0.0; /* nor is fading that knows no such wave */
        assert_false(knows(guard, &walk));
        qw_replay_guard_free(guard);
    }
}

/* The other side: fading that comes again under the wave, under another one, or without it. */
static void a_replay_under_a_steady_wave_is_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct qw_replay_guard *guard = new_guard(1);
        struct view walk = first_view;

        walk.fading = 100 + seed;
        walk.memory = seed % 2 == 0 ? 0.0 : 0.7;
        walk.line = 6.3;
        walk.turn = 0.13 * (double)seed;
        remember(guard, &walk);
        walk.noise = 2;
        walk.deviation = 0.5; /* what fades has 6 dB */
        assert_true(knows(guard, &walk));
        walk.first = 37;
        assert_true(knows(guard, &walk));
        walk.turn += 0.5;
        assert_true(knows(guard, &walk));
        walk.line = 0.0;
        assert_true(knows(guard, &walk));
        qw_replay_guard_free(guard);
    }
}

static void amplitudes_are_compared_as_real_numbers(void **state)
{
    struct qw_replay_guard *guard = new_guard(2);
    struct view view = first_view;

    (void)state;
    view.group = 1;
    remember(guard, &view);
    view.noise = 2;
    assert_true(knows(guard, &view));
    assert_false(knows(guard, &first_view)); /* of another kind */
    view.fading = 2;
    assert_false(knows(guard, &view));
    qw_replay_guard_free(guard);
}

static void remembers_the_last_sessions_only(void **state)
{
    struct qw_replay_guard *guard = new_guard(3);
    struct view view = first_view;

    (void)state;
    for (uint64_t i = 1; i <= 4; i++) {
        view.fading = i;
        remember(guard, &view);
    }
    view.fading = 1;
    assert_false(knows(guard, &view));
    for (uint64_t i = 2; i <= 4; i++) {
        view.fading = i;
        assert_true(knows(guard, &view));
    }
    qw_replay_guard_free(guard);
}

static void short_memories_and_wrong_numbers(void **state)
{
    struct qw_replay_guard *guard = NULL;
    uint32_t index[39] = { 0 };
    int32_t value[39 * STRIDE] = { 0 };

    (void)state;
    assert_int_equal(qw_replay_guard_new(0, &guard), QW_ERR_ARG);
    assert_int_equal(qw_replay_guard_new(QW_REPLAY_GUARD_SESSIONS_MAX + 1, &guard), QW_ERR_ARG);
    is_failing = true;
    assert_int_equal(qw_replay_guard_new(1, &guard), QW_ERR_NOMEM);
    is_failing = false;
    assert_null(guard);
    guard = new_guard(1);
    assert_false(knows(guard, &first_view));
    qw_replay_guard_remember(guard, index, 39, value, STRIDE, 2); /* too few to say anything */
    assert_false(knows(guard, &first_view));
    qw_replay_guard_free(guard);
    qw_replay_guard_free(NULL);
}

/* A channel that stands still says nothing about what came before. */
static void nothing_that_moves_is_like_nothing(void **state)
{
    struct qw_replay_guard *guard = new_guard(1);
    struct view still = first_view;

    (void)state;
    still.memory = 1.0; /* no fading at all: noise on zero */
    still.deviation = 0.1;
    remember(guard, &still);
    still.noise = 2;
    assert_false(knows(guard, &still));
    qw_replay_guard_free(guard);
}

static bool repeats_by(const struct qw_feature_set *set, uint32_t count)
{
    uint32_t index[DISCLOSED];
    int32_t *value = malloc(sizeof(int32_t) * DISCLOSED * STRIDE);
    bool is_repeated;

    for (uint32_t i = 0; i < count; i++) {
        index[i] = i / BLOCK * 128 + i % BLOCK;
        memcpy(&value[i * STRIDE], qw_feature_set_row(set, index[i]), STRIDE * sizeof *value);
    }
    is_repeated = qw_replay_guard_repeats(set, index, count, value);
    free(value);
    return is_repeated;
}

static bool repeats(const struct qw_feature_set *set)
{
    return repeats_by(set, DISCLOSED);
}

/* The noise of the first view goes on while its fading starts again after each period. */
static struct qw_feature_set *see_again_and_again(uint32_t period)
{
    struct qw_feature_set *set = see(&first_view);
    struct qw_prng noise;

    qw_prng_init(&noise, 77, 3);
    for (uint32_t i = period; i < PROBES; i++) {
        for (size_t d = 0; d < STRIDE; d++) {
            set->fixed[i * STRIDE + d] =
                set->fixed[(i % period) * STRIDE + d] + (int32_t)(200.0 * qw_prng_gaussian(&noise));
        }
    }
    return set;
}

static void finds_a_session_that_repeats_itself(void **state)
{
    static const uint32_t period[] = { 30, 45, 100, 333 };

    (void)state;
    for (size_t i = 0; i < sizeof period / sizeof period[0]; i++) {
        struct qw_feature_set *set = see_again_and_again(period[i]);

        assert_true(repeats(set));
        assert_true(repeats_by(set, DISCLOSED_SHORT));
        is_failing = true;
        assert_true(repeats(set));
        is_failing = false;
        qw_feature_set_free(set);
    }
}

/* Memory 0.97: some 30 probes long, so that a block of disclosed ones holds few independent values.
 */
static void fading_does_not_repeat_itself(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct view view = first_view;
        struct qw_feature_set *set;

        view.fading = 100 + seed;
        view.noise = 100 + seed;
        view.memory = seed % 3 == 0 ? 0.0 : seed % 3 == 1 ? 0.9 : 0.97;
        set = see(&view);
        assert_false(repeats(set));
        assert_false(seed % 5 == 0 && repeats_by(set, DISCLOSED_SHORT));
        qw_feature_set_free(set);
    }
}

/* What repeats itself under a steady wave does; the wave alone does not. */
static void a_steady_wave_is_no_repetition(void **state)
{
    struct view walk = first_view;
    struct qw_feature_set *set;

    (void)state;
    walk.line = 10.0;
    walk.turn = 1.0;
    set = see(&walk);
    assert_false(repeats(set));
    for (uint32_t i = 45; i < PROBES; i++) { /* the fading of 45 probes, again and again */
        for (size_t d = 0; d < STRIDE / 2; d++) {
            int32_t *now = &set->fixed[i * STRIDE + 2 * d];
            const int32_t *then = &set->fixed[(i - 45) * STRIDE + 2 * d];
            double complex fading =
                (double)then[0] + I * (double)then[1] - 20000.0 * cexp(I * (double)(i - 45));

            fading += 20000.0 * cexp(I * (double)i);
            now[0] = (int32_t)creal(fading);
            now[1] = (int32_t)cimag(fading);
        }
    }
    assert_true(repeats(set));
    qw_feature_set_free(set);
}

static void short_of_memory_it_lets_nothing_pass(void **state)
{
    struct qw_replay_guard *guard = new_guard(1);
    struct qw_feature_set *set = see(&first_view);

    (void)state;
    is_failing = true;
    assert_true(qw_replay_guard_knows(guard, set));
    is_failing = false;
    assert_false(qw_replay_guard_knows(guard, set));
    qw_feature_set_free(set);
    qw_replay_guard_free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_same_fading_under_other_noise_gain_phase_and_start),
        cmocka_unit_test(a_short_session_is_remembered),
        cmocka_unit_test(other_fading_is_not_known),
        cmocka_unit_test(a_steady_wave_is_not_taken_for_a_replay),
        cmocka_unit_test(a_replay_under_a_steady_wave_is_found),
        cmocka_unit_test(amplitudes_are_compared_as_real_numbers),
        cmocka_unit_test(remembers_the_last_sessions_only),
        cmocka_unit_test(short_memories_and_wrong_numbers),
        cmocka_unit_test(nothing_that_moves_is_like_nothing),
        cmocka_unit_test(finds_a_session_that_repeats_itself),
        cmocka_unit_test(fading_does_not_repeat_itself),
        cmocka_unit_test(a_steady_wave_is_no_repetition),
        cmocka_unit_test(short_of_memory_it_lets_nothing_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
