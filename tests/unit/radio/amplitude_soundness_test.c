/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 W9 */
/* Amplitudes of one, two, three and many waves, fresh at each probe, so that the entropy of a
 * probe's cells given everything earlier is that of the cells alone. It is found the slow way: many
 * thousands of probes, cells counted. Such a count is never above the truth in the mean (cells not
 * met yet are missing), so an account below the count is below the truth. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bits.h"
#include "radio/account.h"
#include "radio/amplitude/waves.h"
#include "radio/model.h"

#include <stdlib.h>

#include "amplitude_channel.h"

enum { PROBES = 1024, COUNTED = 40000, DISCLOSED = 256, DIMS_MAX = 4, CELLS_PER_DEVIATION = 8 };

static const double SCALE = 2000.0; /* as amplitude_round */

struct scene {
    struct amplitude_ends ends;
    struct qw_feature_set *set;
    uint32_t index[DISCLOSED];
    int32_t x[DISCLOSED * AMPLITUDE_STRIDE], y[DISCLOSED * AMPLITUDE_STRIDE];
    uint32_t width[DIMS_MAX];
    uint64_t cell[COUNTED];
};

/* One session: all numbers of the access point, of the first probes both ends'. */
static void run_session(const struct amplitude_channel *channel, struct scene *scene)
{
    float x[QW_FEATURE_MAX];
    float y[QW_FEATURE_MAX];

    assert_int_equal(qw_feature_set_new(PROBES, &scene->set), QW_OK);
    scene->set->stride = AMPLITUDE_STRIDE;
    scene->set->plan.group = 1;
    scene->set->plan.chains = 1;
    for (uint32_t i = 0; i < PROBES; i++) {
        amplitude_probe(channel, &scene->ends, x, y);
        qw_bit_set(scene->set->heard, i, true);
        amplitude_round(x, 1.0, &scene->set->fixed[i * AMPLITUDE_STRIDE]);
        if (i < DISCLOSED) {
            scene->index[i] = i;
            amplitude_round(x, 1.0, &scene->x[i * AMPLITUDE_STRIDE]);
            amplitude_round(y, 1.0, &scene->y[i * AMPLITUDE_STRIDE]);
        }
    }
}

static void choose_widths(struct scene *scene)
{
    for (size_t d = 0; d < DIMS_MAX; d++) {
        double sum = 0.0;
        double square = 0.0;

        for (uint32_t i = 0; i < PROBES; i++) {
            double value = scene->set->fixed[i * AMPLITUDE_STRIDE + d];

            sum += value / PROBES;
            square += value * value / PROBES;
        }
        scene->width[d] = (uint32_t)fmax(sqrt(square - sum * sum) / CELLS_PER_DEVIATION, 1.0);
    }
}

