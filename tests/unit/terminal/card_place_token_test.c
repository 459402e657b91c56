/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W8 W14 C8 C9 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_body.h"

#include "api/destruction.h"
#include "base/secret.h"
#include "crypto/custody/pkcs11_object.h"
#include "crypto/hash.h"
#include "terminal/card.h"

#include "card_fixture.h"
#include "support/fail_nth.h"
#include "support/softhsm_token.h"

#include <signal.h>
#include <sys/wait.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));
FAIL_NTH(qw_err, qw_random_bytes, QW_ERR_IO, (void *out, size_t len), (out, len));

enum { TRIES_MAX = 200, FIRST_INDEX = 100 };
#define OBJECT "phone-1"
static const char name[] = "pkcs11:token=card;object=" OBJECT "?module-path=" PKCS11_SHIM;
static const uint8_t pin[] = SOFTHSM_PIN;
enum { PIN_LEN = sizeof pin - 1 };

static qw_err open_it(struct qw_card **card)
{
    return qw_card_open(name, pin, PIN_LEN, card);
}

static struct qw_card *open_card(void)
{
    struct qw_card *card = NULL;

    assert_int_equal(open_it(&card), QW_OK);
    return card;
}

static qw_err create(void)
{
    struct qw_package birth =
        fixture_package(QW_PACKAGE_BIRTH, 1, FIRST_INDEX, FIXTURE_KEYS, 1000, FIXTURE_POOL);

    return qw_card_create(name, pin, PIN_LEN, &birth);
}

static struct qw_pkcs11 *log_in(void)
{
    struct qw_pkcs11 *token = NULL;

    assert_int_equal(qw_pkcs11_open(PKCS11_SHIM, "card", pin, PIN_LEN, &token), QW_PKCS11_FINE);
    return token;
}

static struct qw_pkcs11_found find(struct qw_pkcs11 *token, enum qw_pkcs11_kind kind)
{
    struct qw_pkcs11_found found;

    assert_int_equal(qw_pkcs11_find(token, kind, OBJECT, &found), QW_PKCS11_FINE);
    return found;
}

static void assert_objects(size_t data, size_t keys)
{
    struct qw_pkcs11 *token = log_in();

    assert_int_equal(find(token, QW_PKCS11_DATA).count, data);
    assert_int_equal(find(token, QW_PKCS11_KEY).count, keys);
    qw_pkcs11_close(token);
}

static void remove_all(void)
{
    struct qw_pkcs11 *token = log_in();

    for (int kind = QW_PKCS11_DATA; kind <= QW_PKCS11_KEY; kind++) {
        struct qw_pkcs11_found found = find(token, (enum qw_pkcs11_kind)kind);

        for (size_t i = 0; i < found.count; i++) {
            assert_int_equal(qw_pkcs11_destroy(token, found.handle[i]), QW_PKCS11_FINE);
        }
    }
    qw_pkcs11_close(token);
}

static int set_up(void **state)
{
    (void)state;
    remove_all();
    assert_int_equal(create(), QW_OK);
    return 0;
}

/* Which key of the fixture's card it is. */
static uint64_t index_of(const uint8_t key[static 32])
{
    uint64_t index;
    uint8_t expected[32];

    memcpy(&index, key, sizeof index);
    fixture_key(index, expected);
    assert_memory_equal(key, expected, sizeof expected);
    return index;
}

static uint64_t take(struct qw_card *card)
{
    uint8_t id[16], key[32];

    assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    return index_of(key);
}

static void a_card_on_a_token_gives_each_key_once(void **state)
{
    struct qw_card *card = open_card();
    struct qw_card_info info;
    uint8_t id[16], key[32];

    (void)state;
    assert_int_equal(take(card), FIRST_INDEX);
    qw_card_close(card);
    card = open_card();
    assert_int_equal(take(card), FIRST_INDEX + 1);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS - 2);
    assert_string_equal(info.owner, "terminal-1");
    assert_int_equal(take(card), FIRST_INDEX + 2);
    assert_int_equal(take(card), FIRST_INDEX + 3);
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_EXHAUSTED);
    qw_card_close(card);
    assert_objects(1, 1); /* nothing of the states before is left */
}

static void one_process_at_a_time_and_one_card(void **state)
{
    struct qw_card *card = open_card(), *second = NULL;
    bool does = false;

    (void)state;
    assert_int_equal(open_it(&second), QW_ERR_CONFLICT);
    assert_int_equal(create(), QW_ERR_CONFLICT);
    assert_int_equal(qw_card_exists(name, pin, PIN_LEN, &does), QW_OK);
    assert_true(does);
    qw_card_close(card);
    qw_card_close(open_card());
}

