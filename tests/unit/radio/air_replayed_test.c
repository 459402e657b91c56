/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W15 */
/* A measured trace in place of the simulated channel. The files are made here: the ratio of the
 * upper to the lower tones says which record was served. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/air/exchange.h"
#include "radio/capture/intel5300.h"
#include "radio/capture/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail_at; /* the n-th allocation from now on fails; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool is_failing(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__wrap_malloc(size_t size)
{
    return is_failing() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_failing() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return is_failing() ? NULL : __real_realloc(old, size);
}

struct capture {
    char path[64];
    FILE *file;
    uint32_t time_us;
    size_t count;
};

static void open_capture(struct capture *capture)
{
    int fd;

    *capture = (struct capture){ .path = "/tmp/qwave-trace-XXXXXX" };
    fd = mkstemp(capture->path);
    assert_true(fd >= 0);
    capture->file = fdopen(fd, "wb");
    assert_non_null(capture->file);
}

/* Records capture->count.. of rx_count antennas, step_us apart: tones below DC at 100, above at
 * 20 + index / 2; the second antenna the other way round. */
static void add_records(struct capture *capture, size_t count, uint8_t rx_count, uint32_t step_us)
{
    for (size_t i = 0; i < count; i++, capture->count++) {
        struct qw_intel5300_record record = {
            .rx_count = rx_count, .tx_count = 1, .time_us = capture->time_us, .antenna_select = 4
        };
        uint8_t bytes[QW_INTEL5300_RECORD_MAX];
        size_t len;

        for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
            record.value[k][0][k % 2] = (int8_t)(k < 15 ? 100 : 20 + capture->count / 2);
            record.value[k][1][k % 2] = (int8_t)(k < 15 ? 20 + capture->count / 2 : 100);
        }
        capture->time_us += step_us;
        len = qw_intel5300_encode(&record, bytes, sizeof bytes);
        assert_int_equal(fwrite(bytes, 1, len, capture->file), len);
    }
}

static void make_capture(struct capture *capture, size_t count, uint8_t rx_count, uint32_t step_us)
{
    open_capture(capture);
    add_records(capture, count, rx_count, step_us);
    fclose(capture->file);
}

struct listener { /* what came of a run of probes */
    struct qw_air_exchange *exchange;
    struct qw_csi_frame *at_access_point, *at_terminal;
    size_t heard;
    double index[400]; /* of the record served to each end and to the eavesdropper */
    double terminal_index[400];
    double eve_index[400];
    double complex turn[400]; /* phase between the two ends */
};

static struct listener *open_listener(const char *const *paths, size_t count, double snr_db)
{
    struct qw_air_config config = {
        .seed = 1, .captures = paths, .capture_count = count, .capture_snr_db = snr_db
    };
    struct listener *listener = calloc(1, sizeof *listener);
    char error[256] = "";

    assert_non_null(listener);
    listener->at_access_point = calloc(2, sizeof *listener->at_access_point);
    assert_non_null(listener->at_access_point);
    listener->at_terminal = listener->at_access_point + 1;
    assert_int_equal(qw_air_exchange_new(&config, &listener->exchange, error), QW_OK);
    return listener;
}

static void close_listener(struct listener *listener)
{
    qw_air_exchange_free(listener->exchange);
    free(listener->at_access_point);
    free(listener);
}

static double half_power(const struct qw_csi_frame *frame, size_t first)
{
    double power = 0.0;

    for (size_t k = first; k < first + 15; k++) {
        power += (double)crealf(frame->value[k] * conjf(frame->value[k]));
    }
    return power;
}

static double record_index(const struct qw_csi_frame *frame, bool is_eve)
{
    double low = half_power(frame, is_eve ? 15 : 0);
    double high = half_power(frame, is_eve ? 0 : 15);

    return 2.0 * (100.0 * sqrt(high / low) - 20.0);
}

