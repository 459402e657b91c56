/* SPDX-License-Identifier: Apache-2.0 */
/* A card on a PKCS#11 token: docs/protocol/card-token.md. Each state of the card is a data object
 * of its own, sealed under a key of the token of its own: when the next one stands both are
 * destroyed, so that nobody can go back to it, not even with the PIN. */
#define _POSIX_C_SOURCE 200809L
#include "terminal/card_place.h"

#include "base/secret.h"
#include "crypto/random.h"
#include "terminal/card_token.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static qw_err token_unlock(void *self, const uint8_t *secret, size_t len)
{
    struct qw_card_token *card = self;

    if (len > QW_CARD_PLACE_SECRET_MAX) {
        return QW_ERR_ARG;
    }
    memcpy(card->pin, secret, len);
    card->pin_len = len;
    return qw_card_token_log_in(card);
}

/* T2: the newest record that opens. */
static qw_err open_newest(struct qw_card_token *card, struct qw_card_objects *objects,
                          uint8_t *body, size_t cap, size_t *len)
{
    for (;;) {
        struct qw_card_object *newest = NULL;
        enum qw_pkcs11_answer answer;
        qw_err err;

        for (size_t i = 0; i < objects->count; i++) {
            struct qw_card_object *o = &objects->of[i];

            if (o->is_record &&
                (newest == NULL || o->record.generation > newest->record.generation)) {
                newest = o;
            }
        }
        if (newest == NULL) {
            return QW_ERR_FORMAT;
        }
        newest->is_record = false; /* tried */
        if (newest->len - QW_CARD_RECORD_OVERHEAD > cap) {
            continue;
        }
        answer = qw_pkcs11_key_by_id(card->token, newest->record.key_id);
        if (answer == QW_PKCS11_NO_KEY) {
            continue;
        }
        err = qw_card_token_outcome(card, answer);
        if (err == QW_OK) {
            err = qw_card_record_open(card->token, newest->data, newest->len, body);
        }
        if (err == QW_OK) {
            card->now = newest->record;
            card->now_data = newest->handle;
            card->now_key = qw_pkcs11_key_handle(card->token);
            *len = newest->len - QW_CARD_RECORD_OVERHEAD;
        }
        if (err != QW_ERR_FORMAT) {
            return err;
        }
    }
}

/* T2 and K4: what there is decides. */
static qw_err load(struct qw_card_token *card, uint8_t *body, size_t cap, size_t *len)
{
    struct qw_card_objects objects = { .count = 0 };
    const struct qw_card_object *tombstone;
    qw_err err = qw_card_token_look(card, &objects);

    if (err == QW_OK && objects.count == 0) {
        err = QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK) {
        tombstone = qw_card_objects_tombstone(&objects);
        if (tombstone != NULL) {
            err = qw_card_token_clear(card, tombstone->handle, 0);
            err = err == QW_OK ? QW_ERR_STATE : err;
        }
    }
    if (err == QW_OK) {
        err = open_newest(card, &objects, body, cap, len);
    }
    if (err == QW_OK) {
        err = qw_card_token_clear(card, card->now_data, card->now_key);
    }
    qw_card_objects_forget(&objects);
    return err;
}

static qw_err token_open(void *self, uint8_t *body, size_t cap, size_t *len)
{
    struct qw_card_token *card = self;
    qw_err err = qw_card_token_log_in(card);

    if (err == QW_OK) {
        err = qw_card_token_lock(card);
    }
    return err == QW_OK ? load(card, body, cap, len) : err;
}

static qw_err token_exists(void *self, bool *does)
{
    struct qw_card_token *card = self;
    struct qw_pkcs11_found found = { .count = 0 };
    qw_err err = qw_card_token_log_in(card);

    if (err == QW_OK) {
        err = qw_card_token_outcome(
            card, qw_pkcs11_find(card->token, QW_PKCS11_DATA, card->name.object, &found));
    }
    if (err == QW_OK) {
        *does = found.count != 0;
    }
    return err;
}

/* After the session has been lost: what stood before must stand now, under new handles. */
static qw_err find_again(struct qw_card_token *card)
{
    struct qw_card_objects objects = { .count = 0 };
    qw_err err = qw_card_token_log_in(card);

    if (err != QW_OK || card->now_data != 0) {
        return err;
    }
    err = qw_card_token_look(card, &objects);
    for (size_t i = 0; err == QW_OK && i < objects.count; i++) {
        const struct qw_card_object *o = &objects.of[i];

        if (o->is_record &&
            qw_equal_ct(o->record.key_id, card->now.key_id, sizeof card->now.key_id)) {
            card->now_data = o->handle;
        }
    }
    qw_card_objects_forget(&objects);
    if (err == QW_OK) {
        enum qw_pkcs11_answer answer = qw_pkcs11_key_by_id(card->token, card->now.key_id);

        card->now_key = qw_pkcs11_key_handle(card->token);
        err = answer == QW_PKCS11_NO_KEY || card->now_data == 0
                  ? QW_ERR_CONFLICT
                  : qw_card_token_outcome(card, answer);
    }
    return err;
}

/* T3: key, then record. What a failure leaves goes with the next change, or the next opening. */
static qw_err put(struct qw_card_token *card, const uint8_t *body, size_t len,
                  struct qw_card_record *record, unsigned long *data, unsigned long *key)
{
    qw_err err = qw_random_bytes(record->key_id, sizeof record->key_id);

