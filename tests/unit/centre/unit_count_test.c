/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C16 C7 */
/* What was taken before a unit got its first quota [docs/design/people.md Q9] [docs/adr/0146]:
 * counted afterwards, once, whatever happens meanwhile. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/device/describe.h"
#include "centre/group.h"
#include "centre/pair/key_change.h"
#include "unit/centre/unit_scene.h"

enum { STEPS_MAX = 100, MANY = 1000000 };

static int make(void **state)
{
    struct scene *scene;

    scene_make(state);
    scene = *state;
    add_applications(scene, "app-b,app-c");
    return 0;
}

/* Until all is counted; how many groups it took. */
static int count_all(struct scene *scene)
{
    bool is_more = true;
    int steps = 0;

    for (; is_more; steps++) {
        assert_true(steps < STEPS_MAX);
        assert_int_equal(qw_centre_unit_count_work(scene->centre, &is_more), QW_OK);
        assert_books_balance(scene);
    }
    return steps;
}

static void change_key(struct scene *scene, const uint8_t id[16], enum qw_key_order order)
{
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, id, order),
                     QW_OK);
}

/* Every kind of key that a unit can have: of pairs, open, fetched and over, taken out, of several,
 * longer ones, of a group, of a card. */
static void take_of_each_kind(struct scene *scene)
{
    static uint8_t sealed[65536];
    struct qw_caller app = caller_of("app-a");
    struct qw_caller group_owner = caller_of("app-c");
    const char *const members[] = { "app-b" };
    const struct qw_key_group_change fleet = { .add = members, .add_count = 1 };
    struct qw_key_wish wish = { .slave = "app-b",
                                .others = (const char[][64]){ "app-c" },
                                .other_count = 1,
                                .count = 2,
                                .bits = 640,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    size_t len;

    assert_int_equal(take(scene, "app-a", BLOCK + 5), QW_OK);
    change_key(scene, given[10].id, QW_KEY_ORDER_SUSPEND);
    change_key(scene, given[11].id, QW_KEY_ORDER_ARCHIVE);
    fetch_given(scene, "app-a", 0, 9);
    sweep_after(scene, 60000);
    assert_int_equal(qw_centre_deliver(scene->centre, &app, &wish, given), QW_OK);
    assert_int_equal(take(scene, "app-c", 1), QW_OK);
    assert_int_equal(qw_centre_key_group_create(scene->centre, &group_owner, "fleet", &fleet),
                     QW_OK);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "terminal-1", "/north/gas"),
        QW_OK);
    assert_int_equal(charge(scene, "terminal-1", 7, sealed, sizeof sealed, &len), QW_OK);
    assert_int_equal(take(scene, "app-s", 3), QW_OK);
}

static const char *const units[] = { "/north", "/north/gas", "/south" };
enum { UNITS = 3 };

/* The law: counted afterwards is what would have been counted from the beginning, and it goes down
 * with what goes, to the same numbers. */
static void late_quotas_count_what_early_ones_would_have(void **state)
{
    static const int hours[] = { 0, 2, 30, 40 };
    uint64_t early[4][UNITS];

    for (int is_late = 0; is_late < 2; is_late++) {
        struct scene *scene = *state;
        int phase = 0;

        if (is_late) {
            scene_remove(state);
            make(state);
            scene = *state;
        }
        make_everybody(scene); /* its card's first keys stand at the root */
        for (int i = 0; i < UNITS && !is_late; i++) {
            assert_int_equal(set(scene, units[i], MANY), QW_OK);
        }
        take_of_each_kind(scene);
        for (int i = 0; i < UNITS && is_late; i++) {
            assert_int_equal(set(scene, units[i], MANY), QW_OK);
            assert_true(quota_of(scene, units[i]).is_counting);
        }
        if (is_late) {
            count_all(scene);
        }
        for (; phase < 4; phase++) {
            sweep_hours(scene, hours[phase]);
            for (int i = 0; i < UNITS; i++) {
                /* The early quotas saw the card's first keys at the root, where it stood; the late
                 * ones see them where it stands now. They stay. */
                uint64_t card = is_late && i < 2 ? scene->terminal.key_count : 0;

                if (is_late) {
                    assert_int_equal(stored(scene, units[i]), early[phase][i] + card);
                    assert_false(quota_of(scene, units[i]).is_counting);
                } else {
                    early[phase][i] = stored(scene, units[i]);
                }
            }
        }
        assert_int_equal(early[3][2], 0);
        assert_true(early[0][0] > early[0][1] && early[0][1] > BLOCK);
        assert_journal_whole(scene);
    }
}

