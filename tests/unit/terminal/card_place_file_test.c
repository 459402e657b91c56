/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W6 W8 */
/* What a card in a file does is in card_test, card_fault_test and card_destroy_test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_place.h"

#include "card_fixture.h"

static struct qw_card_place place_at(const char *path)
{
    struct qw_card_place place;

    assert_int_equal(qw_card_place_file(path, fixture_cost, &place), QW_OK);
    assert_int_equal(place.unlock(place.self, fixture_passphrase, FIXTURE_PASSPHRASE_LEN), QW_OK);
    return place;
}

static void what_is_put_in_comes_out(void **state)
{
    char path[96];
    uint8_t back[64];
    struct qw_card_place place;
    size_t len = 0;
    bool does = true;

    (void)state;
    snprintf(path, sizeof path, "%s/other", fixture_folder);
    place = place_at(path);
    assert_int_equal(place.exists(place.self, &does), QW_OK);
    assert_false(does);
    assert_int_equal(place.open(place.self, back, sizeof back, &len), QW_ERR_NOT_FOUND);
    place.close(place.self);
    place = place_at(path);
    assert_int_equal(place.create(place.self, (const uint8_t *)"first", 5), QW_OK);
    assert_int_equal(place.create(place.self, (const uint8_t *)"again", 5), QW_ERR_CONFLICT);
    place.close(place.self);
    place = place_at(path);
    assert_int_equal(place.exists(place.self, &does), QW_OK);
    assert_true(does);
    assert_int_equal(place.open(place.self, back, sizeof back, &len), QW_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(back, "first", 5);
    assert_int_equal(place.replace(place.self, (const uint8_t *)"second", 6), QW_OK);
    place.close(place.self);
    place = place_at(path);
    assert_int_equal(place.open(place.self, back, 5, &len), QW_ERR_FORMAT); /* longer than that */
    place.close(place.self);
    place = place_at(path);
    assert_int_equal(place.open(place.self, back, sizeof back, &len), QW_OK);
    assert_memory_equal(back, "second", 6);
    place.close(place.self);
}

static void a_secret_that_is_too_long_is_none(void **state)
{
    static const uint8_t secret[QW_CARD_PLACE_SECRET_MAX + 1];
    struct qw_card_place place;

    (void)state;
    assert_int_equal(qw_card_place_file(fixture_path, fixture_cost, &place), QW_OK);
    assert_int_equal(place.unlock(place.self, secret, sizeof secret), QW_ERR_ARG);
    assert_int_equal(place.unlock(place.self, secret, sizeof secret - 1), QW_OK);
    place.close(place.self);
}

static void a_card_has_no_tombstone(void **state)
{
    struct qw_card_place place = place_at(fixture_path);
    struct qw_tombstone tombstone;

    (void)state;
    assert_int_equal(place.tombstone(place.self, &tombstone), QW_ERR_NOT_FOUND);
    place.close(place.self);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_in_comes_out),
        TEST(a_secret_that_is_too_long_is_none),
        TEST(a_card_has_no_tombstone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
