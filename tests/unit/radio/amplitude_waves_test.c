/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/amplitude/waves.h"
#include "radio/model.h"

#include <stdlib.h>

#include "amplitude_channel.h"

enum { BLOCKS = 8, COUNT = 32 * BLOCKS };

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int fail_at; /* 0: never */
static int allocations;

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return allocations == fail_at ? NULL : __real_calloc(count, size);
}

struct sample {
    uint32_t index[COUNT];
    int32_t x[COUNT * AMPLITUDE_STRIDE], y[COUNT * AMPLITUDE_STRIDE];
    struct qw_disclosed disclosed;
};

/* other: the channel of the last block; NULL: the same. gain: of the second end's numbers. */
static void draw(const struct amplitude_channel *channel, const struct amplitude_channel *other,
                 double gain, struct sample *sample)
{
    struct amplitude_ends *ends = malloc(sizeof *ends);
    float x[QW_FEATURE_MAX];
    float y[QW_FEATURE_MAX];

    amplitude_open(channel, ends);
    for (size_t i = 0; i < COUNT; i++) {
        if (other != NULL && i == COUNT - 32) {
            channel = other;
            amplitude_open(channel, ends);
        }
        amplitude_probe(channel, ends, x, y);
        sample->index[i] = (uint32_t)(96 * (i / 32) + i % 32);
        amplitude_round(x, 1.0, &sample->x[i * AMPLITUDE_STRIDE]);
        amplitude_round(y, gain, &sample->y[i * AMPLITUDE_STRIDE]);
    }
    sample->disclosed = (struct qw_disclosed){ .count = COUNT,
                                               .stride = AMPLITUDE_STRIDE,
                                               .group = 1,
                                               .index = sample->index,
                                               .x = sample->x,
                                               .y = sample->y };
    free(ends);
}

/* blocks: of those that are disclosed, the first ones. */
static size_t count_in(const struct amplitude_channel *channel, size_t blocks)
{
    struct sample *sample = calloc(1, sizeof *sample);
    size_t waves = 99;

    draw(channel, NULL, 1.0, sample);
    sample->disclosed.count = 32 * blocks;
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    free(sample);
    return waves;
}

static size_t count(const struct amplitude_channel *channel)
{
    return count_in(channel, BLOCKS);
}

static void directions_ask_for_the_fewest_waves(void **state)
{
    static const size_t waves[] = { 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4 };

    (void)state;
    for (size_t i = 0; i < sizeof waves / sizeof waves[0]; i++) {
        assert_int_equal(qw_waves_of_directions(i), waves[i]);
    }
    assert_int_equal(qw_waves_of_directions(20), 4);
    assert_int_equal(qw_waves_of_directions(21), 5);
    assert_int_equal(qw_waves_of_directions(48), 7);
}

/* Real unknowns of a channel: a turning wave has one, a fading one two. */
static size_t unknowns(const struct amplitude_channel *channel)
{
    return channel->waves * (channel->is_constant ? 1 : 2);
}

static void counts_no_more_than_there_are_at_any_noise(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        for (size_t i = 0; i < 12; i++) {
            struct amplitude_channel channel = { .has_still = i % 2 == 0,
                                                 .waves = 1 + i / 2 % 3,
                                                 .is_constant = i / 6 == 0,
                                                 .snr_db = 15.0 + 5.0 * (double)(seed % 6),
                                                 .seed = seed };

            assert_true(count(&channel) <= unknowns(&channel));
        }
    }
}

static void one_turning_wave_is_one(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct amplitude_channel channel = {
            .has_still = true, .waves = 1, .is_constant = true, .snr_db = 30.0, .seed = seed
        };

        assert_int_equal(count(&channel), 1);
    }
}

/* However deep and however close the fades, and however much is disclosed: amplitudes have kinks
 * there, which a few cosines do not hold, but powers have none. */
static void fades_are_no_further_waves(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct amplitude_channel channel = { .is_even = true,
                                             .waves = 1 + seed % 2,
                                             .is_constant = true,
                                             .snr_db = 25.0 + 5.0 * (double)(seed % 6),
                                             .seed = seed };

        for (size_t blocks = 3; blocks <= BLOCKS; blocks++) {
            assert_int_equal(count_in(&channel, blocks), channel.waves);
        }
    }
}

static void many_waves_are_several(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct amplitude_channel channel = { .waves = AMPLITUDE_MANY,
                                             .snr_db = 25.0,
                                             .seed = seed };

        assert_in_range(count(&channel), 2, 4);
    }
}