/* A quota above one that counts already, and one beneath: nothing twice. */
static void each_unit_counts_once_whenever_it_began(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(set(scene, "/north", 4 * BLOCK), QW_OK);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_OK); /* counts by itself */
    assert_int_equal(stored(scene, "/north"), BLOCK);
    count_all(scene);
    assert_int_equal(stored(scene, "/north"), 2 * BLOCK);
    assert_int_equal(set(scene, "/north", 2 * BLOCK), QW_OK); /* another number: not anew */
    assert_false(quota_of(scene, "/north").is_counting);
    assert_int_equal(take(scene, "app-c", 1), QW_ERR_FULL);
    assert_int_equal(set(scene, "/north/gas", BLOCK), QW_OK); /* less than it has */
    assert_true(quota_of(scene, "/north/gas").is_counting);
    assert_false(quota_of(scene, "/north").is_counting);
    count_all(scene);
    assert_int_equal(stored(scene, "/north/gas"), 2 * BLOCK);
    assert_int_equal(stored(scene, "/north"), 2 * BLOCK);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_ERR_FULL);
    assert_int_equal(set(scene, "/north/gas", 0), QW_OK); /* and anew */
    assert_int_equal(set(scene, "/north/gas", BLOCK), QW_OK);
    count_all(scene);
    assert_int_equal(stored(scene, "/north/gas"), 2 * BLOCK);
    sweep_hours(scene, 51);
    assert_int_equal(stored(scene, "/north/gas"), 0);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_int_equal(take(scene, "app-a", BLOCK), QW_OK);
}

/* Who moved before it was counted counts where he stands; what counted before stays. */
static void what_counted_nowhere_counts_where_its_owner_stands(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "app-a", "/south"), QW_OK);
    assert_int_equal(set(scene, "/north", MANY), QW_OK);
    assert_int_equal(set(scene, "/south", MANY), QW_OK);
    count_all(scene);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_int_equal(stored(scene, "/south"), BLOCK);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "app-a", "/north/gas"),
        QW_OK);
    assert_int_equal(set(scene, "/north/gas", MANY), QW_OK);
    count_all(scene);
    assert_int_equal(stored(scene, "/north/gas"), 0);
    assert_int_equal(stored(scene, "/south"), BLOCK);
}

/* Whose keys come from another centre takes nothing out of our stock. */
static void who_is_at_home_elsewhere_counts_nowhere(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "kme-b",
                                               QW_DEVICE_KME, "", ""),
                     QW_OK);
    assert_int_equal(
        qw_centre_device_set_home(scene->centre, &scene->operator_caller, "app-a", "kme-b"), QW_OK);
    assert_int_equal(set(scene, "/north", MANY), QW_OK);
    count_all(scene);
    assert_int_equal(stored(scene, "/north"), 0);
}

/* Many blocks: many groups. Keys are taken and go between them, each write fails once, and the
 * centre is killed after each. */
