/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/fit/series.h"

#include "base/secret.h"
#include "radio/capture/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS_MAX = 16, PAUSE_INTERVALS = 100 };

static const int64_t STEP_MAX_NS = 60000000000; /* further apart: the clock was set */
static const int64_t STEP_NS = 3600000000000;   /* what stands for such a step: nothing is near */
static const double SPACING_HZ = 312.5e3;       /* before HE */

/* Frames that may stand in one series. */
struct kind {
    enum qw_csi_format format;
    uint8_t rx_count, rx_first, tx_first;
    uint16_t tone_count;
    uint8_t source[QW_CSI_SOURCE_LEN];
    uint64_t frames;
};

static bool is_usable(const struct qw_csi_frame *frame)
{
    return (frame->flags & QW_CSI_HAS_TIME) != 0 && frame->format != QW_CSI_OTHER &&
           qw_csi_frame_tones_fit(frame);
}

static bool is_of_kind(const struct kind *kind, const struct qw_csi_frame *frame)
{
    static const uint8_t nobody[QW_CSI_SOURCE_LEN] = { 0 };
    const uint8_t *source = (frame->flags & QW_CSI_HAS_SOURCE) != 0 ? frame->source : nobody;

    return kind->format == frame->format && kind->rx_count == frame->rx_count &&
           kind->rx_first == frame->rx_first && kind->tx_first == frame->tx_first &&
           kind->tone_count == frame->tone_count &&
           qw_equal_ct(kind->source, source, QW_CSI_SOURCE_LEN);
}

static struct kind kind_of(const struct qw_csi_frame *frame)
{
    struct kind kind = { .format = frame->format,
                         .rx_count = frame->rx_count,
                         .rx_first = frame->rx_first,
                         .tx_first = frame->tx_first,
                         .tone_count = frame->tone_count };

    if ((frame->flags & QW_CSI_HAS_SOURCE) != 0) {
        memcpy(kind.source, frame->source, QW_CSI_SOURCE_LEN);
    }
    return kind;
}

/* The commonest kind; *seen: all frames. false: no frame is usable. */
static bool find_kind(struct qw_capture_reader reader, struct qw_csi_frame *frame,
                      struct kind *commonest, uint64_t *seen)
{
    struct kind kind[KINDS_MAX];
    size_t count = 0;

    *seen = 0;
    while (qw_capture_reader_next(&reader, frame) == QW_OK) {
        size_t at = 0;

        (*seen)++;
        if (!is_usable(frame)) {
            continue;
        }
        while (at < count && !is_of_kind(&kind[at], frame)) {
            at++;
        }
        if (at == count && count < KINDS_MAX) {
            kind[count++] = kind_of(frame);
        }
        if (at < count) {
            kind[at].frames++;
        }
    }
    if (count == 0) {
        return false;
    }
    *commonest = kind[0];
    for (size_t i = 1; i < count; i++) {
        if (kind[i].frames > commonest->frames) {
            *commonest = kind[i];
        }
    }
    return true;
}

static size_t chains_of(const struct kind *kind)
{
    return kind->rx_count < QW_FIT_CHAINS_MAX ? kind->rx_count : QW_FIT_CHAINS_MAX;
}

static struct qw_fit_series *allocate(const struct kind *kind)
{
    struct qw_fit_series *made = calloc(1, sizeof *made);
    size_t frames =
        kind->frames < QW_FIT_FRAMES_MAX ? (size_t)kind->frames : (size_t)QW_FIT_FRAMES_MAX;
    size_t step = (kind->tone_count + QW_FIT_TONES_MAX - 1u) / QW_FIT_TONES_MAX;

