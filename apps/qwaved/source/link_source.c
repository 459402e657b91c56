/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "source/link_source.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "qkd/handover/frame.h"
#include "qkd/link.h"
#include "source/link_half.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_CAP = 1024 + 8,
    BUFFER_LEN = 512 * 1024,
    LOOK_MS = 100,   /* how soon the thread hears that it shall end */
    HELLO_MS = 5000, /* for the first message, and for an answer to be taken */
};

struct link_source {
    char name[QW_HANDOVER_NAME_CAP], path[PATH_CAP];
    bool is_simulated;
    const struct qw_log *log;
    struct link_half half;
    int listener;
    uint8_t *message; /* [QW_HANDOVER_LEN_MAX] secret */
    uint8_t end;      /* of the process that is connected */
    pthread_t thread;
    bool has_thread;
    atomic_bool is_stopping;
    pthread_mutex_t mutex; /* of health */
    struct qw_key_source_health health;
};

static void set_health(struct link_source *link, bool is_running, double error_rate,
                       const char *reason)
{
    pthread_mutex_lock(&link->mutex);
    link->health.is_running = is_running;
    link->health.error_rate = error_rate;
    (void)snprintf(link->health.reason, sizeof link->health.reason, "%s", reason);
    pthread_mutex_unlock(&link->mutex);
    if (!is_running) {
        qw_log_write(link->log, QW_LOG_WARNING, "link %s: %s", link->name, reason);
    }
}

static bool runs(struct link_source *link)
{
    bool running;

    pthread_mutex_lock(&link->mutex);
    running = link->health.is_running;
    pthread_mutex_unlock(&link->mutex);
    return running;
}

/* A time limit over everything; 0: until the end of the program. */
static qw_err receive(struct link_source *link, int fd, struct qw_handover_inbox *inbox,
                      size_t *len, int64_t limit_ms)
{
    int64_t end_ms = qw_clock_monotonic_ms() + limit_ms;
    qw_err err = QW_ERR_TIMEOUT;

    while (err == QW_ERR_TIMEOUT && !atomic_load(&link->is_stopping) &&
           (limit_ms == 0 || qw_clock_monotonic_ms() < end_ms)) {
        err = qw_handover_receive(fd, inbox, len, qw_clock_monotonic_ms() + LOOK_MS);
    }
    return err;
}

static qw_err send_message(int fd, const uint8_t *message, size_t len)
{
    return qw_handover_send(fd, message, len, qw_clock_monotonic_ms() + HELLO_MS);
}

/* C1 */
static qw_err greet(struct link_source *link, int fd, struct qw_handover_inbox *inbox)
{
    struct qw_handover_hello hello;
    uint8_t answer[QW_HANDOVER_SHORT_MAX];
    size_t len;
    qw_err err = receive(link, fd, inbox, &len, HELLO_MS);

    if (err == QW_OK) {
        err = qw_handover_hello_decode(inbox->message, len, &hello);
    }
    if (err != QW_OK) {
        return err;
    }
    if (strcmp(hello.name, link->name) != 0 || hello.is_simulated != link->is_simulated) {
        qw_log_write(link->log, QW_LOG_ERROR,
                     "link %s: refused: what connects is link %s over %s light", link->name,
                     hello.name, hello.is_simulated ? "simulated" : "real");
        return QW_ERR_REFUSED;
    }
    link->end = hello.end;
    return send_message(fd, answer, qw_handover_welcome_encode(answer));
}

static qw_err serve_key(struct link_source *link, int fd, size_t len)
{
    struct qw_handover_taken taken;
    struct qw_handover_key key;
    uint8_t answer[QW_HANDOVER_SHORT_MAX];
    qw_err err = qw_handover_key_decode(link->message, len, &key);

    if (err == QW_OK) {
        taken.label = key.label;
        err = link_half_take(&link->half, &key, link->end, &taken.result);
        set_health(link, err == QW_OK, key.errors_ppm / 1e6,
                   err == QW_OK ? "" : "its keys cannot be kept: no mark can be written");
    }
    qw_wipe(link->message, len);
    return err == QW_OK ? send_message(fd, answer, qw_handover_taken_encode(&taken, answer)) : err;
}

/* C4: the reason stays until the next process comes. */
static bool hear_stop(struct link_source *link, size_t len)
{
    struct qw_handover_stopped stopped;
    char reason[128];

    if (qw_handover_stopped_decode(link->message, len, &stopped) != QW_OK) {
        return false;
    }
    (void)snprintf(reason, sizeof reason, "%s: %s",
                   qw_qkd_refusal_name((enum qw_qkd_refusal)stopped.reason),
                   qw_qkd_refusal_text((enum qw_qkd_refusal)stopped.reason));
    set_health(link, false, stopped.errors_ppm / 1e6, reason);
    return true;
}

