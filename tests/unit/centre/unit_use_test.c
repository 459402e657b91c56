/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 C7 */
/* Stored keys of units [docs/design/people.md Q7 to Q9] [docs/adr/0127]: counted when they are
 * taken, released when their material is gone, whatever happens between. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/describe.h"
#include "centre/group.h"
#include "centre/pair/key_change.h"
#include "centre/people/unit_use.h"
#include "centre/restore/restore.h"
#include "unit/centre/unit_scene.h"

static int make(void **state)
{
    struct scene *scene;

    scene_make(state);
    scene = *state;
    add_applications(scene, "app-b");
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    return 0;
}

static void what_is_delivered_makes_room(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set(scene, "/north", 3 * BLOCK), QW_OK);
    assert_int_equal(set(scene, "/north/gas", 2 * BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(stored(scene, "/north/gas"), BLOCK); /* by blocks */
    assert_int_equal(take(scene, "app-a", BLOCK - 1), QW_OK);
    assert_int_equal(stored(scene, "/north/gas"), BLOCK); /* nothing for one of an open block */
    assert_int_equal(take(scene, "app-a", BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-a", 1), QW_ERR_FULL);
    assert_last_deed(scene, "deliver", QW_ERR_FULL,
                     "as many keys are stored as the quota of its unit allows");
    assert_int_equal(stored(scene, "/north"), 2 * BLOCK); /* refused by one: counted by none */
    fetch_given(scene, "app-a", 0, 40);
    assert_int_equal(stored(scene, "/north/gas"), 2 * BLOCK); /* the windows are open */
    scene_restart(scene);                                     /* a kill changes nothing */
    sweep_after(scene, 60000);
    assert_int_equal(stored(scene, "/north/gas"), 2 * BLOCK - 40);
    assert_int_equal(stored(scene, "/north"), 2 * BLOCK - 40);
    assert_int_equal(take(scene, "app-a", 1), QW_ERR_FULL); /* room for 40, a block has 64 */
    fetch_given(scene, "app-a", 40, BLOCK - 40);
    sweep_after(scene, 60000);
    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(stored(scene, "/north/gas"), 2 * BLOCK);
    scene_restart(scene);
    assert_int_equal(stored(scene, "/north/gas"), 2 * BLOCK);
    assert_journal_whole(scene);
}

static void a_quota_counts_what_lies_beneath_and_nothing_beside_it(void **state)
{
    struct scene *scene = *state;
    struct qw_caller app = caller_of("app-c");
    struct qw_pair_status status;

    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    assert_int_equal(set(scene, "/north/gas", 2 * BLOCK), QW_OK);
    assert_int_equal(set(scene, "/north/water", 1), QW_ERR_CONFLICT);
    assert_int_equal(set(scene, "/north", 2 * BLOCK - 1), QW_ERR_CONFLICT);
    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(qw_centre_pair_status(scene->centre, &app, "app-b", &status), QW_OK);
    assert_int_equal(status.stored_keys, BLOCK); /* what he may have */
    assert_int_equal(take(scene, "app-c", 1), QW_OK);
    assert_int_equal(stored(scene, "/north"), 2 * BLOCK);
    assert_int_equal(stored(scene, "/north/gas"), BLOCK);
    assert_int_equal(take(scene, "app-c", BLOCK), QW_ERR_FULL);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_ERR_FULL); /* the one above is full */
    assert_int_equal(take(scene, "app-s", BLOCK), QW_OK);       /* nobody else's matter */
    assert_int_equal(set(scene, "/north", 3 * BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-c", BLOCK), QW_OK);
}

/* Twice the keys' time, and the block is gone with all that nobody came for. */
static void what_expires_makes_room(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-a", 3), QW_OK);
    fetch_given(scene, "app-a", 0, 1);
    sweep_hours(scene, 3);
    assert_int_equal(stored(scene, "/north"), BLOCK - 1);
    assert_int_equal(take(scene, "app-c", 3), QW_OK);
    sweep_hours(scene, 45);
    assert_int_equal(stored(scene, "/north"), 2 * BLOCK - 1);
    sweep_hours(scene, 2); /* and the longest window of a fetch at the last moment */
    assert_int_equal(stored(scene, "/north"), BLOCK);
    sweep_hours(scene, 3);
    assert_int_equal(stored(scene, "/north"), 0);
}

static void what_was_there_before_does_not_count_by_itself(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set(scene, "/south", 2 * BLOCK),
                     QW_OK); /* some quota, and none of the north */
    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    sweep_hours(scene, 2);
    assert_int_equal(set(scene, "/north/gas", 2 * BLOCK), QW_OK);
    assert_int_equal(stored(scene, "/north/gas"), 0);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_OK);
    assert_int_equal(stored(scene, "/north/gas"), BLOCK);
    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK); /* above one that counts already */
    assert_int_equal(stored(scene, "/north"), 0);
    sweep_hours(scene, 47); /* the first block is gone, which nobody counted */
    assert_int_equal(stored(scene, "/north/gas"), BLOCK);
    sweep_hours(scene, 1);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_OK);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    sweep_hours(scene, 2); /* the second, which the gas counted alone */
    assert_int_equal(stored(scene, "/north/gas"), BLOCK);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    assert_int_equal(set(scene, "/north", 0), QW_OK); /* and it begins anew */
    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_int_equal(take(scene, "app-c", 1), QW_OK);
    sweep_hours(scene, 48);
    assert_int_equal(stored(scene, "/north/gas"), 0);
    assert_int_equal(stored(scene, "/north"), BLOCK);
}

