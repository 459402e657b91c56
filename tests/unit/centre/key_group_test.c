/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C12 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include <stdio.h>

/* The clock of quotas stands still. */
int64_t __wrap_qw_clock_monotonic_ms(void);
int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return 1000000;
}

static struct qw_caller sae(const char *id)
{
    struct qw_caller caller = { .role = QW_ROLE_SAE };

    snprintf(caller.id, sizeof caller.id, "%s", id);
    return caller;
}

/* olga owns; alice, bob and carol are her peers, dave is not. */
static int make(void **state)
{
    struct scene *scene;
    static const char *const names[] = { "alice", "bob", "carol", "dave" };

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "olga",
                                               QW_DEVICE_APPLICATION, "", "alice,bob,carol"),
                     QW_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, names[i],
                                                   QW_DEVICE_APPLICATION, "", ""),
                         QW_OK);
    }
    return 0;
}

static qw_err create(struct scene *scene, const char *owner, const char *name,
                     const char *const *add, size_t count)
{
    struct qw_caller caller = sae(owner);
    struct qw_key_group_change change = { .add = add, .add_count = count };
    qw_err err = qw_centre_key_group_create(scene->centre, &caller, name, &change);

    assert_books_balance(scene);
    return err;
}

static qw_err change(struct scene *scene, const char *owner, const char *name, const char *add,
                     const char *remove, uint32_t lead_ms)
{
    struct qw_caller caller = sae(owner);
    struct qw_key_group_change c = { .add = &add,
                                     .add_count = add != NULL,
                                     .remove = &remove,
                                     .remove_count = remove != NULL,
                                     .lead_ms = lead_ms };
    qw_err err = qw_centre_key_group_change(scene->centre, &caller, name, &c);

    assert_books_balance(scene);
    return err;
}

static qw_err take(struct scene *scene, const char *who, uint32_t epoch, struct qw_given_key *key)
{
    struct qw_caller caller = sae(who);
    struct qw_given_key unwanted;
    int64_t activates_ms;

    return qw_centre_key_group_take(scene->centre, &caller, "fleet", epoch, &activates_ms,
                                    key == NULL ? &unwanted : key);
}

static void make_fleet(struct scene *scene)
{
    static const char *const members[] = { "alice", "bob" };

    assert_int_equal(create(scene, "olga", "fleet", members, 2), QW_OK);
    assert_last_deed(scene, "group-create", QW_OK, "epoch 1, 2 members");
}

static void sweep_later(struct scene *scene, int64_t ms)
{
    scene_now_ms += ms;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

static void all_members_get_the_same_key_and_nobody_else_gets_it(void **state)
{
    struct scene *scene = *state;
    struct qw_given_key olga, alice, bob;

    make_fleet(scene);
    assert_int_equal(take(scene, "olga", 1, &olga), QW_OK);
    assert_int_equal(take(scene, "alice", 1, &alice), QW_OK);
    assert_int_equal(take(scene, "bob", 1, &bob), QW_OK);
    assert_last_deed(scene, "group-take", QW_OK, "epoch 1");
    assert_memory_equal(olga.bytes, alice.bytes, 32);
    assert_memory_equal(olga.bytes, bob.bytes, 32);
    assert_memory_equal(olga.id, bob.id, 16);
    (void)given_index(scene, olga.bytes);
    assert_int_equal(take(scene, "alice", 1, &alice), QW_OK); /* again: it is no one-time key */
    assert_memory_equal(olga.bytes, alice.bytes, 32);
    assert_int_equal(take(scene, "carol", 1, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "dave", 1, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "alice", 2, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "alice", 0, NULL), QW_ERR_ARG);
    assert_journal_whole(scene);
}

/* G-1, G-2 */
static void who_joins_reads_nothing_before_and_who_leaves_nothing_after(void **state)
{
    struct scene *scene = *state;
    struct qw_given_key first, second, again;

    make_fleet(scene);
    assert_int_equal(take(scene, "bob", 1, &first), QW_OK);
    assert_int_equal(change(scene, "olga", "fleet", "carol", "alice", 5000), QW_OK);
    assert_int_equal(take(scene, "carol", 2, &second), QW_OK);
    assert_memory_not_equal(first.bytes, second.bytes, 32);
    assert_int_equal(take(scene, "carol", 1, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "alice", 2, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "alice", 1, &again), QW_OK); /* until the new one is active */
    assert_memory_equal(again.bytes, first.bytes, 32);
    scene_now_ms += 4999;
    assert_int_equal(take(scene, "bob", 1, NULL), QW_OK);
    scene_now_ms += 1;
    assert_int_equal(take(scene, "bob", 1, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "alice", 1, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "bob", 2, &again), QW_OK);
    assert_memory_equal(again.bytes, second.bytes, 32);
}

static void a_key_that_is_over_is_destroyed(void **state)
{
    struct scene *scene = *state;
    uint64_t destroyed = status_of(scene).keys_in_state[QW_KEY_DESTROYED];

    make_fleet(scene);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, 5000), QW_OK);
    sweep_later(scene, 4000);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], destroyed);
    sweep_later(scene, 2000);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], destroyed + 1);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, 60000), QW_OK);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, 60000), QW_OK);
    sweep_later(scene, 2000); /* two changes in a row: only two epochs are kept */
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], destroyed + 2);
    assert_int_equal(take(scene, "bob", 2, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, "bob", 3, NULL), QW_OK);
    assert_int_equal(take(scene, "bob", 4, NULL), QW_OK);
}

