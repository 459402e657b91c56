/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 C12 C14 */
/* A request for new keys that has a name of its own: its repeat gets the same bytes inside the
 * window, from whatever process, and nobody else ever does [docs/adr/0148]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/pair/key_change.h"
#include "unit/centre/scene.h"

#include <pthread.h>

enum { TTL_MS = 3600 * 1000, WINDOW_MS = 30000, KEYS = 3 };

static const uint8_t name[16] = { 1, 2, 3 };
static const uint8_t other_name[16] = { 1, 2, 4 };

static struct qw_caller sae(const char *id)
{
    char identity[64] = "urn:qwave:sae:";

    return caller_of(strcat(identity, id));
}

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
    for (size_t i = 0; i < 3; i++) {
        static const char *const rows[][2] = { { "alice", "bob,carol" },
                                               { "bob", "alice" },
                                               { "carol", "bob" } };

        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller,
                                                   rows[i][0], QW_DEVICE_APPLICATION, "",
                                                   rows[i][1]),
                         QW_OK);
    }
    return 0;
}

static struct qw_key_wish wish_of(const char *slave, uint32_t count, const uint8_t *request_id)
{
    return (struct qw_key_wish){ .slave = slave,
                                 .count = count,
                                 .bits = 256,
                                 .mandatory = qw_key_demand_none,
                                 .preferred = qw_key_demand_none,
                                 .request_id = request_id };
}

static qw_err ask(struct scene *scene, const char *who, const struct qw_key_wish *wish,
                  struct qw_given_key *keys)
{
    struct qw_caller caller = sae(who);
    qw_err err = qw_centre_deliver(scene->centre, &caller, wish, keys);

    assert_books_balance(scene);
    return err;
}

static qw_err take(struct scene *scene, const char *who, const struct qw_given_key *wanted,
                   struct qw_given_key *keys)
{
    struct qw_caller caller = sae(who);
    uint8_t ids[KEYS][16];
    qw_err err;

    for (size_t i = 0; i < KEYS; i++) {
        memcpy(ids[i], wanted[i].id, 16);
    }
    err = qw_centre_fetch(scene->centre, &caller, "alice", (const uint8_t(*)[16])ids, KEYS, keys);
    assert_books_balance(scene);
    return err;
}

static void sweep(struct scene *scene)
{
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

static void assert_same(const struct qw_given_key *a, const struct qw_given_key *b)
{
    for (size_t i = 0; i < KEYS; i++) {
        assert_memory_equal(a[i].id, b[i].id, 16);
        assert_int_equal(a[i].bits, b[i].bits);
        assert_memory_equal(a[i].bytes, b[i].bytes, a[i].bits / 8);
    }
}

static void assert_nothing(const struct qw_given_key *keys)
{
    static const struct qw_given_key none[KEYS];

    assert_memory_equal(keys, none, sizeof none);
}

static uint64_t stored(struct scene *scene)
{
    struct qw_caller alice = sae("alice");
    struct qw_pair_status status;

    assert_int_equal(qw_centre_pair_status(scene->centre, &alice, "bob", &status), QW_OK);
    return status.stored_keys;
}

static void a_repeat_gets_the_same_bytes_and_moves_no_key(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];
    uint64_t left;

    for (size_t size = 0; size < 3; size++) {
        static const uint32_t sizes[] = { 256, 24, 4096 };
        const uint8_t of_size[16] = { 9, (uint8_t)size };

        wish.bits = sizes[size];
        wish.request_id = of_size;
        assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
        assert_last_deed(scene, "deliver", QW_OK, "3 keys for 1 slaves");
        left = stored(scene);
        assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
        assert_same(first, again);
        assert_last_deed(scene, "deliver-repeat", QW_OK, "3 keys again");
        assert_int_equal(stored(scene), left);
        assert_int_equal(take(scene, "bob", first, again), QW_OK);
        assert_same(first, again);
        assert_int_equal(ask(scene, "alice", &wish, again), QW_OK); /* and when he has them */
        assert_same(first, again);
    }
    assert_journal_whole(scene);
}

static void a_repeat_survives_a_restart(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    scene_restart(scene);
    scene_now_ms += WINDOW_MS - 1;
    sweep(scene);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
    assert_same(first, again);
}

static void after_the_window_there_are_neither_old_keys_nor_new_ones(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];
    struct qw_given_key slave[KEYS];

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    scene_now_ms += WINDOW_MS;
    assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_CONFLICT);
    assert_nothing(again);
    assert_last_deed(scene, "deliver-repeat", QW_ERR_CONFLICT, "repeated too late");
    assert_int_equal(take(scene, "bob", first, slave), QW_OK); /* the slave's time is his own */
    assert_same(first, slave);
    scene_now_ms += TTL_MS - 2 * WINDOW_MS;
    sweep(scene);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_CONFLICT);
    scene_now_ms += WINDOW_MS + 1000; /* from then on the name is as good as new */
    sweep(scene);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
    assert_memory_not_equal(first[0].id, again[0].id, 16);
    assert_memory_not_equal(first[0].bytes, again[0].bytes, 32);
}

