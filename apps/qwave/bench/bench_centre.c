/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/json_writer.h"
#include "base/file.h"
#include "bench/bench.h"
#include "bench/load.h"
#include "centre_folder.h"
#include "child.h"
#include "operator.h"

#include <argp.h>
#include <ftw.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* qwave bench centre: speed of key delivery, ETSI GS QKD 014, by a real qwaved with a database on a
 * disk and a load generator on the same machine [C5 C14]. */

enum {
    STOCK_KEYS = 65536,
    BLOCK_KEYS = 256,
    IDS_MAX = 40960,
    ID_CAP = 37,
    PATH_LEN_CAP = 512,
    READY_MS = 60000,
    FILL_MS = 120000,
    JSON_TEXT_CAP = 2048
};

struct arguments {
    int seconds;
    int threads;
    int server_threads;
    bool as_json;
};

struct site { /* a centre in a temporary folder, and two applications */
    char folder[PATH_LEN_CAP];
    char master_certificate[PATH_LEN_CAP + 32], master_key[PATH_LEN_CAP + 32];
    char slave_certificate[PATH_LEN_CAP + 32], slave_key[PATH_LEN_CAP + 32];
    char ca[PATH_LEN_CAP + 32], database[PATH_LEN_CAP + 32];
    char settings[PATH_LEN_CAP + 32], log[PATH_LEN_CAP + 32];
    struct child centre;
    uint16_t port;
    pthread_mutex_t lock; /* around ids */
    char (*ids)[ID_CAP];  /* IDS_MAX */
    size_t id_count;
    const char *enc_path;
};

struct figures { /* NAN: not measured */
    double enc_1_per_s, enc_128_keys_per_s, dec_per_s, p50_ms, p99_ms, half_load_per_s;
    double handshakes_per_s, bytes_per_key;
    uint64_t failed;
};

static const struct argp_option options[] = {
    { "seconds", 's', "N", 0, "for each measurement, 1 to 60 (default: 3)", 0 },
    { "threads", 't', "N", 0, "connections of the load generator, 1 to 64 (default: 8)", 0 },
    { "server-threads", 'S', "N", 0, "threads of qwaved, 1 to 64 (default: 8)", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static int number_of(const char *text, int max, struct argp_state *state)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 1 || value > max) {
        argp_error(state, "'%s' is not a number from 1 to %d", text, max);
    }
    return (int)value;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 's':
        arguments->seconds = number_of(value, 60, state);
        return 0;
    case 't':
        arguments->threads = number_of(value, LOAD_THREADS_MAX, state);
        return 0;
    case 'S':
        arguments->server_threads = number_of(value, LOAD_THREADS_MAX, state);
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "too many words");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void name_files(struct site *site)
{
    const struct {
        char *out;
        const char *name;
    } files[] = { { site->master_certificate, "alice.pem" }, { site->master_key, "alice.key" },
                  { site->slave_certificate, "bob.pem" },    { site->slave_key, "bob.key" },
                  { site->ca, "centre/ca/ca.pem" },          { site->database, "centre/centre.db" },
                  { site->settings, "centre/qwaved.yaml" },  { site->log, "qwaved.log" } };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(files[i].out, PATH_LEN_CAP + 32, "%s/%s", site->folder, files[i].name);
    }
}

/* The settings of `qwave init`, and what a loaded centre needs beyond. */
static qw_err write_settings(const struct site *site, int server_threads)
{
    FILE *file = fopen(site->settings, "a");
    bool ok = file != NULL && fprintf(file,
                                      "block_keys: %d\nstock_keys: %d\nthreads: %d\n"
                                      "log_level: error\n",
                                      BLOCK_KEYS, STOCK_KEYS, server_threads) > 0;

    if (file != NULL) {
        ok = fclose(file) == 0 && ok;
    }
    return ok ? QW_OK : QW_ERR_IO;
}

static qw_err start_centre(struct site *site)
{
    char name[] = "qwaved";
    char option[] = "--config";
    char *argv[] = { name, option, site->settings, NULL };
    char ready[32];
    qw_err err = child_start("qwaved", argv, site->log, &site->centre);

    if (err == QW_OK) {
        err = child_wait_ready(&site->centre, READY_MS, ready, sizeof ready);
    }
    if (err == QW_OK) {
        site->port = (uint16_t)strtoul(ready, NULL, 10);
    }
    return err;
}

