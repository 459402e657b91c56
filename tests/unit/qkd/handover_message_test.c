/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C2 */
#include "qkd/handover/message.h"

#include "base/hex.h"
#include "qkd/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CAP = 256 };

static uint8_t *long_message; /* [QW_HANDOVER_LEN_MAX + 1] */

typedef size_t (*again)(const uint8_t *message, size_t len, uint8_t *out);

static size_t again_hello(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_handover_hello hello;

    return qw_handover_hello_decode(message, len, &hello) == QW_OK
               ? qw_handover_hello_encode(&hello, out)
               : 0;
}

static size_t again_welcome(const uint8_t *message, size_t len, uint8_t *out)
{
    return qw_handover_welcome_decode(message, len) == QW_OK ? qw_handover_welcome_encode(out) : 0;
}

static size_t again_key(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_handover_key key;

    return qw_handover_key_decode(message, len, &key) == QW_OK ? qw_handover_key_encode(&key, out)
                                                               : 0;
}

static size_t again_taken(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_handover_taken taken;

    return qw_handover_taken_decode(message, len, &taken) == QW_OK
               ? qw_handover_taken_encode(&taken, out)
               : 0;
}

static size_t again_stopped(const uint8_t *message, size_t len, uint8_t *out)
{
    struct qw_handover_stopped stopped;

    return qw_handover_stopped_decode(message, len, &stopped) == QW_OK
               ? qw_handover_stopped_encode(&stopped, out)
               : 0;
}

/* A KEY has a free length: what is cut off or hung on to its key is another key. */
static void attack(again form, const uint8_t *message, size_t len, size_t shortest, size_t longest)
{
    uint8_t out[CAP];
    uint8_t altered[CAP] = { 0 };

    assert_int_equal(form(message, len, out), len);
    assert_memory_equal(out, message, len);
    memcpy(altered, message, len);
    assert_int_equal(form(altered, len + 1, out), len + 1 <= longest ? len + 1 : 0);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + (cut == 0));

        assert_non_null(exact);
        memcpy(exact, message, cut);
        assert_int_equal(form(exact, cut, out), cut >= shortest ? cut : 0);
        free(exact);
    }
    for (size_t bit = 0; bit < 8 * len; bit++) {
        size_t again_len;

        memcpy(altered, message, len);
        altered[bit / 8] ^= (uint8_t)(1u << bit % 8);
        again_len = form(altered, len, out);
        assert_true(again_len == 0 || again_len == len);
        if (again_len > 0) {
            assert_memory_equal(out, altered, len);
        }
    }
}

static struct qw_handover_label label_of(uint8_t session, uint32_t block)
{
    struct qw_handover_label label = { .block = block };

    memset(label.session, session, sizeof label.session);
    return label;
}

static void every_message_survives_every_alteration(void **state)
{
    const struct qw_handover_hello hello = { QW_QKD_ALICE, false, "node-3" };
    const struct qw_handover_key key = { label_of(7, 3), 21000, (const uint8_t *)"secret!", 7 };
    const struct qw_handover_taken taken = { label_of(7, 3), QW_HANDOVER_NO_ROOM };
    const struct qw_handover_stopped stopped = { QW_QKD_QBER, 250000 };
    uint8_t message[CAP];
    size_t len;

    (void)state;
    len = qw_handover_hello_encode(&hello, message);
    attack(again_hello, message, len, len, len);
    len = qw_handover_welcome_encode(message);
    attack(again_welcome, message, len, len, len);
    len = qw_handover_key_encode(&key, message);
    attack(again_key, message, len, QW_HANDOVER_KEY_AT + QW_HANDOVER_KEY_MIN, QW_HANDOVER_LEN_MAX);
    len = qw_handover_taken_encode(&taken, message);
    attack(again_taken, message, len, len, len);
    len = qw_handover_stopped_encode(&stopped, message);
    attack(again_stopped, message, len, len, len);
}

static void hello_as_in_the_page(void **state)
{
    static const uint8_t page[] = { 0x01, 0x01, 0x02, 0x01, 0x05, 0x6e, 0x6f, 0x72, 0x74, 0x68 };
    struct qw_handover_hello hello;
    uint8_t out[CAP];

    (void)state;
    assert_int_equal(qw_handover_hello_decode(page, sizeof page, &hello), QW_OK);
    assert_int_equal(hello.end, QW_QKD_BOB);
    assert_true(hello.is_simulated);
    assert_string_equal(hello.name, "north");
    assert_int_equal(qw_handover_hello_encode(&hello, out), sizeof page);
    assert_memory_equal(out, page, sizeof page);
}

