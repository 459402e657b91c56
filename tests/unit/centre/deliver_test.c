/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C12 C14 */
/* Keys for pairs of applications: given once, to the right two, whatever happens in between
 * [ETSI 014 5.2, 5.3, 5.4]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include <pthread.h>
#include <stdio.h>

enum { TTL_MS = 3600 * 1000, GIVEN_MAX = 128 };

static struct qw_caller bob(void)
{
    return caller_of("urn:qwave:sae:bob");
}

static struct qw_caller alice(void)
{
    return caller_of("urn:qwave:sae:alice");
}

static struct qw_caller carol(void)
{
    return caller_of("urn:qwave:sae:carol");
}

static void add(struct scene *scene, const char *id, const char *peers)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

/* alice may ask keys for bob and carol, bob for alice; dave is registered and nobody's peer. */
static int make_pairs(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    scene_close(scene);
    scene->config.key_ttl_s = TTL_MS / 1000;
    scene->config.stock_keys = 640;
    scene_open(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    add(scene, "alice", "bob,carol");
    add(scene, "bob", "alice");
    add(scene, "carol", "");
    add(scene, "dave", "");
    return 0;
}

static struct qw_key_wish wish_of(const char *slave, uint32_t count, uint32_t bits)
{
    return (struct qw_key_wish){ .slave = slave,
                                 .count = count,
                                 .bits = bits,
                                 .mandatory = qw_key_demand_none,
                                 .preferred = qw_key_demand_none };
}

static qw_err deliver(struct scene *scene, const struct qw_caller *caller,
                      const struct qw_key_wish *wish, struct qw_given_key *keys)
{
    qw_err err = qw_centre_deliver(scene->centre, caller, wish, keys);

    assert_books_balance(scene);
    return err;
}

static qw_err take(struct scene *scene, const struct qw_caller *caller, const char *master,
                   const struct qw_given_key *wanted, size_t count, struct qw_given_key *keys)
{
    uint8_t ids[GIVEN_MAX][16];
    qw_err err;

    for (size_t i = 0; i < count; i++) {
        memcpy(ids[i], wanted[i].id, 16);
    }
    err = qw_centre_fetch(scene->centre, caller, master, (const uint8_t(*)[16])ids, count, keys);
    assert_books_balance(scene);
    return err;
}

static void assert_same_keys(const struct qw_given_key *a, const struct qw_given_key *b,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(a[i].id, b[i].id, 16);
        assert_int_equal(a[i].bits, b[i].bits);
        assert_memory_equal(a[i].bytes, b[i].bytes, a[i].bits / 8);
    }
}

static void sweep(struct scene *scene)
{
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

static void both_ends_get_the_same_keys_and_each_end_once(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_key_wish wish = wish_of("bob", 5, 256);
    struct qw_given_key master[5];
    struct qw_given_key more[5];
    struct qw_given_key slave[5];

    assert_int_equal(deliver(scene, &a, &wish, master), QW_OK);
    assert_int_equal(deliver(scene, &a, &wish, more), QW_OK);
    assert_last_deed(scene, "lease-pair", QW_OK, "64 keys for alice > bob");
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(master[i].bits, 256);
        (void)given_index(scene, master[i].bytes);
        for (size_t k = 0; k < 5; k++) {
            assert_memory_not_equal(master[i].bytes, more[k].bytes, 32);
            assert_memory_not_equal(master[i].id, more[k].id, 16);
        }
    }
    assert_int_equal(take(scene, &b, "alice", master, 5, slave), QW_OK);
    assert_same_keys(master, slave, 5);
    assert_int_equal(take(scene, &b, "alice", more, 5, slave), QW_OK);
    assert_same_keys(more, slave, 5);
    assert_int_equal(take(scene, &a, "alice", more, 5, slave), QW_ERR_REFUSED); /* no slave */
    scene_now_ms += 30000;
    assert_int_equal(take(scene, &b, "alice", master, 5, slave), QW_ERR_NOT_FOUND);
    assert_journal_whole(scene);
}

struct rows {
    uint8_t ids[16][QW_STORE_ID_MAX];
    size_t lens[16];
    size_t count;
};

static int note_row(void *self, const struct qw_store_record *record)
{
    struct rows *rows = self;

    memcpy(rows->ids[rows->count], record->id, record->id_len);
    rows->lens[rows->count++] = record->id_len;
    return rows->count < 16;
}

