/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 */
/* What a chip says to who does not keep to docs/protocol/card-apdu.md; what it does for who does is
 * in card_reader_test and card_reader_service_test. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_chip_body.h"

#include "card_fixture.h"

static const uint8_t pin[] = "1234";
static struct qw_card_chip *chip;

static int set_up(void **state)
{
    struct qw_card_chip_config config = { .path = fixture_path,
                                          .cost = fixture_cost,
                                          .passphrase = fixture_passphrase,
                                          .passphrase_len = FIXTURE_PASSPHRASE_LEN,
                                          .pin = pin,
                                          .pin_len = 4 };

    fixture_set_up(state);
    return qw_card_chip_new(&config, &chip) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    qw_card_chip_free(chip);
    return fixture_tear_down(state);
}

/* The status word that comes back. */
static unsigned say(const void *command, size_t len)
{
    uint8_t answer[QW_APDU_ANSWER_MAX];
    size_t n = 0;

    qw_card_chip_execute(chip, command, len, answer, &n);
    assert_true(n >= 2);
    return (unsigned)(answer[n - 2] << 8 | answer[n - 1]);
}
#define SAY(text) say(text, sizeof(text) - 1)

#define SELECT_IT "\x00\xa4\x04\x00\x07\xf0QWAVE\x01"
#define GIVE_PIN \
    "\x00\x20\x00\x80\x04" \
    "1234"

static void nothing_is_done_before_it_is_selected_and_has_the_pin(void **state)
{
    (void)state;
    assert_int_equal(SAY("\x80\x10\x00\x00\x00"), 0x6999);
    assert_int_equal(SAY(GIVE_PIN), 0x6999);
    assert_int_equal(SAY("\x00\xa4\x04\x00\x07\xf0QWAVF\x01"), 0x6a82);
    assert_int_equal(SAY("\x00\xa4\x00\x00\x07\xf0QWAVE\x01"), 0x6a82);
    assert_int_equal(SAY(SELECT_IT), 0x9000);
    for (unsigned ins = 0; ins < 256; ins++) {
        const uint8_t command[] = { 0x80, (uint8_t)ins, 0, 0, 0 };
        unsigned expected = 0x6d00;

        if (ins == QW_APDU_INFO) {
            expected = 0x9000;
        } else if (ins == QW_APDU_TOMBSTONE || ins == QW_APDU_BOOK) {
            expected = 0x6a88; /* it was not destroyed */
        } else if (ins == QW_APDU_LOAD || ins == QW_APDU_BIRTH ||
                   (ins >= QW_APDU_TAKE_KEY && ins <= QW_APDU_DESTROY && ins % 2 == 0) ||
                   qw_card_chip_serves((uint8_t)ins)) {
            expected = 0x6982;
        }
        assert_int_equal(say(command, sizeof command), expected);
    }
    assert_int_equal(SAY(GIVE_PIN), 0x9000);
    assert_int_equal(SAY("\x80\x30\x00\x00\x00"), 0x9000);
    qw_card_chip_reset(chip);
    assert_int_equal(SAY("\x80\x30\x00\x00\x00"), 0x6999);
}

static void what_is_malformed_is_refused(void **state)
{
    uint8_t chunk[5 + 255] = { 0x80, 0x20, 0, 0, 255 };

    (void)state;
    assert_int_equal(SAY(""), 0x6700);
    assert_int_equal(SAY("\x00\xa4\x04"), 0x6700);
    assert_int_equal(SAY(SELECT_IT), 0x9000);
    assert_int_equal(SAY("\x00\x20\x00\x81\x04"
                         "1234"),
                     0x6a86);
    assert_int_equal(SAY(GIVE_PIN), 0x9000);
    assert_int_equal(SAY("\x90\x10\x00\x00"), 0x6e00);
    assert_int_equal(SAY("\x00\x10\x00\x00"), 0x6d00);
    assert_int_equal(SAY("\x80\x10\x00\x00\x01\x00"), 0x6a80); /* INFO with data */
    assert_int_equal(SAY("\x80\x32\x02\x00\x04\x00\x00\x00\x01"), 0x6a80);
    assert_int_equal(SAY("\x80\x32\x00\x00\x03\x00\x00\x01"), 0x6a80);
    assert_int_equal(SAY("\x80\x34\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x36\x00\x00"), 0x6a80); /* nothing is loaded */
    assert_int_equal(SAY("\x80\x22\x00\x00"), 0x6a89); /* there is a card */
    assert_int_equal(SAY("\x80\x3a\x00\x00\x01\x00"), 0x6a80);
    assert_int_equal(SAY("\x80\x20\x00\x01\x01\x00"), 0x6a80); /* chunk 1 before 0 */
    for (unsigned i = 0; i < 65536 / 255; i++) {
        chunk[2] = (uint8_t)(i >> 8);
        chunk[3] = (uint8_t)i;
        assert_int_equal(say(chunk, sizeof chunk), 0x9000);
    }
    chunk[3] = 1; /* 257, the next one */
    assert_int_equal(say(chunk, sizeof chunk), 0x6a84);
}

static void a_pin_of_another_length_is_no_pin(void **state)
{
    struct qw_card_chip_config config = { .path = "/tmp/none",
                                          .cost = fixture_cost,
                                          .passphrase = fixture_passphrase,
                                          .passphrase_len = FIXTURE_PASSPHRASE_LEN,
                                          .pin = fixture_passphrase };
    struct qw_card_chip *other = NULL;

    (void)state;
    config.pin_len = QW_APDU_PIN_MIN - 1;
    assert_int_equal(qw_card_chip_new(&config, &other), QW_ERR_ARG);
    config.pin_len = QW_APDU_PIN_MAX + 1;
    assert_int_equal(qw_card_chip_new(&config, &other), QW_ERR_ARG);
    assert_null(other);
    assert_int_equal(SAY(SELECT_IT), 0x9000);
    assert_int_equal(SAY("\x00\x20\x00\x80"), 0x63c2); /* counts as a try */
    assert_int_equal(SAY("\x00\x20\x00\x80\x05"
                         "12345"),
                     0x63c1);
    assert_int_equal(SAY("\x00\x20\x00\x80\x04"
                         "1235"),
                     0x6983);
    assert_int_equal(SAY(GIVE_PIN), 0x6983);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_done_before_it_is_selected_and_has_the_pin),
        TEST(what_is_malformed_is_refused),
        TEST(a_pin_of_another_length_is_no_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