static void a_clock_that_goes_back_closes_the_window(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    scene_now_ms -= 1;
    assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_CONFLICT);
    assert_nothing(again);
    scene_now_ms += 1;
}

static void a_name_stands_for_one_wish_of_one_master(void **state)
{
    struct scene *scene = *state;
    static const char others[1][64] = { "carol" };
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_key_wish wrong[6];
    struct qw_given_key first[KEYS];
    struct qw_given_key keys[KEYS + 1];
    struct qw_given_key more[KEYS];

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    for (size_t i = 0; i < 6; i++) {
        wrong[i] = wish;
    }
    wrong[0].slave = "carol";
    wrong[1].count = KEYS + 1;
    wrong[2].bits = 128;
    wrong[3].others = others;
    wrong[3].other_count = 1;
    wrong[4].mandatory.max_age_ms = 1000000;
    wrong[5].preferred.is_fresh = true;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(ask(scene, "alice", &wrong[i], keys), QW_ERR_CONFLICT);
        assert_nothing(keys);
        assert_last_deed(scene, "deliver-repeat", QW_ERR_CONFLICT, "name of another request");
    }
    /* who has the name, or guesses it, has nothing of it */
    assert_int_equal(ask(scene, "carol", &wish, more), QW_OK);
    wish.request_id = other_name;
    assert_int_equal(ask(scene, "alice", &wish, keys), QW_OK);
    for (size_t i = 0; i < KEYS; i++) {
        assert_memory_not_equal(first[i].bytes, more[i].bytes, 32);
        assert_memory_not_equal(first[i].bytes, keys[i].bytes, 32);
    }
}

static void several_slaves_and_fresh_keys_are_repeated_too(void **state)
{
    struct scene *scene = *state;
    static const char others[1][64] = { "carol" };
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];

    wish.others = others;
    wish.other_count = 1;
    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    assert_last_deed(scene, "deliver", QW_OK, "3 keys for 2 slaves");
    assert_int_equal(take(scene, "carol", first, again), QW_OK);
    assert_int_equal(take(scene, "bob", first, again), QW_OK);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
    assert_same(first, again);
    wish = wish_of("bob", KEYS, other_name);
    wish.mandatory.is_fresh = true;
    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    scene->left = 0; /* the source is not asked again */
    assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
    assert_same(first, again);
}

static void a_key_that_is_gone_is_not_replaced(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_caller bob = sae("bob");
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];
    uint64_t withdrawn;

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    assert_int_equal(qw_centre_key_withdraw(scene->centre, &bob, QW_WITHDRAW_COMPROMISED,
                                            (const uint8_t(*)[16])first[1].id, 1, &withdrawn),
                     QW_OK);
    for (int round = 0; round < 2; round++) { /* before the sweep and after it */
        assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_CONFLICT);
        assert_nothing(again);
        assert_last_deed(scene, "deliver-repeat", QW_ERR_CONFLICT, "a key of it is gone");
        sweep(scene);
    }
    wish.request_id = other_name;
    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    assert_int_equal(take(scene, "bob", first, again), QW_OK);
    assert_int_equal(
        qw_centre_acknowledge(scene->centre, &bob, (const uint8_t(*)[16])first[0].id, 1), QW_OK);
    scene_now_ms += 1000;
    sweep(scene);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_CONFLICT);
    assert_nothing(again);
}

static void order(struct scene *scene, const uint8_t id[static 16], enum qw_key_order what)
{
    assert_int_equal(qw_centre_key_change(scene->centre, &scene->operator_caller, id, what), QW_OK);
}

static void a_suspended_key_may_come_back(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    order(scene, first[2].id, QW_KEY_ORDER_SUSPEND);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_STATE);
    assert_nothing(again);
    order(scene, first[2].id, QW_KEY_ORDER_RESUME);
    assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
    assert_same(first, again);
}

