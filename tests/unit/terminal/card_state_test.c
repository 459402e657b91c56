/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 A4 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_state.h"

#include "card_fixture.h"

static struct qw_card_state state, decoded;
static uint8_t data[QW_CARD_STATE_ENCODED_MAX + 1], again[QW_CARD_STATE_ENCODED_MAX];

static size_t make_state(void)
{
    struct qw_package birth =
        fixture_package(QW_PACKAGE_BIRTH, 1, 100, FIXTURE_KEYS, 1000, FIXTURE_POOL);

    memset(&state, 0, sizeof state);
    assert_int_equal(qw_card_state_from_birth(&birth, &state), QW_OK);
    return qw_card_state_encode(&state, data);
}

static qw_err decode(size_t len)
{
    memset(&decoded, 0, sizeof decoded);
    return qw_card_state_decode(data, len, &decoded);
}

static void a_state_comes_back(void **unused)
{
    size_t len = make_state();

    (void)unused;
    assert_int_equal(decode(len), QW_OK);
    assert_memory_equal(&state, &decoded, sizeof state);
}

static void the_largest_state_fits(void **unused)
{
    (void)unused;
    make_state();
    memset(state.owner, 'o', sizeof state.owner - 1);
    state.key_count = QW_CARD_KEYS_MAX;
    state.up.len = QW_CARD_POOL_MAX;
    state.down.len = QW_CARD_POOL_MAX;
    assert_int_equal(decode(qw_card_state_encode(&state, data)), QW_OK);
    assert_memory_equal(&state, &decoded, sizeof state);
}

static void a_cut_or_prolonged_state_is_malformed(void **unused)
{
    size_t len = make_state();

    (void)unused;
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_equal(decode(cut), QW_ERR_FORMAT);
    }
    data[len] = 0;
    assert_int_equal(decode(len + 1), QW_ERR_FORMAT);
}

/* Law: a flip is refused, or the value encodes to exactly those bytes. */
static void a_flipped_bit_is_refused_or_means_what_it_says(void **unused)
{
    size_t len = make_state();

    (void)unused;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (decode(len) == QW_OK) {
            assert_int_equal(qw_card_state_encode(&decoded, again), len);
            assert_memory_equal(again, data, len);
        }
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void what_a_pool_has_given_is_wiped(void **unused)
{
    uint8_t out[64];

    (void)unused;
    make_state();
    assert_int_equal(qw_card_pool_take(&state.up, 1000 + 100, out, sizeof out), QW_OK);
    assert_int_equal(state.up.position, 1164);
    assert_int_equal(state.up.len, FIXTURE_POOL - 164);
    assert_int_equal(state.up.bytes[0], fixture_pool_byte('u', 1164));
    for (size_t i = state.up.len; i < sizeof state.up.bytes; i++) {
        assert_int_equal(state.up.bytes[i], 0);
    }
}

static void what_was_taken_from_the_keys_is_wiped(void **unused)
{
    struct qw_card_entry entry;
    uint8_t zero[sizeof entry] = { 0 };

    (void)unused;
    make_state();
    for (int i = 0; i < FIXTURE_KEYS; i++) {
        assert_int_equal(qw_card_state_take(&state, &entry), QW_OK);
        assert_memory_equal(&state.entries[state.key_count], zero, sizeof zero);
    }
    assert_int_equal(qw_card_state_take(&state, &entry), QW_ERR_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_comes_back),
        cmocka_unit_test(the_largest_state_fits),
        cmocka_unit_test(a_cut_or_prolonged_state_is_malformed),
        cmocka_unit_test(a_flipped_bit_is_refused_or_means_what_it_says),
        cmocka_unit_test(what_a_pool_has_given_is_wiped),
        cmocka_unit_test(what_was_taken_from_the_keys_is_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
