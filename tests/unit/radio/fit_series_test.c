/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W9 W15 */
/* Which measurements of a capture belong together; what is no measurement of a channel is refused
 * with a reason. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "radio/fit/series.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_PER_FRAME = 1 << 13 };

static int fail_at; /* the n-th allocation from now on fails; 0: none */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

struct file { /* in memory */
    uint8_t *bytes;
    size_t len, cap;
    struct qw_capture_reader reader;
};

static void open_file(struct file *file, size_t frames)
{
    const struct qw_capture_importer *ours = qw_capture_importer_of(QW_CAPTURE_QWAVE);

    file->cap = frames * BYTES_PER_FRAME + 4096;
    file->bytes = malloc(file->cap);
    assert_non_null(file->bytes);
    file->len = ours->head(file->bytes, file->cap);
}

static void add_frame(struct file *file, const struct qw_csi_frame *frame)
{
    const struct qw_capture_importer *ours = qw_capture_importer_of(QW_CAPTURE_QWAVE);
    size_t len = ours->encode(frame, file->bytes + file->len, file->cap - file->len);

    assert_true(len > 0);
    file->len += len;
}

static void finish_file(struct file *file)
{
    assert_int_equal(
        qw_capture_reader_open(&file->reader, QW_CAPTURE_QWAVE, file->bytes, file->len), QW_OK);
}

static struct qw_csi_frame scratch;

/* Frame number index: powers by chance, one antenna, 52 tones, 1 ms apart. */
static struct qw_csi_frame *make_frame(size_t index)
{
    struct qw_prng prng;

    qw_prng_init(&prng, 1, index);
    qw_csi_frame_clear(&scratch);
    qw_csi_frame_set_tones(&scratch, QW_CSI_LEGACY_20);
    scratch.time_ns = (int64_t)index * 1000000;
    scratch.flags = QW_CSI_HAS_TIME;
    for (size_t k = 0; k < QW_CSI_VALUES_MAX; k++) {
        scratch.value[k] = (float complex)(qw_prng_gaussian(&prng) + I * qw_prng_gaussian(&prng));
    }
    return &scratch;
}

static void is_refused(struct file *file, const char *reason)
{
    struct qw_fit_series *series = NULL;
    char error[256] = "";

    finish_file(file);
    assert_int_equal(qw_fit_series_new(&file->reader, &series, error), QW_ERR_FORMAT);
    assert_null(series);
    if (strstr(error, reason) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error, reason);
    }
    free(file->bytes);
}

static struct qw_fit_series *is_taken(struct file *file)
{
    struct qw_fit_series *series = NULL;
    char error[256] = "";

    finish_file(file);
    assert_int_equal(qw_fit_series_new(&file->reader, &series, error), QW_OK);
    free(file->bytes);
    return series;
}

static void takes_the_frames_of_the_commonest_kind(void **state)
{
    struct qw_fit_series *series;
    struct file file;

    (void)state;
    open_file(&file, 64);
    for (size_t i = 0; i < 30; i++) {
        struct qw_csi_frame *frame = make_frame(i);

        if (i % 3 == 1) { /* another transmitter */
            frame->flags |= QW_CSI_HAS_SOURCE;
            frame->source[0] = 2;
        } else if (i == 2) {
            qw_csi_frame_set_tones(frame, QW_CSI_HT_20);
        } else if (i == 3) {
            frame->flags = 0; /* no time */
        }
        add_frame(&file, frame);
    }
    series = is_taken(&file);
    assert_int_equal(series->count, 18);
    assert_int_equal(series->other_frames, 12);
    assert_int_equal(series->chain_count, 1);
    assert_int_equal(series->tone_count, 52);
    assert_int_equal(series->tone[0], -26);
    assert_true(series->spacing_hz == 312500.0);
    assert_false(series->is_whole);
    assert_true(isnan(series->level_dbm[0]));
    qw_fit_series_free(series);
}

static void takes_at_most_64_tones_and_four_antennas(void **state)
{
    struct qw_fit_series *series;
    struct file file;

    (void)state;
    open_file(&file, 64);
    for (size_t i = 0; i < 16; i++) {
        struct qw_csi_frame *frame = make_frame(i);

        qw_csi_frame_set_tones(frame, QW_CSI_VHT_80);
        frame->rx_count = 3;
        frame->tx_count = 2;
        for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
            frame->value[k] = (float complex)(double)(1 + (k + i) % 100);
        }
        add_frame(&file, frame);
    }
    series = is_taken(&file);
    assert_int_equal(series->chain_count, 3);
    assert_int_equal(series->measured_tones, 242);
    assert_int_equal(series->tone_count, 61);
    assert_int_equal(series->tone[1] - series->tone[0], 4);
    assert_true(series->is_whole);
    /* The second antenna's first transmit chain, second tone that was taken. */
    assert_true(series->value[61 + 1] == (float complex)(double)(1 + (2 * 242 + 4) % 100));
    qw_fit_series_free(series);
}

