/* SPDX-License-Identifier: Apache-2.0 */
/* The centre as an object: made, opened, entered, closed. Each noun has a file of its own. */
#include "centre/centre.h"

#include "base/secret.h"
#include "centre/approval/approval.h"
#include "centre/authentication/authentication.h"
#include "centre/books.h"
#include "centre/certificate/authority.h"
#include "centre/certificate/certificate.h"
#include "centre/pair/fetch_queue.h"
#include "centre/pair/lease_ahead.h"
#include "centre/pair/quota.h"
#include "centre/partner/send.h"
#include "centre/share/share_desk.h"
#include "centre/turn.h"
#include "centre/unseal.h"

#include <string.h>

enum {
    WINDOW_MS_STANDARD = 30000,
    BLOCK_KEYS_STANDARD = 128,
    POOL_BYTES_STANDARD = 2048,
    KEY_TTL_S_STANDARD = 86400,
    PARTNER_WAIT_MS_STANDARD = 1000,
    PARTNER_PLACES_STANDARD = 4,
    JOURNAL_SIGN_RECORDS_STANDARD = 1000,
    JOURNAL_SIGN_MS_STANDARD = 10000,
    SHARE_TIMEOUT_S_STANDARD = 900,
    KEY_TTL_S_MAX = 365 * 86400
};

