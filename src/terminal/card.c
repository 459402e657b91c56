/* SPDX-License-Identifier: Apache-2.0 */
/* An open card. One with a chip is asked; the state of any other is in this program's hands,
 * wherever it is kept, and every change goes the same way: copy the state, change the copy, write
 * it as a whole, and only then let the copy become the state and its effect leave. After a failed
 * write the place holds the old or the new state and memory the old one: nothing has left, so both
 * are safe, and the next success writes a whole new state again. */
#define _POSIX_C_SOURCE 200809L
#include "terminal/card.h"

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "terminal/card_body.h"
#include "terminal/card_pcsc.h"

#include <stdlib.h>
#include <string.h>

enum { AUTH_LEN = 64 };

/* The keys of a state: ids go on under the key of the first epoch. */
static qw_err derive_keys(const struct qw_card_state *state, struct qw_card_keys *keys)
{
    qw_err err = qw_card_keys_derive(state->card_key, keys);

    if (err == QW_OK && state->epoch >= 2) {
        memcpy(keys->id, state->id_key, sizeof keys->id);
    }
    return err;
}

/* Fills the vault from its place, which is locked from now on. */
static qw_err load(struct qw_card *card)
{
    struct qw_card_vault *vault = card->vault;
    size_t len = 0;
    qw_err err = card->place.open(card->place.self, vault->encoded, sizeof vault->encoded, &len);

    if (err == QW_OK) {
        err = qw_card_state_decode(vault->encoded, len, &vault->now);
    }
    if (err == QW_OK) {
        err = derive_keys(&vault->now, &vault->keys);
    }
    qw_wipe(vault->encoded, sizeof vault->encoded);
    return err;
}

