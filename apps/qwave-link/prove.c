/* SPDX-License-Identifier: Apache-2.0 */
/* Shows from outside whether the traffic of a strongSwan tunnel depends on the delivered keys. */
#define _GNU_SOURCE
#include "prove.h"

#include "base/file.h"
#include "base/secret.h"
#include "capture.h"
#include "link/prove/evidence.h"
#include "link/prove/ike_exchanges.h"
#include "program/start.h"
#include "prove_print.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FILES_MAX = 64, KEY_FILE_MAX = 4 << 20, EXIT_INPUT = QW_EXIT_USAGE };

struct arguments {
    const char *capture, *log;
    const char *keys[KEY_FILES_MAX];
    size_t key_count;
    struct qw_packet_ports ports;
    bool is_json;
};

static const struct argp_option options[] = {
    { "capture", 'c', "FILE", 0, "what passed on the wire: pcap or pcapng; - for standard input",
      0 },
    { "log", 'l', "FILE", 0, "charon's log of one end: ike = 4, chd = 4, ike_name = yes", 0 },
    { "keys", 'k', "FILE", 0, "delivered keys: containers of ETSI 014; may be given again", 0 },
    { "port", 'p', "NUMBER", 0, "UDP port of IKE and ESP beside 4500; may be given again", 0 },
    { "json", 'j', NULL, 0, "one JSON object instead of a table", 0 },
    { 0 },
};

static void add_port(struct argp_state *state, struct qw_packet_ports *ports, const char *value)
{
    char *end = NULL;
    unsigned long port = strtoul(value, &end, 10);

    if (value[0] < '0' || value[0] > '9' || *end != '\0' || port == 0 || port > UINT16_MAX) {
        argp_error(state, "a port is a number from 1 to %d", UINT16_MAX);
    }
    if (ports->count == QW_PACKET_PORTS_MAX) {
        argp_error(state, "at most %d ports", QW_PACKET_PORTS_MAX);
    }
    ports->ports[ports->count++] = (uint16_t)port;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'c':
        arguments->capture = value;
        return 0;
    case 'l':
        arguments->log = value;
        return 0;
    case 'k':
        if (arguments->key_count == KEY_FILES_MAX) {
            argp_error(state, "at most %d files of keys", KEY_FILES_MAX);
        }
        arguments->keys[arguments->key_count++] = value;
        return 0;
    case 'p':
        add_port(state, &arguments->ports, value);
        return 0;
    case 'j':
        arguments->is_json = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->capture == NULL || arguments->log == NULL || arguments->key_count == 0) {
            argp_error(state, "--capture, --log and --keys are needed");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* All files of keys; keys NULL: whether they can be read. */
static qw_err read_keys(const struct arguments *arguments, struct qw_key_list *keys)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < arguments->key_count; i++) {
        uint8_t *text = NULL;
        size_t len = 0;

        err = qw_file_read_private(arguments->keys[i], KEY_FILE_MAX, &text, &len);
        if (err == QW_OK && keys != NULL) {
            err = qw_key_list_add(keys, (const char *)text, len);
        }
        qw_secret_free(text);
        if (err != QW_OK) {
            return prove_complain(arguments->keys[i],
                                  err == QW_ERR_REFUSED
                                      ? "others may read this file of keys: mode 0600"
                                  : err == QW_ERR_CONFLICT ? "two different keys have one id"
                                  : err == QW_ERR_FORMAT   ? "no key containers of ETSI 014"
                                                           : qw_err_text(err),
                                  err);
        }
    }
    return err;
}

/* The capture comes first: through a pipe it ends when it ends, and log and keys grow meanwhile.
 * What is wrong with them at once is told before that. */
static qw_err open_capture(const struct arguments *arguments, FILE **capture)
{
    qw_err err = read_keys(arguments, NULL);

    if (err == QW_OK && access(arguments->log, R_OK) != 0) {
        err = prove_complain(arguments->log, strerror(errno), QW_ERR_NOT_FOUND);
    }
    return err == QW_OK ? capture_open(arguments->capture, capture) : err;
}

/* One line without its end into line; the rest of a long one is passed over. False at the end. */
static bool read_line(FILE *file, char line[static QW_CHARON_LINE_CAP])
{
    size_t len = 0;
    int c = fgetc(file);

    if (c == EOF) {
        return false;
    }
    for (; c != EOF && c != '\n'; c = fgetc(file)) {
        if (c != '\0' && len + 1 < QW_CHARON_LINE_CAP) {
            line[len++] = (char)c;
        }
    }
    line[len] = '\0';
    return true;
}

