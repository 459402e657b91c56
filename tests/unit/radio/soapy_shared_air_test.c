/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
/* What the simulated radios of two processes stand on: one channel, the same from both sides, and
 * another one to whoever stands beside. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "soapy/shared_air.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENDS = 3, PULSES = 300, STEP = 6000, BLOCK = 500, REACH = 12, DELAYS = 3 };
#define RATE_HZ 1e5

static char path[64];
static struct shared_air *air[ENDS];
static float heard[ENDS][2 * BLOCK];

static void enter(int end, double distance, double doppler_hz)
{
    struct shared_air_config config = {
        .rate_hz = RATE_HZ, .doppler_hz = doppler_hz, .distance = distance, .seed = 3
    };

    air[end] = shared_air_open(path, end, &config);
    assert_non_null(air[end]);
}

static int set_up(void **state)
{
    int fd;

    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/qwave-air-XXXXXX");
    fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    for (int end = 0; end < ENDS; end++) {
        shared_air_close(air[end]);
        air[end] = NULL;
    }
    return unlink(path);
}

/* All ends in turn up to this sample; what they hear behind it stays in heard. */
static void listen_until(long sample, int ends)
{
    for (bool is_there = false; !is_there;) {
        is_there = true;
        for (int end = 0; end < ends; end++) {
            long at = lround(1e-9 * (double)shared_air_time_ns(air[end]) * RATE_HZ);
            long left = sample + BLOCK - at;
            bool is_before = at < sample;
            long count = is_before ? sample - at : left;

            if (left <= 0) {
                continue;
            }
            is_there = false;
            (void)shared_air_read(air[end], is_before ? heard[end] : &heard[end][2 * (at - sample)],
                                  (size_t)(count < BLOCK ? count : BLOCK), 0);
        }
    }
}

static float complex at(int end, size_t delay)
{
    return heard[end][2 * delay] + I * heard[end][2 * delay + 1];
}

/* One pulse of an end, and what the others hear of it. */
static void pulse(int end, long sample, int ends)
{
    const float one[2] = { 1.0f, 0.0f };

    assert_true(shared_air_send(air[end], true, llround(1e9 * (double)sample / RATE_HZ), one, 1));
    listen_until(sample, ends);
}

static void both_directions_are_one_channel(void **state)
{
    (void)state;
    enter(0, 0.0, 0.0);
    enter(1, 0.0, 0.0);
    for (long i = 1; i <= 4; i++) {
        pulse(0, i * STEP, 2);
        for (size_t d = 0; d < REACH; d++) {
            float complex there = at(1, d);

            assert_true(cabsf(at(0, d)) == 0.0f); /* an end does not hear itself */
            heard[2][2 * d] = crealf(there);
            heard[2][2 * d + 1] = cimagf(there);
        }
        pulse(1, i * STEP + STEP / 2, 2);
        for (size_t d = 0; d < REACH; d++) {
            assert_true(cabsf(at(0, d) - at(2, d)) < 1e-6f);
        }
    }
}

/* Coherence of what end 2 hears of end 0 with what end 1 hears. */
static double coherence(double distance)
{
    double complex ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;

    enter(0, 0.0, 20.0);
    enter(1, 0.0, 20.0);
    enter(2, distance, 20.0);
    for (long i = 1; i <= PULSES; i++) {
        pulse(0, i * STEP, ENDS);
        for (size_t d = 0; d < DELAYS; d++) {
            ab += (double complex)(at(1, d) * conjf(at(2, d)));
            aa += pow(cabs((double complex)at(1, d)), 2.0);
            bb += pow(cabs((double complex)at(2, d)), 2.0);
        }
    }
    return cabs(ab) / sqrt(aa * bb);
}

static void an_eavesdropper_in_the_same_place_hears_the_same(void **state)
{
    (void)state;
    assert_true(coherence(0.0) > 0.9999);
}

static void half_a_wavelength_beside_she_hears_another_channel(void **state)
{
    (void)state;
    assert_true(coherence(0.5) < 0.7);
}

static void no_time_is_heard_twice(void **state)
{
    int64_t before_ns;

    (void)state;
    enter(0, 0.0, 0.0);
    enter(1, 0.0, 0.0);
    pulse(0, STEP, 2);
    before_ns = shared_air_time_ns(air[1]);
    shared_air_close(air[0]);
    shared_air_close(air[1]);
    enter(0, 0.0, 0.0);
    enter(1, 0.0, 0.0);
    assert_true(shared_air_time_ns(air[0]) >= before_ns);
    assert_true(shared_air_time_ns(air[1]) >= before_ns);
}

/* What the other one sends would come too late, had it been waited for too little: as long as it is
 * there, however busy the computer is. */
static void an_end_waits_for_the_other(void **state)
{
    const float one[2] = { 1.0f, 0.0f };
    float sample[2 * BLOCK];
    size_t got = 0;

    (void)state;
    enter(0, 0.0, 0.0);
    enter(1, 0.0, 0.0);
    for (int i = 0; i < 10; i++) {
        got += shared_air_read(air[0], sample, BLOCK, 0);
    }
    assert_int_equal(got, 100); /* a millisecond */
    assert_false(shared_air_send(air[1], true, 0, one, 1));
    assert_int_equal(shared_air_read(air[0], sample, BLOCK, 600000), 0);
}

static void an_end_that_was_left_goes_on_alone(void **state)
{
    float sample[2 * BLOCK];

    (void)state;
    enter(0, 0.0, 0.0);
    enter(1, 0.0, 0.0);
    assert_int_equal(shared_air_read(air[0], sample, BLOCK, 0), 100);
    shared_air_close(air[1]);
    air[1] = NULL;
    assert_true(shared_air_read(air[0], sample, BLOCK, 60000000) > 0);
}

static void what_cannot_be_entered(void **state)
{
    const struct shared_air_config config = { .rate_hz = RATE_HZ };

    (void)state;
    assert_null(shared_air_open(path, ENDS, &config));
    assert_null(shared_air_open(path, -1, &config));
    assert_null(shared_air_open("/nowhere/at/all", 0, &config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_directions_are_one_channel, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_eavesdropper_in_the_same_place_hears_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(half_a_wavelength_beside_she_hears_another_channel, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_time_is_heard_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_waits_for_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_that_was_left_goes_on_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_entered, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("radio.soapy_shared_air", tests, NULL, NULL);
}
