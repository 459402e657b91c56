/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 W7 W8 A4 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_body.h"

#include "terminal/card.h"

#include "base/clock.h"
#include "card_fixture.h"

#include <pthread.h>
#include <sys/stat.h>

static struct qw_card *open_card(void)
{
    struct qw_card *card = NULL;

    assert_int_equal(fixture_open(&card), QW_OK);
    return card;
}

/* Takes a key and checks that it is the one with that index. */
static void assert_takes(struct qw_card *card, uint64_t index)
{
    uint8_t id[16], key[32], expected[32];

    fixture_key(index, expected);
    assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    assert_memory_equal(key, expected, 32);
    assert_int_equal(id[6] >> 4, 8);
}

static qw_err take(struct qw_card *card, const struct qw_package *package,
                   uint8_t receipt[static QW_RECEIPT_LEN])
{
    return qw_card_take_package(card, fixture_sealed, fixture_seal(package), receipt, NULL, NULL);
}

static void a_new_card_holds_what_its_birth_package_says(void **state)
{
    struct qw_card *card = open_card();
    struct qw_card_info info;
    struct qw_card_keys keys;

    (void)state;
    qw_card_info(card, &info);
    assert_string_equal(info.owner, "terminal-1");
    assert_int_equal(info.serial[0], 0x5e);
    assert_int_equal(info.epoch, 1);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS);
    assert_int_equal(info.used_keys, 0);
    assert_int_equal(info.next_index, 100 + FIXTURE_KEYS);
    assert_int_equal(info.pool_up_left, FIXTURE_POOL);
    assert_int_equal(info.pool_down_left, FIXTURE_POOL);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_memory_equal(&card->vault->keys, &keys, sizeof keys);
    qw_card_close(card);
}