static void refuses_what_is_out_of_range_and_leaves_the_output_alone(void **state)
{
    static const struct {
        const char *hex;
        again form;
    } bad[] = {
        { "01010001016e", again_hello },   /* neither end */
        { "01010301016e", again_hello },   /* neither end */
        { "01010202016e", again_hello },   /* neither light */
        { "01020201016e", again_hello },   /* version */
        { "0101020100", again_hello },     /* no name */
        { "0202", again_welcome },         /* version */
        { "050000000000", again_stopped }, /* no reason */
        { "050d00000000", again_stopped }, /* no such reason */
        { "05050007a121", again_stopped }, /* more than half */
        { "0400000000000000000000000000000000000000000"
          "3",
          again_taken },
        { "030000000000000000000000000000000000000000"
          "0007a121"
          "0102",
          again_key },
    };
    struct qw_handover_hello hello = { .end = 9 };
    uint8_t message[CAP];
    uint8_t out[CAP];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = strlen(bad[i].hex) / 2;

        assert_int_equal(qw_hex_decode(bad[i].hex, message, len), QW_OK);
        assert_int_equal(bad[i].form(message, len, out), 0);
    }
    memset(message, 'n', sizeof message); /* a name of 60 */
    memcpy(message, "\x01\x01\x01\x00\x3c", 5);
    assert_int_equal(qw_handover_hello_decode(message, 65, &hello), QW_ERR_FORMAT);
    assert_int_equal(hello.end, 9);
}

static void keys_have_two_bytes_to_a_million(void **state)
{
    struct qw_handover_key key;

    (void)state;
    memset(long_message, 0, QW_HANDOVER_LEN_MAX + 1);
    long_message[0] = 3;
    assert_int_equal(qw_handover_key_decode(long_message, QW_HANDOVER_KEY_AT + 1, &key),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_handover_key_decode(long_message, QW_HANDOVER_KEY_AT + 2, &key), QW_OK);
    assert_int_equal(key.len, 2);
    assert_int_equal(qw_handover_key_decode(long_message, QW_HANDOVER_LEN_MAX, &key), QW_OK);
    assert_int_equal(key.len, QW_HANDOVER_KEY_MAX);
    assert_int_equal(qw_handover_key_decode(long_message, QW_HANDOVER_LEN_MAX + 1, &key),
                     QW_ERR_FORMAT);
}

/* S1 of the page. */
static void the_two_ends_never_share_a_byte(void **state)
{
    static const uint8_t bytes[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

    (void)state;
    for (size_t len = QW_HANDOVER_KEY_MIN; len <= sizeof bytes; len++) {
        const struct qw_handover_key key = { .key = bytes, .len = len };
        size_t alice_len;
        size_t bob_len;
        const uint8_t *alice = qw_handover_own_half(&key, QW_QKD_ALICE, &alice_len);
        const uint8_t *bob = qw_handover_own_half(&key, QW_QKD_BOB, &bob_len);

        assert_int_equal(alice_len, len / 2);
        assert_int_equal(bob_len, len / 2);
        assert_ptr_equal(alice, bytes);
        assert_ptr_equal(bob, alice + alice_len);
        assert_true(bob + bob_len <= bytes + len);
    }
}

static void a_block_is_old_within_its_session_only(void **state)
{
    const struct qw_handover_label mark = label_of(1, 5);
    struct qw_handover_label label;

    (void)state;
    label = label_of(1, 4);
    assert_true(qw_handover_is_old(&label, &mark));
    label = label_of(1, 5);
    assert_true(qw_handover_is_old(&label, &mark));
    label = label_of(1, 6);
    assert_false(qw_handover_is_old(&label, &mark));
    label = label_of(2, 0);
    assert_false(qw_handover_is_old(&label, &mark));
}

static int make_memory(void **state)
{
    (void)state;
    long_message = malloc(QW_HANDOVER_LEN_MAX + 1);
    return long_message == NULL;
}

static int free_memory(void **state)
{
    (void)state;
    free(long_message);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_survives_every_alteration),
        cmocka_unit_test(hello_as_in_the_page),
        cmocka_unit_test(refuses_what_is_out_of_range_and_leaves_the_output_alone),
        cmocka_unit_test(keys_have_two_bytes_to_a_million),
        cmocka_unit_test(the_two_ends_never_share_a_byte),
        cmocka_unit_test(a_block_is_old_within_its_session_only),
    };

    return cmocka_run_group_tests(tests, make_memory, free_memory);
}
