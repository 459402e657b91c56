/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "bench/load.h"

#include "base/secret.h"
#include "base/socket.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum {
    PATH_CAP = 256,
    REQUEST_CAP = 512,
    ANSWER_CAP = 256 * 1024,
    CONNECT_MS = 5000,
    READ_S = 10,
    SAMPLES_MAX = 1 << 20 /* per thread; more are counted but not ranked */
};

struct load { /* what all threads share */
    const struct load_config *config;
    SSL_CTX *tls;
    atomic_uint_fast64_t next; /* number of the next request */
    int64_t start_ns;
    atomic_int_fast64_t end_ns; /* at once when a thread cannot be started */
};

struct worker {
    struct load *load;
    pthread_t thread;
    uint64_t good, bad, resumed;
    float *samples; /* ms */
    size_t sample_count;
    char *answer; /* ANSWER_CAP */
    uint16_t port;
    SSL *ssl;
    SSL_SESSION *session; /* to resume; NULL: none yet */
    int fd;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void hang_up(struct worker *worker)
{
    if (worker->ssl != NULL) {
        SSL_free(worker->ssl);
        worker->ssl = NULL;
    }
    qw_socket_close(worker->fd);
    worker->fd = -1;
}

static bool connect_now(struct worker *worker)
{
    const struct load_config *config = worker->load->config;
    struct timeval limit = { .tv_sec = READ_S };

    if (qw_socket_connect(config->address, worker->port, CONNECT_MS, &worker->fd) != QW_OK) {
        worker->fd = -1;
        return false;
    }
    /* Blocking from here on: one connection per thread, the kernel does the waiting. */
    (void)fcntl(worker->fd, F_SETFL, fcntl(worker->fd, F_GETFL) & ~O_NONBLOCK);
    (void)setsockopt(worker->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    worker->ssl = SSL_new(worker->load->tls);
    if (worker->ssl == NULL || SSL_set_fd(worker->ssl, worker->fd) != 1 ||
        (worker->session != NULL && SSL_set_session(worker->ssl, worker->session) != 1) ||
        SSL_connect(worker->ssl) != 1) {
        hang_up(worker);
        return false;
    }
    return true;
}

/* The whole answer into worker->answer; body and status out. */
static bool read_answer(struct worker *worker, unsigned *status, const char **body, size_t *len)
{
    size_t got = 0;
    size_t want = 0;
    const char *end = NULL;

    while (want == 0 || got < want) {
        int n = SSL_read(worker->ssl, worker->answer + got, (int)(ANSWER_CAP - 1 - got));

        if (n <= 0) {
            return false;
        }
        got += (size_t)n;
        worker->answer[got] = '\0';
        end = want == 0 ? strstr(worker->answer, "\r\n\r\n") : end;
        if (want == 0 && end != NULL) {
            const char *length = strcasestr(worker->answer, "Content-Length:");
            size_t body_len = length == NULL || length > end ? 0 : strtoul(length + 15, NULL, 10);

            want = (size_t)(end + 4 - worker->answer) + body_len;
            if (want >= ANSWER_CAP) {
                return false;
            }
        } else if (got == ANSWER_CAP - 1) {
            return false;
        }
    }
    if (sscanf(worker->answer, "HTTP/1.1 %3u", status) != 1) {
        return false;
    }
    *body = end + 4;
    *len = want - (size_t)(*body - worker->answer);
    return true;
}

/* The server's ticket comes after its handshake, so it is here with the answer. */
static void take_ticket(struct worker *worker)
{
    worker->resumed += SSL_session_reused(worker->ssl) == 1 ? 1 : 0;
    SSL_SESSION_free(worker->session);
    SSL_set_shutdown(worker->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else the library
                                                                    gives the session up */
    worker->session = SSL_get1_session(worker->ssl);
}

static bool call(struct worker *worker, uint64_t number)
{
    const struct load_config *config = worker->load->config;
    char path[PATH_CAP];
    char request[REQUEST_CAP];
    const char *body = NULL;
    unsigned status = 0;
    size_t len = 0;
    int request_len;
    bool ok;

    config->path_of(config->self, number, path, sizeof path);
    request_len =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path,
                 config->address, config->connections == LOAD_KEPT ? "" : "Connection: close\r\n");
    if (worker->ssl == NULL && !connect_now(worker)) {
        return false;
    }
    ok = SSL_write(worker->ssl, request, request_len) == request_len &&
         read_answer(worker, &status, &body, &len);
    if (ok && status == 200 && config->take != NULL) {
        config->take(config->self, body, len);
    }
    qw_wipe(worker->answer, ok ? (size_t)(body - worker->answer) + len : ANSWER_CAP);
    if (ok && status == 200 && config->connections == LOAD_RESUMED) {
        take_ticket(worker);
    }
    if (!ok || config->connections != LOAD_KEPT) {
        hang_up(worker);
    }
    return ok && status == 200;
}

/* Number i is due at its place in the schedule, so that a slow answer is not followed by a pause.
 */
static void wait_for_turn(const struct load *load, uint64_t number)
{
    int64_t due_ns = load->start_ns + (int64_t)(1e9 * (double)number / load->config->rate_per_s);
    struct timespec until = { .tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000 };

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *work(void *self)
{
    struct worker *worker = self;
    struct load *load = worker->load;
    const struct load_config *config = load->config;

    while (now_ns() < atomic_load(&load->end_ns)) {
        uint64_t number = atomic_fetch_add(&load->next, 1);
        int64_t before;

        if (config->requests_max != 0 && number >= config->requests_max) {
            break;
        }
        if (config->rate_per_s > 0) {
            wait_for_turn(load, number);
        }
        before = now_ns();
        if (call(worker, number)) {
            worker->good++;
            if (worker->sample_count < SAMPLES_MAX) {
                worker->samples[worker->sample_count++] = (float)(now_ns() - before) / 1e6F;
            }
        } else {
            worker->bad++;
        }
    }
    hang_up(worker);
    SSL_SESSION_free(worker->session);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;

    return x < y ? -1 : x > y;
}

static qw_err rank(const struct worker *workers, unsigned count, struct load_result *result)
{
    size_t total = 0;
    float *all;

    for (unsigned i = 0; i < count; i++) {
        total += workers[i].sample_count;
    }
    if (total == 0) {
        return QW_OK;
    }
    all = malloc(total * sizeof *all);
    if (all == NULL) {
        return QW_ERR_NOMEM;
    }
    total = 0;
    for (unsigned i = 0; i < count; i++) {
        memcpy(all + total, workers[i].samples, workers[i].sample_count * sizeof *all);
        total += workers[i].sample_count;
    }
    qsort(all, total, sizeof *all, by_value);
    result->p50_ms = (double)all[total / 2];
    result->p99_ms = (double)all[total * 99 / 100];
    free(all);
    return QW_OK;
}

static qw_err make_tls(const struct load_config *config, SSL_CTX **out)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (tls == NULL) {
        return QW_ERR_NOMEM;
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1 ||
        SSL_CTX_load_verify_locations(tls, config->ca_path, NULL) != 1 ||
        SSL_CTX_use_certificate_chain_file(tls, config->certificate_path) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, config->key_path, SSL_FILETYPE_PEM) != 1) {
        SSL_CTX_free(tls);
        return QW_ERR_FORMAT;
    }
    *out = tls;
    return QW_OK;
}

static qw_err start_workers(struct load *load, struct worker *workers, unsigned *started)
{
    for (unsigned i = 0; i < load->config->threads; i++) {
        workers[i] = (struct worker){ .load = load, .port = load->config->port, .fd = -1 };
        if (i % 2 == 1 && load->config->other_port != 0) {
            workers[i].port = load->config->other_port;
        }
        workers[i].samples = malloc(SAMPLES_MAX * sizeof *workers[i].samples);
        workers[i].answer = malloc(ANSWER_CAP);
        if (workers[i].samples == NULL || workers[i].answer == NULL ||
            pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            free(workers[i].samples);
            free(workers[i].answer);
            return QW_ERR_NOMEM;
        }
        (*started)++;
    }
    return QW_OK;
}

qw_err load_run(const struct load_config *config, struct load_result *result)
{
    struct load load = { .config = config };
    struct worker workers[LOAD_THREADS_MAX];
    struct load_result r = { .good = 0 };
    unsigned started = 0;
    qw_err err;

    if (config->threads < 1 || config->threads > LOAD_THREADS_MAX || config->duration_ms < 1) {
        return QW_ERR_ARG;
    }
    err = make_tls(config, &load.tls);
    if (err != QW_OK) {
        return err;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a server that hangs up is an answer that failed */
    load.start_ns = now_ns();
    atomic_init(&load.end_ns, load.start_ns + config->duration_ms * 1000000);
    err = start_workers(&load, workers, &started);
    if (err != QW_OK) {
        atomic_store(&load.end_ns, 0);
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        r.good += workers[i].good;
        r.bad += workers[i].bad;
        r.resumed += workers[i].resumed;
    }
    r.seconds = (double)(now_ns() - load.start_ns) / 1e9;
    if (err == QW_OK) {
        err = rank(workers, started, &r);
    }
    for (unsigned i = 0; i < started; i++) {
        free(workers[i].samples);
        free(workers[i].answer);
    }
    SSL_CTX_free(load.tls);
    if (err == QW_OK && r.good == 0) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        *result = r;
    }
    return err;
}