static void the_file_is_its_owners_alone_and_shows_no_key(void **state)
{
    uint8_t data[65536], key[32];
    struct stat about;
    FILE *file = fopen(fixture_path, "rb");
    size_t len;

    (void)state;
    assert_int_equal(stat(fixture_path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_non_null(file);
    len = fread(data, 1, sizeof data, file);
    fclose(file);
    fixture_key(100, key);
    assert_null(memmem(data, len, key, 16));
    assert_null(memmem(data, len, fixture_card_key, 16));
    assert_null(memmem(data, len, fixture_up, 16));
    assert_null(memmem(data, len, "terminal-1", 10));
}

static void a_card_is_made_once(void **state)
{
    struct qw_package other = fixture_package(QW_PACKAGE_CHARGE, 2, 1, 1, 0, 0);

    (void)state;
    assert_int_equal(fixture_create(), QW_ERR_CONFLICT);
    assert_int_equal(qw_card_create_at_cost("/tmp/qw-never", fixture_cost, fixture_passphrase,
                                            FIXTURE_PASSPHRASE_LEN, &other),
                     QW_ERR_ARG);
    assert_int_not_equal(access("/tmp/qw-never", F_OK), 0);
}

static void a_wrong_passphrase_opens_nothing(void **state)
{
    struct qw_card *card = NULL;

    (void)state;
    assert_int_equal(qw_card_open(fixture_path, (const uint8_t *)"wrong", 5, &card), QW_ERR_AUTH);
    assert_null(card);
    assert_int_equal(qw_card_open("/tmp/qw-no-such-card", fixture_passphrase, 5, &card),
                     QW_ERR_NOT_FOUND);
    assert_int_not_equal(access("/tmp/qw-no-such-card.lock", F_OK), 0);
}

static void one_process_at_a_time_has_the_card(void **state)
{
    struct qw_card *card = open_card(), *second = NULL;

    (void)state;
    assert_int_equal(fixture_open(&second), QW_ERR_CONFLICT);
    assert_null(second);
    qw_card_close(card);
    second = open_card();
    qw_card_close(second);
    qw_card_close(NULL);
}

static void keys_leave_in_order_and_are_gone_from_the_file(void **state)
{
    struct qw_card *card = open_card();
    struct qw_card_info info;
    uint8_t id[16] = { 0x77 }, key[32] = { 0x77 };

    (void)state;
    assert_takes(card, 100);
    assert_takes(card, 101);
    qw_card_close(card);
    card = open_card();
    assert_takes(card, 102);
    assert_takes(card, 103);
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_EXHAUSTED);
    assert_int_equal(id[0], 0x77);
    assert_int_equal(key[0], 0x77);
    qw_card_info(card, &info);
    assert_int_equal(info.used_keys, FIXTURE_KEYS);
    assert_int_equal(info.remaining_keys, 0);
    qw_card_close(card);
}

static void a_key_comes_with_the_id_that_its_centre_computes(void **state)
{
    struct qw_card *card = open_card();
    uint8_t id[16], key[32], expected[16], package_id[16] = { 1, 1, 2, 3 };

    (void)state;
    assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    assert_int_equal(qw_package_key_id(card->vault->keys.id, package_id, 0, expected), QW_OK);
    assert_memory_equal(id, expected, 16);
    assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    assert_int_equal(qw_package_key_id(card->vault->keys.id, package_id, 1, expected), QW_OK);
    assert_memory_equal(id, expected, 16);
    qw_card_close(card);
}

/* R1 */
static void every_report_counts_one_more_also_after_a_restart(void **state)
{
    struct qw_card *card = open_card();
    uint8_t sealed[QW_CONTACT_REPORT_LEN], token[16] = { 0x70, 1 };
    struct qw_contact_report report;

    (void)state;
    for (uint64_t counter = 1; counter <= 4; counter++) {
        assert_int_equal(qw_card_report(card, counter == 2, 59, sealed), QW_OK);
        assert_int_equal(
            qw_contact_report_open(sealed, sizeof sealed, card->vault->keys.report, &report),
            QW_OK);
        assert_int_equal(report.counter, counter);
        assert_int_equal(report.wants_fresh, counter == 2);
        assert_int_equal(report.wanted_keys, 59);
        assert_int_equal(report.remaining_keys, FIXTURE_KEYS);
        assert_int_equal(report.next_index, 100 + FIXTURE_KEYS);
        assert_int_equal(report.pool_up_position, 1000);
        assert_int_equal(report.pool_down_end, 1000 + FIXTURE_POOL);
        assert_memory_equal(report.token, token, 16);
        qw_card_close(card);
        card = open_card();
    }
    qw_card_close(card);
}

static void assert_pool(const uint8_t bytes[64], char direction, uint64_t position)
{
    for (uint64_t i = 0; i < 64; i++) {
        assert_int_equal(bytes[i], fixture_pool_byte(direction, position + i));
    }
}

/* R4 */
static void pool_bytes_come_from_the_granted_positions_and_never_again(void **state)
{
    struct qw_card *card = open_card();
    uint8_t up[64], down[64];
    struct qw_card_info info;

    (void)state;
    assert_int_equal(qw_card_take_auth(card, 1000, 1010, up, down), QW_OK);
    assert_pool(up, 'u', 1000);
    assert_pool(down, 'd', 1010);
    qw_card_info(card, &info);
    assert_int_equal(info.pool_up_left, FIXTURE_POOL - 64);
    assert_int_equal(info.pool_down_left, FIXTURE_POOL - 74);
    assert_int_equal(qw_card_take_auth(card, 1000, 1074, up, down), QW_ERR_ARG);
    assert_int_equal(qw_card_take_auth(card, 1063, 1074, up, down), QW_ERR_ARG);
    assert_int_equal(qw_card_take_auth(card, 1064, 1073, up, down), QW_ERR_ARG);
    qw_card_close(card);
    card = open_card();
    assert_int_equal(qw_card_take_auth(card, 1063, 1074, up, down), QW_ERR_ARG);
    assert_int_equal(qw_card_take_auth(card, 1064, 1074, up, down), QW_OK);
    assert_pool(up, 'u', 1064);
    assert_pool(down, 'd', 1074);
    qw_card_close(card);
}

static void a_pool_that_does_not_reach_is_left_alone(void **state)
{
    struct qw_card *card = open_card();
    uint8_t up[64] = { 0x77 }, down[64] = { 0x77 };
    struct qw_card_info info;

    (void)state;
    assert_int_equal(qw_card_take_auth(card, 1000 + FIXTURE_POOL - 63, 1000, up, down),
                     QW_ERR_EXHAUSTED);
    assert_int_equal(qw_card_take_auth(card, 1000, UINT64_MAX, up, down), QW_ERR_EXHAUSTED);
    assert_int_equal(up[0], 0x77);
    assert_int_equal(down[0], 0x77);
    qw_card_info(card, &info);
    assert_int_equal(info.pool_up_left, FIXTURE_POOL);
    assert_int_equal(info.pool_down_left, FIXTURE_POOL);
    assert_int_equal(
        qw_card_take_auth(card, 1000 + FIXTURE_POOL - 64, 1000 + FIXTURE_POOL - 64, up, down),
        QW_OK);
    assert_int_equal(qw_card_take_auth(card, 1000 + FIXTURE_POOL, 1000 + FIXTURE_POOL, up, down),
                     QW_ERR_EXHAUSTED);
    qw_card_close(card);
}

/* P4, P2 of charging.md */
static void a_refill_is_stored_once_and_gives_the_same_receipt_again(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_REFILL, 2, 104, 3, 1000 + FIXTURE_POOL, 64);
    uint8_t first[QW_RECEIPT_LEN], second[QW_RECEIPT_LEN], sealed[QW_CONTACT_REPORT_LEN];
    struct qw_receipt receipt;
    struct qw_contact_report report;
    struct qw_card_info info;
    size_t len = fixture_seal(&p);

    (void)state;
    assert_int_equal(qw_card_report(card, false, 3, sealed), QW_OK); /* counter 1 */
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, first, NULL, NULL), QW_OK);
    assert_int_equal(qw_receipt_open(first, sizeof first, card->vault->keys.receipt, &receipt),
                     QW_OK);
    assert_memory_equal(receipt.package_id, p.id, 16);
    assert_memory_equal(receipt.serial, p.serial, 16);
    assert_int_equal(receipt.counter, 1);
    assert_int_equal(qw_card_report(card, false, 3, sealed), QW_OK); /* counter 2 */
    assert_int_equal(
        qw_contact_report_open(sealed, sizeof sealed, card->vault->keys.report, &report), QW_OK);
    assert_memory_equal(report.token, p.token, 16);
    qw_card_close(card);
    card = open_card();
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, second, NULL, NULL), QW_OK);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(qw_card_receipt(card, second), QW_OK);
    assert_memory_equal(first, second, sizeof first);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS + 3);
    assert_int_equal(info.next_index, 107);
    assert_int_equal(info.pool_up_left, FIXTURE_POOL + 64);
    for (uint64_t index = 100; index < 107; index++) {
        assert_takes(card, index);
    }
    qw_card_close(card);
}

