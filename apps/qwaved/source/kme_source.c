/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "source/kme_source.h"

#include "api/etsi014/client.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "source/seen_ids.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_CAP = 60,
    TAKE_MAX = 64 * 1024, /* of one call: more than the centre ever asks */
    BATCH_MAX = QW_ETSI014_CLIENT_KEYS_MAX * QW_ETSI014_CLIENT_KEY_LEN_MAX,
    BUFFER_LEN = TAKE_MAX + BATCH_MAX,
    READY_LEN = 512, /* what one take needs at least; a batch is never made smaller */
    GENERATION_IDS = 1 << 20,
    PAUSE_MS = 1000,
    LASTING_MS = 60000
};

struct kme_source {
    char name[64];
    struct kme_settings settings;
    const struct qw_log *log;
    struct qw_http_client *client;
    struct seen_ids *seen;
    pthread_mutex_t mutex; /* of everything above, held over a request */
    uint8_t *keys;         /* [BUFFER_LEN] secret */
    size_t key_len;
    bool has_status;  /* the server was asked what it offers since the last failure */
    size_t batch_max; /* keys of a request, by settings and status */
    size_t batch;     /* of the next one, <= batch_max */
    struct qw_backoff backoff;
    pthread_mutex_t state_mutex; /* of what follows: never held over a request */
    size_t held;                 /* bytes of keys, front first */
    int64_t pause_until_ms;
    struct qw_key_source_health health;
};

static void set_health(struct kme_source *kme, bool is_running, const char *reason)
{
    bool has_changed;

    pthread_mutex_lock(&kme->state_mutex);
    has_changed = kme->health.is_running != is_running || strcmp(kme->health.reason, reason) != 0;
    kme->health.is_running = is_running;
    (void)snprintf(kme->health.reason, sizeof kme->health.reason, "%s", reason);
    pthread_mutex_unlock(&kme->state_mutex);
    if (has_changed) {
        qw_log_write(kme->log, is_running ? QW_LOG_INFO : QW_LOG_WARNING, "%s: %s", kme->name,
                     is_running ? "gives keys" : reason);
    }
}

static void pause_for(struct kme_source *kme, int64_t ms)
{
    pthread_mutex_lock(&kme->state_mutex);
    kme->pause_until_ms = qw_clock_monotonic_ms() + ms;
    pthread_mutex_unlock(&kme->state_mutex);
}

/* By class: what may go away by itself is tried again soon, then more and more rarely; what a
 * person has to put right, once a minute. */
static const struct {
    qw_err err;
    bool is_lasting;
    const char *reason;
} failures[] = {
    { QW_ERR_AUTH, false,
      "its certificate is not that of this server, or it does not accept ours" },
    { QW_ERR_REFUSED, true, "it does not let us have keys (401, 403)" },
    { QW_ERR_NOT_FOUND, true, "it knows no such address (404)" },
    { QW_ERR_ARG, true, "it refuses the request (400): slave or key_bits" },
    { QW_ERR_CONFLICT, true, "it gave a key id that was there before" },
    { QW_ERR_FORMAT, false, "its answer is not what was asked for" },
    { QW_ERR_TIMEOUT, false, "it does not answer in time" },
    { QW_ERR_SPACE, false, "its answer is too long" },
    { QW_ERR_IO, false, "it does not answer as it should" },
};

static qw_err note_failure(struct kme_source *kme, qw_err err)
{
    size_t i = 0;
    const size_t count = sizeof failures / sizeof failures[0];

    while (i < count && failures[i].err != err) {
        i++;
    }
    kme->has_status = false; /* ask what it offers before keys are at stake again */
    pause_for(kme, i < count && failures[i].is_lasting
                       ? LASTING_MS
                       : qw_backoff_fail(&kme->backoff, qw_random_spread()));
    set_health(kme, false, i < count ? failures[i].reason : qw_err_text(err));
    return err;
}

static size_t batch_min(const struct kme_source *kme)
{
    size_t least = (READY_LEN + kme->key_len - 1) / kme->key_len;

    return least < kme->batch_max ? least : kme->batch_max;
}