static size_t count_waves(const struct scene *scene)
{
    struct qw_disclosed disclosed = { .count = DISCLOSED,
                                      .stride = AMPLITUDE_STRIDE,
                                      .group = 1,
                                      .index = scene->index,
                                      .x = scene->x,
                                      .y = scene->y };
    size_t waves = 99;

    assert_int_equal(qw_waves_count(&disclosed, &waves), QW_OK);
    return waves;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Of the cells of the first dims numbers, bits per probe. */
static double counted_bits(const struct amplitude_channel *channel, struct scene *scene,
                           size_t dims)
{
    float x[QW_FEATURE_MAX];
    float y[QW_FEATURE_MAX];
    double bits = 0.0;
    size_t first = 0;

    for (size_t i = 0; i < COUNTED; i++) {
        uint64_t cell = 0;

        amplitude_probe(channel, &scene->ends, x, y);
        for (size_t d = 0; d < dims; d++) {
            long number = lrint(SCALE * (double)x[d]) + 8192 * (long)scene->width[d];

            cell = cell << 15 | (uint64_t)(number / (long)scene->width[d]);
        }
        scene->cell[i] = cell;
    }
    qsort(scene->cell, COUNTED, sizeof scene->cell[0], compare);
    for (size_t i = 1; i <= COUNTED; i++) {
        if (i == COUNTED || scene->cell[i] != scene->cell[first]) {
            double share = (double)(i - first) / COUNTED;

            bits -= share * log2(share);
            first = i;
        }
    }
    return bits;
}

/* linear: what the account says without looking at shapes, for as many numbers as one likes. */
static double account_bits(const struct scene *scene, size_t dims, bool is_linear)
{
    struct qw_innovation innovation;
    struct qw_account_input input = {
        .innovation = &innovation, .width = scene->width, .key_pairs = PROBES, .epsilon_log2 = -64.0
    };
    struct qw_account account;

    assert_int_equal(qw_innovation_estimate(scene->set, dims, &innovation), QW_OK);
    if (is_linear) {
        innovation.shape_bits = 0.0;
    }
    qw_account_of(&input, &account);
    return account.pair_bits;
}

static struct scene *open_scene(const struct amplitude_channel *channel)
{
    struct scene *scene = malloc(sizeof *scene);

    amplitude_open(channel, &scene->ends);
    run_session(channel, scene);
    choose_widths(scene);
    return scene;
}

static void close_scene(struct scene *scene)
{
    qw_feature_set_free(scene->set);
    free(scene);
}

static void the_account_is_below_the_counted_entropy(void **state)
{
    static const struct amplitude_channel channels[] = {
        { .has_still = true, .waves = 1, .is_constant = true, .snr_db = 20.0 },
        { .has_still = true, .waves = 1, .is_constant = true, .snr_db = 30.0 },
        { .has_still = true, .waves = 1, .snr_db = 30.0 },
        { .waves = 1, .snr_db = 30.0 },
        { .is_even = true, .waves = 1, .is_constant = true, .snr_db = 40.0 },
        { .has_still = true, .waves = 2, .is_constant = true, .snr_db = 25.0 },
        { .waves = 2, .is_constant = true, .snr_db = 30.0 },
        { .has_still = true, .waves = 2, .snr_db = 25.0 },
        { .has_still = true, .waves = 3, .is_constant = true, .snr_db = 25.0 },
        { .has_still = true, .waves = 3, .is_constant = true, .snr_db = 35.0 },
        { .waves = 3, .snr_db = 25.0 },
        { .waves = AMPLITUDE_MANY, .snr_db = 20.0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        struct amplitude_channel channel = channels[i];
        struct scene *scene;
        size_t waves;
        double said;
        double truth;

        channel.seed = 100 + i;
        scene = open_scene(&channel);
        waves = count_waves(scene);
        assert_in_range(waves, 1, DIMS_MAX);
        said = account_bits(scene, waves, false);
        truth = counted_bits(&channel, scene, waves);
        print_message("%zu waves%s%s, %.0f dB: %zu credited, %.2f bits, %.2f counted\n",
                      channel.waves, channel.is_constant ? " that turn" : "",
                      channel.has_still ? " over a pattern" : "", channel.snr_db, waves, said,
                      truth);
        assert_true(said <= truth);
        assert_true(said > 0.5 * truth); /* not by crediting nothing */
        close_scene(scene);
    }
}

/* The comparison has teeth: what was credited before is above the truth. */
static void three_amplitudes_of_one_wave_were_credited_too_much(void **state)
{
    struct amplitude_channel channel = {
        .has_still = true, .waves = 1, .is_constant = true, .snr_db = 30.0, .seed = 1
    };
    struct scene *scene = open_scene(&channel);
    double truth = counted_bits(&channel, scene, 3);

    (void)state;
    print_message("%.2f bits, %.2f counted\n", account_bits(scene, 3, true), truth);
    assert_true(account_bits(scene, 3, true) > truth + 1.0);
    /* The shape takes the most of it; neighbours are too far apart to see the rest, which is why
     * waves are counted as well. */
    assert_true(account_bits(scene, 3, false) < account_bits(scene, 3, true) - 2.0);
    close_scene(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_account_is_below_the_counted_entropy),
        cmocka_unit_test(three_amplitudes_of_one_wave_were_credited_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