static void what_is_not_there_is_said(void **state)
{
    struct qw_card *card = NULL;
    bool does = true;

    (void)state;
    assert_int_equal(qw_card_open("pkcs11:token=none;object=" OBJECT "?module-path=" PKCS11_SHIM,
                                  pin, PIN_LEN, &card),
                     QW_ERR_NOT_FOUND);
    assert_int_equal(
        qw_card_open("pkcs11:token=card;object=none?module-path=" PKCS11_SHIM, pin, PIN_LEN, &card),
        QW_ERR_NOT_FOUND);
    assert_int_equal(qw_card_exists("pkcs11:token=card;object=none?module-path=" PKCS11_SHIM, pin,
                                    PIN_LEN, &does),
                     QW_OK);
    assert_false(does);
    assert_int_equal(qw_card_open("pkcs11:token=card;object=" OBJECT "?module-path=/none.so", pin,
                                  PIN_LEN, &card),
                     QW_ERR_UNAVAILABLE);
    assert_int_equal(qw_card_open("pkcs11:token=card", pin, PIN_LEN, &card), QW_ERR_FORMAT);
    assert_int_equal(qw_card_open(name, (const uint8_t *)"111111", 6, &card), QW_ERR_AUTH);
    assert_null(card);
}

static void an_older_state_does_not_open_not_even_with_the_pin(void **state)
{
    struct qw_pkcs11 *token = log_in();
    struct qw_pkcs11_found found = find(token, QW_PKCS11_DATA);
    struct qw_card *card = NULL;
    uint8_t *old = NULL;
    unsigned long handle;
    size_t len = 0;

    (void)state;
    assert_int_equal(found.count, 1);
    assert_int_equal(qw_pkcs11_data_read(token, found.handle[0], 1 << 20, &old, &len),
                     QW_PKCS11_FINE);
    qw_pkcs11_close(token);
    card = open_card();
    assert_int_equal(take(card), FIRST_INDEX);
    qw_card_close(card);

    token = log_in(); /* who has the PIN puts the old record in the place of the new one */
    found = find(token, QW_PKCS11_DATA);
    assert_int_equal(qw_pkcs11_destroy(token, found.handle[0]), QW_PKCS11_FINE);
    assert_int_equal(qw_pkcs11_data_make(token, OBJECT, old, len, &handle), QW_PKCS11_FINE);
    qw_pkcs11_close(token);
    qw_secret_free(old);
    card = NULL;
    assert_int_equal(open_it(&card), QW_ERR_FORMAT);
    assert_null(card);
}

static void somebody_elses_change_is_noticed(void **state)
{
    struct qw_card *card = open_card();
    uint8_t id[16], key[32] = { 0 };

    (void)state;
    remove_all(); /* on another machine, say */
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_CONFLICT);
    qw_card_close(card);
    assert_objects(0, 0);
}

static void a_token_that_is_away_comes_back(void **state)
{
    struct qw_card *card = open_card();
    uint8_t id[16], key[32] = { 0 }, report[QW_CONTACT_REPORT_LEN];

    (void)state;
    assert_int_equal(take(card), FIRST_INDEX);
    *shim_is_away = 1;
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_IO);
    assert_int_not_equal(qw_card_report(card, false, 1, report), QW_OK);
    *shim_is_away = 0;
    assert_int_equal(take(card), FIRST_INDEX + 1);
    qw_card_close(card);
    assert_objects(1, 1);
}

static void a_fusion_gives_the_next_key(void **state)
{
    struct qw_package fuse =
        fixture_package(QW_PACKAGE_FUSE, 2, FIRST_INDEX + FIXTURE_KEYS, 2, 1000 + FIXTURE_POOL, 32);
    uint8_t fused[QW_CARD_KEY_LEN], receipt[QW_RECEIPT_LEN], again[QW_RECEIPT_LEN];
    struct qw_card *card = open_card();
    struct qw_card_keys keys;
    struct qw_card_info info;
    size_t len;

    (void)state;
    memset(fuse.card_key, 0x66, sizeof fuse.card_key);
    len = fixture_seal(&fuse);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt, NULL, NULL), QW_OK);
    qw_card_close(card);
    card = open_card();
    assert_int_equal(qw_card_key_fuse(fixture_card_key, fuse.card_key, 2, fused), QW_OK);
    assert_int_equal(qw_card_keys_derive(fused, &keys), QW_OK);
    assert_memory_equal(card->vault->keys.report, keys.report, sizeof keys.report);
    assert_int_equal(qw_card_receipt(card, again), QW_OK);
    assert_memory_equal(again, receipt, sizeof receipt);
    qw_card_info(card, &info);
    assert_int_equal(info.epoch, 2);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS + 2);
    qw_card_close(card);
}

