/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W5 W7 W8 A4 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/package.h"

#include "base/hex.h"

#include <stdio.h>
#include <string.h>

#include "support/fail_nth.h"

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

enum { KEYS = 3, UP = 5, DOWN = 7, CAP = 65536 };

static uint8_t wrap_key[32];
static uint8_t keys[QW_PACKAGE_KEYS_MAX * 32], up[QW_PACKAGE_POOL_MAX], down[QW_PACKAGE_POOL_MAX];
static uint8_t sealed[CAP], again[CAP];

static int fill(void **state)
{
    (void)state;
    memset(wrap_key, 0x57, sizeof wrap_key);
    for (size_t i = 0; i < sizeof keys; i++) {
        keys[i] = (uint8_t)(i * 7 + 1);
    }
    memset(up, 0x75, sizeof up);
    memset(down, 0x64, sizeof down);
    return 0;
}

static struct qw_package example(enum qw_package_kind kind)
{
    struct qw_package p = {
        .kind = kind,
        .id = { 0xa0, 1, 2 },
        .serial = { 0xb0, 1, 2 },
        .epoch = 2,
        .first_index = 1000,
        .pool_up_position = 4096,
        .pool_down_position = 8192,
        .not_after_ms = 1795370401000,
        .owner = "terminal-1",
        .key_count = kind == QW_PACKAGE_FRESH ? 1 : KEYS,
        .pool_up_len = UP,
        .pool_down_len = DOWN,
        .token = { 0xc0, 1, 2 },
        .keys = keys,
        .pool_up = up,
        .pool_down = down,
    };

    if (kind == QW_PACKAGE_BIRTH || kind == QW_PACKAGE_FUSE) {
        memset(p.card_key, 0x4b, sizeof p.card_key);
    }
    return p;
}

static void assert_same(const struct qw_package *a, const struct qw_package *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_memory_equal(a->id, b->id, sizeof a->id);
    assert_memory_equal(a->serial, b->serial, sizeof a->serial);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->first_index, b->first_index);
    assert_int_equal(a->pool_up_position, b->pool_up_position);
    assert_int_equal(a->pool_down_position, b->pool_down_position);
    assert_int_equal(a->not_after_ms, b->not_after_ms);
    assert_string_equal(a->owner, b->owner);
    assert_memory_equal(a->token, b->token, sizeof a->token);
    assert_memory_equal(a->card_key, b->card_key, sizeof a->card_key);
    assert_int_equal(a->key_count, b->key_count);
    assert_int_equal(a->pool_up_len, b->pool_up_len);
    assert_int_equal(a->pool_down_len, b->pool_down_len);
    assert_memory_equal(a->keys, b->keys, (size_t)a->key_count * 32);
    assert_memory_equal(a->pool_up, b->pool_up, a->pool_up_len);
    assert_memory_equal(a->pool_down, b->pool_down, a->pool_down_len);
}

static size_t seal(const struct qw_package *package)
{
    size_t len = 0;

    assert_int_equal(qw_package_seal(package, wrap_key, sealed, sizeof sealed, &len), QW_OK);
    return len;
}

static void what_was_sealed_opens_to_the_same_for_every_kind(void **state)
{
    (void)state;
    for (unsigned kind = QW_PACKAGE_BIRTH; kind <= QW_PACKAGE_FUSE; kind++) {
        struct qw_package p = example((enum qw_package_kind)kind), opened;
        size_t len = seal(&p);
        enum qw_package_kind peeked;
        uint8_t serial[16];
        uint32_t epoch;

        assert_int_equal(len, qw_package_sealed_len(p.kind, p.owner, p.key_count, UP, DOWN));
        assert_int_equal(qw_package_peek(sealed, len, &peeked, serial, &epoch), QW_OK);
        assert_int_equal(peeked, kind);
        assert_memory_equal(serial, p.serial, 16);
        assert_int_equal(epoch, 2);
        assert_int_equal(qw_package_open(sealed, len, wrap_key, &opened), QW_OK);
        assert_same(&p, &opened);
        qw_package_wipe(&opened);
        assert_null(opened.keys);
    }
}

