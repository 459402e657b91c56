/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C9 C11 W8 */
/* What a chip does for an access point, a station and who proves himself: both ends of those
 * commands of docs/protocol/card-apdu.md, over a wire that breaks on demand. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/enrolment.h"
#include "chip_wire.h"
#include "crypto/aead.h"
#include "terminal/card_reader_service.h"
#include "unit/api/card_root.h"

enum { TRIES_MAX = 400, PACKAGE_LEN = 3000 };

static struct qw_card_keys keys;

static int begin(void **state)
{
    int status = set_up(state);

    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    return status;
}

/* The number of the key in the card's life. */
static uint64_t index_of(const uint8_t root[static 32])
{
    uint8_t key[32];

    for (uint64_t i = FIRST_INDEX; i < FIRST_INDEX + FIXTURE_KEYS; i++) {
        fixture_key(i, key);
        if (memcmp(root_of(keys.report, key), root, 32) == 0) {
            return i;
        }
    }
    fail();
    return 0;
}

static void each_key_has_one_root_and_does_not_come_out(void **state)
{
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    struct qw_card_taken_root taken = { .epoch = 0 };
    struct qw_card_info info;

    (void)state;
    for (uint64_t i = 0; i < FIXTURE_KEYS; i++) {
        assert_int_equal(qw_card_reader_take_root(reader, &taken), QW_OK);
        assert_int_equal(index_of(taken.root), FIRST_INDEX + i);
        assert_memory_equal(taken.serial, "\x5e\x71", 2);
        assert_int_equal(taken.epoch, 1);
        qw_card_reader_info(reader, &info);
        assert_int_equal(info.remaining_keys, FIXTURE_KEYS - 1 - i);
    }
    taken.epoch = 77;
    assert_int_equal(qw_card_reader_take_root(reader, &taken), QW_ERR_EXHAUSTED);
    assert_int_equal(taken.epoch, 77);
    qw_card_reader_free(reader);
}

static void the_pending_key_is_its_own(void **state)
{
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    uint8_t first[32], again[32];

    (void)state;
    assert_int_equal(qw_card_reader_pending_key(reader, first), QW_OK);
    slot.is_reset = true;
    assert_int_equal(qw_card_reader_pending_key(reader, again), QW_OK);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, keys.report, sizeof first);
    assert_memory_not_equal(first, keys.wrap, sizeof first);
    qw_card_reader_free(reader);
}

static void an_enrolment_is_answered_by_its_own_centre(void **state)
{
    struct qw_enrolment_answer a = { .serial = { 0x5e, 0x71 }, .nonce = { 7 } };
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    uint8_t data[QW_ENROLMENT_ANSWER_MAX];
    size_t len = 0;

    (void)state;
    memset(a.certificate, 'c', QW_CERTIFICATE_PEM_CAP - 1); /* as long as may be */
    memset(a.authority, 'a', QW_CERTIFICATE_PEM_CAP - 1);
    assert_int_equal(qw_enrolment_answer_seal(&a, keys.report, data, &len), QW_OK);
    assert_int_equal(qw_card_reader_check_enrolment(reader, data, len), QW_OK);
    data[len / 2] ^= 1;
    assert_int_equal(qw_card_reader_check_enrolment(reader, data, len), QW_ERR_AUTH);
    assert_int_equal(qw_card_reader_check_enrolment(reader, data, 20), QW_ERR_FORMAT);
    assert_int_equal(qw_card_reader_check_enrolment(reader, data, 0), QW_ERR_FORMAT);
    qw_card_reader_free(reader);
}

static void a_grant_opens_for_its_access_point(void **state)
{
    const struct qw_link_grant grant = {
        .session_id = { 1, 2 }, .up_position = 3, .down_position = 4, .up = { 5 }, .down = { 6 }
    };
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    struct qw_link_grant opened = { .up_position = 0 };
    uint8_t sealed[QW_LINK_GRANT_LEN];

    (void)state;
    assert_int_equal(qw_link_grant_seal(&grant, keys.wrap, sealed), QW_OK);
    assert_int_equal(qw_card_reader_open_grant(reader, sealed, sizeof sealed, &opened), QW_OK);
    assert_memory_equal(&opened, &grant, sizeof grant);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit += 7) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(qw_card_reader_open_grant(reader, sealed, sizeof sealed, &opened),
                         bit < 32 ? QW_ERR_FORMAT : QW_ERR_AUTH);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < sizeof sealed; len++) {
        assert_int_equal(qw_card_reader_open_grant(reader, sealed, len, &opened), QW_ERR_FORMAT);
    }
    qw_card_reader_free(reader);
}

/* As the centre seals it for the way to an access point. */
static size_t seal_outer(const uint8_t id[static 16], const uint8_t *package, uint8_t *out)
{
    uint8_t aad[13 + 16] = "qwave package";

    memcpy(aad + 13, id, 16);
    assert_int_equal(qw_aead_seal(QW_AEAD_AES256_GCM, keys.wrap,
                                  (struct qw_bytes){ aad, sizeof aad }, package, PACKAGE_LEN, out),
                     QW_OK);
    return PACKAGE_LEN + QW_AEAD_OVERHEAD;
}