/* block u64, position u16, size u16 [docs/adr/0055] */
static void assert_neighbours(const struct scene *scene, enum qw_store_kind kind, size_t count)
{
    struct rows rows = { .count = 0 };

    assert_int_equal(
        scene->store.scan(scene->store.self, kind, QW_STORE_ANY_TAG, NULL, 0, 16, note_row, &rows),
        QW_OK);
    assert_int_equal(rows.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows.lens[i], 12);
        assert_memory_equal(rows.ids[i], rows.ids[0], 8);
        assert_int_equal(rows.ids[i][8] << 8 | rows.ids[i][9],
                         (rows.ids[0][8] << 8 | rows.ids[0][9]) + (int)i);
        assert_int_equal(rows.ids[i][10] << 8 | rows.ids[i][11], 256);
    }
}

static void marks_and_tombstones_of_one_block_stand_together(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_key_wish wish = wish_of("bob", 5, 256);
    struct qw_given_key master[5];
    struct qw_given_key slave[5];

    assert_int_equal(deliver(scene, &a, &wish, master), QW_OK);
    for (size_t i = 5; i-- > 0;) { /* in whatever order they are fetched */
        assert_int_equal(take(scene, &b, "alice", &master[i], 1, &slave[i]), QW_OK);
    }
    assert_same_keys(master, slave, 5);
    assert_neighbours(scene, QW_STORE_KEY, 5);
    scene_now_ms += 31000;
    sweep(scene);
    assert_neighbours(scene, QW_STORE_KEY, 0);
    assert_neighbours(scene, QW_STORE_TOMBSTONE, 5);
    assert_int_equal(take(scene, &b, "alice", master, 1, slave), QW_ERR_NOT_FOUND);
}

static void a_repeat_inside_the_window_survives_a_restart(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_caller c = carol();
    struct qw_key_wish wish = wish_of("bob", 2, 256);
    struct qw_given_key master[2];
    struct qw_given_key slave[2];
    struct qw_given_key again[2];

    assert_int_equal(deliver(scene, &a, &wish, master), QW_OK);
    scene_restart(scene);
    assert_int_equal(take(scene, &b, "alice", master, 2, slave), QW_OK);
    assert_same_keys(master, slave, 2);
    scene_now_ms += 29999;
    sweep(scene);
    scene_restart(scene);
    assert_int_equal(take(scene, &b, "alice", master, 2, again), QW_OK);
    assert_same_keys(master, again, 2);
    assert_last_deed(scene, "fetch-repeat", QW_OK, "2 keys of alice");
    assert_int_equal(take(scene, &c, "alice", master, 2, again), QW_ERR_REFUSED);
    scene_now_ms += 1;
    for (int round = 0; round < 2; round++) { /* before the sweep and after it */
        assert_int_equal(take(scene, &b, "alice", master, 2, again), QW_ERR_NOT_FOUND);
        assert_int_equal(take(scene, &c, "alice", master, 2, again), QW_ERR_REFUSED);
        sweep(scene);
    }
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], 2);
    scene_restart(scene);
    sweep(scene);
    assert_int_equal(take(scene, &b, "alice", master, 2, again), QW_ERR_NOT_FOUND);
}

static void a_restart_never_carves_the_same_place_again(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_key_wish wish = wish_of("bob", 3, 256);
    struct qw_given_key keys[4][3];
    uint64_t stored = status_of(scene).keys_in_state[QW_KEY_STORED];

    for (int round = 0; round < 4; round++) {
        assert_int_equal(deliver(scene, &a, &wish, keys[round]), QW_OK);
        scene_restart(scene);
    }
    for (int x = 0; x < 4; x++) {
        for (int y = 0; y < x; y++) {
            assert_memory_not_equal(keys[x][0].id, keys[y][0].id, 16);
            assert_int_not_equal(given_index(scene, keys[x][0].bytes),
                                 given_index(scene, keys[y][0].bytes));
        }
    }
    /* one block per start is what it may cost */
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], stored - 4 * 64);
}

