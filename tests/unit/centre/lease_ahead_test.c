/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C12 C14 */
/* Leases ahead of need: the next block is there when the last one is used up, never more is open
 * than was promised, and what cannot be leased harms no request
 * [docs/adr/0122-a-lease-ahead-of-need.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "centre/pair/lease_ahead.h"
#include "centre/people/unit_quota.h"
#include "unit/centre/scene.h"

#include <pthread.h>

enum { BLOCK = 16, LEASE = 32, STOCK = 320, PATIENCE_MS = 60000 };

static void add(struct scene *scene, const char *id, const char *peers)
{
    assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                               QW_DEVICE_APPLICATION, "", peers),
                     QW_OK);
}

static int make_pair(void **state)
{
    struct scene *scene;

    assert_int_equal(scene_make(state), 0);
    scene = *state;
    scene_close(scene);
    scene->config.block_keys = BLOCK;
    scene->config.lease_keys = LEASE;
    scene->config.stock_keys = STOCK;
    scene_open(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    add(scene, "alice", "bob");
    add(scene, "bob", "alice");
    return 0;
}

/* Keys that blocks of pairs have taken out of the stock since it was filled. */
static uint64_t leased(struct scene *scene)
{
    struct qw_centre_status status;

    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    return status.keys_ingested - status.keys_in_state[QW_KEY_STORED];
}

static void wait_for_lease(struct scene *scene, uint64_t keys)
{
    for (int waited_ms = 0; waited_ms < PATIENCE_MS && leased(scene) < keys; waited_ms++) {
        usleep(1000);
    }
    assert_int_equal(leased(scene), keys);
}

