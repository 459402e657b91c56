/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/capture.h"
#include "command.h"

#include "api/json_writer.h"
#include "radio/capture/writer.h"
#include "radio/pairing.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave capture pair: two captures of one exchange, one of each end. */

enum { JSON_CAP = 4096, TAU_MAX_US = 1000000, RETRY_WINDOW_MS = 500 };

struct end {
    const char *option; /* "alice" */
    const char *path, *out;
    uint8_t peer[QW_CSI_SOURCE_LEN];
    bool has_peer;
    struct qw_capture_file file;
    struct qw_capture_reader opened;
    struct qw_pairing_mark *mark;
    size_t count;
};

struct arguments {
    struct end alice, bob;
    enum qw_csi_format format; /* QW_CSI_FORMATS: that of Alice's first numbered frame */
    unsigned long tau_max_us;
    bool may_replace, as_json;
};

struct result {
    struct qw_pair *pairs;
    size_t count;
    struct qw_pairing_counters counters;
};

enum { KEY_ALICE = 256, KEY_BOB, KEY_ALICE_PEER, KEY_BOB_PEER, KEY_ALICE_OUT, KEY_BOB_OUT };

static const struct argp_option options[] = {
    { "alice", KEY_ALICE, "FILE", 0, "capture of one end", 0 },
    { "bob", KEY_BOB, "FILE", 0, "capture of the other end", 0 },
    { "alice-peer", KEY_ALICE_PEER, "MAC", 0, "transmitter that Alice listens to (any)", 0 },
    { "bob-peer", KEY_BOB_PEER, "MAC", 0, "transmitter that Bob listens to (any)", 0 },
    { "alice-out", KEY_ALICE_OUT, "FILE", 0, "Alice's paired frames, without gain", 0 },
    { "bob-out", KEY_BOB_OUT, "FILE", 0, "Bob's, one for one", 0 },
    { "frame-format", 'f', "NAME", 0, "of the session (Alice's first numbered frame)", 0 },
    { "tau-max-us", 't', "N", 0, "furthest apart in time, 1..1000000 (default: 1000)", 0 },
    { "replace", 'r', NULL, 0, "files may exist and are replaced", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static void parse_format(struct arguments *arguments, const char *value, struct argp_state *state)
{
    for (int i = 0; i < QW_CSI_FORMATS; i++) {
        if (strcmp(qw_csi_format_name((enum qw_csi_format)i), value) == 0) {
            arguments->format = (enum qw_csi_format)i;
            return;
        }
    }
    argp_error(state, "no frame format '%s'; `qwave capture info` names them", value);
}

static void parse_tau(struct arguments *arguments, const char *value, struct argp_state *state)
{
    char *end;

    arguments->tau_max_us = strtoul(value, &end, 10);
    if (*end != '\0' || value[0] < '0' || value[0] > '9' || arguments->tau_max_us < 1 ||
        arguments->tau_max_us > TAU_MAX_US) {
        argp_error(state, "--tau-max-us is 1..%d, not '%s'", TAU_MAX_US, value);
    }
}

static void parse_peer(struct end *end, const char *value, struct argp_state *state)
{
    end->has_peer = capture_parse_mac(value, end->peer);
    if (!end->has_peer) {
        argp_error(state, "--%s-peer is like 02:00:00:00:00:01, not '%s'", end->option, value);
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case KEY_ALICE:
        arguments->alice.path = value;
        return 0;
    case KEY_BOB:
        arguments->bob.path = value;
        return 0;
    case KEY_ALICE_OUT:
        arguments->alice.out = value;
        return 0;
    case KEY_BOB_OUT:
        arguments->bob.out = value;
        return 0;
    case KEY_ALICE_PEER:
        parse_peer(&arguments->alice, value, state);
        return 0;
    case KEY_BOB_PEER:
        parse_peer(&arguments->bob, value, state);
        return 0;
    case 'f':
        parse_format(arguments, value, state);
        return 0;
    case 't':
        parse_tau(arguments, value, state);
        return 0;
    case 'r':
        arguments->may_replace = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "files are named by --alice and --bob");
        return 0;
    case ARGP_KEY_END:
        if (arguments->alice.path == NULL || arguments->bob.path == NULL) {
            argp_error(state, "say which files: --alice and --bob");
        }
        if ((arguments->alice.out == NULL) != (arguments->bob.out == NULL)) {
            argp_error(state, "--alice-out and --bob-out go together");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The marks of a whole file; index i is its frame i. */
static qw_err read_marks(struct end *end, struct qw_csi_frame *frame)
{
    struct qw_capture_reader reader = end->opened;
    size_t cap = 0;

    while (qw_capture_reader_next(&reader, frame) == QW_OK) {
        if (end->count == QW_PAIRING_MARKS_MAX) {
            return QW_ERR_SPACE;
        }
        if (end->count == cap) {
            struct qw_pairing_mark *grown;

            cap = cap == 0 ? 1024 : 2 * cap;
            grown = realloc(end->mark, cap * sizeof *grown);
            if (grown == NULL) {
                return QW_ERR_NOMEM;
            }
            end->mark = grown;
        }
        end->mark[end->count++] = qw_pairing_mark_of(frame);
    }
    return QW_OK;
}

static enum qw_csi_format format_of(const struct arguments *arguments)
{
    const struct end *alice = &arguments->alice;

    for (size_t i = 0; arguments->format == QW_CSI_FORMATS && i < alice->count; i++) {
        if (alice->mark[i].is_usable) {
            return alice->mark[i].format;
        }
    }
    return arguments->format;
}

/* Rows of two files stand for each other only when both go up: others are left out. */
static void keep_ascending(struct result *result)
{
    size_t kept = 0;

    for (size_t i = 0; i < result->count; i++) {
        if (kept == 0 || result->pairs[i].bob > result->pairs[kept - 1].bob) {
            result->pairs[kept++] = result->pairs[i];
        }
    }
    result->count = kept;
}

static qw_err find_pairs(const struct arguments *arguments, struct result *result)
{
    const struct end *a = &arguments->alice;
    const struct end *b = &arguments->bob;
    struct qw_pairing_end alice = { a->mark, a->count, a->has_peer ? a->peer : NULL };
    struct qw_pairing_end bob = { b->mark, b->count, b->has_peer ? b->peer : NULL };
    struct qw_pairing_config config = { .format = format_of(arguments),
                                        .tau_max_ns = (int64_t)arguments->tau_max_us * 1000,
                                        .retry_window_ns = (int64_t)RETRY_WINDOW_MS * 1000000 };
    size_t most = a->count < b->count ? a->count : b->count;
    qw_err err;

    result->pairs = calloc(most + 1, sizeof *result->pairs);
    if (result->pairs == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_pairing_run(&alice, &bob, &config, result->pairs, &result->count, &result->counters);
    if (err == QW_OK) {
        keep_ascending(result);
    }
    return err;
}

/* One end's paired frames, their gain taken out, in the order of pairs. */
static qw_err write_end(const struct end *end, bool is_alice, const struct result *result,
                        bool may_replace, struct qw_csi_frame *frame)
{
    struct qw_capture_reader reader = end->opened;
    struct qw_capture_writer *writer = NULL;
    qw_err closed;
    qw_err err = qw_capture_writer_new(end->out, QW_CAPTURE_QWAVE, may_replace, &writer);
    size_t at = 0;

    if (err != QW_OK) {
        return err;
    }
    for (size_t i = 0;
         err == QW_OK && at < result->count && qw_capture_reader_next(&reader, frame) == QW_OK;
         i++) {
        size_t wanted = is_alice ? result->pairs[at].alice : result->pairs[at].bob;

        if (i == wanted) {
            (void)qw_csi_frame_normalise(frame); /* a frame of the reader has power */
            err = qw_capture_writer_add(writer, frame);
            at++;
        }
    }
    closed = qw_capture_writer_close(writer);
    return err == QW_OK ? closed : err;
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void print_json(const struct arguments *arguments, const struct result *result)
{
    const struct qw_pairing_counters *counters = &result->counters;
    enum qw_csi_format format = format_of(arguments);
    char text[JSON_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    write_uint(&w, "alice_frames", arguments->alice.count);
    write_uint(&w, "bob_frames", arguments->bob.count);
    qw_json_name(&w, "frame_format");
    if (format == QW_CSI_FORMATS) {
        qw_json_null(&w);
    } else {
        qw_json_text(&w, qw_csi_format_name(format));
    }
    write_uint(&w, "pairs", result->count);
    write_uint(&w, "other_format", counters->other_format);
    write_uint(&w, "foreign", counters->foreign);
    write_uint(&w, "unnumbered", counters->unnumbered);
    write_uint(&w, "duplicates", counters->duplicates);
    write_uint(&w, "ambiguous", counters->ambiguous);
    write_uint(&w, "alice_unpaired", counters->missing);
    write_uint(&w, "bob_unpaired", counters->unmatched);
    write_uint(&w, "clock_jumps", counters->clock_jumps);
    qw_json_object_end(&w);
    printf("%s\n", text);
}

static void print_text(const struct arguments *arguments, const struct result *result)
{
    const struct qw_pairing_counters *c = &result->counters;

    printf("%zu pairs of %zu and %zu measurements\n", result->count, arguments->alice.count,
           arguments->bob.count);
    printf("  left out: %" PRIu64 " of other formats, %" PRIu64 " of other transmitters, %" PRIu64
           " without a number, %" PRIu64 " duplicates, %" PRIu64 " ambiguous\n",
           c->other_format, c->foreign, c->unnumbered, c->duplicates, c->ambiguous);
    printf("  without a partner: %" PRIu64 " of Alice, %" PRIu64 " of Bob; %" PRIu64
           " jumps of a clock\n",
           c->missing, c->unmatched, c->clock_jumps);
}

static qw_err run(struct arguments *arguments, struct result *result, struct qw_csi_frame *frame)
{
    qw_err err = read_marks(&arguments->alice, frame);

    if (err == QW_OK) {
        err = read_marks(&arguments->bob, frame);
    }
    if (err == QW_OK) {
        err = find_pairs(arguments, result);
    }
    if (err == QW_OK && arguments->alice.out != NULL) {
        err = write_end(&arguments->alice, true, result, arguments->may_replace, frame);
        if (err == QW_OK) {
            err = write_end(&arguments->bob, false, result, arguments->may_replace, frame);
        }
    }
    return err;
}

int capture_pair(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "--alice FILE --bob FILE",
        "Tells which measurements of two ends belong together: the same number, the same place "
        "among its retries, the same time. The clocks' difference is found, and followed. Makes no "
        "key.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .alice = { .option = "alice" },
                                   .bob = { .option = "bob" },
                                   .format = QW_CSI_FORMATS,
                                   .tau_max_us = 1000 };
    struct result result = { 0 };
    struct qw_csi_frame *frame = NULL;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = capture_open("pair", arguments.alice.path, NULL, &arguments.alice.file,
                       &arguments.alice.opened);
    if (err != QW_OK) {
        return EXIT_FAILED;
    }
    err =
        capture_open("pair", arguments.bob.path, NULL, &arguments.bob.file, &arguments.bob.opened);
    if (err != QW_OK) {
        qw_capture_file_close(&arguments.alice.file);
        return EXIT_FAILED;
    }
    frame = malloc(sizeof *frame);
    err = frame == NULL ? QW_ERR_NOMEM : run(&arguments, &result, frame);
    if (err != QW_OK) {
        fprintf(stderr, "qwave capture pair: %s\n", capture_error_text(err));
    } else if (arguments.as_json) {
        print_json(&arguments, &result);
    } else {
        print_text(&arguments, &result);
    }
    free(frame);
    free(result.pairs);
    free(arguments.alice.mark);
    free(arguments.bob.mark);
    qw_capture_file_close(&arguments.alice.file);
    qw_capture_file_close(&arguments.bob.file);
    return err == QW_OK ? EXIT_DONE : EXIT_FAILED;
}