static void each_direction_and_each_pair_has_keys_of_its_own(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_caller c = carol();
    struct qw_key_wish to_bob = wish_of("bob", 1, 256);
    struct qw_key_wish to_alice = wish_of("alice", 1, 256);
    struct qw_key_wish to_carol = wish_of("carol", 1, 256);
    struct qw_given_key ab[1], ba[1], ac[1], got[1];

    assert_int_equal(deliver(scene, &a, &to_bob, ab), QW_OK);
    assert_int_equal(deliver(scene, &b, &to_alice, ba), QW_OK);
    assert_int_equal(deliver(scene, &a, &to_carol, ac), QW_OK);
    assert_memory_not_equal(ab->bytes, ba->bytes, 32);
    assert_memory_not_equal(ab->bytes, ac->bytes, 32);
    assert_int_equal(take(scene, &b, "alice", ac, 1, got), QW_ERR_REFUSED);
    assert_int_equal(take(scene, &c, "alice", ab, 1, got), QW_ERR_REFUSED);
    assert_int_equal(take(scene, &b, "bob", ab, 1, got), QW_ERR_NOT_FOUND); /* another master */
    assert_int_equal(take(scene, &b, "carol", ab, 1, got), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &a, "bob", ba, 1, got), QW_OK);
    assert_int_equal(take(scene, &b, "alice", ab, 1, got), QW_OK);
    assert_int_equal(take(scene, &c, "alice", ac, 1, got), QW_OK);
}

static void only_registered_peers_get_keys(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_caller c = carol();
    struct qw_caller nobody = caller_of("urn:qwave:sae:nobody");
    struct qw_key_wish to_bob = wish_of("bob", 1, 256);
    struct qw_key_wish to_alice = wish_of("alice", 1, 256);
    struct qw_key_wish to_dave = wish_of("dave", 1, 256);
    struct qw_key_wish to_nobody = wish_of("nobody", 1, 256);
    struct qw_given_key keys[1];
    struct qw_given_key got[1];
    struct qw_pair_status status;

    assert_int_equal(deliver(scene, &nobody, &to_bob, keys), QW_ERR_REFUSED);
    assert_int_equal(deliver(scene, &c, &to_alice, keys), QW_ERR_REFUSED);
    assert_last_deed(scene, "deliver", QW_ERR_REFUSED, "not its peer");
    assert_int_equal(deliver(scene, &a, &to_dave, keys), QW_ERR_REFUSED);
    assert_int_equal(deliver(scene, &a, &to_nobody, keys), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_pair_status(scene->centre, &a, "dave", &status), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_pair_status(scene->centre, &a, "nobody", &status), QW_ERR_NOT_FOUND);
    assert_int_equal(deliver(scene, &scene->operator_caller, &to_bob, keys), QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "alice", "dave"), QW_OK);
    assert_int_equal(deliver(scene, &a, &to_bob, keys), QW_ERR_REFUSED); /* acts at once */
    assert_int_equal(deliver(scene, &a, &to_dave, keys), QW_OK);
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "alice", "bob,dave"),
        QW_OK);
    assert_int_equal(deliver(scene, &a, &to_bob, keys), QW_OK);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "bob", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(deliver(scene, &a, &to_bob, got), QW_ERR_REFUSED);
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "bob", QW_DEVICE_RESUME),
        QW_OK);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "alice", QW_DEVICE_SUSPEND),
        QW_OK);
    assert_int_equal(deliver(scene, &a, &to_bob, got), QW_ERR_REFUSED);
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_device_change(scene->centre, &scene->operator_caller, "alice", QW_DEVICE_DESTROY),
        QW_OK);
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_ERR_REFUSED);
    assert_journal_whole(scene);
}

/* Whom the centre has found to be in service is looked up again as soon as anything changes. */
static void whoever_was_served_before_is_refused_when_suspended(void **state)
{
    static const char *const ends[] = { "bob", "alice" };
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_key_wish wish = wish_of("bob", 5, 256);
    struct qw_given_key keys[5];
    struct qw_given_key got[1];

    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    assert_int_equal(take(scene, &b, "alice", &keys[0], 1, got), QW_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(take(scene, &b, "alice", &keys[2 * i + 1], 1, got), QW_OK);
        assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, ends[i],
                                                 QW_DEVICE_SUSPEND),
                         QW_OK);
        assert_int_equal(take(scene, &b, "alice", &keys[2 * i + 2], 1, got), QW_ERR_REFUSED);
        assert_int_equal(qw_centre_device_change(scene->centre, &scene->operator_caller, ends[i],
                                                 QW_DEVICE_RESUME),
                         QW_OK);
        assert_int_equal(take(scene, &b, "alice", &keys[2 * i + 2], 1, got), QW_OK);
    }
}