    qw_assert(len <= QW_CARD_STATE_ENCODED_MAX);
    if (err == QW_OK) {
        err = qw_card_token_outcome(
            card, qw_pkcs11_key_make(card->token, card->name.object, record->key_id));
    }
    if (err == QW_OK) {
        *key = qw_pkcs11_key_handle(card->token);
        err = qw_card_record_seal(card->token, record, body, len, card->record);
        err = err == QW_ERR_IO ? qw_card_token_outcome(card, QW_PKCS11_FAILED) : err;
    }
    if (err == QW_OK) {
        err = qw_card_token_outcome(card, qw_pkcs11_data_make(card->token, card->name.object,
                                                              card->record,
                                                              len + QW_CARD_RECORD_OVERHEAD, data));
    }
    return err;
}

static qw_err token_create(void *self, const uint8_t *body, size_t len)
{
    struct qw_card_token *card = self;
    struct qw_card_record record = { .generation = 1 };
    unsigned long data = 0, key = 0;
    bool does = false;
    qw_err err = token_exists(card, &does);

    if (err == QW_OK) {
        err = does ? QW_ERR_CONFLICT : qw_card_token_lock(card);
    }
    if (err == QW_OK) {
        err = qw_card_token_clear(card, 0, 0); /* keys of one that came to nothing */
    }
    if (err == QW_OK) {
        err = put(card, body, len, &record, &data, &key);
    }
    if (err == QW_OK) {
        card->now = record;
        card->now_data = data;
        card->now_key = key;
    }
    return err;
}

static qw_err token_replace(void *self, const uint8_t *body, size_t len)
{
    struct qw_card_token *card = self;
    struct qw_card_record next = { .generation = card->now.generation + 1 };
    unsigned long data = 0, key = 0;
    qw_err err = find_again(card);

    if (err == QW_OK) {
        err = qw_card_token_clear(card, card->now_data,
                                  card->now_key); /* before two could be the newest */
    }
    if (err == QW_OK) {
        err = put(card, body, len, &next, &data, &key);
    }
    if (err == QW_OK) { /* T4: from here on the new one counts */
        card->now = next;
        card->now_data = data;
        card->now_key = key;
        /* Should the old one stay until the next change or opening, the newer one is what opens. */
        (void)!qw_card_token_clear(card, data, key);
    }
    return err;
}

static qw_err make_tombstone(struct qw_card_token *card, const struct qw_tombstone *tombstone,
                             unsigned long *handle)
{
    uint8_t bytes[QW_TOMBSTONE_LEN];

    qw_tombstone_encode(tombstone, bytes);
    return qw_card_token_outcome(
        card, qw_pkcs11_data_make(card->token, card->name.object, bytes, sizeof bytes, handle));
}

static qw_err token_bury(void *self, const struct qw_tombstone *tombstone, bool *is_begun)
{
    struct qw_card_token *card = self;
    unsigned long handle = 0;
    qw_err err = find_again(card);

    *is_begun = false;
    if (err == QW_OK) {
        err = make_tombstone(card, tombstone, &handle); /* K3 */
    }
    if (err == QW_OK) {
        *is_begun = true;
        qw_wipe(card->record, sizeof card->record);
        err = qw_card_token_clear(card, handle, 0); /* K4, K5 */
    }
    return err;
}

static qw_err token_tombstone(void *self, struct qw_tombstone *tombstone)
{
    struct qw_card_token *card = self;
    struct qw_card_objects objects = { .count = 0 };
    const struct qw_card_object *found;
    qw_err err = qw_card_token_log_in(card);

    if (err == QW_OK) {
        err = qw_card_token_look(card, &objects);
    }
    if (err == QW_OK) {
        found = qw_card_objects_tombstone(&objects);
        if (found == NULL) {
            err = QW_ERR_NOT_FOUND;
        } else {
            *tombstone = found->tombstone;
        }
    }
    qw_card_objects_forget(&objects);
    return err;
}

static qw_err token_book(void *self, struct qw_tombstone *tombstone, const uint8_t *done,
                         size_t len)
{
    struct qw_card_token *card = self;
    struct qw_tombstone booked = *tombstone;
    unsigned long handle = 0;
    qw_err err = qw_tombstone_check_done(tombstone, done, len);

    booked.is_booked = true;
    if (err == QW_OK) {
        err = qw_card_token_log_in(card);
    }
    if (err == QW_OK) {
        err = make_tombstone(card, &booked, &handle);
    }
    if (err == QW_OK) {
        *tombstone = booked;
        err = qw_card_token_clear(card, handle, 0);
    }
    return err;
}

static void token_close(void *self)
{
    struct qw_card_token *card = self;

    qw_pkcs11_close(card->token);
    qw_secret_free(card->pin);
    if (card->lock >= 0) {
        close(card->lock);
    }
    free(card);
}

qw_err qw_card_place_token(const struct qw_card_name *name, struct qw_card_place *place)
{
    struct qw_card_token *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return QW_ERR_NOMEM;
    }
    self->name = *name;
    self->lock = -1;
    self->pin = qw_secret_new(QW_CARD_PLACE_SECRET_MAX);
    if (self->pin == NULL) {
        free(self);
        return QW_ERR_NOMEM;
    }
    *place = (struct qw_card_place){ .self = self,
                                     .unlock = token_unlock,
                                     .exists = token_exists,
                                     .create = token_create,
                                     .open = token_open,
                                     .replace = token_replace,
                                     .bury = token_bury,
                                     .tombstone = token_tombstone,
                                     .book = token_book,
                                     .close = token_close };
    return QW_OK;
}
