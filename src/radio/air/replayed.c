/* SPDX-License-Identifier: Apache-2.0 */
/* A measured trace as the channel of an air. Receive antenna 0 of the capture is the link between
 * the two ends, receive antenna 1 is the eavesdropper. Only amplitudes are served: a commodity
 * card's phases are random, and the front ends draw them anew at each end. The card's own noise
 * would look like a secret that both ends share, so it is smoothed out first. */
#include "radio/air/medium.h"

#include "radio/capture/file.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TONES_MAX = 64, /* of the 20 MHz formats */
    RECORDS_MIN = 16,
    TRACE_FIRST_CAP = 1024,
    FILE_MAX = 64 << 20,
    SMOOTH_REACH = 2,     /* samples before and after */
    SMOOTH_INTERVALS = 8, /* no further than this many median distances */
    SILENCE_INTERVALS = 4 /* a probe this far from a record is not heard */
};

static const int64_t SILENCE_MAX_NS = 250000000; /* longer pauses are cut: nothing outlives them */

struct sample {
    int64_t time_ns;       /* first sample of the trace: 0 */
    float link[TONES_MAX]; /* amplitudes */
    float eve[TONES_MAX];
};

struct trace {
    struct sample *sample;
    size_t count;
    size_t cap;
    enum qw_csi_format format;  /* of all samples: that of the first */
    size_t tone_count;          /* 0: no sample yet */
    size_t next;                /* first sample that was never served */
    const struct sample *heard; /* of the pair under way */
    int64_t interval_ns;        /* median distance */
};