static void peers_are_names_with_single_commas(void **state)
{
    static const char *const wrong[] = { ",",      "bob,", ",bob", "bob,,carol",
                                         "al ice", "erin", "b\x01" };
    struct scene *scene = *state;
    char longest[QW_DEVICE_PEERS_CAP + 1];
    size_t at = 0;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "erin",
                                                   QW_DEVICE_APPLICATION, "", wrong[i]),
                         QW_ERR_ARG);
    }
    memset(longest, 'x', 64);
    longest[64] = '\0'; /* one name too long */
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "alice", longest),
        QW_ERR_ARG);
    for (; at < QW_DEVICE_PEERS_CAP; at += 2) {
        memcpy(longest + at, "x,", 2);
    }
    longest[QW_DEVICE_PEERS_CAP - 1] = '\0';
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "alice", longest),
        QW_OK);
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "nobody", "bob"),
        QW_ERR_NOT_FOUND);
    assert_int_equal(qw_centre_device_set_peers(scene->centre, &scene->stranger, "alice", "bob"),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, "phone",
                                               QW_DEVICE_TERMINAL, "", "bob"),
                     QW_OK);
    assert_int_equal(
        qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "phone", "alice"),
        QW_ERR_STATE);
    assert_int_equal(qw_centre_charge(scene->centre, &scene->operator_caller, "bob", "station-1", 4,
                                      (uint8_t *)longest, sizeof longest, &at),
                     QW_ERR_STATE);
}

static void every_size_is_exact_and_never_overlaps(void **state)
{
    static const uint32_t sizes[] = { 24, 64, 128, 256, 264, 512, 1024, 4096 };
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_given_key keys[8][2];
    struct qw_given_key got[2];
    bool used[SCENE_KEYS_MAX] = { false };

    for (size_t i = 0; i < 8; i++) {
        struct qw_key_wish wish = wish_of("bob", 2, sizes[i]);

        assert_int_equal(deliver(scene, &a, &wish, keys[i]), QW_OK);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(keys[i][k].bits, sizes[i]);
            for (size_t at = 0; at + 32 <= sizes[i] / 8; at += 32) {
                size_t index = given_index(scene, keys[i][k].bytes + at);

                assert_false(used[index]);
                used[index] = true;
            }
        }
    }
    scene_restart(scene);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(take(scene, &b, "alice", keys[i], 2, got), QW_OK);
        assert_same_keys(keys[i], got, 2);
    }
    scene_now_ms += 30000;
    sweep(scene);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(take(scene, &b, "alice", keys[i], 2, got), QW_ERR_NOT_FOUND);
    }
    /* places taken: 4 sizes in one, 264 and 512 in two, 1024 in four, 4096 in sixteen; twice each
     */
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], 2 * (4 + 2 * 2 + 4 + 16));
}

static void refuses_what_is_out_of_range(void **state)
{
    static const uint32_t wrong_sizes[] = { 0, 8, 16, 25, 4104 };
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_given_key keys[1] = { { .bits = 77 } };
    char others[9][64] = { "carol", "carol" };
    struct qw_key_wish wish = wish_of("bob", 0, 256);

    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    wish.count = QW_DELIVERY_KEYS_MAX + 1;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    for (size_t i = 0; i < sizeof wrong_sizes / sizeof wrong_sizes[0]; i++) {
        wish = wish_of("bob", 1, wrong_sizes[i]);
        assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    }
    wish = wish_of("alice", 1, 256); /* himself */
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    wish = wish_of("bob", 1, 256);
    wish.others = (const char(*)[64])others;
    wish.other_count = 2; /* one twice */
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    wish.other_count = 1;
    strcpy(others[0], "bob");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    strcpy(others[0], "alice");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    wish.other_count = QW_KEY_OTHERS_MAX + 1;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_ARG);
    assert_int_equal(keys[0].bits, 77);
}

