/* SPDX-License-Identifier: Apache-2.0 */
/* Charging off line: BIRTH and CHARGE packages, and the first station [W8 C6]. */
#include "base/secret.h"
#include "centre/device/card_book.h"
#include "centre/device/charge_order.h"
#include "centre/device/entry.h"
#include "centre/device/issue.h"
#include "centre/device/package_record.h"
#include "centre/device/reach.h"
#include "centre/key/stock.h"
#include "centre/key/void_keys.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/people/unit_use.h"

#include <stdio.h>
#include <string.h>

struct charge { /* one call */
    const char *station_id;
    uint16_t keys;
    uint8_t *out;
    size_t cap;
    size_t *len;
};

/* Pool bytes to add so that the direction is full again, in whole keys. */
static uint16_t pool_gap(const struct qw_centre *centre, const struct qw_card_book *book,
                         const struct qw_pool *pool)
{
    uint32_t full = centre->config.pool_bytes;

    if (!qw_device_is_carrier(book->device.kind) || pool->len >= full) {
        return 0;
    }
    return (uint16_t)((full - pool->len) / QW_KEY_LEN * QW_KEY_LEN);
}

static qw_err give(struct qw_centre *centre, const struct charge *charge, size_t sealed_len)
{
    memcpy(charge->out, centre->package, sealed_len);
    *charge->len = sealed_len;
    return QW_OK;
}

/* A package that was made and not confirmed. The card may have taken it, or not: only the same
 * bytes again are right for both. */
static qw_err give_pending(struct qw_centre *centre, const struct qw_deed *deed,
                           const struct charge *charge)
{
    struct qw_package_record package;
    struct qw_group group;
    qw_err err = qw_package_record_load(centre, centre->card.pending_id, &package, NULL);

    if (err != QW_OK) {
        return err;
    }
    if (package.kind != QW_PACKAGE_CHARGE) {
        return qw_centre_refuse(centre, deed, QW_ERR_CONFLICT, "a refill is on its way");
    }
    if (package.sealed_len > charge->cap) {
        return QW_ERR_SPACE;
    }
    qw_group_begin(centre, &group);
    err = qw_group_commit(centre, &group, deed, "the pending package again");
    return err == QW_OK ? give(centre, charge, package.sealed_len) : err;
}

/* Who seals a BIRTH: a station whose card is known to exist, or the first one, whose first use
 * shows that. */
static qw_err find_station(struct qw_centre *centre, const struct qw_deed *deed,
                           const char *station_id)
{
    const struct qw_card_book *station = &centre->holder;
    qw_err err = qw_card_book_load(centre, station_id, &centre->holder);
    bool is_first = strcmp(station_id, centre->books.first_station) == 0;

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such station");
    }
    if (err != QW_OK) {
        return err;
    }
    if (station->device.kind != QW_DEVICE_STATION || !station->has_card ||
        (station->device.state != QW_DEVICE_ACTIVE &&
         !(is_first && station->device.state == QW_DEVICE_CHARGED))) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "the station may not charge");
    }
    if (!qw_unit_contains(station->device.unit, centre->card.device.unit)) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "a station of another unit");
    }
    return QW_OK;
}

static qw_err write_package(struct qw_centre *centre, const struct qw_deed *deed,
                            const struct charge *charge, struct qw_issue *issue)
{
    struct qw_card_book *book = &centre->card;
    bool is_birth = issue->kind == QW_PACKAGE_BIRTH;
    struct qw_group group;
    uint64_t voided = 0;
    size_t sealed_len = 0;
    char detail[96];
    qw_err err;

    qw_group_begin(centre, &group);
    err = qw_unit_use_keys(centre, &group, book->device.unit, issue->keys, &issue->charge);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err == QW_ERR_LIMIT || err == QW_ERR_FULL
                   ? qw_centre_refuse(centre, deed, err, qw_unit_use_cause(err))
                   : err;
    }
    if (is_birth && book->has_card) { /* the card before was never confirmed */
        qw_void_package_keys(centre, &group, book, book->pending_id, &voided);
        qw_serial_remove(centre, &group, book);
    }
    if (is_birth) {
        memcpy(book->station, centre->holder.device.id, sizeof book->station);
    }
    qw_group_fail(&group,
                  qw_device_next(book->device.state, QW_DEVICE_CHARGE, &book->device.state));
    qw_issue_package(centre, &group, book, issue, &sealed_len);
    if (is_birth) {
        qw_serial_put(centre, &group, book);
    }
    qw_card_book_put(centre, &group, book);
    (void)snprintf(detail, sizeof detail, "%s, %u keys, pools %u+%u bytes, %llu keys voided",
                   is_birth ? "birth" : "charge", (unsigned)issue->keys, (unsigned)issue->pool_up,
                   (unsigned)issue->pool_down, (unsigned long long)voided);
    err = qw_group_commit(centre, &group, deed, detail);
    return err == QW_OK && charge != NULL ? give(centre, charge, sealed_len) : err;
}

