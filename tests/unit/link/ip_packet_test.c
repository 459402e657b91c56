/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/ip_packet.h"
#include "support/hex_bytes.h"

#include <string.h>

enum { RAW = 101 };
#define V6_ADDRESSES \
    "20010db8000000000000000000000001" \
    "20010db8000000000000000000000002"
#define V4_PIECE \
    "4500001c" \
    "abcd" \
    "2005" \
    "4011" \
    "0000" \
    "c0000201" \
    "c0000202" \
    "0102030405060708"
#define V6_PIECE \
    "60000000" \
    "0018" \
    "2c40" V6_ADDRESSES "3c000029" \
    "deadbeef" \
    "1100010400000000" \
    "0102030405060708"

static void reads_where_a_fragment_belongs(void **state)
{
    size_t len = 0;
    uint8_t *data = hex_bytes(V4_PIECE, &len);
    struct qw_ip_packet ip;

    (void)state;
    assert_true(qw_ip_packet_read(RAW, data, len, &ip));
    assert_int_equal(ip.version, 4);
    assert_int_equal(ip.protocol, 17);
    assert_true(ip.is_fragment && ip.has_more);
    assert_int_equal(ip.offset, 40);
    assert_int_equal(ip.number, 0xabcd);
    assert_int_equal(ip.len, 8);
    assert_memory_equal(ip.addresses, "\xc0\0\2\1\xc0\0\2\2\0", 9);
    free(data);
    data = hex_bytes(V6_PIECE, &len);
    assert_true(qw_ip_packet_read(RAW, data, len, &ip));
    assert_int_equal(ip.protocol, 60); /* stands in the first fragment only: not passed before */
    assert_true(ip.is_fragment && ip.has_more);
    assert_int_equal(ip.offset, 40);
    assert_int_equal(ip.number, 0xdeadbeef);
    assert_int_equal(ip.len, 16);
    assert_int_equal(ip.addresses[31], 2);
    assert_true(qw_ip_packet_pass_headers(&ip)); /* a later fragment has none */
    assert_int_equal(ip.len, 16);
    ip.offset = 0;
    assert_true(qw_ip_packet_pass_headers(&ip));
    assert_int_equal(ip.protocol, 17);
    assert_int_equal(ip.len, 8);
    assert_int_equal(ip.full_len, 8);
    free(data);
}

static void what_is_cut_is_shorter_or_nothing(void **state)
{
    static const char *const samples[] = { V4_PIECE, V6_PIECE };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(samples[i], &len);

        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *piece = malloc(cut > 0 ? cut : 1); /* so that a read beyond is seen */
            struct qw_ip_packet ip = { .number = 7 };

            assert_non_null(piece);
            memcpy(piece, data, cut);
            if (qw_ip_packet_read(RAW, piece, cut, &ip)) {
                assert_true(ip.len < ip.full_len && ip.data + ip.len == piece + cut);
                ip.offset = 0;
                if (qw_ip_packet_pass_headers(&ip)) {
                    assert_true(ip.len < ip.full_len && ip.data + ip.len == piece + cut);
                }
            } else {
                assert_int_equal(ip.number, 7);
            }
            free(piece);
        }
        free(data);
    }
}

static void link_types_are_known_or_not(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < 300; type++) {
        bool is_known =
            type == 1 || type == 101 || type == 113 || type == 228 || type == 229 || type == 276;

        assert_int_equal(qw_ip_packet_knows_link(type), is_known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_where_a_fragment_belongs),
        cmocka_unit_test(what_is_cut_is_shorter_or_nothing),
        cmocka_unit_test(link_types_are_known_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