static void never_fewer_keys_than_asked(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_key_wish wish = wish_of("bob", 128, 256);
    struct qw_given_key keys[128];
    struct qw_pair_status status;
    uint64_t records;
    size_t got = 0;

    scene->left = 0; /* what is in stock is all there is: 640 */
    while (deliver(scene, &a, &wish, keys) == QW_OK) {
        got += 128;
    }
    assert_int_equal(got, 640);
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_EXHAUSTED);
    assert_last_deed(scene, "deliver", QW_ERR_EXHAUSTED, "not enough");
    records = status_of(scene).audit_records;
    for (int i = 0; i < 10; i++) { /* who asks again and again fills no journal */
        assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_EXHAUSTED);
    }
    assert_int_equal(status_of(scene).audit_records, records);
    assert_int_equal(qw_centre_pair_status(scene->centre, &a, "bob", &status), QW_OK);
    assert_int_equal(status.stored_keys, 0);
    scene->left = SIZE_MAX / 16;
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
}

static void status_counts_what_can_be_delivered_now(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_key_wish wish = wish_of("bob", 7, 256);
    struct qw_given_key keys[7];
    struct qw_pair_status before;
    struct qw_pair_status after;

    for (int i = 0; i < 20; i++) {
        assert_int_equal(qw_centre_pair_status(scene->centre, &a, "bob", &before), QW_OK);
        assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
        assert_int_equal(qw_centre_pair_status(scene->centre, &a, "bob", &after), QW_OK);
        assert_int_equal(before.stored_keys - after.stored_keys, 7);
        assert_true(after.stored_keys <= after.max_keys);
    }
}

static void several_slaves_get_the_same_key_each_once(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_caller c = carol();
    struct qw_caller d = caller_of("urn:qwave:sae:dave");
    char others[1][64] = { "carol" };
    struct qw_key_wish wish = wish_of("bob", 3, 512);
    struct qw_given_key master[3], first[3], second[3];

    wish.others = (const char(*)[64])others;
    wish.other_count = 1;
    assert_int_equal(deliver(scene, &a, &wish, master), QW_OK);
    assert_last_deed(scene, "deliver", QW_OK, "3 keys for 2 slaves");
    scene_restart(scene);
    assert_int_equal(take(scene, &d, "alice", master, 3, first), QW_ERR_REFUSED);
    assert_int_equal(take(scene, &c, "alice", master, 3, second), QW_OK);
    assert_same_keys(master, second, 3);
    scene_now_ms += 30000;
    sweep(scene);
    assert_int_equal(take(scene, &c, "alice", master, 3, second), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &b, "alice", master, 3, first), QW_OK); /* still waiting for him */
    assert_same_keys(master, first, 3);
    assert_int_equal(take(scene, &b, "alice", master, 3, first), QW_OK);
    scene_now_ms += 30000;
    sweep(scene);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], 6);
    assert_int_equal(take(scene, &b, "alice", master, 3, first), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &c, "alice", master, 3, first), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &d, "alice", master, 3, first), QW_ERR_REFUSED);
    strcpy(others[0], "dave"); /* no peer of hers: nobody gets anything */
    assert_int_equal(deliver(scene, &a, &wish, master), QW_ERR_REFUSED);
    strcpy(others[0], "nobody");
    assert_int_equal(deliver(scene, &a, &wish, master), QW_ERR_NOT_FOUND);
}

static void what_nobody_fetches_expires(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_caller c = carol();
    char others[1][64] = { "carol" };
    struct qw_key_wish wish = wish_of("bob", 2, 256);
    struct qw_given_key alone[2], shared[2], late[2], got[2];
    uint64_t ingested = status_of(scene).keys_ingested;

    assert_int_equal(deliver(scene, &a, &wish, alone), QW_OK);
    wish.others = (const char(*)[64])others;
    wish.other_count = 1;
    assert_int_equal(deliver(scene, &a, &wish, shared), QW_OK);
    wish.other_count = 0;
    assert_int_equal(take(scene, &b, "alice", shared, 2, got), QW_OK); /* carol never comes */
    scene_now_ms += TTL_MS - 1;
    assert_int_equal(deliver(scene, &a, &wish, late), QW_OK); /* the lease is good to the end */
    scene_now_ms += 1;
    assert_int_equal(take(scene, &c, "alice", shared, 2, got), QW_ERR_NOT_FOUND);
    sweep(scene);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], 2);
    assert_int_equal(take(scene, &c, "alice", shared, 2, got), QW_ERR_NOT_FOUND);
    scene_now_ms += TTL_MS - 2;
    assert_int_equal(take(scene, &b, "alice", alone, 1, got), QW_OK);
    assert_int_equal(take(scene, &b, "alice", late, 1, got), QW_OK);
    scene_now_ms += 2;
    assert_int_equal(take(scene, &b, "alice", alone + 1, 1, got), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &c, "alice", alone + 1, 1, got), QW_ERR_REFUSED);
    scene_now_ms += QW_WINDOW_MS_MAX + 60000 + 1000;
    sweep(scene); /* the block itself: only a tombstone knows the parties now */
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_DESTROYED], 64);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_LEASED], 0);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_STORED], ingested - 64);
    assert_int_equal(take(scene, &b, "alice", alone + 1, 1, got), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &c, "alice", alone + 1, 1, got), QW_ERR_REFUSED);
    assert_int_equal(take(scene, &b, "alice", alone, 1, got), QW_ERR_NOT_FOUND);
    assert_journal_whole(scene);
}

