/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "partners.h"

#include "ack_queue.h"
#include "api/http_client.h"
#include "api/http_server.h"
#include "base/secret.h"
#include "partner_text.h"

#include <dirent.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LANES = 4, PATH_CAP = 2 * SETTINGS_PATH_CAP, PAD_VALUES_LEN = 480 };

struct partner_settings {
    char url[QW_ETSI020_URL_CAP];
    char certificate[SETTINGS_PATH_CAP], key[SETTINGS_PATH_CAP], ca[SETTINGS_PATH_CAP];
};

#define ROW(member, cap, text) \
    { \
        .name = #member, .kind = QW_CONFIG_TEXT, \
        .offset = offsetof(struct partner_settings, member), .min = 1, .max = cap, \
        .standard = NULL, .help = text \
    }
static const struct qw_config_row rows[] = {
    ROW(url, QW_ETSI020_URL_CAP, "of its listener for partners, https://..."),
    ROW(certificate, SETTINGS_PATH_CAP, "ours, from its authority, PEM"),
    ROW(key, SETTINGS_PATH_CAP, "our private key for it, PEM"),
    ROW(ca, SETTINGS_PATH_CAP, "its authority, PEM"),
};

struct lane { /* one connection */
    pthread_mutex_t mutex;
    struct qw_http_client *client; /* NULL: not used yet */
};

struct partner {
    char id[QW_KME_ID_MAX + 1];
    struct partner_settings settings;
    struct lane lanes[LANES];
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
    size_t count, started;
    pthread_mutex_t mutex; /* of is_stopping */
    pthread_cond_t wake;
    bool is_stopping;
    bool has_upkeep;
    pthread_t upkeep;
    qw_err upkeep_err; /* of the last round: logged when it changes */
};

static struct partner *find(const struct partners *partners, const char *id)
{
    for (size_t i = 0; i < partners->count; i++) {
        if (strcmp(partners->partner[i].id, id) == 0) {
            return (struct partner *)&partners->partner[i];
        }
    }
    return NULL;
}

/* Any connection that is free, or the first when it is. */
static struct lane *enter_lane(struct partner *partner)
{
    for (size_t i = 0; i < LANES; i++) {
        if (pthread_mutex_trylock(&partner->lanes[i].mutex) == 0) {
            return &partner->lanes[i];
        }
    }
    pthread_mutex_lock(&partner->lanes[0].mutex);
    return &partner->lanes[0];
}

static qw_err open_client(const struct partner *partner, struct qw_http_client **client)
{
    const struct partner_settings *settings = &partner->settings;
    struct qw_http_client_config config = { .base_url = settings->url,
                                            .certificate_path = settings->certificate,
                                            .key_path = settings->key,
                                            .ca_path = settings->ca,
                                            .timeout_ms = partner->all->timeout_ms };

    return *client != NULL ? QW_OK : qw_http_client_new(&config, client);
}

/* POST; QW_OK for 200 and 202, QW_ERR_REFUSED for 400, QW_ERR_IO for any other status. */
static qw_err post(struct partner *partner, const char *path, const char *body)
{
    struct lane *lane = enter_lane(partner);
    const char *answer = NULL;
    unsigned status = 0;
    size_t len = 0;
    qw_err err = open_client(partner, &lane->client);

    if (err == QW_OK) {
        err = qw_http_client_call(lane->client, "POST", path, body, &status, &answer, &len);
    }
    pthread_mutex_unlock(&lane->mutex);
    if (err == QW_OK && status != 200 && status != 202) {
        err = status == 400 ? QW_ERR_REFUSED : QW_ERR_IO;
    }
    if (err != QW_OK) {
        qw_log_write(partner->all->log, QW_LOG_WARNING, "partner %s: %s, status %u", partner->id,
                     qw_err_text(err), status);
    }
    return err;
}

static bool knows(void *self, const char *id)
{
    return find(self, id) != NULL;
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
    struct partner *partner = find(self, order->partner);

    if (partner == NULL) {
        return QW_ERR_NOT_FOUND;
    }
    return order->keys != NULL ? send_in_parts(self, partner, order)
                               : send_void(self, partner, order);
}

static qw_err init_partner(struct partners *partners, struct partner *partner)
{
    partner->all = partners;
    for (size_t i = 0; i < LANES; i++) {
        pthread_mutex_init(&partner->lanes[i].mutex, NULL);
    }
    return ack_queue_init(&partner->acks);
}

/* The id of "kme-b.yaml"; false for other files. */
static bool name_of_file(const char *file, char id[static QW_KME_ID_MAX + 1])
{
    size_t len = strlen(file);

    if (len <= 5 || len - 5 > QW_KME_ID_MAX || strcmp(file + len - 5, ".yaml") != 0) {
        return false;
    }
    memcpy(id, file, len - 5);
    id[len - 5] = '\0';
    return true;
}