    if (made == NULL) {
        return NULL;
    }
    made->chain_count = chains_of(kind);
    made->tone_count = (kind->tone_count + step - 1u) / step;
    made->measured_tones = kind->tone_count;
    made->format = kind->format;
    made->spacing_hz = kind->format >= QW_CSI_HE_20 ? SPACING_HZ / 4.0 : SPACING_HZ;
    made->is_whole = true;
    made->time_ns = calloc(frames, sizeof *made->time_ns);
    made->level_dbm = calloc(frames, sizeof *made->level_dbm);
    made->gain_db = calloc(frames, sizeof *made->gain_db);
    made->value = calloc(frames * made->chain_count * made->tone_count, sizeof *made->value);
    if (made->time_ns == NULL || made->level_dbm == NULL || made->gain_db == NULL ||
        made->value == NULL) {
        qw_fit_series_free(made);
        return NULL;
    }
    return made;
}

void qw_fit_series_free(struct qw_fit_series *series)
{
    if (series != NULL) {
        free(series->time_ns);
        free(series->level_dbm);
        free(series->gain_db);
        free(series->value);
        free(series);
    }
}

static bool is_whole(float complex value)
{
    return crealf(value) == rintf(crealf(value)) && cimagf(value) == rintf(cimagf(value));
}

/* False: other tones than those of the first frame. */
static bool take_tones(struct qw_fit_series *series, const struct qw_csi_frame *frame)
{
    size_t step = (frame->tone_count + QW_FIT_TONES_MAX - 1u) / QW_FIT_TONES_MAX;

    for (size_t k = 0; k < series->tone_count; k++) {
        if (series->count == 0) {
            series->tone[k] = frame->tone_index[k * step];
        } else if (series->tone[k] != frame->tone_index[k * step]) {
            return false;
        }
    }
    return true;
}

static void take_values(struct qw_fit_series *series, const struct qw_csi_frame *frame)
{
    size_t step = (frame->tone_count + QW_FIT_TONES_MAX - 1u) / QW_FIT_TONES_MAX;
    float complex *to = &series->value[series->count * series->chain_count * series->tone_count];

    for (size_t rx = 0; rx < series->chain_count; rx++) {
        const float complex *from = &frame->value[rx * frame->tx_count * frame->tone_count];

        for (size_t k = 0; k < series->tone_count; k++) {
            float complex value = from[k * step];
            double re = (double)crealf(value);
            double im = (double)cimagf(value);

            *to++ = value;
            series->mean_power += re * re + im * im;
            series->is_whole = series->is_whole && is_whole(value);
        }
    }
}

static void take_frame(struct qw_fit_series *series, const struct qw_csi_frame *frame,
                       int64_t *previous_ns)
{
    size_t at = series->count;
    int64_t step_ns = 0;

    if (at > 0) {
        if (frame->time_ns < *previous_ns || frame->time_ns - *previous_ns > STEP_MAX_NS) {
            step_ns = STEP_NS;
            series->clock_steps++;
        } else {
            step_ns = frame->time_ns - *previous_ns;
        }
        series->time_ns[at] = series->time_ns[at - 1] + step_ns;
    }
    *previous_ns = frame->time_ns;
    series->level_dbm[at] = (frame->flags & QW_CSI_HAS_RSSI) != 0 ? frame->rssi_dbm : NAN;
    series->gain_db[at] = (frame->flags & QW_CSI_HAS_AGC) != 0 ? frame->agc_db : NAN;
    take_values(series, frame);
    series->count++;
}

static void take_all(struct qw_fit_series *series, struct qw_capture_reader reader,
                     const struct kind *kind, struct qw_csi_frame *frame)
{
    int64_t previous_ns = 0;

    while (qw_capture_reader_next(&reader, frame) == QW_OK) {
        if (series->count < QW_FIT_FRAMES_MAX && is_usable(frame) && is_of_kind(kind, frame) &&
            take_tones(series, frame)) {
            take_frame(series, frame, &previous_ns);
        }
    }
    series->skipped_records = qw_capture_reader_skipped(&reader);
    series->mean_power /= (double)(series->count * series->chain_count * series->tone_count);
}

