/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/lab_paired.h"

#include "radio/capture/file.h"
#include "radio/capture/reader.h"
#include "radio_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TONES_MAX = 64, PAIRS_MIN = 64, PAIRS_MAX = 20000, ALICE = 0, BOB = 1, ENDS = 2 };

struct end { /* one file */
    const char *path;
    struct qw_capture_file file;
    struct qw_capture_reader reader;
};

struct pairs {
    size_t count, next;
    size_t tone_count;
    float *amplitude[ENDS]; /* [pair * tone_count + tone] */
};

static void free_pairs(void *self)
{
    struct pairs *pairs = self;

    if (pairs != NULL) {
        free(pairs->amplitude[ALICE]);
        free(pairs->amplitude[BOB]);
        free(pairs);
    }
}

/* Alice's measurement of the next pair, whatever the time is: pairs are probes, in order. */
static bool hear_terminal(void *self, int64_t time_ns, double complex *access_point,
                          double complex *eve)
{
    struct pairs *pairs = self;

    (void)time_ns;
    if (pairs->next == pairs->count) {
        return false;
    }
    for (size_t k = 0; k < pairs->tone_count; k++) {
        access_point[k] = (double)pairs->amplitude[ALICE][pairs->next * pairs->tone_count + k];
        eve[k] = 0.0;
    }
    pairs->next++;
    return true;
}

static void hear_access_point(void *self, int64_t time_ns, double complex *terminal,
                              double complex *eve)
{
    const struct pairs *pairs = self;

    (void)time_ns;
    for (size_t k = 0; k < pairs->tone_count; k++) {
        terminal[k] = (double)pairs->amplitude[BOB][(pairs->next - 1) * pairs->tone_count + k];
        eve[k] = 0.0;
    }
}

static qw_err open_end(struct end *end, char error[static 256])
{
    enum qw_capture_format format;
    qw_err err = qw_capture_file_open(end->path, &end->file);

    if (err == QW_OK) {
        err = qw_capture_format_detect(end->file.data, end->file.len, &format)
                  ? qw_capture_reader_open(&end->reader, format, end->file.data, end->file.len)
                  : QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        snprintf(error, 256, "%.160s: %s", end->path,
                 err == QW_ERR_NOT_FOUND ? "cannot be opened" : "no capture that is known here");
    }
    return err;
}

static bool is_usable(const struct qw_csi_frame *frame)
{
    const int16_t *tones;

    return (frame->format == QW_CSI_LEGACY_20 || frame->format == QW_CSI_HT_20 ||
            frame->format == QW_CSI_INTEL5300_20) &&
           frame->tone_count == qw_csi_format_tones(frame->format, &tones);
}

static void keep(struct pairs *pairs, int end, const struct qw_csi_frame *frame)
{
    float *to = &pairs->amplitude[end][pairs->count * pairs->tone_count];
    double power = 0.0;

    for (size_t k = 0; k < pairs->tone_count; k++) {
        to[k] = cabsf(frame->value[k]);
        power += (double)to[k] * (double)to[k] / (double)pairs->tone_count;
    }
    for (size_t k = 0; k < pairs->tone_count; k++) {
        to[k] *= (float)(1.0 / sqrt(fmax(power, 1e-30)));
    }
}

/* What is wrong with two frames that should be a pair; NULL: nothing. */
static const char *pair_fault(const struct qw_csi_frame frame[static ENDS],
                              enum qw_csi_format format)
{
    if (!is_usable(&frame[ALICE]) || !is_usable(&frame[BOB]) || frame[ALICE].format != format ||
        frame[BOB].format != format) {
        return "not all frames have the tones of one 20 MHz format";
    }
    if ((frame[ALICE].flags & frame[BOB].flags & QW_CSI_HAS_SEQUENCE) != 0 &&
        frame[ALICE].sequence != frame[BOB].sequence) {
        return "frames of one place have different numbers: `qwave capture pair` pairs them";
    }
    return NULL;
}

