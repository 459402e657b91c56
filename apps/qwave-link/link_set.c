/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "link_set.h"

#include "base/clock.h"
#include "peer_line.h"
#include "sink.h"
#include "turns.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct link_entry {
    const struct peer_settings *settings;
    char name[2 * SETTINGS_NAME_CAP]; /* "PEER/LINK" */
    char record_path[SETTINGS_PATH_CAP];
    struct peer_line *line; /* NULL: the peer connects */
    struct qw_link_association *association;
    const char *sink_kind;
    pthread_mutex_t lock; /* of the association; held through an exchange */
    /* Under the set's lock: */
    bool is_busy, is_asked;
    bool is_answering; /* the peer */
    bool is_doubtful;  /* its peer did not answer last time; the next try may take long */
    int64_t next_ms;
    int64_t expires_ms; /* when its key is over its hard lifetime */
    int64_t seen_ms;    /* when status was taken */
    struct qw_link_status status;
};

struct link_set {
    const struct settings *settings;
    const struct qw_log *log;
    struct link_entry *entries;
    size_t count; /* of those that are open */
    struct turns turns;
    size_t doubtful_busy; /* workers at links whose peers may be away: at most half of all */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int64_t watched_ms; /* until when a worker waits with a clock; INT64_MAX: none does */
    bool has_standby;   /* a second one looks now and then whether the first is held up */
    bool is_stopping;
};
/* A thread that is woken costs more than a word with a peer does: one worker does what is due,
 * link after link, and others come when it is behind. */
enum { STANDBY_MS = 1000, LATE_MS = 50 };

/* How an entry is after something was done at it. */
struct view {
    struct qw_link_status status;
    int64_t taken_ms;
};

/* With the association's lock. */
static void view_take(const struct link_entry *entry, struct view *view)
{
    view->taken_ms = qw_clock_monotonic_ms();
    qw_link_association_status(entry->association, view->taken_ms, &view->status);
}

/* With the set's lock; worker and listener may come in either order. */
static void keep(struct link_entry *entry, const struct view *view)
{
    const struct qw_link_status *s = &view->status;

    if (view->taken_ms >= entry->seen_ms) {
        entry->status = *s;
        entry->seen_ms = view->taken_ms;
        entry->expires_ms = s->left_ms == INT64_MAX ? INT64_MAX : view->taken_ms + s->left_ms;
    }
}

static int64_t ms_of(double seconds)
{
    return (int64_t)(seconds * 1000 + 0.5);
}

static qw_err open_association(struct link_set *set, struct link_entry *entry,
                               const struct vault *vault, struct qw_link_keys keys)
{
    const struct peer_settings *p = entry->settings;
    struct qw_link_config config = { .link = p->link,
                                     .peer = p->peer,
                                     .name = entry->name,
                                     .role = p->role,
                                     .record_path = entry->record_path,
                                     .vault_key = vault->key,
                                     .fails_open = p->fail == 1,
                                     .rekey_ms = ms_of(p->rekey_s),
                                     .hard_ms = ms_of(p->hard_s),
                                     .rekey_bytes = (uint64_t)p->rekey_bytes,
                                     .jitter = p->jitter,
                                     .heartbeat_ms = ms_of(p->heartbeat_s),
                                     .drain_ms = ms_of(p->drain_s),
                                     .retry_ms = ms_of(p->retry_s),
                                     .utc_ms = qw_clock_utc_ms(),
                                     .log = set->log,
                                     .turns = turns_link(&set->turns),
                                     .keys = keys };
    qw_err err = sink_open(p, set->log, &config.sink);

    if (err != QW_OK) {
        return err;
    }
    entry->sink_kind = config.sink.kind;
    if (entry->line != NULL) {
        config.peer_agent = peer_line_peer(entry->line);
    }
    return qw_link_association_new(&config, qw_clock_monotonic_ms(), &entry->association);
}

static qw_err open_entry(struct link_set *set, size_t index, const struct vault *vault,
                         struct qw_link_keys keys)
{
    struct link_entry *entry = &set->entries[index];
    const struct peer_settings *p = &set->settings->peers[index];
    struct view view;
    qw_err err;

    entry->settings = p;
    (void)snprintf(entry->name, sizeof entry->name, "%s/%s", p->peer, p->link);
    err = vault_record_path(set->settings, p, entry->record_path);
    if (err == QW_OK && p->role == QW_LINK_INITIATOR) {
        err = peer_line_new(set->settings, p, &entry->line);
    }
    if (err == QW_OK) {
        err = open_association(set, entry, vault, keys);
    }
    if (err != QW_OK) {
        qw_log_write(set->log, QW_LOG_ERROR, "link %s (state %s): %s", entry->name,
                     entry->record_path, qw_err_text(err));
        peer_line_free(entry->line);
        return err;
    }
    pthread_mutex_init(&entry->lock, NULL);
    view_take(entry, &view);
    keep(entry, &view);
    return QW_OK;
}

