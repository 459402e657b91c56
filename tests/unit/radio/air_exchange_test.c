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

static int fail_at; /* the n-th allocation from now fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    if (fail_at > 0 && --fail_at == 0) {
        return NULL;
    }
    return __real_calloc(count, size);
}

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
    qw_air_exchange_join(bench->exchange,
                         QW_AIR_TERMINAL); /* the terminal has gone and come back */
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
    qw_air_exchange_join(bench->exchange, QW_AIR_TERMINAL);
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
    qw_air_exchange_join(bench->exchange, QW_AIR_TERMINAL);
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
            qw_air_exchange_join(bench->exchange, QW_AIR_TERMINAL);
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

/* Both ends of one shape see the same channel, each with its own antennas first. */
static void assert_same_channel(const struct bench *bench, size_t access_point, size_t terminal,
                                size_t bands)
{
    const struct qw_csi_frame *up = bench->at_access_point;
    const struct qw_csi_frame *down = bench->at_terminal;
    float complex cross = 0.0f;
    float power_up = 0.0f;
    float power_down = 0.0f;
    size_t tones = up->tone_count;

    assert_int_equal(up->rx_count, access_point);
    assert_int_equal(up->tx_count, terminal);
    assert_int_equal(down->rx_count, terminal);
    assert_int_equal(down->tx_count, access_point);
    assert_int_equal(up->band_count, bands);
    assert_int_equal(down->band_count, bands);
    assert_int_equal(down->tone_count, tones);
    for (size_t chain = 0; chain < access_point * terminal * bands; chain++) {
        size_t band = chain / (access_point * terminal);
        size_t a = chain / terminal % access_point;
        size_t t = chain % terminal;
        size_t other = (band * terminal + t) * access_point + a;

        for (size_t k = 0; k < tones; k++) {
            float complex x = up->value[chain * tones + k];
            float complex y = down->value[other * tones + k];

            cross += x * conjf(y);
            power_up += crealf(x * conjf(x));
            power_down += crealf(y * conjf(y));
        }
    }
    assert_true((double)cabsf(cross) / sqrt((double)power_up * (double)power_down) > 0.99);
}

/* A3 */
static void tuned_alike_both_ends_hear_the_same_antennas_and_bands(void **state)
{
    static const struct {
        const char *carrier;
        uint8_t access_point, terminal, bands;
        size_t tones;
    } cases[] = {
        { "wifi40", 1, 2, 1, 114 }, { "wifi80", 2, 1, 2, 242 }, { "wifi20", 4, 1, 1, 52 },
        { "wifi20", 2, 2, 1, 52 },  { "wifi20", 1, 1, 4, 52 },  { "wifi20", 1, 1, 1, 52 }
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_tuning tuning = { qw_carrier_find(cases[i].carrier), cases[i].access_point,
                                    cases[i].terminal, cases[i].bands };
        int64_t now_ns = (int64_t)i * INTERVAL_NS;

        assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &tuning));
        assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_ACCESS_POINT, &tuning));
        assert_int_equal(send(bench, i, now_ns), QW_AIR_HEARD);
        assert_int_equal(answer(bench, i, now_ns + GAP_NS), QW_AIR_HEARD);
        assert_int_equal(bench->at_terminal->tone_count, cases[i].tones);
        assert_same_channel(bench, tuning.access_point_antennas, tuning.terminal_antennas,
                            tuning.bands);
    }
}

/* S16 of plkg.md */
static void tuned_differently_nothing_is_heard(void **state)
{
    struct qw_tuning wide = { qw_carrier_find("wifi40"), 1, 1, 1 };
    struct bench *bench = *state;

    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &wide));
    assert_int_equal(send(bench, 0, 0), QW_AIR_LOST);
    assert_true(qw_air_exchange_probe(bench->exchange)->heard_terminal); /* by whoever listens */
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_ACCESS_POINT, &wide));
    assert_int_equal(send(bench, 1, INTERVAL_NS), QW_AIR_HEARD);
    qw_air_exchange_join(bench->exchange, QW_AIR_TERMINAL); /* the next one stands at 20 MHz */
    assert_int_equal(send(bench, 0, 0), QW_AIR_LOST);
    qw_air_exchange_join(bench->exchange, QW_AIR_ACCESS_POINT);
    assert_int_equal(send(bench, 1, INTERVAL_NS), QW_AIR_HEARD);
    assert_int_equal(bench->at_access_point->tone_count, TONES);
}