static void a_clock_that_goes_back_loses_no_key_and_revives_none(void **state)
{
    struct scene *scene = *state;
    const int64_t day_ms = 86400000;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_key_wish wish = wish_of("bob", 2, 256);
    struct qw_given_key keys[2], more[2], got[2];

    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_OK);
    scene_now_ms -= day_ms;
    sweep(scene);
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &b, "alice", keys + 1, 1, got), QW_OK); /* was never fetched */
    assert_same_keys(got, keys + 1, 1);
    assert_int_equal(take(scene, &b, "alice", keys + 1, 1, got), QW_OK);
    assert_same_keys(got, keys + 1, 1);
    assert_int_equal(deliver(scene, &a, &wish, more), QW_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_memory_not_equal(keys[i / 2].bytes, more[i % 2].bytes, 32);
    }
    scene_now_ms += day_ms;
    sweep(scene);
    assert_int_equal(take(scene, &b, "alice", keys, 2, got), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &b, "alice", keys + 1, 1, got), QW_ERR_NOT_FOUND);
    assert_int_equal(take(scene, &b, "alice", more, 2, got), QW_OK);
    assert_same_keys(got, more, 2);
    assert_journal_whole(scene);
}

static void demands_on_the_material_are_met_or_refused(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_key_wish wish = wish_of("bob", 1, 256);
    struct qw_given_key keys[1];

    strcpy(wish.mandatory.source, "test-double");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    strcpy(wish.mandatory.source, "test");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    strcpy(wish.mandatory.source, "qkd");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    wish.mandatory = qw_key_demand_none;
    strcpy(wish.preferred.source, "qkd");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    wish.preferred = qw_key_demand_none;
    wish.mandatory.is_relayed = true;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    wish.mandatory.is_relayed = false;
    wish.mandatory.max_age_ms = 1000;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    scene_now_ms += 1001;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    wish.preferred.max_age_ms = 0; /* a wish does not weaken the demand */
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    wish.mandatory.max_age_ms = 2000;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    scene_now_ms -= 60000; /* material from the future has no age */
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    scene_now_ms += 60000;
}

/* Never in stock: the last bytes the source gave, and the stock has not moved. */
static void a_fresh_key_comes_straight_from_the_source(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_key_wish wish = wish_of("bob", 3, 384);
    struct qw_given_key keys[3], got[3], one[1];
    struct qw_pair_status before, after;
    size_t given = scene->given_count;

    assert_int_equal(qw_centre_pair_status(scene->centre, &a, "bob", &before), QW_OK);
    wish.mandatory.is_fresh = true;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    assert_last_deed(scene, "lease-fresh", QW_OK, "6 keys for alice > bob");
    assert_int_equal(scene->given_count, given + 6);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(keys[i].bytes, scene->given[given + 2 * i], 32);
        assert_memory_equal(keys[i].bytes + 32, scene->given[given + 2 * i + 1], 16);
    }
    assert_int_equal(qw_centre_pair_status(scene->centre, &a, "bob", &after), QW_OK);
    assert_int_equal(before.stored_keys, after.stored_keys);
    assert_int_equal(take(scene, &b, "alice", keys, 3, got), QW_OK);
    assert_same_keys(keys, got, 3);
    wish = wish_of("bob", 1, 256); /* from stock again, not what is left of a fresh block */
    assert_int_equal(deliver(scene, &a, &wish, one), QW_OK);
    assert_true(given_index(scene, one[0].bytes) < given);
    for (int i = 0; i < 30; i++) { /* no blocks pile up */
        wish.mandatory.is_fresh = true;
        assert_int_equal(deliver(scene, &a, &wish, one), QW_OK);
    }
    assert_journal_whole(scene);
}

