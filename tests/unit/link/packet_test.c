/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/packet.h"

#include "support/hex_bytes.h"

#include <stdio.h>

#define MACS "020000000001020000000002"
#define V4(protocol, len, fragment) "4500" len "0000" fragment "40" protocol "0000c0000201c0000202"
#define ADDRESSES \
    "20010db8000000000000000000000001" \
    "20010db8000000000000000000000002"
#define V6(next, len) "60000000" len next "40" ADDRESSES
#define ESP \
    "11223344000000010102030405060708aabbccdd000102030405060708090a0b0c0d0e0f" /* 36 octets */
#define UDP(from, to, len) from to len "0000"

struct sample {
    const char *name, *hex;
    uint32_t link_type;
    enum qw_packet_kind kind;
    size_t len; /* of ESP */
};

static const struct sample samples[] = {
    { "plain", MACS "0800" V4("32", "0038", "4000") ESP, 1, QW_PACKET_ESP, 36 },
    { "padded by Ethernet", MACS "0800" V4("32", "0038", "4000") ESP "0000", 1, QW_PACKET_ESP, 36 },
    { "options of IPv4",
      MACS "0800"
           "46000"
           "03c"
           "00004000"
           "40320000c0000201c0000202"
           "01010101" ESP,
      1, QW_PACKET_ESP, 36 },
    { "one VLAN tag",
      MACS "81000005"
           "0800" V4("32", "0038", "4000") ESP,
      1, QW_PACKET_ESP, 36 },
    { "two VLAN tags",
      MACS "88a80005"
           "81000006"
           "86dd" V6("32", "0024") ESP,
      1, QW_PACKET_ESP, 36 },
    { "in UDP", MACS "0800" V4("11", "0040", "4000") UDP("1194", "1194", "002c") ESP, 1,
      QW_PACKET_ESP, 36 },
    { "in UDP behind a NAT", V4("11", "0040", "4000") UDP("ea60", "1194", "002c") ESP, 101,
      QW_PACKET_ESP, 36 },
    { "IPv6", V6("32", "0024") ESP, 229, QW_PACKET_ESP, 36 },
    { "IPv6 in UDP, with options before",
      V6("00", "0034") "1100010400000000" UDP("1194", "1194", "002c") ESP, 101, QW_PACKET_ESP, 36 },
    { "IPv6 with a fragment header of a whole", V6("2c", "002c") "3200000000000007" ESP, 101,
      QW_PACKET_ESP, 36 },
    { "cooked",
      "0000000100060200000000010000"
      "0800" V4("32", "0038", "4000") ESP,
      113, QW_PACKET_ESP, 36 },
    { "cooked, second form",
      "0800"
      "0000"
      "00000002"
      "0001"
      "00"
      "06"
      "0200000000010000" V4("32", "0038", "4000") ESP,
      276, QW_PACKET_ESP, 36 },
    { "IKE", V4("11", "0020", "4000") UDP("01f4", "01f4", "000c") "01020304", 228, QW_PACKET_IKE,
      0 },
    { "IKE beside ESP", V4("11", "0024", "4000") UDP("1194", "1194", "0010") "0000000001020304",
      228, QW_PACKET_IKE, 0 },
    { "keeps a NAT's entry", V4("11", "001d", "4000") UDP("1194", "1194", "0009") "ff", 228,
      QW_PACKET_OTHER, 0 },
    { "other UDP", V4("11", "0040", "4000") UDP("0035", "0035", "002c") ESP, 228, QW_PACKET_OTHER,
      0 },
    { "TCP", V4("06", "0038", "4000") ESP, 228, QW_PACKET_OTHER, 0 },
    { "ARP", MACS "0806" ESP, 1, QW_PACKET_OTHER, 0 },
    { "cut by the snap length", V4("32", "0039", "4000") ESP, 228, QW_PACKET_ESP_CUT, 36 },
    { "first fragment", V4("32", "0038", "2000") ESP, 228, QW_PACKET_ESP_CUT, 36 },
    { "first fragment in UDP", V4("11", "0040", "2000") UDP("1194", "1194", "0100") ESP, 228,
      QW_PACKET_ESP_CUT, 36 },
    { "later fragment", V4("32", "0038", "0005") ESP, 228, QW_PACKET_FRAGMENT, 0 },
    { "first fragment of IPv6", V6("2c", "002c") "3200000100000007" ESP, 101, QW_PACKET_ESP_CUT,
      36 },
    { "later fragment of IPv6", V6("2c", "002c") "3200000900000007" ESP, 101, QW_PACKET_FRAGMENT,
      0 },
    { "UDP longer than IP", V4("11", "0040", "4000") UDP("1194", "1194", "002d") ESP, 228,
      QW_PACKET_OTHER, 0 },
    { "IP shorter than its head", V4("32", "0013", "4000") ESP, 228, QW_PACKET_OTHER, 0 },
    { "neither IPv4 nor IPv6", "50" ESP, 101, QW_PACKET_OTHER, 0 },
};

static void finds_esp_on_every_link(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(samples[i].hex, &len);
        struct qw_packet packet = qw_packet_find(samples[i].link_type, data, len);

        if (packet.kind != samples[i].kind) {
            fail_msg("%s: kind %d", samples[i].name, (int)packet.kind);
        }
        if (packet.kind == QW_PACKET_ESP || packet.kind == QW_PACKET_ESP_CUT) {
            assert_int_equal(packet.spi, 0x11223344);
            assert_int_equal(packet.len, samples[i].len);
            assert_int_equal(packet.data[0], 0x11);
        }
        free(data);
    }
}

/* From the SPIs on, whichever port and mark stand before [RFC 3948 2.2]. */
static void gives_the_message_of_ike(void **state)
{
    static const char *const packets[] = {
        V4("11", "0020", "4000") UDP("01f4", "01f4", "000c") "01020304",
        V4("11", "0024", "4000") UDP("1194", "1194", "0010") "0000000001020304",
        V4("11", "0024", "4000") UDP("ea60", "1194", "0010") "0000000001020304",
        V4("11", "0020", "4000") UDP("1194", "1194", "000c") "00000000",
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(packets[i], &len);
        struct qw_packet packet = qw_packet_find(228, data, len);

        assert_int_equal(packet.kind, QW_PACKET_IKE);
        assert_int_equal(packet.len, i < 3 ? 4 : 0);
        assert_memory_equal(packet.data, "\1\2\3\4", packet.len);
        assert_ptr_equal(packet.data + packet.len, data + len);
        free(data);
    }
}

/* A packet that the capture cut anywhere is cut or nothing: never a whole one. */
static void a_cut_packet_is_never_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t full = 0;
        uint8_t *data = hex_bytes(samples[i].hex, &full);
        struct qw_packet whole = qw_packet_find(samples[i].link_type, data, full);
        size_t end = whole.kind == QW_PACKET_ESP ? (size_t)(whole.data - data) + whole.len : 0;

        for (size_t len = 0; len < end; len++) {
            uint8_t *piece = malloc(len > 0 ? len : 1); /* so that a read beyond is seen */
            struct qw_packet packet;

            assert_non_null(piece);
            memcpy(piece, data, len);
            packet = qw_packet_find(samples[i].link_type, piece, len);
            assert_true(packet.kind == QW_PACKET_ESP_CUT || packet.kind == QW_PACKET_OTHER);
            free(piece);
        }
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_esp_on_every_link),
        cmocka_unit_test(gives_the_message_of_ike),
        cmocka_unit_test(a_cut_packet_is_never_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