qw_err link_set_new(const struct settings *settings, const struct vault *vault,
                    const struct qw_log *log, struct qw_link_keys keys, struct link_set **set_out)
{
    struct link_set *set = calloc(1, sizeof *set);
    pthread_condattr_t monotonic;
    qw_err err = QW_OK;

    if (set == NULL) {
        return QW_ERR_NOMEM;
    }
    set->entries = calloc(settings->peer_count, sizeof *set->entries);
    if (set->entries == NULL || pthread_condattr_init(&monotonic) != 0) {
        free(set->entries);
        free(set);
        return QW_ERR_NOMEM;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&set->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&set->lock, NULL);
    turns_init(&set->turns, settings);
    set->settings = settings;
    set->log = log;
    set->watched_ms = INT64_MAX;
    while (err == QW_OK && set->count < settings->peer_count) {
        err = open_entry(set, set->count, vault, keys);
        set->count += err == QW_OK ? 1 : 0;
    }
    if (err != QW_OK) {
        link_set_free(set);
        return err;
    }
    *set_out = set;
    return QW_OK;
}

void link_set_free(struct link_set *set)
{
    if (set == NULL) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        qw_link_association_free(set->entries[i].association);
        peer_line_free(set->entries[i].line);
        pthread_mutex_destroy(&set->entries[i].lock);
    }
    pthread_cond_destroy(&set->wake);
    pthread_mutex_destroy(&set->lock);
    turns_done(&set->turns);
    free(set->entries);
    free(set);
}

/* Peers that are away must not take the workers from those that answer: for this one there is none
 * now, and only its hard lifetime is kept. */
static bool must_wait(const struct link_set *set, const struct link_entry *entry)
{
    size_t half = (size_t)(set->settings->workers + 1) / 2;

    return entry->is_doubtful && !entry->is_asked && set->doubtful_busy >= half;
}

static int64_t due_ms(const struct link_set *set, const struct link_entry *entry)
{
    return must_wait(set, entry) ? entry->expires_ms : entry->next_ms;
}

/* The link that is due first and that nobody works at; NULL: none at all. Under the set's lock. */
static struct link_entry *first_due(struct link_set *set)
{
    struct link_entry *first = NULL;

    for (size_t i = 0; i < set->count; i++) {
        struct link_entry *entry = &set->entries[i];

        if (!entry->is_busy && due_ms(set, entry) != INT64_MAX &&
            (first == NULL || due_ms(set, entry) < due_ms(set, first))) {
            first = entry;
        }
    }
    return first;
}

static void sleep_until(struct link_set *set, int64_t until_ms)
{
    const struct timespec until = { .tv_sec = until_ms / 1000,
                                    .tv_nsec = until_ms % 1000 * 1000000 };

    (void)pthread_cond_timedwait(&set->wake, &set->lock, &until);
}

/* One worker watches the clock, one stands by in case that a peer holds the first up, the others
 * sleep until they are woken. */
static void wait_until(struct link_set *set, const struct link_entry *entry)
{
    int64_t until_ms = entry == NULL ? INT64_MAX : due_ms(set, entry);

    if (until_ms < set->watched_ms) {
        set->watched_ms = until_ms;
        sleep_until(set, until_ms);
        set->watched_ms = INT64_MAX;
    } else if (!set->has_standby) {
        set->has_standby = true;
        sleep_until(set, qw_clock_monotonic_ms() + STANDBY_MS);
        set->has_standby = false;
    } else {
        (void)pthread_cond_wait(&set->wake, &set->lock);
    }
}

/* What is due of one link, without the set's lock; next_ms: its next time as it was with the lock.
 */
static int64_t step(struct link_entry *entry, bool is_asked, bool is_watch, int64_t next_ms,
                    struct view *view)
{
    pthread_mutex_lock(&entry->lock);
    if (is_asked) {
        qw_link_association_rotate(entry->association);
    }
    if (is_watch) {
        qw_link_association_watch(entry->association, qw_clock_monotonic_ms());
    } else {
        next_ms = qw_link_association_step(entry->association, qw_clock_monotonic_ms());
    }
    view_take(entry, view);
    pthread_mutex_unlock(&entry->lock);
    return next_ms;
}

