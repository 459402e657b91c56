/* SPDX-License-Identifier: Apache-2.0 */
/* C1 to C3 of docs/protocol/card-destroy.md. */
#include "centre/device/destruction.h"

#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/reach.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

qw_err qw_destruction_begin(struct qw_card_book *book)
{
    qw_err err = QW_OK;

    qw_wipe(book->up.bytes, sizeof book->up.bytes);
    qw_wipe(book->down.bytes, sizeof book->down.bytes);
    book->up.len = 0;
    book->down.len = 0;
    if (!book->has_card) {
        return QW_OK;
    }
    err = qw_random_bytes(book->order_nonce, sizeof book->order_nonce);
    if (err == QW_OK) {
        err = qw_random_bytes(book->order_done, sizeof book->order_done);
    }
    if (err == QW_OK) {
        book->device.destruction = QW_DESTRUCTION_ORDERED;
    }
    return err;
}

static qw_err sha256(const uint8_t *data, size_t len, uint8_t out[static 32])
{
    struct qw_bytes part = { data, len };
    uint8_t digest[QW_HASH_LEN_MAX];
    qw_err err = qw_hash_of(QW_HASH_SHA256, &part, 1, digest);

    if (err == QW_OK) {
        memcpy(out, digest, 32);
    }
    return err;
}

qw_err qw_destruction_order(const struct qw_card_book *book, uint8_t order[static QW_ORDER_LEN])
{
    struct qw_destroy_order o = { .epoch = book->device.epoch };
    struct qw_card_keys keys = { 0 };
    qw_err err;

    if (book->device.destruction != QW_DESTRUCTION_ORDERED) {
        return QW_ERR_STATE;
    }
    memcpy(o.serial, book->device.serial, sizeof o.serial);
    memcpy(o.nonce, book->order_nonce, sizeof o.nonce);
    err = sha256(book->order_done, sizeof book->order_done, o.done_hash);
    if (err == QW_OK) {
        err = qw_card_keys_derive(book->card_key, &keys);
    }
    if (err == QW_OK) {
        err = qw_destroy_order_seal(&o, keys.order, order);
    }
    qw_wipe(&keys, sizeof keys);
    return err;
}

/* The proof is the one that was asked for, and of the card itself. */
static qw_err verify(const struct qw_card_book *book, const uint8_t *data, size_t len,
                     struct qw_destroy_proof *proof, const char **cause)
{
    struct qw_card_keys keys = { 0 };
    qw_err err = qw_card_keys_derive(book->card_key, &keys);

    *cause = "forged proof";
    if (err == QW_OK) {
        err = qw_destroy_proof_open(data, len, keys.proof, proof);
        err = err == QW_ERR_NOMEM || err == QW_OK ? err : QW_ERR_REFUSED;
    }
    qw_wipe(&keys, sizeof keys);
    if (err != QW_OK) {
        return err;
    }
    *cause = "the proof is for another order";
    if (!qw_equal_ct(proof->serial, book->device.serial, sizeof proof->serial) ||
        proof->epoch != book->device.epoch ||
        !qw_equal_ct(proof->nonce, book->order_nonce, sizeof proof->nonce)) {
        return QW_ERR_REFUSED;
    }
    *cause = "an older copy of the card was destroyed, not the card";
    return proof->counter >= book->device.counter && proof->next_index >= book->next_index
               ? QW_OK
               : QW_ERR_REFUSED;
}

static qw_err book_first(struct qw_centre *centre, const struct qw_deed *deed, const uint8_t *data,
                         size_t len)
{
    struct qw_card_book *book = &centre->card;
    struct qw_destroy_proof proof = { .epoch = 0 };
    struct qw_group group;
    char detail[96];
    const char *cause = NULL;
    qw_err err = verify(book, data, len, &proof, &cause);

    if (err == QW_ERR_REFUSED) {
        return qw_centre_refuse(centre, deed, err, cause);
    }
    if (err == QW_OK) {
        err = sha256(data, len, book->proof_digest);
    }
    if (err != QW_OK) {
        return err;
    }
    book->device.destruction = QW_DESTRUCTION_PROVED;
    book->device.counter = proof.counter;
    book->device.remaining_keys = 0;
    qw_wipe(book->card_key, sizeof book->card_key);
    qw_group_begin(centre, &group);
    qw_card_book_put(centre, &group, book);
    (void)snprintf(detail, sizeof detail, "%u keys and %u pool bytes erased, %llu keys were used",
                   (unsigned)proof.erased_keys, (unsigned)proof.erased_pool,
                   (unsigned long long)proof.used_keys);
    return qw_group_commit(centre, &group, deed, detail);
}

static qw_err book_again(struct qw_centre *centre, const struct qw_deed *deed, const uint8_t *data,
                         size_t len)
{
    struct qw_group group;
    uint8_t digest[32];
    qw_err err = sha256(data, len, digest);

    if (err != QW_OK) {
        return err;
    }
    if (!qw_equal_ct(digest, centre->card.proof_digest, sizeof digest)) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "another proof is booked");
    }
    qw_group_begin(centre, &group);
    return qw_group_commit(centre, &group, deed, "the proof again");
}

qw_err qw_destruction_book(struct qw_centre *centre, const struct qw_deed *deed,
                           const uint8_t *proof, size_t len,
                           uint8_t done[static QW_ORDER_DONE_MESSAGE_LEN])
{
    const struct qw_card_book *book = &centre->card;
    struct qw_order_done word;
    qw_err err;

    if (book->device.destruction == QW_DESTRUCTION_NONE) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "no order was given");
    }
    err = book->device.destruction == QW_DESTRUCTION_ORDERED ? book_first(centre, deed, proof, len)
                                                             : book_again(centre, deed, proof, len);
    if (err == QW_OK) {
        memcpy(word.serial, book->device.serial, sizeof word.serial);
        memcpy(word.nonce, book->order_nonce, sizeof word.nonce);
        memcpy(word.done, book->order_done, sizeof word.done);
        qw_order_done_encode(&word, done);
    }
    return err;
}

qw_err qw_centre_device_order(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *id, uint8_t order[static QW_ORDER_LEN])
{
    struct qw_deed deed = { .caller = caller, .verb = "destroy-order", .object = id };
    struct qw_officer_record self;
    struct qw_group group;
    uint8_t made[QW_ORDER_LEN];
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK) {
        err = qw_destruction_order(&centre->card, made);
        if (err == QW_ERR_STATE) {
            err = qw_centre_refuse(centre, &deed, err,
                                   qw_destruction_names[centre->card.device.destruction]);
        }
    }
    if (err == QW_OK) {
        qw_group_begin(centre, &group);
        err = qw_group_commit(centre, &group, &deed, "");
    }
    if (err == QW_OK) {
        memcpy(order, made, sizeof made);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_device_proof(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *id, const uint8_t *proof, size_t len,
                              uint8_t done[static QW_ORDER_DONE_MESSAGE_LEN])
{
    struct qw_deed deed = { .caller = caller, .verb = "destroy-proof", .object = id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK) {
        err = qw_destruction_book(centre, &deed, proof, len, done);
    }
    qw_centre_leave(centre);
    return err;
}