/* Probes at 0, interval, ... ; pairs that nobody hears count as well. */
static void probe(struct listener *listener, size_t count, int64_t interval_ns)
{
    for (size_t i = 0; i < count; i++) {
        struct qw_air_pilot pilot = { i, (int64_t)i * interval_ns };
        const struct qw_air_probe *eve = qw_air_exchange_probe(listener->exchange);
        size_t n = listener->heard;

        if (qw_air_exchange_terminal(listener->exchange, &pilot, listener->at_access_point) !=
            QW_AIR_HEARD) {
            assert_false(eve->heard_access_point);
            continue;
        }
        pilot.time_ns += 60000;
        assert_int_equal(
            qw_air_exchange_access_point(listener->exchange, &pilot, listener->at_terminal),
            QW_AIR_HEARD);
        assert_true(eve->heard_access_point);
        assert_false(eve->heard_terminal); /* no antenna of the capture stands there */
        listener->index[n] = record_index(listener->at_access_point, false);
        listener->terminal_index[n] = record_index(listener->at_terminal, false);
        listener->eve_index[n] = record_index(&eve->from_access_point, true);
        for (size_t k = 0; k < 30; k++) {
            listener->turn[n] += (double complex)(listener->at_access_point->value[k] *
                                                  conjf(listener->at_terminal->value[k]));
        }
        listener->turn[n] /= cabs(listener->turn[n]);
        listener->heard++;
    }
}

static void the_label_says_that_it_is_a_replay(void **state)
{
    struct capture capture;
    struct listener *listener;
    struct qw_air_ready ready;
    char expected[128];

    (void)state;
    make_capture(&capture, 40, 2, 1000);
    snprintf(expected, sizeof expected, "replayed channel %s", capture.path + 5);
    listener = open_listener((const char *[]){ capture.path }, 1, 40.0);
    qw_air_exchange_describe(listener->exchange, &ready);
    assert_string_equal(ready.label, expected);
    assert_true(ready.is_simulated && ready.is_one_sided);
    assert_false(ready.has_phase);
    close_listener(listener);
    listener = open_listener((const char *[]){ capture.path, capture.path }, 2, 40.0);
    qw_air_exchange_describe(listener->exchange, &ready);
    assert_non_null(strstr(ready.label, " and 1 more"));
    close_listener(listener);
    unlink(capture.path);
}

/* A3 of docs/protocol/air.md */
static void a_replay_is_what_its_file_is(void **state)
{
    struct qw_tuning two = { qw_carrier_find("wifi20"), 1, 2, 1 };
    struct qw_tuning wide = { qw_carrier_find("wifi40"), 1, 1, 1 };
    struct capture capture;
    const char *paths[1];
    struct listener *listener;

    (void)state;
    make_capture(&capture, 100, 2, 10000);
    paths[0] = capture.path;
    listener = open_listener(paths, 1, 40.0);
    for (int role = QW_AIR_ACCESS_POINT; role <= QW_AIR_TERMINAL; role++) {
        assert_true(
            qw_air_exchange_tune(listener->exchange, (enum qw_air_role)role, &qw_tuning_standard));
        assert_false(qw_air_exchange_tune(listener->exchange, (enum qw_air_role)role, &two));
        assert_false(qw_air_exchange_tune(listener->exchange, (enum qw_air_role)role, &wide));
    }
    probe(listener, 10, 10000000);
    assert_int_equal(listener->heard, 10);
    close_listener(listener);
    unlink(capture.path);
}

static void everybody_hears_the_record_nearest_in_time(void **state)
{
    struct capture capture;
    struct listener *listener;

    (void)state;
    make_capture(&capture, 200, 2, 1000);
    listener = open_listener((const char *[]){ capture.path }, 1, 50.0);
    probe(listener, 20, 15000000);
    assert_int_equal(listener->heard, 14); /* 0, 15, ... 195 ms; the trace ends at 199 ms */
    for (size_t i = 1; i < 13; i++) {      /* chain gains tilt the tones by a per cent or two */
        assert_true(fabs(listener->index[i] - 15.0 * (double)i) < 7.0);
        assert_true(fabs(listener->terminal_index[i] - 15.0 * (double)i) < 7.0);
        assert_true(fabs(listener->eve_index[i] - 15.0 * (double)i) < 7.0);
    }
    close_listener(listener);
    unlink(capture.path);
}

