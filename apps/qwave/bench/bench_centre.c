/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "command.h"

#include "api/json_writer.h"
#include "bench/bench.h"
#include "bench/centre_site.h"
#include "bench/claim.h"
#include "bench/load.h"
#include "bench/nginx_peer.h"
#include "bench/processor_time.h"
#include "store/store_postgres.h"

#include <argp.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* qwave bench centre: speed of key delivery, ETSI GS QKD 014, by a real qwaved with a database on a
 * disk and a load generator on the same machine, and by nginx with a body that never changes for
 * comparison [C5 C14]. */

enum { STOCK_KEYS = 131072, IDS_MAX = 65536, ID_CAP = 37, JSON_TEXT_CAP = 2048 };

struct arguments {
    int seconds;
    int threads;
    int server_threads;
    bool with_claims;
    bool only_dec;
    const char *database; /* NULL: SQLite */
    int processes;
    bool as_json;
};

struct run {
    struct site site;
    pthread_mutex_t lock; /* around ids */
    char (*ids)[ID_CAP];  /* IDS_MAX */
    size_t id_count;
    const char *enc_path;
    pid_t server;     /* who is asked */
    double server_us; /* of his processor time, for each answer of the last measurement */
};

struct figures { /* NAN: not measured */
    double enc_1_per_s, enc_128_keys_per_s, dec_per_s, p50_ms, p99_ms, half_load_per_s;
    double enc_1_server_us, dec_server_us, nginx_server_us;
    double nginx_static_per_s, handshakes_per_s, nginx_handshakes_per_s, resumed_per_s;
    double bytes_per_key;
    double claim_ratio_1e7;
    uint64_t failed;
};

static const struct argp_option options[] = {
    { "seconds", 's', "N", 0, "for each measurement, 1 to 60 (default: 3)", 0 },
    { "threads", 't', "N", 0, "connections of the load generator, 1 to 64 (default: 8)", 0 },
    { "server-threads", 'S', "N", 0, "threads of qwaved, 1 to 64 (default: 8)", 0 },
    { "database", 'd', "URI", 0,
      "postgresql://... of an empty database, in which the tables stay (default: an SQLite file)",
      0 },
    { "processes", 'P', "N", 0, "qwaved on that database, 1 or 2 (default: 1)", 0 },
    { "claims", 'c', NULL, 0, "also claims out of 10^7 stored keys, as `bench store`: takes long",
      0 },
    { "fetches", 'f', NULL, 0, "dec_keys alone; the other figures are missing", 0 },
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
    case 'd':
        if (!qw_store_postgres_is_uri(value)) {
            argp_error(state, "--database begins with postgresql://");
        }
        arguments->database = value;
        return 0;
    case 'P':
        arguments->processes = number_of(value, 2, state);
        return 0;
    case 'c':
        arguments->with_claims = true;
        return 0;
    case 'f':
        arguments->only_dec = true;
        return 0;
    case 'j':
        arguments->as_json = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "too many words");
        return 0;
    case ARGP_KEY_END:
        if (arguments->processes == 2 && arguments->database == NULL) {
            argp_error(state, "--processes 2 goes with --database");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void path_of_enc(void *self, uint64_t number, char *path, size_t cap)
{
    const struct run *run = self;

    (void)number;
    (void)snprintf(path, cap, "/api/v1/keys/bob/enc_keys%s", run->enc_path);
}

static void path_of_dec(void *self, uint64_t number, char *path, size_t cap)
{
    const struct run *run = self;

    (void)snprintf(path, cap, "/api/v1/keys/alice/dec_keys?key_ID=%s",
                   run->ids[number % run->id_count]);
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
    struct run *run = self;
    const char *end = body + len;

    pthread_mutex_lock(&run->lock);
    for (const char *at = body; run->id_count < IDS_MAX; at += ID_CAP) {
        at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1);
        if (at == NULL || (size_t)(end - at) < sizeof mark - 1 + ID_CAP) {
            break;
        }
        at += sizeof mark - 1;
        memcpy(run->ids[run->id_count], at, ID_CAP - 1);
        run->ids[run->id_count++][ID_CAP - 1] = '\0';
    }
    pthread_mutex_unlock(&run->lock);
}