static void a_change_that_lacks_memory_changes_nothing(void **state)
{
    struct qw_tuning wide = { qw_carrier_find("wifi40"), 1, 2, 2 };
    struct bench *bench = *state;
    bool is_tuned = false;

    for (int n = 1; !is_tuned; n++) {
        assert_true(n < 20);
        fail_at = n;
        is_tuned = qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &wide);
        fail_at = 0;
        assert_int_equal(is_tuned, n > 2); /* one channel for each band */
        if (!is_tuned) {
            assert_int_equal(send(bench, (uint64_t)n, n * INTERVAL_NS), QW_AIR_HEARD);
            assert_int_equal(bench->at_access_point->tone_count, TONES);
        }
    }
    for (int n = 1; n <= 9; n++) { /* two for each of four filters, then the channel */
        struct qw_tuning cell = { qw_carrier_find("lte-tdd"), 1, 1, 1 };

        fail_at = n;
        assert_false(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &cell));
        fail_at = 0;
    }
    /* The next terminal stands at 20 MHz, but there is no memory to go back: lost, then not. */
    qw_air_exchange_join(bench->exchange, QW_AIR_TERMINAL);
    fail_at = 1;
    assert_int_equal(send(bench, 0, 0), QW_AIR_LOST);
    fail_at = 0;
    assert_int_equal(send(bench, 1, INTERVAL_NS), QW_AIR_HEARD);
    assert_int_equal(bench->at_access_point->tone_count, TONES);
}

static const int64_t PERIOD_NS = 10000000;

/* Both ends of a cell compute the channel of one instant, milliseconds between their signals. */
static void ends_of_a_cell_hear_the_channel_of_one_instant(void **state)
{
    static const char *const names[] = { "lte-tdd", "nr-tdd" };
    struct bench *bench = *state;

    for (size_t i = 0; i < 2; i++) {
        struct qw_tuning cell = { qw_carrier_find(names[i]), 1, 1, 1 };
        int64_t gap_ns = llround(1e9 * cell.carrier->gap_s);

        assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &cell));
        assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_ACCESS_POINT, &cell));
        for (size_t k = 0; k < 20; k++) {
            int64_t now_ns = (int64_t)(20 * i + k) * 4 * PERIOD_NS;
            const struct qw_air_probe *eve = qw_air_exchange_probe(bench->exchange);

            assert_int_equal(send(bench, k, now_ns), QW_AIR_HEARD);
            assert_int_equal(answer(bench, k, now_ns + gap_ns), QW_AIR_HEARD);
            assert_int_equal(bench->at_access_point->time_ns, now_ns);
            assert_int_equal(bench->at_terminal->time_ns, now_ns + gap_ns);
            assert_same_channel(bench, 1, 1, 1);
            assert_true(eve->heard_terminal && eve->heard_access_point);
            assert_int_equal(eve->from_access_point.tone_count, bench->at_terminal->tone_count);
        }
    }
}

static void a_period_of_a_cell_is_served_once(void **state)
{
    struct qw_tuning cell = { qw_carrier_find("lte-tdd"), 1, 1, 1 };
    struct bench *bench = *state;

    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &cell));
    assert_int_equal(send(bench, 0, 0), QW_AIR_LOST); /* the access point is no cell yet */
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_ACCESS_POINT, &cell));
    assert_int_equal(send(bench, 1, PERIOD_NS / 4), QW_AIR_LOST); /* that period is gone */
    assert_int_equal(send(bench, 2, PERIOD_NS), QW_AIR_HEARD);
    assert_int_equal(send(bench, 3, 5 * PERIOD_NS), QW_AIR_HEARD);
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &qw_tuning_standard));
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_ACCESS_POINT, &qw_tuning_standard));
    assert_int_equal(send(bench, 4, 6 * PERIOD_NS), QW_AIR_HEARD);
    assert_int_equal(bench->at_access_point->tone_count, TONES);
}

/* A probe is lost with any of its nine signals, as often as was asked for. */
static void probes_of_a_cell_are_lost_as_often_as_others(void **state)
{
    struct qw_air_config config = {
        .scene = QW_AIR_STATIC, .seed = 23, .snr_db = 20.0, .loss = 0.05
    };
    struct qw_tuning cell = { qw_carrier_find("nr-tdd"), 1, 1, 1 };
    struct bench *bench = *state;
    size_t heard = 0;
    char error[256];

    qw_air_exchange_free(bench->exchange);
    bench->exchange = NULL;
    assert_int_equal(qw_air_exchange_new(&config, &bench->exchange, error), QW_OK);
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &cell));
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_ACCESS_POINT, &cell));
    for (size_t i = 0; i < 500; i++) { /* nine periods apart: no signal in common */
        heard += send(bench, i, (int64_t)i * 9 * PERIOD_NS) == QW_AIR_HEARD;
        assert_true(qw_air_exchange_probe(bench->exchange)->heard_terminal);
    }
    assert_in_range(heard, 445, 500); /* 475, sigma 5 */
}

