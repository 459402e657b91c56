/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W8 C8 */
/* Orders to charge at a station: made, taken back, seen by whom they concern, and over when the
 * card was charged [docs/design/charge-orders.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/approval/approval.h"
#include "centre/device/charge_order.h"
#include "centre/device/describe.h"
#include "unit/centre/scene.h"

#include <stdio.h>

static int make(void **state)
{
    int status = scene_make(state);

    make_everybody(*state);
    return status;
}

static qw_err order_of(struct scene *scene, const char *device, uint32_t keys,
                       struct qw_charge_order *order)
{
    return qw_centre_charge_order(scene->centre, &scene->operator_caller, device, "station-1", keys,
                                  order);
}

static size_t found(struct scene *scene, const char *device, struct qw_charge_order *order)
{
    size_t count = 9;

    assert_int_equal(
        qw_centre_charge_order_find(scene->centre, &scene->operator_caller, device, order, &count),
        QW_OK);
    return count;
}

static void an_order_stands_until_the_card_was_charged(void **state)
{
    static uint8_t sealed[65536];
    struct scene *scene = *state;
    struct qw_card_keys wrap = card_keys(&scene->terminal);
    struct qw_charge_order order = { .keys = 0 };
    size_t len;

    assert_int_equal(found(scene, "terminal-1", &order), 0);
    assert_int_equal(order_of(scene, "terminal-1", 5, &order), QW_OK);
    assert_last_deed(scene, "charge-order", QW_OK, "5 keys at station-1");
    assert_int_equal(order_of(scene, "terminal-1", 7, &order), QW_OK); /* in its place */
    scene_restart(scene);
    assert_int_equal(found(scene, "terminal-1", &order), 1);
    assert_int_equal(order.keys, 7);
    assert_string_equal(order.station, "station-1");
    assert_string_equal(order.ordered_by, "alice");
    assert_int_equal(order.until_ms - order.ordered_ms, QW_CHARGE_ORDER_MS);
    assert_int_equal(charge(scene, "terminal-1", 7, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(found(scene, "terminal-1", &order), 1); /* the card may not have it */
    card_open_and_take(&scene->terminal, sealed, len, wrap.wrap);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
    assert_int_equal(found(scene, "terminal-1", &order), 0);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK); /* the receipt again */
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void an_order_is_taken_back_or_forgotten_or_goes_with_its_device(void **state)
{
    struct scene *scene = *state;
    struct qw_charge_order order;

    assert_int_equal(
        qw_centre_charge_order_cancel(scene->centre, &scene->operator_caller, "terminal-1"),
        QW_ERR_STATE);
    assert_int_equal(order_of(scene, "terminal-1", 1, &order), QW_OK);
    assert_int_equal(
        qw_centre_charge_order_cancel(scene->centre, &scene->operator_caller, "terminal-1"), QW_OK);
    assert_int_equal(found(scene, "terminal-1", &order), 0);
    assert_int_equal(order_of(scene, "terminal-1", 1, &order), QW_OK);
    scene_now_ms += QW_CHARGE_ORDER_MS - 1;
    assert_int_equal(found(scene, "terminal-1", &order), 1);
    scene_now_ms++;
    assert_int_equal(found(scene, "terminal-1", &order), 0);
    assert_int_equal(order_of(scene, "terminal-1", 1, &order), QW_OK);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    assert_int_equal(found(scene, "terminal-1", &order), 0);
    assert_int_equal(order_of(scene, "terminal-1", 1, &order), QW_ERR_STATE);
}

static void what_cannot_be_charged_is_not_ordered(void **state)
{
    struct scene *scene = *state;
    struct qw_charge_order order = { .keys = 3 };

    assert_int_equal(order_of(scene, "terminal-1", 0, &order), QW_ERR_ARG);
    assert_int_equal(order_of(scene, "terminal-1", QW_PACKAGE_KEYS_MAX + 1, &order), QW_ERR_ARG);
    assert_int_equal(order_of(scene, "none", 1, &order), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-1",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    assert_int_equal(order_of(scene, "app-1", 1, &order), QW_ERR_STATE);
    assert_int_equal(qw_centre_charge_order(scene->centre, &scene->operator_caller, "terminal-1",
                                            "none", 1, &order),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_charge_order(scene->centre, &scene->operator_caller, "terminal-1",
                                            "ap-1", 1, &order),
                     QW_ERR_STATE);
    assert_int_equal(order.keys, 3);
    assert_int_equal(order_of(scene, "terminal-1", QW_PACKAGE_KEYS_MAX, &order), QW_OK);
}

static const struct qw_caller *by(const char *id)
{
    static struct qw_caller caller;

    caller = (struct qw_caller){ .role = QW_ROLE_OPERATOR };
    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    memcpy(caller.certificate_hash, id, strlen(id));
    return &caller;
}

static qw_err ask(struct scene *scene, const char *who, const char *object,
                  struct qw_request *request)
{
    struct qw_request_wish wish = { .verb = QW_REQUEST_CHARGE_ORDER, .object = object };

    return qw_centre_request_ask(scene->centre, by(who), &wish, request);
}

static qw_err approve(struct scene *scene, const char *who, const struct qw_request *request)
{
    return qw_centre_request_approve(scene->centre, by(who), request->id, request->digest);
}

static void two_order_where_the_policy_says_so(void **state)
{
    static const char *const wrong[] = { "",
                                         "terminal-1",
                                         "terminal-1 station-1",
                                         "terminal-1 station-1 0",
                                         "terminal-1 station-1 1025",
                                         "terminal-1 station-1 05",
                                         "terminal-1 station-1 -5",
                                         "terminal-1 station-1 5 ",
                                         " terminal-1 station-1 5",
                                         "terminal-1  station-1 5",
                                         "terminal-1 station-1 5 5",
                                         "terminal-1 station-1 five" };
    static const char *const people[] = { "ope-1", "ope-2", "ope-n" };
    char longest[2 * QW_REQUEST_OBJECT_CAP];
    struct scene *scene = *state;
    struct qw_charge_order order = { .keys = 0 };
    struct qw_request request, listed[2];
    size_t count = 0;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_centre_officer_add(scene->centre, by("alice"), people[i],
                                               QW_OFFICER_OPERATOR, i == 2 ? "/north" : "/"),
                         QW_OK);
    }
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sec", QW_OFFICER_SECURITY, "/"), QW_OK);
    assert_int_equal(ask(scene, "ope-1", "terminal-1 station-1 5", &request), QW_ERR_STATE);
    scene->config.dual_control = QW_DUAL_CONTROL_DESTROY; /* takes one still */
    scene_restart(scene);
    assert_int_equal(ask(scene, "ope-1", "terminal-1 station-1 5", &request), QW_ERR_STATE);
    assert_int_equal(order_of(scene, "terminal-1", 3, &order), QW_OK);
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(order_of(scene, "terminal-1", 5, &order), QW_ERR_STATE);
    assert_last_deed(scene, "charge-order", QW_ERR_STATE, "needs two officers");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ask(scene, "ope-1", wrong[i], &request), QW_ERR_ARG);
    }
    (void)snprintf(longest, sizeof longest, "%0*d station-1 5", QW_REQUEST_OBJECT_CAP, 0);
    assert_int_equal(ask(scene, "ope-1", longest, &request), QW_ERR_ARG);
    assert_int_equal(ask(scene, "ope-1", "none station-1 5", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(ask(scene, "ope-n", "terminal-1 station-1 5", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(ask(scene, "sec", "terminal-1 station-1 5", &request), QW_ERR_REFUSED);
    assert_int_equal(ask(scene, "ope-1", "terminal-1 station-1 5", &request), QW_OK);
    assert_int_equal(ask(scene, "ope-2", "terminal-1 station-1 5", &listed[0]), QW_ERR_CONFLICT);
    assert_int_equal(qw_centre_request_list(scene->centre, by("ope-2"), listed, 2, &count), QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(listed[0].object, "terminal-1 station-1 5");
    assert_int_equal(approve(scene, "ope-1", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "sec", &request), QW_ERR_REFUSED);
    assert_int_equal(approve(scene, "ope-n", &request), QW_ERR_NOT_FOUND);
    assert_int_equal(found(scene, "terminal-1", &order), 1);
    assert_int_equal(order.keys, 3);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(approve(scene, "ope-2", &request), QW_ERR_IO);
    scene_restart(scene);
    assert_int_equal(found(scene, "terminal-1", &order), 1);
    assert_int_equal(order.keys, 3);
    assert_int_equal(approve(scene, "ope-2", &request), QW_OK);
    assert_last_deed(scene, "charge-order", QW_OK, "5 keys at station-1");
    assert_int_equal(approve(scene, "ope-2", &request), QW_ERR_STATE);
    assert_int_equal(found(scene, "terminal-1", &order), 1);
    assert_int_equal(order.keys, 5);
    assert_string_equal(order.ordered_by, "ope-1");
    assert_journal_whole(scene);
}

/* What cannot be ordered when it is approved leaves the request as it was, until it is over. */
static void what_two_want_is_looked_at_when_it_is_approved(void **state)
{
    struct scene *scene = *state;
    struct qw_charge_order order;
    struct qw_request request;

    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "ope-1", QW_OFFICER_OPERATOR, "/"),
        QW_OK);
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(ask(scene, "ope-1", "terminal-1 ap-1 5", &request), QW_OK);
    assert_int_equal(approve(scene, "alice", &request), QW_ERR_STATE);
    assert_last_deed(scene, "charge-order", QW_ERR_STATE, "the station may not charge");
    assert_int_equal(qw_centre_request_deny(scene->centre, by("alice"), request.id), QW_OK);
    assert_int_equal(ask(scene, "ope-1", "terminal-1 station-1 1024", &request), QW_OK);
    scene_now_ms += 1000 * QW_APPROVAL_S_STANDARD;
    assert_int_equal(approve(scene, "alice", &request), QW_ERR_STATE);
    assert_int_equal(found(scene, "terminal-1", &order), 0);
}

static void orders_are_listed_where_their_devices_stand(void **state)
{
    struct scene *scene = *state;
    struct qw_charge_order orders[4];
    struct qw_caller north = caller_of("urn:qwave:officer:north");
    size_t count = 0;

    for (int i = 0; i < 3; i++) {
        char id[32];
        struct qw_device_entry entry = { .id = id,
                                         .kind = QW_DEVICE_METER,
                                         .owner = "",
                                         .peers = "",
                                         .unit = i == 1 ? "/north" : "/south" };

        (void)snprintf(id, sizeof id, "meter-%d", i);
        assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry),
                         QW_OK);
        assert_int_equal(order_of(scene, id, 1, &orders[0]), QW_OK);
    }
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "north",
                                           QW_OFFICER_OPERATOR, "/north"),
                     QW_OK);
    assert_int_equal(
        qw_centre_charge_order_list(scene->centre, &scene->operator_caller, "", orders, 2, &count),
        QW_OK);
    assert_int_equal(count, 2);
    assert_string_equal(orders[1].device, "meter-1");
    assert_int_equal(qw_centre_charge_order_list(scene->centre, &scene->operator_caller, "meter-1",
                                                 orders, 4, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(orders[0].device, "meter-2");
    assert_int_equal(qw_centre_charge_order_list(scene->centre, &north, "", orders, 4, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_string_equal(orders[0].device, "meter-1");
    assert_int_equal(qw_centre_charge_order_cancel(scene->centre, &north, "meter-2"),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "meter-2", "/north"), QW_OK);
    assert_int_equal(qw_centre_charge_order_list(scene->centre, &north, "", orders, 4, &count),
                     QW_OK);
    assert_int_equal(count, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, scene_remove)
    const struct CMUnitTest tests[] = {
        TEST(an_order_stands_until_the_card_was_charged),
        TEST(an_order_is_taken_back_or_forgotten_or_goes_with_its_device),
        TEST(what_cannot_be_charged_is_not_ordered),
        TEST(orders_are_listed_where_their_devices_stand),
        TEST(two_order_where_the_policy_says_so),
        TEST(what_two_want_is_looked_at_when_it_is_approved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