static int compare_steps(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static qw_err find_interval(struct qw_fit_series *series)
{
    size_t count = series->count - 1;
    int64_t *step = calloc(count, sizeof *step);

    if (step == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        step[i] = series->time_ns[i + 1] - series->time_ns[i];
    }
    qsort(step, count, sizeof *step, compare_steps);
    series->interval_ns = step[count / 2];
    for (size_t i = 0; i < count && step[i] <= PAUSE_INTERVALS * series->interval_ns; i++) {
        series->duration_s += 1e-9 * (double)step[i];
    }
    free(step);
    return QW_OK;
}

static bool is_constant(const struct qw_fit_series *series)
{
    size_t len = series->chain_count * series->tone_count;

    for (size_t i = len; i < series->count * len; i++) {
        if (series->value[i] != series->value[i % len]) {
            return false;
        }
    }
    return true;
}

/* What is wrong with a series; false: nothing. */
static bool find_fault(const struct qw_fit_series *series, char error[static 256])
{
    if (series->count < QW_FIT_FRAMES_MIN) {
        snprintf(error, 256, "too short: %zu measurement%s of one kind, at least %d are needed",
                 series->count, series->count == 1 ? "" : "s", QW_FIT_FRAMES_MIN);
    } else if (series->tone_count < QW_FIT_TONES_MIN) {
        snprintf(error, 256, "%zu tone%s: no delay can be told from fewer than %d",
                 series->tone_count, series->tone_count == 1 ? "" : "s", QW_FIT_TONES_MIN);
    } else if (is_constant(series)) {
        snprintf(error, 256, "every measurement is the same: no channel was measured");
    } else if (series->interval_ns <= 0) {
        snprintf(error, 256, "its clock stands still: no speed can be told");
    } else {
        return false;
    }
    return true;
}

static qw_err read_series(const struct qw_capture_reader *reader, struct qw_csi_frame *frame,
                          struct qw_fit_series **series, char error[static 256])
{
    struct qw_fit_series *made;
    struct kind kind;
    uint64_t seen;
    qw_err err = QW_OK;

    if (!find_kind(*reader, frame, &kind, &seen)) {
        snprintf(error, 256,
                 "no measurement with a time and known tones that is finite and has "
                 "power");
        return QW_ERR_FORMAT;
    }
    made = allocate(&kind);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    take_all(made, *reader, &kind, frame);
    made->other_frames = seen - made->count;
    if (made->count > 1) {
        err = find_interval(made);
    }
    if (err == QW_OK && find_fault(made, error)) {
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        qw_fit_series_free(made);
        return err;
    }
    *series = made;
    return QW_OK;
}

qw_err qw_fit_series_new(const struct qw_capture_reader *reader, struct qw_fit_series **series,
                         char error[static 256])
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);
    qw_err err = QW_ERR_NOMEM;

    snprintf(error, 256, "%s", qw_err_text(err));
    if (frame != NULL) {
        err = read_series(reader, frame, series, error);
    }
    free(frame);
    return err;
}

qw_err qw_fit_series_load(const char *path, struct qw_fit_series **series, char error[static 256])
{
    struct qw_capture_reader reader;
    struct qw_capture_file file;
    enum qw_capture_format format;
    char reason[256];
    qw_err err = qw_capture_file_open(path, &file);

    if (err != QW_OK) {
        snprintf(error, 256, "%.120s: %s", path,
                 err == QW_ERR_NOT_FOUND ? "cannot be opened" : qw_err_text(err));
        return err;
    }
    err = qw_capture_format_detect(file.data, file.len, &format)
              ? qw_capture_reader_open(&reader, format, file.data, file.len)
              : QW_ERR_FORMAT;
    snprintf(reason, sizeof reason, "no format that is known here");
    if (err == QW_OK) {
        err = qw_fit_series_new(&reader, series, reason);
    }
    if (err != QW_OK) {
        snprintf(error, 256, "%.120s: %.120s", path, reason);
    }
    qw_capture_file_close(&file);
    return err;
}