static qw_err read_log(const char *path, struct qw_charon_log *log)
{
    char line[QW_CHARON_LINE_CAP];
    FILE *file = fopen(path, "r");
    size_t count = 0;
    qw_err err = QW_OK;

    if (file == NULL) {
        return prove_complain(path, strerror(errno), QW_ERR_NOT_FOUND);
    }
    while (err == QW_OK && read_line(file, line)) {
        err = qw_charon_log_line(log, line);
    }
    if (err == QW_OK && ferror(file) != 0) {
        err = QW_ERR_IO;
    }
    qw_wipe(line, sizeof line);
    (void)fclose(file);
    if (err != QW_OK) {
        return prove_complain(path, qw_err_text(err), err);
    }
    if (qw_charon_log_lacks_names(log)) {
        return prove_complain(path,
                              "it does not say which IKE_SA a key belongs to: set ike_name = yes",
                              QW_ERR_FORMAT);
    }
    (void)qw_charon_log_children(log, &count);
    return count > 0
               ? QW_OK
               : prove_complain(path,
                                "no key of a CHILD_SA in it: is it charon's, with ike = 4 and "
                                "chd = 4, from the start on?",
                                QW_ERR_FORMAT);
}

static qw_err take_ike(void *self, const struct qw_packet *packet)
{
    return packet->kind == QW_PACKET_IKE ? qw_ike_exchanges_add(self, packet->data, packet->len)
                                         : QW_OK;
}

static qw_err take_esp(void *self, const struct qw_packet *packet)
{
    qw_evidence_packet(self, packet);
    return QW_OK;
}

/* What a rekeyed IKE_SA is made of stands in the capture: that is read once more, before. */
static qw_err read_exchanges(FILE *capture, const struct arguments *arguments,
                             const struct qw_charon_log *log, struct qw_ike_exchanges *exchanges)
{
    struct capture_walk walk = {
        .path = arguments->capture, .ports = &arguments->ports, .self = exchanges, .take = take_ike
    };

    return qw_charon_log_has_rekeyed(log) ? capture_read(capture, &walk) : QW_OK;
}

static qw_err weigh(FILE *capture, const struct arguments *arguments,
                    const struct qw_charon_log *log, const struct qw_key_list *keys,
                    struct qw_evidence **evidence)
{
    struct capture_walk walk = { .path = arguments->capture,
                                 .ports = &arguments->ports,
                                 .take = take_esp };
    struct qw_ike_exchanges *exchanges = NULL;
    qw_err err = qw_ike_exchanges_new(&exchanges);

    if (err == QW_OK) {
        err = read_exchanges(capture, arguments, log, exchanges);
    }
    if (err == QW_OK) {
        err = qw_evidence_new(log, keys, exchanges, evidence);
    }
    qw_ike_exchanges_free(exchanges);
    if (err == QW_OK) {
        walk.self = *evidence;
        err = capture_read(capture, &walk);
    }
    if (err == QW_OK && walk.is_truncated) {
        qw_evidence_truncated(*evidence);
    }
    return err;
}

static int judge(const struct arguments *arguments, struct qw_evidence *evidence)
{
    struct qw_evidence_report report = qw_evidence_report(evidence);

    if (!arguments->is_json) {
        prove_print_text(&report);
    } else if (prove_print_json(&report) != QW_OK) {
        return QW_EXIT_FAILED;
    }
    return report.is_proved ? QW_EXIT_DONE : QW_EXIT_FAILED;
}

static int prove(const struct arguments *arguments)
{
    struct qw_key_list *keys = NULL;
    struct qw_charon_log *log = NULL;
    struct qw_evidence *evidence = NULL;
    FILE *capture = NULL;
    int status = EXIT_INPUT;
    qw_err err = qw_key_list_new(&keys);

    if (err == QW_OK) {
        err = qw_charon_log_new(&log);
    }
    if (err == QW_OK) {
        err = open_capture(arguments, &capture);
    }
    if (err == QW_OK) {
        err = read_keys(arguments, keys);
    }
    if (err == QW_OK) {
        err = read_log(arguments->log, log);
    }
    if (err == QW_OK) {
        err = weigh(capture, arguments, log, keys, &evidence);
    }
    if (err == QW_OK) {
        status = judge(arguments, evidence);
    }
    if (capture != NULL) {
        (void)fclose(capture);
    }
    qw_evidence_free(evidence);
    qw_charon_log_free(log);
    qw_key_list_free(keys);
    return err == QW_ERR_NOMEM || err == QW_ERR_UNAVAILABLE ? QW_EXIT_FAILED
           : err == QW_ERR_REFUSED                          ? QW_EXIT_REFUSED
                                                            : status;
}

int prove_main(int argc, char **argv)
{
    static const char help[] =
        "Recomputes the session keys of a strongSwan tunnel from delivered keys and the daemon's "
        "log, and shows which share of the captured ESP packets opens with them, and which "
        "without. Status 0: all with, none without.";
    struct arguments arguments = { 0 };
    const struct argp argp = { options, parse, NULL, help, NULL, NULL, NULL };
    struct qw_log log = { .stream = stderr, .component = "link", .level = QW_LOG_INFO };
    int status;

    argp_err_exit_status = QW_EXIT_USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return QW_EXIT_USAGE;
    }
    status = qw_program_prepare(&log);
    return status == QW_EXIT_DONE ? prove(&arguments) : status;
}
