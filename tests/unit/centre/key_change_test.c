/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C10 */
/* What officers do with one key [docs/design/key-life.md]: suspend and resume, archive and recover,
 * take back, destroy, say that others may know it. The clock is turned by hand. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "centre/approval/approval.h"
#include "centre/key/key_record.h"
#include "centre/pair/key_change.h"
#include "centre/people/officer.h"
#include "centre/restore/restore.h"
#include "unit/centre/scene.h"

enum { KEYS = 4, DAY_MS = 86400000 };

static struct qw_given_key given[KEYS]; /* as alice got them */

static const struct qw_caller *by(const char *id)
{
    static struct qw_caller caller;

    caller = (struct qw_caller){ .role = QW_ROLE_OPERATOR };
    (void)snprintf(caller.id, sizeof caller.id, "%s", id);
    memcpy(caller.certificate_hash, id, strlen(id));
    return &caller;
}

/* alice, whose keys bob and carol share; officers here and in the north. */
static int make(void **state)
{
    static const char *const saes[][2] = { { "alice", "bob,carol" },
                                           { "bob", "" },
                                           { "carol", "" } };
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller,
                                                   saes[i][0], QW_DEVICE_APPLICATION, "",
                                                   saes[i][1]),
                         QW_OK);
    }
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sec-1", QW_OFFICER_SECURITY, "/"),
        QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sec-2", QW_OFFICER_SECURITY, "/"),
        QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "ope", QW_OFFICER_OPERATOR, "/"), QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "aud", QW_OFFICER_AUDIT, "/"), QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("alice"), "sec-n", QW_OFFICER_SECURITY, "/north"),
        QW_OK);
    return 0;
}

/* Some longer than a place of a block, and shared. */
static void deliver(struct scene *scene, bool shared)
{
    struct qw_caller alice = caller_of("alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .others = (const char[][64]){ "carol" },
                                .other_count = shared ? 1 : 0,
                                .count = KEYS,
                                .bits = 384,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    assert_int_equal(qw_centre_deliver(scene->centre, &alice, &wish, given), QW_OK);
}

static qw_err get(struct scene *scene, const char *who, size_t i)
{
    struct qw_caller caller = caller_of(who);
    struct qw_given_key key;
    qw_err err = qw_centre_fetch(scene->centre, &caller, "alice", (const uint8_t(*)[16])given[i].id,
                                 1, &key);

    if (err == QW_OK) { /* the same key, wherever it stood meanwhile */
        assert_int_equal(key.bits, given[i].bits);
        assert_memory_equal(key.bytes, given[i].bytes, key.bits / 8);
    }
    return err;
}

static qw_err change(struct scene *scene, const char *who, size_t i, enum qw_key_order order)
{
    qw_err err = qw_centre_key_change(scene->centre, by(who), given[i].id, order);

    assert_books_balance(scene);
    return err;
}

static struct qw_key_account account(struct scene *scene, size_t i)
{
    struct qw_key_account found;

    assert_int_equal(qw_centre_key_find(scene->centre, by("aud"), given[i].id, &found), QW_OK);
    assert_string_equal(found.master, "alice");
    assert_string_equal(found.peer, "bob");
    return found;
}

static void sweep_days(struct scene *scene, int days)
{
    for (int i = 0; i < days; i++) {
        scene_now_ms += DAY_MS;
        assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    }
    assert_books_balance(scene);
}

static void a_suspended_key_comes_back_even_after_its_block(void **state)
{
    struct scene *scene = *state;

    deliver(scene, false);
    assert_int_equal(account(scene, 0).state, QW_KEY_ASSIGNED);
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_SUSPEND), QW_OK);
    assert_last_deed(scene, "key-suspend", QW_OK, "suspend, assigned, master alice");
    assert_int_equal(account(scene, 0).state, QW_KEY_SUSPENDED);
    assert_int_equal(get(scene, "bob", 0), QW_ERR_STATE);
    assert_int_equal(get(scene, "bob", 1), QW_OK); /* out of the same block */
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_SUSPEND), QW_ERR_STATE);
    scene_restart(scene);
    sweep_days(scene, 4);
    assert_int_equal(get(scene, "bob", 2), QW_ERR_NOT_FOUND); /* nobody came for it */
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_RESUME), QW_ERR_REFUSED);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_RESUME), QW_OK);
    assert_int_equal(get(scene, "bob", 0), QW_OK);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_SUSPEND), QW_ERR_STATE); /* he has it */
    sweep_days(scene, 1);
    assert_true(account(scene, 0).is_gone);
    assert_int_equal(account(scene, 0).state, QW_KEY_DESTROYED);
    assert_journal_whole(scene);
}