static void who_moves_leaves_his_keys_where_they_count(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    assert_int_equal(set(scene, "/south", 2 * BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_OK);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "app-a", "/south"), QW_OK);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    assert_int_equal(stored(scene, "/south"), 0);
    fetch_given(scene, "app-a", 0, 5);
    sweep_after(scene, 60000);
    assert_int_equal(stored(scene, "/north"), BLOCK - 5);
    assert_int_equal(take(scene, "app-a", 1), QW_OK); /* with a new lease */
    assert_int_equal(stored(scene, "/south"), BLOCK);
}

/* It gets a block of its own, which outlives that of the pair. */
static void what_waits_goes_on_counting(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-a", 3), QW_OK);
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, given[0].id,
                                          QW_KEY_ORDER_SUSPEND),
                     QW_OK);
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, given[1].id,
                                          QW_KEY_ORDER_ARCHIVE),
                     QW_OK);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    sweep_hours(scene, 50);
    assert_int_equal(stored(scene, "/north"), 2);
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, given[0].id,
                                          QW_KEY_ORDER_RESUME),
                     QW_OK);
    fetch_given(scene, "app-a", 0, 1);
    sweep_hours(scene, 1);
    assert_int_equal(stored(scene, "/north"), 1);
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, given[1].id,
                                          QW_KEY_ORDER_DESTROY),
                     QW_OK);
    sweep_hours(scene, 1);
    assert_int_equal(stored(scene, "/north"), 0);
}

static void a_longer_key_counts_by_its_places(void **state)
{
    struct scene *scene = *state;
    struct qw_caller caller = caller_of("app-a");
    struct qw_key_wish wish = { .slave = "app-b",
                                .others = (const char[][64]){ "app-c" },
                                .other_count = 1,
                                .count = 2,
                                .bits = 640,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "app-a", "app-b,app-c"),
        QW_OK);
    assert_int_equal(qw_centre_deliver(scene->centre, &caller, &wish, given), QW_OK);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    sweep_hours(scene, 30); /* keys of several have a record, and their own time */
    assert_int_equal(stored(scene, "/north"), BLOCK - 6);
}

