/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture/capture.h"
#include "capture/record_soapy.h"
#include "command.h"

#include "api/json_writer.h"
#include "base/clock.h"
#include "radio/capture/writer.h"
#include "radio/live/esp32_serial.h"
#include "radio/live/nexmon_udp.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave capture record: from a front end that measures now into a file. */

enum { JSON_CAP = 4096, QUEUE_RECORDS = 1024, LOOK_MS = 200, LIMIT_MAX = 1000000000 };

struct arguments {
    const char *source, *out;
    const char *sender;
    uint8_t mac[QW_CSI_SOURCE_LEN];
    bool has_mac;
    unsigned long baud, seconds, frames; /* 0: no limit */
    enum qw_capture_format to;
    bool may_replace, as_json;
    struct record_soapy_options soapy;
};

struct front_end { /* what measures: a receiver of datagrams or lines, or a software radio */
    struct qw_live_receiver *receiver;
    struct qw_soapy soapy; /* outlives the prober */
    struct qw_soapy_prober *prober;
};

struct counts {
    uint64_t written, refused, bytes;
    bool is_stopped;
};

static const struct argp_option options[] = {
    { "to", 't', "NAME", 0, "format of the file (default: qwave)", 0 },
    { "replace", 'r', NULL, 0, "the file may exist and is replaced", 0 },
    { "seconds", 's', "N", 0, "stop after so long (default: at Ctrl-C)", 0 },
    { "frames", 'n', "N", 0, "stop after so many frames", 0 },
    { "sender", 'a', "ADDRESS", 0, "nexmon: datagrams from this IPv4 address only", 0 },
    { "mac", 'm', "MAC", 0, "nexmon: measurements of this transmitter only", 0 },
    { "baud", 'b', "N", 0, "esp32: speed of the line (default: 921600)", 0 },
    { "json", 'j', NULL, 0, "one JSON object at the end", 0 },
    { 0 },
};

static unsigned long parse_limit(const char *name, const char *value, struct argp_state *state)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (*end != '\0' || value[0] < '0' || value[0] > '9' || number < 1 || number > LIMIT_MAX) {
        argp_error(state, "--%s is 1..%d, not '%s'", name, LIMIT_MAX, value);
    }
    return number;
}

