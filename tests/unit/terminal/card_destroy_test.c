/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 */
/* Steps K2 to K5 and K7 of docs/protocol/card-destroy.md: a card that is destroyed by order, killed
 * or refused at every call on the way to the disk. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card.h"

#include "base/file.h"
#include "card_fixture.h"
#include "crypto/hash.h"
#include "terminal/tombstone.h"

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>

#include "support/fail_nth.h"

enum { TRIES_MAX = 100 };
static bool dies; /* instead of failing */

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    if (must_fail()) {
        (void)!__real_write(fd, data, len / 2);
        if (dies) {
            _exit(9);
        }
        return -1;
    }
    return __real_write(fd, data, len);
}

/* Defines a call that fails, or dies after it has done its work. */
#define FAIL_OR_DIE(name, parameters, arguments) \
    int __real_##name parameters; \
    int __wrap_##name parameters; \
    int __wrap_##name parameters \
    { \
        if (must_fail()) { \
            if (dies) { \
                (void)__real_##name arguments; \
                _exit(9); \
            } \
            return -1; \
        } \
        return __real_##name arguments; \
    } \
    _Static_assert(1, "takes the semicolon")

FAIL_OR_DIE(fsync, (int fd), (fd));
FAIL_OR_DIE(rename, (const char *from, const char *to), (from, to));
FAIL_OR_DIE(unlink, (const char *path), (path));

static const uint8_t done[32] = { 0xd0, 0xe0 };

static void make_order(struct qw_destroy_order *order, uint8_t sealed[static QW_ORDER_LEN])
{
    struct qw_bytes part = { done, sizeof done };
    uint8_t digest[QW_HASH_LEN_MAX];
    struct qw_card_keys keys;

    *order = (struct qw_destroy_order){ .serial = { 0x5e, 0x71 }, .epoch = 1, .nonce = { 9, 8 } };
    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &part, 1, digest), QW_OK);
    memcpy(order->done_hash, digest, sizeof order->done_hash);
    memset(fixture_card_key, 0x4b, sizeof fixture_card_key);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_destroy_order_seal(order, keys.order, sealed), QW_OK);
}

static struct qw_card *open_card(void)
{
    struct qw_card *card = NULL;

    assert_int_equal(fixture_open(&card), QW_OK);
    return card;
}

static void assert_proof(const struct qw_tombstone *tombstone, uint32_t erased_keys)
{
    struct qw_destroy_proof proof;
    struct qw_card_keys keys;

    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(
        qw_destroy_proof_open(tombstone->proof, sizeof tombstone->proof, keys.proof, &proof),
        QW_OK);
    assert_int_equal(proof.nonce[0], 9);
    assert_int_equal(proof.erased_keys, erased_keys);
    assert_int_equal(proof.erased_pool, 2 * FIXTURE_POOL);
    assert_int_equal(proof.next_index, 104);
    assert_int_equal(proof.last_package[0], 1);
}

/* What is on the disk when the card is gone: an empty lock, the tombstone, and at most unfinished
 * writings of it; nothing of a card. */
static void assert_only_a_tombstone(void)
{
    DIR *folder = opendir(fixture_folder);
    char path[400];

    assert_non_null(folder);
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        uint8_t head[4];
        int fd;

        (void)snprintf(path, sizeof path, "%s/%s", fixture_folder, e->d_name);
        if (e->d_name[0] == '.') {
            continue;
        }
        assert_string_not_equal(e->d_name, "card.destroyed");
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_true(read(fd, head, 4) == 0 || memcmp(head, "QWD\1", 4) == 0);
        close(fd);
    }
    closedir(folder);
}

