/* SPDX-License-Identifier: Apache-2.0 */
/* Packages from making to receipt: R6 and R10 of docs/protocol/refill.md, and charging [W8]. */
#include "centre/device/issue.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/fusion.h"
#include "centre/device/package_record.h"
#include "centre/key/block.h"
#include "centre/key/key_record.h"
#include "centre/key/stock.h"
#include "crypto/random.h"

#include <string.h>

size_t qw_issue_keys_from_stock(const struct qw_issue *issue)
{
    return (issue->kind == QW_PACKAGE_FRESH ? 0u : issue->keys) +
           (issue->kind == QW_PACKAGE_BIRTH || issue->kind == QW_PACKAGE_FUSE ? 1u : 0u) +
           ((size_t)issue->pool_up + issue->pool_down) / QW_KEY_LEN;
}

/* A card that never was: serial, key, index and pools start anew; nothing of an earlier,
 * unconfirmed card is left. card_key is one quantum key. */
static qw_err new_card(struct qw_card_book *book, const uint8_t card_key[static QW_CARD_KEY_LEN])
{
    qw_err err = qw_random_bytes(book->device.serial, sizeof book->device.serial);

    if (err != QW_OK) {
        return err;
    }
    memcpy(book->card_key, card_key, sizeof book->card_key);
    book->device.epoch = 1;
    book->device.fusion = QW_FUSION_NONE;
    book->device.counter = 0;
    book->device.remaining_keys = 0;
    book->has_card = true;
    book->next_index = 0;
    book->seen_count = 0;
    qw_wipe(&book->up, sizeof book->up);
    qw_wipe(&book->down, sizeof book->down);
    return QW_OK;
}

static qw_err assign_key(struct qw_centre *centre, struct qw_group *group,
                         const struct qw_card_book *book, const struct qw_package *package,
                         const struct qw_key_charge *charge, const uint8_t id_key[static 32],
                         uint16_t index)
{
    struct qw_key_record key = { .state = QW_KEY_ASSIGNED,
                                 .charge = *charge,
                                 .package_kind = package->kind,
                                 .place = centre->places[index],
                                 .bits = 8 * QW_KEY_LEN,
                                 .assigned_ms = qw_clock_utc_ms() };
    qw_err err = qw_package_key_id(id_key, package->id, index, key.id);

    if (err != QW_OK) {
        return err;
    }
    memcpy(key.package_id, package->id, sizeof key.package_id);
    memcpy(key.master, book->device.id, sizeof key.master);
    memcpy(key.peer, book->device.peers, sizeof key.peer - 1);
    qw_key_record_put(centre, group, &key);
    return group->err;
}

/* FRESH: the key becomes a block of one, so that its peer can fetch it like any other. */
static void store_fresh_key(struct qw_centre *centre, struct qw_group *group,
                            const uint8_t key[static QW_KEY_LEN])
{
    struct qw_block *block = &centre->block;

    qw_block_start(centre, group, 1);
    memcpy(block->material, key, QW_KEY_LEN);
    block->next = 1;
    block->epoch = centre->start;
    block->state = QW_KEY_ASSIGNED;
    centre->places[0] = (struct qw_key_place){ .block = block->number,
                                               .is_quantum = block->is_quantum,
                                               .is_simulated = block->is_simulated };
    memcpy(centre->places[0].source, block->source, sizeof block->source);
    qw_block_put(centre, group);
}

/* Fills centre->material as pool up | pool down | (card key) | keys. */
static void gather(struct qw_centre *centre, struct qw_group *group, const struct qw_issue *issue)
{
    size_t from_stock = qw_issue_keys_from_stock(issue);
    bool is_fresh = issue->kind == QW_PACKAGE_FRESH;

    qw_stock_carve(centre, group, from_stock - (is_fresh ? 0 : issue->keys),
                   is_fresh ? 0 : issue->keys);
    if (is_fresh) {
        store_fresh_key(centre, group, issue->fresh_key);
        memcpy(centre->material + from_stock * QW_KEY_LEN, issue->fresh_key, QW_KEY_LEN);
    }
}

