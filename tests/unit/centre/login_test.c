/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C11 */
/* Officers who log in by a password and a code of their card, both or nothing, once; who gives and
 * sets passwords [docs/protocol/console-login.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../api/card_root.h"

#include "centre/authentication/authentication.h"
#include "centre/login/login.h"
#include "unit/centre/scene.h"

#include <stdio.h>

#define OWN "a sentence of bob's own"
#define NO_CODE "1234-5678-9012"

static int make(void **state)
{
    static const struct qw_password_cost least = { 10, 1, 1 };
    int status = scene_make(state);
    struct scene *scene = *state;

    scene->config.login_cost = least;
    scene_restart(scene);
    make_everybody(scene);
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "bob",
                                           QW_OFFICER_SECURITY, "/"),
                     QW_OK);
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "carol",
                                           QW_OFFICER_SECURITY, "/north"),
                     QW_OK);
    assert_int_equal(
        qw_centre_card_bind(scene->centre, &scene->operator_caller, "terminal-1", "bob"), QW_OK);
    return status;
}

static struct qw_caller officer(const char *id)
{
    char identity[128];

    (void)snprintf(identity, sizeof identity, "urn:qwave:officer:%s", id);
    return caller_of(identity);
}

/* L1: of the card's key number so and so, at that time. */
static const char *code_at(struct scene *scene, size_t key, int64_t time_ms)
{
    static char text[QW_LOGIN_CODE_CAP];
    struct qw_card_keys keys = card_keys(&scene->terminal);
    struct qw_login_code code = { .locator = qw_login_code_locator(scene->terminal.ids[key]) };
    uint8_t code_key[32];

    assert_int_equal(qw_login_code_key(root_of(keys.report, scene->terminal.keys[key]), code_key),
                     QW_OK);
    assert_int_equal(
        qw_login_code_number(code_key, "bob", (uint64_t)(time_ms / QW_LOGIN_STEP_MS), &code.number),
        QW_OK);
    qw_login_code_format(&code, text);
    return text;
}

static const char *code(struct scene *scene, size_t key)
{
    return code_at(scene, key, scene_now_ms);
}

static qw_err log_in(struct scene *scene, const char *password, const char *text,
                     struct qw_login *login)
{
    struct qw_login_wish wish = { .officer = "bob", .password = password, .code = text };

    return qw_centre_login(scene->centre, &wish, login);
}

static qw_err by_certificate(struct scene *scene, const char *id, const char *password,
                             const char *card)
{
    struct qw_caller caller = officer(id);
    struct qw_password_change change = { .password = password, .card = card };

    return qw_centre_login_password(scene->centre, &caller, &change, NULL);
}

static qw_err initial(struct scene *scene, const char *by, const char *id,
                      char password[static QW_LOGIN_INITIAL_CAP])
{
    struct qw_caller caller = officer(by);
    int64_t until_ms = 0;
    qw_err err =
        qw_centre_login_initial(scene->centre, &caller, id, "terminal-1", password, &until_ms);

    assert_int_equal(until_ms, err == QW_OK ? scene_now_ms + QW_LOGIN_INITIAL_MS : 0);
    return err;
}

