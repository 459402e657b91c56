/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 */
#include "distill/cascade/message.h"

#include "base/hex.h"
#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGE_CAP = 4096 };

static const struct qw_cascade_open example = { 1, 1000000, 12500, 0x0102030405060708u };

static void assert_bytes(const uint8_t *message, size_t len, const char *hex)
{
    uint8_t expected[64];

    assert_int_equal(strlen(hex), 2 * len);
    assert_int_equal(qw_hex_decode(hex, expected, len), QW_OK);
    assert_memory_equal(message, expected, len);
}

/* docs/protocol/cascade.md shows these bytes. */
static void writes_the_bytes_of_the_page(void **state)
{
    uint8_t message[64];
    struct qw_cascade_ask_writer w;

    (void)state;
    qw_cascade_open_encode(&example, message);
    assert_bytes(message, QW_CASCADE_OPEN_LEN, "0101000f4240000030d40102030405060708");
    qw_cascade_finish_encode(84321, message);
    assert_bytes(message, QW_CASCADE_FINISH_LEN, "030000000000014961");
    w = qw_cascade_ask_begin(message, sizeof message, 7);
    qw_cascade_ask_open_passes(&w, 1);
    assert_true(qw_cascade_ask_section(&w, 0));
    assert_true(qw_cascade_ask_question(&w, 40));
    assert_true(qw_cascade_ask_question(&w, 300));
    assert_true(qw_cascade_ask_question(&w, 299));
    qw_cascade_ask_end_section(&w);
    assert_true(qw_cascade_ask_section(&w, 2));
    assert_true(qw_cascade_ask_question(&w, 100000));
    qw_cascade_ask_end_section(&w);
    assert_bytes(message, w.len, "0200000007010000000003508804010200000001c09a0c");
    qw_cascade_reply_head(7, message);
    assert_bytes(message, QW_CASCADE_REPLY_HEAD_LEN, "0400000007");
}

static bool open_equal(const struct qw_cascade_open *a, const struct qw_cascade_open *b)
{
    return a->variant == b->variant && a->bits == b->bits && a->qber_ppm == b->qber_ppm &&
           a->seed == b->seed;
}

static void open_and_finish_refuse_every_other_length_and_kind(void **state)
{
    uint8_t message[QW_CASCADE_OPEN_LEN + 1] = { 0 };
    struct qw_cascade_open open = { 9, 9, 9, 9 };
    struct qw_cascade_open before = open;
    uint64_t leaked = 5;

    (void)state;
    qw_cascade_open_encode(&example, message);
    for (size_t len = 0; len <= sizeof message; len++) {
        if (len != QW_CASCADE_OPEN_LEN) {
            assert_int_equal(qw_cascade_open_decode(message, len, &open), QW_ERR_FORMAT);
            assert_true(open_equal(&open, &before));
        }
    }
    assert_int_equal(qw_cascade_open_decode(message, QW_CASCADE_OPEN_LEN, &open), QW_OK);
    assert_true(open_equal(&open, &example));
    message[0] = QW_CASCADE_ASK;
    assert_int_equal(qw_cascade_open_decode(message, QW_CASCADE_OPEN_LEN, &open), QW_ERR_FORMAT);
    qw_cascade_finish_encode(77, message);
    for (size_t len = 0; len <= sizeof message; len++) {
        if (len != QW_CASCADE_FINISH_LEN) {
            assert_int_equal(qw_cascade_finish_decode(message, len, &leaked), QW_ERR_FORMAT);
            assert_int_equal(leaked, 5);
        }
    }
    assert_int_equal(qw_cascade_finish_decode(message, QW_CASCADE_FINISH_LEN, &leaked), QW_OK);
    assert_int_equal(leaked, 77);
}

static void every_flipped_bit_of_open_changes_a_field_or_is_refused(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * QW_CASCADE_OPEN_LEN; bit++) {
        uint8_t message[QW_CASCADE_OPEN_LEN];
        uint8_t again[QW_CASCADE_OPEN_LEN];
        struct qw_cascade_open open;

        qw_cascade_open_encode(&example, message);
        message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (qw_cascade_open_decode(message, sizeof message, &open) == QW_OK) {
            assert_false(open_equal(&open, &example));
            qw_cascade_open_encode(&open, again);
            assert_memory_equal(again, message, sizeof message);
        }
    }
}