/* S3: the receivers' noise goes on over a change; it is never served twice. */
static void noise_does_not_begin_again_with_another_carrier(void **state)
{
    struct qw_air_config config = { .scene = QW_AIR_STATIC, .seed = 9, .snr_db = 10.0 };
    struct qw_tuning wide = { qw_carrier_find("wifi40"), 1, 1, 1 };
    struct bench *bench = *state;
    struct qw_csi_frame *first = calloc(1, sizeof *first);
    char error[256];

    assert_non_null(first);
    qw_air_exchange_free(bench->exchange);
    bench->exchange = NULL;
    assert_int_equal(qw_air_exchange_new(&config, &bench->exchange, error), QW_OK);
    assert_int_equal(send(bench, 0, 0), QW_AIR_HEARD);
    *first = *bench->at_access_point;
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &wide));
    assert_true(qw_air_exchange_tune(bench->exchange, QW_AIR_TERMINAL, &qw_tuning_standard));
    assert_int_equal(send(bench, 0, INTERVAL_NS), QW_AIR_HEARD);
    for (size_t k = 0; k < TONES; k++) { /* nothing moves: only noise can differ */
        assert_true(first->value[k] != bench->at_access_point->value[k]);
    }
    assert_true(match(first, bench->at_access_point) > 0.8);
    free(first);
}

/* [W9] Both ends hear one wave on top of the channel, new for each pair, and not where a frame
 * begins; an antenna more that sends, and there is no beginning. Impossible numbers are refused. */
static void an_injector_comes_late_at_both_ends(void **state)
{
    struct qw_air_config config = {
        .scene = QW_AIR_STATIC, .seed = 21, .snr_db = 50.0, .injector = { 1.0, 2e-6 }
    };
    struct qw_air_config other = config;
    struct bench bench = { NULL, calloc(1, sizeof(struct qw_csi_frame)),
                           calloc(1, sizeof(struct qw_csi_frame)) };
    struct qw_tuning two = { qw_carrier_find("wifi20"), 1, 2, 1 };
    struct qw_tuning wide = { qw_carrier_find("wifi80"), 2, 1, 1 };
    float complex last = 0.0f;
    char error[256];

    (void)state;
    assert_true(bench.at_access_point != NULL && bench.at_terminal != NULL);
    other.injector.reaction_s = 10e-6;
    assert_int_equal(qw_air_exchange_new(&other, &bench.exchange, error), QW_ERR_ARG);
    other.injector = (struct qw_air_injector){ 2e4, 0.0 };
    assert_int_equal(qw_air_exchange_new(&other, &bench.exchange, error), QW_ERR_ARG);
    assert_int_equal(qw_air_exchange_new(&config, &bench.exchange, error), QW_OK);
    for (uint64_t i = 0; i < 20; i++) {
        int64_t now_ns = (int64_t)i * INTERVAL_NS;
        const struct qw_csi_frame *up = bench.at_access_point;
        const struct qw_csi_frame *down = bench.at_terminal;
        float complex moved;

        assert_int_equal(send(&bench, i, now_ns), QW_AIR_HEARD);
        assert_int_equal(answer(&bench, i, now_ns + GAP_NS), QW_AIR_HEARD);
        assert_true(up->has_early && down->has_early);
        /* Tone -24 is the third of all and the first of the beginning. */
        moved = (up->value[2] - up->early[0]) * powf(10.0f, -up->agc_db / 20.0f);
        assert_true(cabsf(moved - (down->value[2] - down->early[0]) *
                                      powf(10.0f, -down->agc_db / 20.0f)) < 0.15f);
        assert_true(cabsf(moved - last) > 0.01f);
        last = moved;
    }
    assert_true(qw_air_exchange_tune(bench.exchange, QW_AIR_TERMINAL, &two));
    assert_true(qw_air_exchange_tune(bench.exchange, QW_AIR_ACCESS_POINT, &two));
    assert_int_equal(send(&bench, 20, 20 * INTERVAL_NS), QW_AIR_HEARD);
    assert_int_equal(answer(&bench, 20, 20 * INTERVAL_NS + GAP_NS), QW_AIR_HEARD);
    assert_true(!bench.at_access_point->has_early && bench.at_terminal->has_early);
    assert_true(qw_air_exchange_tune(bench.exchange, QW_AIR_TERMINAL, &wide));
    assert_true(qw_air_exchange_tune(bench.exchange, QW_AIR_ACCESS_POINT, &wide));
    assert_int_equal(send(&bench, 21, 21 * INTERVAL_NS), QW_AIR_HEARD);
    assert_int_equal(answer(&bench, 21, 21 * INTERVAL_NS + GAP_NS), QW_AIR_HEARD);
    assert_true(bench.at_access_point->has_early && !bench.at_terminal->has_early);
    qw_air_exchange_free(bench.exchange);
    free(bench.at_access_point);
    free(bench.at_terminal);
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
        cmocka_unit_test_setup_teardown(tuned_alike_both_ends_hear_the_same_antennas_and_bands,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(tuned_differently_nothing_is_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_that_lacks_memory_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(ends_of_a_cell_hear_the_channel_of_one_instant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_period_of_a_cell_is_served_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(probes_of_a_cell_are_lost_as_often_as_others, set_up,
                                        tear_down),
        cmocka_unit_test(an_injector_comes_late_at_both_ends),
        cmocka_unit_test_setup_teardown(noise_does_not_begin_again_with_another_carrier, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