static void without_a_fresh_key_the_answer_is_no_or_stock_as_the_caller_says(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_key_wish wish = wish_of("bob", 1, 256);
    struct qw_given_key keys[128];

    wish.mandatory.is_fresh = true;
    strcpy(wish.mandatory.source, "qkd");
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    wish.mandatory.source[0] = '\0';
    wish.count = 128;
    wish.bits = 4096; /* 2048 places */
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_UNAVAILABLE);
    wish = wish_of("bob", 1, 256);
    scene->left = 0;
    wish.mandatory.is_fresh = true;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_EXHAUSTED);
    wish.mandatory.is_fresh = false;
    wish.preferred.is_fresh = true;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    scene->left = 32;
    scene->submits = 0;
    scene->fail_at = 1;
    wish.mandatory.is_fresh = true;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_IO);
    scene->fail_at = 0;
    assert_int_equal(scene->left, 0); /* what was taken for nothing is gone, and given to nobody */
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_EXHAUSTED);
}

static void a_write_that_fails_gives_nothing_away(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    char others[1][64] = { "carol" };
    struct qw_key_wish wish = wish_of("bob", 1, 256);
    struct qw_key_wish shared = wish_of("bob", 1, 256);
    struct qw_given_key keys[1] = { { .bits = 77 } };
    struct qw_given_key got[1] = { { .bits = 77 } };

    shared.others = (const char(*)[64])others;
    shared.other_count = 1;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_ERR_IO);
    assert_int_equal(keys[0].bits, 77);
    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    scene->fail_at = scene->submits + 1;
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_ERR_IO);
    assert_int_equal(got[0].bits, 77);
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_OK);
    assert_same_keys(keys, got, 1);
    keys[0].bits = 77;
    scene->fail_at = scene->submits + 1;
    assert_int_equal(deliver(scene, &a, &shared, keys), QW_ERR_IO);
    assert_int_equal(keys[0].bits, 77);
    assert_int_equal(deliver(scene, &a, &shared, keys), QW_OK);
}

static void an_altered_id_is_nobodys(void **state)
{
    struct scene *scene = *state;
    struct qw_caller a = alice();
    struct qw_caller b = bob();
    struct qw_key_wish wish = wish_of("bob", 1, 256);
    struct qw_given_key keys[1];
    struct qw_given_key got[1];

    assert_int_equal(deliver(scene, &a, &wish, keys), QW_OK);
    for (size_t bit = 0; bit < 128; bit++) {
        keys[0].id[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_ERR_NOT_FOUND);
        keys[0].id[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(take(scene, &b, "alice", keys, 1, got), QW_OK);
}

enum { CROWD = 8, CROWD_ROUNDS = 12 };

struct guest { /* one of many who ask at the same time */
    struct scene *scene;
    const char *name, *peer;
    struct qw_given_key made[CROWD_ROUNDS], got[CROWD_ROUNDS], again[CROWD_ROUNDS];
    const struct qw_given_key *wanted; /* what the other one made */
    qw_err err;
};

static void *ask_for_keys(void *self)
{
    struct guest *guest = self;
    struct qw_caller caller = caller_of(guest->name);
    struct qw_key_wish wish = wish_of(guest->peer, 1, 256);

    for (int i = 0; i < CROWD_ROUNDS && guest->err == QW_OK; i++) {
        guest->err = qw_centre_deliver(guest->scene->centre, &caller, &wish, &guest->made[i]);
    }
    return NULL;
}

static void *fetch_keys(void *self)
{
    struct guest *guest = self;
    struct qw_caller caller = caller_of(guest->name);

    for (int i = 0; i < CROWD_ROUNDS; i++) {
        const uint8_t(*id)[16] = (const uint8_t(*)[16])guest->wanted[i].id;

        for (int round = 0; round < 2 && guest->err == QW_OK; round++) {
            guest->err = qw_centre_fetch(guest->scene->centre, &caller, guest->peer, id, 1,
                                         round == 0 ? &guest->got[i] : &guest->again[i]);
        }
    }
    return NULL;
}

static void run_crowd(struct guest *guests, void *(*work)(void *self))
{
    pthread_t threads[CROWD];

    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &guests[i]), 0);
    }
    for (size_t i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(guests[i].err, QW_OK);
    }
}