static void an_order_is_carried_out(void **state)
{
    struct qw_card *card = open_card();
    struct qw_tombstone tombstone;
    struct qw_destroy_order order;
    uint8_t sealed[QW_ORDER_LEN], id[16], key[32] = { 0 };
    uint8_t report[QW_CONTACT_REPORT_LEN], receipt[QW_RECEIPT_LEN];
    struct qw_card_info info;
    int old = open(fixture_path, O_RDONLY | O_CLOEXEC);
    uint8_t head[256];

    (void)state;
    make_order(&order, sealed);
    assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    close(old);
    old = open(fixture_path, O_RDONLY | O_CLOEXEC); /* the file as it is now, whatever its name */
    assert_true(old >= 0);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_OK);
    assert_int_equal(read(old, head, sizeof head), sizeof head);
    for (size_t i = 0; i < sizeof head; i++) {
        assert_int_equal(head[i], 0); /* K4 */
    }
    close(old);
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_STATE);
    assert_int_equal(qw_card_report(card, false, 1, report), QW_ERR_STATE);
    assert_int_equal(qw_card_receipt(card, receipt), QW_ERR_STATE);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_ERR_STATE);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, 0);
    qw_card_close(card);
    card = NULL;
    assert_int_equal(fixture_open(&card), QW_ERR_STATE);
    assert_null(card);
    assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_OK);
    assert_proof(&tombstone, FIXTURE_KEYS - 1);
    assert_only_a_tombstone();
}

static void an_order_for_another_card_changes_nothing(void **state)
{
    struct qw_card *card = open_card();
    struct qw_destroy_order order;
    struct qw_tombstone tombstone;
    struct qw_card_keys keys;
    uint8_t sealed[QW_ORDER_LEN], id[16], key[32];

    (void)state;
    make_order(&order, sealed);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    sealed[40] ^= 1;
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_ERR_AUTH);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed - 1), QW_ERR_FORMAT);
    order.epoch = 2;
    assert_int_equal(qw_destroy_order_seal(&order, keys.order, sealed), QW_OK);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_ERR_AUTH);
    order.epoch = 1;
    order.serial[3] = 1;
    assert_int_equal(qw_destroy_order_seal(&order, keys.order, sealed), QW_OK);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_ERR_AUTH);
    for (int i = 0; i < FIXTURE_KEYS; i++) {
        assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    }
    assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_ERR_NOT_FOUND);
    qw_card_close(card);
}

/* What a killed change had left beside the card goes too; somebody else's file stays. */
static void leftovers_of_the_card_go_too(void **state)
{
    static const uint8_t card_head[8] = { 'Q', 'W', 'K', 1 };
    char left[128], other[128];
    struct qw_card *card = open_card();
    struct qw_destroy_order order;
    uint8_t sealed[QW_ORDER_LEN];

    (void)state;
    (void)snprintf(left, sizeof left, "%s.a1b2c3", fixture_path);
    (void)snprintf(other, sizeof other, "%s.config", fixture_path);
    assert_int_equal(qw_file_create(left, card_head, sizeof card_head), QW_OK);
    assert_int_equal(qw_file_create(other, (const uint8_t *)"config", 6), QW_OK);
    make_order(&order, sealed);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_OK);
    qw_card_close(card);
    assert_int_not_equal(access(left, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    assert_int_equal(unlink(other), 0);
    assert_only_a_tombstone();
}

static void done_is_remembered_and_a_false_one_is_not(void **state)
{
    struct qw_card *card = open_card();
    struct qw_tombstone tombstone;
    struct qw_destroy_order order;
    struct qw_order_done word = { .serial = { 0x5e, 0x71 }, .nonce = { 9, 8 } };
    uint8_t sealed[QW_ORDER_LEN], message[QW_ORDER_DONE_MESSAGE_LEN];

    (void)state;
    make_order(&order, sealed);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_OK);
    qw_card_close(card);
    assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_OK);
    qw_order_done_encode(&word, message);
    assert_int_equal(qw_tombstone_book(fixture_path, &tombstone, message, sizeof message),
                     QW_ERR_AUTH);
    assert_false(tombstone.is_booked);
    memcpy(word.done, done, sizeof done);
    qw_order_done_encode(&word, message);
    assert_int_equal(qw_tombstone_book(fixture_path, &tombstone, message, sizeof message), QW_OK);
    assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_OK);
    assert_true(tombstone.is_booked);
}