/* Frames of 56 tones among others, in a file that another tool's importer reads. */
static void captures_of_any_tool_with_20_mhz_are_replayed(void **state)
{
    static const enum qw_capture_format formats[] = { QW_CAPTURE_QWAVE, QW_CAPTURE_ATHEROS,
                                                      QW_CAPTURE_PICOSCENES };
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    (void)state;
    assert_non_null(frame);
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        struct capture capture;
        struct listener *listener;
        struct qw_capture_writer *writer = NULL;

        open_capture(&capture);
        fclose(capture.file);
        assert_int_equal(qw_capture_writer_new(capture.path, formats[f], true, &writer), QW_OK);
        for (int i = 0; i < 200; i++) {
            qw_csi_frame_clear(frame);
            qw_csi_frame_set_tones(frame, i % 2 == 0 ? QW_CSI_HT_20 : QW_CSI_HT_40);
            frame->rx_count = 2;
            frame->time_ns = 5000000000 + (int64_t)i * 1000000;
            frame->flags = QW_CSI_HAS_TIME;
            for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
                frame->value[k] = (float)(100 + (int)k);
            }
            assert_int_equal(qw_capture_writer_add(writer, frame), QW_OK);
        }
        assert_int_equal(qw_capture_writer_close(writer), QW_OK);
        listener = open_listener((const char *[]){ capture.path }, 1, 50.0);
        probe(listener, 10, 15000000);
        assert_int_equal(listener->heard, 10);
        assert_int_equal(listener->at_terminal->format, QW_CSI_HT_20);
        assert_int_equal(listener->at_terminal->tone_count, 56);
        assert_true(cabsf(listener->at_terminal->value[55]) >
                    1.3f * cabsf(listener->at_terminal->value[0]));
        close_listener(listener);
        unlink(capture.path);
    }
    free(frame);
}

static void no_record_is_served_twice(void **state)
{
    struct capture capture;
    struct listener *listener;

    (void)state;
    make_capture(&capture, 200, 2, 1000);
    listener = open_listener((const char *[]){ capture.path }, 1, 50.0);
    for (size_t session = 0; session < 5; session++) {
        qw_air_exchange_join(listener->exchange, QW_AIR_TERMINAL);
        probe(listener, 5, 15000000);
    }
    assert_true(listener->heard < 20); /* the trace ended in the fourth session */
    for (size_t i = 1; i < listener->heard; i++) {
        /* Times of new sessions follow at once: the next record or one soon after. */
        assert_true(listener->index[i] > listener->index[i - 1] + 0.3 ||
                    listener->index[i] > 195.0);
        assert_true(listener->index[i] < listener->index[i - 1] + 18.0);
    }
    close_listener(listener);
    unlink(capture.path);
}

static void probes_closer_than_the_records_are_mostly_lost(void **state)
{
    struct capture capture;
    struct listener *listener;

    (void)state;
    make_capture(&capture, 20, 2, 100000);
    listener = open_listener((const char *[]){ capture.path }, 1, 50.0);
    probe(listener, 300, 10000000);
    assert_int_equal(listener->heard, 20);
    close_listener(listener);
    unlink(capture.path);
}

static void silence_between_and_inside_files_is_kept_but_cut_short(void **state)
{
    struct capture capture[2];
    struct listener *listener;

    (void)state;
    open_capture(&capture[0]);
    add_records(&capture[0], 50, 2, 1000); /* 0..49 ms, then a pause of 5 s */
    capture[0].time_us += 5000000;
    add_records(&capture[0], 50, 2, 1000); /* 299..348 ms */
    fclose(capture[0].file);
    make_capture(&capture[1], 50, 2, 1000); /* 598..647 ms */
    listener = open_listener((const char *[]){ capture[0].path, capture[1].path }, 2, 50.0);
    probe(listener, 700, 1000000);
    assert_in_range(listener->heard, 145, 150);
    close_listener(listener);
    unlink(capture[0].path);
    unlink(capture[1].path);
}

/* Phases of a commodity card are no secret that two ends share. */
static void phases_of_the_two_ends_have_nothing_in_common(void **state)
{
    struct capture capture;
    struct listener *listener;
    double complex sum = 0.0;

    (void)state;
    make_capture(&capture, 200, 2, 15000);
    listener = open_listener((const char *[]){ capture.path }, 1, 50.0);
    probe(listener, 200, 15000000);
    assert_true(listener->heard > 190);
    for (size_t i = 0; i < listener->heard; i++) {
        sum += listener->turn[i];
    }
    assert_true(cabs(sum) / (double)listener->heard < 0.27); /* rms 0.07 */
    close_listener(listener);
    unlink(capture.path);
}

