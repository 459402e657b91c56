/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/prove/pcap.h"
#include "support/fail_nth.h"
#include "support/hex_bytes.h"
#include "support/memory_input.h"

#include <stdio.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

/* Two packets, "aabbcc" and "dd", in every form. */
#define LITTLE_REST \
    "02000400" \
    "0000000000000000" \
    "00000400" \
    "01000000" \
    "0000000000000000" \
    "03000000" \
    "09000000" \
    "aabbcc" \
    "0000000000000000" \
    "01000000" \
    "01000000" \
    "dd"
#define LITTLE "d4c3b2a1" LITTLE_REST
#define LITTLE_NS "4d3cb2a1" LITTLE_REST
#define BIG \
    "a1b2c3d4" \
    "00020004" \
    "0000000000000000" \
    "00040000" \
    "f0000001" \
    "0000000000000000" \
    "00000003" \
    "00000009" \
    "aabbcc" \
    "0000000000000000" \
    "00000001" \
    "00000001" \
    "dd"
#define NG_LITTLE \
    "0a0d0d0a" \
    "1c000000" \
    "4d3c2b1a" \
    "01000000" \
    "ffffffffffffffff" \
    "1c000000" \
    "01000000" \
    "14000000" \
    "01000000" \
    "00000400" \
    "14000000" \
    "05000000" \
    "10000000" \
    "01020304" \
    "10000000" \
    "06000000" \
    "24000000" \
    "00000000" \
    "0000000000000000" \
    "03000000" \
    "09000000" \
    "aabbcc00" \
    "24000000" \
    "06000000" \
    "24000000" \
    "00000000" \
    "0000000000000000" \
    "01000000" \
    "01000000" \
    "dd000000" \
    "24000000"
#define NG_BIG \
    "0a0d0d0a" \
    "0000001c" \
    "1a2b3c4d" \
    "00010000" \
    "ffffffffffffffff" \
    "0000001c" \
    "00000001" \
    "00000014" \
    "00010000" \
    "00000003" \
    "00000014" \
    "00000003" \
    "00000014" \
    "00000009" \
    "aabbcc00" \
    "00000014" \
    "00000003" \
    "00000014" \
    "00000001" \
    "dd000000" \
    "00000014"
#define NG_TWO_SECTIONS NG_BIG NG_LITTLE

static struct qw_pcap *opened(struct memory_input *memory)
{
    const struct qw_pcap_input input = { memory, memory_input_read };
    struct qw_pcap *pcap = NULL;

    assert_int_equal(qw_pcap_open(&input, &pcap), QW_OK);
    return pcap;
}

/* The number of packets, all of which must be the two of the sample in turn; *end says how it
 * ended. */
static size_t walk(const uint8_t *data, size_t len, qw_err *end)
{
    struct memory_input memory = { data, len, 0 };
    struct qw_pcap *pcap = opened(&memory);
    struct qw_pcap_packet packet;
    size_t count = 0;

    for (; (*end = qw_pcap_next(pcap, &packet)) == QW_OK; count++) {
        assert_int_equal(packet.link_type, 1);
        assert_int_equal(packet.len, count % 2 == 0 ? 3 : 1);
        assert_int_equal(packet.data[0], count % 2 == 0 ? 0xaa : 0xdd);
    }
    qw_pcap_close(pcap);
    return count;
}

static const struct {
    const char *hex;
    size_t head_len, packets;
} samples[] = {
    { LITTLE, 24, 2 },    { LITTLE_NS, 24, 2 }, { BIG, 24, 2 },
    { NG_LITTLE, 28, 2 }, { NG_BIG, 28, 2 },    { NG_TWO_SECTIONS, 28, 4 },
};

static void files_of_every_form_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(samples[i].hex, &len);
        qw_err end = QW_OK;

        assert_int_equal(walk(data, len, &end), samples[i].packets);
        assert_int_equal(end, QW_ERR_NOT_FOUND);
        free(data);
    }
}

