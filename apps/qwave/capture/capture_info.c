/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/capture.h"
#include "command.h"
#include "option_value.h"

#include "api/json_writer.h"
#include "base/clock.h"
#include "radio/capture/summary.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave capture info: reads a whole file and says what is in it. */

enum { JSON_CAP = 1 << 14, REPEAT_MAX = 1000000 };

struct arguments {
    const char *path;
    const char *format; /* NULL: told by the first bytes */
    unsigned long repeat;
    bool as_json;
};

struct result {
    const char *path;
    struct qw_capture_reader reader; /* after the first pass */
    struct qw_capture_summary summary;
    double mbytes_per_s;
};

static const struct argp_option options[] = {
    { "format", 'f', "NAME", 0, "format of the file (default: told by its first bytes)", 0 },
    { "repeat", 'r', "N", 0, "passes over the file for its speed, 1..1000000 (default: 1)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    enum qw_capture_format format;
    char *end;

    switch (key) {
    case 'f':
        if (!qw_capture_format_find(value, &format) || format == QW_CAPTURE_CSV) {
            argp_error(state, "no format '%s' to read; `qwave capture --help` lists them", value);
        }
        arguments->format = value;
        return 0;
    case 'r':
        arguments->repeat = strtoul(value, &end, 10);
        if (*end != '\0' || value[0] < '0' || value[0] > '9' || arguments->repeat < 1 ||
            arguments->repeat > REPEAT_MAX) {
            argp_error(state, "--repeat is 1..%d, not '%s'", REPEAT_MAX, value);
        }
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    default:
        return option_only_word(&arguments->path, "say which file", key, value, state);
    }
}

/* The first pass counts; the others, and the first when it is the only one, are timed. */
static void walk(const struct arguments *arguments, const struct qw_capture_reader *opened,
                 struct qw_csi_frame *frame, struct result *result)
{
    int64_t start_ns = 0;
    double seconds;

    for (unsigned long pass = 0; pass < arguments->repeat; pass++) {
        struct qw_capture_reader reader = *opened;

        if (pass == 0) {
            while (qw_capture_reader_next(&reader, frame) == QW_OK) {
                qw_capture_summary_add(&result->summary, frame);
            }
            result->reader = reader;
            start_ns = qw_clock_cpu_ns();
        } else {
            while (qw_capture_reader_next(&reader, frame) == QW_OK) {
            }
        }
    }
    seconds = (double)(qw_clock_cpu_ns() - start_ns) / 1e9;
    if (arguments->repeat > 1 && seconds > 0.0) {
        result->mbytes_per_s =
            (double)opened->len * (double)(arguments->repeat - 1) / seconds / 1e6;
    }
}

static const char remark[] = "one-sided: gives no key";

static void print_text(const struct result *result)
{
    const struct qw_capture_summary *summary = &result->summary;
    const struct qw_capture_reader *reader = &result->reader;

    printf("%s: %s\n", result->path, reader->importer->text);
    printf("  %zu bytes, %" PRIu64 " records, %" PRIu64 " measurements", reader->len,
           qw_capture_reader_records(reader), summary->frames);
    printf(", %zu bytes left over\n", reader->left_over);
    for (size_t i = QW_CAPTURE_FRAME + 1; i < QW_CAPTURE_OUTCOMES; i++) {
        if (reader->count[i] > 0) {
            printf("  skipped %" PRIu64 ": %s\n", reader->count[i], qw_capture_outcome_names[i]);
        }
    }
    for (size_t i = 0; i < summary->shape_count; i++) {
        const struct qw_capture_shape *shape = &summary->shape[i];

        printf("  %" PRIu64 " of %s: %u x %u antennas, %u tones\n", shape->frames,
               qw_csi_format_name(shape->format), shape->rx_count, shape->tx_count,
               shape->tone_count);
    }
    printf("  %.3f s, %.1f per second\n", qw_capture_summary_duration_s(summary),
           qw_capture_summary_rate_per_s(summary));
    printf("  %" PRIu64 " retries, %" PRIu64 " repeated and %" PRIu64
           " missing numbers, time stood still %" PRIu64 " times\n",
           summary->retries, summary->repeated_numbers, summary->missing_numbers,
           summary->time_stops);
    if (result->mbytes_per_s > 0.0) {
        printf("  read at %.0f Mbyte/s of processor time\n", result->mbytes_per_s);
    }
    printf("  %s\n", remark);
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_shapes(struct qw_json_writer *w, const struct qw_capture_summary *summary)
{
    qw_json_name(w, "shapes");
    qw_json_array_begin(w);
    for (size_t i = 0; i < summary->shape_count; i++) {
        const struct qw_capture_shape *shape = &summary->shape[i];

        qw_json_object_begin(w);
        qw_json_name(w, "frame_format");
        qw_json_text(w, qw_csi_format_name(shape->format));
        write_uint(w, "rx", shape->rx_count);
        write_uint(w, "tx", shape->tx_count);
        write_uint(w, "tones", shape->tone_count);
        write_uint(w, "frame_count", shape->frames);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void write_counts(struct qw_json_writer *w, const struct qw_capture_reader *reader)
{
    write_uint(w, "bytes", reader->len);
    write_uint(w, "records", qw_capture_reader_records(reader));
    write_uint(w, "frames", reader->count[QW_CAPTURE_FRAME]);
    write_uint(w, "skipped", qw_capture_reader_skipped(reader));
    qw_json_name(w, "skipped_by_reason");
    qw_json_object_begin(w);
    for (size_t i = QW_CAPTURE_FRAME + 1; i < QW_CAPTURE_OUTCOMES; i++) {
        write_uint(w, qw_capture_outcome_names[i], reader->count[i]);
    }
    qw_json_object_end(w);
    write_uint(w, "left_over_bytes", reader->left_over);
}

static int print_json(const struct result *result)
{
    char text[JSON_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    const struct qw_capture_summary *summary = &result->summary;

    qw_json_object_begin(&w);
    qw_json_name(&w, "format");
    qw_json_text(&w, result->reader.importer->name);
    write_counts(&w, &result->reader);
    write_shapes(&w, summary);
    qw_json_name(&w, "duration_s");
    qw_json_real(&w, qw_capture_summary_duration_s(summary));
    qw_json_name(&w, "frames_per_s");
    qw_json_real(&w, qw_capture_summary_rate_per_s(summary));
    write_uint(&w, "retries", summary->retries);
    write_uint(&w, "repeated_numbers", summary->repeated_numbers);
    write_uint(&w, "missing_numbers", summary->missing_numbers);
    write_uint(&w, "time_stops", summary->time_stops);
    qw_json_name(&w, "remark");
    qw_json_text(&w, remark);
    qw_json_name(&w, "import_mbytes_per_s");
    if (result->mbytes_per_s > 0.0) {
        qw_json_real(&w, result->mbytes_per_s);
    } else {
        qw_json_null(&w);
    }
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return EXIT_FAILED;
    }
    printf("%s\n", text);
    return EXIT_DONE;
}

int capture_info(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FILE",
        "Reads a capture to its last byte and says what it holds and what was skipped. A capture "
        "of one receiver gives no key: it feeds models and displays.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .repeat = 1 };
    struct result result = { 0 };
    struct qw_capture_reader opened;
    struct qw_capture_file file;
    struct qw_csi_frame *frame;
    int status = EXIT_DONE;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (capture_open("info", arguments.path, arguments.format, &file, &opened) != QW_OK) {
        return EXIT_FAILED;
    }
    result.path = arguments.path;
    frame = malloc(sizeof *frame);
    if (frame == NULL) {
        fprintf(stderr, "qwave capture info: %s\n", qw_err_text(QW_ERR_NOMEM));
        qw_capture_file_close(&file);
        return EXIT_FAILED;
    }
    walk(&arguments, &opened, frame, &result);
    if (arguments.as_json) {
        status = print_json(&result);
    } else {
        print_text(&result);
    }
    free(frame);
    qw_capture_file_close(&file);
    return status;
}