static qw_err describe(struct qw_centre *centre, struct qw_card_book *book,
                       const struct qw_issue *issue, struct qw_package *package)
{
    struct qw_package p = { .kind = issue->kind,
                            .key_count = issue->keys,
                            .pool_up_len = issue->pool_up,
                            .pool_down_len = issue->pool_down };
    uint8_t *at = centre->material;
    qw_err err = qw_random_bytes(p.id, sizeof p.id);

    if (err == QW_OK) {
        err = qw_random_bytes(p.token, sizeof p.token);
    }
    p.pool_up = at;
    at += issue->pool_up;
    p.pool_down = at;
    at += issue->pool_down;
    if (issue->kind == QW_PACKAGE_BIRTH) {
        memcpy(p.card_key, at, sizeof p.card_key);
        at += QW_KEY_LEN;
        err = err == QW_OK ? new_card(book, p.card_key) : err;
    }
    if (issue->kind == QW_PACKAGE_FUSE) {
        memcpy(p.card_key, at, sizeof p.card_key);
        at += QW_KEY_LEN;
        err = err == QW_OK ? qw_fusion_begin(book, p.card_key) : err; /* F2 */
    }
    p.keys = at;
    memcpy(p.serial, book->device.serial, sizeof p.serial);
    p.epoch = book->device.epoch;
    p.first_index = book->next_index;
    p.pool_up_position = book->up.position + book->up.len;
    p.pool_down_position = book->down.position + book->down.len;
    memcpy(p.owner, book->device.id, sizeof p.owner);
    if (err == QW_OK) {
        *package = p;
    }
    qw_wipe(&p, sizeof p);
    return err;
}

static void remember_package(struct qw_centre *centre, struct qw_group *group,
                             struct qw_card_book *book, const struct qw_package *package,
                             size_t sealed_len)
{
    struct qw_package_record record = { .device_number = book->number,
                                        .state = QW_PACKAGE_PENDING,
                                        .kind = package->kind,
                                        .key_count = package->key_count,
                                        .first_index = package->first_index,
                                        .pool_up_len = package->pool_up_len,
                                        .pool_down_len = package->pool_down_len,
                                        .sealed_len = sealed_len };

    if (package->kind == QW_PACKAGE_BIRTH) {
        record.sealed_len = 0; /* is made anew instead of given again */
    }
    memcpy(record.id, package->id, sizeof record.id);
    qw_package_record_put(centre, group, &record, package->pool_up);
    book->has_pending = true;
    memcpy(book->pending_id, package->id, sizeof book->pending_id);
    memcpy(book->pending_token, package->token, sizeof book->pending_token);
}

void qw_issue_package(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book,
                      const struct qw_issue *issue, size_t *sealed_len)
{
    struct qw_package package = { 0 };
    struct qw_card_keys keys = { 0 };
    qw_err err;

    gather(centre, group, issue);
    err = group->err;
    if (err == QW_OK) {
        err = describe(centre, book, issue, &package);
    }
    if (err == QW_OK) {
        err = qw_fusion_keys(book, &keys);
    }
    for (uint16_t i = 0; err == QW_OK && i < package.key_count; i++) {
        err = assign_key(centre, group, book, &package, &issue->charge, keys.id, i);
    }
    *sealed_len = 0;
    if (err == QW_OK && issue->wrap_key != NULL) {
        err = qw_package_seal(&package, issue->wrap_key, centre->package, sizeof centre->package,
                              sealed_len);
    }
    if (err == QW_OK) {
        remember_package(centre, group, book, &package, *sealed_len);
    }
    if (err == QW_OK && issue->open != NULL) {
        *issue->open = package;
    }
    qw_group_fail(group, err);
    qw_wipe(&keys, sizeof keys);
    qw_wipe(&package, sizeof package);
}

static qw_err deliver_key(struct qw_centre *centre, struct qw_group *group,
                          const uint8_t id[static 16])
{
    struct qw_key_record key;
    qw_err err = qw_key_record_load(centre, id, &key);

    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK; /* the peer was faster and its window is over */
    }
    if (err != QW_OK || key.state != QW_KEY_ASSIGNED) {
        return err;
    }
    err = qw_key_next(key.state, QW_KEY_DELIVER, key.state, &key.state);
    if (err == QW_OK) {
        qw_key_record_put(centre, group, &key);
        err = group->err;
    }
    return err;
}

static void add_to_pool(struct qw_group *group, struct qw_pool *pool, const uint8_t *bytes,
                        uint16_t len)
{
    if (len > sizeof pool->bytes - pool->len) {
        qw_group_fail(group, QW_ERR_IO); /* the package was made to fit */
        return;
    }
    if (len > 0) {
        memcpy(pool->bytes + pool->len, bytes, len);
    }
    pool->len = (uint16_t)(pool->len + len);
}

