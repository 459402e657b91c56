/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 */
/* U1 to U5 of docs/design/card-binding.md. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

static qw_err bind_to(struct scene *scene, const char *id, const char *user)
{
    return qw_centre_card_bind(scene->centre, &scene->operator_caller, id, user);
}

static qw_err unbind(struct scene *scene, const char *id)
{
    return qw_centre_card_unbind(scene->centre, &scene->operator_caller, id);
}

static qw_err change(struct scene *scene, enum qw_device_event event)
{
    return qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1", event);
}

static struct qw_device find(struct scene *scene, const char *id)
{
    struct qw_device device;

    assert_int_equal(qw_centre_device_find(scene->centre, &scene->operator_caller, id, &device),
                     QW_OK);
    return device;
}

static void a_card_has_one_user_at_a_time(void **state)
{
    struct scene *scene = *state;
    char long_name[80];

    make_everybody(scene);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(bind_to(scene, "terminal-1", ""), QW_ERR_ARG);
    assert_int_equal(bind_to(scene, "terminal-1", "a b"), QW_ERR_ARG);
    assert_int_equal(bind_to(scene, "terminal-1", long_name), QW_ERR_ARG);
    assert_int_equal(unbind(scene, "terminal-1"), QW_ERR_STATE);
    assert_int_equal(bind_to(scene, "terminal-1", "li-hua"), QW_OK);
    assert_last_deed(scene, "card-bind", QW_OK, "user li-hua"); /* U1 */
    assert_string_equal(find(scene, "terminal-1").user, "li-hua");
    assert_int_equal(find(scene, "terminal-1").bound_ms, scene_now_ms);
    assert_int_equal(bind_to(scene, "terminal-1", "li-hua"), QW_OK);
    assert_int_equal(bind_to(scene, "terminal-1", "wang"), QW_ERR_CONFLICT); /* U2 */
    scene_restart(scene);
    assert_string_equal(find(scene, "terminal-1").user, "li-hua");
    assert_int_equal(unbind(scene, "terminal-1"), QW_OK);
    assert_last_deed(scene, "card-unbind", QW_OK, "user li-hua");
    assert_int_equal(bind_to(scene, "terminal-1", "wang"), QW_OK);
    assert_string_equal(find(scene, "terminal-1").user, "wang");
    assert_journal_whole(scene);
}

static void what_has_no_card_is_bound_to_nobody(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    size_t len;

    make_everybody(scene);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "app-7",
                                               QW_DEVICE_APPLICATION, "", ""),
                     QW_OK);
    assert_int_equal(bind_to(scene, "app-7", "li"), QW_ERR_STATE);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "t-2",
                                               QW_DEVICE_TERMINAL, "", ""),
                     QW_OK);
    assert_int_equal(bind_to(scene, "t-2", "li"), QW_ERR_STATE);
    assert_int_equal(charge(scene, "t-2", 3, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(bind_to(scene, "t-2", "li"), QW_ERR_STATE); /* nobody has proved the card */
    assert_int_equal(bind_to(scene, "terminal-1", "li"), QW_OK);
    assert_int_equal(change(scene, QW_DEVICE_DESTROY), QW_OK);
    assert_int_equal(bind_to(scene, "terminal-1", "li"), QW_ERR_STATE);
    assert_int_equal(unbind(scene, "terminal-1"), QW_ERR_STATE);
    assert_string_equal(find(scene, "terminal-1").user, "li"); /* whose it was */
}

/* U3, U5: no package of a session that was begun before, whatever comes after. */
static void suspending_and_freeing_end_the_session(void **state)
{
    struct scene *scene = *state;
    static uint8_t sealed[65536];
    uint8_t session_id[16], keys[1][32];
    size_t len;

    make_everybody(scene);
    assert_int_equal(bind_to(scene, "terminal-1", "li"), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(change(scene, QW_DEVICE_SUSPEND), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_ERR_REFUSED);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_ERR_REFUSED);
    assert_int_equal(change(scene, QW_DEVICE_RESUME), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_ERR_REFUSED);
    assert_last_deed(scene, "package", QW_ERR_REFUSED, "no such session");
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(unbind(scene, "terminal-1"), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_ERR_REFUSED);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    assert_int_equal(change(scene, QW_DEVICE_SUSPEND), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(send_receipt(scene, session_id), QW_ERR_REFUSED);
    assert_int_equal(change(scene, QW_DEVICE_RESUME), QW_OK);
    assert_int_equal(send_receipt(scene, session_id), QW_ERR_REFUSED);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK); /* its token is the receipt */
    assert_journal_whole(scene);
}

static qw_err fetch_first(struct scene *scene, const char *id)
{
    uint8_t keys[1][32];

    return fetch_ids(scene, &scene->application, id, (const uint8_t(*)[16])scene->terminal.ids[0],
                     1, keys);
}

/* scene->terminal is the device's card. */
static void assert_needs_a_user(struct scene *scene, const char *id)
{
    uint8_t session_id[16];

    assert_int_equal(contact(scene, false, 5, session_id), QW_ERR_REFUSED); /* U4 */
    assert_last_deed(scene, "contact", QW_ERR_REFUSED, "nobody's");
    assert_int_equal(fetch_first(scene, id), QW_ERR_REFUSED);
    assert_int_equal(bind_to(scene, id, "li"), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(fetch_first(scene, id), QW_OK);
    assert_int_equal(unbind(scene, id), QW_OK);
    assert_int_equal(contact(scene, false, 5, session_id), QW_ERR_REFUSED);
    assert_int_equal(fetch_first(scene, id), QW_ERR_REFUSED);
}

static void where_cards_need_a_user_others_get_nothing(void **state)
{
    struct scene *scene = *state;

    make_everybody(scene);
    scene->config.cards_need_user = true;
    scene_restart(scene);
    assert_needs_a_user(scene, "terminal-1");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    make_card(scene, "key-1", QW_DEVICE_USB_KEY, 4, &scene->terminal);
    assert_needs_a_user(scene, "key-1");
}

static void every_failing_write_binds_or_does_not(void **state)
{
    struct scene *scene = *state;
    uint8_t session_id[16];
    qw_err err = QW_ERR_IO;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 9);
        scene->submits = 0;
        scene->fail_at = n;
        err = bind_to(scene, "terminal-1", "li");
        scene->fail_at = 0;
        assert_string_equal(find(scene, "terminal-1").user, err == QW_OK ? "li" : "");
    }
    err = QW_ERR_IO;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 9);
        scene->submits = 0;
        scene->fail_at = n;
        err = unbind(scene, "terminal-1");
        scene->fail_at = 0;
        assert_string_equal(find(scene, "terminal-1").user, err == QW_OK ? "" : "li");
    }
    assert_journal_whole(scene);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        CASE(a_card_has_one_user_at_a_time),
        CASE(what_has_no_card_is_bound_to_nobody),
        CASE(suspending_and_freeing_end_the_session),
        CASE(where_cards_need_a_user_others_get_nothing),
        CASE(every_failing_write_binds_or_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