static qw_err open_desk(const struct site *site, struct operator_desk **desk)
{
    char path[PATH_LEN_CAP + 64];
    char url[64];
    char error[OPERATOR_ERROR_CAP] = "";

    (void)snprintf(path, sizeof path, "%s/centre/operator/operator.yaml", site->folder);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", (unsigned)site->port);
    return operator_open(path, url, desk, error);
}

static qw_err register_applications(struct site *site)
{
    struct operator_desk *desk = NULL;
    qw_err err = open_desk(site, &desk);

    if (err == QW_OK) {
        err = operator_device_add(desk, "alice", "application", "bench", "bob");
    }
    if (err == QW_OK) {
        err = operator_device_add(desk, "bob", "application", "bench", "alice");
    }
    if (err == QW_OK) {
        err = operator_enrol(desk, "sae", "alice", site->master_certificate, site->master_key);
    }
    if (err == QW_OK) {
        err = operator_enrol(desk, "sae", "bob", site->slave_certificate, site->slave_key);
    }
    operator_close(desk);
    return err;
}

/* Keys in stock, as the operator sees them; 0 when that fails. */
static unsigned long stored_keys(const struct site *site)
{
    struct operator_desk *desk = NULL;
    const char *answer = NULL;
    const char *at = NULL;
    unsigned long stored = 0;

    if (open_desk(site, &desk) == QW_OK &&
        operator_call(desk, "GET", "/v1/status", NULL, &answer) == QW_OK) {
        at = strstr(answer, "\"stored\":");
        stored = at == NULL ? 0 : strtoul(at + 9, NULL, 10);
    }
    operator_close(desk);
    return stored;
}

/* Every measurement begins with a full store; the source's own speed is another matter. */
static qw_err wait_for_stock(const struct site *site)
{
    for (int waited_ms = 0; waited_ms < FILL_MS; waited_ms += 100) {
        if (stored_keys(site) >= STOCK_KEYS - BLOCK_KEYS) {
            return QW_OK;
        }
        (void)usleep(100000);
    }
    return QW_ERR_TIMEOUT;
}

static void path_of_enc(void *self, uint64_t number, char *path, size_t cap)
{
    const struct site *site = self;

    (void)number;
    (void)snprintf(path, cap, "/api/v1/keys/bob/enc_keys%s", site->enc_path);
}

static void path_of_dec(void *self, uint64_t number, char *path, size_t cap)
{
    const struct site *site = self;

    (void)snprintf(path, cap, "/api/v1/keys/alice/dec_keys?key_ID=%s",
                   site->ids[number % site->id_count]);
}

static void path_of_health(void *self, uint64_t number, char *path, size_t cap)
{
    (void)self;
    (void)number;
    (void)snprintf(path, cap, "/v1/health");
}

/* Keeps the ids, not the keys. */
static void keep_ids(void *self, const char *body, size_t len)
{
    static const char mark[] = "\"key_ID\":\"";
    struct site *site = self;
    const char *end = body + len;

    pthread_mutex_lock(&site->lock);
    for (const char *at = body; site->id_count < IDS_MAX; at += ID_CAP) {
        at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1);
        if (at == NULL || (size_t)(end - at) < sizeof mark - 1 + ID_CAP) {
            break;
        }
        at += sizeof mark - 1;
        memcpy(site->ids[site->id_count], at, ID_CAP - 1);
        site->ids[site->id_count++][ID_CAP - 1] = '\0';
    }
    pthread_mutex_unlock(&site->lock);
}

static struct load_config config_of(struct site *site, const struct arguments *arguments)
{
    return (struct load_config){ .address = "127.0.0.1",
                                 .port = site->port,
                                 .certificate_path = site->master_certificate,
                                 .key_path = site->master_key,
                                 .ca_path = site->ca,
                                 .threads = (unsigned)arguments->threads,
                                 .duration_ms = (int64_t)arguments->seconds * 1000,
                                 .path_of = path_of_enc,
                                 .self = site };
}

static qw_err measure(struct site *site, const struct load_config *config, const char *what,
                      struct figures *figures, struct load_result *result)
{
    qw_err err;