static void who_does_not_come_for_a_resumed_key_has_not_for_ever(void **state)
{
    struct scene *scene = *state;

    deliver(scene, true);
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_SUSPEND), QW_OK);
    assert_int_equal(get(scene, "carol", 0), QW_ERR_STATE);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_RESUME), QW_OK);
    assert_int_equal(get(scene, "carol", 0), QW_OK);
    assert_int_equal(change(scene, "ope", 1, QW_KEY_ORDER_SUSPEND), QW_OK);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_RESUME), QW_OK);
    sweep_days(scene, 2);
    assert_int_equal(get(scene, "bob", 1), QW_ERR_NOT_FOUND);
    assert_true(account(scene, 1).is_gone);
    assert_journal_whole(scene);
}

static void an_archived_key_waits_for_as_long_as_it_takes(void **state)
{
    struct scene *scene = *state;

    deliver(scene, true);
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_ARCHIVE), QW_ERR_REFUSED);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_ARCHIVE), QW_OK);
    assert_int_equal(change(scene, "ope", 1, QW_KEY_ORDER_SUSPEND), QW_OK);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_ARCHIVE), QW_OK); /* out of there too */
    assert_int_equal(get(scene, "bob", 0), QW_ERR_NOT_FOUND);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_RESUME), QW_ERR_STATE);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_VOID), QW_ERR_STATE);
    assert_int_equal(change(scene, "sec-1", 2, QW_KEY_ORDER_DESTROY), QW_ERR_STATE);
    scene_restart(scene);
    sweep_days(scene, 5);
    assert_int_equal(account(scene, 0).state, QW_KEY_ARCHIVED);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_RECOVER), QW_OK);
    assert_int_equal(get(scene, "bob", 0), QW_OK);
    assert_int_equal(get(scene, "carol", 0), QW_OK);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_DESTROY), QW_OK);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_true(account(scene, 1).is_gone);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_RECOVER), QW_ERR_STATE);
    assert_int_equal(get(scene, "bob", 1), QW_ERR_NOT_FOUND);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void what_others_may_know_is_noted_in_every_state(void **state)
{
    struct scene *scene = *state;

    deliver(scene, false);
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_SUSPEND), QW_OK);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_ARCHIVE), QW_OK);
    assert_int_equal(get(scene, "bob", 2), QW_OK);
    assert_int_equal(change(scene, "ope", 3, QW_KEY_ORDER_VOID), QW_OK);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(account(scene, 3).state, QW_KEY_DESTROYED);
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(change(scene, "ope", i, QW_KEY_ORDER_COMPROMISED), QW_OK);
    }
    assert_int_equal(account(scene, 3).state, QW_KEY_DESTROYED_COMPROMISED);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(get(scene, "bob", i), QW_ERR_NOT_FOUND);
        assert_true(account(scene, i).is_gone);
    }
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void nobody_touches_a_key_out_of_his_reach(void **state)
{
    struct scene *scene = *state;
    struct qw_key_account found;
    uint8_t unknown[16] = { 9 };

    deliver(scene, false);
    for (int order = 0; order < QW_KEY_ORDER_COUNT; order++) {
        assert_int_equal(change(scene, "aud", 0, (enum qw_key_order)order), QW_ERR_REFUSED);
        assert_int_equal(change(scene, "sec-n", 0, (enum qw_key_order)order), QW_ERR_NOT_FOUND);
        assert_int_equal(
            qw_centre_key_change(scene->centre, by("sec-1"), unknown, (enum qw_key_order)order),
            QW_ERR_NOT_FOUND);
    }
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_COUNT), QW_ERR_ARG);
    assert_int_equal(qw_centre_key_find(scene->centre, by("sec-n"), given[0].id, &found),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(get(scene, "bob", 0), QW_OK);
}