/* Does what entry is due for. With the set's lock, which is free in between. */
static void work_at(struct link_set *set, struct link_entry *entry)
{
    bool is_watch = must_wait(set, entry);
    bool was_doubtful = entry->is_doubtful && !is_watch;
    bool is_asked = entry->is_asked;
    bool is_late = qw_clock_monotonic_ms() - due_ms(set, entry) > LATE_MS;
    int64_t next_ms = entry->next_ms;
    struct view view;

    entry->is_busy = true;
    entry->is_asked = false;
    if (is_late) {
        pthread_cond_signal(&set->wake);
    }
    set->doubtful_busy += was_doubtful ? 1 : 0;
    pthread_mutex_unlock(&set->lock);
    next_ms = step(entry, is_asked, is_watch, next_ms, &view);
    pthread_mutex_lock(&set->lock);
    set->doubtful_busy -= was_doubtful ? 1 : 0;
    entry->is_busy = false;
    entry->next_ms = entry->is_asked ? 0 : next_ms;
    keep(entry, &view);
    if (!is_watch) {
        entry->is_doubtful = entry->line != NULL && !view.status.is_in_touch;
    }
}

void link_set_work(struct link_set *set)
{
    pthread_mutex_lock(&set->lock);
    while (!set->is_stopping) {
        struct link_entry *entry = first_due(set);

        if (entry == NULL || due_ms(set, entry) > qw_clock_monotonic_ms()) {
            wait_until(set, entry);
        } else {
            work_at(set, entry);
        }
    }
    pthread_mutex_unlock(&set->lock);
}

void link_set_stop(struct link_set *set)
{
    pthread_mutex_lock(&set->lock);
    set->is_stopping = true;
    pthread_cond_broadcast(&set->wake);
    pthread_mutex_unlock(&set->lock);
}

static struct link_entry *find(struct link_set *set, const char *identity, const char *link)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct peer_settings *p = set->entries[i].settings;

        if (strcmp(p->peer_identity, identity) == 0 && strcmp(p->link, link) == 0) {
            return &set->entries[i];
        }
    }
    return NULL;
}

qw_err link_set_answer(struct link_set *set, const char *identity,
                       const struct qw_link_request *request, struct qw_link_answer *answer)
{
    struct link_entry *entry = find(set, identity, request->link);
    struct view view;
    bool is_taken;

    if (entry == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    if (entry->settings->role != QW_LINK_RESPONDER) {
        return QW_ERR_STATE; /* at once: its lock may be held while that very peer is waited for */
    }
    pthread_mutex_lock(&set->lock);
    is_taken = entry->is_answering;
    entry->is_answering = true;
    pthread_mutex_unlock(&set->lock);
    if (is_taken) {
        return QW_ERR_CONFLICT;
    }
    pthread_mutex_lock(&entry->lock);
    qw_link_association_answer(entry->association, request, qw_clock_monotonic_ms(), answer);
    view_take(entry, &view);
    pthread_mutex_unlock(&entry->lock);
    pthread_mutex_lock(&set->lock);
    keep(entry, &view);
    entry->is_answering = false;
    pthread_mutex_unlock(&set->lock);
    return QW_OK;
}

qw_err link_set_rotate(struct link_set *set, const char *name)
{
    qw_err err = QW_ERR_NOT_FOUND;

    pthread_mutex_lock(&set->lock);
    for (size_t i = 0; i < set->count; i++) {
        struct link_entry *entry = &set->entries[i];

        if (strcmp(entry->name, name) == 0 || strcmp(entry->settings->peer, name) == 0) {
            entry->is_asked = true;
            entry->next_ms = 0;
            err = QW_OK;
        }
    }
    pthread_cond_broadcast(&set->wake);
    pthread_mutex_unlock(&set->lock);
    return err;
}

qw_err link_set_report(struct link_set *set, enum qw_link_report_form form, char *out, size_t cap,
                       size_t *len)
{
    const struct qw_link_report_agent agent = { set->settings->sae_id,
                                                set->settings->key_server_url };
    struct qw_link_report_row *rows = calloc(set->count, sizeof *rows);
    int64_t now_ms = qw_clock_monotonic_ms();
    qw_err err;

    if (rows == NULL) {
        return QW_ERR_NOMEM;
    }
    pthread_mutex_lock(&set->lock);
    for (size_t i = 0; i < set->count; i++) {
        const struct link_entry *entry = &set->entries[i];
        struct qw_link_report_row *row = &rows[i];
        int64_t since_ms = now_ms > entry->seen_ms ? now_ms - entry->seen_ms : 0;

        *row = (struct qw_link_report_row){ entry->settings->peer, entry->settings->link,
                                            entry->sink_kind, entry->settings->fail == 1,
                                            entry->status };
        row->status.age_ms += row->status.has_key ? since_ms : 0;
        row->status.proof_ms += row->status.proof_ms >= 0 ? since_ms : 0;
    }
    pthread_mutex_unlock(&set->lock);
    err = qw_link_report(form, &agent, rows, set->count, out, cap, len);
    free(rows);
    return err;
}
