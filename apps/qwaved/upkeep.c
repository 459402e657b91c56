/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "upkeep.h"

#include "base/clock.h"
#include "centre/clock_watch.h"
#include "centre/people/unit_quota.h"

#include <time.h>

enum { ROTATE_MS = 500, COUNT_MS = 200, PAUSE_NS = 2000000 };

static void report(const struct upkeep *upkeep, const char *what, qw_err now, qw_err before)
{
    if (now == before || now == QW_ERR_CLOSED) { /* closed: by ourselves, at the end */
        return;
    }
    qw_log_write(upkeep->log, now == QW_OK ? QW_LOG_INFO : QW_LOG_ERROR, "%s: %s", what,
                 now == QW_OK ? "works again" : qw_err_text(now));
}

static qw_err rotate(struct upkeep *upkeep, bool *is_more)
{
    return qw_centre_kek_work(upkeep->centre, &upkeep->custody, is_more);
}

static qw_err count_units(struct upkeep *upkeep, bool *is_more)
{
    return qw_centre_unit_count_work(upkeep->centre, is_more);
}

/* Some of each second at most, with a pause after each group, so that callers come in between. */
static qw_err work_for(struct upkeep *upkeep, int64_t ms,
                       qw_err (*work)(struct upkeep *upkeep, bool *is_more))
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    int64_t until_ms = qw_clock_monotonic_ms() + ms;
    bool is_more = true;
    qw_err err = QW_OK;

    while (err == QW_OK && is_more && qw_clock_monotonic_ms() < until_ms) {
        err = work(upkeep, &is_more);
        if (is_more) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return err;
}

static void round_once(struct upkeep *upkeep)
{
    qw_err ingest_err = qw_centre_ingest(upkeep->centre);
    qw_err clock_err = qw_centre_clock_watch(upkeep->centre);
    qw_err sweep_err = qw_centre_sweep(upkeep->centre);
    qw_err publish_err = publisher_look(upkeep->publisher);
    qw_err kek_err = work_for(upkeep, ROTATE_MS, rotate);
    qw_err count_err = work_for(upkeep, COUNT_MS, count_units);

    report(upkeep, "taking keys from the source", ingest_err, upkeep->ingest_err);
    report(upkeep, "watching the clock", clock_err, upkeep->clock_err);
    report(upkeep, "sweeping", sweep_err, upkeep->sweep_err);
    report(upkeep, "publishing revocations", publish_err, upkeep->publish_err);
    report(upkeep, "rotating the KEK", kek_err, upkeep->kek_err);
    report(upkeep, "counting for quotas", count_err, upkeep->count_err);
    upkeep->kek_err = kek_err;
    upkeep->count_err = count_err;
    upkeep->ingest_err = ingest_err;
    upkeep->publish_err = publish_err;
    upkeep->clock_err = clock_err;
    upkeep->sweep_err = sweep_err;
}

static void *run(void *self)
{
    struct upkeep *upkeep = self;

    pthread_mutex_lock(&upkeep->lock);
    while (!upkeep->is_stopping) {
        struct alarm_watch *alarms = upkeep->alarms;
        struct timespec until;

        pthread_mutex_unlock(&upkeep->lock);
        round_once(upkeep);
        alarm_watch_look(alarms);
        pthread_mutex_lock(&upkeep->lock);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        if (!upkeep->is_stopping) {
            pthread_cond_timedwait(&upkeep->wake, &upkeep->lock, &until);
        }
    }
    pthread_mutex_unlock(&upkeep->lock);
    return NULL;
}

qw_err upkeep_start(struct upkeep *upkeep, struct qw_centre *centre,
                    const struct qw_custody_port *custody, struct publisher *publisher,
                    const struct qw_log *log)
{
    pthread_condattr_t monotonic;

    *upkeep = (struct upkeep){
        .centre = centre, .log = log, .custody = *custody, .publisher = publisher
    };
    if (pthread_condattr_init(&monotonic) != 0) {
        return QW_ERR_NOMEM;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&upkeep->lock, NULL);
    pthread_cond_init(&upkeep->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&upkeep->thread, NULL, run, upkeep) != 0) {
        pthread_cond_destroy(&upkeep->wake);
        pthread_mutex_destroy(&upkeep->lock);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

void upkeep_watch(struct upkeep *upkeep, struct alarm_watch *alarms)
{
    pthread_mutex_lock(&upkeep->lock);
    upkeep->alarms = alarms;
    pthread_mutex_unlock(&upkeep->lock);
}

void upkeep_stop(struct upkeep *upkeep)
{
    pthread_mutex_lock(&upkeep->lock);
    upkeep->is_stopping = true;
    pthread_cond_signal(&upkeep->wake);
    pthread_mutex_unlock(&upkeep->lock);
    pthread_join(upkeep->thread, NULL);
    pthread_cond_destroy(&upkeep->wake);
    pthread_mutex_destroy(&upkeep->lock);
}