static void what_cannot_be_written_is_not_given(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_caller alice = sae("alice");
    struct qw_given_key first[KEYS] = { { .bits = 0 } };
    struct qw_given_key again[KEYS];
    int n = 0;
    qw_err err = QW_ERR_IO;

    for (; err != QW_OK; n++) {
        assert_true(n < 10);
        assert_nothing(first);
        scene->submits = 0;
        scene->fail_at = n + 1;
        err = ask(scene, "alice", &wish, first);
        assert_true(err == QW_OK || err == QW_ERR_IO);
    }
    assert_true(n > 1); /* the lease and the answer */
    scene->submits = 0;
    scene->fail_at = 1;
    assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_IO);
    assert_nothing(again);
    scene->fail_at = 0;
    assert_int_equal(ask(scene, "alice", &wish, again), QW_OK);
    assert_same(first, again);
    for (n = 1, err = QW_ERR_IO; err != QW_OK; n++) {
        assert_true(n < 100);
        scene->reads_fail = true;
        scene->reads = 0;
        scene->fail_read_at = n;
        err = qw_centre_deliver(scene->centre, &alice, &wish, again);
        scene->reads_fail = false;
        assert_true(err == QW_OK || err == QW_ERR_IO);
        if (err != QW_OK) {
            assert_nothing(again);
        }
    }
    assert_same(first, again);
}

struct asker {
    struct scene *scene;
    struct qw_given_key keys[KEYS];
    qw_err err;
};

static void *ask_at_once(void *self)
{
    struct asker *asker = self;
    struct qw_caller alice = sae("alice");
    struct qw_key_wish wish = wish_of("bob", KEYS, name);

    asker->err = qw_centre_deliver(asker->scene->centre, &alice, &wish, asker->keys);
    return NULL;
}

static void requests_that_are_the_same_at_the_same_time_get_the_same(void **state)
{
    enum { ASKERS = 8 };
    struct asker *askers = calloc(ASKERS, sizeof *askers);
    pthread_t threads[ASKERS];

    assert_non_null(askers);
    for (size_t i = 0; i < ASKERS; i++) {
        askers[i].scene = *state;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_at_once, &askers[i]), 0);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].err, QW_OK);
        assert_same(askers[0].keys, askers[i].keys);
    }
    assert_books_balance(*state);
    free(askers);
}

static int note_answer(void *self, const struct qw_store_record *record)
{
    struct qw_store_record *found = self;

    if (record->id_len > 7 && memcmp(record->id, "answer:", 7) == 0) {
        *found = *record;
        found->blob = malloc(record->len);
        assert_non_null(found->blob);
        memcpy(found->blob, record->blob, record->len);
    }
    return 1;
}

static void an_altered_record_is_no_answer(void **state)
{
    struct scene *scene = *state;
    struct qw_key_wish wish = wish_of("bob", KEYS, name);
    struct qw_store_record found = { .len = 0 };
    struct qw_given_key first[KEYS];
    struct qw_given_key again[KEYS];

    assert_int_equal(ask(scene, "alice", &wish, first), QW_OK);
    assert_int_equal(scene->store.scan(scene->store.self, QW_STORE_META, QW_STORE_ANY_TAG, NULL, 0,
                                       SIZE_MAX, note_answer, &found),
                     QW_OK);
    assert_int_not_equal(found.len, 0);
    for (size_t i = 0; i < KEYS; i++) { /* it holds no key */
        assert_null(memmem(found.blob, found.len, first[i].bytes, 32));
    }
    for (size_t cut = 0; cut <= found.len; cut += found.len / 7) {
        struct qw_store_op op = { .verb = QW_STORE_UPDATE,
                                  .kind = QW_STORE_META,
                                  .id = found.id,
                                  .id_len = found.id_len,
                                  .expected_version = found.version++,
                                  .tag = found.tag,
                                  .blob = found.blob,
                                  .len = cut };

        assert_int_equal(scene->store.submit(scene->store.self, &op, 1), QW_OK);
        assert_int_equal(ask(scene, "alice", &wish, again), QW_ERR_IO);
        assert_nothing(again);
    }
    free(found.blob);
}

int main(void)
{
#define IN_A_SCENE(test) cmocka_unit_test_setup_teardown(test, make_pairs, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_A_SCENE(a_repeat_gets_the_same_bytes_and_moves_no_key),
        IN_A_SCENE(a_repeat_survives_a_restart),
        IN_A_SCENE(after_the_window_there_are_neither_old_keys_nor_new_ones),
        IN_A_SCENE(a_clock_that_goes_back_closes_the_window),
        IN_A_SCENE(a_name_stands_for_one_wish_of_one_master),
        IN_A_SCENE(several_slaves_and_fresh_keys_are_repeated_too),
        IN_A_SCENE(a_key_that_is_gone_is_not_replaced),
        IN_A_SCENE(a_suspended_key_may_come_back),
        IN_A_SCENE(what_cannot_be_written_is_not_given),
        IN_A_SCENE(requests_that_are_the_same_at_the_same_time_get_the_same),
        IN_A_SCENE(an_altered_record_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