static void an_outer_seal_comes_off_whatever_breaks_on_the_way(void **state)
{
    static const uint8_t id[16] = { 9 }, other[16] = { 8 };
    static uint8_t package[PACKAGE_LEN], sealed[PACKAGE_LEN + QW_AEAD_OVERHEAD];
    static uint8_t opened[PACKAGE_LEN];
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    bool was_reached = true;
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof package; i++) {
        package[i] = (uint8_t)(i * 7 + i / 256);
    }
    len = seal_outer(id, package, sealed);
    assert_int_equal(qw_card_reader_open_outer(reader, other, sealed, len, opened), QW_ERR_AUTH);
    for (int n = 1; was_reached; n++) {
        qw_err err;

        assert_true(n < TRIES_MAX);
        slot.fault = (enum fault)(n % 3);
        slot.fail_nth = n;
        memset(opened, 0, sizeof opened);
        err = qw_card_reader_open_outer(reader, id, sealed, len, opened);
        was_reached = slot.fail_nth == 0;
        slot.fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_IO);
        if (err != QW_OK) {
            assert_int_equal(qw_card_reader_open_outer(reader, id, sealed, len, opened), QW_OK);
        }
        assert_memory_equal(opened, package, sizeof package);
    }
    qw_card_reader_free(reader);
}

/* A BIRTH package for a new card, sealed for the station that this card is of. */
static size_t seal_birth(enum qw_package_kind kind, uint16_t key_count)
{
    struct qw_package package = fixture_package(kind, 5, 0, key_count, 0, QW_PACKAGE_POOL_MAX);
    size_t len = 0;

    package.serial[0] = 0x77; /* another card's */
    assert_int_equal(
        qw_package_seal(&package, keys.wrap, fixture_sealed, sizeof fixture_sealed, &len), QW_OK);
    return len;
}

static void a_new_cards_package_opens_for_its_station_and_the_stations_own_do_not(void **state)
{
    struct qw_card_reader *reader = reader_with(pin, PIN_LEN);
    struct qw_package birth = { 0 };
    size_t len = seal_birth(QW_PACKAGE_BIRTH, QW_PACKAGE_KEYS_MAX);
    uint8_t key[32];

    (void)state;
    assert_int_equal(qw_card_reader_open_birth(reader, fixture_sealed, len, &birth), QW_OK);
    assert_int_equal(birth.key_count, QW_PACKAGE_KEYS_MAX);
    assert_int_equal(birth.serial[0], 0x77);
    fixture_key(1000, key);
    assert_memory_equal(birth.keys + 1000 * 32, key, sizeof key);
    qw_package_wipe(&birth);
    fixture_sealed[len - 1] ^= 1;
    assert_int_equal(qw_card_reader_open_birth(reader, fixture_sealed, len, &birth), QW_ERR_AUTH);
    for (int kind = QW_PACKAGE_CHARGE; kind <= QW_PACKAGE_FUSE; kind++) {
        len = seal_birth((enum qw_package_kind)kind, 1);
        assert_int_equal(qw_card_reader_open_birth(reader, fixture_sealed, len, &birth),
                         QW_ERR_FORMAT); /* refused in the chip: the program could lie */
    }
    qw_card_reader_free(reader);
}

static void a_wire_that_breaks_gives_no_root_twice(void **state)
{
    for (int fault = BEFORE; fault <= RESET; fault++) {
        bool was_reached = true;

        for (int n = 1; was_reached; n++) {
            struct qw_card_taken_root first = { .epoch = 0 }, second = { .epoch = 0 };
            struct qw_card_reader *reader;
            qw_err err;

            assert_true(n < TRIES_MAX);
            start_again(state);
            reader = reader_with(pin, PIN_LEN);
            slot.fault = (enum fault)fault;
            slot.fail_nth = n;
            err = qw_card_reader_take_root(reader, &first);
            was_reached = slot.fail_nth == 0;
            slot.fail_nth = 0;
            assert_true(err == QW_OK || err == QW_ERR_IO);
            assert_int_equal(qw_card_reader_take_root(reader, &second), QW_OK);
            assert_true(err != QW_OK || index_of(first.root) < index_of(second.root));
            qw_card_reader_free(reader);
        }
    }
}

static void without_the_pin_nothing_of_this_is_done(void **state)
{
    struct qw_card_reader *reader = reader_with((const uint8_t *)"90817264", PIN_LEN);
    struct qw_card_taken_root taken;
    struct qw_link_grant grant;
    uint8_t key[32], sealed[QW_LINK_GRANT_LEN] = { 0 };

    (void)state;
    slot.verified = 0;
    assert_int_equal(qw_card_reader_take_root(reader, &taken), QW_ERR_AUTH);
    assert_int_equal(qw_card_reader_pending_key(reader, key), QW_ERR_AUTH);
    assert_int_equal(qw_card_reader_check_enrolment(reader, sealed, sizeof sealed), QW_ERR_AUTH);
    assert_int_equal(qw_card_reader_open_grant(reader, sealed, sizeof sealed, &grant), QW_ERR_AUTH);
    assert_int_equal(slot.verified, 1); /* and not again */
    qw_card_reader_free(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_key_has_one_root_and_does_not_come_out),
        TEST(the_pending_key_is_its_own),
        TEST(an_enrolment_is_answered_by_its_own_centre),
        TEST(a_grant_opens_for_its_access_point),
        TEST(an_outer_seal_comes_off_whatever_breaks_on_the_way),
        TEST(a_new_cards_package_opens_for_its_station_and_the_stations_own_do_not),
        TEST(a_wire_that_breaks_gives_no_root_twice),
        TEST(without_the_pin_nothing_of_this_is_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
