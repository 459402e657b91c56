/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W9 */
/* Pairs, losses and the virtual clock of an air, without sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/air/exchange.h"

#include <math.h>
#include <stdlib.h>

enum { TONES = 52 };

static const int64_t INTERVAL_NS = 15000000;
static const int64_t GAP_NS = 60000;

struct bench {
    struct qw_air_exchange *exchange;
    struct qw_csi_frame *at_access_point, *at_terminal;
};

static int set_up(void **state)
{
    struct qw_air_config config = {
        .scene = QW_AIR_INDOOR, .seed = 21, .snr_db = 40.0, .eve_distance_m = 1.0
    };
    struct bench *bench = calloc(1, sizeof *bench);
    char error[256];

    assert_non_null(bench);
    bench->at_access_point = calloc(2, sizeof *bench->at_access_point);
    assert_non_null(bench->at_access_point);
    bench->at_terminal = bench->at_access_point + 1;
    assert_int_equal(qw_air_exchange_new(&config, &bench->exchange, error), QW_OK);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    qw_air_exchange_free(bench->exchange);
    qw_air_exchange_free(NULL);
    free(bench->at_access_point);
    free(bench);
    return 0;
}

static enum qw_air_outcome send(struct bench *bench, uint64_t sequence, int64_t time_ns)
{
    return qw_air_exchange_terminal(bench->exchange, &(struct qw_air_pilot){ sequence, time_ns },
                                    bench->at_access_point);
}

static enum qw_air_outcome answer(struct bench *bench, uint64_t sequence, int64_t time_ns)
{
    return qw_air_exchange_access_point(
        bench->exchange, &(struct qw_air_pilot){ sequence, time_ns }, bench->at_terminal);
}

static void an_answer_belongs_to_the_open_pair_and_comes_once(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(answer(bench, 0, GAP_NS), QW_AIR_IGNORED); /* nobody has asked */
    assert_int_equal(send(bench, 5, 0), QW_AIR_HEARD);
    assert_int_equal(answer(bench, 4, GAP_NS), QW_AIR_IGNORED);
    assert_int_equal(answer(bench, 5, GAP_NS), QW_AIR_HEARD);
    assert_int_equal(answer(bench, 5, GAP_NS), QW_AIR_IGNORED);
    assert_int_equal(send(bench, 6, INTERVAL_NS), QW_AIR_HEARD);
    assert_int_equal(send(bench, 7, 2 * INTERVAL_NS), QW_AIR_HEARD);
    assert_int_equal(answer(bench, 6, INTERVAL_NS + GAP_NS), QW_AIR_IGNORED);
    qw_air_exchange_begin(bench->exchange); /* the terminal has gone and come back */
    assert_int_equal(answer(bench, 7, 2 * INTERVAL_NS + GAP_NS), QW_AIR_IGNORED);
}

static void times_that_no_honest_front_end_sends_are_refused(void **state)
{
    struct bench *bench = *state;
    int64_t day_ns = 86400 * INT64_C(1000000000);

    assert_int_equal(send(bench, 0, 1000), QW_AIR_HEARD);
    assert_int_equal(answer(bench, 0, 999), QW_AIR_REFUSED); /* before it was asked */
    assert_int_equal(send(bench, 1, 2000), QW_AIR_HEARD);
    assert_int_equal(answer(bench, 1, 2000 + 10000001), QW_AIR_REFUSED);
    assert_int_equal(answer(bench, 1, 2000 + 10000000), QW_AIR_HEARD);
    assert_int_equal(send(bench, 2, 2000 + day_ns), QW_AIR_HEARD);
    assert_int_equal(send(bench, 3, 2001 + 2 * day_ns), QW_AIR_REFUSED);
    qw_air_exchange_begin(bench->exchange);
    assert_int_equal(send(bench, 4, INT64_MAX), QW_AIR_HEARD); /* a first time may be any */
    assert_int_equal(send(bench, 5, INT64_MAX), QW_AIR_HEARD); /* starts a session again */
}

