/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "reporter.h"

#include "api/http_client.h"
#include "api/json_writer.h"
#include "base/clock.h"
#include "radio/air/viewer.h"
#include "view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LOOK_MS = 20,      /* between two moments */
    PATIENCE_MS = 100, /* for one: then there is no probing now */
    SEND_MS = 40,
    ASK_MS = 250,
    AGAIN_MS = 1000, /* between two attempts to reach the air */
    AIR_TIMEOUT_MS = 1000,
    TIMEOUT_MS = 2000,
    BODY_CAP = 8192
};

struct reporter {
    const struct qw_log *log;
    const struct settings *settings;
    struct qw_http_client *centre;
    pthread_t looker, sender;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* monotonic clock */
    bool is_watched;        /* by somebody, as the centre said last */
    bool is_ending;
    bool is_active;          /* something has happened since the centre was asked last */
    bool is_shown;           /* the present session is simulated */
    struct view_batch batch; /* that waits */
};

/* Until then, or the end. With the lock. */
static void wait_until(struct reporter *reporter, int64_t then_ms)
{
    struct timespec until = { .tv_sec = (time_t)(then_ms / 1000),
                              .tv_nsec = (long)(then_ms % 1000) * 1000000 };

    while (!reporter->is_ending &&
           pthread_cond_timedwait(&reporter->changed, &reporter->lock, &until) == 0) {
    }
}

/* Without the lock: the network is slow. False: it did not arrive. */
static bool send_batch(struct reporter *reporter, const struct view_batch *batch, bool *is_watched)
{
    char body[BODY_CAP];
    const char *answer = NULL;
    size_t len = 0;
    unsigned status = 0;

    *is_watched = false;
    if (view_batch_write(batch, body, sizeof body) &&
        qw_http_client_call(reporter->centre, "POST", "/v1/radio/view", body, &status, &answer,
                            &len) == QW_OK &&
        status == 200) {
        *is_watched = strcmp(answer, "{\"is_watched\":true}") == 0;
        return true;
    }
    qw_log_write(reporter->log, QW_LOG_DEBUG, "the centre takes no view: status %u", status);
    return false;
}

/* F3 */
static void *report(void *self)
{
    struct reporter *reporter = self;
    int64_t asked_ms = 0;

    pthread_mutex_lock(&reporter->lock);
    while (!reporter->is_ending) {
        int64_t now_ms = qw_clock_monotonic_ms();
        bool is_due = (reporter->is_active || reporter->is_shown) && now_ms - asked_ms >= ASK_MS;

        if (is_due || !view_batch_is_empty(&reporter->batch)) {
            struct view_batch batch = reporter->batch;
            bool is_watched, has_arrived;

            view_batch_clear(&reporter->batch);
            reporter->batch.dropped = view_batch_is_empty(&batch) ? batch.dropped : 0;
            reporter->is_active = false;
            asked_ms = now_ms;
            pthread_mutex_unlock(&reporter->lock);
            has_arrived = send_batch(reporter, &batch, &is_watched);
            pthread_mutex_lock(&reporter->lock);
            reporter->is_watched = is_watched;
            if (!has_arrived && !view_batch_is_empty(&batch)) {
                view_batch_lose(&reporter->batch, &batch);
            }
        }
        wait_until(reporter, now_ms + SEND_MS);
    }
    pthread_mutex_unlock(&reporter->lock);
    return NULL;
}

struct looking { /* the looker's own */
    struct qw_air_viewer *viewer;
    struct qw_air_moment *moment;
    int64_t tried_ms; /* to reach the air, last */
};

/* Without the lock. False: no moment. */
static bool look(const struct reporter *reporter, struct looking *looking)
{
    const struct settings *settings = reporter->settings;
    int64_t now_ms = qw_clock_monotonic_ms();
    qw_err err;

    if (looking->viewer == NULL) {
        if (now_ms - looking->tried_ms < AGAIN_MS) {
            return false;
        }
        looking->tried_ms = now_ms;
        err = qw_air_viewer_new(settings->air_address, (uint16_t)settings->air_port, AIR_TIMEOUT_MS,
                                &looking->viewer);
        if (err != QW_OK) {
            qw_log_write(reporter->log, QW_LOG_DEBUG, "the air shows nothing: %s",
                         qw_err_text(err));
            return false;
        }
    }
    err = qw_air_viewer_next(looking->viewer, looking->moment, PATIENCE_MS);
    if (err != QW_OK && err != QW_ERR_TIMEOUT) {
        qw_air_viewer_free(looking->viewer);
        looking->viewer = NULL;
    }
    return err == QW_OK;
}

/* F2 */
static void *follow(void *self)
{
    struct reporter *reporter = self;
    struct looking looking = { .moment = calloc(1, sizeof *looking.moment),
                               .tried_ms = INT64_MIN / 2 };

    pthread_mutex_lock(&reporter->lock);
    while (!reporter->is_ending && looking.moment != NULL) {
        int64_t now_ms = qw_clock_monotonic_ms();

        if (reporter->is_shown && reporter->is_watched) {
            bool is_seen;

            pthread_mutex_unlock(&reporter->lock);
            is_seen = look(reporter, &looking);
            pthread_mutex_lock(&reporter->lock);
            if (is_seen && reporter->is_shown) {
                view_batch_add(&reporter->batch, looking.moment);
            }
        }
        wait_until(reporter, now_ms + LOOK_MS);
    }
    pthread_mutex_unlock(&reporter->lock);
    qw_air_viewer_free(looking.viewer);
    free(looking.moment);
    return NULL;
}

static void end_threads(struct reporter *reporter, bool has_sender)
{
    pthread_mutex_lock(&reporter->lock);
    reporter->is_ending = true;
    pthread_cond_broadcast(&reporter->changed);
    pthread_mutex_unlock(&reporter->lock);
    pthread_join(reporter->looker, NULL);
    if (has_sender) {
        pthread_join(reporter->sender, NULL);
    }
}

static void free_reporter(struct reporter *reporter)
{
    pthread_cond_destroy(&reporter->changed);
    pthread_mutex_destroy(&reporter->lock);
    qw_http_client_free(reporter->centre);
    free(reporter);
}

static qw_err start_threads(struct reporter *reporter)
{
    if (pthread_create(&reporter->looker, NULL, follow, reporter) != 0) {
        return QW_ERR_NOMEM;
    }
    if (pthread_create(&reporter->sender, NULL, report, reporter) != 0) {
        end_threads(reporter, false);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
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
    reporter->settings = settings;
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
    err = start_threads(reporter);
    if (err != QW_OK) {
        free_reporter(reporter);
        return err;
    }
    *out = reporter;
    return QW_OK;
}

void reporter_free(struct reporter *reporter)
{
    if (reporter == NULL) {
        return;
    }
    end_threads(reporter, true);
    free_reporter(reporter);
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

void reporter_end(struct reporter *reporter, const struct qw_plkg_ledger *ledger)
{
    if (reporter == NULL) {
        return;
    }
    pthread_mutex_lock(&reporter->lock);
    if (reporter->is_shown && ledger->is_simulated != 0 && reporter->is_watched) {
        view_batch_end(&reporter->batch, ledger);
    }
    reporter->is_shown = false;
    pthread_mutex_unlock(&reporter->lock);
}
