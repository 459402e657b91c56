/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
/* Two simulated radios take turns over one simulated channel; one listens alone. Virtual time. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "radio/sdr/soapy_prober.h"
#include "soapy_fake.h"
#include "support/fail_nth.h"

#include <stdlib.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { TURNS = 12, FRAMES_MAX = 64, GAP_US = 2000, INTERVAL_US = 6000 };
#define RATE_HZ 2e6

/* The computer's clock goes on by a millisecond each time that it is looked at. */
static int64_t clock_ms;
int64_t __wrap_qw_clock_monotonic_ms(void);

int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return ++clock_ms;
}

static char text[QW_SOAPY_TEXT_CAP];
static struct qw_soapy_prober *prober[FAKE_ENDS];
static struct qw_csi_frame *frame; /* [FRAMES_MAX] of the first, [FRAMES_MAX] of the second */
static size_t frames[FAKE_ENDS];

static struct qw_soapy_prober_config config_of(int end, enum qw_soapy_role role)
{
    return (struct qw_soapy_prober_config){
        .radio = { .args = end == 0 ? "0" : "1",
                   .frequency_hz = 433.92e6,
                   .rate_hz = RATE_HZ,
                   .gain_db = 20.0 },
        .carrier = &qw_carriers[0],
        .station = end + 1,
        .peer = 2 - end,
        .role = role,
        .interval_ns = INTERVAL_US * INT64_C(1000),
        .gap_ns = GAP_US * INT64_C(1000),
    };
}

static void open_end(int end, enum qw_soapy_role role)
{
    struct qw_soapy_prober_config config = config_of(end, role);

    assert_int_equal(qw_soapy_prober_open(&fake_soapy, &config, &prober[end], text), QW_OK);
}

static int set_up(void **state)
{
    (void)state;
    fake_open(RATE_HZ, 0.002, 2500.0);
    memset(prober, 0, sizeof prober);
    memset(frames, 0, sizeof frames);
    frame = malloc(FAKE_ENDS * FRAMES_MAX * sizeof *frame);
    return fake.air == NULL || frame == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int end = 0; end < FAKE_ENDS; end++) {
        qw_soapy_prober_close(prober[end]);
        assert_false(fake.device[end].is_open);
        assert_int_equal(fake.device[end].open_streams, 0);
    }
    fake_close();
    free(frame);
    return 0;
}

/* Each end in turn until both clocks have come to end_ns. */
static void run_until(int64_t end_ns)
{
    while (virtual_air_time_ns(fake.air, 0) < end_ns) {
        for (int end = 0; end < FAKE_ENDS; end++) {
            struct qw_csi_frame *next = &frame[end * FRAMES_MAX + (int)frames[end]];
            qw_err err;

            if (prober[end] == NULL ||
                virtual_air_time_ns(fake.air, end) > virtual_air_time_ns(fake.air, 1 - end)) {
                continue;
            }
            err = qw_soapy_prober_next(prober[end], next, 0);
            assert_true(err == QW_OK || err == QW_ERR_TIMEOUT);
            frames[end] += err == QW_OK;
            assert_true(frames[end] < FRAMES_MAX);
        }
    }
}

static double complex correlation(const struct qw_csi_frame *a, const struct qw_csi_frame *b)
{
    double complex ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;

    for (size_t k = 0; k < a->tone_count; k++) {
        ab += (double complex)(a->value[k] * conjf(b->value[k]));
        aa += pow(cabs((double complex)a->value[k]), 2.0);
        bb += pow(cabs((double complex)b->value[k]), 2.0);
    }
    return ab / sqrt(aa * bb);
}

static void both_ends_measure_one_channel_in_turns(void **state)
{
    struct qw_soapy_counters first;
    struct qw_soapy_counters second;

    (void)state;
    open_end(0, QW_SOAPY_FIRST);
    open_end(1, QW_SOAPY_SECOND);
    run_until((TURNS + 1) * INTERVAL_US * INT64_C(1000));
    assert_true(frames[0] >= TURNS - 1 && frames[1] >= TURNS);
    for (size_t i = 0; i < frames[0]; i++) {
        const struct qw_csi_frame *here = &frame[i];
        const struct qw_csi_frame *there = &frame[FRAMES_MAX + i];

        assert_int_equal(here->sequence, i);
        assert_int_equal(there->sequence, i);
        assert_int_equal(here->source[5], 2);
        assert_int_equal(there->source[5], 1);
        assert_true(llabs(here->time_ns - there->time_ns - GAP_US * 1000) < 10000);
        assert_true(cabs(correlation(here, there)) > 0.999);
    }
    first = qw_soapy_prober_counters(prober[0]);
    second = qw_soapy_prober_counters(prober[1]);
    assert_true(first.sends >= TURNS && second.sends == frames[1]);
    assert_int_equal(first.sends_late + second.sends_late, 0);
    assert_int_equal(first.sounding.foreign + first.sounding.no_label, 0);
}

static void a_listener_sends_nothing(void **state)
{
    (void)state;
    open_end(0, QW_SOAPY_FIRST);
    open_end(1, QW_SOAPY_LISTEN);
    run_until(TURNS * INTERVAL_US * INT64_C(1000));
    assert_true(frames[1] >= TURNS - 1);
    assert_int_equal(frames[0], 0);
    assert_int_equal(fake.device[1].writes, 0);
    assert_int_equal(fake.device[1].open_streams, 1);
}