static void a_fresh_key_counts_alone(void **state)
{
    struct scene *scene = *state;
    struct qw_caller caller = caller_of("app-a");
    struct qw_key_wish wish = { .slave = "app-b",
                                .count = 1,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    wish.mandatory.is_fresh = true;
    assert_int_equal(set(scene, "/north", 1), QW_OK);
    assert_int_equal(qw_centre_deliver(scene->centre, &caller, &wish, given), QW_OK);
    assert_int_equal(stored(scene, "/north"), 1);
    assert_int_equal(qw_centre_deliver(scene->centre, &caller, &wish, &given[1]), QW_ERR_FULL);
    fetch_given(scene, "app-a", 0, 1);
    sweep_after(scene, 60000);
    assert_int_equal(qw_centre_deliver(scene->centre, &caller, &wish, given), QW_OK);
}

/* Each key of a card has a record, and so its own charge. */
static void keys_of_cards_count_until_they_are_used_or_withdrawn(void **state)
{
    static uint8_t sealed[65536];
    struct scene *scene = *state;
    struct qw_card_keys wrap;
    uint8_t keys[4][32];
    uint64_t before;
    size_t len;

    make_everybody(scene);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "terminal-1", "/north"),
        QW_OK);
    assert_int_equal(set(scene, "/north", 8), QW_OK);
    assert_int_equal(stored(scene, "/north"), 0); /* what the card has already came before */
    before = scene->terminal.key_count;
    wrap = card_keys(&scene->terminal);
    assert_int_equal(charge(scene, "terminal-1", 9, sealed, sizeof sealed, &len), QW_ERR_FULL);
    assert_last_deed(scene, "charge", QW_ERR_FULL,
                     "as many keys are stored as the quota of its unit allows");
    assert_int_equal(charge(scene, "terminal-1", 7, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(stored(scene, "/north"), 7);
    card_open_and_take(&scene->terminal, sealed, len, wrap.wrap);
    assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, before, 4, keys), QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 0, 2, keys), QW_OK); /* older ones */
    sweep_after(scene, 60000);
    assert_int_equal(stored(scene, "/north"), 3);
    assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                             QW_DEVICE_DESTROY),
                     QW_OK);
    sweep_after(scene, 60000);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_journal_whole(scene);
}

static void a_write_that_fails_counts_and_releases_nothing(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK); /* there is enough: no write */
    assert_int_equal(take(scene, "app-a", 1), QW_ERR_IO);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    fetch_given(scene, "app-a", 0, 1);
    scene_now_ms += 60000;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_ERR_IO);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    sweep_after(scene, 0);
    assert_int_equal(stored(scene, "/north"), BLOCK - 1);
    sweep_hours(scene, 47);
    scene_now_ms += 2 * HOUR_MS;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_ERR_IO);
    assert_int_equal(stored(scene, "/north"), BLOCK - 1);
    sweep_after(scene, 0);
    assert_int_equal(stored(scene, "/north"), 0);
}

/* A restore voids what somebody has, and ends what is leased. */
static void after_a_restore_nothing_counts_for_long(void **state)
{
    static struct qw_restored_marks marks;
    struct scene *scene = *state;
    struct qw_store store;

    assert_int_equal(set(scene, "/north", 4 * BLOCK), QW_OK);
    assert_int_equal(take(scene, "app-a", 9), QW_OK);
    fetch_given(scene, "app-a", 0, 2);
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, given[3].id,
                                          QW_KEY_ORDER_ARCHIVE),
                     QW_OK);
    scene_close(scene);
    assert_int_equal(qw_store_sqlite_open(scene->path, &store), QW_OK);
    assert_int_equal(qw_restored_marks_make(&marks, NULL, 0), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_OK);
    qw_store_close(&store);
    scene_open(scene);
    assert_int_equal(stored(scene, "/north"), BLOCK);
    sweep_hours(scene, 2);
    assert_int_equal(stored(scene, "/north"), 0);
}

/* Puts a record of META as another build, or somebody else, has written it. */
static void put_raw(struct scene *scene, const char *id, const uint8_t *plain, size_t len)
{
    const struct qw_deed deed = { .verb = "test", .object = "" };
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = id, .id_len = strlen(id), .tag = QW_TAG_UNIT
    };
    struct qw_group group;

    qw_centre_enter(scene->centre);
    qw_group_begin(scene->centre, &group);
    qw_group_add(scene->centre, &group, QW_STORE_INSERT, op, plain, len);
    group.books.registry++;
    assert_int_equal(qw_group_commit(scene->centre, &group, &deed, ""), QW_OK);
    qw_centre_leave(scene->centre);
}

static bool any(struct scene *scene)
{
    bool has = false;

    qw_centre_enter(scene->centre);
    assert_int_equal(qw_unit_any(scene->centre, &has), QW_OK);
    qw_centre_leave(scene->centre);
    return has;
}