static void the_receipt_of_a_birth_is_there_for_the_station(void **state)
{
    struct qw_card *card = open_card();
    uint8_t sealed[QW_RECEIPT_LEN];
    struct qw_receipt receipt;

    (void)state;
    assert_int_equal(qw_card_receipt(card, sealed), QW_OK);
    assert_int_equal(qw_receipt_open(sealed, sizeof sealed, card->vault->keys.receipt, &receipt),
                     QW_OK);
    assert_int_equal(receipt.package_id[0], 1);
    assert_int_equal(receipt.counter, 0);
    qw_card_close(card);
}

/* P4, P5 */
static void a_fresh_key_is_handed_out_once_and_never_stored(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_FRESH, 2, 104, 1, 0, 0);
    uint8_t receipt[QW_RECEIPT_LEN], again[QW_RECEIPT_LEN], id[16], key[32], expected[32];
    static const uint8_t zero[32];
    struct qw_card_info info;
    size_t len = fixture_seal(&p);

    (void)state;
    fixture_key(104, expected);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt, id, key), QW_OK);
    assert_memory_equal(key, expected, 32);
    assert_memory_not_equal(id, zero, 16);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, again, id, key), QW_OK);
    assert_memory_equal(receipt, again, sizeof receipt);
    assert_memory_equal(key, zero, 32);
    assert_memory_equal(id, zero, 16);
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS);
    assert_int_equal(info.used_keys, 1);
    assert_int_equal(info.next_index, 105);
    for (uint64_t index = 100; index < 104; index++) {
        assert_takes(card, index);
    }
    assert_int_equal(qw_card_take_key(card, id, key), QW_ERR_EXHAUSTED);
    qw_card_close(card);
}

