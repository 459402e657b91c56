/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C8 W8 A4 */
/* What is done to a card that nobody has open: the name leads to a file or to a chip, and either
 * gives the same answers. Tokens: card_place_token_test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/destruction.h"
#include "base/secret.h"
#include "chip_wire.h"
#include "crypto/hash.h"
#include "terminal/card_pcsc.h"
#include "terminal/card_place.h"

static const char *name; /* of the card, file or chip */
static const uint8_t *secret;
static size_t secret_len;
static int allocations, fail_at;

void *__real_qw_secret_new(size_t len);
void *__wrap_qw_secret_new(size_t len);
void *__wrap_qw_secret_new(size_t len)
{
    return ++allocations == fail_at ? NULL : __real_qw_secret_new(len);
}

qw_err __wrap_qw_card_pcsc_reader(const char *reader, const uint8_t *given, size_t given_len,
                                  struct qw_card_reader **card);
qw_err __wrap_qw_card_pcsc_reader(const char *reader, const uint8_t *given, size_t given_len,
                                  struct qw_card_reader **card)
{
    assert_string_equal(reader, "slot");
    return wire_reader(given, given_len, card);
}

static int with_file(void **state)
{
    fixture_set_up(state);
    fixture_clean(); /* no card yet */
    fail_at = 0;
    name = fixture_path;
    secret = fixture_passphrase;
    secret_len = FIXTURE_PASSPHRASE_LEN;
    return 0;
}

static int with_chip(void **state)
{
    with_file(state);
    snprintf(chip_path, sizeof chip_path, "%s/chip", fixture_folder);
    slot.fail_nth = 0;
    insert();
    name = "pcsc:slot";
    secret = pin;
    secret_len = PIN_LEN;
    return 0;
}

static int leave_chip(void **state)
{
    take_out();
    return fixture_tear_down(state);
}

static qw_err create(enum qw_package_kind kind)
{
    struct qw_package package =
        fixture_package(kind, 1, FIRST_INDEX, FIXTURE_KEYS, 1000, FIXTURE_POOL);

    return qw_card_create_at_cost(name, fixture_cost, secret, secret_len, &package);
}

static bool exists(void)
{
    bool does = false;

    assert_int_equal(qw_card_exists(name, secret, secret_len, &does), QW_OK);
    return does;
}

static void a_card_is_made_once_of_a_birth_package(void **state)
{
    struct qw_card *card = NULL;
    struct qw_card_info info;

    (void)state;
    assert_false(exists());
    assert_int_equal(create(QW_PACKAGE_CHARGE), QW_ERR_ARG);
    assert_false(exists());
    assert_int_equal(create(QW_PACKAGE_BIRTH), QW_OK);
    assert_true(exists());
    assert_int_equal(create(QW_PACKAGE_BIRTH), QW_ERR_CONFLICT);
    assert_int_equal(qw_card_open(name, secret, secret_len, &card), QW_OK);
    qw_card_info(card, &info);
    assert_string_equal(info.owner, "terminal-1");
    assert_int_equal(info.remaining_keys, FIXTURE_KEYS);
    qw_card_close(card);
}

static void destroy(void)
{
    struct qw_destroy_order order = { .serial = { 0x5e, 0x71 }, .epoch = 1, .nonce = { 9 } };
    const uint8_t done[QW_ORDER_DONE_LEN] = { 0xd0 };
    const struct qw_bytes part = { done, sizeof done };
    struct qw_card *card = NULL;
    struct qw_card_keys keys;
    uint8_t sealed[QW_ORDER_LEN];

    assert_int_equal(qw_hash_of(QW_HASH_SHA256, &part, 1, order.done_hash), QW_OK);
    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_destroy_order_seal(&order, keys.order, sealed), QW_OK);
    assert_int_equal(qw_card_open(name, secret, secret_len, &card), QW_OK);
    assert_int_equal(qw_card_destroy(card, sealed, sizeof sealed), QW_OK);
    qw_card_close(card);
}