static void password_and_code_let_in_once(void **state)
{
    struct scene *scene = *state;
    struct qw_login login = { .officer = "" };
    char used[QW_LOGIN_CODE_CAP];
    uint8_t key[1][32];

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    assert_last_deed(scene, "password-own", QW_OK, "by certificate");
    strcpy(used, code(scene, 3)); /* those before were used elsewhere: the centre need not know */
    assert_int_equal(log_in(scene, OWN, used, &login), QW_OK);
    assert_last_deed(scene, "console-login", QW_OK, "card of terminal-1");
    assert_string_equal(login.officer, "bob");
    assert_false(login.must_change);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 3, 1, key), QW_ERR_NOT_FOUND);
    scene_restart(scene); /* it is durable */
    assert_int_equal(log_in(scene, OWN, used, &login), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "was used");
    assert_int_equal(log_in(scene, OWN, code(scene, 4), &login), QW_OK);
    assert_int_equal(qw_centre_logout(scene->centre, &login, "by himself"), QW_OK);
    assert_last_deed(scene, "console-logout", QW_OK, "by himself");
    assert_int_equal(fetch(scene, &scene->application, 5, 1, key), QW_OK);
    assert_int_equal(log_in(scene, OWN, code(scene, 5), &login),
                     QW_ERR_REFUSED); /* others know it */
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void half_of_it_is_nothing_and_locks(void **state)
{
    struct scene *scene = *state;
    struct qw_login login = { .officer = "" };

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    assert_int_equal(log_in(scene, OWN, NO_CODE, &login), QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, OWN, "no code at all", &login), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "no code");
    assert_int_equal(log_in(scene, "a sentence of mallory", code(scene, 0), &login),
                     QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "wrong password");
    assert_int_equal(log_in(scene, OWN, code(scene, 0), &login),
                     QW_ERR_REFUSED); /* used up with it */
    assert_int_equal(log_in(scene, OWN, NO_CODE, &login), QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, OWN, code(scene, 1), &login), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "locked");
    scene_restart(scene); /* the lock is durable, */
    assert_int_equal(log_in(scene, OWN, code(scene, 1), &login), QW_ERR_REFUSED);
    scene_now_ms += QW_AUTH_LOCK_MS;
    assert_int_equal(log_in(scene, OWN, NO_CODE, &login),
                     QW_ERR_REFUSED); /* and lasts longer now */
    scene_now_ms += QW_AUTH_LOCK_MS;
    assert_int_equal(log_in(scene, OWN, code(scene, 1), &login), QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_auth_unlock(scene->centre, &scene->operator_caller, "urn:qwave:officer:bob"),
        QW_OK);
    assert_int_equal(log_in(scene, OWN, code(scene, 1), &login), QW_OK);
    assert_string_equal(login.officer, "bob");
    assert_journal_whole(scene);
}

static void a_stranger_locks_nobody(void **state)
{
    struct scene *scene = *state;
    struct qw_login_wish nobody = { .officer = "nobody", .password = OWN, .code = NO_CODE };
    struct qw_login login;

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    for (int i = 0; i < 2 * QW_AUTH_FAILURES_MAX; i++) {
        assert_int_equal(log_in(scene, "a sentence of mallory", NO_CODE, &login), QW_ERR_REFUSED);
    }
    assert_int_equal(qw_centre_login(scene->centre, &nobody, &login), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "no officer with a password");
    nobody.officer = "no id\n";
    assert_int_equal(qw_centre_login(scene->centre, &nobody, &login), QW_ERR_REFUSED);
    nobody.officer = "carol"; /* who never set one */
    assert_int_equal(qw_centre_login(scene->centre, &nobody, &login), QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, OWN, code(scene, 0), &login), QW_OK);
}

static void codes_are_good_for_two_minutes_and_what_clocks_differ(void **state)
{
    struct scene *scene = *state;
    int64_t window_ms = 1000 * QW_AUTH_WINDOW_S_STANDARD;
    struct qw_login login;

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    scene_now_ms += QW_LOGIN_STEP_MS - scene_now_ms % QW_LOGIN_STEP_MS;
    assert_int_equal(log_in(scene, OWN,
                            code_at(scene, 0, scene_now_ms - QW_LOGIN_TYPING_MS - window_ms - 1),
                            &login),
                     QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "another time");
    assert_int_equal(
        log_in(scene, OWN, code_at(scene, 0, scene_now_ms + window_ms + QW_LOGIN_STEP_MS), &login),
        QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, OWN,
                            code_at(scene, 0, scene_now_ms - QW_LOGIN_TYPING_MS - window_ms),
                            &login),
                     QW_OK);
    assert_int_equal(log_in(scene, OWN, code_at(scene, 1, scene_now_ms + window_ms), &login),
                     QW_OK);
}

