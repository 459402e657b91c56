/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be charged at a station [W8 C8]: docs/design/charge-orders.md. */
#include "centre/device/charge_order.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "centre/approval/approval.h"
#include "centre/device/card_book.h"
#include "centre/device/charge_order_change.h"
#include "centre/device/reach.h"
#include "centre/people/unit.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

static const char prefix[] = "charge:";
enum {
    LAYOUT = 1,
    TAG = 130,
    PREFIX_LEN = sizeof prefix - 1,
    ID_CAP = PREFIX_LEN + 64,
    PLAIN_CAP = 256
};

struct order_record {
    struct qw_charge_order order;
    uint64_t version; /* 0: new */
};

static size_t record_id(const char *device, char out[static ID_CAP])
{
    size_t len = strlen(device);

    memcpy(out, prefix, PREFIX_LEN);
    memcpy(out + PREFIX_LEN, device, len);
    return PREFIX_LEN + len;
}

static bool decode(const uint8_t *plain, size_t len, struct qw_charge_order *order)
{
    struct qw_reader r = qw_reader_on(plain, len);
    uint8_t layout = qw_read_u8(&r);

    qw_read_string8(&r, order->device, sizeof order->device);
    qw_read_string8(&r, order->station, sizeof order->station);
    order->keys = qw_read_u16be(&r);
    qw_read_string8(&r, order->ordered_by, sizeof order->ordered_by);
    order->ordered_ms = (int64_t)qw_read_u64be(&r);
    order->until_ms = (int64_t)qw_read_u64be(&r);
    return layout == LAYOUT && qw_reader_done(&r) && order->keys > 0;
}

/* One that has run out is there still, and counts for nothing. */
static qw_err load(struct qw_centre *centre, const char *device, struct order_record *record)
{
    struct order_record found = { .version = 0 };
    char place[ID_CAP];
    size_t len;
    qw_err err = qw_record_load(centre, QW_STORE_META, place, record_id(device, place),
                                &found.version, &len);

    if (err == QW_OK &&
        (!decode(centre->scratch, len, &found.order) || strcmp(found.order.device, device) != 0)) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        *record = found;
    }
    return err;
}

static void put(struct qw_centre *centre, struct qw_group *group, const struct order_record *record)
{
    const struct qw_charge_order *order = &record->order;
    char place[ID_CAP];
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = place,
                              .id_len = record_id(order->device, place),
                              .expected_version = record->version,
                              .tag = TAG };
    uint8_t plain[PLAIN_CAP];
    struct qw_writer w = qw_writer_on(plain, sizeof plain);

    qw_write_u8(&w, LAYOUT);
    qw_write_string8(&w, order->device);
    qw_write_string8(&w, order->station);
    qw_write_u16be(&w, order->keys);
    qw_write_string8(&w, order->ordered_by);
    qw_write_u64be(&w, (uint64_t)order->ordered_ms);
    qw_write_u64be(&w, (uint64_t)order->until_ms);
    qw_assert(!w.failed); /* three texts with a bound */
    qw_group_add(centre, group, record->version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, op, plain,
                 w.len);
}

static void take_out(struct qw_centre *centre, struct qw_group *group,
                     const struct order_record *record)
{
    char place[ID_CAP];
    struct qw_store_op op = { .kind = QW_STORE_META,
                              .id = place,
                              .id_len = record_id(record->order.device, place),
                              .expected_version = record->version };

    qw_group_add(centre, group, QW_STORE_REMOVE, op, NULL, 0);
}

void qw_charge_order_drop(struct qw_centre *centre, struct qw_group *group, const char *device)
{
    struct order_record record;
    qw_err err = load(centre, device, &record);

    if (err == QW_OK) {
        take_out(centre, group, &record);
    } else if (err != QW_ERR_NOT_FOUND) {
        qw_group_fail(group, err);
    }
}

