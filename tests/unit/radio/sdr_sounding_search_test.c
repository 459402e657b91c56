/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/sdr/sounding_label.h"
#include "radio/sdr/sounding_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 200000 };

static struct qw_sounding sounding;
static float complex *sample; /* [COUNT] */

static int open_bench(void **state)
{
    (void)state;
    qw_sounding_of(&qw_carriers[0], &sounding);
    sample = calloc(COUNT, sizeof *sample);
    return sample == NULL ? -1 : 0;
}

static int close_bench(void **state)
{
    (void)state;
    free(sample);
    return 0;
}

static void fill_noise(double deviation, uint64_t seed)
{
    struct qw_prng prng;

    qw_prng_init(&prng, seed, 1);
    for (size_t i = 0; i < COUNT; i++) {
        sample[i] = (float)(deviation * qw_prng_gaussian(&prng)) +
                    (float complex)I * (float)(deviation * qw_prng_gaussian(&prng));
    }
}

static void add_frame(size_t at)
{
    struct qw_sounding_label label = { .number = 1 };
    float complex frame[QW_SOUNDING_SAMPLES_MAX];
    double complex work[256];
    struct qw_dft *dft;

    assert_int_equal(qw_dft_new(sounding.size, &dft), QW_OK);
    qw_sounding_frame_make(&sounding, dft, &label, work, frame);
    qw_dft_free(dft);
    for (size_t i = 0; i < qw_sounding_labelled_samples(&sounding); i++) {
        sample[at + i] += frame[i];
    }
}

/* 5 dB per sample; the label's symbols do not repeat. */
static void frames_are_found_at_their_places(void **state)
{
    const size_t at[3] = { 500, 70001, 199000 };
    size_t from = 0;
    size_t place = 0;

    (void)state;
    fill_noise(0.4, 5);
    for (int i = 0; i < 3; i++) {
        add_frame(at[i]);
    }
    for (int i = 0; i < 3; i++) {
        assert_true(qw_sounding_search(&sounding, sample, COUNT, from, &place));
        assert_true(place + 4 >= at[i] && place <= at[i] + 20);
        from = place + 100;
    }
    assert_false(qw_sounding_search(&sounding, sample, COUNT, from, &place));
}

/* A false alarm each nine million places: in 2e5 with a probability of 2 %; the seed is fixed. */
static void noise_and_silence_have_none(void **state)
{
    size_t place = 17;

    (void)state;
    fill_noise(1.0, 6);
    assert_false(qw_sounding_search(&sounding, sample, COUNT, 0, &place));
    memset(sample, 0, COUNT * sizeof *sample);
    assert_false(qw_sounding_search(&sounding, sample, COUNT, 0, &place));
    assert_int_equal(place, 17);
}

/* What strong samples leave in the sums is not taken for a signal once they have gone. */
static void silence_behind_something_strong_has_none(void **state)
{
    struct qw_prng prng;
    size_t place;

    (void)state;
    memset(sample, 0, COUNT * sizeof *sample);
    qw_prng_init(&prng, 7, 1);
    for (size_t i = 0; i < 1000; i++) {
        sample[i] = 16.0f * (float)qw_prng_uniform(&prng);
    }
    assert_false(qw_sounding_search(&sounding, sample, COUNT, 1000, &place));
}

static void too_few_samples_are_no_place(void **state)
{
    size_t reach = qw_sounding_search_reach(&sounding);
    size_t place;

    (void)state;
    fill_noise(0.001, 8);
    add_frame(0);
    assert_false(qw_sounding_search(&sounding, sample, 0, 0, &place));
    assert_false(qw_sounding_search(&sounding, sample, reach, 0, &place));
    assert_false(qw_sounding_search(&sounding, sample, reach + 5, 5, &place));
    assert_false(qw_sounding_search(&sounding, sample, reach + 5, SIZE_MAX, &place));
    assert_true(qw_sounding_search(&sounding, sample, reach + 1, 0, &place));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_found_at_their_places),
        cmocka_unit_test(noise_and_silence_have_none),
        cmocka_unit_test(silence_behind_something_strong_has_none),
        cmocka_unit_test(too_few_samples_are_no_place),
    };

    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