static qw_err open_at(struct qw_card *card, const char *text, const uint8_t *secret,
                      size_t secret_len)
{
    struct qw_card_name name;
    qw_err err = qw_card_name_read(text, &name);

    if (err == QW_OK && name.kind == QW_CARD_IN_READER) {
        err = qw_card_pcsc_reader(name.reader, secret, secret_len, &card->reader);
        return err == QW_OK ? qw_card_reader_open(card->reader) : err;
    }
    if (err != QW_OK) {
        return err;
    }
    card->vault = qw_secret_new(sizeof *card->vault);
    if (card->vault == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_card_place_find(text, qw_password_cost_standard, secret, secret_len, &card->place);
    return err == QW_OK ? load(card) : err;
}

qw_err qw_card_open(const char *name, const uint8_t *secret, size_t secret_len,
                    struct qw_card **card)
{
    struct qw_card *c = calloc(1, sizeof *c);
    qw_err err;

    if (c == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_mutex_init(&c->mutex, NULL) != 0) {
        free(c);
        return QW_ERR_NOMEM;
    }
    err = open_at(c, name, secret, secret_len);
    if (err == QW_OK) {
        *card = c;
        c = NULL; /* now the caller's */
    }
    qw_card_close(c);
    return err;
}

void qw_card_close(struct qw_card *card)
{
    if (card == NULL) {
        return;
    }
    qw_card_reader_free(card->reader);
    if (card->place.self != NULL) {
        card->place.close(card->place.self);
    }
    qw_secret_free(card->vault);
    pthread_mutex_destroy(&card->mutex);
    free(card);
}

void qw_card_lock(struct qw_card *card)
{
    qw_assert(pthread_mutex_lock(&card->mutex) == 0);
}

void qw_card_release(struct qw_card *card)
{
    qw_assert(pthread_mutex_unlock(&card->mutex) == 0);
}

struct qw_card_state *qw_card_begin(struct qw_card *card)
{
    qw_card_lock(card);
    card->vault->next = card->vault->now;
    card->vault->next.generation++;
    return &card->vault->next;
}

qw_err qw_card_end(struct qw_card *card, qw_err err, const struct qw_card_keys *fused)
{
    struct qw_card_vault *vault = card->vault;
    size_t len;

    if (card->is_gone) {
        err = QW_ERR_STATE;
    }
    if (err == QW_OK) {
        len = qw_card_state_encode(&vault->next, vault->encoded);
        err = card->place.replace(card->place.self, vault->encoded, len);
        qw_wipe(vault->encoded, len);
    }
    if (err == QW_OK) {
        vault->now = vault->next;
    }
    if (err == QW_OK && fused != NULL) {
        vault->keys = *fused;
    }
    qw_wipe(&vault->next, sizeof vault->next);
    qw_card_release(card);
    return err;
}

void qw_card_info(struct qw_card *card, struct qw_card_info *info)
{
    const struct qw_card_state *now;

    qw_card_lock(card);
    if (card->reader != NULL) {
        qw_card_reader_info(card->reader, info);
        qw_card_release(card);
        return;
    }
    now = &card->vault->now;
    *info = (struct qw_card_info){
        .epoch = now->epoch,
        .remaining_keys = now->key_count,
        .used_keys = now->used_keys,
        .next_index = now->next_index,
        .pool_up_left = now->up.len,
        .pool_down_left = now->down.len,
    };
    memcpy(info->owner, now->owner, sizeof info->owner);
    memcpy(info->serial, now->serial, sizeof info->serial);
    qw_card_release(card);
}

qw_err qw_card_take_key(struct qw_card *card, uint8_t key_id[static 16], uint8_t key[static 32])
{
    struct qw_card_entry entry = { 0 };
    struct qw_card_state *next;
    qw_err err;

    if (card->reader != NULL) {
        qw_card_lock(card);
        err = qw_card_reader_take_key(card->reader, key_id, key);
        qw_card_release(card);
        return err;
    }
    next = qw_card_begin(card);
    err = qw_card_end(card, qw_card_state_take(next, &entry), NULL);

    if (err == QW_OK) { /* the card no longer holds it */
        memcpy(key_id, entry.id, sizeof entry.id);
        memcpy(key, entry.key, sizeof entry.key);
    }
    qw_wipe(&entry, sizeof entry);
    return err;
}

static qw_err report(struct qw_card *card, bool wants_fresh, uint32_t wanted_keys,
                     uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    struct qw_contact_report report = { .wants_fresh = wants_fresh, .wanted_keys = wanted_keys };
    uint8_t sealed[QW_CONTACT_REPORT_LEN];
    struct qw_card_state *next = qw_card_begin(card);
    qw_err err = qw_random_bytes(report.nonce, sizeof report.nonce);

    next->counter++; /* R1: durable before the report leaves */
    memcpy(report.serial, next->serial, sizeof report.serial);
    memcpy(report.token, next->token, sizeof report.token);
    report.epoch = next->epoch;
    report.counter = next->counter;
    report.next_index = next->next_index;
    report.remaining_keys = next->key_count;
    report.pool_up_position = next->up.position;
    report.pool_down_position = next->down.position;
    report.pool_up_end = next->up.position + next->up.len;
    report.pool_down_end = next->down.position + next->down.len;
    if (err == QW_OK) {
        err = qw_contact_report_seal(&report, card->vault->keys.report, sealed);
    }
    err = qw_card_end(card, err, NULL);
    if (err == QW_OK) {
        memcpy(out, sealed, sizeof sealed);
    }
    qw_wipe(&report, sizeof report);
    return err;
}

qw_err qw_card_report(struct qw_card *card, bool wants_fresh, uint32_t wanted_keys,
                      uint8_t out[static QW_CONTACT_REPORT_LEN])
{
    qw_err err;

    if (card->reader == NULL) {
        return report(card, wants_fresh, wanted_keys, out);
    }
    qw_card_lock(card);
    err = qw_card_reader_report(card->reader, wants_fresh, wanted_keys, out);
    qw_card_release(card);
    return err;
}

static qw_err take_auth(struct qw_card *card, uint64_t up_position, uint64_t down_position,
                        uint8_t up[static 64], uint8_t down[static 64])
{
    uint8_t up_bytes[AUTH_LEN], down_bytes[AUTH_LEN];
    struct qw_card_state *next = qw_card_begin(card);
    qw_err err = qw_card_pool_take(&next->up, up_position, up_bytes, AUTH_LEN);

    if (err == QW_OK) {
        err = qw_card_pool_take(&next->down, down_position, down_bytes, AUTH_LEN);
    }
    err = qw_card_end(card, err, NULL); /* R4: given up durably before a byte of it is used */
    if (err == QW_OK) {
        memcpy(up, up_bytes, AUTH_LEN);
        memcpy(down, down_bytes, AUTH_LEN);
    }
    qw_wipe(up_bytes, sizeof up_bytes);
    qw_wipe(down_bytes, sizeof down_bytes);
    return err;
}

qw_err qw_card_take_auth(void *self, uint64_t up_position, uint64_t down_position,
                         uint8_t up[static 64], uint8_t down[static 64])
{
    struct qw_card *card = self;
    qw_err err;

    if (card->reader == NULL) {
        return take_auth(card, up_position, down_position, up, down);
    }
    qw_card_lock(card);
    err = qw_card_reader_take_auth(card->reader, up_position, down_position, up, down);
    qw_card_release(card);
    return err;
}

static qw_err receipt_of(const struct qw_card_keys *keys, const struct qw_card_state *state,
                         uint8_t out[static QW_RECEIPT_LEN])
{
    struct qw_receipt receipt = { .counter = state->last_counter };

    memcpy(receipt.serial, state->serial, sizeof receipt.serial);
    memcpy(receipt.package_id, state->last_package, sizeof receipt.package_id);
    return qw_receipt_seal(&receipt, keys->receipt, out);
}

qw_err qw_card_receipt(struct qw_card *card, uint8_t receipt[static QW_RECEIPT_LEN])
{
    qw_err err;

    qw_card_lock(card);
    if (card->reader != NULL) {
        err = qw_card_reader_receipt(card->reader, receipt);
    } else {
        err = card->is_gone ? QW_ERR_STATE
                            : receipt_of(&card->vault->keys, &card->vault->now, receipt);
    }
    qw_card_release(card);
    return err;
}

/* A fusion in another thread changes the keys. */
static qw_err open_package(struct qw_card *card, const uint8_t *sealed, size_t len,
                           struct qw_package *package)
{
    qw_err err;

    qw_card_lock(card);
    err = qw_package_open(sealed, len, card->vault->keys.wrap, package);
    qw_card_release(card);
    return err;
}

static bool is_last_package(struct qw_card *card, const struct qw_package *package)
{
    bool is_last;

    qw_card_lock(card);
    is_last = qw_equal_ct(package->id, card->vault->now.last_package, sizeof package->id);
    qw_card_release(card);
    return is_last;
}

/* R8: the package is authentic; store it for good, then make the receipt. */
static qw_err store(struct qw_card *card, const struct qw_package *package,
                    uint8_t receipt[static QW_RECEIPT_LEN], struct qw_card_entry *fresh)
{
    uint8_t made[QW_RECEIPT_LEN];
    struct qw_card_state *next = qw_card_begin(card);
    struct qw_card_keys keys = card->vault->keys;
    bool is_fused = package->kind == QW_PACKAGE_FUSE;
    qw_err err = qw_card_state_add(next, package, card->vault->keys.id, qw_clock_utc_ms(), fresh);

    if (err == QW_OK && is_fused) {
        err = derive_keys(next, &keys);
    }
    if (err == QW_OK) {
        err = receipt_of(&keys, next, made); /* F3: under the key that the centre is to keep */
    }
    err = qw_card_end(card, err, is_fused ? &keys : NULL);
    qw_wipe(&keys, sizeof keys);
    if (err == QW_OK) {
        memcpy(receipt, made, sizeof made);
    }
    return err;
}

static qw_err take_package(struct qw_card *card, const uint8_t *sealed, size_t len,
                           uint8_t receipt[static QW_RECEIPT_LEN], uint8_t fresh_id[16],
                           uint8_t fresh_key[32])
{
    bool wants_fresh = fresh_id != NULL && fresh_key != NULL;
    struct qw_card_entry fresh = { 0 };
    struct qw_package package = { 0 };
    qw_err err = open_package(card, sealed, len, &package);

    if (err != QW_OK) {
        return err;
    }
    if (is_last_package(card, &package)) {
        err = qw_card_receipt(card, receipt); /* S2, S3: the same receipt, nothing stored twice */
    } else {
        err = store(card, &package, receipt, wants_fresh ? &fresh : NULL);
    }
    if (err == QW_OK && wants_fresh) {
        memcpy(fresh_id, fresh.id, sizeof fresh.id);
        memcpy(fresh_key, fresh.key, sizeof fresh.key);
    }
    qw_wipe(&fresh, sizeof fresh);
    qw_package_wipe(&package);
    return err;
}

qw_err qw_card_take_package(struct qw_card *card, const uint8_t *sealed, size_t len,
                            uint8_t receipt[static QW_RECEIPT_LEN], uint8_t fresh_id[16],
                            uint8_t fresh_key[32])
{
    qw_err err;

    if (card->reader == NULL) {
        return take_package(card, sealed, len, receipt, fresh_id, fresh_key);
    }
    qw_card_lock(card);
    err = qw_card_reader_take_package(card->reader, sealed, len, receipt, fresh_id, fresh_key);
    qw_card_release(card);
    return err;
}

/* K3: what the card says of itself before it goes. */
static qw_err prove(const struct qw_card_vault *vault, const struct qw_destroy_order *order,
                    struct qw_tombstone *tombstone)
{
    const struct qw_card_state *now = &vault->now;
    struct qw_destroy_proof proof = {
        .epoch = now->epoch,
        .counter = now->counter,
        .next_index = now->next_index,
        .used_keys = now->used_keys,
        .erased_keys = now->key_count,
        .erased_pool = now->up.len + now->down.len,
    };

    memcpy(proof.serial, now->serial, sizeof proof.serial);
    memcpy(proof.nonce, order->nonce, sizeof proof.nonce);
    memcpy(proof.last_package, now->last_package, sizeof proof.last_package);
    memcpy(tombstone->done_hash, order->done_hash, sizeof tombstone->done_hash);
    return qw_destroy_proof_seal(&proof, vault->keys.proof, tombstone->proof);
}

/* The mutex is held. */
static qw_err destroy(struct qw_card *card, const uint8_t *data, size_t len)
{
    struct qw_card_vault *vault = card->vault;
    struct qw_tombstone tombstone = { .is_booked = false };
    struct qw_destroy_order order = { .epoch = 0 };
    bool is_begun = false;
    qw_err err;

    err = card->is_gone ? QW_ERR_STATE
                        : qw_destroy_order_open(data, len, vault->keys.order, &order); /* K2 */
    if (err == QW_OK && (!qw_equal_ct(order.serial, vault->now.serial, sizeof order.serial) ||
                         order.epoch != vault->now.epoch)) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        err = prove(vault, &order, &tombstone);
    }
    if (err == QW_OK) {
        err = card->place.bury(card->place.self, &tombstone, &is_begun);
    }
    if (is_begun) {
        card->is_gone = true;
        qw_wipe(vault, sizeof *vault);
    }
    return err;
}

qw_err qw_card_destroy(struct qw_card *card, const uint8_t *order, size_t len)
{
    qw_err err;

    qw_card_lock(card);
    err = card->reader != NULL ? qw_card_reader_destroy(card->reader, order, len)
                               : destroy(card, order, len);
    qw_card_release(card);
    return err;
}