static struct load_config config_of(struct run *run, const struct arguments *arguments)
{
    return (struct load_config){ .address = "127.0.0.1",
                                 .port = run->site.port,
                                 .other_port = run->site.second_port,
                                 .certificate_path = run->site.master_certificate,
                                 .key_path = run->site.master_key,
                                 .ca_path = run->site.ca,
                                 .threads = (unsigned)arguments->threads,
                                 .duration_ms = (int64_t)arguments->seconds * 1000,
                                 .path_of = path_of_enc,
                                 .self = run };
}

static qw_err measure(struct run *run, const struct load_config *config, const char *what,
                      struct figures *figures, struct load_result *result)
{
    double used_s;
    qw_err err;

    fprintf(stderr, "qwave bench: %s\n", what);
    err = site_wait_for_stock(&run->site);
    used_s = processor_time_s(run->server);
    if (err == QW_OK) {
        err = load_run(config, result);
    }
    if (err == QW_OK) {
        used_s = processor_time_s(run->server) - used_s;
        run->server_us = config->other_port == 0 ? 1e6 * used_s / (double)result->good : NAN;
        figures->failed += result->bad;
    }
    return err;
}

static double per_s(const struct load_result *result)
{
    return (double)result->good / result->seconds;
}

static qw_err measure_enc(struct run *run, const struct arguments *arguments,
                          struct figures *figures)
{
    struct load_config config = config_of(run, arguments);
    struct load_result result;
    qw_err err;

    run->enc_path = "";
    config.requests_max = STOCK_KEYS - 2 * SITE_LEASE_KEYS; /* not more than is there */
    err = measure(run, &config, "enc_keys, one key", figures, &result);
    if (err != QW_OK) {
        return err;
    }
    figures->enc_1_per_s = per_s(&result);
    figures->enc_1_server_us = run->server_us;
    config.rate_per_s = figures->enc_1_per_s / 2;
    err = measure(run, &config, "enc_keys, one key, at half of that", figures, &result);
    if (err != QW_OK) {
        return err;
    }
    figures->half_load_per_s = per_s(&result);
    figures->p50_ms = result.p50_ms;
    figures->p99_ms = result.p99_ms;
    run->enc_path = "?number=128";
    config.rate_per_s = 0;
    config.requests_max = (STOCK_KEYS - 2 * SITE_LEASE_KEYS) / 128;
    err = measure(run, &config, "enc_keys, 128 keys", figures, &result);
    if (err == QW_OK) {
        figures->enc_128_keys_per_s = 128 * per_s(&result);
    }
    return err;
}

static qw_err measure_dec(struct run *run, const struct arguments *arguments,
                          struct figures *figures)
{
    struct load_config config = config_of(run, arguments);
    struct load_result result;
    qw_err err;

    run->enc_path = "?number=128";
    config.requests_max = IDS_MAX / 128;
    config.take = keep_ids;
    err = measure(run, &config, "keys to fetch", figures, &result);
    if (err != QW_OK || run->id_count == 0) {
        return err == QW_OK ? QW_ERR_IO : err;
    }
    config = config_of(run, arguments);
    config.certificate_path = run->site.slave_certificate;
    config.key_path = run->site.slave_key;
    config.path_of = path_of_dec;
    config.requests_max = run->id_count;
    err = measure(run, &config, "dec_keys, one id", figures, &result);
    if (err == QW_OK) {
        figures->dec_per_s = per_s(&result);
        figures->dec_server_us = run->server_us;
    }
    return err;
}

static qw_err measure_handshakes(struct run *run, const struct arguments *arguments,
                                 struct figures *figures)
{
    struct load_config config = config_of(run, arguments);
    struct load_result result;
    qw_err err;

    config.path_of = path_of_health;
    config.connections = LOAD_NEW;
    err = measure(run, &config, "full handshakes", figures, &result);
    if (err == QW_OK) {
        figures->handshakes_per_s = per_s(&result);
        config.connections = LOAD_RESUMED;
        err = measure(run, &config, "resumed sessions", figures, &result);
    }
    if (err == QW_OK) {
        figures->resumed_per_s = (double)result.resumed / result.seconds;
    }
    return err;
}

/* The same load against nginx; without it these figures are missing. */
static qw_err measure_nginx(struct run *run, const struct arguments *arguments,
                            struct figures *figures)
{
    struct load_config config = config_of(run, arguments);
    struct load_result result;
    struct nginx_peer peer;
    qw_err err = nginx_peer_start(&run->site, &peer);