/* All keys that are left, from the first one on; each follows the one before. */
static uint64_t first_left(void)
{
    struct qw_card *card = open_card();
    uint64_t first = take(card);

    qw_card_close(card);
    return first;
}

static void every_failing_call_gives_a_key_once_or_not_at_all(void **state)
{
    int failed = 0;

    for (int n = 1; n < TRIES_MAX; n++) {
        struct qw_card *card;
        uint8_t id[16], key[32] = { 0 };
        qw_err err;
        bool was_reached;

        set_up(state);
        card = open_card();
        *shim_fail_nth = n;
        err = qw_card_take_key(card, id, key);
        was_reached = *shim_fail_nth == 0;
        *shim_fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_IO);
        failed += err != QW_OK;
        /* It goes on in the same session of the card ... */
        assert_int_equal(take(card), err == QW_OK ? FIRST_INDEX + 1 : FIRST_INDEX);
        qw_card_close(card);
        /* ... and in the next one. */
        assert_int_equal(first_left(), err == QW_OK ? FIRST_INDEX + 2 : FIRST_INDEX + 1);
        assert_objects(1, 1);
        if (!was_reached) {
            assert_true(failed > 4);
            return;
        }
    }
    fail_msg("never a whole change");
}

static void a_death_at_every_call_leaves_the_old_or_the_new_state(void **state)
{
    bool is_dead = true;
    int old = 0, new = 0;

    for (int n = 1; is_dead; n++) {
        int status = 0;
        uint64_t left;
        pid_t child;

        assert_true(n < TRIES_MAX);
        set_up(state);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct qw_card *card = NULL;
            uint8_t id[16], key[32];

            if (open_it(&card) != QW_OK) {
                _exit(1);
            }
            *shim_dies = 1;
            *shim_fail_nth = n;
            _exit(qw_card_take_key(card, id, key) == QW_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        is_dead = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        assert_true(is_dead || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
        left = first_left();
        assert_true(left == FIRST_INDEX || left == FIRST_INDEX + 1);
        old += left == FIRST_INDEX;
        new += left != FIRST_INDEX;
        assert_objects(1, 1);
    }
    assert_true(old > 4 && new > 1);
}

static void a_birth_that_dies_leaves_a_card_or_none(void **state)
{
    bool is_dead = true;

    (void)state;
    for (int n = 1; is_dead; n++) {
        bool does = false;
        int status = 0;
        pid_t child;

        assert_true(n < TRIES_MAX);
        remove_all();
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            *shim_dies = 1;
            *shim_fail_nth = n;
            _exit(create() == QW_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        is_dead = WIFSIGNALED(status);
        assert_int_equal(qw_card_exists(name, pin, PIN_LEN, &does), QW_OK);
        if (!does) {
            assert_true(is_dead);
            assert_int_equal(create(), QW_OK);
        }
        assert_int_equal(first_left(), FIRST_INDEX);
        assert_objects(1, 1);
    }
}

static void make_order(uint8_t sealed[static QW_ORDER_LEN],
                       uint8_t message[static QW_ORDER_DONE_MESSAGE_LEN])
{
    struct qw_destroy_order order = { .serial = { 0x5e, 0x71 }, .epoch = 1, .nonce = { 9 } };
    struct qw_order_done word = { .serial = { 0x5e, 0x71 }, .nonce = { 9 }, .done = { 0xd0 } };
    const struct qw_bytes done = { word.done, sizeof word.done };
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_card_keys keys;

    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &done, 1, digest), QW_OK);
    memcpy(order.done_hash, digest, sizeof order.done_hash);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_destroy_order_seal(&order, keys.order, sealed), QW_OK);
    qw_order_done_encode(&word, message);
}