static qw_err read_pairs(struct end end[static ENDS], struct qw_csi_frame frame[static ENDS],
                         struct pairs *pairs, struct qw_air_medium *medium, char error[static 256])
{
    const char *fault = NULL;
    int64_t first_ns = 0;
    int64_t last_ns = 0;
    qw_err has[ENDS];

    for (;;) {
        has[ALICE] = qw_capture_reader_next(&end[ALICE].reader, &frame[ALICE]);
        has[BOB] = qw_capture_reader_next(&end[BOB].reader, &frame[BOB]);
        if (has[ALICE] != QW_OK || has[BOB] != QW_OK || pairs->count == PAIRS_MAX) {
            break;
        }
        if (pairs->count == 0) {
            medium->format = frame[ALICE].format;
            pairs->tone_count = qw_csi_format_tones(medium->format, &medium->tones);
            first_ns = frame[ALICE].time_ns;
        }
        fault = pair_fault(frame, medium->format);
        if (fault != NULL) {
            break;
        }
        keep(pairs, ALICE, &frame[ALICE]);
        keep(pairs, BOB, &frame[BOB]);
        last_ns = frame[ALICE].time_ns;
        pairs->count++;
    }
    if (fault == NULL && has[ALICE] != has[BOB]) {
        fault = "not the same number of frames: `qwave capture pair` pairs them";
    } else if (fault == NULL && (pairs->count < PAIRS_MIN || last_ns <= first_ns)) {
        fault = "fewer than 64 pairs, or no time between them";
    }
    if (fault != NULL) {
        snprintf(error, 256, "%.80s and %.80s: %s", end[ALICE].path, end[BOB].path, fault);
        return QW_ERR_FORMAT;
    }
    medium->session_gap_ns = (last_ns - first_ns) / (int64_t)(pairs->count - 1);
    medium->duration_ns = last_ns - first_ns;
    return QW_OK;
}

static qw_err fill(struct end end[static ENDS], struct pairs *pairs, struct qw_air_medium *medium,
                   char error[static 256])
{
    struct qw_csi_frame *frame = calloc(ENDS, sizeof *frame);
    qw_err err = QW_OK;

    pairs->amplitude[ALICE] = calloc((size_t)PAIRS_MAX * TONES_MAX, sizeof(float));
    pairs->amplitude[BOB] = calloc((size_t)PAIRS_MAX * TONES_MAX, sizeof(float));
    if (frame == NULL || pairs->amplitude[ALICE] == NULL || pairs->amplitude[BOB] == NULL) {
        snprintf(error, 256, "%s", qw_err_text(QW_ERR_NOMEM));
        err = QW_ERR_NOMEM;
    }
    for (size_t i = 0; err == QW_OK && i < ENDS; i++) {
        err = open_end(&end[i], error);
    }
    if (err == QW_OK) {
        err = read_pairs(end, frame, pairs, medium, error);
    }
    qw_capture_file_close(&end[ALICE].file);
    qw_capture_file_close(&end[BOB].file);
    free(frame);
    return err;
}

qw_err lab_paired_new(const char *alice, const char *bob, struct qw_air_medium *medium,
                      char error[static 256])
{
    struct end end[ENDS] = { { .path = alice }, { .path = bob } };
    struct pairs *pairs = calloc(1, sizeof *pairs);
    struct qw_air_medium made = { .self = pairs,
                                  .hear_terminal = hear_terminal,
                                  .hear_access_point = hear_access_point,
                                  .free = free_pairs };
    qw_err err;

    if (pairs == NULL) {
        snprintf(error, 256, "%s", qw_err_text(QW_ERR_NOMEM));
        return QW_ERR_NOMEM;
    }
    err = fill(end, pairs, &made, error);
    if (err != QW_OK) {
        free_pairs(pairs);
        return err;
    }
    made.tone_count = (uint16_t)pairs->tone_count;
    snprintf(made.label, sizeof made.label, "two ends, measured: %.30s and %.30s",
             radio_file_name(alice), radio_file_name(bob));
    *medium = made;
    return QW_OK;
}