static qw_err ask(struct scene *scene, const struct qw_caller *caller, const char *slave,
                  uint32_t count)
{
    struct qw_given_key keys[QW_DELIVERY_KEYS_MAX];
    struct qw_key_wish wish = { .slave = slave,
                                .count = count,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(scene->centre, caller, &wish, keys);
}

static qw_err alice_asks(struct scene *scene, uint32_t count)
{
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");

    return ask(scene, &alice, "bob", count);
}

static void the_next_block_comes_while_the_last_is_carved(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(alice_asks(scene, 1), QW_OK);
    assert_int_equal(leased(scene), LEASE); /* the first request leases as much as may be open */
    for (int i = 0; i < 14; i++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
        assert_int_equal(leased(scene), LEASE);
    }
    assert_int_equal(alice_asks(scene, 1), QW_OK); /* a block's worth of room */
    wait_for_lease(scene, LEASE + BLOCK);
    assert_last_deed(scene, "lease-pair", QW_OK, "16 keys for alice > bob");
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void no_more_is_open_than_was_promised(void **state)
{
    struct scene *scene = *state;

    for (uint64_t given = 1; given <= 200; given++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
        assert_true(leased(scene) <= given + LEASE);
        assert_true(leased(scene) >= given);
    }
}

/* With 128 keys that may be leased, and blocks of 16. */
static void who_is_quick_may_have_more_and_who_is_slow_two_blocks(void **state)
{
    static const uint64_t doubled[] = { 32, 64, 128, 128 };
    struct scene *scene = *state;
    struct qw_pair pair = { .lease_places = 0 };
    int64_t now_ms = 1000000;

    scene->centre->config.lease_keys = 128;
    for (size_t i = 0; i < sizeof doubled / sizeof doubled[0]; i++, now_ms += 249) {
        qw_pair_set_places(scene->centre, &pair, now_ms);
        assert_int_equal(pair.lease_places, doubled[i]);
        assert_int_equal(qw_pair_room_ahead(scene->centre, &pair), doubled[i]); /* nothing open */
    }
    qw_pair_set_places(scene->centre, &pair, now_ms + 1); /* 250 ms after the last */
    assert_int_equal(pair.lease_places, 32);
    qw_pair_set_places(scene->centre, &pair, now_ms);
    assert_int_equal(pair.lease_places, 32); /* a clock that was set back is no haste */
    scene->centre->config.lease_keys = 20;
    qw_pair_set_places(scene->centre, &pair, now_ms);
    assert_int_equal(pair.lease_places, 20);
    assert_int_equal(qw_pair_room_ahead(scene->centre, &pair), 16);
}

static void names_of_whole_blocks_are_those_of_single_keys(void **state)
{
    struct scene *scene = *state;
    struct qw_caller alice = caller_of("urn:qwave:sae:alice");
    struct qw_given_key keys[LEASE];
    struct qw_key_wish wish = { .slave = "bob",
                                .count = LEASE,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    struct qw_key_spot spot;
    uint8_t id[1][16];

    assert_int_equal(qw_centre_deliver(scene->centre, &alice, &wish, keys), QW_OK);
    for (uint16_t i = 0; i < LEASE; i++) {
        assert_int_equal(qw_key_id_resolve(scene->centre, keys[i].id, &spot), QW_OK);
        assert_int_equal(spot.position, i % BLOCK);
        assert_int_equal(spot.bits, 256);
        assert_int_equal(qw_key_id_make(scene->centre, &spot, 1, id), QW_OK);
        assert_memory_equal(id[0], keys[i].id, 16);
    }
}

/* Twenty blocks at once, and each of their keys is given: none is thrown away for their number. */
static void nothing_leased_is_thrown_away(void **state)
{
    struct scene *scene = *state;
    struct qw_pair *pair;

    scene->centre->config.lease_keys = STOCK;
    assert_int_equal(qw_pair_enter(scene->centre->pairs, "alice", "bob", &pair), QW_OK);
    pair->lease_places = STOCK; /* of a pair in haste */
    pair->leased_ms = qw_clock_utc_ms();
    qw_pair_leave(scene->centre->pairs, pair);
    for (int given = 0; given < STOCK; given++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
    }
    assert_int_equal(leased(scene), STOCK);
}

static void a_request_for_many_leases_for_itself(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(alice_asks(scene, LEASE), QW_OK);
    assert_int_equal(leased(scene), LEASE);
    assert_int_equal(alice_asks(scene, BLOCK), QW_OK);
    assert_int_equal(leased(scene), 2 * LEASE);
    assert_int_equal(alice_asks(scene, 1), QW_OK); /* room, and small enough */
    wait_for_lease(scene, 2 * LEASE + BLOCK);
}

static void the_last_of_the_stock_is_given_to_the_end(void **state)
{
    struct scene *scene = *state;
    int given = 0;

    while (alice_asks(scene, 1) == QW_OK) {
        given++;
    }
    assert_int_equal(given, STOCK);
    assert_int_equal(alice_asks(scene, 1), QW_ERR_EXHAUSTED);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    for (int i = 0; i < 3 * LEASE; i++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
    }
    assert_books_balance(scene);
}

static void a_quota_is_used_up_to_its_last_block(void **state)
{
    struct scene *scene = *state;
    const struct qw_device_entry entry = {
        .id = "carol", .kind = QW_DEVICE_APPLICATION, .owner = "", .peers = "dave", .unit = "/north"
    };
    struct qw_caller carol = caller_of("urn:qwave:sae:carol");
    const struct qw_device_entry peer = {
        .id = "dave", .kind = QW_DEVICE_APPLICATION, .owner = "", .peers = "carol", .unit = "/north"
    };
    int given = 0;

    assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &entry), QW_OK);
    assert_int_equal(qw_centre_device_add(scene->centre, &scene->operator_caller, &peer), QW_OK);
    assert_int_equal(
        scene_set_quota(scene->centre, &scene->operator_caller, "/north", 0, 3 * BLOCK), QW_OK);
    while (ask(scene, &carol, "dave", 1) == QW_OK) {
        given++;
    }
    assert_int_equal(given, 3 * BLOCK);
    assert_int_equal(ask(scene, &carol, "dave", 1), QW_ERR_LIMIT);
    assert_int_equal(leased(scene), 3 * BLOCK);
}

static void a_lease_that_fails_on_the_disk_is_made_by_the_next_request_in_need(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 15; i++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
    }
    scene->fail_at = scene->submits + 1; /* the lease ahead that the next request asks for */
    for (int i = 0; i < LEASE - 15; i++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
    }
    assert_int_equal(leased(scene), LEASE);
    assert_int_equal(alice_asks(scene, 1), QW_OK); /* leases for itself */
    assert_int_equal(leased(scene), 2 * LEASE);
    for (int i = 0; i < BLOCK; i++) {
        assert_int_equal(alice_asks(scene, 1), QW_OK);
    }
    wait_for_lease(scene, 2 * LEASE + BLOCK); /* and from then on there is one ahead again */
    assert_books_balance(scene);
}

