/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 W6 W7 W8 C7 */
/* Packages of a radio session: R6 to R11 and S1 to S4 of docs/protocol/refill.md. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/centre/scene.h"

#include <pthread.h>
#include <time.h>

static uint8_t sealed[65536];
static uint8_t session_id[16];

static void delivers_keys_from_source_to_card_and_to_the_peer(void **state)
{
    struct scene *scene = *state;
    uint8_t keys[30][32];
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(state_of(scene, "station-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(state_of(scene, "terminal-1"), QW_DEVICE_ACTIVE);
    assert_int_equal(scene->terminal.key_count, 20);
    assert_int_equal(scene->terminal.up_end, 512);
    assert_int_equal(contact(scene, false, 40, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 2000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(scene->terminal.up_end, 512 + 64);
    assert_int_equal(scene->terminal.down_end, 512 + 64);
    assert_int_equal(scene->terminal.key_count, 20 + 40);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(qw_centre_session_end(scene->centre, &scene->access_point, session_id, 0),
                     QW_OK);
    assert_int_equal(fetch(scene, &scene->application, 10, 30, keys), QW_OK);
    assert_memory_equal(keys, scene->terminal.keys[10], sizeof keys);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

/* Keys, pools and card keys together: nothing the source gave is anywhere twice. */
static void no_key_of_the_source_is_used_for_two_things(void **state)
{
    struct scene *scene = *state;
    static uint8_t used[SCENE_KEYS_MAX];
    const struct card *card = &scene->terminal;
    size_t len = 0;

    memset(used, 0, sizeof used);
    make_everybody(scene);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(contact(scene, i == 3, 30, session_id), QW_OK);
        assert_int_equal(get_package(scene, session_id, 1500, sealed, &len), QW_OK);
        card_take_refill(scene, sealed, len);
        assert_int_equal(send_receipt(scene, session_id), QW_OK);
        assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
        if (i == 2) {
            scene_restart(scene);
        }
    }
    for (size_t i = 0; i < card->key_count; i++) {
        used[given_index(scene, card->keys[i])]++;
    }
    for (size_t at = 0; at < card->up_end; at += 32) {
        used[given_index(scene, card->up + at)]++;
    }
    for (size_t at = 0; at < card->down_end; at += 32) {
        used[given_index(scene, card->down + at)]++;
    }
    used[given_index(scene, card->card_key)]++;
    used[given_index(scene, scene->station.card_key)]++;
    used[given_index(scene, scene->ap_card.card_key)]++;
    used[given_index(scene, scene->other_ap_card.card_key)]++;
    for (size_t i = 0; i < scene->given_count; i++) {
        assert_in_range(used[i], 0, 1);
    }
    assert_books_balance(scene);
}

static void gives_the_pending_package_again_under_another_pad(void **state)
{
    struct scene *scene = *state;
    static uint8_t again[65536];
    size_t len = 0;
    size_t again_len = 0;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 10, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 1500, sealed, &len), QW_OK);
    assert_int_equal(contact(scene, false, 10, session_id), QW_OK); /* S2: torn, new session */
    scene_restart(scene);
    assert_int_equal(get_package(scene, session_id, len - 1, again, &again_len), QW_ERR_EXHAUSTED);
    assert_last_deed(scene, "package", QW_ERR_EXHAUSTED, "longer than the pad");
    assert_int_equal(get_package(scene, session_id, len, again, &again_len), QW_OK);
    assert_int_equal(len, again_len);
    assert_memory_equal(sealed, again, len);
    card_take_refill(scene, again, again_len);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(send_receipt(scene, session_id), QW_OK); /* its answer was lost */
    assert_last_deed(scene, "receipt", QW_OK, "again");
}

static void every_pad_length_gives_a_gain_or_a_refusal(void **state)
{
    struct scene *scene = *state;
    size_t smallest = 0;
    bool refused = false;
    size_t len = 0;

    scene->config.stock_keys = 2000;
    scene_restart(scene);
    make_everybody(scene);
    for (size_t pad_len = 0; pad_len < 900; pad_len += 13) {
        uint64_t keys = scene->terminal.key_count;
        uint64_t up = scene->terminal.up_end;
        uint64_t down = scene->terminal.down_end;
        qw_err err;

        assert_int_equal(contact(scene, false, 4, session_id), QW_OK);
        err = get_package(scene, session_id, pad_len, sealed, &len);
        if (err == QW_ERR_EXHAUSTED) {
            assert_int_equal(smallest, 0); /* longer pads never do worse */
            refused = true;
            if (scene->terminal.up_position > 250) {
                assert_int_equal(charge(scene, "terminal-1", 0, sealed, sizeof sealed, &len),
                                 QW_OK);
                card_take_refill(scene, sealed, len);
                assert_int_equal(confirm(scene, &scene->terminal), QW_OK);
            }
            continue;
        }
        assert_int_equal(err, QW_OK);
        smallest = smallest == 0 ? pad_len : smallest;
        card_take_refill(scene, sealed, len);
        assert_true(scene->terminal.key_count > keys);
        assert_true(scene->terminal.key_count <= keys + 4);
        assert_true(scene->terminal.up_end >= up + 64);
        assert_true(scene->terminal.down_end >= down + 64);
        assert_int_equal(send_receipt(scene, session_id), QW_OK);
    }
    assert_true(refused);
    assert_true(smallest > 0 && smallest < 400);
}

