/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

#include <string.h>

enum { MESSAGE_LEN = 1 + 2 + 4 + 8 + 2 + 4 + 8 + 3 + 1 + 5 };

/* One of everything, written once and read in every test below. */
static size_t write_message(uint8_t *out, size_t cap, bool *failed)
{
    struct qw_writer w = qw_writer_on(out, cap);

    qw_write_u8(&w, 0x01);
    qw_write_u16be(&w, 0x0203);
    qw_write_u32be(&w, 0x04050607);
    qw_write_u64be(&w, 0x08090a0b0c0d0e0fu);
    qw_write_u16le(&w, 0x1110);
    qw_write_u32le(&w, 0x15141312);
    qw_write_u64le(&w, 0x1d1c1b1a19181716u);
    qw_write_bytes(&w, "xyz", 3);
    qw_write_string8(&w, "hello");
    *failed = w.failed;
    return w.len;
}

static bool read_message(const uint8_t *data, size_t len)
{
    struct qw_reader r = qw_reader_on(data, len);
    char text[8];
    uint8_t run[3];
    bool same = qw_read_u8(&r) == 0x01;

    same = (qw_read_u16be(&r) == 0x0203) && same;
    same = (qw_read_u32be(&r) == 0x04050607) && same;
    same = (qw_read_u64be(&r) == 0x08090a0b0c0d0e0fu) && same;
    same = (qw_read_u16le(&r) == 0x1110) && same;
    same = (qw_read_u32le(&r) == 0x15141312) && same;
    same = (qw_read_u64le(&r) == 0x1d1c1b1a19181716u) && same;
    qw_read_bytes(&r, run, sizeof run);
    same = memcmp(run, "xyz", 3) == 0 && same;
    qw_read_string8(&r, text, sizeof text);
    same = strcmp(text, "hello") == 0 && same;
    return qw_reader_done(&r) && same;
}

static void what_is_written_reads_back(void **state)
{
    uint8_t message[MESSAGE_LEN];
    bool failed = true;

    (void)state;
    assert_int_equal(write_message(message, sizeof message, &failed), MESSAGE_LEN);
    assert_false(failed);
    for (size_t i = 0; i < 0x1e - 1; i++) { /* the byte order, spelt out */
        assert_int_equal(message[i], i + 1);
    }
    assert_true(read_message(message, sizeof message));
}

static void every_truncation_and_one_byte_too_many_are_refused(void **state)
{
    uint8_t message[MESSAGE_LEN + 1] = { 0 };
    bool failed;

    (void)state;
    write_message(message, sizeof message, &failed);
    for (size_t len = 0; len <= MESSAGE_LEN + 1; len++) {
        assert_int_equal(read_message(message, len), len == MESSAGE_LEN);
    }
}

static void a_full_buffer_is_never_overrun_and_stays_failed(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < MESSAGE_LEN; cap++) {
        uint8_t message[MESSAGE_LEN + 1];
        bool failed = false;

        memset(message, 0xee, sizeof message);
        assert_true(write_message(message, cap, &failed) <= cap);
        assert_true(failed);
        assert_int_equal(message[cap], 0xee);
    }
}

static void a_failed_writer_writes_nothing_more(void **state)
{
    uint8_t out[4] = { 0 };
    struct qw_writer w = qw_writer_on(out, sizeof out);

    (void)state;
    qw_write_u64be(&w, 1);
    qw_write_u8(&w, 7); /* would fit, but the message is already broken */
    assert_true(w.failed);
    assert_int_equal(w.len, 0);
    assert_int_equal(out[0], 0);
}

static void a_failed_reader_gives_zeros_and_stays_failed(void **state)
{
    static const uint8_t data[3] = { 1, 2, 3 };
    struct qw_reader r = qw_reader_on(data, sizeof data);
    uint8_t out[4] = { 9, 9, 9, 9 };
    static const uint8_t zero[4];

    (void)state;
    assert_int_equal(qw_read_u32be(&r), 0);
    assert_int_equal(qw_read_u8(&r), 0); /* it is there, but nobody may have it now */
    qw_read_bytes(&r, out, sizeof out);
    assert_memory_equal(out, zero, sizeof out);
    assert_null(qw_read_view(&r, 1));
    assert_false(qw_reader_done(&r));
}

static void a_view_borrows_from_the_message(void **state)
{
    static const uint8_t data[5] = { 1, 2, 3, 4, 5 };
    struct qw_reader r = qw_reader_on(data, sizeof data);

    (void)state;
    assert_ptr_equal(qw_read_view(&r, 2), data);
    assert_int_equal(qw_reader_left(&r), 3);
    assert_ptr_equal(qw_read_view(&r, 3), data + 2);
    assert_true(qw_reader_done(&r));
    assert_null(qw_read_view(&r, SIZE_MAX)); /* no wrap-around */
}

static void a_string_too_long_or_with_a_nul_inside_is_refused(void **state)
{
    static const uint8_t longer[] = { 3, 'a', 'b', 'c' };
    static const uint8_t nul[] = { 3, 'a', 0, 'c' };
    struct qw_reader r = qw_reader_on(longer, sizeof longer);
    char text[4];

    (void)state;
    qw_read_string8(&r, text, 3);
    assert_true(r.failed);
    r = qw_reader_on(longer, sizeof longer);
    qw_read_string8(&r, text, 4);
    assert_true(qw_reader_done(&r));
    assert_string_equal(text, "abc");
    r = qw_reader_on(nul, sizeof nul);
    qw_read_string8(&r, text, 4);
    assert_true(r.failed);
}

static void a_string_of_255_bytes_is_the_longest(void **state)
{
    char text[257];
    uint8_t out[300];
    struct qw_writer w = qw_writer_on(out, sizeof out);

    (void)state;
    memset(text, 'a', sizeof text);
    text[255] = '\0';
    qw_write_string8(&w, text);
    assert_false(w.failed);
    assert_int_equal(w.len, 256);
    text[255] = 'a';
    text[256] = '\0';
    qw_write_string8(&w, text);
    assert_true(w.failed);
}

static void single_values_load_as_they_were_stored(void **state)
{
    uint8_t p[8];

    (void)state;
    qw_store_u64be(p, 0x0102030405060708u);
    assert_int_equal(p[0], 1);
    assert_true(qw_load_u64be(p) == 0x0102030405060708u);
    qw_store_u64le(p, 0x0102030405060708u);
    assert_int_equal(p[0], 8);
    assert_true(qw_load_u64le(p) == 0x0102030405060708u);
    qw_store_u32be(p, 0x01020304u);
    assert_int_equal(p[3], 4);
    assert_int_equal(qw_load_u32be(p), 0x01020304u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(every_truncation_and_one_byte_too_many_are_refused),
        cmocka_unit_test(a_full_buffer_is_never_overrun_and_stays_failed),
        cmocka_unit_test(a_failed_writer_writes_nothing_more),
        cmocka_unit_test(a_failed_reader_gives_zeros_and_stays_failed),
        cmocka_unit_test(a_view_borrows_from_the_message),
        cmocka_unit_test(a_string_too_long_or_with_a_nul_inside_is_refused),
        cmocka_unit_test(a_string_of_255_bytes_is_the_longest),
        cmocka_unit_test(single_values_load_as_they_were_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
