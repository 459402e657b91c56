/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* A device that refuses each setting and fails in each way. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/sdr/soapy_radio.h"
#include "soapy_fake.h"
#include "support/fail_nth.h"

#include <stdlib.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

#define RATE_HZ 2e6

static const struct qw_soapy_radio_config config = { .args = "0",
                                                     .frequency_hz = 433.92e6,
                                                     .rate_hz = RATE_HZ,
                                                     .gain_db = 20.0,
                                                     .antenna = "A",
                                                     .can_send = true,
                                                     .send_gain_db = 0.0,
                                                     .send_antenna = "A" };
static char text[QW_SOAPY_TEXT_CAP];
static struct qw_soapy_radio *radio;

static int set_up(void **state)
{
    (void)state;
    fake_open(RATE_HZ, 0.001, 0.0);
    radio = NULL;
    return fake.air == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    qw_soapy_radio_close(radio);
    assert_false(fake.device[0].is_open);
    assert_int_equal(fake.device[0].open_streams, 0);
    fake_close();
    return 0;
}

static void each_refusal_is_told_and_leaves_nothing_open(void **state)
{
    static const struct {
        const char *what;
        qw_err err;
        const char *words;
    } rows[] = {
        { "make", QW_ERR_NOT_FOUND, "no such device: words of the driver" },
        { "rate", QW_ERR_ARG, "the sample rate is not to be had: words of the driver" },
        { "frequency", QW_ERR_ARG, "the frequency is refused: words of the driver" },
        { "antenna", QW_ERR_ARG, "the antenna is refused: words of the driver" },
        { "gain", QW_ERR_ARG, "the gain is refused: words of the driver" },
        { "gain mode", QW_ERR_ARG, "the gain is refused: words of the driver" },
        { "send", QW_ERR_IO, "no stream: words of the driver" },
        { "receive", QW_ERR_IO, "no stream: words of the driver" },
        { "activate", QW_ERR_IO, "the stream does not start: words of the driver" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake.device[0].refuse = rows[i].what;
        assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), rows[i].err);
        assert_string_equal(text, rows[i].words);
        assert_null(radio);
        assert_false(fake.device[0].is_open);
        assert_int_equal(fake.device[0].open_streams, 0);
    }
}

static void another_rate_than_asked_for_is_refused(void **state)
{
    const double got_hz[] = { 2.01e6, 1.99e6, 1e300, -2e6, NAN, INFINITY };

    (void)state;
    for (size_t i = 0; i < sizeof got_hz / sizeof got_hz[0]; i++) {
        fake.device[0].rate_got_hz = got_hz[i];
        assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_ERR_ARG);
    }
    fake.device[0].rate_got_hz = 2.001e6;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_OK);
    assert_string_equal(text, "");
}

static void sending_needs_a_clock_and_a_transmitter(void **state)
{
    struct qw_soapy_radio_config listen = config;
    float complex sample[4] = { 0 };

    (void)state;
    fake.device[0].has_clock = false;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_ERR_UNAVAILABLE);
    fake.device[0].has_clock = true;
    fake.device[0].channels[QW_SOAPY_SEND] = 0;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_ERR_UNAVAILABLE);
    listen.can_send = false;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &listen, &radio, text), QW_OK);
    assert_int_equal(fake.device[0].open_streams, 1); /* the transmitter is left alone */
    assert_int_equal(qw_soapy_radio_send(radio, sample, 4, 0), QW_ERR_UNAVAILABLE);
    assert_int_equal(qw_soapy_radio_late(radio), 0);
    assert_int_equal(fake.device[0].writes, 0);
}

static void a_channel_that_is_not_there_is_refused(void **state)
{
    struct qw_soapy_radio_config other = config;

    (void)state;
    other.channel = 1;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &other, &radio, text), QW_ERR_ARG);
    other.channel = SIZE_MAX;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &other, &radio, text), QW_ERR_ARG);
}

