/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "partners.h"

#include "ack_queue.h"
#include "base/secret.h"
#include "partner_lanes.h"
#include "partner_text.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAD_VALUES_LEN = 480 };

struct partner {
    char id[QW_KME_ID_MAX + 1];
    atomic_bool is_known; /* false: its file is gone */
    atomic_bool is_away;  /* it did not answer when it was sent something last */
    struct partner_lanes lanes;
    struct link_pads *pads; /* of the link to it, borrowed; NULL: none */
    struct ack_queue acks;
    pthread_t thread; /* that sends them */
    struct partners *all;
};

struct partners {
    const struct qw_log *log;
    struct qw_centre *centre;
    char own_url[QW_ETSI020_URL_CAP];
    const char *listen_address;
    int timeout_ms;
    struct qw_partner_port port;
    struct partner partner[PARTNERS_MAX];
    atomic_size_t count; /* only grows */
    size_t started;
    pthread_mutex_t mutex; /* of is_stopping */
    pthread_cond_t wake;
    bool is_stopping;
    bool has_upkeep;
    pthread_t upkeep;
    qw_err upkeep_err; /* of the last round: logged when it changes */
};

static struct partner *find(const struct partners *partners, const char *id)
{
    size_t count = atomic_load(&partners->count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(partners->partner[i].id, id) == 0) {
            return (struct partner *)&partners->partner[i];
        }
    }
    return NULL;
}

/* NULL also for one whose file is gone. */
static struct partner *find_known(const struct partners *partners, const char *id)
{
    struct partner *partner = find(partners, id);

    return partner != NULL && atomic_load(&partner->is_known) ? partner : NULL;
}

static qw_err post(struct partner *partner, const char *path, const char *body)
{
    unsigned status;
    qw_err err = partner_lanes_post(&partner->lanes, path, body, &status);

    atomic_store(&partner->is_away, err != QW_OK && status == 0);
    if (err != QW_OK) {
        qw_log_write(partner->all->log, QW_LOG_WARNING, "partner %s: %s, status %u", partner->id,
                     qw_err_text(err), status);
    }
    return err;
}

bool partners_look(const struct partners *partners, size_t index, const char **id, bool *is_away)
{
    const struct partner *partner;

    if (partners == NULL || index >= atomic_load(&partners->count)) {
        return false;
    }
    partner = &partners->partner[index];
    *id = partner->id;
    *is_away = atomic_load(&partner->is_known) && atomic_load(&partner->is_away);
    return true;
}

static bool knows(void *self, const char *id)
{
    return find_known(self, id) != NULL;
}

/* Under pads of the link where there is one; a block of it that the partner does not have is of no
 * further use. */
static qw_err send_keys(const struct partners *partners, struct partner *partner,
                        const struct qw_partner_order *order)
{
    struct partner_keys_text *text = qw_secret_new(sizeof *text);
    struct qw_handover_label label = { .block = 0 };
    qw_err err;

    if (text == NULL) {
        return QW_ERR_NOMEM;
    }
    err = partner_text_keys(partners->own_url, order, partner->pads, text, &label);
    if (err == QW_OK) {
        err = post(partner, "/kmapi/v1/ext_keys", text->json);
    } else {
        qw_log_write(partners->log, QW_LOG_WARNING, "partner %s: pads of the link: %s", partner->id,
                     qw_err_text(err));
    }
    if (err == QW_ERR_REFUSED && partner->pads != NULL) {
        link_pads_drop(partner->pads, &label);
    }
    qw_secret_free(text);
    return err;
}

static qw_err send_void(const struct partners *partners, struct partner *partner,
                        const struct qw_partner_order *order)
{
    char text[PARTNER_VOID_TEXT_CAP];
    qw_err err = partner_text_void(partners->own_url, order, text);

    return err == QW_OK ? post(partner, "/kmapi/v1/void", text) : err;
}

/* A pad is in one piece, and blocks of a slow link have few: short messages then. */
static size_t keys_per_message(const struct partner *partner, const struct qw_partner_order *order)
{
    size_t key_len = order->keys[0].bits / 8u;

    if (partner->pads == NULL) {
        return order->count;
    }
    return key_len < PAD_VALUES_LEN ? PAD_VALUES_LEN / key_len : 1;
}