static void a_fresh_key_that_nobody_waits_for_joins_the_stock(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_FRESH, 2, 104, 1, 0, 0);
    uint8_t receipt[QW_RECEIPT_LEN];

    (void)state;
    assert_int_equal(take(card, &p, receipt), QW_OK);
    for (uint64_t index = 100; index < 105; index++) {
        assert_takes(card, index);
    }
    qw_card_close(card);
}

static void a_refill_hands_no_fresh_key_out(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_REFILL, 2, 104, 1, 0, 0);
    uint8_t receipt[QW_RECEIPT_LEN], id[16] = { 0x77 }, key[32] = { 0x77 };
    static const uint8_t zero[32];

    (void)state;
    assert_int_equal(qw_card_take_package(card, fixture_sealed, fixture_seal(&p), receipt, id, key),
                     QW_OK);
    assert_memory_equal(id, zero, 16);
    assert_memory_equal(key, zero, 32);
    qw_card_close(card);
}

/* P3: each entry is a package for another card or another state of it. */
static void packages_that_are_not_the_next_one_change_nothing(void **state)
{
    struct qw_card *card = open_card();
    uint8_t receipt[QW_RECEIPT_LEN] = { 0x77 };
    struct qw_card_info before, after;

    (void)state;
    qw_card_info(card, &before);
    for (int i = 0; i < 10; i++) {
        struct qw_package p = fixture_package(QW_PACKAGE_CHARGE, 9, 104, 2, 1000 + FIXTURE_POOL, 8);
        qw_err expected = QW_ERR_CONFLICT;

        switch (i) {
        case 0:
            p.serial[0] ^= 1;
            expected = QW_ERR_AUTH;
            break;
        case 1:
            p.epoch = 2;
            expected = QW_ERR_AUTH;
            break;
        case 2:
            p.owner[0] = 'x';
            expected = QW_ERR_AUTH;
            break;
        case 3:
            p.kind = QW_PACKAGE_BIRTH;
            break;
        case 4:
            p.first_index = 103;
            break;
        case 5:
            p.first_index = 105;
            break;
        case 6:
            p.pool_up_position--;
            break;
        case 7:
            p.pool_down_position++;
            break;
        case 8:
            p.not_after_ms = qw_clock_utc_ms() - 1000;
            break;
        default:
            p.first_index = 0;
            break;
        }
        assert_int_equal(take(card, &p, receipt), expected);
    }
    assert_int_equal(receipt[0], 0x77);
    qw_card_info(card, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_takes(card, 100);
    qw_card_close(card);
}

static void a_package_that_is_still_valid_or_has_no_pool_is_taken(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_CHARGE, 2, 104, 2, 7, 0);
    uint8_t receipt[QW_RECEIPT_LEN];

    (void)state;
    p.not_after_ms = qw_clock_utc_ms() + 60000;
    assert_int_equal(take(card, &p, receipt), QW_OK); /* the position of nothing means nothing */
    qw_card_close(card);
}

