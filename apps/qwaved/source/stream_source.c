/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "source/stream_source.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "crypto/random.h"
#include "source/stream_reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BUFFER_LEN = 64 * 1024, /* on their way into the stock; several blocks */
    LOOK_MS = 100,          /* how soon the thread hears that it shall end */
    FIRST_PAUSE_MS = 1000,
    LASTING_MS = 60000
};

struct stream_source {
    char name[64];
    struct stream_settings settings;
    const struct qw_log *log;
    struct link_half half;
    struct stream_reader *reader; /* the thread's */
    struct qw_backoff backoff;    /* likewise */
    pthread_t thread;
    bool has_thread;
    atomic_bool is_stopping;
    pthread_mutex_t mutex; /* of health */
    struct qw_key_source_health health;
};

static void set_health(struct stream_source *stream, bool is_running, const char *reason)
{
    bool has_changed;

    pthread_mutex_lock(&stream->mutex);
    has_changed =
        stream->health.is_running != is_running || strcmp(stream->health.reason, reason) != 0;
    stream->health.is_running = is_running;
    (void)snprintf(stream->health.reason, sizeof stream->health.reason, "%s", reason);
    pthread_mutex_unlock(&stream->mutex);
    if (has_changed) {
        qw_log_write(stream->log, is_running ? QW_LOG_INFO : QW_LOG_WARNING, "%s: %s", stream->name,
                     is_running ? "gives keys" : reason);
    }
}

static int64_t pause_ms(struct stream_source *stream, enum stream_pause pause)
{
    switch (pause) {
    case STREAM_PAUSE_SHORT:
        return LOOK_MS;
    case STREAM_PAUSE_FAILED:
        return qw_backoff_fail(&stream->backoff, qw_random_spread());
    case STREAM_PAUSE_LASTING:
        return LASTING_MS;
    case STREAM_PAUSE_NONE:
    default:
        return 0;
    }
}

static void sleep_for(const struct stream_source *stream, int64_t ms)
{
    int64_t end_ms = qw_clock_monotonic_ms() + ms;
    const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000L };

    while (!atomic_load(&stream->is_stopping) && qw_clock_monotonic_ms() < end_ms) {
        (void)nanosleep(&moment, NULL);
    }
}

static void *run(void *self)
{
    struct stream_source *stream = self;

    while (!atomic_load(&stream->is_stopping)) {
        struct stream_step step = stream_reader_step(stream->reader, qw_clock_utc_ms() / 1000);

        if (step.has_key) {
            qw_backoff_succeed(&stream->backoff);
            set_health(stream, true, "");
        } else if (step.reason != NULL) {
            set_health(stream, false, step.reason);
        }
        sleep_for(stream, pause_ms(stream, step.pause));
    }
    return NULL;
}

static size_t available_bits(void *self)
{
    struct stream_source *stream = self;

    return stream->half.source.available_bits(stream->half.source.self);
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct stream_source *stream = self;

    return stream->half.source.take(stream->half.source.self, key, len);
}

static void health(void *self, struct qw_key_source_health *out)
{
    struct stream_source *stream = self;

    pthread_mutex_lock(&stream->mutex);
    *out = stream->health;
    pthread_mutex_unlock(&stream->mutex);
}

static void close_stream(void *self)
{
    struct stream_source *stream = self;

    atomic_store(&stream->is_stopping, true);
    if (stream->has_thread) {
        pthread_join(stream->thread, NULL);
    }
    stream_reader_free(stream->reader);
    link_half_close(&stream->half);
    pthread_mutex_destroy(&stream->mutex);
    free(stream);
}

static qw_err start(struct stream_source *stream, const struct stream_source_config *config)
{
    const struct link_half_config half = { .name = config->name,
                                           .mark_path = config->mark_path,
                                           .buffer_len = BUFFER_LEN,
                                           .has_pads = config->has_pads };
    qw_err err = link_half_open(&stream->half, &half);

    if (err == QW_OK) {
        err = stream_reader_new(&stream->settings, &stream->half, &stream->reader);
    }
    if (err == QW_OK) {
        stream->has_thread = pthread_create(&stream->thread, NULL, run, stream) == 0;
        err = stream->has_thread ? QW_OK : QW_ERR_NOMEM;
    }
    return err;
}

qw_err stream_source_open(const struct stream_source_config *config, struct qw_key_source *source)
{
    struct stream_source *stream = calloc(1, sizeof *stream);
    qw_err err;

    if (stream == NULL) {
        return QW_ERR_NOMEM;
    }
    (void)snprintf(stream->name, sizeof stream->name, "kme:%.59s", config->name);
    stream->settings = config->settings;
    stream->log = config->log;
    qw_backoff_init(&stream->backoff, FIRST_PAUSE_MS);
    pthread_mutex_init(&stream->mutex, NULL);
    stream->health =
        (struct qw_key_source_health){ .error_rate = -1, .reason = "no key has come from it yet" };
    err = start(stream, config);
    if (err != QW_OK) {
        close_stream(stream);
        return err;
    }
    *source = (struct qw_key_source){ .self = stream,
                                      .available_bits = available_bits,
                                      .take = take,
                                      .close = close_stream,
                                      .health = health };
    memcpy(source->name, stream->name, sizeof source->name);
    return QW_OK;
}

struct link_pads *stream_source_pads(const struct qw_key_source *source)
{
    const struct stream_source *stream = source->self;

    return stream->half.pads;
}
