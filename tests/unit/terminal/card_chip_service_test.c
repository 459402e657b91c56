/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 */
/* What a chip says to who asks for its services in another way than docs/protocol/card-apdu.md has
 * it; what it does for who keeps to that is in card_reader_service_test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chip_wire.h"
#include "crypto/aead.h"

static uint8_t answer[QW_APDU_ANSWER_MAX];
static size_t answer_len;

static unsigned say(const void *command, size_t len)
{
    qw_card_chip_execute(slot.chip, command, len, answer, &answer_len);
    assert_true(answer_len >= 2);
    return (unsigned)(answer[answer_len - 2] << 8 | answer[answer_len - 1]);
}
#define SAY(text) say(text, sizeof(text) - 1)
#define LOAD_X "\x80\x20\x00\x00\x01X\x00"

static int begin(void **state)
{
    int status = set_up(state);

    qw_card_chip_reset(slot.chip);
    assert_int_equal(SAY("\x00\xa4\x04\x00\x07\xf0QWAVE\x01"), 0x9000);
    assert_int_equal(SAY("\x00\x20\x00\x80\x08"
                         "90817263"),
                     0x9000);
    return status;
}

static void data_where_none_belongs_is_refused(void **state)
{
    (void)state;
    assert_int_equal(SAY("\x80\x40\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x42\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x44\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x54\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x56\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x50\x00\x00\x01\x00"), 0x6a80); /* no grant */
    assert_int_equal(SAY("\x80\x52\x00\x00\x01\x00"), 0x6a80); /* no session */
}

static void nothing_loaded_opens_nothing(void **state)
{
    (void)state;
    assert_int_equal(SAY("\x80\x44\x00\x00\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x54\x00\x00\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x52\x00\x00\x10"
                         "0123456789abcdef"),
                     0x6a80);
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x6a88);
    assert_int_equal(SAY(LOAD_X), 0x9000);
    assert_int_equal(SAY("\x80\x54\x00\x00\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x6a88); /* loaded is not opened */
}

/* Of 300 bytes: two pieces, and no third. */
static void open_something(void)
{
    uint8_t plain[300] = { 1 }, sealed[300 + QW_AEAD_OVERHEAD], command[5 + 240];
    uint8_t aad[13 + 16] = "qwave package", ask[5 + 16] = { 0x80, 0x52, 0, 0, 16 };
    struct qw_card_keys keys;

    assert_int_equal(qw_card_keys_derive(fixture_card_key, &keys), QW_OK);
    assert_int_equal(qw_aead_seal(QW_AEAD_AES256_GCM, keys.wrap,
                                  (struct qw_bytes){ aad, sizeof aad }, plain, sizeof plain,
                                  sealed),
                     QW_OK);
    for (size_t at = 0, n = 0; at < sizeof sealed; at += 240, n++) {
        size_t len = sizeof sealed - at < 240 ? sizeof sealed - at : 240;

        memcpy(command, "\x80\x20\0", 3);
        command[3] = (uint8_t)n;
        command[4] = (uint8_t)len;
        memcpy(command + 5, sealed + at, len);
        assert_int_equal(say(command, 5 + len), 0x9000);
    }
    assert_int_equal(say(ask, sizeof ask), 0x9000);
}

static void what_was_opened_is_given_in_pieces_until_it_is_forgotten(void **state)
{
    (void)state;
    open_something();
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x9000);
    assert_int_equal(answer_len, 256 + 2);
    assert_int_equal(answer[0], 1);
    assert_int_equal(SAY("\x80\x56\x00\x01\x00"), 0x9000);
    assert_int_equal(answer_len, 44 + 2);
    assert_int_equal(SAY("\x80\x56\x00\x02\x00"), 0x6a88);
    assert_int_equal(SAY("\x80\x56\xff\xff\x00"), 0x6a88);
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x9000); /* as often as it is wanted */
    assert_int_equal(SAY(LOAD_X), 0x9000);                 /* what comes next */
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x6a88);
    open_something();
    tear_down(state); /* power, and everything anew */
    begin(state);
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x6a88);
    open_something();
    assert_int_equal(SAY("\x80\x52\x00\x00\x10"
                         "0123456789abcdef"),
                     0x6988); /* one that does not open takes away the one before */
    assert_int_equal(SAY("\x80\x56\x00\x00\x00"), 0x6a88);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(data_where_none_belongs_is_refused),
        TEST(nothing_loaded_opens_nothing),
        TEST(what_was_opened_is_given_in_pieces_until_it_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