/* The station whose first card works has shown that its own card exists. */
static void confirm_station(struct qw_centre *centre, struct qw_group *group, const char *id)
{
    struct qw_card_book *station = &centre->station;
    qw_err err;

    if (id[0] == '\0') {
        return;
    }
    err = qw_card_book_load(centre, id, station);
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    if (station->device.state == QW_DEVICE_CHARGED && station->has_pending) {
        qw_confirm_pending(centre, group, station);
        qw_card_book_put(centre, group, station);
    }
}

void qw_confirm_pending(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book)
{
    struct qw_package_record package = { 0 };
    struct qw_card_keys keys = { 0 };
    const uint8_t *pools = NULL;
    uint8_t id[16];
    qw_err err = qw_package_record_load(centre, book->pending_id, &package, &pools);

    if (err == QW_OK) {
        add_to_pool(group, &book->up, pools, package.pool_up_len);
        add_to_pool(group, &book->down, pools + package.pool_up_len, package.pool_down_len);
        err = qw_device_next(book->device.state, QW_DEVICE_CONFIRM, &book->device.state);
    }
    if (err == QW_OK) {
        err = qw_fusion_keys(book, &keys);
    }
    for (uint16_t i = 0; err == QW_OK && i < package.key_count; i++) {
        err = qw_package_key_id(keys.id, package.id, i, id);
        if (err == QW_OK) {
            err = deliver_key(centre, group, id);
        }
    }
    qw_wipe(&keys, sizeof keys);
    if (err == QW_OK && package.kind == QW_PACKAGE_FUSE) {
        err = qw_fusion_end(book); /* F5 */
    }
    if (err != QW_OK) {
        qw_group_fail(group, err);
        return;
    }
    package.state = QW_PACKAGE_CONFIRMED;
    package.pool_up_len = 0;
    package.pool_down_len = 0;
    package.sealed_len = 0;
    qw_package_record_put(centre, group, &package, NULL);
    memcpy(book->token, book->pending_token, sizeof book->token);
    memcpy(book->last_id, book->pending_id, sizeof book->last_id);
    book->has_pending = false;
    book->next_index += package.key_count;
    book->device.keys_delivered += package.key_count;
    book->device.last_refill_ms = qw_clock_utc_ms();
    book->is_confirmed = true;
    if (package.kind == QW_PACKAGE_BIRTH) {
        confirm_station(centre, group, book->station);
    }
}

/* F4: the receipt of a package that renews the card key is made under the new one. */
static qw_err open_receipt(const struct qw_card_book *book, const uint8_t *data, size_t len,
                           struct qw_receipt *receipt, bool *is_of_next)
{
    struct qw_card_keys keys = { 0 };
    qw_err err = qw_card_keys_derive(book->card_key, &keys);

    *is_of_next = false;
    if (err == QW_OK) {
        err = qw_receipt_open(data, len, keys.receipt, receipt);
    }
    if (err == QW_ERR_AUTH && qw_fusion_next_keys(book, &keys) == QW_OK) {
        *is_of_next = true;
        err = qw_receipt_open(data, len, keys.receipt, receipt);
    }
    qw_wipe(&keys, sizeof keys);
    return err;
}

qw_err qw_take_receipt(struct qw_centre *centre, struct qw_group *group, struct qw_card_book *book,
                       const uint8_t *data, size_t len, bool *is_repeat)
{
    struct qw_receipt receipt = { 0 };
    bool is_of_next;
    bool is_pending;
    qw_err err = open_receipt(book, data, len, &receipt, &is_of_next);

    if (err != QW_OK || !qw_equal_ct(receipt.serial, book->device.serial, sizeof receipt.serial)) {
        return err == QW_ERR_NOMEM ? err : QW_ERR_REFUSED;
    }
    is_pending = book->has_pending &&
                 qw_equal_ct(receipt.package_id, book->pending_id, sizeof receipt.package_id);
    if (is_of_next != (is_pending && book->device.fusion == QW_FUSION_PENDING)) {
        return QW_ERR_REFUSED;
    }
    if (!is_pending) {
        bool is_last = book->is_confirmed &&
                       qw_equal_ct(receipt.package_id, book->last_id, sizeof receipt.package_id);

        *is_repeat = true;
        return is_last ? QW_OK : QW_ERR_REFUSED;
    }
    *is_repeat = false;
    qw_confirm_pending(centre, group, book);
    /* Reports that the card made before this receipt carry the token before: old, not a clone's. */
    if (receipt.counter > book->device.counter) {
        book->device.counter = receipt.counter;
    }
    return QW_OK;
}
