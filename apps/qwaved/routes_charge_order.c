/* SPDX-License-Identifier: Apache-2.0 */
/* Orders to charge at a station [W8]. */
#include "api/url.h"
#include "centre/device/charge_order.h"
#include "route_list.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_ORDERS = 100, ORDER_TEXT_MAX = 512 };

static void write_order(struct qw_json_writer *w, const struct qw_charge_order *order)
{
    qw_json_object_begin(w);
    qw_json_name(w, "device");
    qw_json_text(w, order->device);
    qw_json_name(w, "station");
    qw_json_text(w, order->station);
    qw_json_name(w, "keys");
    qw_json_uint(w, order->keys);
    qw_json_name(w, "ordered_by");
    qw_json_text(w, order->ordered_by);
    qw_json_name(w, "ordered_ms");
    qw_json_int(w, order->ordered_ms);
    qw_json_name(w, "until_ms");
    qw_json_int(w, order->until_ms);
    qw_json_object_end(w);
}

void route_charge_order(struct call *call)
{
    char station[sizeof((struct qw_charge_order *)0)->station] = "";
    char text[ORDER_TEXT_MAX];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);
    struct qw_charge_order order;
    uint64_t keys = 0;
    struct qw_json_reader r;
    const struct qw_json_node *object;
    qw_err err;

    if (!call_open_body(call, false, &r, &object)) {
        return;
    }
    qw_json_get_text(&r, object, "station", station, 1, sizeof station);
    qw_json_get_uint(&r, object, "keys", 1, QW_PACKAGE_KEYS_MAX, &keys);
    err = qw_json_end(&r);
    if (err == QW_OK) {
        err = qw_centre_charge_order(call->service->centre, &call->caller, call->parameter[0],
                                     station, (uint32_t)keys, &order);
    }
    if (err != QW_OK) {
        call_refuse(call, err);
        return;
    }
    write_order(&w, &order);
    call_send(call, 201, &w, NULL);
}

void route_charge_order_cancel(struct call *call)
{
    qw_err err;

    if (!call_check_body(call)) {
        return;
    }
    err = qw_centre_charge_order_cancel(call->service->centre, &call->caller, call->parameter[0]);
    if (err == QW_OK) {
        call_send_empty(call);
    } else {
        call_refuse(call, err);
    }
}

static void send_orders(struct call *call, const struct qw_charge_order *orders, size_t count)
{
    struct qw_json_writer w;

    if (!list_begin(call, "orders", count * ORDER_TEXT_MAX, &w)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        write_order(&w, &orders[i]);
    }
    list_send(call, &w);
}

/* device: that of one device alone. */
static qw_err find_orders(const struct call *call, struct qw_charge_order *orders, size_t *count)
{
    char id[sizeof orders->device] = "";
    qw_err err = qw_url_query_find(call->request->query, "device", id, sizeof id);

    if (err == QW_OK) {
        return qw_centre_charge_order_find(call->service->centre, &call->caller, id, orders, count);
    }
    if (err == QW_ERR_NOT_FOUND) {
        err = qw_url_query_find(call->request->query, "after", id, sizeof id);
    }
    return err == QW_OK || err == QW_ERR_NOT_FOUND
               ? qw_centre_charge_order_list(call->service->centre, &call->caller, id, orders,
                                             PAGE_ORDERS, count)
               : err;
}

void route_charge_order_list(struct call *call)
{
    struct qw_charge_order *orders = calloc(PAGE_ORDERS, sizeof *orders);
    size_t count = 0;
    qw_err err = orders == NULL ? QW_ERR_NOMEM : find_orders(call, orders, &count);

    if (err == QW_OK) {
        send_orders(call, orders, count);
    } else {
        call_refuse(call, err);
    }
    free(orders);
}