static void a_fresh_key_comes_straight_from_the_source(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_status before;
    struct qw_centre_status after;
    uint8_t key[1][32];
    size_t given;
    size_t len = 0;

    make_everybody(scene);
    assert_int_equal(contact(scene, true, 1, session_id), QW_OK);
    before = status_of(scene);
    given = scene->given_count;
    assert_int_equal(get_package(scene, session_id, 500, sealed, &len), QW_OK);
    assert_int_equal(scene->given_count, given + 1); /* W7: made now */
    card_take_refill(scene, sealed, len);
    assert_int_equal(scene->terminal.key_count, 21);
    assert_memory_equal(scene->terminal.keys[20], scene->given[given], 32);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    after = status_of(scene);
    assert_int_equal(after.keys_ingested, before.keys_ingested + 1);
    assert_int_equal(fetch(scene, &scene->application, 20, 1, key), QW_OK);
    assert_memory_equal(key[0], scene->given[given], 32);
    assert_books_balance(scene);
    assert_int_equal(get_package(scene, session_id, 500, sealed, &len), QW_OK); /* a refill now */
    assert_int_equal(scene->given_count, given + 1);
    scene_now_ms += 30000;
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    assert_books_balance(scene);
}

/* A slow source that is filling the stock, in a thread of its own. */
struct filling {
    struct scene *scene;
    qw_err (*take)(void *self, uint8_t *key, size_t len);
    pthread_mutex_t mutex;
    pthread_cond_t begun;
    size_t takes;        /* of any length, under the mutex */
    size_t fresh_number; /* which of them was one key long; 0: none yet */
};

static struct filling filling;

static qw_err take_slowly(void *self, uint8_t *key, size_t len)
{
    struct timespec pause = { .tv_nsec = 5000000 };

    nanosleep(&pause, NULL);
    pthread_mutex_lock(&filling.mutex);
    filling.takes++;
    if (len == 32) {
        filling.fresh_number = filling.takes;
    }
    pthread_cond_broadcast(&filling.begun);
    pthread_mutex_unlock(&filling.mutex);
    return filling.take(self, key, len);
}

static void *fill(void *scene)
{
    assert_int_equal(qw_centre_ingest(((struct scene *)scene)->centre), QW_OK);
    return NULL;
}

static void a_fresh_key_does_not_wait_for_the_stock_to_fill(void **state)
{
    struct scene *scene = *state;
    pthread_t thread;
    size_t len = 0;

    make_everybody(scene);
    scene->config.stock_keys = 2000; /* over a hundred slices of the source */
    scene_restart(scene);
    assert_int_equal(contact(scene, true, 1, session_id), QW_OK);
    filling = (struct filling){ .take = scene->source.take,
                                .mutex = PTHREAD_MUTEX_INITIALIZER,
                                .begun = PTHREAD_COND_INITIALIZER };
    scene->source.take = take_slowly;
    assert_int_equal(pthread_create(&thread, NULL, fill, scene), 0);
    pthread_mutex_lock(&filling.mutex);
    while (filling.takes == 0) {
        pthread_cond_wait(&filling.begun, &filling.mutex);
    }
    pthread_mutex_unlock(&filling.mutex);
    assert_int_equal(get_package(scene, session_id, 500, sealed, &len), QW_OK);
    pthread_join(thread, NULL);
    scene->source.take = filling.take;
    assert_true(filling.fresh_number > 0 && filling.fresh_number < filling.takes);
    assert_books_balance(scene);
}

static void no_fresh_key_without_a_source(void **state)
{
    struct scene *scene = *state;
    size_t len = 0;

    make_everybody(scene);
    scene->left = 0;
    assert_int_equal(contact(scene, true, 1, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 500, sealed, &len), QW_ERR_EXHAUSTED);
    assert_last_deed(scene, "package", QW_ERR_EXHAUSTED, "source");
    scene->left = 32;
    assert_int_equal(get_package(scene, session_id, 500, sealed, &len), QW_OK);
}