static void what_another_centre_has_too_stays_as_it_is(void **state)
{
    struct scene *scene = *state;

    deliver(scene, true);
    assert_int_equal(
        qw_centre_device_register(scene->centre, by("ope"), "kme-b", QW_DEVICE_KME, "", ""), QW_OK);
    assert_int_equal(
        qw_centre_officer_add(scene->centre, by("sec-1"), "sys", QW_OFFICER_SYSTEM, "/"), QW_OK);
    assert_int_equal(qw_centre_device_set_home(scene->centre, by("sys"), "carol", "kme-b"), QW_OK);
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_SUSPEND), QW_ERR_UNAVAILABLE);
    assert_last_deed(scene, "key-suspend", QW_ERR_UNAVAILABLE, "another centre has the key too");
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_ARCHIVE), QW_ERR_UNAVAILABLE);
    assert_int_equal(get(scene, "bob", 0), QW_OK);
}

static qw_err ask(struct scene *scene, enum qw_request_verb verb, size_t i,
                  struct qw_request *request)
{
    char object[QW_UUID_TEXT_CAP];
    struct qw_request_wish wish = { .verb = verb, .object = object };

    qw_uuid_encode(given[i].id, object);
    return qw_centre_request_ask(scene->centre, by("sec-1"), &wish, request);
}

static void what_takes_two_is_done_by_two(void **state)
{
    static const struct {
        enum qw_key_order before, order; /* before: by one, while the policy lets him */
        enum qw_request_verb verb;
        enum qw_key_state after;
    } rows[] = {
        { QW_KEY_ORDER_SUSPEND, QW_KEY_ORDER_RESUME, QW_REQUEST_KEY_RESUME, QW_KEY_ASSIGNED },
        { QW_KEY_ORDER_ARCHIVE, QW_KEY_ORDER_RECOVER, QW_REQUEST_KEY_RECOVER, QW_KEY_ASSIGNED },
        { QW_KEY_ORDER_ARCHIVE, QW_KEY_ORDER_DESTROY, QW_REQUEST_KEY_DESTROY, QW_KEY_VOIDED },
        { QW_KEY_ORDER_COUNT, QW_KEY_ORDER_SUSPEND, QW_REQUEST_KEY_SUSPEND, QW_KEY_SUSPENDED }
    };
    struct scene *scene = *state;
    struct qw_request_wish nonsense = { .verb = QW_REQUEST_KEY_RESUME, .object = "no-id" };
    struct qw_request request;

    deliver(scene, false);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(change(scene, "sec-1", i, rows[i].before), QW_OK);
    }
    scene->config.dual_control = QW_DUAL_CONTROL_ALL;
    scene_restart(scene);
    assert_int_equal(qw_centre_request_ask(scene->centre, by("sec-1"), &nonsense, &request),
                     QW_ERR_ARG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(change(scene, "sec-1", i, rows[i].order), QW_ERR_STATE);
        assert_last_deed(scene,
                         i == 0   ? "key-resume"
                         : i == 1 ? "key-recover"
                         : i == 2 ? "key-destroy"
                                  : "key-suspend",
                         QW_ERR_STATE, "needs two officers");
        assert_int_equal(ask(scene, rows[i].verb, i, &request), QW_OK);
        assert_int_equal(
            qw_centre_request_approve(scene->centre, by("sec-1"), request.id, request.digest),
            QW_ERR_REFUSED);
        assert_int_equal(
            qw_centre_request_approve(scene->centre, by("sec-n"), request.id, request.digest),
            QW_ERR_NOT_FOUND);
        assert_int_equal(
            qw_centre_request_approve(scene->centre, by("sec-2"), request.id, request.digest),
            QW_OK);
        assert_int_equal(account(scene, i).state, rows[i].after);
    }
    assert_int_equal(get(scene, "bob", 0), QW_OK);
    assert_int_equal(get(scene, "bob", 1), QW_OK);
    assert_int_equal(get(scene, "bob", 2), QW_ERR_NOT_FOUND);
    assert_int_equal(get(scene, "bob", 3), QW_ERR_STATE);
    /* What is known to be known is not waited for. */
    assert_int_equal(change(scene, "ope", 3, QW_KEY_ORDER_COMPROMISED), QW_OK);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void a_write_that_fails_leaves_the_key_where_it_was(void **state)
{
    static const enum qw_key_order rows[] = { QW_KEY_ORDER_SUSPEND, QW_KEY_ORDER_ARCHIVE,
                                              QW_KEY_ORDER_RECOVER };
    struct scene *scene = *state;

    deliver(scene, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        scene->fail_at = scene->submits + 1;
        assert_int_equal(change(scene, "sec-1", 0, rows[i]), QW_ERR_IO);
        scene->fail_at = 0;
        assert_int_equal(get(scene, "bob", 1), QW_OK); /* its neighbour: nothing is zero there */
        assert_int_equal(change(scene, "sec-1", 0, rows[i]), QW_OK);
    }
    assert_int_equal(get(scene, "bob", 0), QW_OK);
    assert_journal_whole(scene);
}