static error_t parse_argument(struct arguments *arguments, const char *value,
                              struct argp_state *state)
{
    if (arguments->out != NULL) {
        argp_error(state, "one source and one file");
    }
    if (arguments->source != NULL) {
        arguments->out = value;
        return 0;
    }
    if (strncmp(value, "nexmon:", 7) != 0 && strncmp(value, "esp32:", 6) != 0 &&
        strncmp(value, "soapy:", 6) != 0) {
        argp_error(state, "a source is nexmon:[ADDRESS:]PORT, esp32:DEVICE or soapy:ARGS, not '%s'",
                   value);
    }
    arguments->source = value;
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    const char *missing;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->soapy;
        return 0;
    case 't':
        if (!qw_capture_format_find(value, &arguments->to)) {
            argp_error(state, "no format '%s'; `qwave capture --help` lists them", value);
        }
        return 0;
    case 'r':
        arguments->may_replace = true;
        return 0;
    case 's':
        arguments->seconds = parse_limit("seconds", value, state);
        return 0;
    case 'n':
        arguments->frames = parse_limit("frames", value, state);
        return 0;
    case 'a':
        arguments->sender = value;
        return 0;
    case 'm':
        arguments->has_mac = capture_parse_mac(value, arguments->mac);
        if (!arguments->has_mac) {
            argp_error(state, "--mac is like 02:00:00:00:00:01, not '%s'", value);
        }
        return 0;
    case 'b':
        arguments->baud = parse_limit("baud", value, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        return parse_argument(arguments, value, state);
    case ARGP_KEY_END:
        if (arguments->out == NULL) {
            argp_error(state, "one source and one file");
        }
        missing = arguments->source[0] == 's' ? record_soapy_missing(&arguments->soapy) : NULL;
        if (missing != NULL) {
            argp_error(state, "%s", missing);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* nexmon:[ADDRESS:]PORT */
static qw_err open_nexmon(const struct arguments *arguments, struct qw_live_receiver **receiver)
{
    const char *where = arguments->source + strlen("nexmon:");
    const char *colon = strrchr(where, ':');
    const char *port_text = colon != NULL ? colon + 1 : where;
    struct qw_nexmon_udp_config config = { .sender = arguments->sender,
                                           .source = arguments->has_mac ? arguments->mac : NULL,
                                           .queue_records = QUEUE_RECORDS };
    char address[64];
    char *end;
    unsigned long number = strtoul(port_text, &end, 10);
    uint16_t port;
    qw_err err;

    if (*end != '\0' || port_text[0] < '0' || port_text[0] > '9' || number > 65535) {
        return QW_ERR_ARG;
    }
    config.port = (uint16_t)number;
    if (colon != NULL) {
        int len = snprintf(address, sizeof address, "%.*s", (int)(colon - where), where);

        if (len < 0 || (size_t)len >= sizeof address) {
            return QW_ERR_ARG;
        }
        config.address = address;
    }
    err = qw_nexmon_udp_open(&config, receiver, &port);
    if (err == QW_OK) {
        fprintf(stderr, "qwave capture record: listening on port %u\n", port);
    }
    return err;
}

/* Says on standard error what is wrong. */
static qw_err open_source(const struct arguments *arguments, struct front_end *front_end)
{
    struct qw_esp32_serial_config config = { .path = arguments->source + strlen("esp32:"),
                                             .baud = (unsigned)arguments->baud,
                                             .queue_records = QUEUE_RECORDS };
    qw_err err;

    if (arguments->source[0] == 's') {
        return record_soapy_open(arguments->source + strlen("soapy:"), &arguments->soapy,
                                 &front_end->soapy, &front_end->prober);
    }
    err = arguments->source[0] == 'n' ? open_nexmon(arguments, &front_end->receiver)
                                      : qw_esp32_serial_open(&config, &front_end->receiver);
    if (err != QW_OK) {
        fprintf(stderr, "qwave capture record: %s: %s\n", arguments->source,
                err == QW_ERR_CONFLICT ? "the port is taken" : qw_err_text(err));
    } else if (arguments->source[0] == 'e') {
        fprintf(stderr, "qwave capture record: reading %s\n", config.path);
    }
    return err;
}

static void close_source(struct front_end *front_end)
{
    qw_live_receiver_free(front_end->receiver);
    qw_soapy_prober_close(front_end->prober);
    qw_soapy_unload(&front_end->soapy);
}

/* The end of a source of records is its end; a radio that falls silent has failed. */
static qw_err next_frame(const struct front_end *front_end, struct qw_csi_frame *frame,
                         bool *is_at_end)
{
    qw_err err;

    if (front_end->prober != NULL) {
        return qw_soapy_prober_next(front_end->prober, frame, LOOK_MS);
    }
    err = qw_live_receiver_next(front_end->receiver, frame, LOOK_MS);
    *is_at_end = err == QW_ERR_CLOSED;
    return err;
}

static bool is_over(const struct arguments *arguments, const struct counts *counts,
                    int64_t started_ms)
{
    return (arguments->frames > 0 && counts->written >= arguments->frames) ||
           (arguments->seconds > 0 &&
            qw_clock_monotonic_ms() - started_ms >= (int64_t)arguments->seconds * 1000);
}

static qw_err copy_frames(const struct arguments *arguments, const struct front_end *front_end,
                          struct qw_capture_writer *writer, struct counts *counts)
{
    struct qw_csi_frame *frame = malloc(sizeof *frame);
    int64_t started_ms = qw_clock_monotonic_ms();
    bool is_at_end = false;
    qw_err err = frame == NULL ? QW_ERR_NOMEM : QW_OK;

    while (err == QW_OK && !counts->is_stopped && !is_over(arguments, counts, started_ms)) {
        err = next_frame(front_end, frame, &is_at_end);
        if (err == QW_OK) {
            err = qw_capture_writer_add(writer, frame);
            counts->written += err == QW_OK;
            counts->refused += err == QW_ERR_ARG;
        }
        if (err == QW_ERR_TIMEOUT || err == QW_ERR_ARG) {
            err = QW_OK;
        }
        counts->is_stopped = capture_stop_requested();
    }
    free(frame);
    return is_at_end ? QW_OK : err;
}

static void write_uint(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static uint64_t skipped_of(const struct qw_live_counters *live)
{
    uint64_t skipped = 0;

    for (size_t i = QW_CAPTURE_FRAME + 1; i < QW_CAPTURE_OUTCOMES; i++) {
        skipped += live->count[i];
    }
    return skipped;
}

static void print_json(const struct arguments *arguments, const struct counts *counts,
                       const struct front_end *front_end)
{
    char text[JSON_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "format");
    qw_json_text(&w, qw_capture_importer_of(arguments->to)->name);
    if (front_end->prober != NULL) {
        struct qw_soapy_counters counters = qw_soapy_prober_counters(front_end->prober);

        record_soapy_write(&counters, &w);
    } else {
        struct qw_live_counters live = qw_live_receiver_counters(front_end->receiver);

        write_uint(&w, "records_received", live.received);
        write_uint(&w, "records_dropped", live.dropped);
        write_uint(&w, "records_lost_before", live.lost_before);
        write_uint(&w, "records_foreign", live.foreign);
        write_uint(&w, "skipped", skipped_of(&live));
    }
    write_uint(&w, "frames_written", counts->written);
    write_uint(&w, "frames_refused", counts->refused);
    write_uint(&w, "bytes_written", counts->bytes);
    qw_json_name(&w, "stopped");
    qw_json_bool(&w, counts->is_stopped);
    qw_json_object_end(&w);
    printf("%s\n", text);
}

static void print_text(const struct counts *counts, const struct front_end *front_end)
{
    printf("%" PRIu64 " frames written, ", counts->written);
    if (front_end->prober != NULL) {
        struct qw_soapy_counters counters = qw_soapy_prober_counters(front_end->prober);

        record_soapy_print(&counters);
    } else {
        struct qw_live_counters live = qw_live_receiver_counters(front_end->receiver);

        printf("%" PRIu64 " records received: %" PRIu64 " skipped, %" PRIu64 " dropped, %" PRIu64
               " lost before, %" PRIu64 " foreign\n",
               live.received, skipped_of(&live), live.dropped, live.lost_before, live.foreign);
    }
}

/* What the radio failed with is not what writing could fail with. */
static const char *error_text(const struct front_end *front_end, qw_err err, bool is_of_source)
{
    if (!is_of_source || front_end->prober == NULL) {
        return capture_error_text(err);
    }
    return err == QW_ERR_CLOSED ? "the radio gives no samples any more; the file is whole"
                                : "the stream of the radio failed; the file is whole";
}

static int record(const struct arguments *arguments, const struct front_end *front_end)
{
    struct qw_capture_writer *writer = NULL;
    struct counts counts = { 0 };
    qw_err closed = QW_OK;
    qw_err failed = QW_OK; /* of the source, or of a record */
    qw_err err =
        qw_capture_writer_new(arguments->out, arguments->to, arguments->may_replace, &writer);

    if (err == QW_OK) {
        failed = copy_frames(arguments, front_end, writer, &counts);
        counts.bytes = qw_capture_writer_bytes(writer);
        closed = qw_capture_writer_close(writer);
        err = failed == QW_OK ? closed : failed;
    }
    if (err != QW_OK) {
        bool is_of_source = err == failed && (failed == QW_ERR_CLOSED || failed == QW_ERR_IO);

        fprintf(stderr, "qwave capture record: %s: %s\n", arguments->out,
                error_text(front_end, err, is_of_source));
        return EXIT_FAILED;
    }
    if (arguments->as_json) {
        print_json(arguments, &counts, front_end);
    } else {
        print_text(&counts, front_end);
    }
    return EXIT_DONE;
}

int capture_record(int argc, char **argv)
{
    static const struct argp_child children[] = { { &record_soapy_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = {
        options,
        parse,
        "SOURCE FILE",
        "Writes what a receiver measures into a file, until Ctrl-C. SOURCE is "
        "nexmon:[ADDRESS:]PORT (datagrams of Nexmon firmware, port 5500), esp32:DEVICE (the "
        "serial line of an ESP32 with its CSI tool) or soapy:ARGS (a software radio that SoapySDR "
        "knows, as soapy:driver=uhd; not tried with real hardware). A reader that is too slow "
        "loses whole frames, which are counted.",
        children,
        NULL,
        NULL
    };
    struct arguments arguments = { .to = QW_CAPTURE_QWAVE,
                                   .baud = 921600,
                                   .soapy = RECORD_SOAPY_DEFAULTS };
    struct front_end front_end = { 0 };
    qw_err err;
    int status;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    capture_block_stop(); /* before the receiver's thread, so that it inherits it */
    err = open_source(&arguments, &front_end);
    if (err != QW_OK) {
        return err == QW_ERR_ARG && arguments.source[0] != 's' ? EXIT_USAGE : EXIT_FAILED;
    }
    status = record(&arguments, &front_end);
    close_source(&front_end);
    return status;
}
