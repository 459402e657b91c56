/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "reporter.h"

#include "api/http_client.h"
#include "api/json_writer.h"
#include "base/clock.h"
#include "view.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    NOTE_MS = 20,
    SEND_MS = 50,
    ASK_MS = 1000,
    TIMEOUT_MS = 2000,
    BODY_CAP = 8192,
    SESSION_CAP = 33
};

struct reporter {
    const struct qw_log *log;
    struct qw_http_client *centre;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic clock */
    atomic_bool is_watched; /* by somebody, as the centre said last */
    bool is_ending;
    bool is_active;          /* something has happened since the centre was asked last */
    bool is_shown;           /* the present session is simulated */
    struct view_batch batch; /* that waits */
    int64_t noted_ms;        /* the newest frame */
};

static void wait_ms(struct reporter *reporter, int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!reporter->is_ending &&
           pthread_cond_timedwait(&reporter->changed, &reporter->lock, &until) == 0) {
    }
}

/* Without the lock: the network is slow. */
static void send_batch(struct reporter *reporter, const struct view_batch *batch)
{
    char body[BODY_CAP];
    const char *answer = NULL;
    size_t len = 0;
    unsigned status = 0;
    bool is_watched = false;

    if (view_batch_write(batch, body, sizeof body) &&
        qw_http_client_call(reporter->centre, "POST", "/v1/radio/view", body, &status, &answer,
                            &len) == QW_OK &&
        status == 200) {
        is_watched = strcmp(answer, "{\"is_watched\":true}") == 0;
    } else {
        qw_log_write(reporter->log, QW_LOG_DEBUG, "the centre takes no view: status %u", status);
    }
    atomic_store(&reporter->is_watched, is_watched);
}

static void *report(void *self)
{
    struct reporter *reporter = self;
    int64_t asked_ms = 0;

    pthread_mutex_lock(&reporter->lock);
    while (!reporter->is_ending) {
        bool is_due = reporter->is_active && qw_clock_monotonic_ms() - asked_ms >= ASK_MS;

        if (is_due || !view_batch_is_empty(&reporter->batch)) {
            struct view_batch batch = reporter->batch;

            view_batch_clear(&reporter->batch);
            reporter->is_active = false;
            asked_ms = qw_clock_monotonic_ms();
            pthread_mutex_unlock(&reporter->lock);
            send_batch(reporter, &batch);
            pthread_mutex_lock(&reporter->lock);
        }
        wait_ms(reporter, SEND_MS);
    }
    pthread_mutex_unlock(&reporter->lock);
    return NULL;
}

qw_err reporter_new(const struct settings *settings, const struct qw_log *log,
                    struct reporter **out)
{
    const struct qw_http_client_config http = { .base_url = settings->centre_url,
                                                .certificate_path = settings->certificate,
                                                .key_path = settings->key,
                                                .ca_path = settings->ca,
                                                .timeout_ms = TIMEOUT_MS };
    struct reporter *reporter = calloc(1, sizeof *reporter);
    pthread_condattr_t monotonic;
    qw_err err;

    if (reporter == NULL) {
        return QW_ERR_NOMEM;
    }
    reporter->log = log;
    err = qw_http_client_new(&http, &reporter->centre);
    if (err != QW_OK) {
        free(reporter);
        return err;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&reporter->lock, NULL);
    pthread_cond_init(&reporter->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&reporter->thread, NULL, report, reporter) != 0) {
        pthread_cond_destroy(&reporter->changed);
        pthread_mutex_destroy(&reporter->lock);
        qw_http_client_free(reporter->centre);
        free(reporter);
        return QW_ERR_NOMEM;
    }
    *out = reporter;
    return QW_OK;
}

void reporter_free(struct reporter *reporter)
{
    if (reporter == NULL) {
        return;
    }
    pthread_mutex_lock(&reporter->lock);
    reporter->is_ending = true;
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->lock);
    pthread_join(reporter->thread, NULL);
    pthread_cond_destroy(&reporter->changed);
    pthread_mutex_destroy(&reporter->lock);
    qw_http_client_free(reporter->centre);
    free(reporter);
}

void reporter_begin(struct reporter *reporter, const struct qw_csi_source *radio,
                    const char *session_id)
{
    if (reporter == NULL) {
        return;
    }
    pthread_mutex_lock(&reporter->lock);
    reporter->is_shown = radio->is_simulated;
    reporter->is_active = radio->is_simulated;
    view_batch_begin(&reporter->batch, radio->label, session_id);
    pthread_mutex_unlock(&reporter->lock);
}

/* The session does not wait: whatever is in the way costs the frame. */
static void note(struct reporter *reporter, const struct qw_csi_frame *frame)
{
    int64_t now_ms = qw_clock_monotonic_ms();

    if (pthread_mutex_trylock(&reporter->lock) != 0) {
        return;
    }
    reporter->is_active = reporter->is_shown;
    if (reporter->is_shown && atomic_load(&reporter->is_watched) &&
        now_ms - reporter->noted_ms >= NOTE_MS) {
        reporter->noted_ms = now_ms;
        view_batch_add(&reporter->batch, frame);
    }
    pthread_mutex_unlock(&reporter->lock);
}

static qw_err tune(void *self, const struct qw_tuning *tuning)
{
    struct reporter_radio *room = self;

    return qw_csi_source_tune(&room->inner, tuning);
}

static qw_err transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    struct reporter_radio *room = self;

    return room->inner.transmit(room->inner.self, sequence, time_ns);
}

static qw_err next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    struct reporter_radio *room = self;
    qw_err err = room->inner.next(room->inner.self, frame, timeout_ms);

    if (err == QW_OK) {
        note(room->reporter, frame);
    }
    return err;
}

static void close_radio(void *self)
{
    struct reporter_radio *room = self;

    qw_csi_source_close(&room->inner);
}

void reporter_listen(struct reporter *reporter, struct qw_csi_source *radio,
                     struct reporter_radio *room)
{
    if (reporter == NULL || !radio->is_simulated) {
        return;
    }
    *room = (struct reporter_radio){ .reporter = reporter, .inner = *radio };
    radio->self = room;
    radio->tune = radio->tune == NULL ? NULL : tune;
    radio->transmit = transmit;
    radio->next = next;
    radio->close = close_radio;
}

void reporter_end(struct reporter *reporter, const struct qw_plkg_ledger *ledger)
{
    if (reporter == NULL) {
        return;
    }
    pthread_mutex_lock(&reporter->lock);
    if (reporter->is_shown && ledger->is_simulated != 0 && atomic_load(&reporter->is_watched)) {
        view_batch_end(&reporter->batch, ledger);
    }
    reporter->is_shown = false;
    pthread_mutex_unlock(&reporter->lock);
}
