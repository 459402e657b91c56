/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W1 W15 */
/* A terminal's and an access point's software radio over one simulated channel. Virtual time. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "radio/sdr/session_radio.h"
#include "soapy_fake.h"
#include "support/fail_nth.h"

#include <stdlib.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { ACCESS_POINT, TERMINAL, GAP_US = 3000, INTERVAL_US = 30000, WAIT_MS = 500 };
#define RATE_HZ 1e6

/* The computer's clock goes on by a millisecond each time that it is looked at. */
static int64_t clock_ms;
int64_t __wrap_qw_clock_monotonic_ms(void);

int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return ++clock_ms;
}

static char text[QW_SOAPY_TEXT_CAP];
static struct qw_csi_source source[FAKE_ENDS];
static struct qw_csi_frame *frame; /* one of each end */

static struct qw_session_radio_config config_of(int end)
{
    return (struct qw_session_radio_config){
        .radio = { .args = end == 0 ? "0" : "1",
                   .frequency_hz = 433.92e6,
                   .rate_hz = RATE_HZ,
                   .gain_db = 20.0 },
        .carrier = &qw_carriers[0],
        .is_terminal = end == TERMINAL,
        .station = end,
        .peer = 1 - end,
        .gap_s = GAP_US * 1e-6,
    };
}

static int set_up(void **state)
{
    (void)state;
    fake_open(RATE_HZ, 0.002, 700.0);
    memset(source, 0, sizeof source);
    frame = malloc(FAKE_ENDS * sizeof *frame);
    if (fake.air == NULL || frame == NULL) {
        return -1;
    }
    for (int end = 0; end < FAKE_ENDS; end++) {
        struct qw_session_radio_config config = config_of(end);

        if (qw_session_radio_open(&fake_soapy, &config, &source[end], text) != QW_OK) {
            return -1;
        }
    }
    fake.device[TERMINAL].script[0] = QW_SOAPY_TIMEOUT; /* it has nothing kept from before */
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int end = 0; end < FAKE_ENDS; end++) {
        qw_csi_source_close(&source[end]);
        assert_false(fake.device[end].is_open);
        assert_int_equal(fake.device[end].open_streams, 0);
    }
    fake_close();
    free(frame);
    return 0;
}

static qw_err hear(int end)
{
    return source[end].next(source[end].self, &frame[end], WAIT_MS);
}

static qw_err ask(uint64_t sequence, int64_t time_us)
{
    return source[TERMINAL].transmit(source[TERMINAL].self, sequence, time_us * 1000);
}

/* The access point's answer, this much later than it should be. */
static qw_err answer(int64_t late_us)
{
    return source[ACCESS_POINT].transmit(source[ACCESS_POINT].self, frame[ACCESS_POINT].sequence,
                                         frame[ACCESS_POINT].time_ns + (GAP_US + late_us) * 1000);
}

static void exchange(uint64_t sequence, int64_t time_us)
{
    assert_int_equal(ask(sequence, time_us), QW_OK);
    assert_int_equal(hear(ACCESS_POINT), QW_OK);
    assert_int_equal(frame[ACCESS_POINT].sequence, sequence);
    assert_int_equal(answer(0), QW_OK);
    assert_int_equal(hear(TERMINAL), QW_OK);
    assert_int_equal(frame[TERMINAL].sequence, sequence);
}

static void both_ends_hear_the_same_channel_in_the_carriers_format(void **state)
{
    int64_t before_ns = 0;

    (void)state;
    for (uint64_t i = 0; i < 8; i++) {
        double complex ab = 0.0;
        double aa = 0.0;
        double bb = 0.0;

        exchange(i, (int64_t)i * INTERVAL_US);
        assert_int_equal(frame[0].format, QW_CSI_LEGACY_20);
        assert_int_equal(frame[1].format, QW_CSI_LEGACY_20);
        for (size_t k = 0; k < frame[0].tone_count; k++) {
            ab += (double complex)(frame[0].value[k] * conjf(frame[1].value[k]));
            aa += pow(cabs((double complex)frame[0].value[k]), 2.0);
            bb += pow(cabs((double complex)frame[1].value[k]), 2.0);
        }
        assert_true(cabs(ab) / sqrt(aa * bb) > 0.999);
        if (i > 0) {
            assert_true(llabs(frame[0].time_ns - before_ns - INTERVAL_US * 1000) < 10000);
        }
        before_ns = frame[0].time_ns;
    }
    assert_int_equal(qw_session_radio_counters(&source[TERMINAL]).sends, 8);
    assert_int_equal(qw_session_radio_counters(&source[ACCESS_POINT]).sends_late, 0);
}