static void a_damaged_tombstone_is_told_from_a_card(void **state)
{
    uint8_t data[157] = { 'Q', 'W', 'D', 1 };
    struct qw_tombstone tombstone;
    struct qw_card *card = NULL;

    (void)state;
    for (size_t len = 4; len <= sizeof data; len++) {
        assert_int_equal(qw_file_replace(fixture_path, data, len), QW_OK);
        assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_ERR_FORMAT);
    }
    assert_int_equal(fixture_open(&card), QW_ERR_FORMAT);
    assert_null(card);
}

/* One try of destroying in which call number n fails; true: it never came to that. */
static bool destroy_with_failure(int n, const uint8_t sealed[static QW_ORDER_LEN])
{
    struct qw_card *card = open_card();
    uint8_t report[QW_CONTACT_REPORT_LEN];
    bool is_whole;
    qw_err err;

    fail_nth = n;
    err = qw_card_destroy(card, sealed, QW_ORDER_LEN);
    fail_nth = 0;
    is_whole = qw_card_report(card, false, 1, report) == QW_OK;
    qw_card_close(card);
    assert_true(err == QW_OK || err == QW_ERR_IO);
    card = NULL;
    err = fixture_open(&card);
    assert_int_equal(err, is_whole ? QW_OK : QW_ERR_STATE); /* S1, S2 */
    qw_card_close(card);
    return n > 1 && !is_whole && access(fixture_path, F_OK) == 0;
}

static void start_again(void)
{
    fixture_clean();
    assert_int_equal(fixture_create(), QW_OK);
}

static void every_failing_call_leaves_a_card_or_a_tombstone(void **state)
{
    struct qw_destroy_order order;
    struct qw_tombstone tombstone;
    uint8_t sealed[QW_ORDER_LEN];
    int gone = 0;

    (void)state;
    make_order(&order, sealed);
    for (int n = 1; n < 20; n++) {
        start_again();
        if (destroy_with_failure(n, sealed)) {
            gone++;
            assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_OK);
            assert_proof(&tombstone, FIXTURE_KEYS);
            assert_only_a_tombstone();
        }
    }
    assert_true(gone > 0);
}

static void a_death_at_every_call_leaves_a_card_or_a_tombstone(void **state)
{
    struct qw_destroy_order order;
    struct qw_tombstone tombstone;
    uint8_t sealed[QW_ORDER_LEN];
    bool is_dead = true;
    int whole = 0, gone = 0;

    (void)state;
    make_order(&order, sealed);
    for (int n = 1; is_dead; n++) {
        struct qw_card *card = NULL;
        int status = 0;
        pid_t child;
        qw_err err;

        assert_true(n < TRIES_MAX);
        start_again();
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            card = open_card();
            dies = true;
            fail_nth = n;
            _exit(qw_card_destroy(card, sealed, sizeof sealed) == QW_OK ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0));
        is_dead = WEXITSTATUS(status) == 9;
        err = fixture_open(&card);
        if (err == QW_OK) { /* S1: the same order does it the next time */
            whole++;
            assert_true(is_dead);
            assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_OK);
            qw_card_close(card);
        } else { /* S2 */
            gone++;
            assert_int_equal(err, QW_ERR_STATE);
        }
        assert_int_equal(qw_tombstone_read(fixture_path, &tombstone), QW_OK);
        assert_proof(&tombstone, FIXTURE_KEYS);
        assert_only_a_tombstone();
    }
    assert_true(whole > 0 && gone > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
        TEST(an_order_is_carried_out),
        TEST(an_order_for_another_card_changes_nothing),
        TEST(leftovers_of_the_card_go_too),
        TEST(done_is_remembered_and_a_false_one_is_not),
        TEST(a_damaged_tombstone_is_told_from_a_card),
        TEST(every_failing_call_leaves_a_card_or_a_tombstone),
        TEST(a_death_at_every_call_leaves_a_card_or_a_tombstone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