static qw_err send_in_parts(const struct partners *partners, struct partner *partner,
                            const struct qw_partner_order *order)
{
    size_t step = keys_per_message(partner, order);
    struct qw_partner_order part = *order;
    qw_err err = QW_OK;

    for (size_t at = 0; at < order->count && err == QW_OK; at += step) {
        part.ids = order->ids + at;
        part.keys = order->keys + at;
        part.count = order->count - at < step ? order->count - at : step;
        err = send_keys(partners, partner, &part);
    }
    return err;
}

static qw_err send(void *self, const struct qw_partner_order *order)
{
    struct partner *partner = find_known(self, order->partner);

    if (partner == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    return order->keys != NULL ? send_in_parts(self, partner, order)
                               : send_void(self, partner, order);
}

/* A partner more, known from when it is counted. Nobody else adds any. */
static qw_err add(struct partners *partners, const struct partner_entry *entry)
{
    struct partner *partner = &partners->partner[atomic_load(&partners->count)];
    qw_err err;

    memcpy(partner->id, entry->id, sizeof partner->id);
    partner->all = partners;
    atomic_store(&partner->is_known, true);
    partner_lanes_init(&partner->lanes, &entry->settings, partners->timeout_ms);
    err = ack_queue_init(&partner->acks);
    if (err == QW_OK) {
        atomic_fetch_add(&partners->count, 1);
    }
    return err;
}

static qw_err add_all(struct partners *partners, const struct partner_list *list)
{
    qw_err err = QW_OK;

    for (size_t i = 0; i < list->count && err == QW_OK; i++) {
        err = add(partners, &list->entry[i]);
    }
    return err;
}

/* Waits by a clock that nobody sets. */
static bool make_lock(struct partners *partners)
{
    pthread_condattr_t monotonic;

    if (pthread_condattr_init(&monotonic) != 0) {
        return false;
    }
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&partners->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&partners->mutex, NULL);
    return true;
}

qw_err partners_open(const struct settings *settings, const struct qw_log *log,
                     struct partners **out, char error[static QW_CONFIG_ERROR_CAP])
{
    struct partners *partners;
    struct partner_list *list = NULL;
    qw_err err;

    *out = NULL;
    if (settings->etsi020 == 0) {
        return QW_OK;
    }
    partners = calloc(1, sizeof *partners);
    if (partners == NULL || !make_lock(partners)) {
        free(partners);
        return QW_ERR_NOMEM;
    }
    partners->log = log;
    partners->timeout_ms = (int)settings->etsi020_wait_ms;
    partners->listen_address = settings->listen_address;
    (void)snprintf(partners->own_url, sizeof partners->own_url, "%s", settings->etsi020_url);
    partners->port = (struct qw_partner_port){ .self = partners, .knows = knows, .send = send };
    err = partner_files_read(settings->partners, &list, error);
    if (err == QW_OK) {
        err = add_all(partners, list);
    }
    free(list);
    if (err != QW_OK) {
        partners_close(partners);
        return err;
    }
    *out = partners;
    return QW_OK;
}

const struct qw_partner_port *partners_port(const struct partners *partners)
{
    return partners == NULL ? NULL : &partners->port;
}