static void certificates_are_no_quotas(void **state)
{
    struct scene *scene = *state;

    put_raw(scene, "crt:0123456789", (const uint8_t *)"certificate", 11);
    assert_false(any(scene));
    assert_int_equal(set(scene, "/north", 0), QW_OK);
    assert_false(any(scene));
    assert_int_equal(set(scene, "/north", BLOCK), QW_OK);
    assert_true(any(scene));
    put_raw(scene, "v", (const uint8_t *)"behind ours", 11);
    assert_int_equal(stored(scene, "/north"), 0); /* and the walk finds it alone */
    assert_int_equal(set(scene, "/north", 0), QW_OK);
    assert_false(any(scene));
    assert_int_equal(stored(scene, "/north"), UINT64_MAX);
}

/* 100 devices, 500 keys a day, 3 of them and 64 of these used, as build 1 wrote it. */
static void a_quota_of_an_earlier_build_counts_from_now_on(void **state)
{
    static const uint8_t record[] = { 1, 6, '/',  'n',  'o', 'r', 't', 'h', 0, 0, 0, 0,
                                      0, 0, 0,    100,  0,   0,   0,   0,   0, 0, 1, 0xf4,
                                      0, 0, 0,    0,    0,   0,   0,   3,   0, 0, 0, 0,
                                      0, 0, 0x51, 0x2b, 0,   0,   0,   0,   0, 0, 0, 64 };
    struct scene *scene = *state;
    struct qw_unit_quota quota;
    size_t count = 0;

    put_raw(scene, "u/north", record, sizeof record);
    assert_int_equal(qw_centre_unit_list(scene->centre, &scene->operator_caller, &quota, 1, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    assert_int_equal(quota.devices_max, 100);
    assert_int_equal(quota.keys_per_day, 500);
    assert_int_equal(quota.devices, 3);
    assert_int_equal(quota.stored_max, 0);
    assert_int_equal(quota.stored, 0);
    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(stored(scene, "/north"), BLOCK); /* counted, with no limit */
    sweep_hours(scene, 50);
    assert_int_equal(stored(scene, "/north"), 0);
}

/* Each byte less, and another first byte: no quota, and no keys either. */
static void a_record_that_is_cut_gives_nobody_keys(void **state)
{
    static const uint8_t record[] = { 2, 6, '/', 'n', 'o', 'r', 't', 'h' };
    uint8_t whole[8 + 8 * 8] = { 0 };
    struct scene *scene = *state;

    memcpy(whole, record, sizeof record);
    for (size_t len = 0; len < sizeof whole; len++) {
        char id[QW_STORE_ID_MAX];

        (void)snprintf(id, sizeof id, "u/north");
        put_raw(scene, id, whole, len);
        assert_int_equal(take(scene, "app-a", 1), QW_ERR_IO);
        qw_centre_enter(scene->centre);
        assert_int_equal(scene->store.submit(scene->store.self,
                                             &(struct qw_store_op){ .verb = QW_STORE_REMOVE,
                                                                    .kind = QW_STORE_META,
                                                                    .id = id,
                                                                    .id_len = strlen(id),
                                                                    .expected_version = 1 },
                                             1),
                         QW_OK);
        qw_centre_leave(scene->centre);
    }
    whole[0] = 3;
    put_raw(scene, "u/north", whole, sizeof whole);
    assert_int_equal(take(scene, "app-a", 1), QW_ERR_IO);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_delivered_makes_room),
        TEST(a_quota_counts_what_lies_beneath_and_nothing_beside_it),
        TEST(what_expires_makes_room),
        TEST(what_was_there_before_does_not_count_by_itself),
        TEST(who_moves_leaves_his_keys_where_they_count),
        TEST(what_waits_goes_on_counting),
        TEST(a_longer_key_counts_by_its_places),
        TEST(a_fresh_key_counts_alone),
        TEST(keys_of_cards_count_until_they_are_used_or_withdrawn),
        TEST(a_write_that_fails_counts_and_releases_nothing),
        TEST(after_a_restore_nothing_counts_for_long),
        TEST(certificates_are_no_quotas),
        TEST(a_quota_of_an_earlier_build_counts_from_now_on),
        TEST(a_record_that_is_cut_gives_nobody_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