/* Four threads of alice and four of bob; then each key is fetched by two threads at once. */
static void a_crowd_gets_every_key_once(void **state)
{
    static struct guest guests[CROWD];
    struct scene *scene = *state;
    bool used[SCENE_KEYS_MAX] = { false };

    memset(guests, 0, sizeof guests);
    for (size_t i = 0; i < CROWD; i++) {
        guests[i].scene = scene;
        guests[i].name = i % 2 == 0 ? "urn:qwave:sae:alice" : "urn:qwave:sae:bob";
        guests[i].peer = i % 2 == 0 ? "bob" : "alice";
    }
    run_crowd(guests, ask_for_keys);
    for (size_t i = 0; i < CROWD; i++) {
        for (size_t k = 0; k < CROWD_ROUNDS; k++) {
            size_t index = given_index(scene, guests[i].made[k].bytes);

            assert_false(used[index]);
            used[index] = true;
        }
    }
    for (size_t i = 0; i < CROWD; i++) { /* two of one name want the keys of one of the other */
        guests[i].wanted = guests[(i % 4) ^ 1].made;
    }
    run_crowd(guests, fetch_keys);
    for (size_t i = 0; i < CROWD; i++) {
        assert_same_keys(guests[i].wanted, guests[i].got, CROWD_ROUNDS);
        assert_same_keys(guests[i].wanted, guests[i].again, CROWD_ROUNDS);
    }
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void more_pairs_than_can_be_open_are_served_in_turn(void **state)
{
    struct scene *scene = *state;
    struct qw_given_key keys[1];
    char name[64];

    scene_close(scene);
    scene->config.stock_keys = 3500;
    scene->config.block_keys = 16;
    scene_open(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    for (int i = 0; i < 160; i++) {
        for (int side = 0; side < 2; side++) {
            char peer[64];
            struct qw_caller caller;
            struct qw_key_wish wish = wish_of(peer, 1, 256);

            (void)snprintf(name, sizeof name, "urn:qwave:sae:%c%d", side == 0 ? 'x' : 'y', i);
            (void)snprintf(peer, sizeof peer, "%c%d", side == 0 ? 'y' : 'x', i);
            caller = caller_of(name);
            add(scene, caller.id, peer);
            assert_int_equal(qw_centre_deliver(scene->centre, &caller, &wish, keys),
                             side == 0 ? QW_ERR_NOT_FOUND : QW_OK);
        }
    }
    assert_books_balance(scene);
}

#define IN_PAIRS(test) cmocka_unit_test_setup_teardown(test, make_pairs, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PAIRS(both_ends_get_the_same_keys_and_each_end_once),
        IN_PAIRS(marks_and_tombstones_of_one_block_stand_together),
        IN_PAIRS(a_repeat_inside_the_window_survives_a_restart),
        IN_PAIRS(a_restart_never_carves_the_same_place_again),
        IN_PAIRS(each_direction_and_each_pair_has_keys_of_its_own),
        IN_PAIRS(only_registered_peers_get_keys),
        IN_PAIRS(whoever_was_served_before_is_refused_when_suspended),
        IN_PAIRS(peers_are_names_with_single_commas),
        IN_PAIRS(every_size_is_exact_and_never_overlaps),
        IN_PAIRS(refuses_what_is_out_of_range),
        IN_PAIRS(never_fewer_keys_than_asked),
        IN_PAIRS(status_counts_what_can_be_delivered_now),
        IN_PAIRS(several_slaves_get_the_same_key_each_once),
        IN_PAIRS(what_nobody_fetches_expires),
        IN_PAIRS(a_clock_that_goes_back_loses_no_key_and_revives_none),
        IN_PAIRS(demands_on_the_material_are_met_or_refused),
        IN_PAIRS(a_fresh_key_comes_straight_from_the_source),
        IN_PAIRS(without_a_fresh_key_the_answer_is_no_or_stock_as_the_caller_says),
        IN_PAIRS(a_write_that_fails_gives_nothing_away),
        IN_PAIRS(an_altered_id_is_nobodys),
        IN_PAIRS(a_crowd_gets_every_key_once),
        IN_PAIRS(more_pairs_than_can_be_open_are_served_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