static void nothing_is_counted_twice_or_lost_between_the_groups(void **state)
{
    enum { BLOCKS = 40 };
    struct scene *scene = *state;
    bool is_more = true;
    int steps = 0;

    scene->config.stock_keys = 1000;
    scene_restart(scene);
    for (int i = 0; i < BLOCKS; i++) {
        assert_int_equal(take(scene, "app-a", BLOCK), QW_OK);
    }
    assert_int_equal(set(scene, "/north", MANY), QW_OK);
    for (; is_more; steps++) {
        assert_true(steps < STEPS_MAX);
        scene->fail_at = scene->submits + 1;
        assert_int_equal(qw_centre_unit_count_work(scene->centre, &is_more), QW_ERR_IO);
        assert_false(is_more);
        scene_restart(scene);
        assert_int_equal(qw_centre_unit_count_work(scene->centre, &is_more), QW_OK);
        scene_restart(scene);
        if (steps == 0) {
            assert_true(quota_of(scene, "/north").is_counting);
            assert_in_range(stored(scene, "/north"), 1, BLOCKS * BLOCK - 1);
            fetch_given(scene, "app-a", 0, 20); /* of the last block, not counted yet */
            sweep_after(scene, 60000);
            assert_int_equal(take(scene, "app-c", 2), QW_OK);
        }
    }
    assert_true(steps >= 3);
    assert_false(quota_of(scene, "/north").is_counting);
    assert_int_equal(stored(scene, "/north"), BLOCKS * BLOCK - 20 + BLOCK);
    assert_int_equal(qw_centre_unit_count_work(scene->centre, &is_more), QW_OK);
    assert_false(is_more); /* nothing to do: nothing is written */
    sweep_hours(scene, 51);
    assert_int_equal(stored(scene, "/north"), 0);
    assert_journal_whole(scene);
}

static void a_failed_first_quota_begins_nothing(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(take(scene, "app-a", 1), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(set(scene, "/north", MANY), QW_ERR_IO);
    assert_int_equal(set(scene, "/north", 0), QW_OK); /* none before, none now */
    assert_int_equal(count_all(scene), 1);
    assert_int_equal(stored(scene, "/north"), UINT64_MAX);
}

/* Refused, nobody is told that all is counted, and no other unit begins. */
static void expect_damaged(struct scene *scene, uint64_t version, const uint8_t *plain, size_t len)
{
    const struct qw_deed deed = { .verb = "test", .object = "" };
    struct qw_store_op op = {
        .kind = QW_STORE_META, .id = "count-units", .id_len = 11, .expected_version = version
    };
    struct qw_unit_quota quota;
    struct qw_group group;
    bool is_more = true;
    size_t count;

    qw_centre_enter(scene->centre);
    qw_group_begin(scene->centre, &group);
    qw_group_add(scene->centre, &group, QW_STORE_UPDATE, op, plain, len);
    assert_int_equal(qw_group_commit(scene->centre, &group, &deed, ""), QW_OK);
    qw_centre_leave(scene->centre);
    assert_int_equal(qw_centre_unit_count_work(scene->centre, &is_more), QW_ERR_IO);
    assert_false(is_more);
    assert_int_equal(qw_centre_unit_list(scene->centre, &scene->operator_caller, &quota, 1, &count),
                     QW_ERR_IO);
    assert_int_equal(set(scene, "/south", MANY), QW_ERR_IO);
}

/* Cut anywhere, one byte more, another layout, a phase there is not, an id too long. */
static void a_damaged_place_is_no_end(void **state)
{
    enum { WHOLE = 21, LAYOUT_AT = 0, PHASE_AT = 17, ID_LEN_AT = 18 };
    uint8_t plain[WHOLE + 1] = { 1, [ID_LEN_AT] = 2 };
    struct scene *scene = *state;
    uint64_t version = 1;

    assert_int_equal(set(scene, "/north", MANY), QW_OK);
    for (size_t len = 0; len <= sizeof plain; len++) {
        if (len != WHOLE) {
            expect_damaged(scene, version++, plain, len);
        }
    }
    plain[LAYOUT_AT] = 2;
    expect_damaged(scene, version++, plain, WHOLE);
    plain[LAYOUT_AT] = 1;
    plain[PHASE_AT] = 2;
    expect_damaged(scene, version++, plain, WHOLE);
    plain[PHASE_AT] = 0;
    plain[ID_LEN_AT] = QW_STORE_ID_MAX + 1;
    expect_damaged(scene, version++, plain, WHOLE);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(late_quotas_count_what_early_ones_would_have),
        TEST(each_unit_counts_once_whenever_it_began),
        TEST(what_counted_nowhere_counts_where_its_owner_stands),
        TEST(who_is_at_home_elsewhere_counts_nowhere),
        TEST(nothing_is_counted_twice_or_lost_between_the_groups),
        TEST(a_failed_first_quota_begins_nothing),
        TEST(a_damaged_place_is_no_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
