/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 W3 */
#include "distill/syndrome/message.h"

#include "base/hex.h"
#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BITS = 1000, CHECKS = 12, CAP = 4096 };

static const struct qw_syndrome_sizes sizes = { BITS, CHECKS };
static const uint8_t check[CHECKS] = { 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1 };
static const uint32_t position[4] = { 5, 6, 300, 100000 };

static void assert_bytes(const uint8_t *message, size_t len, const char *hex)
{
    uint8_t expected[64];

    assert_int_equal(strlen(hex), 2 * len);
    assert_int_equal(qw_hex_decode(hex, expected, len), QW_OK);
    assert_memory_equal(message, expected, len);
}

/* docs/protocol/syndrome.md shows these bytes. */
static void writes_the_bytes_of_the_page(void **state)
{
    uint8_t message[64];

    (void)state;
    assert_bytes(message, qw_syndrome_encode(&sizes, check, message), "01000003e80000000ca710");
    assert_bytes(message, qw_syndrome_ask_encode(2, position, 4, message),
                 "0202000000040500a502f38a06");
    assert_bytes(message, qw_syndrome_bits_encode(2, check + 4, 4, message), "030270");
    qw_syndrome_finish_encode(true, 84321, message);
    assert_bytes(message, QW_SYNDROME_FINISH_LEN, "04010000000000014961");
}

static void reads_what_it_writes(void **state)
{
    uint8_t message[64];
    uint8_t bit[CHECKS];
    uint32_t read[1 << 17];
    size_t count = 0;
    bool found = false;
    uint64_t leaked = 0;
    size_t len;

    (void)state;
    len = qw_syndrome_encode(&sizes, check, message);
    assert_int_equal(qw_syndrome_decode(message, len, &sizes, bit), QW_OK);
    assert_memory_equal(bit, check, CHECKS);
    len = qw_syndrome_ask_encode(2, position, 4, message);
    assert_int_equal(qw_syndrome_ask_decode(message, len, 2, 100001, read, &count), QW_OK);
    assert_int_equal(count, 4);
    assert_memory_equal(read, position, sizeof position);
    len = qw_syndrome_bits_encode(2, check, 9, message);
    memset(bit, 7, sizeof bit);
    assert_int_equal(qw_syndrome_bits_decode(message, len, 2, 9, bit), QW_OK);
    assert_memory_equal(bit, check, 9);
    assert_int_equal(bit[9], 7);
    qw_syndrome_finish_encode(true, 84321, message);
    assert_int_equal(qw_syndrome_finish_decode(message, QW_SYNDROME_FINISH_LEN, &found, &leaked),
                     QW_OK);
    assert_true(found);
    assert_int_equal(leaked, 84321);
}

/* A position beyond the frame is refused, the last one inside is not. */
static void a_question_stays_inside_the_frame(void **state)
{
    static const uint32_t last[2] = { 0, BITS - 1 };
    uint8_t message[64];
    uint32_t read[BITS];
    size_t count = 7;
    size_t len = qw_syndrome_ask_encode(1, last, 2, message);

    (void)state;
    assert_int_equal(qw_syndrome_ask_decode(message, len, 1, BITS, read, &count), QW_OK);
    count = 7;
    assert_int_equal(qw_syndrome_ask_decode(message, len, 1, BITS - 1, read, &count),
                     QW_ERR_FORMAT);
    assert_int_equal(count, 7);
    assert_int_equal(qw_syndrome_ask_decode(message, len, 2, BITS, read, &count), QW_ERR_FORMAT);
}

static void refuses_counts_that_do_not_fit(void **state)
{
    static const char *const wrong[] = {
        "02010000000005",         /* none asked, a byte left */
        "020100000000",           /* none asked */
        "0201000003e9",           /* more than there are */
        "0201ffffffff00",         /* far more */
        "02010000000280000000",   /* a long form of zero */
        "0201000000018080808001", /* four bytes */
        "020100000002e80700",     /* one after the last */
    };
    uint8_t message[64];
    uint32_t read[BITS];
    size_t count = 7;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        size_t len = strlen(wrong[i]) / 2;

        assert_int_equal(qw_hex_decode(wrong[i], message, len), QW_OK);
        assert_int_equal(qw_syndrome_ask_decode(message, len, 1, BITS, read, &count),
                         QW_ERR_FORMAT);
        assert_int_equal(count, 7);
    }
}