static void serve(struct link_source *link, int fd)
{
    struct qw_handover_inbox inbox = { .message = link->message };
    bool has_stopped = false;
    size_t len = 0;
    qw_err err = greet(link, fd, &inbox);

    if (err == QW_OK) {
        set_health(link, true, -1, "");
        qw_log_write(link->log, QW_LOG_INFO, "link %s: %s's end is there", link->name,
                     link->end == QW_QKD_ALICE ? "alice" : "bob");
    }
    while (err == QW_OK && !has_stopped) {
        err = receive(link, fd, &inbox, &len, 0);
        has_stopped = err == QW_OK && hear_stop(link, len);
        if (err == QW_OK && !has_stopped) {
            err = serve_key(link, fd, len);
        }
    }
    if (err == QW_ERR_FORMAT || err == QW_ERR_SPACE) {
        qw_log_write(link->log, QW_LOG_ERROR, "link %s: what comes is not the protocol",
                     link->name);
    }
    if (runs(link)) {
        set_health(link, false, -1, "its process is gone");
    }
}

static void *run(void *self)
{
    struct link_source *link = self;

    while (!atomic_load(&link->is_stopping)) {
        int fd = -1;

        if (qw_socket_accept(link->listener, LOOK_MS, &fd) == QW_OK) {
            serve(link, fd);
            qw_wipe(link->message, QW_HANDOVER_LEN_MAX);
            qw_socket_close(fd);
        }
    }
    return NULL;
}

static size_t available_bits(void *self)
{
    struct link_source *link = self;

    return link->half.source.available_bits(link->half.source.self);
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct link_source *link = self;

    return link->half.source.take(link->half.source.self, key, len);
}

static void health(void *self, struct qw_key_source_health *out)
{
    struct link_source *link = self;

    pthread_mutex_lock(&link->mutex);
    *out = link->health;
    pthread_mutex_unlock(&link->mutex);
}

static void close_link(void *self)
{
    struct link_source *link = self;

    atomic_store(&link->is_stopping, true);
    if (link->has_thread) {
        pthread_join(link->thread, NULL);
    }
    if (link->listener >= 0) {
        qw_socket_close(link->listener);
        (void)unlink(link->path);
    }
    link_half_close(&link->half);
    qw_secret_free(link->message);
    pthread_mutex_destroy(&link->mutex);
    free(link);
}

static qw_err start(struct link_source *link, bool has_pads)
{
    char mark_path[LINK_HALF_PATH_CAP];
    const struct link_half_config config = { .name = link->name,
                                             .mark_path = mark_path,
                                             .buffer_len = BUFFER_LEN,
                                             .is_simulated = link->is_simulated,
                                             .has_pads = has_pads };
    qw_err err;

    (void)snprintf(mark_path, sizeof mark_path, "%s.mark", link->path);
    err = link_half_open(&link->half, &config);
    if (err == QW_OK) {
        link->message = qw_secret_new(QW_HANDOVER_LEN_MAX);
        err = link->message == NULL ? QW_ERR_NOMEM
                                    : qw_socket_listen_unix(link->path, &link->listener);
    }
    if (err == QW_OK) {
        link->has_thread = pthread_create(&link->thread, NULL, run, link) == 0;
        err = link->has_thread ? QW_OK : QW_ERR_NOMEM;
    }
    return err;
}

qw_err link_source_open(const struct link_source_config *config, struct qw_key_source *source)
{
    struct link_source *link;
    qw_err err;

    if (strlen(config->name) >= sizeof link->name ||
        strlen(config->path) + sizeof ".mark" > sizeof link->path) {
        return QW_ERR_ARG;
    }
    link = calloc(1, sizeof *link);
    if (link == NULL) {
        return QW_ERR_NOMEM;
    }
    (void)snprintf(link->name, sizeof link->name, "%s", config->name);
    (void)snprintf(link->path, sizeof link->path, "%s", config->path);
    link->is_simulated = config->is_simulated;
    link->log = config->log;
    link->listener = -1;
    pthread_mutex_init(&link->mutex, NULL);
    link->health =
        (struct qw_key_source_health){ .error_rate = -1, .reason = "its process has not come yet" };
    err = start(link, config->has_pads);
    if (err != QW_OK) {
        close_link(link);
        return err;
    }
    *source = link->half.source; /* name and claims */
    source->self = link;
    source->available_bits = available_bits;
    source->take = take;
    source->close = close_link;
    source->health = health;
    return QW_OK;
}

struct link_pads *link_source_pads(const struct qw_key_source *source)
{
    const struct link_source *link = source->self;

    return link->half.pads;
}