static qw_err read_partner(struct partners *partners, const char *folder, const char *file,
                           char error[static QW_CONFIG_ERROR_CAP])
{
    struct partner *partner = &partners->partner[partners->count];
    char path[PATH_CAP];
    size_t len;
    qw_err err;

    if (!name_of_file(file, partner->id)) {
        return QW_OK;
    }
    if (partners->count == PARTNERS_MAX) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%.200s: more than %d partners", folder,
                       (int)PARTNERS_MAX);
        return QW_ERR_FORMAT;
    }
    (void)snprintf(path, sizeof path, "%.1000s/%.255s", folder, file);
    err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &partner->settings, error);
    if (err == QW_OK && strncmp(partner->settings.url, "https://", 8) != 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%.300s: url: https:// and nothing else", path);
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        return err;
    }
    len = strlen(partner->settings.url);
    if (partner->settings.url[len - 1] == '/') {
        partner->settings.url[len - 1] = '\0';
    }
    err = init_partner(partners, partner);
    partners->count += err == QW_OK ? 1 : 0;
    return err;
}

static qw_err read_folder(struct partners *partners, const char *folder,
                          char error[static QW_CONFIG_ERROR_CAP])
{
    struct dirent **files = NULL;
    int count = scandir(folder, &files, NULL, alphasort);
    qw_err err = QW_OK;

    if (count < 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "partners: %.300s: no such folder", folder);
        return QW_ERR_NOT_FOUND;
    }
    for (int i = 0; i < count; i++) {
        if (err == QW_OK) {
            err = read_partner(partners, folder, files[i]->d_name, error);
        }
        free(files[i]);
    }
    free(files);
    return err;
}

qw_err partners_open(const struct settings *settings, const struct qw_log *log,
                     struct partners **out, char error[static QW_CONFIG_ERROR_CAP])
{
    struct partners *partners;
    qw_err err;

    *out = NULL;
    if (settings->etsi020 == 0) {
        return QW_OK;
    }
    partners = calloc(1, sizeof *partners);
    if (partners == NULL) {
        return QW_ERR_NOMEM;
    }
    partners->log = log;
    partners->timeout_ms = (int)settings->etsi020_wait_ms;
    partners->listen_address = settings->listen_address;
    (void)snprintf(partners->own_url, sizeof partners->own_url, "%s", settings->etsi020_url);
    partners->port = (struct qw_partner_port){ .self = partners, .knows = knows, .send = send };
    pthread_mutex_init(&partners->mutex, NULL);
    pthread_cond_init(&partners->wake, NULL);
    err = read_folder(partners, settings->partners, error);
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
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        if (!partners->is_stopping) {
            pthread_cond_timedwait(&partners->wake, &partners->mutex, &until);
        }
    }
    pthread_mutex_unlock(&partners->mutex);
    return NULL;
}

qw_err partners_start(struct partners *partners, struct qw_centre *centre, uint16_t port)
{
    partners->centre = centre;
    if (partners->own_url[0] == '\0') {
        (void)snprintf(partners->own_url, sizeof partners->own_url, "https://%s:%u",
                       partners->listen_address, (unsigned)port);
    }
    while (partners->started < partners->count) {
        struct partner *partner = &partners->partner[partners->started];

        if (pthread_create(&partner->thread, NULL, run_acks, partner) != 0) {
            return QW_ERR_NOMEM;
        }
        partners->started++;
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

static void close_partner(struct partner *partner)
{
    for (size_t i = 0; i < LANES; i++) {
        qw_http_client_free(partner->lanes[i].client);
        pthread_mutex_destroy(&partner->lanes[i].mutex);
    }
    ack_queue_destroy(&partner->acks);
}

void partners_close(struct partners *partners)
{
    if (partners == NULL) {
        return;
    }
    partners_stop(partners);
    for (size_t i = 0; i < partners->count; i++) {
        close_partner(&partners->partner[i]);
    }
    pthread_cond_destroy(&partners->wake);
    pthread_mutex_destroy(&partners->mutex);
    free(partners);
}

/* The path of a URL below the partner's own; NULL for all others. */
static const char *path_below(const struct partner *partner, const char *url)
{
    size_t len = strlen(partner->settings.url);

    if (strncmp(url, partner->settings.url, len) != 0 || url[len] != '/') {
        return NULL;
    }
    for (const char *c = url + len; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return NULL;
        }
    }
    return url + len;
}

bool partners_may_call(const struct partners *partners, const char *id, const char *url)
{
    const struct partner *partner = find(partners, id);

    return partner != NULL && path_below(partner, url) != NULL;
}

qw_err partners_acknowledge(struct partners *partners, const char *id, const char *url,
                            const struct qw_etsi020_ack *acks, size_t count)
{
    struct partner *partner = find(partners, id);
    const char *path = partner == NULL ? NULL : path_below(partner, url);

    return path == NULL ? QW_ERR_ARG : ack_queue_put(&partner->acks, path, acks, count);
}