static void it_says_what_it_is(void **state)
{
    struct qw_session_radio_config config = config_of(0);

    (void)state;
    assert_string_equal(source[0].label, "SoapySDR driver qwave-test, simulated");
    assert_true(source[0].is_simulated && source[0].has_no_looks);
    assert_false(source[0].has_phase || source[0].is_one_sided);
    assert_true(fabs(source[0].gap_s - 3e-3) < 1e-12);
    assert_int_equal(qw_csi_source_tune(&source[0], &qw_tuning_standard), QW_OK);
    qw_csi_source_close(&source[0]);
    fake.device[0].driver = "uhd\n";
    assert_int_equal(qw_session_radio_open(&fake_soapy, &config, &source[0], text), QW_OK);
    assert_string_equal(source[0].label, "SoapySDR driver uhd?");
    assert_false(source[0].is_simulated);
    qw_csi_source_close(&source[0]);
    fake.device[0].refuse = "driver";
    assert_int_equal(qw_session_radio_open(&fake_soapy, &config, &source[0], text), QW_OK);
    assert_string_equal(source[0].label, "SoapySDR driver unknown");
}

static void a_probe_without_an_answer_is_lost_when_its_time_has_passed(void **state)
{
    int64_t before_ms;

    (void)state;
    exchange(0, 0);
    before_ms = clock_ms;
    assert_int_equal(ask(1, INTERVAL_US), QW_OK);
    assert_int_equal(hear(TERMINAL), QW_ERR_TIMEOUT);
    assert_true(clock_ms - before_ms < WAIT_MS);
    assert_int_equal(hear(ACCESS_POINT), QW_OK); /* its answer comes too late to be sent */
    assert_int_equal(answer(0), QW_OK);
    assert_int_equal(qw_session_radio_counters(&source[ACCESS_POINT]).sends_late, 1);
    exchange(2, 2 * INTERVAL_US);
}

static void an_answer_out_of_its_time_is_none(void **state)
{
    (void)state;
    exchange(0, 0);
    assert_int_equal(ask(1, INTERVAL_US), QW_OK);
    assert_int_equal(hear(ACCESS_POINT), QW_OK);
    assert_int_equal(answer(400), QW_OK);
    assert_int_equal(hear(TERMINAL), QW_ERR_TIMEOUT);
    exchange(2, 2 * INTERVAL_US);
}

static void silence_is_sent_by_nobody_and_lasts_as_long_as_a_probe(void **state)
{
    struct qw_csi_source *terminal = &source[TERMINAL];
    uint64_t sends;

    (void)state;
    exchange(0, 0);
    sends = qw_session_radio_counters(terminal).sends;
    assert_int_equal(terminal->stay_silent(terminal->self, 1, INTERVAL_US * 1000), QW_OK);
    assert_int_equal(hear(TERMINAL), QW_ERR_TIMEOUT);
    assert_int_equal(qw_session_radio_counters(terminal).sends, sends);
    exchange(2, 2 * INTERVAL_US);
}

/* Whatever its time: it was somebody else. */
static void a_number_heard_in_its_silence_is_told(void **state)
{
    struct qw_csi_source *terminal = &source[TERMINAL];

    (void)state;
    exchange(0, 0);
    frame[ACCESS_POINT].sequence = 1;
    frame[ACCESS_POINT].time_ns += (INTERVAL_US - GAP_US) * 1000;
    assert_int_equal(answer(1000), QW_OK);
    assert_int_equal(terminal->stay_silent(terminal->self, 1, INTERVAL_US * 1000), QW_OK);
    assert_int_equal(hear(TERMINAL), QW_OK);
    assert_int_equal(frame[TERMINAL].sequence, 1);
}

static void go_on(double seconds)
{
    for (int end = 0; end < FAKE_ENDS; end++) {
        virtual_air_skip(fake.air, end, (size_t)(seconds * RATE_HZ));
    }
    fake.device[TERMINAL].script[0] = 0;
}

