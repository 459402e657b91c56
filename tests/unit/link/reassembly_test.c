/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/reassembly.h"
#include "support/fail_nth.h"

#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

static struct qw_reassembly *reassembly;
static uint8_t text[QW_IP_PAYLOAD_MAX + 8];
static struct qw_ip_packet whole;

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * 7 + i / 251);
    }
    return qw_reassembly_new(&reassembly) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    qw_reassembly_free(reassembly);
    qw_reassembly_free(NULL);
    return 0;
}

/* Octets from..end of the text as a fragment of a packet of that number; the last one at its end.
 */
static enum qw_reassembly_result add(uint32_t number, size_t from, size_t end, bool has_more)
{
    struct qw_ip_packet fragment = {
        .version = 4,
        .protocol = 17,
        .is_fragment = true,
        .has_more = has_more,
        .offset = from,
        .number = number,
        .data = text + from,
        .len = end - from,
        .full_len = end - from,
    };

    return qw_reassembly_add(reassembly, &fragment, &whole);
}

static void check_whole(size_t len)
{
    assert_int_equal(whole.len, len);
    assert_int_equal(whole.full_len, len);
    assert_int_equal(whole.protocol, 17);
    assert_true(!whole.is_fragment && !whole.has_more && whole.offset == 0);
    assert_memory_equal(whole.data, text, len);
}

/* [RFC 791 3.2] [RFC 8200 4.5] */
static void fragments_in_every_order_make_the_packet(void **state)
{
    static const size_t cuts[] = { 0, 16, 48, 64, 99 };
    static const size_t orders[24][4] = {
        { 0, 1, 2, 3 }, { 0, 1, 3, 2 }, { 0, 2, 1, 3 }, { 0, 2, 3, 1 }, { 0, 3, 1, 2 },
        { 0, 3, 2, 1 }, { 1, 0, 2, 3 }, { 1, 0, 3, 2 }, { 1, 2, 0, 3 }, { 1, 2, 3, 0 },
        { 1, 3, 0, 2 }, { 1, 3, 2, 0 }, { 2, 0, 1, 3 }, { 2, 0, 3, 1 }, { 2, 1, 0, 3 },
        { 2, 1, 3, 0 }, { 2, 3, 0, 1 }, { 2, 3, 1, 0 }, { 3, 0, 1, 2 }, { 3, 0, 2, 1 },
        { 3, 1, 0, 2 }, { 3, 1, 2, 0 }, { 3, 2, 0, 1 }, { 3, 2, 1, 0 },
    };

    (void)state;
    for (size_t o = 0; o < 24; o++) {
        for (size_t i = 0; i < 4; i++) {
            size_t piece = orders[o][i];

            assert_int_equal(add(5, cuts[piece], cuts[piece + 1], piece < 3),
                             i < 3 ? QW_REASSEMBLY_HELD : QW_REASSEMBLY_WHOLE);
        }
        check_whole(99);
    }
}

static void the_longest_packet_is_put_together(void **state)
{
    (void)state;
    assert_int_equal(add(1, 65528, 65535, false), QW_REASSEMBLY_HELD);
    for (size_t at = 0; at < 65528; at += 8) {
        assert_int_equal(add(1, at, at + 8, true),
                         at + 8 < 65528 ? QW_REASSEMBLY_HELD : QW_REASSEMBLY_WHOLE);
    }
    check_whole(65535);
}

static void packets_are_told_apart(void **state)
{
    struct qw_ip_packet other = { .version = 4,
                                  .protocol = 17,
                                  .is_fragment = true,
                                  .offset = 16,
                                  .number = 5,
                                  .data = text + 16,
                                  .len = 4,
                                  .full_len = 4 };

    (void)state;
    assert_int_equal(add(5, 0, 16, true), QW_REASSEMBLY_HELD);
    assert_int_equal(add(6, 16, 20, false), QW_REASSEMBLY_HELD);
    other.protocol = 50;
    assert_int_equal(qw_reassembly_add(reassembly, &other, &whole), QW_REASSEMBLY_HELD);
    other.protocol = 17;
    other.addresses[7] = 1;
    assert_int_equal(qw_reassembly_add(reassembly, &other, &whole), QW_REASSEMBLY_HELD);
    other.addresses[7] = 0;
    other.version = 6;
    assert_int_equal(qw_reassembly_add(reassembly, &other, &whole), QW_REASSEMBLY_HELD);
    assert_int_equal(add(5, 16, 20, false), QW_REASSEMBLY_WHOLE);
    check_whole(20);
}

