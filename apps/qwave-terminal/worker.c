/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "worker.h"

#include "authentication.h"
#include "base/clock.h"
#include "base/secret.h"
#include "meeting.h"
#include "radio/replay_guard.h"
#include "terminal/deadline_wire.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { REMEMBERED_SESSIONS = 64 };

struct job {
    bool is_authentication;
    uint8_t context[32]; /* of an authentication; the rest is of a refill */
    bool wants_fresh;
    uint32_t wanted_keys;
};

struct worker { /* in secret memory: result may hold a key */
    struct worker_config config;
    struct qw_replay_guard *replay_guard; /* the thread's */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the next three */
    pthread_cond_t changed;
    bool has_job, must_end;
    struct job job;
    int event;    /* written by the thread when a job has ended */
    bool is_busy; /* the server's view; only its thread touches it */
    /* The thread's while a job runs, the server's once event is readable. */
    struct qw_refill_result result;
    struct qw_auth_outcome outcome;
    qw_err err;
};

static void lock(struct worker *worker)
{
    qw_assert(pthread_mutex_lock(&worker->mutex) == 0);
}

static void unlock(struct worker *worker)
{
    qw_assert(pthread_mutex_unlock(&worker->mutex) == 0);
}

static qw_err refill(struct worker *worker, const struct job *job)
{
    const struct settings *settings = worker->config.settings;
    struct qw_wire stream = { 0 }, wire = { 0 };
    struct qw_csi_source radio = { 0 };
    struct qw_deadline_wire limits = {
        .inner = &stream,
        .deadline_ms = qw_clock_monotonic_ms() + 1000 * settings->session_timeout_s,
        .stop = worker->config.stop,
    };
    struct qw_refill refill = {
        .card = worker->config.card,
        .terminal_id = settings->terminal_id,
        .policy = qw_plkg_policy_standard,
        .tuning = &settings->tuning,
        .radio = &radio,
        .wire = &wire,
        .replay_guard = worker->replay_guard,
        .log = worker->config.log,
        .wants_fresh = job->wants_fresh,
        .wanted_keys = job->wanted_keys,
    };
    qw_err err = meeting_begin(settings, worker->config.log, &stream, &radio);

    refill.policy.eve_correlation = settings->eve_correlation;
    refill.policy.injected_ratio = qw_plkg_policy_injected(settings->injected_db);
    refill.policy.epsilon_log2 = settings->epsilon_log2;
    refill.policy.probes_max = (uint32_t)settings->probes_max;
    refill.policy.probe_interval_ms = settings->probe_interval_ms;
    refill.policy.is_paced = settings->pace == PACE_MEASURED;
    if (err == QW_OK) {
        qw_deadline_wire_on(&limits, &wire);
        err = qw_refill_run(&refill, &worker->result);
    }
    meeting_end(settings, worker->config.log, &wire, &stream, &radio);
    return err;
}

static qw_err run_job(struct worker *worker, const struct job *job)
{
    const struct worker_config *config = &worker->config;

    return job->is_authentication ? authentication_run(config->settings, config->card, config->log,
                                                       config->stop, job->context, &worker->outcome)
                                  : refill(worker, job);
}

static void *work(void *self)
{
    struct worker *worker = self;

    for (;;) {
        struct job job;
        uint64_t one = 1;

        lock(worker);
        while (!worker->has_job && !worker->must_end) {
            qw_assert(pthread_cond_wait(&worker->changed, &worker->mutex) == 0);
        }
        if (worker->must_end) {
            unlock(worker);
            return NULL;
        }
        worker->has_job = false;
        job = worker->job;
        unlock(worker);

        memset(&worker->result, 0, sizeof worker->result);
        worker->err = run_job(worker, &job);
        qw_assert(write(worker->event, &one, sizeof one) == sizeof one);
    }
}

qw_err worker_new(const struct worker_config *config, struct worker **worker)
{
    struct worker *w = qw_secret_new(sizeof *w);

    if (w == NULL) {
        return QW_ERR_NOMEM;
    }
    w->config = *config;
    if (qw_replay_guard_new(REMEMBERED_SESSIONS, &w->replay_guard) != QW_OK) {
        qw_secret_free(w);
        return QW_ERR_NOMEM;
    }
    w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->event < 0) {
        qw_replay_guard_free(w->replay_guard);
        qw_secret_free(w);
        return QW_ERR_IO;
    }
    qw_assert(pthread_mutex_init(&w->mutex, NULL) == 0);
    qw_assert(pthread_cond_init(&w->changed, NULL) == 0);
    if (pthread_create(&w->thread, NULL, work, w) != 0) {
        pthread_cond_destroy(&w->changed);
        pthread_mutex_destroy(&w->mutex);
        close(w->event);
        qw_replay_guard_free(w->replay_guard);
        qw_secret_free(w);
        return QW_ERR_NOMEM;
    }
    *worker = w;
    return QW_OK;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    lock(worker);
    worker->must_end = true;
    qw_assert(pthread_cond_signal(&worker->changed) == 0);
    unlock(worker);
    qw_assert(pthread_join(worker->thread, NULL) == 0);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    close(worker->event);
    qw_replay_guard_free(worker->replay_guard);
    qw_secret_free(worker);
}

bool worker_is_busy(const struct worker *worker)
{
    return worker->is_busy;
}

static void begin(struct worker *worker, const struct job *job)
{
    qw_assert(!worker->is_busy);
    worker->is_busy = true;
    lock(worker);
    worker->has_job = true;
    worker->job = *job;
    qw_assert(pthread_cond_signal(&worker->changed) == 0);
    unlock(worker);
}

void worker_start(struct worker *worker, bool wants_fresh, uint32_t wanted_keys)
{
    const struct job job = { .wants_fresh = wants_fresh, .wanted_keys = wanted_keys };

    begin(worker, &job);
}

void worker_authenticate(struct worker *worker, const uint8_t context[static 32])
{
    struct job job = { .is_authentication = true };

    memcpy(job.context, context, sizeof job.context);
    begin(worker, &job);
}

int worker_fd(const struct worker *worker)
{
    return worker->event;
}

static void end(struct worker *worker)
{
    uint64_t ended = 0;

    qw_assert(worker->is_busy);
    qw_assert(read(worker->event, &ended, sizeof ended) == sizeof ended && ended == 1);
    worker->is_busy = false;
}

qw_err worker_authenticated(struct worker *worker, struct qw_auth_outcome *outcome)
{
    end(worker);
    *outcome = worker->outcome;
    return worker->err;
}

qw_err worker_finish(struct worker *worker, struct qw_refill_result *result)
{
    end(worker);
    *result = worker->result;
    qw_wipe(&worker->result, sizeof worker->result);
    return worker->err;
}