qw_err partners_use_pads(struct partners *partners, const char *id, struct link_pads *pads)
{
    struct partner *partner = find(partners, id);

    if (partner == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    partner->pads = pads;
    return QW_OK;
}

struct link_pads *partners_pads(const struct partners *partners, const char *id)
{
    const struct partner *partner = find(partners, id);

    return partner == NULL ? NULL : partner->pads;
}

static void *run_acks(void *self)
{
    struct partner *partner = self;
    struct pending_ack *ack;

    while ((ack = ack_queue_take(&partner->acks)) != NULL) {
        (void)post(partner, ack->path, ack->body); /* in the log; who waits for it asks again */
        pending_ack_free(ack);
    }
    return NULL;
}

static void upkeep_round(struct partners *partners)
{
    qw_err err = qw_centre_partner_upkeep(partners->centre);

    if (err != partners->upkeep_err) {
        qw_log_write(partners->log, err == QW_OK ? QW_LOG_INFO : QW_LOG_ERROR,
                     "offers to partners: %s", err == QW_OK ? "works again" : qw_err_text(err));
    }
    partners->upkeep_err = err;
}

static void *run_upkeep(void *self)
{
    struct partners *partners = self;

    pthread_mutex_lock(&partners->mutex);
    while (!partners->is_stopping) {
        struct timespec until;

        pthread_mutex_unlock(&partners->mutex);
        upkeep_round(partners);
        pthread_mutex_lock(&partners->mutex);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        if (!partners->is_stopping) {
            pthread_cond_timedwait(&partners->wake, &partners->mutex, &until);
        }
    }
    pthread_mutex_unlock(&partners->mutex);
    return NULL;
}

static qw_err start_threads(struct partners *partners)
{
    while (partners->started < atomic_load(&partners->count)) {
        struct partner *partner = &partners->partner[partners->started];

        if (pthread_create(&partner->thread, NULL, run_acks, partner) != 0) {
            return QW_ERR_NOMEM;
        }
        partners->started++;
    }
    return QW_OK;
}

qw_err partners_start(struct partners *partners, struct qw_centre *centre, uint16_t port)
{
    partners->centre = centre;
    if (partners->own_url[0] == '\0') {
        (void)snprintf(partners->own_url, sizeof partners->own_url, "https://%s:%u",
                       partners->listen_address, (unsigned)port);
    }
    if (start_threads(partners) != QW_OK) {
        return QW_ERR_NOMEM;
    }
    if (pthread_create(&partners->upkeep, NULL, run_upkeep, partners) != 0) {
        return QW_ERR_NOMEM;
    }
    partners->has_upkeep = true;
    return QW_OK;
}

void partners_stop(struct partners *partners)
{
    if (partners == NULL) {
        return;
    }
    if (partners->has_upkeep) {
        pthread_mutex_lock(&partners->mutex);
        partners->is_stopping = true;
        pthread_cond_signal(&partners->wake);
        pthread_mutex_unlock(&partners->mutex);
        pthread_join(partners->upkeep, NULL);
        partners->has_upkeep = false;
    }
    while (partners->started > 0) {
        struct partner *partner = &partners->partner[--partners->started];

        ack_queue_stop(&partner->acks);
        pthread_join(partner->thread, NULL);
    }
}

void partners_close(struct partners *partners)
{
    if (partners == NULL) {
        return;
    }
    partners_stop(partners);
    for (size_t i = 0; i < atomic_load(&partners->count); i++) {
        partner_lanes_close(&partners->partner[i].lanes);
        ack_queue_destroy(&partners->partner[i].acks);
    }
    pthread_cond_destroy(&partners->wake);
    pthread_mutex_destroy(&partners->mutex);
    free(partners);
}

qw_err partners_prepare(struct partners *partners, const struct partner_list *list,
                        char error[static QW_CONFIG_ERROR_CAP])
{
    size_t count = atomic_load(&partners->count);

    for (size_t i = 0; i < list->count; i++) {
        count += find(partners, list->entry[i].id) == NULL;
    }
    if (count > PARTNERS_MAX) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP,
                       "partners: with those that are gone more than %d: a restart forgets them",
                       (int)PARTNERS_MAX);
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

static bool is_listed(const struct partner_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entry[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

void partners_replace(struct partners *partners, const struct partner_list *list)
{
    size_t count = atomic_load(&partners->count);
    qw_err err = QW_OK;

    for (size_t i = 0; i < count; i++) {
        if (!is_listed(list, partners->partner[i].id)) {
            atomic_store(&partners->partner[i].is_known, false);
        }
    }
    for (size_t i = 0; i < list->count && err == QW_OK; i++) {
        struct partner *partner = find(partners, list->entry[i].id);

        if (partner != NULL) {
            partner_lanes_change(&partner->lanes, &list->entry[i].settings);
            atomic_store(&partner->is_known, true);
        } else {
            err = add(partners, &list->entry[i]);
        }
    }
    if (err != QW_OK || start_threads(partners) != QW_OK) {
        qw_log_write(partners->log, QW_LOG_ERROR, "partners: no memory for a new one");
    }
}

bool partners_may_call(const struct partners *partners, const char *id, const char *url)
{
    struct partner *partner = find_known(partners, id);

    return partner != NULL && partner_lanes_path(&partner->lanes, url) != NULL;
}

qw_err partners_acknowledge(struct partners *partners, const char *id, const char *url,
                            const struct qw_etsi020_ack *acks, size_t count)
{
    struct partner *partner = find_known(partners, id);
    const char *path = partner == NULL ? NULL : partner_lanes_path(&partner->lanes, url);

    return path == NULL ? QW_ERR_ARG : ack_queue_put(&partner->acks, path, acks, count);
}