static void what_stands_still_has_none(void **state)
{
    struct amplitude_channel channel = { .has_still = true, .snr_db = 20.0, .seed = 1 };

    (void)state;
    assert_int_equal(count(&channel), 0);
}

/* Movement that ends, in the last third of a session: the least counts. */
static void the_poorest_block_counts(void **state)
{
    struct amplitude_channel rich = { .waves = AMPLITUDE_MANY, .snr_db = 25.0, .seed = 3 };
    struct amplitude_channel poor = {
        .has_still = true, .waves = 1, .is_constant = true, .snr_db = 25.0, .seed = 4
    };
    struct sample *sample = calloc(1, sizeof *sample);
    size_t waves = 99;

    (void)state;
    draw(&rich, &poor, 1.0, sample);
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, 1);
    free(sample);
}

/* Each end has its own power of two; a factor between the ends is no noise. */
static void the_scale_of_one_end_does_not_matter(void **state)
{
    struct amplitude_channel channel = { .waves = AMPLITUDE_MANY, .snr_db = 25.0, .seed = 5 };
    struct sample *sample = calloc(1, sizeof *sample);
    size_t waves = 99;

    (void)state;
    draw(&channel, NULL, 2.0, sample);
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, count(&channel));
    free(sample);
}

/* Two ends that see nothing in common, however much moves at each. */
static void strangers_share_no_wave(void **state)
{
    struct amplitude_channel channel = { .waves = AMPLITUDE_MANY, .snr_db = 25.0, .seed = 6 };
    struct sample *sample = calloc(1, sizeof *sample);
    struct sample *other = calloc(1, sizeof *other);
    size_t waves = 99;

    (void)state;
    draw(&channel, NULL, 1.0, sample);
    channel.seed = 7;
    draw(&channel, NULL, 1.0, other);
    sample->disclosed.y = other->x;
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, 0);
    free(sample);
    free(other);
}

static void short_blocks_say_nothing(void **state)
{
    struct amplitude_channel channel = { .waves = AMPLITUDE_MANY, .snr_db = 25.0, .seed = 8 };
    struct sample *sample = calloc(1, sizeof *sample);
    size_t waves = 99;

    (void)state;
    draw(&channel, NULL, 1.0, sample);
    for (uint32_t i = 0; i < COUNT; i++) {
        sample->index[i] = 32 * (i / 15) + i % 15; /* 15 of each were heard */
    }
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        sample->index[i] = 32 * (i / 16) + i % 16;
    }
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_true(waves > 0);
    sample->disclosed.count = 0;
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, 0);
    free(sample);
}

/* Silence and clipping: the same number always. */
static void numbers_that_never_change_have_no_waves(void **state)
{
    struct sample *sample = calloc(1, sizeof *sample);
    struct amplitude_channel channel = { .has_still = true, .snr_db = 20.0, .seed = 1 };
    size_t waves = 99;

    (void)state;
    draw(&channel, NULL, 1.0, sample);
    memset(sample->x, 0, sizeof sample->x);
    memset(sample->y, 0, sizeof sample->y);
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, 0);
    for (size_t i = 0; i < COUNT * AMPLITUDE_STRIDE; i++) {
        sample->x[i] = sample->y[i] = (1 << 23) - 1;
    }
    assert_int_equal(qw_waves_count(&sample->disclosed, &waves), QW_OK);
    assert_int_equal(waves, 0);
    free(sample);
}

static void every_failed_allocation_is_an_error(void **state)
{
    struct amplitude_channel channel = { .waves = AMPLITUDE_MANY, .snr_db = 25.0, .seed = 9 };
    struct sample *sample = malloc(sizeof *sample);
    size_t waves = 99;
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    draw(&channel, NULL, 1.0, sample);
    for (n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_at = n;
        allocations = 0;
        err = qw_waves_count(&sample->disclosed, &waves);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && waves == 99));
    }
    fail_at = 0;
    assert_true(n > 4);
    free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_ask_for_the_fewest_waves),
        cmocka_unit_test(counts_no_more_than_there_are_at_any_noise),
        cmocka_unit_test(one_turning_wave_is_one),
        cmocka_unit_test(fades_are_no_further_waves),
        cmocka_unit_test(many_waves_are_several),
        cmocka_unit_test(what_stands_still_has_none),
        cmocka_unit_test(the_poorest_block_counts),
        cmocka_unit_test(the_scale_of_one_end_does_not_matter),
        cmocka_unit_test(strangers_share_no_wave),
        cmocka_unit_test(short_blocks_say_nothing),
        cmocka_unit_test(numbers_that_never_change_have_no_waves),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