static qw_err ask_status(struct kme_source *kme)
{
    struct qw_etsi014_client_status status;
    uint64_t bits = (uint64_t)kme->settings.key_bits;
    uint64_t most = (uint64_t)kme->settings.keys_per_request;
    qw_err err;

    if (kme->has_status) {
        return QW_OK;
    }
    err = qw_etsi014_client_status(kme->client, kme->settings.slave, &status);
    if (err == QW_ERR_EXHAUSTED) {
        err = QW_ERR_IO; /* 503 to a question that needs no key */
    }
    if (err == QW_OK && (bits < status.min_key_size || bits > status.max_key_size)) {
        err = QW_ERR_ARG;
    }
    if (err != QW_OK) {
        return note_failure(kme, err);
    }
    kme->batch_max =
        (size_t)(most < status.max_key_per_request ? most : status.max_key_per_request);
    if (kme->batch == 0 || kme->batch > kme->batch_max) {
        kme->batch = kme->batch_max;
    }
    kme->has_status = true;
    return QW_OK;
}

/* 503: no key has moved. Fewer are asked for next time, for a server gives all or none. */
static qw_err note_shortage(struct kme_source *kme)
{
    size_t least = batch_min(kme);

    kme->batch = kme->batch / 2 > least ? kme->batch / 2 : least;
    pause_for(kme, PAUSE_MS);
    set_health(kme, true, "");
    return QW_ERR_EXHAUSTED;
}

/* The server has given them away, and nobody has them. ids: NULL when they did not come. */
static void note_lost(struct kme_source *kme, qw_err err, size_t count,
                      const uint8_t (*ids)[QW_UUID_LEN])
{
    char first[QW_UUID_TEXT_CAP] = "not known";
    char last[QW_UUID_TEXT_CAP] = "not known";

    if (ids != NULL) {
        qw_uuid_encode(ids[0], first);
        qw_uuid_encode(ids[count - 1], last);
    }
    qw_log_write(kme->log, QW_LOG_WARNING,
                 "%s: %zu keys that were asked for are given up: %s; ids %s to %s", kme->name,
                 count, qw_err_text(err), first, last);
}

/* No key has moved when the request did not reach it or was refused as a whole. */
static bool is_refusal(qw_err err)
{
    return err == QW_ERR_AUTH || err == QW_ERR_REFUSED || err == QW_ERR_NOT_FOUND ||
           err == QW_ERR_ARG;
}

/* Behind what is held. enc_keys is never sent again for the same keys: an answer that is lost is
 * keys lost, and the next request is for others [ETSI 014 5.3]. */
static qw_err ask_keys(struct kme_source *kme)
{
    uint8_t ids[QW_ETSI014_CLIENT_KEYS_MAX][QW_UUID_LEN];
    size_t count = kme->batch;
    bool have_come;
    uint8_t *at = kme->keys + kme->held;
    qw_err err =
        qw_etsi014_client_new_keys(kme->client, kme->settings.slave, count, kme->key_len, ids, at);

    if (err == QW_ERR_EXHAUSTED) {
        return note_shortage(kme);
    }
    have_come = err == QW_OK;
    if (have_come) {
        err = seen_ids_add(kme->seen, (const uint8_t(*)[QW_UUID_LEN])ids, count);
    }
    if (err != QW_OK) {
        qw_wipe(at, count * kme->key_len);
        if (!is_refusal(err)) {
            note_lost(kme, err, count, have_come ? (const uint8_t(*)[QW_UUID_LEN])ids : NULL);
        }
        return note_failure(kme, err);
    }
    pthread_mutex_lock(&kme->state_mutex);
    kme->held += count * kme->key_len;
    pthread_mutex_unlock(&kme->state_mutex);
    qw_backoff_succeed(&kme->backoff);
    kme->batch = 2 * kme->batch < kme->batch_max ? 2 * kme->batch : kme->batch_max;
    set_health(kme, true, "");
    return QW_OK;
}

static bool is_pausing(struct kme_source *kme)
{
    bool pausing;

    pthread_mutex_lock(&kme->state_mutex);
    pausing = qw_clock_monotonic_ms() < kme->pause_until_ms;
    pthread_mutex_unlock(&kme->state_mutex);
    return pausing;
}