static void a_destroyed_card_leaves_a_tombstone_and_no_key(void **state)
{
    uint8_t order[QW_ORDER_LEN], done[QW_ORDER_DONE_MESSAGE_LEN], report[QW_CONTACT_REPORT_LEN];
    struct qw_tombstone tombstone, again;
    struct qw_card *card = open_card();
    bool does = false;

    (void)state;
    assert_int_equal(qw_card_tombstone(name, pin, PIN_LEN, &tombstone), QW_ERR_NOT_FOUND);
    make_order(order, done);
    assert_int_equal(qw_card_destroy(card, order, sizeof order), QW_OK);
    assert_int_equal(qw_card_report(card, false, 1, report), QW_ERR_STATE);
    qw_card_close(card);
    card = NULL;
    assert_objects(1, 0);
    assert_int_equal(open_it(&card), QW_ERR_STATE);
    assert_int_equal(create(), QW_ERR_CONFLICT);
    assert_int_equal(qw_card_exists(name, pin, PIN_LEN, &does), QW_OK);
    assert_true(does);
    assert_int_equal(qw_card_tombstone(name, pin, PIN_LEN, &tombstone), QW_OK);
    assert_false(tombstone.is_booked);
    done[40] ^= 1;
    assert_int_equal(qw_card_book(name, pin, PIN_LEN, &tombstone, done, sizeof done), QW_ERR_AUTH);
    done[40] ^= 1;
    assert_int_equal(qw_card_book(name, pin, PIN_LEN, &tombstone, done, sizeof done), QW_OK);
    assert_int_equal(qw_card_tombstone(name, pin, PIN_LEN, &again), QW_OK);
    assert_true(again.is_booked);
    assert_memory_equal(again.proof, tombstone.proof, sizeof again.proof);
    assert_objects(1, 0);
}

static void every_failing_call_leaves_a_card_or_a_tombstone(void **state)
{
    uint8_t order[QW_ORDER_LEN], done[QW_ORDER_DONE_MESSAGE_LEN];
    int whole = 0, gone = 0;

    for (int n = 1; n < TRIES_MAX; n++) {
        struct qw_tombstone tombstone;
        struct qw_card *card;
        bool was_reached;
        qw_err err;

        set_up(state);
        make_order(order, done);
        card = open_card();
        *shim_fail_nth = n;
        err = qw_card_destroy(card, order, sizeof order);
        was_reached = *shim_fail_nth == 0;
        *shim_fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_IO);
        qw_card_close(card);
        card = NULL;
        err = open_it(&card);
        if (err == QW_OK) {
            whole++;
            assert_int_equal(qw_card_destroy(card, order, sizeof order), QW_OK);
            qw_card_close(card);
        } else {
            gone++;
            assert_int_equal(err, QW_ERR_STATE);
        }
        assert_int_equal(qw_card_tombstone(name, pin, PIN_LEN, &tombstone), QW_OK);
        assert_objects(1, 0);
        if (!was_reached) {
            assert_true(whole > 0 && gone > 1);
            return;
        }
    }
    fail_msg("never destroyed");
}

static void every_failed_allocation_is_an_error(void **state)
{
    for (int n = 1; n < TRIES_MAX; n++) {
        struct qw_card *card = NULL;
        uint8_t id[16], key[32];
        bool was_reached;
        qw_err err;

        set_up(state);
        fail_nth = n;
        err = open_it(&card);
        if (err == QW_OK) {
            err = qw_card_take_key(card, id, key);
        }
        was_reached = fail_nth == 0;
        fail_nth = 0;
        qw_card_close(card);
        assert_true(was_reached ? err != QW_OK : err == QW_OK);
        if (!was_reached) {
            assert_true(n > 5);
            return;
        }
        assert_int_equal(first_left(), FIRST_INDEX);
    }
    fail_msg("never a whole opening");
}

static int begin(void **state)
{
    (void)state;
    softhsm_begin();
    softhsm_empty();
    softhsm_token("card");
    return 0;
}

static int end(void **state)
{
    (void)state;
    softhsm_end();
    return 0;
}

#define TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_card_on_a_token_gives_each_key_once),
        TEST(one_process_at_a_time_and_one_card),
        TEST(what_is_not_there_is_said),
        TEST(an_older_state_does_not_open_not_even_with_the_pin),
        TEST(somebody_elses_change_is_noticed),
        TEST(a_token_that_is_away_comes_back),
        TEST(a_fusion_gives_the_next_key),
        TEST(every_failing_call_gives_a_key_once_or_not_at_all),
        TEST(a_death_at_every_call_leaves_the_old_or_the_new_state),
        TEST(a_birth_that_dies_leaves_a_card_or_none),
        TEST(a_destroyed_card_leaves_a_tombstone_and_no_key),
        TEST(every_failing_call_leaves_a_card_or_a_tombstone),
        TEST(every_failed_allocation_is_an_error),
    };

    if (!softhsm_is_there()) {
        print_message("skipped: softhsm2 is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