static void an_altered_package_changes_nothing(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_CHARGE, 2, 104, 2, 7, 0);
    size_t len = fixture_seal(&p);
    uint8_t receipt[QW_RECEIPT_LEN];

    (void)state;
    fixture_sealed[len - 1] ^= 1;
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt, NULL, NULL),
                     QW_ERR_AUTH);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len - 1, receipt, NULL, NULL),
                     QW_ERR_FORMAT);
    fixture_sealed[len - 1] ^= 1;
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt, NULL, NULL), QW_OK);
    qw_card_close(card);
}

static void a_full_card_says_so_and_stays_as_it_is(void **state)
{
    struct qw_card *card = open_card();
    uint8_t receipt[QW_RECEIPT_LEN];
    struct qw_card_info info;
    uint64_t index = 104;

    (void)state;
    for (uint8_t id = 2; id < 4; id++) {
        struct qw_package p =
            fixture_package(QW_PACKAGE_CHARGE, id, index, id == 2 ? 1024 : 1020, 0, 0);

        assert_int_equal(take(card, &p, receipt), QW_OK);
        index += p.key_count;
    }
    for (uint8_t id = 4; id < 6; id++) {
        struct qw_package p = fixture_package(QW_PACKAGE_CHARGE, id, index, 1, 0, 0);

        assert_int_equal(take(card, &p, receipt), id == 4 ? QW_ERR_SPACE : QW_OK);
        assert_takes(card, 96 + id); /* 100: makes room for one */
    }
    qw_card_info(card, &info);
    assert_int_equal(info.remaining_keys, 2047);
    for (uint8_t id = 6; id < 9; id++) {
        struct qw_package p =
            fixture_package(QW_PACKAGE_CHARGE, id, index + 1, 0,
                            1000 + FIXTURE_POOL + (uint64_t)(id - 6) * 8000, 8000);

        assert_int_equal(take(card, &p, receipt), id == 8 ? QW_ERR_SPACE : QW_OK);
    }
    qw_card_close(card);
}

enum { THREADS = 4, PER_THREAD = 8 };
static uint8_t seen[THREADS][PER_THREAD][32];

static void *take_many(void *self)
{
    static _Atomic int next;
    int mine = next++;
    struct qw_card *card = self;

    for (int i = 0; i < PER_THREAD; i++) {
        uint8_t id[16];

        if (qw_card_take_key(card, id, seen[mine][i]) != QW_OK) {
            memset(seen[mine][i], 0, 32);
        }
    }
    return NULL;
}

static void threads_never_get_the_same_key(void **state)
{
    struct qw_card *card = open_card();
    struct qw_package p = fixture_package(QW_PACKAGE_CHARGE, 2, 104, THREADS * PER_THREAD, 0, 0);
    uint8_t receipt[QW_RECEIPT_LEN];
    pthread_t threads[THREADS];
    bool given[200] = { false };

    (void)state;
    assert_int_equal(take(card, &p, receipt), QW_OK);
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_create(&threads[t], NULL, take_many, card), 0);
    }
    for (int t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    }
    for (int i = 0; i < THREADS * PER_THREAD; i++) {
        uint64_t index;

        memcpy(&index, seen[i / PER_THREAD][i % PER_THREAD], sizeof index);
        assert_in_range(index, 100, 100 + THREADS * PER_THREAD - 1);
        assert_false(given[index]);
        given[index] = true;
    }
    qw_card_close(card);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* F3 of docs/protocol/card-fusion.md. */