static void the_clock_ends_before_it_overflows(void **state)
{
    struct bench *bench = *state;
    int64_t day_ns = 86400 * INT64_C(1000000000);
    int64_t days = 0;

    while (send(bench, 0, days * day_ns) == QW_AIR_HEARD) {
        days++;
    }
    assert_in_range(days, 26000, 27000); /* 73 years */
    qw_air_exchange_begin(bench->exchange);
    assert_int_equal(send(bench, 0, 0), QW_AIR_HEARD); /* the last second of the clock */
}

static double match(const struct qw_csi_frame *a, const struct qw_csi_frame *b)
{
    float complex cross = 0.0f;
    float power_a = 0.0f;
    float power_b = 0.0f;

    for (size_t k = 0; k < TONES; k++) {
        cross += a->value[k] * conjf(b->value[k]);
        power_a += crealf(a->value[k] * conjf(a->value[k]));
        power_b += crealf(b->value[k] * conjf(b->value[k]));
    }
    return (double)cabsf(cross) / sqrt((double)power_a * (double)power_b);
}

/* S2: whatever times a terminal names, it never hears the same fading again. */
static void no_time_of_the_channel_is_served_twice(void **state)
{
    static const int64_t starts_ns[] = { 0, 0, 500, 0, 1000000000000, 0 };
    enum { SESSIONS = sizeof starts_ns / sizeof starts_ns[0] };
    struct bench *bench = *state;
    struct qw_csi_frame *first = calloc(SESSIONS, sizeof *first);

    assert_non_null(first);
    for (size_t i = 0; i < SESSIONS; i++) {
        if (i % 2 == 0) { /* else the same connection simply starts again */
            qw_air_exchange_begin(bench->exchange);
        }
        assert_int_equal(send(bench, 0, starts_ns[i]), QW_AIR_HEARD);
        first[i] = *bench->at_access_point;
        for (size_t j = 0; j < i; j++) {
            assert_true(match(&first[i], &first[j]) < 0.9);
        }
        assert_int_equal(answer(bench, 0, starts_ns[i] + GAP_NS), QW_AIR_HEARD);
        assert_true(match(&first[i], bench->at_terminal) > 0.99);
    }
    free(first);
}

static void both_directions_are_lost_independently(void **state)
{
    struct qw_air_config config = {
        .scene = QW_AIR_STATIC, .seed = 22, .snr_db = 20.0, .loss = 0.5
    };
    struct bench *bench = *state;
    size_t heard[2] = { 0, 0 };
    char error[256];

    qw_air_exchange_free(bench->exchange);
    bench->exchange = NULL;
    assert_int_equal(qw_air_exchange_new(&config, &bench->exchange, error), QW_OK);
    for (size_t i = 0; i < 2000; i++) {
        int64_t now_ns = (int64_t)i * INTERVAL_NS;
        const struct qw_air_probe *eve = qw_air_exchange_probe(bench->exchange);

        if (send(bench, i, now_ns) == QW_AIR_LOST) {
            assert_true(eve->heard_terminal);
            assert_int_equal(answer(bench, i, now_ns + GAP_NS), QW_AIR_IGNORED);
            assert_false(eve->heard_access_point);
            continue;
        }
        heard[0]++;
        heard[1] += answer(bench, i, now_ns + GAP_NS) == QW_AIR_HEARD;
        assert_true(eve->heard_access_point); /* a listener loses nothing */
    }
    assert_in_range(heard[0], 880, 1120); /* 1000, sigma 22 */
    assert_in_range(heard[1], 400, 600);  /* 500, sigma 19 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_belongs_to_the_open_pair_and_comes_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(times_that_no_honest_front_end_sends_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_clock_ends_before_it_overflows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_time_of_the_channel_is_served_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_directions_are_lost_independently, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