static void what_is_left_of_it_is_found_and_booked(void **state)
{
    struct qw_order_done word = { .serial = { 0x5e, 0x71 }, .nonce = { 9 }, .done = { 0xd0 } };
    uint8_t message[QW_ORDER_DONE_MESSAGE_LEN];
    struct qw_tombstone tombstone;

    (void)state;
    assert_int_equal(create(QW_PACKAGE_BIRTH), QW_OK);
    assert_int_equal(qw_card_tombstone(name, secret, secret_len, &tombstone), QW_ERR_NOT_FOUND);
    destroy();
    assert_true(exists()); /* what is left of it */
    assert_int_equal(qw_card_tombstone(name, secret, secret_len, &tombstone), QW_OK);
    assert_false(tombstone.is_booked);
    qw_order_done_encode(&word, message);
    message[40] ^= 1;
    assert_int_equal(qw_card_book(name, secret, secret_len, &tombstone, message, sizeof message),
                     QW_ERR_AUTH);
    message[40] ^= 1;
    assert_int_equal(
        qw_card_book(name, secret, secret_len, &tombstone, message, sizeof message - 1),
        QW_ERR_FORMAT);
    assert_int_equal(qw_card_book(name, secret, secret_len, &tombstone, message, sizeof message),
                     QW_OK);
    assert_true(tombstone.is_booked);
    memset(&tombstone, 0, sizeof tombstone);
    assert_int_equal(qw_card_tombstone(name, secret, secret_len, &tombstone), QW_OK);
    assert_true(tombstone.is_booked);
    assert_int_equal(create(QW_PACKAGE_BIRTH),
                     strcmp(name, fixture_path) == 0 ? QW_ERR_CONFLICT : QW_ERR_STATE);
}

static void no_memory_makes_no_card(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        allocations = 0;
        fail_at = n;
        err = create(QW_PACKAGE_BIRTH);
        fail_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && !exists()));
    }
}

static void a_malformed_name_leads_nowhere(void **state)
{
    static const char *const names[] = { "pkcs11:token=x", "pkcs11:", "pkcs11:pin-value=1234" };
    struct qw_tombstone tombstone;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct qw_card_place place = { .self = NULL };
        bool does = true;

        name = names[i];
        assert_int_equal(create(QW_PACKAGE_BIRTH), QW_ERR_FORMAT);
        assert_int_equal(qw_card_exists(name, secret, secret_len, &does), QW_ERR_FORMAT);
        assert_int_equal(qw_card_tombstone(name, secret, secret_len, &tombstone), QW_ERR_FORMAT);
        assert_int_equal(qw_card_book(name, secret, secret_len, &tombstone, secret, 1),
                         QW_ERR_FORMAT);
        assert_int_equal(qw_card_place_find(name, fixture_cost, secret, secret_len, &place),
                         QW_ERR_FORMAT);
        assert_null(place.self);
    }
}

static void a_chip_has_no_place(void **state)
{
    struct qw_card_place place = { .self = NULL };

    (void)state;
    assert_int_equal(qw_card_place_find(name, fixture_cost, secret, secret_len, &place),
                     QW_ERR_ARG);
    take_out();
    slot.is_reset = true;
    assert_int_equal(create(QW_PACKAGE_BIRTH), QW_ERR_NOT_FOUND);
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, with_file, fixture_tear_down)
#define CHIP_TEST(test) \
    { \
        .name = #test " (chip)", .test_func = test, .setup_func = with_chip, \
        .teardown_func = leave_chip \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(a_card_is_made_once_of_a_birth_package),
        CHIP_TEST(a_card_is_made_once_of_a_birth_package),
        FILE_TEST(what_is_left_of_it_is_found_and_booked),
        CHIP_TEST(what_is_left_of_it_is_found_and_booked),
        FILE_TEST(no_memory_makes_no_card),
        FILE_TEST(a_malformed_name_leads_nowhere),
        CHIP_TEST(a_chip_has_no_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