static void an_ended_group_is_gone_and_its_name_stays_used(void **state)
{
    struct scene *scene = *state;
    struct qw_caller olga = sae("olga");
    struct qw_caller bob = sae("bob");
    static const char *const members[] = { "alice" };
    uint64_t destroyed = status_of(scene).keys_in_state[QW_KEY_DESTROYED];

    make_fleet(scene);
    assert_int_equal(qw_centre_key_group_end(scene->centre, &bob, "fleet"), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_key_group_end(scene->centre, &olga, "fleet"), QW_OK);
    assert_int_equal(take(scene, "bob", 1, NULL), QW_ERR_NOT_FOUND);
    sweep_later(scene, 2000);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], destroyed + 1);
    assert_int_equal(qw_centre_key_group_end(scene->centre, &olga, "fleet"), QW_ERR_STATE);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, 0), QW_ERR_STATE);
    assert_int_equal(create(scene, "olga", "fleet", members, 1), QW_ERR_CONFLICT);
    assert_journal_whole(scene);
}

static void tells_members_what_they_may_know(void **state)
{
    struct scene *scene = *state;
    struct qw_caller alice = sae("alice");
    struct qw_caller carol = sae("carol");
    struct qw_caller dave = sae("dave");
    struct qw_key_group_info info;

    make_fleet(scene);
    assert_int_equal(qw_centre_key_group_find(scene->centre, &alice, "fleet", &info), QW_OK);
    assert_string_equal(info.owner, "olga");
    assert_int_equal(info.epoch, 1);
    assert_int_equal(info.epoch_before, 0);
    assert_int_equal(info.member_count, 2);
    assert_int_equal(change(scene, "olga", "fleet", "carol", "alice", 5000), QW_OK);
    assert_int_equal(qw_centre_key_group_find(scene->centre, &alice, "fleet", &info), QW_OK);
    assert_int_equal(info.epoch, 0);
    assert_int_equal(info.epoch_before, 1);
    assert_int_equal(info.activates_ms, scene_now_ms + 5000);
    assert_int_equal(info.member_count, 0);
    assert_int_equal(qw_centre_key_group_find(scene->centre, &carol, "fleet", &info), QW_OK);
    assert_int_equal(info.epoch, 2);
    assert_int_equal(info.epoch_before, 0);
    assert_string_equal(info.members[0], "bob");
    assert_string_equal(info.members[1], "carol");
    assert_int_equal(qw_centre_key_group_find(scene->centre, &dave, "fleet", &info),
                     QW_ERR_NOT_FOUND);
}