    fprintf(stderr, "qwave bench: %s\n", what);
    err = wait_for_stock(site);
    if (err == QW_OK) {
        err = load_run(config, result);
    }
    if (err == QW_OK) {
        figures->failed += result->bad;
    }
    return err;
}

static double per_s(const struct load_result *result)
{
    return (double)result->good / result->seconds;
}

static qw_err measure_enc(struct site *site, const struct arguments *arguments,
                          struct figures *figures)
{
    struct load_config config = config_of(site, arguments);
    struct load_result result;
    qw_err err;

    site->enc_path = "";
    config.requests_max = STOCK_KEYS - 2 * BLOCK_KEYS; /* not more than is there */
    err = measure(site, &config, "enc_keys, one key", figures, &result);
    if (err != QW_OK) {
        return err;
    }
    figures->enc_1_per_s = per_s(&result);
    config.rate_per_s = figures->enc_1_per_s / 2;
    err = measure(site, &config, "enc_keys, one key, at half of that", figures, &result);
    if (err != QW_OK) {
        return err;
    }
    figures->half_load_per_s = per_s(&result);
    figures->p50_ms = result.p50_ms;
    figures->p99_ms = result.p99_ms;
    site->enc_path = "?number=128";
    config.rate_per_s = 0;
    config.requests_max = (STOCK_KEYS - 2 * BLOCK_KEYS) / 128;
    err = measure(site, &config, "enc_keys, 128 keys", figures, &result);
    if (err == QW_OK) {
        figures->enc_128_keys_per_s = 128 * per_s(&result);
    }
    return err;
}

static qw_err measure_dec(struct site *site, const struct arguments *arguments,
                          struct figures *figures)
{
    struct load_config config = config_of(site, arguments);
    struct load_result result;
    qw_err err;

    site->enc_path = "?number=128";
    config.requests_max = IDS_MAX / 128;
    config.take = keep_ids;
    err = measure(site, &config, "keys to fetch", figures, &result);
    if (err != QW_OK || site->id_count == 0) {
        return err == QW_OK ? QW_ERR_IO : err;
    }
    config = config_of(site, arguments);
    config.certificate_path = site->slave_certificate;
    config.key_path = site->slave_key;
    config.path_of = path_of_dec;
    config.requests_max = site->id_count;
    err = measure(site, &config, "dec_keys, one id", figures, &result);
    if (err == QW_OK) {
        figures->dec_per_s = per_s(&result);
    }
    return err;
}

static qw_err measure_handshakes(struct site *site, const struct arguments *arguments,
                                 struct figures *figures)
{
    struct load_config config = config_of(site, arguments);
    struct load_result result;
    qw_err err;

    config.path_of = path_of_health;
    config.is_new_each_time = 1;
    err = measure(site, &config, "full handshakes", figures, &result);
    if (err == QW_OK) {
        figures->handshakes_per_s = per_s(&result);
    }
    return err;
}

/* Of the database after it was closed, so that everything is in one file. */
static qw_err measure_size(struct site *site, struct figures *figures)
{
    struct stat status;
    unsigned long keys;
    qw_err err = wait_for_stock(site);

    if (err != QW_OK) {
        return err;
    }
    keys = stored_keys(site);
    child_stop(&site->centre);
    if (keys == 0 || stat(site->database, &status) != 0) {
        return QW_ERR_IO;
    }
    figures->bytes_per_key = (double)status.st_size / (double)keys;
    return start_centre(site);
}

static qw_err set_up(struct site *site, const struct arguments *arguments)
{
    const char *base = getenv("TMPDIR");
    struct centre_folder_config config = {
        .centre_id = "centre-1", .address = "127.0.0.1", .port = 0, .source = "kernel"
    };
    char folder[PATH_LEN_CAP + 32];
    char error[CENTRE_FOLDER_ERROR_CAP] = "";
    qw_err err;

    if ((size_t)snprintf(site->folder, sizeof site->folder, "%s/qwave-bench.XXXXXX",
                         base != NULL && base[0] != '\0' ? base : "/tmp") >= sizeof site->folder ||
        mkdtemp(site->folder) == NULL) {
        site->folder[0] = '\0';
        return QW_ERR_IO;
    }
    name_files(site);
    (void)snprintf(folder, sizeof folder, "%s/centre", site->folder);
    config.folder = folder;
    err = centre_folder_create(&config, error);
    if (err == QW_OK) {
        err = write_settings(site, arguments->server_threads);
    }
    if (err == QW_OK) {
        err = start_centre(site);
    }
    return err == QW_OK ? register_applications(site) : err;
}