/* The device is in centre->card. */
static qw_err charge_device(struct qw_centre *centre, const struct qw_deed *deed,
                            const struct charge *charge)
{
    struct qw_card_book *book = &centre->card;
    struct qw_card_keys keys;
    struct qw_issue issue = { .keys = charge->keys };
    enum qw_device_state next;
    qw_err err;

    if (qw_device_is_cardless(book->device.kind)) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "a device without a card");
    }
    if (qw_device_next(book->device.state, QW_DEVICE_CHARGE, &next) != QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE,
                                qw_device_state_names[book->device.state]);
    }
    if (book->is_confirmed && book->has_pending) {
        return give_pending(centre, deed, charge);
    }
    issue.kind = book->is_confirmed ? QW_PACKAGE_CHARGE : QW_PACKAGE_BIRTH;
    if (issue.kind == QW_PACKAGE_BIRTH) {
        err = find_station(centre, deed, charge->station_id);
        if (err != QW_OK) {
            return err;
        }
        issue.pool_up = pool_gap(centre, book, &(struct qw_pool){ 0 });
        issue.pool_down = issue.pool_up;
    } else {
        issue.pool_up = pool_gap(centre, book, &book->up);
        issue.pool_down = pool_gap(centre, book, &book->down);
    }
    if (charge->cap < qw_package_sealed_len(issue.kind, book->device.id, issue.keys, issue.pool_up,
                                            issue.pool_down)) {
        return QW_ERR_SPACE;
    }
    err = qw_stock_lease(centre, qw_issue_keys_from_stock(&issue));
    if (err == QW_ERR_EXHAUSTED) {
        return qw_centre_refuse(centre, deed, err, "not enough keys in stock");
    }
    if (err == QW_OK) {
        err = qw_card_keys_derive(
            issue.kind == QW_PACKAGE_BIRTH ? centre->holder.card_key : book->card_key, &keys);
    }
    if (err == QW_OK) {
        issue.wrap_key = keys.wrap;
        err = write_package(centre, deed, charge, &issue);
        qw_wipe(&keys, sizeof keys);
    }
    return err;
}

qw_err qw_centre_charge(struct qw_centre *centre, const struct qw_caller *caller,
                        const char *device_id, const char *station_id, uint32_t keys, uint8_t *out,
                        size_t cap, size_t *len)
{
    struct qw_deed deed = { .caller = caller, .verb = "charge", .object = device_id };
    struct charge charge = {
        .station_id = station_id, .keys = (uint16_t)keys, .out = out, .cap = cap, .len = len
    };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK && keys > QW_PACKAGE_KEYS_MAX) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK && qw_centre_is_paused(centre)) {
        err = QW_ERR_PAUSED;
    }
    if (err == QW_OK) {
        err = charge_device(centre, &deed, &charge);
    }
    qw_centre_leave(centre);
    return err;
}

/* The device is in centre->card. */
static qw_err confirm(struct qw_centre *centre, const struct qw_deed *deed, const uint8_t *receipt,
                      size_t len)
{
    struct qw_card_book *book = &centre->card;
    struct qw_group group;
    bool is_repeat = false;
    enum qw_device_state next;
    qw_err err;

    if (qw_device_next(book->device.state, QW_DEVICE_CONFIRM, &next) != QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE,
                                qw_device_state_names[book->device.state]);
    }
    qw_group_begin(centre, &group);
    err = qw_take_receipt(centre, &group, book, receipt, len, &is_repeat);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return qw_centre_refuse(centre, deed, err, "the receipt is not for the pending package");
    }
    if (!is_repeat) {
        qw_card_book_put(centre, &group, book);
        qw_charge_order_drop(centre, &group, book->device.id);
    }
    return qw_group_commit(centre, &group, deed, is_repeat ? "the receipt again" : "");
}