static void the_smallest_and_the_largest_package_pass(void **state)
{
    struct qw_package p = example(QW_PACKAGE_REFILL), opened;

    (void)state;
    p.key_count = 0;
    p.pool_up_len = 0;
    p.pool_down_len = 0;
    p.not_after_ms = 0;
    strcpy(p.owner, "a");
    assert_int_equal(qw_package_open(sealed, seal(&p), wrap_key, &opened), QW_OK);
    assert_same(&p, &opened);
    qw_package_wipe(&opened);

    p.key_count = QW_PACKAGE_KEYS_MAX;
    p.pool_up_len = QW_PACKAGE_POOL_MAX;
    p.pool_down_len = QW_PACKAGE_POOL_MAX;
    memset(p.owner, 'z', QW_PACKAGE_OWNER_CAP - 1);
    p.owner[QW_PACKAGE_OWNER_CAP - 1] = '\0';
    assert_int_equal(qw_package_open(sealed, seal(&p), wrap_key, &opened), QW_OK);
    assert_same(&p, &opened);
    qw_package_wipe(&opened);
}

/* Each entry breaks one limit. */
static void shapes_outside_the_limits_are_not_sealed(void **state)
{
    size_t len = 4711;

    (void)state;
    for (int i = 0; i < 13; i++) {
        struct qw_package p = example(i == 12 ? QW_PACKAGE_FRESH : QW_PACKAGE_CHARGE);

        switch (i) {
        case 0:
            p.kind = (enum qw_package_kind)0;
            break;
        case 1:
            p.kind = (enum qw_package_kind)6;
            break;
        case 2:
            p.epoch = 0;
            break;
        case 3:
            p.first_index = ((uint64_t)1 << 62) + 1;
            break;
        case 4:
            p.pool_up_position = ((uint64_t)1 << 62) + 1;
            break;
        case 5:
            p.pool_down_position = ((uint64_t)1 << 62) + 1;
            break;
        case 6:
            p.not_after_ms = -1;
            break;
        case 7:
            p.owner[0] = '\0';
            break;
        case 8:
            p.owner[0] = '\n';
            break;
        case 9:
            p.key_count = QW_PACKAGE_KEYS_MAX + 1;
            break;
        case 10:
            p.pool_up_len = QW_PACKAGE_POOL_MAX + 1;
            break;
        case 11:
            p.pool_down_len = QW_PACKAGE_POOL_MAX + 1;
            break;
        default:
            p.key_count = 2;
            break;
        }
        assert_int_equal(qw_package_seal(&p, wrap_key, sealed, sizeof sealed, &len), QW_ERR_ARG);
    }
    assert_int_equal(len, 4711);
}

static void a_buffer_one_byte_too_small_is_left_alone(void **state)
{
    struct qw_package p = example(QW_PACKAGE_CHARGE);
    size_t need = qw_package_sealed_len(p.kind, p.owner, KEYS, UP, DOWN), len = 4711;

    (void)state;
    sealed[0] = 0x77;
    assert_int_equal(qw_package_seal(&p, wrap_key, sealed, need - 1, &len), QW_ERR_SPACE);
    assert_int_equal(sealed[0], 0x77);
    assert_int_equal(len, 4711);
    assert_int_equal(qw_package_seal(&p, wrap_key, sealed, need, &len), QW_OK);
}

static void a_cut_or_prolonged_package_is_malformed(void **state)
{
    struct qw_package p = example(QW_PACKAGE_BIRTH), opened = { .epoch = 4711 };
    size_t len = seal(&p);
    enum qw_package_kind kind;
    uint8_t serial[16];
    uint32_t epoch;

    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(qw_package_open(sealed, cut, wrap_key, &opened), QW_ERR_FORMAT);
        assert_int_equal(qw_package_peek(sealed, cut, &kind, serial, &epoch), QW_ERR_FORMAT);
    }
    sealed[len] = 0;
    assert_int_equal(qw_package_open(sealed, len + 1, wrap_key, &opened), QW_ERR_FORMAT);
    assert_int_equal(opened.epoch, 4711);
}

