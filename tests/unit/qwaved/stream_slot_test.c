/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "source/stream_slot.h"

#include <string.h>

static const char a[] = "qkd://site-a", b[] = "qkd://site-b";

static void a_name_is_that_of_the_page_from_either_end(void **state)
{
    uint8_t ksid[STREAM_KSID_LEN];
    char text[2 * STREAM_KSID_LEN + 1];

    (void)state;
    assert_int_equal(stream_slot_name(a, b, 1700000040, ksid), QW_OK);
    qw_hex_encode(ksid, sizeof ksid, text);
    assert_string_equal(text, "00006553f12841f786364ecfb064b125");
    assert_int_equal(stream_slot_name(b, a, 1700000040, ksid), QW_OK);
    qw_hex_encode(ksid, sizeof ksid, text);
    assert_string_equal(text, "00006553f12841f786364ecfb064b125");
    assert_int_equal(stream_slot_of(ksid), 1700000040);
}

static void other_ends_and_other_slots_have_other_names(void **state)
{
    uint8_t one[STREAM_KSID_LEN], other[STREAM_KSID_LEN];

    (void)state;
    assert_int_equal(stream_slot_name(a, b, 60, one), QW_OK);
    assert_int_equal(stream_slot_name(a, "qkd://site-c", 60, other), QW_OK);
    assert_memory_not_equal(one, other, sizeof one);
    assert_int_equal(stream_slot_name("qkd://site-aqkd:", "//site-b", 60, other), QW_OK);
    assert_memory_not_equal(one, other, sizeof one);
    assert_int_equal(stream_slot_name(a, b, 120, other), QW_OK);
    assert_memory_not_equal(one + 6, other + 6, sizeof one - 6);
}

static void slots_have_six_bytes(void **state)
{
    const int64_t last = ((int64_t)1 << 48) - 1;
    uint8_t ksid[STREAM_KSID_LEN] = { 9 };

    (void)state;
    assert_int_equal(stream_slot_name(a, b, -1, ksid), QW_ERR_ARG);
    assert_int_equal(stream_slot_name(a, b, last + 1, ksid), QW_ERR_ARG);
    assert_int_equal(ksid[0], 9);
    assert_int_equal(stream_slot_name(a, b, 0, ksid), QW_OK);
    assert_int_equal(stream_slot_of(ksid), 0);
    assert_int_equal(stream_slot_name(a, b, last, ksid), QW_OK);
    assert_true(stream_slot_of(ksid) == last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_that_of_the_page_from_either_end),
        cmocka_unit_test(other_ends_and_other_slots_have_other_names),
        cmocka_unit_test(slots_have_six_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