qw_err qw_centre_charge_confirm(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *device_id, const uint8_t *receipt, size_t len)
{
    struct qw_deed deed = { .caller = caller, .verb = "charge-confirm", .object = device_id };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK) {
        err = confirm(centre, &deed, receipt, len);
    }
    qw_centre_leave(centre);
    return err;
}

static void new_station(struct qw_centre *centre, struct qw_group *group, const char *id)
{
    struct qw_card_book *book = &centre->card;

    qw_wipe(book, sizeof *book);
    book->device.kind = QW_DEVICE_STATION;
    memcpy(book->device.id, id, strlen(id));
    memcpy(book->device.unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    memcpy(book->device.peers_unit, QW_UNIT_ROOT, sizeof QW_UNIT_ROOT);
    book->number = group->books.next_device++;
    memcpy(group->books.first_station, book->device.id, sizeof group->books.first_station);
}

/* The same station again is fine until somebody has used its card: an initialisation that was
 * interrupted before the card file was there is simply repeated. */
static qw_err make_station(struct qw_centre *centre, const struct qw_deed *deed,
                           struct qw_package *birth)
{
    struct qw_issue issue = { .kind = QW_PACKAGE_BIRTH, .open = birth };
    struct qw_card_book *book = &centre->card;
    struct qw_group group;
    uint64_t voided = 0;
    size_t sealed_len;
    bool is_first = centre->books.first_station[0] == '\0';
    qw_err err;

    if (!is_first && strcmp(centre->books.first_station, deed->object) != 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "there is a station");
    }
    err = qw_card_book_load(centre, deed->object, book);
    if (err == QW_ERR_NOT_FOUND) {
        const char *cause;

        err = qw_entry_id_is_free(centre, deed->object, &cause);
        if (err == QW_ERR_CONFLICT) {
            return qw_centre_refuse(centre, deed, err, cause);
        }
        err = err == QW_OK ? QW_ERR_NOT_FOUND : err;
    }
    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    if ((err == QW_OK) == is_first || (!is_first && book->device.state != QW_DEVICE_CHARGED)) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "the device exists");
    }
    err = qw_stock_lease(centre, 1);
    if (err != QW_OK) {
        return qw_centre_refuse(centre, deed, err, "no key for the card");
    }
    qw_group_begin(centre, &group);
    if (is_first) {
        new_station(centre, &group, deed->object);
    } else {
        qw_void_package_keys(centre, &group, book, book->pending_id, &voided);
        qw_serial_remove(centre, &group, book);
    }
    qw_group_fail(&group,
                  qw_device_next(book->device.state, QW_DEVICE_CHARGE, &book->device.state));
    qw_issue_package(centre, &group, book, &issue, &sealed_len);
    qw_serial_put(centre, &group, book);
    qw_card_book_put(centre, &group, book);
    return qw_group_commit(centre, &group, deed, "birth of the first station");
}

qw_err qw_centre_station_birth(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *station_id, struct qw_package *birth)
{
    struct qw_deed deed = { .caller = caller, .verb = "station-birth", .object = station_id };
    struct qw_package package = { 0 };
    bool is_empty;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_DEVICE_CHARGE, QW_UNIT_ROOT);
    if (err == QW_OK && !qw_device_id_ok(station_id)) {
        err = QW_ERR_ARG;
    }
    is_empty = qw_stock_free(centre) == 0;
    qw_centre_leave(centre);
    if (err != QW_OK) {
        return err;
    }
    if (is_empty) { /* the first verb of a new centre: nothing can have been ingested yet */
        err = qw_centre_ingest(centre);
        if (err != QW_OK) {
            return err;
        }
    }
    qw_centre_enter(centre);
    err = make_station(centre, &deed, &package);
    qw_centre_leave(centre);
    if (err == QW_OK) {
        package.keys = NULL; /* a station's card starts without keys and pools */
        package.pool_up = NULL;
        package.pool_down = NULL;
        *birth = package;
    }
    qw_wipe(&package, sizeof package);
    return err;
}