/* S1, S2 of charging.md */
static void a_package_with_any_bit_flipped_does_not_open(void **state)
{
    struct qw_package p = example(QW_PACKAGE_REFILL), opened = { .epoch = 4711 };
    size_t len = seal(&p);

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        qw_err err;

        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        err = qw_package_open(sealed, len, wrap_key, &opened);
        assert_true(err == QW_ERR_FORMAT || err == QW_ERR_AUTH);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(opened.epoch, 4711);
}

/* S1 */
static void another_cards_key_does_not_open_it(void **state)
{
    struct qw_package p = example(QW_PACKAGE_REFILL), opened;
    size_t len = seal(&p);
    uint8_t other[32] = { 0 };

    (void)state;
    assert_int_equal(qw_package_open(sealed, len, other, &opened), QW_ERR_AUTH);
}

/* Law: the number that fits does fit, one more does not. */
static void the_number_of_keys_that_fit_is_exact(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 1200; cap++) {
        size_t n = qw_package_keys_that_fit(cap, "terminal-1", 64, 64);
        size_t more = qw_package_sealed_len(QW_PACKAGE_REFILL, "terminal-1", n + 1, 64, 64);

        assert_true(more > cap);
        assert_true(n == 0 ||
                    qw_package_sealed_len(QW_PACKAGE_REFILL, "terminal-1", n, 64, 64) <= cap);
    }
    assert_int_equal(qw_package_keys_that_fit(1u << 20, "x", 0, 0), QW_PACKAGE_KEYS_MAX);
}

static void the_key_id_of_the_page_comes_out(void **state)
{
    uint8_t id_key[32], package_id[16], id[16];
    char text[QW_UUID_TEXT_CAP];

    (void)state;
    assert_int_equal(
        qw_hex_decode("ea3dc302a986a0eedbfd223bedb4808e126a714aeae25007fa1dc700be91cfe2", id_key,
                      sizeof id_key),
        QW_OK);
    for (size_t i = 0; i < sizeof package_id; i++) {
        package_id[i] = (uint8_t)i;
    }
    assert_int_equal(qw_package_key_id(id_key, package_id, 258, id), QW_OK);
    qw_uuid_encode(id, text);
    assert_string_equal(text, "6be58245-8a6b-8d66-8695-b4a6339f0b67");
}

static void key_ids_are_uuids_of_version_8_and_all_different(void **state)
{
    static uint8_t ids[512][16];
    uint8_t id_key[32] = { 9 }, package_id[16] = { 8 };

    (void)state;
    for (uint16_t i = 0; i < 512; i++) {
        assert_int_equal(qw_package_key_id(id_key, package_id, i, ids[i]), QW_OK);
        assert_int_equal(ids[i][6] >> 4, 8);
        assert_int_equal(ids[i][8] >> 6, 2);
        for (uint16_t j = 0; j < i; j++) {
            assert_memory_not_equal(ids[i], ids[j], 16);
        }
    }
}

static void a_failing_allocation_leaves_everything_alone(void **state)
{
    struct qw_package p = example(QW_PACKAGE_CHARGE), opened = { .epoch = 4711 };
    size_t len = seal(&p), other = 4711;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_nth = n;
        err = qw_package_seal(&p, wrap_key, again, sizeof again, &other);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && other == 4711));
    }
    err = QW_ERR_NOMEM;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        fail_nth = n;
        err = qw_package_open(sealed, len, wrap_key, &opened);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && opened.epoch == 4711));
    }
    fail_nth = 0;
    qw_package_wipe(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_to_the_same_for_every_kind),
        cmocka_unit_test(the_smallest_and_the_largest_package_pass),
        cmocka_unit_test(shapes_outside_the_limits_are_not_sealed),
        cmocka_unit_test(a_buffer_one_byte_too_small_is_left_alone),
        cmocka_unit_test(a_cut_or_prolonged_package_is_malformed),
        cmocka_unit_test(a_package_with_any_bit_flipped_does_not_open),
        cmocka_unit_test(another_cards_key_does_not_open_it),
        cmocka_unit_test(the_number_of_keys_that_fit_is_exact),
        cmocka_unit_test(the_key_id_of_the_page_comes_out),
        cmocka_unit_test(key_ids_are_uuids_of_version_8_and_all_different),
        cmocka_unit_test(a_failing_allocation_leaves_everything_alone),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}