static void a_fusion_renews_the_card_key_and_nothing_else(void **state)
{
    struct qw_package p = fixture_package(QW_PACKAGE_FUSE, 2, 104, 2, 1000 + FIXTURE_POOL, 64);
    struct qw_card *card = NULL;
    struct qw_card_keys before, after;
    struct qw_card_info info;
    struct qw_receipt receipt;
    struct qw_contact_report fields;
    uint8_t next_key[32], receipt_bytes[QW_RECEIPT_LEN], report[QW_CONTACT_REPORT_LEN];
    uint8_t id[16], expected[16], key[32];
    size_t len;

    (void)state;
    memset(p.card_key, 0x51, sizeof p.card_key);
    len = fixture_seal(&p);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &before), QW_OK);
    assert_int_equal(qw_card_key_fuse(fixture_card_key, p.card_key, 2, next_key), QW_OK);
    assert_memory_not_equal(next_key, fixture_card_key, 32);
    assert_int_equal(qw_card_keys_derive(next_key, &after), QW_OK);
    assert_int_equal(fixture_open(&card), QW_OK);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt_bytes, NULL, NULL),
                     QW_OK);
    assert_int_equal(qw_receipt_open(receipt_bytes, sizeof receipt_bytes, after.receipt, &receipt),
                     QW_OK);
    for (int i = 0; i < 2; i++) { /* as it is, and opened again */
        qw_card_info(card, &info);
        assert_int_equal(info.epoch, 2);
        assert_int_equal(info.remaining_keys, FIXTURE_KEYS + 2);
        assert_int_equal(qw_card_report(card, false, 1, report), QW_OK);
        assert_int_equal(qw_contact_report_open(report, sizeof report, before.report, &fields),
                         QW_ERR_AUTH);
        assert_int_equal(qw_contact_report_open(report, sizeof report, after.report, &fields),
                         QW_OK);
        assert_int_equal(fields.epoch, 2);
        assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt_bytes, NULL, NULL),
                         QW_ERR_AUTH); /* sealed under a key that is no more */
        qw_card_close(card);
        card = NULL;
        assert_int_equal(fixture_open(&card), QW_OK);
    }
    memcpy(fixture_card_key, next_key, sizeof next_key);
    p = fixture_package(QW_PACKAGE_REFILL, 3, 106, 1, 1064 + FIXTURE_POOL, 0);
    memcpy(fixture_card_key, next_key, sizeof next_key);
    p.epoch = 2;
    len = fixture_seal(&p);
    assert_int_equal(qw_card_take_package(card, fixture_sealed, len, receipt_bytes, NULL, NULL),
                     QW_OK);
    for (int i = 0; i < FIXTURE_KEYS + 3; i++) {
        assert_int_equal(qw_card_take_key(card, id, key), QW_OK);
    }
    assert_int_equal(qw_package_key_id(before.id, p.id, 0, expected), QW_OK);
    assert_memory_equal(id, expected, sizeof id); /* ids go on under the first id key */
    qw_card_close(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_card_holds_what_its_birth_package_says),
        TEST(the_file_is_its_owners_alone_and_shows_no_key),
        TEST(a_card_is_made_once),
        TEST(a_wrong_passphrase_opens_nothing),
        TEST(one_process_at_a_time_has_the_card),
        TEST(keys_leave_in_order_and_are_gone_from_the_file),
        TEST(a_key_comes_with_the_id_that_its_centre_computes),
        TEST(every_report_counts_one_more_also_after_a_restart),
        TEST(pool_bytes_come_from_the_granted_positions_and_never_again),
        TEST(a_pool_that_does_not_reach_is_left_alone),
        TEST(a_refill_is_stored_once_and_gives_the_same_receipt_again),
        TEST(the_receipt_of_a_birth_is_there_for_the_station),
        TEST(a_fresh_key_is_handed_out_once_and_never_stored),
        TEST(a_fresh_key_that_nobody_waits_for_joins_the_stock),
        TEST(a_refill_hands_no_fresh_key_out),
        TEST(packages_that_are_not_the_next_one_change_nothing),
        TEST(a_package_that_is_still_valid_or_has_no_pool_is_taken),
        TEST(an_altered_package_changes_nothing),
        TEST(a_full_card_says_so_and_stays_as_it_is),
        TEST(threads_never_get_the_same_key),
        TEST(a_fusion_renews_the_card_key_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