static void refuses_who_may_not_and_what_makes_no_sense(void **state)
{
    struct scene *scene = *state;
    static const char *const dave[] = { "dave" };
    static const char *const twice[] = { "alice", "alice" };
    static const char *const own[] = { "olga" };
    static const char *const unknown[] = { "nobody" };
    static const char *const good[] = { "alice" };
    char long_name[64];
    uint64_t ingested = status_of(scene).keys_in_state[QW_KEY_STORED];

    memset(long_name, 'x', 49);
    long_name[49] = '\0';
    assert_int_equal(create(scene, "olga", "fleet", dave, 1), QW_ERR_REFUSED);
    assert_int_equal(create(scene, "olga", "fleet", twice, 2), QW_ERR_ARG);
    assert_int_equal(create(scene, "olga", "fleet", own, 1), QW_ERR_ARG);
    assert_int_equal(create(scene, "olga", "fleet", unknown, 1), QW_ERR_NOT_FOUND);
    assert_int_equal(create(scene, "olga", "fleet", good, 0), QW_ERR_ARG);
    assert_int_equal(create(scene, "olga", "", good, 1), QW_ERR_ARG);
    assert_int_equal(create(scene, "olga", long_name, good, 1), QW_ERR_ARG);
    assert_int_equal(create(scene, "nobody", "fleet", good, 1), QW_ERR_REFUSED);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], ingested);
    make_fleet(scene);
    assert_int_equal(change(scene, "alice", "fleet", NULL, "bob", 0), QW_ERR_NOT_FOUND);
    assert_int_equal(change(scene, "olga", "flee", NULL, "bob", 0), QW_ERR_NOT_FOUND);
    assert_int_equal(change(scene, "olga", "fleet", "bob", NULL, 0), QW_ERR_ARG);
    assert_int_equal(change(scene, "olga", "fleet", NULL, "carol", 0), QW_ERR_ARG);
    assert_int_equal(change(scene, "olga", "fleet", "dave", NULL, 0), QW_ERR_REFUSED);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, QW_KEY_GROUP_LEAD_MS_MAX + 1),
                     QW_ERR_ARG);
    assert_int_equal(change(scene, "olga", "fleet", NULL, "bob", 0), QW_OK);
    assert_int_equal(change(scene, "olga", "fleet", NULL, "alice", 0),
                     QW_ERR_ARG); /* nobody left */
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "alice", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(take(scene, "alice", 2, NULL), QW_ERR_REFUSED);
    assert_int_equal(create(scene, "olga", "other", good, 1), QW_ERR_REFUSED);
}

static void an_owner_who_is_suspended_changes_nothing(void **state)
{
    struct scene *scene = *state;

    make_fleet(scene);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "olga", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, 0), QW_ERR_REFUSED);
    assert_int_equal(take(scene, "olga", 1, NULL), QW_ERR_REFUSED);
    assert_int_equal(take(scene, "bob", 2, NULL), QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "olga", QW_DEVICE_RESUME),
        QW_OK);
    assert_int_equal(change(scene, "olga", "fleet", NULL, NULL, 0), QW_OK);
}

/* Q1: ten keys at once, then one a second. */
static void keys_of_a_group_count_against_the_owners_quota(void **state)
{
    struct scene *scene = *state;
    int changes = 0;
    qw_err err;

    make_fleet(scene);
    assert_int_equal(
        qw_centre_device_set_quota(scene->centre, &scene->operator_caller, "olga", 1, 1), QW_OK);
    while ((err = change(scene, "olga", "fleet", NULL, NULL, 0)) == QW_OK) {
        changes++;
    }
    assert_int_equal(err, QW_ERR_LIMIT);
    assert_int_equal(changes, 10);
}

/* The id is no way round: dec_keys knows no party of it. */
static void the_key_cannot_be_fetched_by_its_id(void **state)
{
    struct scene *scene = *state;
    struct qw_caller bob = sae("bob");
    struct qw_given_key key, got;

    make_fleet(scene);
    assert_int_equal(take(scene, "bob", 1, &key), QW_OK);
    assert_int_equal(
        qw_centre_fetch(scene->centre, &bob, "fleet", (const uint8_t(*)[16])key.id, 1, &got),
        QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_fetch(scene->centre, &bob, "olga", (const uint8_t(*)[16])key.id, 1, &got),
        QW_ERR_REFUSED);
}

/* Every write fails once: nothing has changed, or everything; and after a restart it is the same.
 */