/* B4: they may have been recovered and fetched since the backup. */
static void a_restore_gives_no_archived_key(void **state)
{
    static struct qw_restored_marks marks;
    struct scene *scene = *state;
    struct qw_store store;

    deliver(scene, false);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_ARCHIVE), QW_OK);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_SUSPEND), QW_OK);
    scene_close(scene);
    assert_int_equal(qw_store_sqlite_open(scene->path, &store), QW_OK);
    assert_int_equal(qw_restored_marks_make(&marks, NULL, 0), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_OK);
    qw_store_close(&store);
    scene_open(scene);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_RECOVER), QW_ERR_STATE);
    assert_int_equal(change(scene, "sec-1", 1, QW_KEY_ORDER_RESUME), QW_ERR_STATE);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_true(account(scene, 0).is_gone);
    assert_books_balance(scene);
}

/* A card has its keys: they are frozen where they are, and not archived. */
static void a_cards_key_is_frozen_and_comes_back(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[1][32];

    make_everybody(scene);
    memcpy(given[0].id, scene->terminal.ids[1], 16);
    assert_int_equal(
        qw_centre_key_change(scene->centre, by("sec-1"), given[0].id, QW_KEY_ORDER_ARCHIVE),
        QW_ERR_STATE);
    assert_int_equal(change(scene, "ope", 0, QW_KEY_ORDER_SUSPEND), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 1, 1, keys), QW_ERR_STATE);
    sweep_days(scene, 3);
    assert_int_equal(change(scene, "sec-1", 0, QW_KEY_ORDER_RESUME), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 1, 1, keys), QW_OK);
    assert_books_balance(scene);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_suspended_key_comes_back_even_after_its_block),
        CASE(who_does_not_come_for_a_resumed_key_has_not_for_ever),
        CASE(an_archived_key_waits_for_as_long_as_it_takes),
        CASE(what_others_may_know_is_noted_in_every_state),
        CASE(nobody_touches_a_key_out_of_his_reach),
        CASE(what_another_centre_has_too_stays_as_it_is),
        CASE(what_takes_two_is_done_by_two),
        CASE(a_write_that_fails_leaves_the_key_where_it_was),
        CASE(a_restore_gives_no_archived_key),
        CASE(a_cards_key_is_frozen_and_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
