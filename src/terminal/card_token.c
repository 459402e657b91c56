/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "terminal/card_token.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* As far as a card is concerned. After a failure nobody knows how the session stands: the next call
 * begins with a new one. */
qw_err qw_card_token_outcome(struct qw_card_token *card, enum qw_pkcs11_answer answer)
{
    switch (answer) {
    case QW_PKCS11_WRONG_PIN:
        card->is_shut = true;
        return QW_ERR_AUTH;
    case QW_PKCS11_NO_MODULE:
    case QW_PKCS11_NO_MECHANISM:
        return QW_ERR_UNAVAILABLE;
    case QW_PKCS11_SEVERAL:
        return QW_ERR_CONFLICT;
    case QW_PKCS11_NOT_AUTHENTIC:
        return QW_ERR_FORMAT;
    case QW_PKCS11_FAILED:
        qw_pkcs11_close(card->token);
        card->token = NULL;
        card->now_data = 0;
        card->now_key = 0;
        return QW_ERR_IO;
    default:
        return qw_pkcs11_err(answer);
    }
}

qw_err qw_card_token_log_in(struct qw_card_token *card)
{
    if (card->token != NULL) {
        return QW_OK;
    }
    if (card->is_shut) {
        return QW_ERR_AUTH;
    }
    return qw_card_token_outcome(card, qw_pkcs11_open(card->name.module, card->name.token,
                                                      card->pin, card->pin_len, &card->token));
}

/* One process at a time, by a name that ends with its process. */
qw_err qw_card_token_lock(struct qw_card_token *card)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char serial[QW_PKCS11_SERIAL_LEN + 1];
    qw_err err = qw_card_token_outcome(card, qw_pkcs11_serial(card->token, serial));
    int n;

    if (err != QW_OK) {
        return err;
    }
    n = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "qwave-card:%s:%s", serial,
                 card->name.object);
    qw_assert(n > 0 && (size_t)n < sizeof address.sun_path - 1);
    card->lock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (card->lock < 0) {
        return QW_ERR_IO;
    }
    return bind(card->lock, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0
               ? QW_OK
               : QW_ERR_CONFLICT;
}

void qw_card_objects_forget(struct qw_card_objects *objects)
{
    for (size_t i = 0; i < objects->count; i++) {
        qw_secret_free(objects->of[i].data);
    }
    objects->count = 0;
}

/* All data objects of the card, whatever they hold. */
qw_err qw_card_token_look(struct qw_card_token *card, struct qw_card_objects *objects)
{
    struct qw_pkcs11_found found = { .count = 0 };
    qw_err err = qw_card_token_outcome(
        card, qw_pkcs11_find(card->token, QW_PKCS11_DATA, card->name.object, &found));

    objects->count = 0;
    for (size_t i = 0; err == QW_OK && i < found.count; i++) {
        struct qw_card_object *object = &objects->of[i];

        *object = (struct qw_card_object){ .handle = found.handle[i] };
        err = qw_card_token_outcome(card, qw_pkcs11_data_read(card->token, found.handle[i],
                                                              QW_CARD_RECORD_MAX, &object->data,
                                                              &object->len));
        if (err == QW_OK) {
            objects->count++;
            object->is_tombstone =
                qw_tombstone_decode(object->data, object->len, &object->tombstone) == QW_OK;
            object->is_record =
                qw_card_record_peek(object->data, object->len, &object->record) == QW_OK;
        }
    }
    if (err != QW_OK) {
        qw_card_objects_forget(objects);
    }
    return err;
}

/* A booked one before one that is not. NULL: none. */
const struct qw_card_object *qw_card_objects_tombstone(const struct qw_card_objects *objects)
{
    const struct qw_card_object *found = NULL;

    for (size_t i = 0; i < objects->count; i++) {
        if (objects->of[i].is_tombstone && (found == NULL || objects->of[i].tombstone.is_booked)) {
            found = &objects->of[i];
        }
    }
    return found;
}

/* Destroys all but the two handles, keys first: what a record was sealed under is what counts.
 * QW_ERR_CONFLICT: one that must be there is not, so somebody else has changed the card. */
qw_err qw_card_token_clear(struct qw_card_token *card, unsigned long data, unsigned long key)
{
    const unsigned long keep[] = { [QW_PKCS11_DATA] = data, [QW_PKCS11_KEY] = key };
    qw_err err = QW_OK;

    for (int kind = QW_PKCS11_KEY; err == QW_OK && kind >= QW_PKCS11_DATA; kind--) {
        struct qw_pkcs11_found found = { .count = 0 };
        bool is_there = keep[kind] == 0;

        err = qw_card_token_outcome(card, qw_pkcs11_find(card->token, (enum qw_pkcs11_kind)kind,
                                                         card->name.object, &found));
        for (size_t i = 0; err == QW_OK && i < found.count; i++) {
            if (found.handle[i] == keep[kind]) {
                is_there = true;
            } else {
                err = qw_card_token_outcome(card, qw_pkcs11_destroy(card->token, found.handle[i]));
            }
        }
        if (err == QW_OK && !is_there) {
            err = QW_ERR_CONFLICT;
        }
    }
    return err;
}