static void a_first_password_is_for_one_day_and_one_thing(void **state)
{
    struct scene *scene = *state;
    char password[QW_LOGIN_INITIAL_CAP] = "", second[QW_LOGIN_INITIAL_CAP] = "";
    struct qw_caller bob = officer("bob");
    struct qw_password_change change = { .password = OWN, .current = password };
    struct qw_login login, before;

    assert_int_equal(initial(scene, "bob", "bob", password), QW_ERR_REFUSED);
    assert_int_equal(initial(scene, "carol", "bob", password), QW_ERR_NOT_FOUND); /* from beneath */
    assert_int_equal(initial(scene, "alice", "nobody", password), QW_ERR_NOT_FOUND);
    assert_int_equal(initial(scene, "alice", "carol", password), QW_ERR_STATE); /* not her card */
    assert_string_equal(password, "");
    assert_int_equal(initial(scene, "alice", "bob", password), QW_OK);
    assert_last_deed(scene, "officer-password", QW_OK, "initial");
    assert_int_equal(strlen(password), QW_LOGIN_INITIAL_CAP - 1);
    scene_now_ms += QW_LOGIN_INITIAL_MS;
    assert_int_equal(log_in(scene, password, code(scene, 0), &login), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "has run out");
    scene_now_ms--;
    assert_int_equal(log_in(scene, password, code(scene, 1), &login), QW_OK);
    assert_true(login.must_change);
    before = login;
    assert_int_equal(qw_centre_login_password(scene->centre, &bob, &change, &login), QW_OK);
    assert_false(login.must_change);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &before), QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, password, code(scene, 2), &before), QW_ERR_REFUSED);
    assert_int_equal(initial(scene, "alice", "bob", second), QW_OK); /* forgotten again */
    assert_string_not_equal(second, password);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_ERR_REFUSED);
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(initial(scene, "alice", "bob", password), QW_ERR_STATE);
    assert_last_deed(scene, "officer-password", QW_ERR_STATE, "dual control");
    assert_int_equal(by_certificate(scene, "bob", OWN, NULL), QW_OK);
}

static void a_password_is_text_of_some_length_and_a_new_one(void **state)
{
    struct scene *scene = *state;
    struct qw_caller bob = officer("bob");
    struct qw_password_change change = { .password = "another sentence", .current = "wrong one" };
    char text[QW_LOGIN_PASSWORD_MAX + 2];
    struct qw_login login;

    assert_int_equal(by_certificate(scene, "bob", "elevenbytes", "terminal-1"), QW_ERR_ARG);
    assert_int_equal(by_certificate(scene, "bob", "twelve bytes\n", "terminal-1"), QW_ERR_ARG);
    assert_int_equal(by_certificate(scene, "bob", "twelve bytes \xff", "terminal-1"), QW_ERR_ARG);
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(by_certificate(scene, "bob", text, "terminal-1"), QW_ERR_ARG);
    text[sizeof text - 2] = '\0';
    assert_int_equal(by_certificate(scene, "bob", text, NULL), QW_ERR_STATE); /* with which card? */
    assert_int_equal(by_certificate(scene, "bob", text, "ap-1"), QW_ERR_STATE);
    assert_int_equal(by_certificate(scene, "bob", text, "none"), QW_ERR_STATE);
    assert_int_equal(by_certificate(scene, "carol", text, "terminal-1"), QW_ERR_STATE);
    assert_int_equal(by_certificate(scene, "bob", text, "terminal-1"), QW_OK);
    assert_int_equal(by_certificate(scene, "bob", "twelve bytes", NULL), QW_OK);
    assert_int_equal(by_certificate(scene, "bob", OWN, NULL), QW_OK);
    assert_int_equal(log_in(scene, OWN, code(scene, 0), &login), QW_OK);
    for (int i = 0; i < QW_AUTH_FAILURES_MAX; i++) { /* somebody else at his page */
        assert_int_equal(qw_centre_login_password(scene->centre, &bob, &change, &login),
                         QW_ERR_REFUSED);
        assert_last_deed(scene, "password-own", QW_ERR_REFUSED, "wrong password");
    }
    change.current = OWN;
    assert_int_equal(qw_centre_login_password(scene->centre, &bob, &change, &login),
                     QW_ERR_REFUSED);
    assert_last_deed(scene, "password-own", QW_ERR_REFUSED, "locked");
    change.password = OWN; /* the same */
    assert_int_equal(qw_centre_login_password(scene->centre, &bob, &change, &login), QW_ERR_ARG);
    change = (struct qw_password_change){ .password = text, .current = OWN, .card = "terminal-1" };
    assert_int_equal(qw_centre_login_password(scene->centre, &bob, &change, &login), QW_ERR_ARG);
}