struct ask { /* what a request says */
    uint32_t number;
    uint8_t opened_passes;
    size_t count;
    uint8_t pass[256];
    uint32_t position[256];
};

static size_t encode(const struct ask *ask, uint8_t *message)
{
    struct qw_cascade_ask_writer w = qw_cascade_ask_begin(message, MESSAGE_CAP, ask->number);

    qw_cascade_ask_open_passes(&w, ask->opened_passes);
    for (size_t i = 0; i < ask->count; i++) {
        if (i == 0 || ask->pass[i] != ask->pass[i - 1]) {
            assert_true(qw_cascade_ask_section(&w, ask->pass[i]));
        }
        assert_true(qw_cascade_ask_question(&w, ask->position[i]));
        if (i + 1 == ask->count || ask->pass[i] != ask->pass[i + 1]) {
            qw_cascade_ask_end_section(&w);
        }
    }
    return w.len;
}

/* In memory of just that size, so that a sanitizer sees a read behind it. */
static bool decode(const uint8_t *bytes, size_t len, struct ask *ask)
{
    uint8_t *message = malloc(len + (len == 0));
    struct qw_cascade_ask_reader r;
    bool is_done;

    memcpy(message, bytes, len);
    memset(ask, 0, sizeof *ask);
    r = qw_cascade_ask_read(message, len);
    ask->number = r.number;
    ask->opened_passes = r.opened_passes;
    while (qw_cascade_ask_next_section(&r)) {
        while (r.left > 0 && !r.failed) {
            uint32_t position = qw_cascade_ask_next_question(&r);

            if (!r.failed && ask->count < 256) {
                ask->pass[ask->count] = (uint8_t)r.pass;
                ask->position[ask->count++] = position;
            }
        }
    }
    is_done = qw_cascade_ask_done(&r);
    free(message);
    return is_done;
}

static struct ask random_ask(struct qw_prng *prng)
{
    struct ask ask = { .number = (uint32_t)qw_prng_u64(prng),
                       .opened_passes = (uint8_t)qw_prng_below(prng, 3) };
    uint8_t pass = 0;

    ask.count = 1 + (size_t)qw_prng_below(prng, 60);
    for (size_t i = 0; i < ask.count; i++) {
        unsigned size = (unsigned)qw_prng_below(prng, 24);

        pass = (uint8_t)(pass + (qw_prng_below(prng, 10) == 0));
        ask.pass[i] = pass;
        ask.position[i] = (uint32_t)qw_prng_below(prng, (uint64_t)1 << size);
    }
    return ask;
}

static void ask_reads_back_what_was_written(void **state)
{
    static uint8_t message[MESSAGE_CAP];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 30);
    for (int i = 0; i < 500; i++) {
        struct ask ask = random_ask(&prng);
        struct ask read;
        size_t len = encode(&ask, message);

        assert_true(decode(message, len, &read));
        assert_memory_equal(&read, &ask, sizeof ask);
    }
}

static void every_truncation_and_added_byte_of_ask_is_noticed(void **state)
{
    static uint8_t message[MESSAGE_CAP];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 31);
    for (int i = 0; i < 50; i++) {
        struct ask ask = random_ask(&prng);
        struct ask read;
        size_t len = encode(&ask, message);

        for (size_t cut = 0; cut < len; cut++) { /* whole sections may be missing, no more */
            if (decode(message, cut, &read)) {
                assert_true(read.count < ask.count);
                assert_int_equal(encode(&read, message + len), cut);
            }
        }
        message[len] = 0;
        assert_false(decode(message, len + 1, &read));
    }
}