static qw_err measure_all(struct site *site, const struct arguments *arguments,
                          struct figures *figures)
{
    qw_err err = measure_size(site, figures);

    if (err == QW_OK) {
        err = measure_enc(site, arguments, figures);
    }
    if (err == QW_OK) {
        err = measure_dec(site, arguments, figures);
    }
    if (err == QW_OK) {
        err = measure_handshakes(site, arguments, figures);
    }
    return err;
}

static const struct {
    const char *name;
    size_t offset;
} columns[] = {
    { "enc_1_per_s", offsetof(struct figures, enc_1_per_s) },
    { "enc_128_keys_per_s", offsetof(struct figures, enc_128_keys_per_s) },
    { "dec_per_s", offsetof(struct figures, dec_per_s) },
    { "half_load_per_s", offsetof(struct figures, half_load_per_s) },
    { "p50_ms", offsetof(struct figures, p50_ms) },
    { "p99_ms", offsetof(struct figures, p99_ms) },
    { "handshakes_per_s", offsetof(struct figures, handshakes_per_s) },
    { "bytes_per_key", offsetof(struct figures, bytes_per_key) },
};

static double value_of(const struct figures *figures, size_t column)
{
    double value;

    memcpy(&value, (const char *)figures + columns[column].offset, sizeof value);
    return value;
}

static int print_figures(const struct figures *figures, const struct arguments *arguments)
{
    char text[JSON_TEXT_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        qw_json_name(&w, columns[i].name);
        qw_json_real(&w, value_of(figures, i));
        if (!arguments->as_json) {
            printf("%-20s %12.2f\n", columns[i].name, value_of(figures, i));
        }
    }
    qw_json_name(&w, "failed_requests");
    qw_json_uint(&w, figures->failed);
    qw_json_name(&w, "connections");
    qw_json_int(&w, arguments->threads);
    qw_json_name(&w, "server_threads");
    qw_json_int(&w, arguments->server_threads);
    qw_json_name(&w, "backend");
    qw_json_text(&w, "sqlite");
    qw_json_object_end(&w);
    if (!qw_json_done(&w)) {
        return EXIT_FAILED;
    }
    if (arguments->as_json) {
        printf("%s\n", text);
    } else {
        printf("%-20s %12llu\n", "failed_requests", (unsigned long long)figures->failed);
    }
    return EXIT_DONE;
}

static void tear_down(struct site *site)
{
    child_stop(&site->centre);
    if (site->folder[0] != '\0') {
        (void)nftw(site->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
    pthread_mutex_destroy(&site->lock);
    free(site->ids);
    free(site);
}

int bench_centre(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Measures key delivery by a real centre on this machine: qwaved with its database in "
        "$TMPDIR "
        "or /tmp, and a load generator beside it, so both share the processors.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = { .seconds = 3, .threads = 8, .server_threads = 8 };
    struct figures figures = { .enc_1_per_s = NAN };
    struct site *site;
    int status = EXIT_FAILED;
    qw_err err;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    site = calloc(1, sizeof *site);
    if (site == NULL || (site->ids = calloc(IDS_MAX, sizeof *site->ids)) == NULL ||
        pthread_mutex_init(&site->lock, NULL) != 0) {
        fprintf(stderr, "qwave bench: %s\n", qw_err_text(QW_ERR_NOMEM));
        if (site != NULL) {
            free(site->ids);
        }
        free(site);
        return EXIT_FAILED;
    }
    err = set_up(site, &arguments);
    if (err == QW_OK) {
        err = measure_all(site, &arguments, &figures);
    }
    if (err == QW_OK) {
        status = print_figures(&figures, &arguments);
    } else {
        fprintf(stderr, "qwave bench: centre: %s\n", qw_err_text(err));
    }
    tear_down(site);
    return status;
}