static bool name_ok(const char *text, size_t cap)
{
    size_t i;

    for (i = 0; i < cap && text[i] != '\0'; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return i >= 1 && i < cap;
}

bool qw_caller_is(const struct qw_caller *caller, enum qw_role role)
{
    return caller->role == role && name_ok(caller->id, sizeof caller->id);
}

void qw_centre_enter(struct qw_centre *centre)
{
    pthread_mutex_lock(&centre->mutex);
    qw_turn_take(centre);
}

void qw_centre_leave(struct qw_centre *centre)
{
    qw_wipe(&centre->block, sizeof centre->block);
    qw_wipe(&centre->card, sizeof centre->card);
    qw_wipe(&centre->holder, sizeof centre->holder);
    qw_wipe(&centre->station, sizeof centre->station);
    qw_wipe(centre->scratch, sizeof centre->scratch);
    qw_wipe(centre->material, sizeof centre->material);
    atomic_store(&centre->has_stock,
                 centre->books.stored + centre->books.leased + centre->books.paired > 0);
    qw_turn_give(centre);
    pthread_mutex_unlock(&centre->mutex);
}

/* 0 stands for the default. */
static qw_err complete(struct qw_centre_config *config)
{
    if (config->block_keys == 0) {
        config->block_keys = BLOCK_KEYS_STANDARD;
    }
    if (config->window_ms == 0) {
        config->window_ms = WINDOW_MS_STANDARD;
    }
    if (config->pool_bytes == 0) {
        config->pool_bytes = POOL_BYTES_STANDARD;
    }
    if (config->key_ttl_s == 0) {
        config->key_ttl_s = KEY_TTL_S_STANDARD;
    }
    if (config->journal_signature == QW_SIGNATURE_NONE) {
        config->journal_signature = QW_SIGNATURE_P256;
    }
    if (config->journal_sign_records == 0) {
        config->journal_sign_records = JOURNAL_SIGN_RECORDS_STANDARD;
    }
    if (config->journal_sign_ms == 0) {
        config->journal_sign_ms = JOURNAL_SIGN_MS_STANDARD;
    }
    if (config->partner_wait_ms == 0) {
        config->partner_wait_ms = PARTNER_WAIT_MS_STANDARD;
    }
    if (config->approval_s == 0) {
        config->approval_s = QW_APPROVAL_S_STANDARD;
    }
    if (config->certificate_days == 0) {
        config->certificate_days = QW_CERTIFICATE_ISSUED_DAYS;
    }
    if (config->auth_window_s == 0) {
        config->auth_window_s = QW_AUTH_WINDOW_S_STANDARD;
    }
    if (config->share_timeout_s == 0) {
        config->share_timeout_s = SHARE_TIMEOUT_S_STANDARD;
    }
    if (config->partner_places == 0) {
        config->partner_places = PARTNER_PLACES_STANDARD;
    }
    if (!name_ok(config->centre_id, sizeof config->centre_id) ||
        config->more_count >= QW_SOURCES_MAX || config->block_keys < QW_BLOCK_KEYS_MIN ||
        config->block_keys > QW_BLOCK_KEYS_MAX || config->key_ttl_s > KEY_TTL_S_MAX ||
        config->certificate_days > QW_CERTIFICATE_DAYS_MAX ||
        config->window_ms > QW_WINDOW_MS_MAX || config->auth_window_s > QW_AUTH_WINDOW_S_MAX ||
        config->pool_bytes < QW_LINK_GRANT_AUTH_LEN || config->pool_bytes > QW_POOL_MAX) {
        return QW_ERR_ARG;
    }
    return QW_OK;
}

static void drop_locks(struct qw_centre *c)
{
    pthread_cond_destroy(&c->fresh_taken);
    pthread_mutex_destroy(&c->login_mutex);
    pthread_mutex_destroy(&c->source_mutex);
    pthread_mutex_destroy(&c->mutex);
}

static bool make_locks(struct qw_centre *c)
{
    pthread_mutex_t *mutexes[] = { &c->mutex, &c->source_mutex, &c->login_mutex };
    size_t count = sizeof mutexes / sizeof mutexes[0];
    size_t made = 0;

    while (made < count && pthread_mutex_init(mutexes[made], NULL) == 0) {
        made++;
    }
    if (made == count && pthread_cond_init(&c->fresh_taken, NULL) == 0) {
        return true;
    }
    while (made > 0) {
        pthread_mutex_destroy(mutexes[--made]);
    }
    return false;
}

qw_err qw_centre_new(const struct qw_centre_config *config, struct qw_centre **centre)
{
    struct qw_centre *c = qw_secret_new(sizeof *c);
    qw_err err;

    if (c == NULL) {
        return QW_ERR_NOMEM;
    }
    c->config = *config;
    c->custody_name = config->custody->name;
    err = complete(&c->config);
    if (err != QW_OK) {
        qw_secret_free(c);
        return err;
    }
    if (!make_locks(c)) {
        qw_secret_free(c);
        return QW_ERR_NOMEM;
    }
    if (qw_fetch_queue_start(c) != QW_OK) {
        drop_locks(c);
        qw_secret_free(c);
        return QW_ERR_NOMEM;
    }
    err = qw_pair_table_new(&c->pairs);
    if (err == QW_OK && c->config.lease_keys > c->config.block_keys) {
        err = qw_lease_ahead_new(c, &c->ahead);
    }
    if (err == QW_OK) {
        err = qw_quota_new(&c->config, &c->quota);
    }
    if (err == QW_OK) {
        err = qw_partner_desk_new(&c->partners);
    }
    if (err == QW_OK) {
        err = qw_share_desk_new(&c->shares);
    }
    if (err != QW_OK) {
        qw_centre_free(c);
        return err;
    }
    c->registry_changes = 1; /* a new pair has seen 0: it asks */
    err = qw_centre_unseal(c);
    c->config.custody = NULL; /* borrowed for this call only */
    if (err != QW_OK) {
        qw_signer_close(&c->signer); /* of a start that is none nothing is signed */
        qw_centre_free(c);
        return err;
    }
    *centre = c;
    return QW_OK;
}

/* J3. What fails here was logged, and the next start signs it. */
static void sign_the_end(struct qw_centre *centre)
{
    if (centre->signer.key == NULL) {
        return;
    }
    qw_centre_enter(centre);
    (void)!qw_signer_sign(centre);
    qw_centre_leave(centre);
    qw_signer_close(&centre->signer);
}

void qw_centre_free(struct qw_centre *centre)
{
    if (centre == NULL) {
        return;
    }
    qw_lease_ahead_free(centre->ahead);
    qw_fetch_queue_stop(centre);
    sign_the_end(centre);
    qw_authorities_close(centre);
    qw_pair_table_free(centre->pairs);
    qw_quota_free(centre->quota);
    qw_partner_desk_free(centre->partners);
    qw_share_desk_free(centre->shares);
    drop_locks(centre);
    qw_secret_free(centre);
}