static void an_empty_stock_gives_what_is_left_and_then_refuses(void **state)
{
    struct scene *scene = *state;
    uint64_t left;
    size_t len = 0;

    make_everybody(scene);
    left = status_of(scene).keys_in_state[QW_KEY_STORED] +
           status_of(scene).keys_in_state[QW_KEY_LEASED];
    assert_int_equal(contact(scene, false, 1000, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 60000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    assert_int_equal(scene->terminal.key_count, 20 + left - 4); /* 4 keys went into the pools */
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(contact(scene, false, 1000, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 60000, sealed, &len), QW_ERR_EXHAUSTED);
    assert_last_deed(scene, "package", QW_ERR_EXHAUSTED, "stock");
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_LEASED], 0);
    assert_books_balance(scene);
}

static void a_session_belongs_to_one_access_point_and_ends(void **state)
{
    struct scene *scene = *state;
    uint8_t out[2048];
    uint8_t receipt[QW_RECEIPT_LEN];
    uint8_t first[16];
    uint8_t unknown[16] = { 1 };
    size_t len = 99;

    make_everybody(scene);
    assert_int_equal(contact(scene, false, 5, first), QW_OK);
    card_receipt(&scene->terminal, receipt);
    assert_int_equal(qw_centre_package(scene->centre, &scene->other_access_point, first, 1000, out,
                                       sizeof out, &len),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_receipt(scene->centre, &scene->other_access_point, first, receipt,
                                       sizeof receipt),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_session_end(scene->centre, &scene->other_access_point, first, 1),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_package(scene->centre, &scene->access_point, unknown, 1000, out,
                                       sizeof out, &len),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_session_end(scene->centre, &scene->access_point, unknown, 1),
                     QW_ERR_REFUSED);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK); /* ends the first one */
    assert_int_equal(
        qw_centre_package(scene->centre, &scene->access_point, first, 1000, out, sizeof out, &len),
        QW_ERR_REFUSED);
    assert_int_equal(
        qw_centre_package(scene->centre, &scene->access_point, session_id, 1000, out, 200, &len),
        QW_ERR_SPACE);
    assert_int_equal(len, 99);
    assert_int_equal(qw_centre_session_end(scene->centre, &scene->access_point, session_id, 3),
                     QW_OK);
    assert_last_deed(scene, "session-end", QW_OK, "refusal 3");
    assert_int_equal(qw_centre_package(scene->centre, &scene->access_point, session_id, 1000, out,
                                       sizeof out, &len),
                     QW_ERR_REFUSED);
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    scene_now_ms += 10 * 60 * 1000 + 1;
    assert_int_equal(qw_centre_package(scene->centre, &scene->access_point, session_id, 1000, out,
                                       sizeof out, &len),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_sweep(scene->centre), QW_OK);
    {
        uint64_t sessions = 9;

        assert_int_equal(
            scene->store.count(scene->store.self, QW_STORE_SESSION, QW_STORE_ANY_TAG, &sessions),
            QW_OK);
        assert_int_equal(sessions, 0);
    }
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
}

static void forged_receipts_confirm_nothing(void **state)
{
    struct scene *scene = *state;
    uint8_t receipt[QW_RECEIPT_LEN];
    struct card other;
    size_t len = 0;

    make_everybody(scene);
    other = scene->terminal;
    assert_int_equal(contact(scene, false, 5, session_id), QW_OK);
    assert_int_equal(get_package(scene, session_id, 1000, sealed, &len), QW_OK);
    card_take_refill(scene, sealed, len);
    other.last_package[0] ^= 1; /* of a package that never was */
    card_receipt(&other, receipt);
    assert_int_equal(
        qw_centre_receipt(scene->centre, &scene->access_point, session_id, receipt, sizeof receipt),
        QW_ERR_REFUSED);
    card_receipt(&scene->terminal, receipt);
    for (size_t bit = 0; bit < sizeof receipt * 8; bit += 5) {
        receipt[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(qw_centre_receipt(scene->centre, &scene->access_point, session_id, receipt,
                                           sizeof receipt),
                         QW_ERR_REFUSED);
        receipt[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_ASSIGNED], 5);
    assert_int_equal(send_receipt(scene, session_id), QW_OK);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_ASSIGNED], 0);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        IN_SCENE(delivers_keys_from_source_to_card_and_to_the_peer),
        IN_SCENE(no_key_of_the_source_is_used_for_two_things),
        IN_SCENE(gives_the_pending_package_again_under_another_pad),
        IN_SCENE(every_pad_length_gives_a_gain_or_a_refusal),
        IN_SCENE(a_fresh_key_comes_straight_from_the_source),
        IN_SCENE(a_fresh_key_does_not_wait_for_the_stock_to_fill),
        IN_SCENE(no_fresh_key_without_a_source),
        IN_SCENE(an_empty_stock_gives_what_is_left_and_then_refuses),
        IN_SCENE(a_session_belongs_to_one_access_point_and_ends),
        IN_SCENE(forged_receipts_confirm_nothing),
    };

    return cmocka_run_group_tests_name("centre.refill", tests, NULL, NULL);
}