static void a_file_may_end_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t full = 0;
        uint8_t *data = hex_bytes(samples[i].hex, &full);

        for (size_t len = 0; len < full; len++) {
            struct memory_input memory = { data, len, 0 };
            const struct qw_pcap_input input = { &memory, memory_input_read };
            struct qw_pcap *pcap = NULL;
            qw_err end = QW_OK;

            if (len < samples[i].head_len) {
                assert_int_equal(qw_pcap_open(&input, &pcap), QW_ERR_FORMAT);
                assert_null(pcap);
                continue;
            }
            assert_true(walk(data, len, &end) < samples[i].packets);
            assert_true(end == QW_ERR_NOT_FOUND || end == QW_ERR_CLOSED);
        }
        free(data);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    static const char *const bad[] = {
        "d4c3b2a1"
        "02000400"
        "0000000000000000"
        "00000400"
        "01000000" /* a packet over the limit */
        "0000000000000000"
        "01000400"
        "01000400"
        "00",
        "0a0d0d0a"
        "1c000000"
        "4d3c2b1a"
        "01000000"
        "ffffffffffffffff"
        "1c000000" /* no interface */
        "06000000"
        "24000000"
        "00000000"
        "0000000000000000"
        "03000000"
        "09000000"
        "aabbcc00"
        "24000000",
        "0a0d0d0a"
        "1c000000"
        "4d3c2b1a"
        "01000000"
        "ffffffffffffffff"
        "1c000000" /* block of 8 */
        "06000000"
        "08000000",
        "0a0d0d0a"
        "1c000000"
        "4d3c2b1a"
        "01000000"
        "ffffffffffffffff"
        "1c000000" /* of 13 */
        "05000000"
        "0d000000",
        "0a0d0d0a"
        "1c000000"
        "4d3c2b1a"
        "01000000"
        "ffffffffffffffff"
        "1c000000" /* too large */
        "06000000"
        "00001000",
        NG_LITTLE "06000000"
                  "24000000"
                  "00000000"
                  "0000000000000000"
                  "05000000"
                  "09000000"
                  "aabbcc00"
                  "24000000", /* longer than its block */
        NG_LITTLE "06000000"
                  "10000000"
                  "00000000"
                  "10000000",
        NG_LITTLE "01000000"
                  "0c000000"
                  "0c000000",
        NG_LITTLE "0a0d0d0a"
                  "1c000000"
                  "4d3c2b1b"
                  "01000000"
                  "ffffffffffffffff"
                  "1c000000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = 0;
        uint8_t *data = hex_bytes(bad[i], &len);
        qw_err end = QW_OK;

        (void)walk(data, len, &end);
        assert_int_equal(end, QW_ERR_FORMAT);
        free(data);
    }
}

static void a_section_has_so_many_interfaces(void **state)
{
    static const char head[] = "0a0d0d0a"
                               "1c000000"
                               "4d3c2b1a"
                               "01000000"
                               "ffffffffffffffff"
                               "1c000000";
    static const char interface[] = "01000000"
                                    "14000000"
                                    "01000000"
                                    "00000400"
                                    "14000000";
    static char hex[sizeof head + (QW_PCAP_INTERFACES_MAX + 1) * (sizeof interface - 1)];
    qw_err end = QW_OK;

    (void)state;
    for (size_t count = QW_PCAP_INTERFACES_MAX; count <= QW_PCAP_INTERFACES_MAX + 1; count++) {
        size_t len = 0;
        uint8_t *data;
        int at = snprintf(hex, sizeof hex, "%s", head);

        for (size_t i = 0; i < count; i++) {
            at += snprintf(hex + at, sizeof hex - (size_t)at, "%s", interface);
        }
        data = hex_bytes(hex, &len);
        assert_int_equal(walk(data, len, &end), 0);
        assert_int_equal(end, count == QW_PCAP_INTERFACES_MAX ? QW_ERR_NOT_FOUND : QW_ERR_FORMAT);
        free(data);
    }
}

static void says_when_memory_is_short(void **state)
{
    struct memory_input memory = { NULL, 0, 0 };
    const struct qw_pcap_input input = { &memory, memory_input_read };
    struct qw_pcap *pcap = NULL;

    (void)state;
    fail_nth = 1;
    assert_int_equal(qw_pcap_open(&input, &pcap), QW_ERR_NOMEM);
    assert_null(pcap);
    qw_pcap_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_every_form_are_read),
        cmocka_unit_test(a_file_may_end_anywhere),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(a_section_has_so_many_interfaces),
        cmocka_unit_test(says_when_memory_is_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