/* The device is in centre->card. */
static qw_err check(struct qw_centre *centre, const struct qw_deed *deed, const char *station_id)
{
    const struct qw_device *device = &centre->card.device;
    const struct qw_device *station = &centre->holder.device;
    enum qw_device_state next;
    qw_err err;

    if (device->kind == QW_DEVICE_APPLICATION || device->kind == QW_DEVICE_KME ||
        qw_device_next(device->state, QW_DEVICE_CHARGE, &next) != QW_OK) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "a device that is not charged");
    }
    err = qw_card_book_load(centre, station_id, &centre->holder);
    if (err == QW_ERR_NOT_FOUND ||
        (err == QW_OK && !qw_unit_contains(station->unit, device->unit))) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "no such station for its unit");
    }
    if (err == QW_OK &&
        (station->kind != QW_DEVICE_STATION ||
         (station->state != QW_DEVICE_ACTIVE && station->state != QW_DEVICE_CHARGED))) {
        err = qw_centre_refuse(centre, deed, QW_ERR_STATE, "the station may not charge");
    }
    return err;
}

/* request: what becomes durable with it, or NULL. */
static qw_err write(struct qw_centre *centre, const struct qw_deed *deed,
                    struct order_record *record, const struct qw_request_record *request)
{
    struct order_record before;
    struct qw_group group;
    char detail[128];
    qw_err err = load(centre, record->order.device, &before);

    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    record->version = err == QW_OK ? before.version : 0;
    (void)snprintf(detail, sizeof detail, "%u keys at %s", (unsigned)record->order.keys,
                   record->order.station);
    qw_group_begin(centre, &group);
    put(centre, &group, record);
    if (request != NULL) {
        qw_request_put(centre, &group, request);
    }
    return qw_group_commit(centre, &group, deed, detail);
}

/* The device is in centre->card, the station in centre->holder. */
static qw_err order(struct qw_centre *centre, const struct qw_deed *deed, uint16_t keys,
                    const char *ordered_by, const struct qw_request_record *request,
                    struct qw_charge_order *made)
{
    struct order_record record = { .order = { .keys = keys, .ordered_ms = qw_clock_utc_ms() } };
    qw_err err;

    memcpy(record.order.device, centre->card.device.id, sizeof record.order.device);
    memcpy(record.order.station, centre->holder.device.id, sizeof record.order.station);
    memcpy(record.order.ordered_by, ordered_by, strlen(ordered_by));
    record.order.until_ms = record.order.ordered_ms + QW_CHARGE_ORDER_MS;
    err = write(centre, deed, &record, request);
    if (err == QW_OK) {
        *made = record.order;
    }
    return err;
}

qw_err qw_centre_charge_order(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *device, const char *station, uint32_t keys,
                              struct qw_charge_order *made)
{
    struct qw_deed deed = { .caller = caller, .verb = "charge-order", .object = device };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK && (keys == 0 || keys > QW_PACKAGE_KEYS_MAX)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK && qw_approval_is_needed(centre, QW_REQUEST_CHARGE_ORDER)) {
        err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "needs two officers");
    }
    if (err == QW_OK) {
        err = check(centre, &deed, station);
    }
    if (err == QW_OK) {
        err = order(centre, &deed, (uint16_t)keys, self.officer.id, NULL, made);
    }
    qw_centre_leave(centre);
    return err;
}

bool qw_charge_order_parse(const char *text, struct qw_charge_order *parsed)
{
    struct qw_charge_order found = { .keys = 0 };
    char again[QW_REQUEST_OBJECT_CAP];
    unsigned keys = 0;

    /* One spelling, so the same wish is the same request: read, and compared as written. */
    if (sscanf(text, "%63s %63s %4u", found.device, found.station, &keys) != 3 || keys == 0 ||
        keys > QW_PACKAGE_KEYS_MAX) {
        return false;
    }
    (void)snprintf(again, sizeof again, "%s %s %u", found.device, found.station, keys);
    if (strcmp(again, text) != 0 || !qw_device_id_ok(found.device) ||
        !qw_device_id_ok(found.station)) {
        return false;
    }
    found.keys = (uint16_t)keys;
    *parsed = found;
    return true;
}

qw_err qw_charge_order_reach(struct qw_centre *centre, const struct qw_deed *deed,
                             struct qw_request *request, enum qw_right right,
                             struct qw_officer_record *self)
{
    struct qw_charge_order asked;
    struct qw_deed on_device = *deed;
    qw_err err;

    if (!qw_charge_order_parse(request->object, &asked)) {
        return QW_ERR_ARG;
    }
    on_device.object = asked.device;
    err = qw_device_reach(centre, &on_device, right, self);
    if (err == QW_OK) {
        memcpy(request->unit, centre->card.device.unit, sizeof request->unit);
    }
    return err;
}

