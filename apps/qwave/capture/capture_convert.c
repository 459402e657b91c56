/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/capture.h"
#include "command.h"

#include "api/json_writer.h"
#include "radio/capture/writer.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* qwave capture convert: from one format to another. */

enum { JSON_CAP = 4096 };

struct arguments {
    const char *in, *out;
    const char *from; /* NULL: told by the first bytes */
    enum qw_capture_format to;
    bool may_replace, as_json;
};

struct counts {
    uint64_t read, written, scaled, refused;
    uint64_t bytes;
    bool is_stopped;
};

static const struct argp_option options[] = {
    { "from", 'f', "NAME", 0, "format of the first file (default: told by its first bytes)", 0 },
    { "to", 't', "NAME", 0, "format of the second file (default: qwave)", 0 },
    { "replace", 'r', NULL, 0, "the second file may exist and is replaced", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse_file(struct arguments *arguments, const char *value, struct argp_state *state)
{
    if (arguments->out != NULL) {
        argp_error(state, "two files: from which and to which");
    }
    if (arguments->in == NULL) {
        arguments->in = value;
    } else {
        arguments->out = value;
    }
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    enum qw_capture_format format;

    switch (key) {
    case 'f':
        if (!qw_capture_format_find(value, &format) || format == QW_CAPTURE_CSV) {
            argp_error(state, "no format '%s' to read; `qwave capture --help` lists them", value);
        }
        arguments->from = value;
        return 0;
    case 't':
        if (!qw_capture_format_find(value, &arguments->to)) {
            argp_error(state, "no format '%s'; `qwave capture --help` lists them", value);
        }
        return 0;
    case 'r':
        arguments->may_replace = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        return parse_file(arguments, value, state);
    case ARGP_KEY_END:
        if (arguments->out == NULL) {
            argp_error(state, "two files: from which and to which");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err copy_frames(struct qw_capture_reader *reader, struct qw_capture_writer *writer,
                          float number_max, struct counts *counts)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);
    qw_err err = frame == NULL ? QW_ERR_NOMEM : QW_OK;

    while (err == QW_OK && !counts->is_stopped && qw_capture_reader_next(reader, frame) == QW_OK) {
        counts->read++;
        err = qw_capture_writer_add(writer, frame);
        if (err == QW_OK) {
            counts->written++;
            counts->scaled += number_max > 0.0f && qw_capture_scale(frame, number_max) != 1.0f;
        } else if (err == QW_ERR_ARG) {
            counts->refused++;
            err = QW_OK;
        }
        counts->is_stopped = capture_stop_requested();
    }
    free(frame);
    return err;
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void print_json(const struct arguments *arguments, const struct qw_capture_reader *reader,
                       const struct counts *counts)
{
    char text[JSON_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "from");
    qw_json_text(&w, reader->importer->name);
    qw_json_name(&w, "to");
    qw_json_text(&w, qw_capture_importer_of(arguments->to)->name);
    write_uint(&w, "frames_read", counts->read);
    write_uint(&w, "frames_written", counts->written);
    write_uint(&w, "frames_scaled", counts->scaled);
    write_uint(&w, "frames_refused", counts->refused);
    write_uint(&w, "skipped", qw_capture_reader_skipped(reader));
    write_uint(&w, "left_over_bytes", reader->left_over);
    write_uint(&w, "bytes_written", counts->bytes);
    qw_json_name(&w, "stopped");
    qw_json_bool(&w, counts->is_stopped);
    qw_json_object_end(&w);
    printf("%s\n", text);
}

static int report(const struct arguments *arguments, const struct qw_capture_reader *reader,
                  const struct counts *counts, qw_err err)
{
    const char *to = qw_capture_importer_of(arguments->to)->name;

    if (err != QW_OK) {
        fprintf(stderr, "qwave capture convert: %s: %s\n", arguments->out, capture_error_text(err));
        return EXIT_FAILED;
    }
    if (counts->written == 0 && !counts->is_stopped) {
        unlink(arguments->out); /* made by us, and empty */
        fprintf(stderr, "qwave capture convert: %s has no place for any of %" PRIu64 " frames\n",
                to, counts->read);
        return EXIT_FAILED;
    }
    if (arguments->as_json) {
        print_json(arguments, reader, counts);
        return EXIT_DONE;
    }
    printf("%s to %s: %" PRIu64 " of %" PRIu64 " frames written", reader->importer->name, to,
           counts->written, counts->read);
    printf(", %" PRIu64 " of them scaled to its integers, %" PRIu64 " without a place in it\n",
           counts->scaled, counts->refused);
    if (counts->is_stopped) {
        printf("stopped before the end; the file is whole as far as it goes\n");
    }
    return EXIT_DONE;
}

static int convert(const struct arguments *arguments, struct qw_capture_reader *reader)
{
    struct qw_capture_writer *writer = NULL;
    struct counts counts = { 0 };
    qw_err closed;
    qw_err err =
        qw_capture_writer_new(arguments->out, arguments->to, arguments->may_replace, &writer);

    if (err == QW_OK) {
        err =
            copy_frames(reader, writer, qw_capture_importer_of(arguments->to)->number_max, &counts);
        counts.bytes = qw_capture_writer_bytes(writer);
        closed = qw_capture_writer_close(writer);
        err = err == QW_OK ? closed : err;
    }
    return report(arguments, reader, &counts, err);
}

int capture_convert(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "FROM-FILE TO-FILE",
        "Writes the measurements of a capture in another format. Formats of integers scale the "
        "values of a frame that are none; frames that a format has no place for are counted. "
        "Ctrl-C ends early and leaves whole records.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .to = QW_CAPTURE_QWAVE };
    struct qw_capture_reader reader;
    struct qw_capture_file file;
    int status;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (capture_open("convert", arguments.in, arguments.from, &file, &reader) != QW_OK) {
        return EXIT_FAILED;
    }
    capture_block_stop();
    status = convert(&arguments, &reader);
    qw_capture_file_close(&file);
    return status;
}