static void overruns_and_corrupt_packets_cost_what_they_cut(void **state)
{
    struct qw_soapy_counters counters;

    (void)state;
    open_end(0, QW_SOAPY_FIRST);
    open_end(1, QW_SOAPY_LISTEN);
    run_until(2 * INTERVAL_US * INT64_C(1000));
    fake.device[1].script[0] = QW_SOAPY_OVERFLOW;
    fake.device[1].script[1] = QW_SOAPY_CORRUPTION;
    fake.device[1].script[2] = QW_SOAPY_TIMEOUT;
    run_until(TURNS * INTERVAL_US * INT64_C(1000));
    counters = qw_soapy_prober_counters(prober[1]);
    assert_int_equal(counters.overruns, 1);
    assert_int_equal(counters.corrupt, 1);
    assert_true(frames[1] >= TURNS - 2);
}

static void a_reply_that_comes_too_late_is_counted(void **state)
{
    (void)state;
    open_end(0, QW_SOAPY_FIRST);
    open_end(1, QW_SOAPY_SECOND);
    fake.device[1].write_result = QW_SOAPY_TIME_ERROR;
    run_until(4 * INTERVAL_US * INT64_C(1000));
    assert_true(frames[1] >= 3);
    assert_int_equal(frames[0], 0);
    assert_int_equal(qw_soapy_prober_counters(prober[1]).sends_late, frames[1]);
}

static void the_first_goes_on_when_its_clock_has_jumped(void **state)
{
    size_t before;

    (void)state;
    open_end(0, QW_SOAPY_FIRST);
    open_end(1, QW_SOAPY_LISTEN);
    run_until(3 * INTERVAL_US * INT64_C(1000));
    before = qw_soapy_prober_counters(prober[0]).sends;
    for (int end = 0; end < FAKE_ENDS; end++) { /* ten seconds that nobody has heard */
        virtual_air_skip(fake.air, end, (size_t)(10.0 * RATE_HZ));
    }
    run_until(10000000000 + 7 * INTERVAL_US * INT64_C(1000));
    assert_int_equal(qw_soapy_prober_counters(prober[0]).sounding.clock_jumps, 1);
    assert_true(qw_soapy_prober_counters(prober[0]).sends - before >= 3);
    assert_true(qw_soapy_prober_counters(prober[0]).sends - before <= 6);
}

static void a_dead_device_ends_the_series(void **state)
{
    qw_err err = QW_OK;

    (void)state;
    open_end(1, QW_SOAPY_LISTEN);
    for (int i = 0; err != QW_ERR_CLOSED && i < 2 * QW_SOAPY_SILENCE_MS; i++) {
        fake.device[1].script[0] = QW_SOAPY_TIMEOUT;
        err = qw_soapy_prober_next(prober[1], frame, 0);
        assert_true(err == QW_ERR_TIMEOUT || err == QW_ERR_CLOSED);
    }
    assert_int_equal(err, QW_ERR_CLOSED);
    fake.device[1].script[0] = -2;
    assert_int_equal(qw_soapy_prober_next(prober[1], frame, 100), QW_ERR_IO);
}

static void as_a_front_end_it_sends_when_told(void **state)
{
    struct qw_csi_source source;

    (void)state;
    open_end(0, QW_SOAPY_SECOND);
    open_end(1, QW_SOAPY_LISTEN);
    source = qw_soapy_prober_source(prober[0], "soapy:0");
    assert_string_equal(source.label, "soapy:0");
    assert_false(source.is_simulated || source.is_one_sided || source.has_phase);
    assert_int_equal(source.transmit(source.self, 4096 + 77, 1000000), QW_OK);
    run_until(3000000);
    assert_int_equal(frames[1], 1);
    assert_int_equal(frame[FRAMES_MAX].sequence, 77);
    assert_int_equal(source.next(source.self, frame, 0), QW_ERR_TIMEOUT);
    qw_csi_source_close(&source);
    prober[0] = NULL;
    source = qw_soapy_prober_source(prober[1], "soapy:1");
    assert_int_equal(source.transmit(source.self, 0, 0), QW_ERR_UNAVAILABLE);
}

static void settings_out_of_range_are_refused(void **state)
{
    struct qw_soapy_prober_config good = config_of(0, QW_SOAPY_FIRST);
    struct qw_soapy_prober_config bad[6];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        bad[i] = good;
    }
    bad[0].gap_ns = 0;
    bad[1].interval_ns = good.gap_ns;
    bad[2].interval_ns = INT64_MAX;
    bad[3].gap_ns = INT64_MAX;
    bad[4].station = QW_SOUNDING_ANY_STATION;
    bad[5].carrier = qw_carrier_find("nr-tdd");
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(qw_soapy_prober_open(&fake_soapy, &bad[i], &prober[0], text), QW_ERR_ARG);
        assert_null(prober[0]);
    }
}

static void every_failed_allocation_is_told(void **state)
{
    struct qw_soapy_prober_config config = config_of(0, QW_SOAPY_FIRST);
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err == QW_ERR_NOMEM && n < 50; n++) {
        fail_nth = n;
        err = qw_soapy_prober_open(&fake_soapy, &config, &prober[0], text);
        assert_true(err == QW_OK || (prober[0] == NULL && !fake.device[0].is_open));
    }
    fail_nth = 0;
    assert_int_equal(err, QW_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_ends_measure_one_channel_in_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_listener_sends_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overruns_and_corrupt_packets_cost_what_they_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reply_that_comes_too_late_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_goes_on_when_its_clock_has_jumped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_dead_device_ends_the_series, set_up, tear_down),
        cmocka_unit_test_setup_teardown(as_a_front_end_it_sends_when_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settings_out_of_range_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_failed_allocation_is_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