static void its_clock_goes_forward_only_and_pauses_are_no_duration(void **state)
{
    struct qw_fit_series *series;
    struct file file;

    (void)state;
    open_file(&file, 64);
    for (size_t i = 0; i < 40; i++) {
        struct qw_csi_frame *frame = make_frame(i);

        frame->time_ns += i >= 10 ? INT64_C(5000000000) : 0; /* a pause */
        frame->time_ns -= i >= 20 ? INT64_C(9000000000) : 0; /* set back */
        frame->time_ns += i >= 30 ? INT64_C(900000000000) : 0;
        add_frame(&file, frame);
    }
    series = is_taken(&file);
    assert_int_equal(series->count, 40);
    assert_int_equal(series->interval_ns, 1000000);
    assert_int_equal(series->clock_steps, 2);
    assert_true(fabs(series->duration_s - 0.036) < 1e-9);
    for (size_t i = 1; i < series->count; i++) {
        assert_true(series->time_ns[i] > series->time_ns[i - 1]);
    }
    qw_fit_series_free(series);
}

static void skips_and_counts_what_is_not_finite_or_has_no_power(void **state)
{
    struct qw_fit_series *series;
    struct file file;

    (void)state;
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        struct qw_csi_frame *frame = make_frame(i);

        if (i == 4) {
            frame->value[7] = NAN;
        } else if (i == 5) {
            memset(frame->value, 0, sizeof frame->value);
        }
        add_frame(&file, frame);
    }
    series = is_taken(&file);
    assert_int_equal(series->count, 18);
    assert_int_equal(series->skipped_records, 2);
    qw_fit_series_free(series);
}

static void refuses_a_capture_of_nothing(void **state)
{
    struct file file;

    (void)state;
    open_file(&file, 64);
    is_refused(&file, "no measurement");
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        make_frame(i)->value[3] = i % 2 == 0 ? (float complex)NAN : (float complex)INFINITY;
        add_frame(&file, &scratch);
    }
    is_refused(&file, "finite");
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        memset(make_frame(i)->value, 0, sizeof scratch.value);
        add_frame(&file, &scratch);
    }
    is_refused(&file, "power");
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        make_frame(i)->flags = 0;
        add_frame(&file, &scratch);
    }
    is_refused(&file, "a time");
}

static void refuses_too_little(void **state)
{
    struct file file;

    (void)state;
    open_file(&file, 64);
    add_frame(&file, make_frame(0));
    is_refused(&file, "1 measurement of one kind");
    open_file(&file, 64);
    for (size_t i = 0; i < QW_FIT_FRAMES_MIN - 1; i++) {
        add_frame(&file, make_frame(i));
    }
    is_refused(&file, "15 measurements of one kind");
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        make_frame(i)->tone_count = 1;
        add_frame(&file, &scratch);
    }
    is_refused(&file, "1 tone: no delay");
}

static void refuses_what_never_changes(void **state)
{
    struct file file;

    (void)state;
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        make_frame(0)->time_ns = (int64_t)i * 1000000;
        add_frame(&file, &scratch);
    }
    is_refused(&file, "every measurement is the same");
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        make_frame(i)->time_ns = 5;
        add_frame(&file, &scratch);
    }
    is_refused(&file, "clock stands still");
}

static void says_which_file_and_why(void **state)
{
    struct qw_fit_series *series = NULL;
    char error[256];
    char path[] = "/tmp/qwave-series-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "nothing of the kind", 19), 19);
    close(fd);
    assert_int_equal(qw_fit_series_load(path, &series, error), QW_ERR_FORMAT);
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, "no format that is known"));
    unlink(path);
    assert_int_equal(qw_fit_series_load(path, &series, error), QW_ERR_NOT_FOUND);
    assert_non_null(strstr(error, "cannot be opened"));
    assert_null(series);
}

static void says_when_memory_is_short(void **state)
{
    struct qw_fit_series *series = NULL;
    struct file file;
    char error[256];
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    open_file(&file, 64);
    for (size_t i = 0; i < 20; i++) {
        add_frame(&file, make_frame(i));
    }
    finish_file(&file);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_at = n;
        err = qw_fit_series_new(&file.reader, &series, error);
        fail_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && series == NULL));
    }
    qw_fit_series_free(series);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_frames_of_the_commonest_kind),
        cmocka_unit_test(takes_at_most_64_tones_and_four_antennas),
        cmocka_unit_test(its_clock_goes_forward_only_and_pauses_are_no_duration),
        cmocka_unit_test(skips_and_counts_what_is_not_finite_or_has_no_power),
        cmocka_unit_test(refuses_a_capture_of_nothing),
        cmocka_unit_test(refuses_too_little),
        cmocka_unit_test(refuses_what_never_changes),
        cmocka_unit_test(says_which_file_and_why),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