static void what_contradicts_is_not_taken(void **state)
{
    (void)state;
    assert_int_equal(add(5, 16, 32, true), QW_REASSEMBLY_HELD);
    assert_int_equal(add(5, 16, 32, true), QW_REASSEMBLY_NONE); /* once more */
    assert_int_equal(add(5, 24, 40, true), QW_REASSEMBLY_NONE); /* overlaps */
    assert_int_equal(add(5, 8, 24, false), QW_REASSEMBLY_NONE); /* ends before what is there */
    assert_int_equal(add(5, 40, 44, false), QW_REASSEMBLY_HELD);
    assert_int_equal(add(5, 48, 52, false), QW_REASSEMBLY_NONE); /* a second end */
    assert_int_equal(add(5, 48, 56, true), QW_REASSEMBLY_NONE);  /* behind the end */
    assert_int_equal(add(5, 0, 16, true), QW_REASSEMBLY_HELD);
    assert_int_equal(add(5, 32, 40, true), QW_REASSEMBLY_WHOLE);
    check_whole(44);
}

static void what_is_no_fragment_is_refused(void **state)
{
    struct qw_ip_packet fragment = {
        .version = 4, .is_fragment = true, .data = text, .len = 8, .full_len = 8
    };

    (void)state;
    assert_int_equal(add(1, 0, 12, true), QW_REASSEMBLY_NONE);         /* no number of blocks */
    assert_int_equal(add(1, 0, 0, true), QW_REASSEMBLY_NONE);          /* nothing */
    assert_int_equal(add(1, 65528, 65536, false), QW_REASSEMBLY_NONE); /* over the end of IP */
    fragment.full_len = 9;
    assert_int_equal(qw_reassembly_add(reassembly, &fragment, &whole), QW_REASSEMBLY_NONE);
    fragment.full_len = 8;
    fragment.is_fragment = false;
    assert_int_equal(qw_reassembly_add(reassembly, &fragment, &whole), QW_REASSEMBLY_NONE);
}

static void the_oldest_is_given_up_first(void **state)
{
    struct qw_ip_packet rest;
    size_t later = 0;

    (void)state;
    assert_false(qw_reassembly_drop(reassembly, &rest, &later));
    assert_int_equal(add(0, 0, 16, true), QW_REASSEMBLY_HELD);
    assert_int_equal(add(0, 16, 24, true), QW_REASSEMBLY_HELD);
    assert_int_equal(add(0, 40, 44, false), QW_REASSEMBLY_HELD);
    for (uint32_t i = 1; i < QW_REASSEMBLY_PACKETS; i++) {
        assert_int_equal(add(i, 8, 16, true), QW_REASSEMBLY_HELD);
    }
    assert_int_equal(add(1000, 0, 8, true), QW_REASSEMBLY_FULL);
    assert_true(qw_reassembly_drop(reassembly, &rest, &later));
    assert_int_equal(rest.number, 0);
    assert_int_equal(rest.len, 24); /* up to what is missing */
    assert_memory_equal(rest.data, text, 24);
    assert_true(rest.len < rest.full_len && rest.is_fragment && rest.offset == 0);
    assert_int_equal(later, 2);
    assert_int_equal(add(1000, 0, 8, true), QW_REASSEMBLY_HELD);
    for (uint32_t i = 1; i < QW_REASSEMBLY_PACKETS; i++) {
        assert_true(qw_reassembly_drop(reassembly, &rest, &later));
        assert_int_equal(rest.number, i);
        assert_int_equal(rest.len, 0); /* its beginning is missing */
        assert_true(rest.offset != 0);
        assert_int_equal(later, 1);
    }
    assert_true(qw_reassembly_drop(reassembly, &rest, &later));
    assert_int_equal(rest.number, 1000);
    assert_int_equal(later, 0);
    assert_false(qw_reassembly_drop(reassembly, &rest, &later));
}

static void says_when_memory_is_short(void **state)
{
    struct qw_reassembly *none = NULL;

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_reassembly_new(&none), QW_ERR_NOMEM);
    assert_null(none);
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fragments_in_every_order_make_the_packet, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_longest_packet_is_put_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(packets_are_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_contradicts_is_not_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_fragment_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_is_given_up_first, set_up, tear_down),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
