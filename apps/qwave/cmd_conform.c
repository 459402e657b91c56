/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/http_client.h"
#include "api/json_writer.h"
#include "conform/conform.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave conform 014: checks any server of ETSI GS QKD 014 V1.1.1 from outside [C14]. */

enum {
    TIMEOUT_MS = 10000,
    JSON_CAP = 1 << 15,
    OPTION_SLAVE_CERT = 0x100,
    OPTION_SLAVE_KEY,
    OPTION_OTHER_CERT,
    OPTION_OTHER_KEY
};

struct end { /* one application */
    const char *id, *certificate, *key;
};

struct arguments {
    const char *standard, *url, *ca;
    struct end ends[CONFORM_WHO_COUNT];
    bool as_json;
};

struct probe {
    struct qw_http_client *clients[CONFORM_WHO_COUNT];
};

static const struct argp_option options[] = {
    { "url", 'u', "URL", 0, "of the server, for example https://kme.example:8443", 0 },
    { "ca", 'a', "FILE", 0, "authority of the server's certificate", 0 },
    { "master", 'm', "ID", 0, "SAE id of the application that asks for keys", 0 },
    { "cert", 'c', "FILE", 0, "its certificate", 0 },
    { "key", 'k', "FILE", 0, "and private key", 0 },
    { "slave", 's', "ID", 0, "SAE id of the application that fetches them", 0 },
    { "slave-cert", OPTION_SLAVE_CERT, "FILE", 0, "its certificate", 0 },
    { "slave-key", OPTION_SLAVE_KEY, "FILE", 0, "and private key", 0 },
    { "other", 'o', "ID", 0, "a third application, also a peer of the master (optional)", 0 },
    { "other-cert", OPTION_OTHER_CERT, "FILE", 0, "its certificate", 0 },
    { "other-key", OPTION_OTHER_KEY, "FILE", 0, "and private key", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static bool is_whole(const struct end *end)
{
    return end->id != NULL && end->certificate != NULL && end->key != NULL;
}

static void check_arguments(const struct arguments *arguments, struct argp_state *state)
{
    const struct end *other = &arguments->ends[CONFORM_OTHER];
    bool has_other = other->id != NULL || other->certificate != NULL || other->key != NULL;

    if (arguments->standard == NULL || strcmp(arguments->standard, "014") != 0) {
        argp_error(state, "say which standard: 014");
    } else if (arguments->url == NULL || arguments->ca == NULL) {
        argp_error(state, "--url and --ca are needed");
    } else if (!is_whole(&arguments->ends[CONFORM_MASTER]) ||
               !is_whole(&arguments->ends[CONFORM_SLAVE])) {
        argp_error(state, "two applications are needed: --master, --cert, --key and --slave, "
                          "--slave-cert, --slave-key");
    } else if (has_other && !is_whole(other)) {
        argp_error(state, "--other, --other-cert and --other-key go together");
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct end *master = &arguments->ends[CONFORM_MASTER];
    struct end *slave = &arguments->ends[CONFORM_SLAVE];
    struct end *other = &arguments->ends[CONFORM_OTHER];
    const struct {
        int key;
        const char **place;
    } places[] = { { 'u', &arguments->url },
                   { 'a', &arguments->ca },
                   { 'm', &master->id },
                   { 'c', &master->certificate },
                   { 'k', &master->key },
                   { 's', &slave->id },
                   { OPTION_SLAVE_CERT, &slave->certificate },
                   { OPTION_SLAVE_KEY, &slave->key },
                   { 'o', &other->id },
                   { OPTION_OTHER_CERT, &other->certificate },
                   { OPTION_OTHER_KEY, &other->key } };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (key == places[i].key) {
            *places[i].place = value;
            return 0;
        }
    }
    switch (key) {
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0) {
            argp_error(state, "too many words");
        }
        arguments->standard = value;
        return 0;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static qw_err ask(void *self, enum conform_who who, const char *method, const char *path,
                  const char *body, unsigned *status, const char **answer)
{
    struct probe *probe = self;
    size_t len;

    return qw_http_client_call(probe->clients[who], method, path, body, status, answer, &len);
}

static qw_err open_probe(const struct arguments *arguments, struct probe *probe)
{
    qw_err err = QW_OK;

    for (int who = 0; who < CONFORM_WHO_COUNT && err == QW_OK; who++) {
        const struct end *end = &arguments->ends[who];
        struct qw_http_client_config config = { .base_url = arguments->url,
                                                .certificate_path = end->certificate,
                                                .key_path = end->key,
                                                .ca_path = arguments->ca,
                                                .timeout_ms = TIMEOUT_MS,
                                                .is_probe = true };

        if (end->id != NULL || who == CONFORM_NOBODY) {
            err = qw_http_client_new(&config, &probe->clients[who]);
        }
    }
    return err;
}

static void close_probe(struct probe *probe)
{
    for (int who = 0; who < CONFORM_WHO_COUNT; who++) {
        qw_http_client_free(probe->clients[who]);
    }
}

static const char *word_of(const struct conform_row *row)
{
    static const char *const words[] = {
        [CONFORM_PASSED] = "passed", [CONFORM_FAILED] = "failed", [CONFORM_SKIPPED] = "skipped"
    };

    return words[row->result];
}

static void print_table(const struct conform_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct conform_row *row = &report->rows[i];

        printf("%-8s %-4s [%s] %s%s%s%s\n", word_of(row), row->id, row->clause, row->text,
               row->is_mandatory ? "" : " (good practice)", row->reason[0] != '\0' ? ": " : "",
               row->reason);
    }
    printf("%zu passed, %zu failed (%zu of them mandatory), %zu skipped\n", report->passed,
           report->failed, report->mandatory_failed, report->skipped);
}

static void write_row(struct qw_json_writer *w, const struct conform_row *row)
{
    qw_json_object_begin(w);
    qw_json_name(w, "id");
    qw_json_text(w, row->id);
    qw_json_name(w, "clause");
    qw_json_text(w, row->clause);
    qw_json_name(w, "text");
    qw_json_text(w, row->text);
    qw_json_name(w, "is_mandatory");
    qw_json_bool(w, row->is_mandatory);
    qw_json_name(w, "result");
    qw_json_text(w, word_of(row));
    qw_json_name(w, "reason");
    qw_json_text(w, row->reason);
    qw_json_object_end(w);
}

static bool print_json(const struct conform_report *report)
{
    static const char standard[] = "ETSI GS QKD 014 V1.1.1";
    char *text = malloc(JSON_CAP);
    struct qw_json_writer w;
    bool done;

    if (text == NULL) {
        return false;
    }
    w = qw_json_writer_on(text, JSON_CAP);
    qw_json_object_begin(&w);
    qw_json_name(&w, "standard");
    qw_json_text(&w, standard);
    qw_json_name(&w, "passed");
    qw_json_uint(&w, report->passed);
    qw_json_name(&w, "failed");
    qw_json_uint(&w, report->failed);
    qw_json_name(&w, "mandatory_failed");
    qw_json_uint(&w, report->mandatory_failed);
    qw_json_name(&w, "skipped");
    qw_json_uint(&w, report->skipped);
    qw_json_name(&w, "checks");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < report->count; i++) {
        write_row(&w, &report->rows[i]);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    done = qw_json_done(&w);
    if (done) {
        printf("%s\n", text);
    }
    free(text);
    return done;
}

static int run(const struct arguments *arguments, struct probe *probe)
{
    struct conform_server server = { .self = probe, .ask = ask, .has_nobody = true };
    struct conform_report *report = malloc(sizeof *report);
    int status = EXIT_FAILED;

    if (report == NULL) {
        fprintf(stderr, "qwave conform: %s\n", qw_err_text(QW_ERR_NOMEM));
        return EXIT_FAILED;
    }
    server.master_id = arguments->ends[CONFORM_MASTER].id;
    server.slave_id = arguments->ends[CONFORM_SLAVE].id;
    server.other_id = arguments->ends[CONFORM_OTHER].id;
    conform_014(&server, report);
    if (!arguments->as_json) {
        print_table(report);
    }
    if (!arguments->as_json || print_json(report)) {
        status = report->mandatory_failed == 0 ? EXIT_DONE : EXIT_FAILED;
    }
    free(report);
    return status;
}

int cmd_conform(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        "014",
        "Checks a server of ETSI GS QKD 014 V1.1.1 from outside, with the certificates of two "
        "applications (three are better). Uses up some dozens of keys. Exit status 0 when every "
        "mandatory check passed.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .standard = NULL };
    struct probe probe = { .clients = { NULL } };
    int status = EXIT_FAILED;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    err = open_probe(&arguments, &probe);
    if (err == QW_OK) {
        status = run(&arguments, &probe);
    } else {
        fprintf(stderr, "qwave conform: %s: %s\n", arguments.url, qw_err_text(err));
    }
    close_probe(&probe);
    return status;
}
