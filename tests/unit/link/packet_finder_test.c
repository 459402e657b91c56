/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/packet_finder.h"
#include "link/prove/reassembly.h"
#include "support/fail_nth.h"

#include "base/bytes.h"

#include <string.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { RAW = 101, ESP_LEN = 36, UDP_LEN = ESP_LEN + 8, SPI = 0x11223344 };
static struct qw_packet_finder *finder;
static struct qw_packet found;

static int set_up(void **state)
{
    const struct qw_packet_ports ports = { { 4501, 65535 }, 2 };

    (void)state;
    return qw_packet_finder_new(&ports, &finder) == QW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    qw_packet_finder_free(finder);
    qw_packet_finder_free(NULL);
    return 0;
}

/* UDP with ESP in it, from one port to another; octets from..end of that in an IPv4 packet. */
static void give(uint16_t from_port, uint16_t to_port, uint16_t number, size_t from, size_t end)
{
    uint8_t packet[20 + UDP_LEN] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17 };
    uint8_t udp[UDP_LEN] = { (uint8_t)(from_port >> 8),
                             (uint8_t)from_port,
                             (uint8_t)(to_port >> 8),
                             (uint8_t)to_port,
                             0,
                             UDP_LEN };
    uint16_t place = (uint16_t)(from / 8 | (end < UDP_LEN ? 0x2000 : 0));

    qw_store_u32be(udp + 8, SPI);
    memset(udp + 12, 0x5a, UDP_LEN - 12);
    packet[3] = (uint8_t)(20 + end - from);
    packet[4] = (uint8_t)(number >> 8);
    packet[5] = (uint8_t)number;
    packet[6] = (uint8_t)(place >> 8);
    packet[7] = (uint8_t)place;
    memcpy(packet + 20, udp + from, end - from);
    /* What is found in a fragment is not in here any more: it was copied. */
    assert_int_equal(qw_packet_finder_give(finder, RAW, packet, 20 + end - from), QW_OK);
}

static bool next(void)
{
    return qw_packet_finder_next(finder, &found);
}

static void finds_esp_on_the_ports_that_are_said(void **state)
{
    static const struct {
        uint16_t from, to;
        enum qw_packet_kind kind;
    } cases[] = {
        { 4500, 9, QW_PACKET_ESP },   { 9, 4501, QW_PACKET_ESP },   { 65535, 9, QW_PACKET_ESP },
        { 9, 4502, QW_PACKET_OTHER }, { 500, 4501, QW_PACKET_IKE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        give(cases[i].from, cases[i].to, 0, 0, UDP_LEN);
        assert_true(next());
        assert_int_equal(found.kind, cases[i].kind);
        assert_int_equal(found.spi, cases[i].kind == QW_PACKET_ESP ? SPI : 0);
        assert_int_equal(found.fragments, 0);
        assert_false(next());
    }
}

static void fragments_are_one_packet(void **state)
{
    (void)state;
    give(4500, 4500, 7, 32, UDP_LEN);
    assert_false(next());
    give(4500, 4500, 7, 0, 16);
    assert_false(next());
    give(4500, 4500, 7, 16, 32);
    assert_true(next());
    assert_int_equal(found.kind, QW_PACKET_ESP);
    assert_int_equal(found.spi, SPI);
    assert_int_equal(found.len, ESP_LEN);
    assert_int_equal(found.data[4], 0x5a);
    assert_int_equal(found.fragments, 0);
    assert_false(next());
    assert_false(qw_packet_finder_rest(finder, &found));
}

static void what_is_missing_makes_a_packet_cut(void **state)
{
    (void)state;
    give(4500, 4500, 1, 0, 16);
    give(4500, 4500, 1, 32, UDP_LEN);
    give(4500, 4500, 2, 16, 32);
    give(4500, 4500, 2, 32, UDP_LEN);
    give(9, 9, 3, 0, 16); /* another program's */
    assert_false(next());
    assert_true(qw_packet_finder_rest(finder, &found));
    assert_int_equal(found.kind, QW_PACKET_ESP_CUT);
    assert_int_equal(found.spi, SPI);
    assert_int_equal(found.fragments, 1);
    assert_null(found.data);
    assert_true(qw_packet_finder_rest(finder, &found));
    assert_int_equal(found.kind, QW_PACKET_FRAGMENT);
    assert_int_equal(found.fragments, 2);
    assert_true(qw_packet_finder_rest(finder, &found));
    assert_int_equal(found.kind, QW_PACKET_OTHER);
    assert_false(qw_packet_finder_rest(finder, &found));
}

/* The oldest gives way, and is told. */
static void more_than_there_is_room_for_is_cut(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < QW_REASSEMBLY_PACKETS; i++) {
        give(4500, 4500, i, 0, 16);
        assert_false(next());
    }
    give(4500, 4500, 999, 0, 16);
    assert_true(next());
    assert_int_equal(found.kind, QW_PACKET_ESP_CUT);
    assert_false(next());
    give(4500, 4500, 999, 8, 24); /* overlaps: looked at for itself */
    assert_true(next());
    assert_int_equal(found.kind, QW_PACKET_FRAGMENT);
    assert_int_equal(found.fragments, 1);
    give(4500, 4500, 999, 16, UDP_LEN);
    assert_true(next());
    assert_int_equal(found.kind, QW_PACKET_ESP);
}

static void what_is_no_ip_is_other_or_refused(void **state)
{
    (void)state;
    assert_int_equal(qw_packet_finder_give(finder, 105, (const uint8_t *)"", 0), QW_ERR_FORMAT);
    assert_int_equal(qw_packet_finder_give(finder, RAW, (const uint8_t *)"", 0), QW_OK);
    assert_true(next());
    assert_int_equal(found.kind, QW_PACKET_OTHER);
}

static void says_when_memory_is_short(void **state)
{
    const struct qw_packet_ports none = { .count = 0 };

    (void)state;
    for (int n = 1; n <= 2; n++) {
        finder = NULL;
        fail_nth = n;
        assert_int_equal(qw_packet_finder_new(&none, &finder), QW_ERR_NOMEM);
        assert_null(finder);
    }
    fail_nth = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_esp_on_the_ports_that_are_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fragments_are_one_packet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_missing_makes_a_packet_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_ip_is_other_or_refused, set_up, tear_down),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
