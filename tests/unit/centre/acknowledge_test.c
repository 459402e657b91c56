/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C14 */
/* A party that says it has its key: its window is over, and the key goes when everybody has said so
 * (K9 of docs/protocol/etsi014.md). */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

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

/* Two keys of alice for bob, and for carol when shared. */
static void ask(struct scene *scene, bool shared, uint8_t (*ids)[16])
{
    struct qw_caller alice = caller_of("alice");
    struct qw_key_wish wish = { .slave = "bob",
                                .others = (const char[][64]){ "carol" },
                                .other_count = shared ? 1 : 0,
                                .count = 2,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_given_key keys[2];

    assert_int_equal(qw_centre_deliver(scene->centre, &alice, &wish, keys), QW_OK);
    memcpy(ids[0], keys[0].id, 16);
    memcpy(ids[1], keys[1].id, 16);
}

static qw_err get(struct scene *scene, const char *who, uint8_t (*ids)[16], size_t count)
{
    struct qw_caller caller = caller_of(who);
    struct qw_given_key keys[2];

    return qw_centre_fetch(scene->centre, &caller, "alice", (const uint8_t(*)[16])ids, count, keys);
}

static qw_err acknowledge(struct scene *scene, const char *who, uint8_t (*ids)[16], size_t count)
{
    struct qw_caller caller = caller_of(who);
    qw_err err = qw_centre_acknowledge(scene->centre, &caller, (const uint8_t(*)[16])ids, count);

    assert_books_balance(scene);
    return err;
}

static uint64_t kept(struct scene *scene)
{
    uint64_t count = 0;

    scene_now_ms += 1000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_int_equal(scene->store.count(scene->store.self, QW_STORE_KEY, QW_STORE_ANY_TAG, &count),
                     QW_OK);
    return count;
}

static void test_an_acknowledged_key_is_over_for_the_one_who_said_so(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[2][16];

    ask(scene, false, ids);
    assert_int_equal(get(scene, "bob", ids, 2), QW_OK);
    assert_int_equal(acknowledge(scene, "bob", ids, 1), QW_OK);
    assert_int_equal(get(scene, "bob", ids, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(get(scene, "bob", ids + 1, 1), QW_OK); /* the other's window is open */
    assert_int_equal(kept(scene), 1);
    assert_int_equal(get(scene, "bob", ids, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(acknowledge(scene, "bob", ids, 2), QW_OK); /* one of them is gone already */
    assert_int_equal(kept(scene), 0);
}

static void test_a_shared_key_goes_when_the_last_has_said_so(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[2][16];

    ask(scene, true, ids);
    assert_int_equal(get(scene, "bob", ids, 2), QW_OK);
    assert_int_equal(acknowledge(scene, "bob", ids, 2), QW_OK);
    assert_int_equal(kept(scene), 2);
    assert_int_equal(get(scene, "carol", ids, 2), QW_OK);
    assert_int_equal(get(scene, "bob", ids, 2), QW_ERR_NOT_FOUND);
    assert_int_equal(acknowledge(scene, "carol", ids, 2), QW_OK);
    assert_int_equal(kept(scene), 0);
}

static void test_who_has_nothing_acknowledges_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[2][16];
    uint8_t unknown[1][16] = { { 5 } };

    ask(scene, true, ids);
    assert_int_equal(acknowledge(scene, "bob", ids, 2), QW_ERR_NOT_FOUND); /* not fetched yet */
    assert_int_equal(get(scene, "bob", ids, 1), QW_OK);
    assert_int_equal(acknowledge(scene, "bob", ids, 2), QW_ERR_NOT_FOUND); /* all or nothing */
    assert_int_equal(get(scene, "bob", ids, 1), QW_OK);
    assert_int_equal(acknowledge(scene, "alice", ids, 1), QW_ERR_REFUSED); /* the master is none */
    assert_int_equal(acknowledge(scene, "dave", ids, 1), QW_ERR_REFUSED);
    assert_int_equal(acknowledge(scene, "bob", unknown, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(acknowledge(scene, "urn:qwave:operator:o", ids, 1), QW_ERR_REFUSED);
    assert_int_equal(acknowledge(scene, "bob", ids, 0), QW_ERR_ARG);
}

static void test_an_acknowledgement_that_cannot_be_written_changes_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t ids[2][16];

    ask(scene, false, ids);
    assert_int_equal(get(scene, "bob", ids, 2), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(acknowledge(scene, "bob", ids, 2), QW_ERR_IO);
    scene->fail_at = 0;
    scene_restart(scene);
    assert_int_equal(get(scene, "bob", ids, 2), QW_OK);
    assert_int_equal(acknowledge(scene, "bob", ids, 2), QW_OK);
    scene_restart(scene);
    assert_int_equal(get(scene, "bob", ids, 2), QW_ERR_NOT_FOUND);
}

int main(void)
{
#define TRIO(test) cmocka_unit_test_setup_teardown(test, make_trio, scene_remove)
    const struct CMUnitTest tests[] = {
        TRIO(test_an_acknowledged_key_is_over_for_the_one_who_said_so),
        TRIO(test_a_shared_key_goes_when_the_last_has_said_so),
        TRIO(test_who_has_nothing_acknowledges_nothing),
        TRIO(test_an_acknowledgement_that_cannot_be_written_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