static void who_is_out_of_service_is_out_at_once(void **state)
{
    struct scene *scene = *state;
    struct qw_login login, again;

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    assert_int_equal(log_in(scene, OWN, code(scene, 0), &login), QW_OK);
    assert_int_equal(
        qw_centre_officer_change(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_SUSPEND),
        QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, OWN, code(scene, 1), &again), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "suspended");
    assert_int_equal(
        qw_centre_officer_change(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_RESUME),
        QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_OK);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_SUSPEND),
                     QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_ERR_REFUSED);
    assert_int_equal(log_in(scene, OWN, code(scene, 1), &again), QW_ERR_REFUSED);
    assert_last_deed(scene, "console-login", QW_ERR_REFUSED, "not in service");
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_RESUME),
                     QW_OK);
    assert_int_equal(qw_centre_card_unbind(scene->centre, &scene->operator_caller, "terminal-1"),
                     QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_card_bind(scene->centre, &scene->operator_caller, "terminal-1",
                                         "urn:qwave:officer:bob"),
                     QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_OK);
    assert_int_equal(
        qw_centre_officer_change(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_REMOVE),
        QW_OK);
    assert_int_equal(qw_centre_login_stands(scene->centre, &login), QW_ERR_REFUSED);
    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_ERR_REFUSED);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

/* The n-th write fails: nobody is in, and the key is as it was. */
static void a_write_that_fails_lets_nobody_in(void **state)
{
    struct scene *scene = *state;
    struct qw_login login = { .officer = "" };

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    scene->submits = 0;
    scene->fail_at = 1;
    assert_int_equal(log_in(scene, OWN, code(scene, 0), &login), QW_ERR_IO);
    assert_string_equal(login.officer, "");
    scene->fail_at = 0;
    assert_int_equal(log_in(scene, OWN, code(scene, 0), &login), QW_OK);
    assert_journal_whole(scene);
}

/* Whatever read fails: an error, never a way in. */
static void a_read_that_fails_lets_nobody_in(void **state)
{
    struct scene *scene = *state;
    qw_err err = QW_ERR_IO;

    assert_int_equal(by_certificate(scene, "bob", OWN, "terminal-1"), QW_OK);
    for (int n = 1; err != QW_OK; n++) {
        struct qw_login login = { .officer = "" };

        assert_true(n < 200);
        scene->reads = 0;
        scene->fail_read_at = n;
        scene->reads_fail = true;
        err = log_in(scene, OWN, code(scene, 0), &login);
        scene->reads_fail = false;
        assert_true(err == QW_OK || (err == QW_ERR_IO && login.officer[0] == '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(password_and_code_let_in_once, make, scene_remove),
        cmocka_unit_test_setup_teardown(half_of_it_is_nothing_and_locks, make, scene_remove),
        cmocka_unit_test_setup_teardown(a_stranger_locks_nobody, make, scene_remove),
        cmocka_unit_test_setup_teardown(codes_are_good_for_two_minutes_and_what_clocks_differ, make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(a_first_password_is_for_one_day_and_one_thing, make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(a_password_is_text_of_some_length_and_a_new_one, make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(who_is_out_of_service_is_out_at_once, make, scene_remove),
        cmocka_unit_test_setup_teardown(a_write_that_fails_lets_nobody_in, make, scene_remove),
        cmocka_unit_test_setup_teardown(a_read_that_fails_lets_nobody_in, make, scene_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