static void what_a_read_can_end_with(void **state)
{
    static const struct {
        int result;
        enum qw_soapy_event event;
        qw_err err;
    } rows[] = {
        { QW_SOAPY_TIMEOUT, QW_SOAPY_NOTHING, QW_OK },
        { QW_SOAPY_OVERFLOW, QW_SOAPY_OVERRUN, QW_OK },
        { QW_SOAPY_CORRUPTION, QW_SOAPY_CORRUPT, QW_OK },
        { -2, QW_SOAPY_NOTHING, QW_ERR_IO },
        { -5, QW_SOAPY_NOTHING, QW_ERR_IO },
        { -1000, QW_SOAPY_NOTHING, QW_ERR_IO },
        { 101, QW_SOAPY_NOTHING, QW_ERR_IO }, /* more than there is room for */
    };
    float complex sample[100];
    struct qw_soapy_block block;

    (void)state;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake.device[0].script[0] = rows[i].result;
        block = (struct qw_soapy_block){ .event = QW_SOAPY_NOTHING };
        assert_int_equal(qw_soapy_radio_read(radio, sample, 100, 10, &block), rows[i].err);
        assert_int_equal(block.event, rows[i].event);
        assert_int_equal(block.count, 0);
    }
    assert_int_equal(qw_soapy_radio_read(radio, sample, 100, 10, &block), QW_OK);
    assert_int_equal(block.event, QW_SOAPY_SAMPLES);
    assert_int_equal(block.count, 100);
    assert_int_equal(block.time_ns, 0);
    assert_int_equal(qw_soapy_radio_read(radio, sample, 100, 10, &block), QW_OK);
    assert_int_equal(block.time_ns, 50000);
}

static void without_stamps_samples_are_counted(void **state)
{
    struct qw_soapy_block first;
    struct qw_soapy_block block;
    float complex sample[100];

    (void)state;
    fake.device[0].stamps = false;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_OK);
    assert_int_equal(qw_soapy_radio_read(radio, sample, 100, 10, &first), QW_OK);
    assert_int_equal(qw_soapy_radio_read(radio, sample, 60, 10, &block), QW_OK);
    assert_int_equal(block.time_ns - first.time_ns, 50000);
    fake.device[0].stamps = true; /* a device that stamps now and then */
    assert_int_equal(qw_soapy_radio_read(radio, sample, 100, 10, &block), QW_OK);
    assert_int_equal(block.time_ns, 80000);
    fake.device[0].stamps = false;
    assert_int_equal(qw_soapy_radio_read(radio, sample, 100, 10, &block), QW_OK);
    assert_int_equal(block.time_ns, 130000);
}

static void a_burst_goes_out_in_pieces_timed_by_its_first(void **state)
{
    float complex sample[500] = { 0 };

    (void)state;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_OK);
    assert_int_equal(qw_soapy_radio_send(radio, sample, 500, 123456), QW_OK);
    assert_int_equal(fake.device[0].writes, 3);
    assert_int_equal(fake.device[0].first_write_ns, 123456);
    assert_int_equal(fake.device[0].first_write_flags, QW_SOAPY_HAS_TIME | QW_SOAPY_END_BURST);
    assert_int_equal(qw_soapy_radio_late(radio), 0);
}

static void late_and_refused_sends_are_told(void **state)
{
    static const struct {
        int result;
        qw_err err;
        unsigned late;
    } rows[] = { { QW_SOAPY_TIME_ERROR, QW_OK, 1 },
                 { QW_SOAPY_UNDERFLOW, QW_OK, 1 },
                 { QW_SOAPY_TIMEOUT, QW_ERR_TIMEOUT, 0 },
                 { -2, QW_ERR_IO, 0 },
                 { -5, QW_ERR_IO, 0 },
                 { 501, QW_ERR_IO, 0 } };
    float complex sample[500] = { 0 };
    uint64_t before = 0;

    (void)state;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake.device[0].write_result = rows[i].result;
        assert_int_equal(qw_soapy_radio_send(radio, sample, 500, 0), rows[i].err);
        assert_int_equal(qw_soapy_radio_late(radio) - before, rows[i].late);
        before += rows[i].late;
    }
    fake.device[0].write_result = 0;
    fake.device[0].status[0] = QW_SOAPY_TIME_ERROR; /* told afterwards */
    fake.device[0].status[1] = QW_SOAPY_UNDERFLOW;
    assert_int_equal(qw_soapy_radio_late(radio), before + 2);
    fake.device[0].write_result = 1; /* a sample at a time would take for ever */
    assert_int_equal(qw_soapy_radio_send(radio, sample, 500, 0), QW_ERR_TIMEOUT);
}

static void a_failed_allocation_is_told(void **state)
{
    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_soapy_radio_open(&fake_soapy, &config, &radio, text), QW_ERR_NOMEM);
    assert_null(radio);
    fail_nth = 0;
    qw_soapy_radio_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_refusal_is_told_and_leaves_nothing_open, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_rate_than_asked_for_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sending_needs_a_clock_and_a_transmitter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_channel_that_is_not_there_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_read_can_end_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_stamps_samples_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_burst_goes_out_in_pieces_timed_by_its_first, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(late_and_refused_sends_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_allocation_is_told, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