/* 12 bits in the air; the clock of the device jumps meanwhile, and the terminal begins anew. */
static void numbers_go_beyond_what_a_label_holds(void **state)
{
    (void)state;
    exchange(2000, 0);
    for (uint64_t i = 2; i <= 5; i++) {
        go_on(2048 * 10 * GAP_US * 1e-6);
        assert_int_equal(ask(7, (int64_t)i * INTERVAL_US), QW_OK); /* before it is noticed */
        assert_int_equal(hear(TERMINAL), QW_ERR_TIMEOUT);
        fake.device[TERMINAL].script[0] = QW_SOAPY_TIMEOUT;
        exchange(2000 * i, (int64_t)i * INTERVAL_US);
    }
    assert_int_equal(qw_session_radio_counters(&source[TERMINAL]).sounding.clock_jumps, 4);
}

static void a_number_is_heard_once_and_not_ahead_of_its_time(void **state)
{
    (void)state;
    exchange(0, 0);
    exchange(1, INTERVAL_US);
    assert_int_equal(ask(1, 2 * INTERVAL_US), QW_OK);
    assert_int_equal(hear(ACCESS_POINT), QW_ERR_TIMEOUT);
}

static void a_number_far_ahead_is_not_heard(void **state)
{
    (void)state;
    exchange(0, 0);
    assert_int_equal(ask(9, INTERVAL_US), QW_OK);
    assert_int_equal(hear(ACCESS_POINT), QW_ERR_TIMEOUT);
}

static void a_radio_that_fails_ends_the_source(void **state)
{
    (void)state;
    exchange(0, 0);
    assert_int_equal(ask(1, INTERVAL_US), QW_OK);
    fake.device[TERMINAL].script[0] = -2; /* of the stream */
    assert_int_equal(hear(TERMINAL), QW_ERR_IO);
    fake.device[ACCESS_POINT].script[0] = -5;
    assert_int_equal(hear(ACCESS_POINT), QW_ERR_IO);
    fake.device[TERMINAL].write_result = -2;
    assert_int_equal(ask(2, 2 * INTERVAL_US), QW_ERR_IO);
}

static void times_out_of_range(void **state)
{
    (void)state;
    assert_int_equal(ask(0, -1), QW_ERR_ARG);
    assert_int_equal(ask(0, INT64_MAX / 1000), QW_ERR_ARG);
    fake.device[TERMINAL].script[0] = 0; /* never without samples: not to be caught up with */
    assert_int_equal(ask(0, 0), QW_ERR_TIMEOUT);
}

static void what_cannot_be_opened(void **state)
{
    struct qw_csi_source none = { 0 };
    struct qw_session_radio_config config;

    (void)state;
    for (int i = 0; i < 6; i++) {
        config = config_of(0);
        config.gap_s = i == 0 ? 1e-5 : i == 1 ? 0.2 : i == 2 ? NAN : config.gap_s;
        config.station = i == 3 ? -1 : i == 4 ? 16 : config.station;
        config.peer = i == 5 ? config.station : config.peer;
        assert_int_equal(qw_session_radio_open(&fake_soapy, &config, &none, text), QW_ERR_ARG);
    }
    config = config_of(0);
    assert_int_equal(qw_session_radio_open(&fake_soapy, &config, &none, text), QW_ERR_NOT_FOUND);
    assert_non_null(strstr(text, "words of the driver")); /* it is open already */
    qw_csi_source_close(&source[0]);
    fake.device[0].has_clock = false;
    assert_int_equal(qw_session_radio_open(&fake_soapy, &config, &none, text), QW_ERR_UNAVAILABLE);
    fake.device[0].has_clock = true;
    assert_null(none.self);
    for (int nth = 1;; nth++) {
        qw_err err;

        fail_nth = nth;
        err = qw_session_radio_open(&fake_soapy, &config, &source[0], text);
        if (err == QW_OK) {
            break;
        }
        assert_int_equal(err, QW_ERR_NOMEM);
    }
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_ends_hear_the_same_channel_in_the_carriers_format,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_says_what_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_probe_without_an_answer_is_lost_when_its_time_has_passed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_out_of_its_time_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(silence_is_sent_by_nobody_and_lasts_as_long_as_a_probe,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_heard_in_its_silence_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_go_beyond_what_a_label_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_is_heard_once_and_not_ahead_of_its_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_number_far_ahead_is_not_heard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_radio_that_fails_ends_the_source, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_out_of_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("radio.sdr_session_radio", tests, NULL, NULL);
}