static void other_sizes_are_a_conflict_and_nothing_is_written(void **state)
{
    const struct qw_syndrome_sizes other[] = { { BITS + 1, CHECKS }, { BITS, CHECKS + 1 } };
    uint8_t message[64];
    uint8_t bit[CHECKS + 1];
    size_t len = qw_syndrome_encode(&sizes, check, message);

    (void)state;
    memset(bit, 7, sizeof bit);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(qw_syndrome_decode(message, len, &other[i], bit), QW_ERR_CONFLICT);
    }
    for (size_t i = 0; i < sizeof bit; i++) {
        assert_int_equal(bit[i], 7);
    }
}

/* One of the four decoders; what it takes is written again to again. */
static qw_err decode_any(const uint8_t *message, size_t len, uint8_t *again, size_t *again_len)
{
    uint8_t bit[CHECKS];
    uint32_t read[BITS];
    size_t count;
    uint64_t leaked;
    bool found;
    qw_err err = QW_ERR_FORMAT;

    switch (len > 0 ? message[0] : 0) {
    case QW_SYNDROME_SYNDROME:
        err = qw_syndrome_decode(message, len, &sizes, bit);
        *again_len = err == QW_OK ? qw_syndrome_encode(&sizes, bit, again) : 0;
        break;
    case QW_SYNDROME_ASK:
        err = qw_syndrome_ask_decode(message, len, 2, BITS, read, &count);
        *again_len = err == QW_OK ? qw_syndrome_ask_encode(2, read, count, again) : 0;
        break;
    case QW_SYNDROME_BITS:
        err = qw_syndrome_bits_decode(message, len, 2, CHECKS, bit);
        *again_len = err == QW_OK ? qw_syndrome_bits_encode(2, bit, CHECKS, again) : 0;
        break;
    case QW_SYNDROME_FINISH:
        err = qw_syndrome_finish_decode(message, len, &found, &leaked);
        if (err == QW_OK) {
            qw_syndrome_finish_encode(found, leaked, again);
            *again_len = QW_SYNDROME_FINISH_LEN;
        }
        break;
    default:
        break;
    }
    return err;
}

static size_t sample(unsigned kind, uint8_t *message)
{
    static const uint32_t few[3] = { 0, 7, 999 };

    switch (kind) {
    case 0:
        return qw_syndrome_encode(&sizes, check, message);
    case 1:
        return qw_syndrome_ask_encode(2, few, 3, message);
    case 2:
        return qw_syndrome_bits_encode(2, check, CHECKS, message);
    default:
        qw_syndrome_finish_encode(false, 77, message);
        return QW_SYNDROME_FINISH_LEN;
    }
}

static void refuses_every_other_length(void **state)
{
    uint8_t message[64] = { 0 };
    uint8_t again[64];
    size_t again_len = 0;

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        size_t whole = sample(kind, message);

        message[whole] = 0;
        for (size_t len = 0; len <= whole + 1; len++) {
            qw_err err = decode_any(message, len, again, &again_len);

            assert_true(len == whole ? err == QW_OK : err == QW_ERR_FORMAT);
        }
    }
}

/* Nothing but one form for one meaning. */
static void a_flipped_bit_is_refused_or_another_message(void **state)
{
    uint8_t message[64] = { 0 };
    uint8_t again[CAP];

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        size_t len = sample(kind, message);

        for (size_t i = 0; i < 8 * len; i++) {
            size_t again_len = 0;

            message[i / 8] ^= (uint8_t)(1u << i % 8);
            if (decode_any(message, len, again, &again_len) == QW_OK) {
                assert_int_equal(again_len, len);
                assert_memory_equal(again, message, len);
            }
            message[i / 8] ^= (uint8_t)(1u << i % 8);
        }
    }
}

static void packing_and_unpacking_are_inverse_for_every_length(void **state)
{
    uint8_t bit[200];
    uint8_t back[200];
    uint8_t packed[25];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (size_t count = 0; count <= sizeof bit; count++) {
        for (size_t i = 0; i < count; i++) {
            bit[i] = qw_prng_u64(&prng) & 1;
        }
        memset(packed, 0xff, sizeof packed);
        qw_syndrome_pack(bit, count, packed);
        qw_syndrome_unpack(packed, count, back);
        assert_memory_equal(back, bit, count);
        if (count % 8 != 0) {
            assert_int_equal(packed[count / 8] & (0xff >> count % 8), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_bytes_of_the_page),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(a_question_stays_inside_the_frame),
        cmocka_unit_test(refuses_counts_that_do_not_fit),
        cmocka_unit_test(other_sizes_are_a_conflict_and_nothing_is_written),
        cmocka_unit_test(refuses_every_other_length),
        cmocka_unit_test(a_flipped_bit_is_refused_or_another_message),
        cmocka_unit_test(packing_and_unpacking_are_inverse_for_every_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
