/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 */
/* A party takes keys back, before and after somebody has them (K10 of docs/protocol/etsi014.md). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/key/tombstone.h"
#include "unit/centre/scene.h"

enum { KEYS = 3 };

static int make_trio(void **state)
{
    static const char *const rows[][2] = { { "alice", "bob,carol" },
                                           { "bob", "" },
                                           { "carol", "" } };
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller,
                                                   rows[i][0], QW_DEVICE_APPLICATION, "",
                                                   rows[i][1]),
                         QW_OK);
    }
    return 0;
}

/* Keys of alice for bob, and for carol when shared. */
static void ask(struct scene *scene, bool shared, uint8_t (*ids)[16])
{
    struct qw_caller alice = caller_of("alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .others = (const char[][64]){ "carol" },
                                .other_count = shared ? 1 : 0,
                                .count = KEYS,
                                .bits = 384,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_given_key keys[KEYS];

    assert_int_equal(qw_centre_deliver(scene->centre, &alice, &wish, keys), QW_OK);
    for (size_t i = 0; i < KEYS; i++) {
        memcpy(ids[i], keys[i].id, 16);
    }
}

static qw_err get(struct scene *scene, const char *who, uint8_t (*ids)[16], size_t count)
{
    struct qw_caller caller = caller_of(who);
    struct qw_given_key keys[KEYS];

    return qw_centre_fetch(scene->centre, &caller, "alice", (const uint8_t(*)[16])ids, count, keys);
}

static qw_err withdraw(struct scene *scene, const char *who, enum qw_withdrawal why,
                       uint8_t (*ids)[16], size_t count, uint64_t *withdrawn)
{
    struct qw_caller caller = caller_of(who);
    qw_err err = qw_centre_key_withdraw(scene->centre, &caller, why, (const uint8_t(*)[16])ids,
                                        count, withdrawn);

    assert_books_balance(scene);
    return err;
}

static void assert_withdrawn(struct scene *scene, const char *who, enum qw_withdrawal why,
                             uint8_t (*ids)[16], size_t count, uint64_t expected)
{
    uint64_t withdrawn = UINT64_MAX;

    assert_int_equal(withdraw(scene, who, why, ids, count, &withdrawn), QW_OK);
    assert_int_equal(withdrawn, expected);
}

static void sweep(struct scene *scene)
{
    uint64_t count = 0;

    scene_now_ms += 1000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(scene->store.count(scene->store.self, QW_STORE_KEY, QW_STORE_ANY_TAG, &count),
                     QW_OK);
    assert_int_equal(count, 0);
    assert_books_balance(scene);
}

static enum qw_key_state last_state(struct scene *scene, const uint8_t id[static 16])
{
    struct qw_key_record stone;

    qw_centre_enter(scene->centre);
    assert_int_equal(qw_tombstone_load(scene->centre, id, &stone), QW_OK);
    qw_centre_leave(scene->centre);
    assert_string_equal(stone.master, "alice");
    assert_string_equal(stone.peer, "bob");
    return stone.state;
}

static void a_key_that_nobody_fetched_is_nobodys_any_more(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[KEYS][16];

    ask(scene, false, ids);
    assert_withdrawn(scene, "alice", QW_WITHDRAW_VOID, ids, 2, 2);
    assert_int_equal(get(scene, "bob", ids, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(get(scene, "bob", ids + 1, 2), QW_ERR_NOT_FOUND); /* all or nothing */
    assert_int_equal(get(scene, "bob", ids + 2, 1), QW_OK);
    assert_withdrawn(scene, "alice", QW_WITHDRAW_VOID, ids, 2, 0); /* said again */
    assert_withdrawn(scene, "bob", QW_WITHDRAW_VOID, ids + 2, 1, 1);
    assert_int_equal(get(scene, "bob", ids + 2, 1), QW_ERR_NOT_FOUND); /* his window is closed */
    sweep(scene);
    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(last_state(scene, ids[i]), QW_KEY_VOIDED);
    }
    assert_withdrawn(scene, "bob", QW_WITHDRAW_VOID, ids, KEYS, 0);
    assert_int_equal(last_state(scene, ids[0]), QW_KEY_VOIDED);
    scene_restart(scene);
    assert_int_equal(get(scene, "bob", ids, 1), QW_ERR_NOT_FOUND);
    assert_journal_whole(scene);
}

static void a_compromised_key_is_known_as_one_also_when_it_is_gone(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[KEYS][16];

    ask(scene, true, ids);
    assert_int_equal(get(scene, "bob", ids, KEYS), QW_OK);
    assert_withdrawn(scene, "carol", QW_WITHDRAW_VOID, ids, 1, 1);
    assert_withdrawn(scene, "bob", QW_WITHDRAW_COMPROMISED, ids, 2, 1);
    assert_withdrawn(scene, "bob", QW_WITHDRAW_VOID, ids, 2, 0); /* it stays compromised */
    assert_int_equal(get(scene, "carol", ids, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(get(scene, "carol", ids + 2, 1), QW_OK);
    scene_now_ms += 3600 * 1000; /* the window of the third is over */
    sweep(scene);
    assert_int_equal(last_state(scene, ids[0]), QW_KEY_COMPROMISED);
    assert_int_equal(last_state(scene, ids[1]), QW_KEY_COMPROMISED);
    assert_int_equal(last_state(scene, ids[2]), QW_KEY_CONSUMED);
    assert_withdrawn(scene, "carol", QW_WITHDRAW_COMPROMISED, ids + 2, 1, 0);
    assert_int_equal(last_state(scene, ids[2]), QW_KEY_DESTROYED_COMPROMISED);
    scene_restart(scene);
    assert_int_equal(last_state(scene, ids[2]), QW_KEY_DESTROYED_COMPROMISED);
    assert_int_equal(get(scene, "carol", ids + 2, 1), QW_ERR_NOT_FOUND); /* a party, as before */
}

static void a_key_of_a_block_that_has_ended_is_gone_for_everybody(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[KEYS][16];

    ask(scene, false, ids);
    for (int day = 0; day < 3; day++) {
        scene_now_ms += 86400 * (int64_t)1000;
        sweep(scene);
    }
    assert_int_equal(get(scene, "bob", ids, 1), QW_ERR_NOT_FOUND);
    assert_withdrawn(scene, "alice", QW_WITHDRAW_COMPROMISED, ids, KEYS, 0);
    assert_int_equal(withdraw(scene, "carol", QW_WITHDRAW_VOID, ids, 1, &(uint64_t){ 0 }),
                     QW_ERR_REFUSED);
}

static void who_is_no_party_takes_nothing_back(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[KEYS][16];
    uint8_t unknown[2][16] = { { 5 } };
    uint64_t withdrawn = 7;

    ask(scene, false, ids);
    memcpy(unknown[1], ids[0], 16);
    assert_int_equal(withdraw(scene, "carol", QW_WITHDRAW_VOID, ids, 1, &withdrawn),
                     QW_ERR_REFUSED);
    assert_int_equal(withdraw(scene, "urn:qwave:operator:o", QW_WITHDRAW_VOID, ids, 1, &withdrawn),
                     QW_ERR_REFUSED);
    assert_int_equal(withdraw(scene, "bob", QW_WITHDRAW_VOID, unknown, 2, &withdrawn),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(withdraw(scene, "bob", QW_WITHDRAW_VOID, ids, 0, &withdrawn), QW_ERR_ARG);
    assert_int_equal(
        withdraw(scene, "bob", QW_WITHDRAW_VOID, ids, QW_FETCH_KEYS_MAX + 1, &withdrawn),
        QW_ERR_ARG);
    assert_int_equal(withdrawn, 7);
    assert_int_equal(get(scene, "bob", ids, KEYS), QW_OK);
}

static void what_cannot_be_written_is_not_taken_back(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[KEYS][16];
    uint64_t withdrawn = 7;

    ask(scene, false, ids);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(withdraw(scene, "bob", QW_WITHDRAW_VOID, ids, KEYS, &withdrawn), QW_ERR_IO);
    scene->fail_at = 0;
    assert_int_equal(withdrawn, 7);
    scene_restart(scene);
    assert_withdrawn(scene, "bob", QW_WITHDRAW_VOID, ids, KEYS, KEYS);
    scene_restart(scene);
    assert_int_equal(get(scene, "bob", ids, KEYS), QW_ERR_NOT_FOUND);
    sweep(scene);
}

/* A card's key: the application at the other end takes it back. */
static void the_peer_of_a_terminal_takes_back_a_key_of_its_card(void **state)
{
    struct scene *scene = *state;
    uint64_t withdrawn = 0;
    uint8_t keys[2][32];
    uint8_t id[1][16];

    make_everybody(scene);
    memcpy(id[0], scene->terminal.ids[1], 16);
    assert_int_equal(fetch(scene, &scene->application, 0, 2, keys), QW_OK);
    assert_int_equal(qw_centre_key_withdraw(scene->centre, &scene->application,
                                            QW_WITHDRAW_COMPROMISED, (const uint8_t(*)[16])id, 1,
                                            &withdrawn),
                     QW_OK);
    assert_int_equal(withdrawn, 1);
    assert_int_equal(fetch(scene, &scene->application, 1, 1, keys), QW_ERR_NOT_FOUND);
    assert_int_equal(fetch(scene, &scene->application, 0, 1, keys), QW_OK);
    scene_now_ms += 1000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

int main(void)
{
#define TRIO(test) cmocka_unit_test_setup_teardown(test, make_trio, scene_remove)
    const struct CMUnitTest tests[] = {
        TRIO(a_key_that_nobody_fetched_is_nobodys_any_more),
        TRIO(a_compromised_key_is_known_as_one_also_when_it_is_gone),
        TRIO(a_key_of_a_block_that_has_ended_is_gone_for_everybody),
        TRIO(who_is_no_party_takes_nothing_back),
        TRIO(what_cannot_be_written_is_not_taken_back),
        cmocka_unit_test_setup_teardown(the_peer_of_a_terminal_takes_back_a_key_of_its_card,
                                        scene_make, scene_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