static void a_centre_may_end_with_leases_asked_for(void **state)
{
    struct scene *scene = *state;

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < BLOCK; i++) {
            assert_int_equal(alice_asks(scene, 1), QW_OK);
        }
        scene_restart(scene);
        assert_books_balance(scene);
    }
    assert_journal_whole(scene);
}

enum { CROWD = 4, ROUNDS = 30 };

struct guest {
    struct scene *scene;
    const char *name, *peer;
    struct qw_given_key made[ROUNDS];
    qw_err err;
};

static void *ask_for_keys(void *self)
{
    struct guest *guest = self;
    struct qw_caller caller = caller_of(guest->name);
    struct qw_key_wish wish = { .slave = guest->peer,
                                .count = 1,
                                .bits = 256,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    for (int i = 0; i < ROUNDS && guest->err == QW_OK; i++) {
        guest->err = qw_centre_deliver(guest->scene->centre, &caller, &wish, &guest->made[i]);
    }
    return NULL;
}

static void a_crowd_gets_no_key_twice(void **state)
{
    static struct guest guests[CROWD];
    struct scene *scene = *state;
    pthread_t threads[CROWD];
    bool used[SCENE_KEYS_MAX] = { false };

    memset(guests, 0, sizeof guests);
    for (size_t i = 0; i < CROWD; i++) {
        guests[i].scene = scene;
        guests[i].name = i % 2 == 0 ? "urn:qwave:sae:alice" : "urn:qwave:sae:bob";
        guests[i].peer = i % 2 == 0 ? "bob" : "alice";
        assert_int_equal(pthread_create(&threads[i], NULL, ask_for_keys, &guests[i]), 0);
    }
    for (size_t i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(guests[i].err, QW_OK);
        for (size_t k = 0; k < ROUNDS; k++) {
            size_t index = given_index(scene, guests[i].made[k].bytes);

            assert_false(used[index]);
            used[index] = true;
        }
    }
    assert_true(leased(scene) <= CROWD * ROUNDS + 2 * LEASE);
    scene_restart(scene); /* a lease that is still under way would write while it is counted */
    assert_journal_whole(scene);
}

#define WITH_A_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_A_PAIR(the_next_block_comes_while_the_last_is_carved),
        WITH_A_PAIR(no_more_is_open_than_was_promised),
        WITH_A_PAIR(who_is_quick_may_have_more_and_who_is_slow_two_blocks),
        WITH_A_PAIR(names_of_whole_blocks_are_those_of_single_keys),
        WITH_A_PAIR(nothing_leased_is_thrown_away),
        WITH_A_PAIR(a_request_for_many_leases_for_itself),
        WITH_A_PAIR(the_last_of_the_stock_is_given_to_the_end),
        WITH_A_PAIR(a_quota_is_used_up_to_its_last_block),
        WITH_A_PAIR(a_lease_that_fails_on_the_disk_is_made_by_the_next_request_in_need),
        WITH_A_PAIR(a_centre_may_end_with_leases_asked_for),
        WITH_A_PAIR(a_crowd_gets_no_key_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