static void a_write_that_fails_changes_nothing(void **state)
{
    struct scene *scene = *state;
    struct qw_given_key before, after;

    make_fleet(scene);
    assert_int_equal(take(scene, "bob", 1, &before), QW_OK);
    for (int n = 1; n <= 3; n++) {
        qw_err err;

        scene->submits = 0;
        scene->fail_at = n;
        err = change(scene, "olga", "fleet", NULL, NULL, 0);
        scene->fail_at = 0;
        if (err == QW_OK) {
            break;
        }
        assert_int_equal(err, QW_ERR_IO);
        scene_close(scene);
        scene_open(scene);
        assert_int_equal(take(scene, "bob", 1, &after), QW_OK);
        assert_memory_equal(before.bytes, after.bytes, 32);
        assert_int_equal(take(scene, "bob", 2, NULL), QW_ERR_NOT_FOUND);
    }
    assert_int_equal(take(scene, "bob", 2, NULL), QW_OK);
    scene->submits = 0;
    scene->fail_at = 1; /* not in the journal: not given */
    memset(&after, 0x55, sizeof after);
    assert_int_equal(take(scene, "bob", 2, &after), QW_ERR_IO);
    scene->fail_at = 0;
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(after.bytes[i], 0);
    }
}

static void without_keys_nothing_changes(void **state)
{
    struct scene *scene = *state;
    struct qw_caller olga = sae("olga");
    struct qw_key_wish wish = { .slave = "alice",
                                .count = 64,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    static struct qw_given_key keys[64];
    qw_err err;

    make_fleet(scene);
    do {
        err = qw_centre_deliver(scene->centre, &olga, &wish, keys);
    } while (err == QW_OK);
    assert_int_equal(err, QW_ERR_EXHAUSTED);
    while ((err = change(scene, "olga", "fleet", NULL, NULL, 0)) == QW_OK) {
    }
    assert_int_equal(err, QW_ERR_EXHAUSTED);
    assert_int_equal(take(scene, "bob", 1, NULL) == QW_OK, false); /* ended by the last change */
}

/* docs/adr/0076 */
static void who_is_at_home_at_another_centre_is_no_member(void **state)
{
    struct scene *scene = *state;
    static const char *const both[] = { "alice", "carol" };
    struct qw_key_group_info info;
    struct qw_caller olga = sae("olga");

    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "kme-b",
                                               QW_DEVICE_KME, "", ""),
                     QW_OK);
    make_fleet(scene);
    assert_int_equal(
        qw_centre_device_set_home(scene->centre, &scene->operator_caller, "carol", "kme-b"), QW_OK);
    assert_int_equal(create(scene, "olga", "other", both, 2), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_key_group_find(scene->centre, &olga, "other", &info),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(change(scene, "olga", "fleet", "carol", "alice", 0), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_key_group_find(scene->centre, &olga, "fleet", &info), QW_OK);
    assert_int_equal(info.epoch, 1); /* nobody has left either */
    assert_int_equal(take(scene, "alice", 1, NULL), QW_OK);
    /* Who moves away while he is a member gets nothing more here. */
    assert_int_equal(
        qw_centre_device_set_home(scene->centre, &scene->operator_caller, "bob", "kme-b"), QW_OK);
    assert_int_equal(take(scene, "bob", 1, NULL), QW_ERR_REFUSED);
    assert_int_equal(take(scene, "alice", 1, NULL), QW_OK);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_members_get_the_same_key_and_nobody_else_gets_it),
        CASE(who_joins_reads_nothing_before_and_who_leaves_nothing_after),
        CASE(a_key_that_is_over_is_destroyed),
        CASE(an_ended_group_is_gone_and_its_name_stays_used),
        CASE(tells_members_what_they_may_know),
        CASE(refuses_who_may_not_and_what_makes_no_sense),
        CASE(an_owner_who_is_suspended_changes_nothing),
        CASE(keys_of_a_group_count_against_the_owners_quota),
        CASE(the_key_cannot_be_fetched_by_its_id),
        CASE(a_write_that_fails_changes_nothing),
        CASE(without_keys_nothing_changes),
        CASE(who_is_at_home_at_another_centre_is_no_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