static void noise_of_the_card_is_not_served_as_channel(void **state)
{
    struct capture capture;
    struct listener *listener;
    double step = 0.0;

    (void)state;
    open_capture(&capture);
    for (size_t i = 0; i < 200; i++) { /* every second record of another strength */
        capture.count = i % 2 == 0 ? 80 : 120;
        add_records(&capture, 1, 2, 15000);
    }
    fclose(capture.file);
    listener = open_listener((const char *[]){ capture.path }, 1, 60.0);
    probe(listener, 200, 15000000);
    for (size_t i = 11; i < 190; i++) {
        step += fabs(listener->index[i] - listener->index[i - 1]) / 179.0;
    }
    assert_true(step < 12.0); /* of 40 */
    close_listener(listener);
    unlink(capture.path);
}

static qw_err try_files(const char *const *paths, size_t count, char error[static 256])
{
    struct qw_air_config config = { .captures = paths, .capture_count = count };
    struct qw_air_exchange *exchange = NULL;
    qw_err err = qw_air_exchange_new(&config, &exchange, error);

    assert_true((err == QW_OK) == (exchange != NULL));
    qw_air_exchange_free(exchange);
    return err;
}

static void refuses_files_that_cannot_serve_and_says_why(void **state)
{
    struct capture good, single, brief, foreign;
    char error[256];

    (void)state;
    make_capture(&good, 16, 2, 1000);
    make_capture(&single, 100, 1, 1000);
    make_capture(&brief, 15, 2, 1000);
    open_capture(&foreign);
    fputs("type,role,mac,rssi\nCSI_DATA,STA,00\n", foreign.file);
    fclose(foreign.file);
    assert_int_equal(try_files((const char *[]){ good.path }, 1, error), QW_OK);
    assert_int_equal(try_files((const char *[]){ good.path, "/nowhere/x.dat" }, 2, error),
                     QW_ERR_NOT_FOUND);
    assert_string_equal(error, "/nowhere/x.dat: cannot be opened");
    assert_int_equal(try_files((const char *[]){ single.path }, 1, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "one receive antenna only"));
    assert_non_null(strstr(error, single.path));
    assert_int_equal(try_files((const char *[]){ brief.path }, 1, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "too short"));
    assert_int_equal(try_files((const char *[]){ foreign.path }, 1, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, "no measurement of a 20 MHz channel"));
    assert_int_not_equal(try_files((const char *[]){ "/tmp" }, 1, error), QW_OK);
    unlink(good.path);
    unlink(single.path);
    unlink(brief.path);
    unlink(foreign.path);
}

static void refuses_a_noise_level_out_of_range(void **state)
{
    static const double levels_db[] = { -11.0, 61.0, (double)NAN };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct qw_air_config config = { .captures = (const char *[]){ "/nowhere" },
                                        .capture_count = 1,
                                        .capture_snr_db = levels_db[i] };
        struct qw_air_exchange *exchange;
        char error[256];

        assert_int_equal(qw_air_exchange_new(&config, &exchange, error), QW_ERR_ARG);
        assert_non_null(strstr(error, "capture_snr_db"));
    }
}

static void survives_every_allocation_that_fails(void **state)
{
    struct capture capture;
    char error[256];

    (void)state;
    make_capture(&capture, 40, 2, 1000);
    for (int n = 1;; n++) {
        qw_err err;

        assert_true(n < 50);
        fail_at = n;
        err = try_files((const char *[]){ capture.path }, 1, error);
        fail_at = 0;
        if (err == QW_OK) {
            assert_true(n > 4); /* else nothing was made to fail */
            break;
        }
        assert_int_equal(err, QW_ERR_NOMEM);
        assert_non_null(strstr(error, qw_err_text(QW_ERR_NOMEM)));
    }
    unlink(capture.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_label_says_that_it_is_a_replay),
        cmocka_unit_test(a_replay_is_what_its_file_is),
        cmocka_unit_test(everybody_hears_the_record_nearest_in_time),
        cmocka_unit_test(captures_of_any_tool_with_20_mhz_are_replayed),
        cmocka_unit_test(no_record_is_served_twice),
        cmocka_unit_test(probes_closer_than_the_records_are_mostly_lost),
        cmocka_unit_test(silence_between_and_inside_files_is_kept_but_cut_short),
        cmocka_unit_test(phases_of_the_two_ends_have_nothing_in_common),
        cmocka_unit_test(noise_of_the_card_is_not_served_as_channel),
        cmocka_unit_test(refuses_files_that_cannot_serve_and_says_why),
        cmocka_unit_test(refuses_a_noise_level_out_of_range),
        cmocka_unit_test(survives_every_allocation_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