static bool trace_grow(struct trace *trace)
{
    size_t cap = trace->cap == 0 ? TRACE_FIRST_CAP : 2 * trace->cap;
    struct sample *grown;

    if (trace->count < trace->cap) {
        return true;
    }
    grown = realloc(trace->sample, cap * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    trace->sample = grown;
    trace->cap = cap;
    return true;
}

static double power_of(const float *amplitude, size_t tone_count)
{
    double power = 0.0;

    for (size_t k = 0; k < tone_count; k++) {
        power += (double)amplitude[k] * (double)amplitude[k];
    }
    return power / (double)tone_count;
}

/* The card scales every record by itself. Dividing by the power of all antennas takes that out
 * without trusting the coarse level indication. */
static void sample_from_frame(const struct qw_csi_frame *frame, struct sample *sample)
{
    float amplitude[QW_CSI_ANTENNAS_MAX][TONES_MAX];
    size_t tone_count = frame->tone_count;
    double power = 0.0;
    float scale;

    for (size_t rx = 0; rx < frame->rx_count; rx++) {
        for (size_t k = 0; k < tone_count; k++) {
            amplitude[rx][k] = cabsf(frame->value[rx * frame->tx_count * tone_count + k]);
        }
        power += power_of(amplitude[rx], tone_count);
    }
    scale = (float)(1.0 / sqrt(fmax(power, 1e-3)));
    for (size_t k = 0; k < tone_count; k++) {
        sample->link[k] = scale * amplitude[0][k];
        sample->eve[k] = scale * amplitude[1][k];
    }
}

struct file_counts {
    size_t usable;
    uint64_t known; /* of the trace's format, with any number of antennas */
};

/* All tones of a 20 MHz format that a session can use, and a time; the first such frame says which
 * format it is for the whole trace. */
static bool is_known(struct trace *trace, const struct qw_csi_frame *frame)
{
    const int16_t *tones;
    size_t count = qw_csi_format_tones(frame->format, &tones);

    if ((frame->format != QW_CSI_LEGACY_20 && frame->format != QW_CSI_HT_20 &&
         frame->format != QW_CSI_INTEL5300_20) ||
        frame->tone_count != count || (frame->flags & QW_CSI_HAS_TIME) == 0) {
        return false;
    }
    if (trace->tone_count == 0) {
        trace->format = frame->format;
        trace->tone_count = count;
    }
    return frame->format == trace->format;
}

/* Appends the measurements of one file that have two receive antennas. */
static qw_err read_records(struct trace *trace, struct qw_capture_reader *reader,
                           struct qw_csi_frame *scratch, struct file_counts *counts)
{
    int64_t start_ns = trace->count > 0 ? trace->sample[trace->count - 1].time_ns : 0;
    int64_t previous_ns = 0;

    *counts = (struct file_counts){ 0 };
    while (qw_capture_reader_next(reader, scratch) == QW_OK) {
        /* Between files, and where a clock was set, the time passed is not known. */
        bool is_step = counts->usable > 0 && scratch->time_ns >= previous_ns &&
                       scratch->time_ns < previous_ns + SILENCE_MAX_NS;

        if (!is_known(trace, scratch)) {
            continue;
        }
        counts->known++;
        if (scratch->rx_count < 2) {
            continue;
        }
        if (!trace_grow(trace)) {
            return QW_ERR_NOMEM;
        }
        if (trace->count > 0) {
            start_ns += is_step ? scratch->time_ns - previous_ns : SILENCE_MAX_NS;
        }
        previous_ns = scratch->time_ns;
        sample_from_frame(scratch, &trace->sample[trace->count]);
        trace->sample[trace->count].time_ns = start_ns;
        trace->count++;
        counts->usable++;
    }
    return QW_OK;
}

/* What is wrong with a file that could be read; NULL: nothing. */
static const char *file_fault(const struct file_counts *counts)
{
    if (counts->known == 0) {
        return "holds no measurement of a 20 MHz channel that can be replayed";
    }
    if (counts->usable == 0) {
        return "one receive antenna only; the second is the eavesdropper's";
    }
    return counts->usable < RECORDS_MIN ? "too short, at least 16 measurements are needed" : NULL;
}

static qw_err read_open_file(struct trace *trace, const struct qw_capture_file *file,
                             struct qw_csi_frame *scratch, struct file_counts *counts)
{
    struct qw_capture_reader reader;
    enum qw_capture_format format;
    qw_err err;

    *counts = (struct file_counts){ 0 };
    if (file->len > FILE_MAX) {
        return QW_ERR_SPACE;
    }
    if (!qw_capture_format_detect(file->data, file->len, &format)) {
        return QW_OK; /* no measurement: the caller says so */
    }
    err = qw_capture_reader_open(&reader, format, file->data, file->len);
    return err == QW_OK ? read_records(trace, &reader, scratch, counts) : err;
}

static qw_err read_file(struct trace *trace, const char *path, struct qw_csi_frame *scratch,
                        char error[static 256])
{
    struct file_counts counts;
    struct qw_capture_file file;
    const char *fault;
    qw_err err = qw_capture_file_open(path, &file);

    if (err == QW_OK) {
        err = read_open_file(trace, &file, scratch, &counts);
        qw_capture_file_close(&file);
    }
    if (err != QW_OK) {
        snprintf(error, 256, "%.160s: %s", path,
                 err == QW_ERR_NOT_FOUND ? "cannot be opened"
                 : err == QW_ERR_SPACE   ? "larger than 64 MiB"
                                         : qw_err_text(err));
        return err;
    }
    fault = file_fault(&counts);
    if (fault != NULL) {
        snprintf(error, 256, "%.160s: %s", path, fault);
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

static int compare_steps(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static qw_err find_interval(struct trace *trace)
{
    size_t count = trace->count - 1;
    int64_t *step = malloc(count * sizeof *step);

    if (step == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        step[i] = trace->sample[i + 1].time_ns - trace->sample[i].time_ns;
    }
    qsort(step, count, sizeof *step, compare_steps);
    trace->interval_ns = step[count / 2] > 0 ? step[count / 2] : 1;
    free(step);
    return QW_OK;
}

/* What the neighbours in time do not share is the card's noise and rounding, not the channel: each
 * sample becomes the mean of up to five around it. What is lost by that of a fast channel makes the
 * two ends poorer, never richer. */
static qw_err smooth(struct trace *trace)
{
    struct sample *made = malloc(trace->count * sizeof *made);

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < trace->count; i++) {
        size_t first = i < SMOOTH_REACH ? 0 : i - SMOOTH_REACH;
        size_t last = i + SMOOTH_REACH < trace->count ? i + SMOOTH_REACH : trace->count - 1;
        float count = 0.0f;

        made[i] = (struct sample){ .time_ns = trace->sample[i].time_ns };
        for (size_t j = first; j <= last; j++) {
            const struct sample *other = &trace->sample[j];

            if (llabs(other->time_ns - made[i].time_ns) > SMOOTH_INTERVALS * trace->interval_ns) {
                continue;
            }
            count += 1.0f;
            for (size_t k = 0; k < trace->tone_count; k++) {
                made[i].link[k] += (other->link[k] - made[i].link[k]) / count;
                made[i].eve[k] += (other->eve[k] - made[i].eve[k]) / count;
            }
        }
    }
    free(trace->sample);
    trace->sample = made;
    trace->cap = trace->count;
    return QW_OK;
}

/* Mean power 1 on either antenna: noise is set relative to that. */
static void level_antennas(struct trace *trace)
{
    double link = 0.0;
    double eve = 0.0;
    float link_scale;
    float eve_scale;

    for (size_t i = 0; i < trace->count; i++) {
        link += power_of(trace->sample[i].link, trace->tone_count) / (double)trace->count;
        eve += power_of(trace->sample[i].eve, trace->tone_count) / (double)trace->count;
    }
    link_scale = (float)(1.0 / sqrt(fmax(link, 1e-9)));
    eve_scale = (float)(1.0 / sqrt(fmax(eve, 1e-9)));
    for (size_t i = 0; i < trace->count; i++) {
        for (size_t k = 0; k < trace->tone_count; k++) {
            trace->sample[i].link[k] *= link_scale;
            trace->sample[i].eve[k] *= eve_scale;
        }
    }
}

/* Serves the sample nearest to time_ns, each at most once and in order. */
static bool hear_terminal(void *self, int64_t time_ns, double complex *access_point,
                          double complex *eve)
{
    struct trace *trace = self;
    size_t at = trace->next;

    if (at == trace->count) {
        return false;
    }
    while (at + 1 < trace->count && llabs(trace->sample[at + 1].time_ns - time_ns) <=
                                        llabs(trace->sample[at].time_ns - time_ns)) {
        at++;
    }
    if (llabs(trace->sample[at].time_ns - time_ns) > SILENCE_INTERVALS * trace->interval_ns) {
        return false;
    }
    trace->heard = &trace->sample[at];
    trace->next = at + 1;
    for (size_t k = 0; k < trace->tone_count; k++) {
        access_point[k] = (double)trace->heard->link[k];
        eve[k] = 0.0; /* not asked for: the capture has no such link */
    }
    return true;
}

/* The reply comes within the coherence time: the same sample. */
static void hear_access_point(void *self, int64_t time_ns, double complex *terminal,
                              double complex *eve)
{
    const struct trace *trace = self;

    (void)time_ns;
    for (size_t k = 0; k < trace->tone_count; k++) {
        terminal[k] = (double)trace->heard->link[k];
        eve[k] = (double)trace->heard->eve[k];
    }
}

static void free_trace(void *self)
{
    struct trace *trace = self;

    free(trace->sample);
    free(trace);
}

static void make_label(const struct qw_air_config *config, char label[static 96])
{
    const char *slash = strrchr(config->captures[0], '/');
    const char *name = slash != NULL ? slash + 1 : config->captures[0];
    int len;

    if (config->capture_count > 1) {
        len = snprintf(label, 96, "replayed channel %.50s and %zu more", name,
                       config->capture_count - 1);
    } else {
        len = snprintf(label, 96, "replayed channel %.70s", name);
    }
    for (int i = 0; i < len && i < 95; i++) { /* the label crosses a wire as printable ASCII */
        if (label[i] < ' ' || label[i] > '~') {
            label[i] = '?';
        }
    }
}

static qw_err fill_trace(const struct qw_air_config *config, struct trace *trace,
                         char error[static 256])
{
    struct qw_csi_frame *scratch = malloc(sizeof *scratch);
    qw_err err = scratch == NULL ? QW_ERR_NOMEM : QW_OK;

    for (size_t i = 0; err == QW_OK && i < config->capture_count; i++) {
        err = read_file(trace, config->captures[i], scratch, error);
    }
    free(scratch);
    if (err == QW_OK) {
        err = find_interval(trace);
    }
    if (err == QW_OK) {
        err = smooth(trace);
    }
    if (err == QW_OK) {
        level_antennas(trace);
    }
    return err;
}

qw_err qw_air_replayed_new(const struct qw_air_config *config, struct qw_air_medium *medium,
                           char error[static 256])
{
    struct trace *trace = calloc(1, sizeof *trace);
    qw_err err = QW_ERR_NOMEM;

    snprintf(error, 256, "%s", qw_err_text(err));
    if (trace == NULL) {
        return err;
    }
    err = fill_trace(config, trace, error);
    if (err != QW_OK) {
        free_trace(trace);
        return err;
    }
    *medium = (struct qw_air_medium){
        .snr_db = config->capture_snr_db,
        .duration_ns = trace->sample[trace->count - 1].time_ns,
        .session_gap_ns = trace->interval_ns, /* the next sample: a trace is too short to waste */
        .tuning = qw_tuning_standard,
        .format = trace->format,
        .self = trace,
        .hear_terminal = hear_terminal,
        .hear_access_point = hear_access_point,
        .free = free_trace,
    };
    medium->tone_count = (uint16_t)qw_csi_format_tones(medium->format, &medium->tones);
    medium->is_one_sided = true;
    make_label(config, medium->label);
    return QW_OK;
}