static void every_flipped_bit_of_ask_is_refused_or_says_something_else(void **state)
{
    static uint8_t message[MESSAGE_CAP];
    static uint8_t again[MESSAGE_CAP];
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 32);
    for (int i = 0; i < 20; i++) {
        struct ask ask = random_ask(&prng);
        size_t len = encode(&ask, message);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            struct ask read;

            message[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (decode(message, len, &read)) {
                bool is_small = true;

                for (size_t q = 0; q < read.count; q++) {
                    is_small = is_small && read.position[q] < 1u << 24;
                }
                if (is_small) { /* others are refused by their range */
                    assert_int_equal(encode(&read, again), len);
                    assert_memory_equal(again, message, len);
                }
            }
            message[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void refuses_sections_out_of_order_and_long_numbers(void **state)
{
    static const char *const bad[] = {
        "0200000007000100000001500000000001"
        "50", /* pass falls */
        "02000000070001000000015001000000"
        "0150",                     /* pass repeats */
        "020000000700000000000050", /* a section of none */
        "02000000070000000000"
        "01d000", /* 80 in two bytes */
        "02000000070000000000"
        "018080808001", /* five bytes */
        "020000000700000000"
        "0250", /* more announced than there is */
    };
    uint8_t message[64];
    struct ask read;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = strlen(bad[i]) / 2;

        assert_int_equal(qw_hex_decode(bad[i], message, len), QW_OK);
        assert_false(decode(message, len, &read));
    }
}

static void a_full_writer_says_so_and_stays_within_its_bounds(void **state)
{
    for (size_t cap = QW_CASCADE_ASK_HEAD_LEN; cap < 60; cap++) {
        uint8_t *message = malloc(cap);
        struct qw_cascade_ask_writer w = qw_cascade_ask_begin(message, cap, 1);
        struct ask read;
        size_t questions = 0;

        (void)state;
        if (qw_cascade_ask_section(&w, 3)) {
            while (qw_cascade_ask_question(&w, (uint32_t)(questions % 2 == 0 ? 8000000 : 1))) {
                questions++;
            }
            qw_cascade_ask_end_section(&w);
            assert_true(questions > 0);
        }
        assert_true(w.len <= cap);
        assert_true(decode(message, w.len, &read));
        assert_int_equal(read.count, questions);
        free(message);
    }
}

static void a_reply_is_taken_with_its_number_and_length_only(void **state)
{
    uint8_t message[QW_CASCADE_REPLY_HEAD_LEN + 3] = { 0 };

    (void)state;
    qw_cascade_reply_head(9, message);
    message[5] = 0xa5;
    message[6] = 0x80;
    assert_ptr_equal(qw_cascade_reply_bits(message, 7, 9, 9), message + 5);
    assert_null(qw_cascade_reply_bits(message, 7, 8, 9));
    assert_null(qw_cascade_reply_bits(message, 7, 9, 8));
    assert_null(qw_cascade_reply_bits(message, 7, 9, 17));
    assert_null(qw_cascade_reply_bits(message, 6, 9, 9));
    assert_null(qw_cascade_reply_bits(message, 8, 9, 9));
    assert_null(qw_cascade_reply_bits(message, 0, 9, 0));
    message[6] = 0xc0; /* an unused bit */
    assert_null(qw_cascade_reply_bits(message, 7, 9, 9));
    message[6] = 0x80;
    message[0] = QW_CASCADE_ASK;
    assert_null(qw_cascade_reply_bits(message, 7, 9, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_bytes_of_the_page),
        cmocka_unit_test(open_and_finish_refuse_every_other_length_and_kind),
        cmocka_unit_test(every_flipped_bit_of_open_changes_a_field_or_is_refused),
        cmocka_unit_test(ask_reads_back_what_was_written),
        cmocka_unit_test(every_truncation_and_added_byte_of_ask_is_noticed),
        cmocka_unit_test(every_flipped_bit_of_ask_is_refused_or_says_something_else),
        cmocka_unit_test(refuses_sections_out_of_order_and_long_numbers),
        cmocka_unit_test(a_full_writer_says_so_and_stays_within_its_bounds),
        cmocka_unit_test(a_reply_is_taken_with_its_number_and_length_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
