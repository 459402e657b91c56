/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A4 C8 */
/* A chip in the virtual reader: what it is sent in whole, in pieces, too long or never to its end.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "terminal/card_vpcd.h"

#include "card_fixture.h"

#include <pthread.h>
#include <sys/socket.h>

static const uint8_t pin[] = "1234";
static struct qw_card_chip *chip;
static atomic_bool stop;
static pthread_t thread;
static int reader = -1, card = -1; /* the two ends */

#define SELECT_IT "\x00\x0d\x00\xa4\x04\x00\x07\xf0QWAVE\x01\x00"
#define ASK_INFO "\x00\x05\x80\x10\x00\x00\x00"
#define IS(text) assert_reply(text, sizeof(text) - 1)
#define SEND(text) send_all(text, sizeof(text) - 1)

static void *serve(void *unused)
{
    (void)unused;
    return (void *)(uintptr_t)qw_card_vpcd_run(chip, card, &stop);
}

static int set_up(void **state)
{
    struct qw_card_chip_config config = { .path = fixture_path,
                                          .cost = fixture_cost,
                                          .passphrase = fixture_passphrase,
                                          .passphrase_len = FIXTURE_PASSPHRASE_LEN,
                                          .pin = pin,
                                          .pin_len = 4 };
    int pair[2];

    fixture_set_up(state);
    atomic_store(&stop, false);
    assert_int_equal(qw_card_chip_new(&config, &chip), QW_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    reader = pair[0];
    card = pair[1];
    return pthread_create(&thread, NULL, serve, NULL);
}

static int tear_down(void **state)
{
    close(card);
    qw_card_chip_free(chip);
    return fixture_tear_down(state);
}

/* How the card's program ends once the reader has gone. */
static qw_err leave(void)
{
    void *end = NULL;

    close(reader);
    assert_int_equal(pthread_join(thread, &end), 0);
    return (qw_err)(uintptr_t)end;
}

static void send_all(const void *data, size_t len)
{
    assert_int_equal(send(reader, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void assert_reply(const void *expected, size_t len)
{
    uint8_t got[2 + QW_APDU_ANSWER_MAX];

    assert_true(len <= sizeof got);
    assert_int_equal(recv(reader, got, len, MSG_WAITALL), (ssize_t)len);
    assert_memory_equal(got, expected, len);
}

static void it_says_who_it_is_and_answers_commands(void **state)
{
    (void)state;
    SEND("\0\1\1\0\1\4"); /* power on; ATR, please */
    IS("\0\xa\x3b\x85\x80\1QWAVE\x50");
    SEND(ASK_INFO);
    IS("\0\2\x69\x99");
    SEND(SELECT_IT);
    IS("\0\2\x90\0");
    assert_int_equal(leave(), QW_ERR_CLOSED);
}

static void power_off_and_reset_take_the_selection_back(void **state)
{
    static const char controls[] = { 0, 1, 2 };

    (void)state;
    for (size_t i = 0; i < sizeof controls; i++) {
        const char message[] = { 0, 1, controls[i] };

        SEND(SELECT_IT);
        IS("\0\2\x90\0");
        send_all(message, sizeof message);
        SEND(ASK_INFO);
        IS("\0\2\x69\x99");
    }
    assert_int_equal(leave(), QW_ERR_CLOSED);
}

static void what_it_does_not_know_gets_no_answer_and_disturbs_nothing(void **state)
{
    (void)state;
    SEND(SELECT_IT);
    IS("\0\2\x90\0");
    SEND("\0\0\0\1\x9"); /* nothing; a control byte of a later reader */
    SEND("\0\5\x80\x99\0\0\0");
    IS("\0\2\x6d\0"); /* still selected */
    assert_int_equal(leave(), QW_ERR_CLOSED);
}

static void a_command_of_any_length_is_read_to_its_end(void **state)
{
    static uint8_t message[2 + UINT16_MAX];

    (void)state;
    for (size_t len = 2; len <= UINT16_MAX; len += len < 300 ? 1 : 21745) {
        message[0] = (uint8_t)(len >> 8);
        message[1] = (uint8_t)len;
        send_all(message, 2 + len);
        if (len < 4) {
            IS("\0\2\x67\0");
        } else { /* 00 00 00 00: nothing is selected; a length that is 0 is none */
            uint8_t got[4];

            assert_int_equal(recv(reader, got, sizeof got, MSG_WAITALL), sizeof got);
            assert_memory_equal(got, len <= 5 ? "\0\2\x69\x99" : "\0\2\x67\0", 4);
        }
    }
    SEND(SELECT_IT);
    IS("\0\2\x90\0");
    assert_int_equal(leave(), QW_ERR_CLOSED);
}

static void a_reader_that_goes_in_the_middle_ends_it(void **state)
{
    const char message[] = SELECT_IT;

    for (size_t cut = 0; cut < sizeof message - 1; cut++) {
        send_all(message, cut);
        assert_int_equal(leave(), QW_ERR_CLOSED);
        if (cut + 1 < sizeof message - 1) {
            tear_down(state);
            assert_int_equal(set_up(state), 0);
        }
    }
}

static void told_to_stop_it_stops(void **state)
{
    void *end = NULL;

    (void)state;
    SEND(SELECT_IT);
    IS("\0\2\x90\0");
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, &end), 0);
    assert_int_equal((uintptr_t)end, QW_OK);
    close(reader);
}

static void the_check_byte_of_the_atr_is_right(void **state)
{
    uint8_t sum = 0;

    (void)state;
    for (size_t i = 1; i < QW_CARD_ATR_LEN; i++) {
        sum ^= qw_card_atr[i];
    }
    assert_int_equal(sum, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_says_who_it_is_and_answers_commands),
        TEST(power_off_and_reset_take_the_selection_back),
        TEST(what_it_does_not_know_gets_no_answer_and_disturbs_nothing),
        TEST(a_command_of_any_length_is_read_to_its_end),
        TEST(a_reader_that_goes_in_the_middle_ends_it),
        TEST(told_to_stop_it_stops),
        cmocka_unit_test(the_check_byte_of_the_atr_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