static qw_err fetch(struct kme_source *kme)
{
    qw_err err = is_pausing(kme) ? QW_ERR_EXHAUSTED : ask_status(kme);

    return err == QW_OK ? ask_keys(kme) : err;
}

static size_t available_bits(void *self)
{
    struct kme_source *kme = self;
    size_t bits;

    pthread_mutex_lock(&kme->state_mutex);
    bits = 8 * kme->held;
    if (kme->held < READY_LEN && qw_clock_monotonic_ms() >= kme->pause_until_ms) {
        bits =
            8 * (size_t)READY_LEN; /* worth a try; no more: a try that fails costs what was taken */
    }
    pthread_mutex_unlock(&kme->state_mutex);
    return bits;
}

static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct kme_source *kme = self;
    qw_err err = len <= TAKE_MAX ? QW_OK : QW_ERR_EXHAUSTED;

    pthread_mutex_lock(&kme->mutex);
    while (err == QW_OK && kme->held < len) {
        err = fetch(kme);
    }
    if (err == QW_OK) {
        memcpy(key, kme->keys, len);
        memmove(kme->keys, kme->keys + len, kme->held - len);
        qw_wipe(kme->keys + kme->held - len, len);
        pthread_mutex_lock(&kme->state_mutex);
        kme->held -= len;
        pthread_mutex_unlock(&kme->state_mutex);
    }
    pthread_mutex_unlock(&kme->mutex);
    return err;
}

static void health(void *self, struct qw_key_source_health *out)
{
    struct kme_source *kme = self;

    pthread_mutex_lock(&kme->state_mutex);
    *out = kme->health;
    pthread_mutex_unlock(&kme->state_mutex);
}

static void close_kme(void *self)
{
    struct kme_source *kme = self;

    if (kme->held > 0) {
        qw_log_write(kme->log, QW_LOG_WARNING, "%s: %zu bytes of keys in hand are destroyed",
                     kme->name, kme->held);
    }
    qw_http_client_free(kme->client);
    seen_ids_close(kme->seen);
    qw_secret_free(kme->keys);
    pthread_mutex_destroy(&kme->mutex);
    pthread_mutex_destroy(&kme->state_mutex);
    free(kme);
}

static qw_err start(struct kme_source *kme, const char *seen_path)
{
    const struct kme_settings *settings = &kme->settings;
    const struct qw_http_client_config config = { .base_url = settings->url,
                                                  .certificate_path = settings->certificate,
                                                  .key_path = settings->key,
                                                  .ca_path = settings->ca,
                                                  .timeout_ms = (int)settings->timeout_ms,
                                                  .sends_once = true,
                                                  .is_probe = settings->tls == 1 };
    qw_err err = seen_ids_open(seen_path, GENERATION_IDS, &kme->seen);

    if (err == QW_OK) {
        kme->keys = qw_secret_new(BUFFER_LEN);
        err = kme->keys == NULL ? QW_ERR_NOMEM : qw_http_client_new(&config, &kme->client);
    }
    return err;
}

qw_err kme_source_open(const struct kme_source_config *config, struct qw_key_source *source)
{
    struct kme_source *kme;
    qw_err err;

    if (config->name[0] == '\0' || strlen(config->name) >= NAME_CAP) {
        return QW_ERR_ARG;
    }
    kme = calloc(1, sizeof *kme);
    if (kme == NULL) {
        return QW_ERR_NOMEM;
    }
    (void)snprintf(kme->name, sizeof kme->name, "kme:%s", config->name);
    kme->settings = config->settings;
    kme->key_len = (size_t)config->settings.key_bits / 8;
    kme->log = config->log;
    qw_backoff_init(&kme->backoff, PAUSE_MS);
    kme->health = (struct qw_key_source_health){ .is_running = true, .error_rate = -1 };
    pthread_mutex_init(&kme->mutex, NULL);
    pthread_mutex_init(&kme->state_mutex, NULL);
    err = start(kme, config->seen_path);
    if (err != QW_OK) {
        close_kme(kme);
        return err;
    }
    *source = (struct qw_key_source){ .self = kme,
                                      .available_bits = available_bits,
                                      .take = take,
                                      .close = close_kme,
                                      .health = health };
    memcpy(source->name, kme->name, sizeof source->name);
    return QW_OK;
}