    if (err == QW_ERR_NOT_FOUND) {
        fprintf(stderr, "qwave bench: nginx is not installed: nothing to compare with\n");
        return QW_OK;
    }
    if (err != QW_OK) {
        return err;
    }
    run->server = peer.child.pid;
    config.port = peer.port;
    config.other_port = 0;
    config.path_of = path_of_health;
    err = measure(run, &config, "nginx, a text", figures, &result);
    if (err == QW_OK) {
        figures->nginx_static_per_s = per_s(&result);
        figures->nginx_server_us = run->server_us;
        config.connections = LOAD_NEW;
        err = measure(run, &config, "nginx, full handshakes", figures, &result);
    }
    if (err == QW_OK) {
        figures->nginx_handshakes_per_s = per_s(&result);
    }
    nginx_peer_stop(&peer);
    return err;
}

static qw_err measure_all(struct run *run, const struct arguments *arguments,
                          struct figures *figures)
{
    qw_err err = QW_OK;

    run->server = run->site.centre.pid;
    if (arguments->only_dec) {
        return measure_dec(run, arguments, figures);
    }
    if (arguments->database == NULL) { /* a server's files are not ours to look at */
        err = site_measure_size(&run->site, &figures->bytes_per_key);
        run->server = run->site.centre.pid; /* another one since */
    }
    if (err == QW_OK) {
        err = measure_enc(run, arguments, figures);
    }
    if (err == QW_OK) {
        err = measure_dec(run, arguments, figures);
    }
    if (err == QW_OK) {
        err = measure_handshakes(run, arguments, figures);
    }
    if (err == QW_OK) {
        err = measure_nginx(run, arguments, figures);
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
    { "enc_1_server_us", offsetof(struct figures, enc_1_server_us) },
    { "dec_server_us", offsetof(struct figures, dec_server_us) },
    { "nginx_server_us", offsetof(struct figures, nginx_server_us) },
    { "nginx_static_per_s", offsetof(struct figures, nginx_static_per_s) },
    { "handshakes_per_s", offsetof(struct figures, handshakes_per_s) },
    { "nginx_handshakes_per_s", offsetof(struct figures, nginx_handshakes_per_s) },
    { "resumed_per_s", offsetof(struct figures, resumed_per_s) },
    { "bytes_per_key", offsetof(struct figures, bytes_per_key) },
    { "claim_ratio_1e7", offsetof(struct figures, claim_ratio_1e7) },
};

static qw_err measure_claims(struct figures *figures)
{
    struct claim_figures claim;
    qw_err err = claim_measure(10000000, 500, &claim);

    if (err == QW_OK) {
        figures->claim_ratio_1e7 = claim.large_ms / claim.small_ms;
    }
    return err;
}

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
    qw_json_name(&w, "processes");
    qw_json_int(&w, arguments->processes);
    qw_json_name(&w, "backend");
    qw_json_text(&w, arguments->database == NULL ? "sqlite" : "postgresql");
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

static struct figures figures_of_none(void)
{
    struct figures figures = { .failed = 0 };

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        memcpy((char *)&figures + columns[i].offset, &(double){ NAN }, sizeof(double));
    }
    return figures;
}

int bench_centre(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Measures key delivery by a real centre on this machine: qwaved with its database in "
        "$TMPDIR "
        "or /tmp, and a load generator beside it, so both share the processors; and nginx, when it "
        "is installed, under the same load.",
        NULL,
        NULL,
        NULL
    };
    struct arguments arguments = {
        .seconds = 3, .threads = 8, .server_threads = 8, .processes = 1
    };
    struct figures figures = figures_of_none();
    struct run run = { .lock = PTHREAD_MUTEX_INITIALIZER };
    struct site_config site = { .stock_keys = STOCK_KEYS };
    int status = EXIT_FAILED;
    qw_err err = QW_ERR_NOMEM;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    site.server_threads = arguments.server_threads;
    site.database = arguments.database;
    site.has_second = arguments.processes == 2;
    run.ids = calloc(IDS_MAX, sizeof *run.ids);
    if (run.ids != NULL) {
        err = site_open(&run.site, &site);
    }
    if (err == QW_OK) {
        err = measure_all(&run, &arguments, &figures);
    }
    if (err == QW_OK && arguments.with_claims) {
        err = measure_claims(&figures);
    }
    if (err == QW_OK) {
        status = print_figures(&figures, &arguments);
    } else {
        fprintf(stderr, "qwave bench: centre: %s\n", qw_err_text(err));
    }
    site_close(&run.site);
    free(run.ids);
    return status;
}