qw_err qw_charge_order_approved(struct qw_centre *centre, const struct qw_deed *deed,
                                const struct qw_request_record *request)
{
    struct qw_charge_order asked, made;
    const struct qw_deed on_device = { .caller = deed->caller,
                                       .verb = "charge-order",
                                       .object = asked.device };
    qw_err err = QW_ERR_IO; /* it was looked at when it was asked */

    if (qw_charge_order_parse(request->request.object, &asked)) {
        err = check(centre, &on_device, asked.station); /* the device was reached */
    }
    return err == QW_OK
               ? order(centre, &on_device, asked.keys, request->request.asked_by, request, &made)
               : err;
}

static qw_err cancel(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct order_record record;
    struct qw_group group;
    qw_err err = load(centre, deed->object, &record);

    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "nothing was ordered");
    }
    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    take_out(centre, &group, &record);
    return qw_group_commit(centre, &group, deed, "");
}

qw_err qw_centre_charge_order_cancel(struct qw_centre *centre, const struct qw_caller *caller,
                                     const char *device)
{
    struct qw_deed deed = { .caller = caller, .verb = "charge-order-cancel", .object = device };
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_CHARGE, &self);
    if (err == QW_OK) {
        err = cancel(centre, &deed);
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_charge_order_find(struct qw_centre *centre, const struct qw_caller *caller,
                                   const char *device, struct qw_charge_order *order, size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "charge-order-find", .object = device };
    struct order_record record;
    struct qw_officer_record self;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_device_reach(centre, &deed, QW_RIGHT_DEVICE_READ, &self);
    if (err == QW_OK) {
        err = load(centre, device, &record);
        *count = err == QW_OK && qw_clock_utc_ms() < record.order.until_ms ? 1 : 0;
        err = err == QW_ERR_NOT_FOUND ? QW_OK : err;
    }
    qw_centre_leave(centre);
    if (err == QW_OK && *count == 1) {
        *order = record.order;
    }
    return err;
}

struct walk {
    struct qw_centre *centre;
    const char *unit;
    int64_t now_ms;
    struct qw_charge_order *orders;
    size_t cap, count;
    qw_err err;
};

/* The unit is the device's of now: it may have moved. */
static int visit(void *self, const struct qw_store_record *stored)
{
    struct walk *walk = self;
    struct qw_centre *centre = walk->centre;
    struct qw_charge_order order = { .device = "" };
    size_t len = stored->len - QW_RECORD_OVERHEAD;

    if (stored->len < QW_RECORD_OVERHEAD || len > sizeof centre->scratch) {
        walk->err = QW_ERR_IO;
        return 0;
    }
    walk->err = qw_record_open(centre, QW_STORE_META, stored, stored->len, centre->scratch);
    if (walk->err == QW_OK && !decode(centre->scratch, len, &order)) {
        walk->err = QW_ERR_IO;
    }
    if (walk->err == QW_OK && walk->now_ms < order.until_ms) {
        walk->err = qw_card_book_load(centre, order.device, &centre->card);
        if (walk->err == QW_OK && qw_unit_contains(walk->unit, centre->card.device.unit)) {
            walk->orders[walk->count++] = order;
        }
    }
    return walk->err == QW_OK && walk->count < walk->cap;
}

qw_err qw_centre_charge_order_list(struct qw_centre *centre, const struct qw_caller *caller,
                                   const char *after, struct qw_charge_order *orders, size_t cap,
                                   size_t *count)
{
    struct qw_deed deed = { .caller = caller, .verb = "charge-order-list", .object = after };
    const struct qw_store *store = centre->config.store;
    struct qw_officer_record self;
    struct walk walk = { .centre = centre,
                         .unit = self.officer.unit,
                         .now_ms = qw_clock_utc_ms(),
                         .orders = orders,
                         .cap = cap };
    char place[ID_CAP];
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_find(centre, &deed, QW_RIGHT_DEVICE_READ, &self);
    if (err == QW_OK && (strlen(after) >= ID_CAP - PREFIX_LEN || cap == 0)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = store->scan(store->self, QW_STORE_META, TAG, place, record_id(after, place), SIZE_MAX,
                          visit, &walk);
    }
    if (err == QW_OK) {
        err = walk.err;
    }
    qw_centre_leave(centre);
    if (err == QW_OK) {
        *count = walk.count;
    }
    return err;
}
