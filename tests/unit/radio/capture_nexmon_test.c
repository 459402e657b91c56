/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The Nexmon importer: pcap of either order, packed floating point, damage, and the facts of real
 * captures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/nexmon.h"

static const struct capture_law law_80 = {
    .format = QW_CAPTURE_NEXMON,
    .tones = QW_CSI_VHT_80,
    .rx_count = 1,
    .tx_count = 1,
    .value_max = 32767,
    .keeps = KEEPS_SEQUENCE | KEEPS_CENTRE | KEEPS_CHAINS | KEEPS_NANOSECONDS,
    .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE | QW_CSI_HAS_SEQUENCE | QW_CSI_HAS_RSSI
};
enum { AT_PACKET = 24, AT_UDP_LEN = AT_PACKET + 16 + 14 + 20 + 4, AT_PAYLOAD = AT_UDP_LEN + 4 };

static void frames_hold_the_laws_of_captures(void **state)
{
    struct capture_law law = law_80;

    (void)state;
    capture_comes_back(&law);
    law.tones = QW_CSI_HT_40;
    capture_comes_back(&law);
    law.tones = QW_CSI_HT_20;
    capture_holds(&law);
}

static void swap_u32(uint8_t *p)
{
    uint8_t keep[4] = { p[3], p[2], p[1], p[0] };

    memcpy(p, keep, 4);
}

static void files_of_the_other_byte_order_are_read(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    capture_file_of(&law_80, bench, 1);
    swap_u32(bench->file);
    swap_u32(bench->file + 20);
    for (size_t i = 0; i < 4; i++) {
        swap_u32(bench->file + AT_PACKET + 4 * i);
    }
    assert_int_equal(capture_walk(&law_80, bench->file, bench->len, &bench->out, &reader), 1);
    capture_same(&law_80, &bench->in, &bench->out);
    bench->file[3] = 0xd4; /* of microseconds */
    bench->file[2] = 0xc3;
    bench->file[1] = 0xb2;
    bench->file[0] = 0xa1;
    assert_int_equal(capture_walk(&law_80, bench->file, bench->len, &bench->out, &reader), 1);
    assert_int_equal(bench->out.time_ns, 1000000000);
    bench->file[23] = 105; /* a link of 802.11 */
    assert_int_equal(capture_walk(&law_80, bench->file, bench->len, &bench->out, &reader), 0);
    assert_int_equal(reader.count[QW_CAPTURE_UNSUPPORTED], 1);
    free(bench);
}

static void put_word(uint8_t *p, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        p[i] = (uint8_t)(value >> 8 * i);
    }
}

static void packed_floats_are_sign_and_magnitude(void **state)
{
    static const struct {
        uint16_t chip;
        uint32_t word;
        float re, im;
    } cases[] = {
        /* 9 bits each, exponent 5: magnitude 255 x 2^15, -1 x 2^15 */
        { 0xdead, 0x0ffu << 14 | 0x101u << 5 | 0x0f, 255.0f * 32768.0f, -32768.0f },
        /* exponent -16 */
        { 0xdead, 0x101u << 14 | 0x002u << 5 | 0x10, -1.0f / 65536.0f, 2.0f / 65536.0f },
        /* 12 bits each, exponent 6: 2047, -2047 x 2^-1 */
        { 0x006a, 0x7ffu << 18 | 0xfffu << 6 | 0x3f, 1023.5f, -1023.5f },
        { 0x0001, 0x8000u | 0x7fffu << 16, -32768.0f, 32767.0f },
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_reader reader;

        capture_file_of(&law_80, bench, 1);
        bench->file[AT_PAYLOAD + 16] = (uint8_t)cases[i].chip;
        bench->file[AT_PAYLOAD + 17] = (uint8_t)(cases[i].chip >> 8);
        put_word(bench->file + AT_PAYLOAD + 18 + 4 * 5, cases[i].word); /* tone 5 */
        put_word(bench->file + AT_PAYLOAD + 18 + 4 * (256 - 7), cases[i].word);
        assert_int_equal(capture_walk(&law_80, bench->file, bench->len, &bench->out, &reader), 1);
        assert_true(*capture_value(&bench->out, 0, 5) == cases[i].re + cases[i].im * I);
        assert_true(*capture_value(&bench->out, 0, -7) == cases[i].re + cases[i].im * I);
        assert_null(capture_value(&bench->out, 0, 0));
        assert_null(capture_value(&bench->out, 0, 1));
        assert_null(capture_value(&bench->out, 0, 123));
    }
    free(bench);
}

static void the_udp_length_counts_not_that_of_the_packet(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    capture_file_of(&law_80, bench, 1);
    bench->file[AT_PACKET + 8] = (uint8_t)(bench->file[AT_PACKET + 8] + 4); /* four bytes more */
    assert_int_equal(capture_walk(&law_80, bench->file, bench->len + 4, &bench->out, &reader), 1);
    assert_int_equal(reader.left_over, 0);
    bench->file[AT_UDP_LEN + 1] =
        (uint8_t)(bench->file[AT_UDP_LEN + 1] + 8); /* more than there is */
    assert_int_equal(capture_walk(&law_80, bench->file, bench->len + 4, &bench->out, &reader), 0);
    assert_int_equal(reader.count[QW_CAPTURE_LENGTH], 1);
    free(bench);
}

static void other_packets_and_chips_are_skipped(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum qw_capture_outcome outcome;
    } cases[] = {
        { AT_PACKET + 16 + 12, 0x86, QW_CAPTURE_OTHER },   /* not IPv4 */
        { AT_PACKET + 16 + 14, 0x65, QW_CAPTURE_OTHER },   /* version 6 */
        { AT_PACKET + 16 + 14, 0x44, QW_CAPTURE_OTHER },   /* a short head */
        { AT_PACKET + 16 + 14 + 9, 6, QW_CAPTURE_OTHER },  /* TCP */
        { AT_UDP_LEN - 1, 0x7d, QW_CAPTURE_OTHER },        /* another port */
        { AT_PAYLOAD, 0, QW_CAPTURE_OTHER },               /* no mark */
        { AT_PAYLOAD + 16, 0x66, QW_CAPTURE_UNSUPPORTED }, /* chip */
        { AT_UDP_LEN, 0, QW_CAPTURE_LENGTH },              /* words */
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_reader reader;

        capture_file_of(&law_80, bench, 2);
        bench->file[cases[i].at] = cases[i].value;
        assert_int_equal(capture_walk(&law_80, bench->file, bench->len, &bench->out, &reader), 1);
        assert_int_equal(reader.count[cases[i].outcome], 1);
    }
    free(bench);
}

static void old_firmware_has_no_level(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct capture_law law = law_80;

    (void)state;
    law.flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE | QW_CSI_HAS_SEQUENCE;
    law.keeps &= ~(unsigned)KEEPS_CHAINS;
    capture_comes_back(&law);
    law.flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE | QW_CSI_HAS_RSSI; /* a control frame */
    capture_comes_back(&law);
    free(bench);
}

static void frames_of_several_chains_are_not_written(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct capture_law law = law_80;

    (void)state;
    law.rx_count = 2;
    capture_sample(&law, 0, &bench->in);
    assert_int_equal(qw_capture_nexmon.encode(&bench->in, bench->file, sizeof bench->file), 0);
    law.rx_count = 1;
    law.tones = QW_CSI_HE_80;
    capture_sample(&law, 0, &bench->in);
    assert_int_equal(qw_capture_nexmon.encode(&bench->in, bench->file, sizeof bench->file), 0);
    free(bench);
}

static void a_real_capture_of_integers_is_read_to_the_last_byte(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    size_t longer = 0;
    uint8_t *data = capture_read("nexmon_43455c0.pcap", &len);

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_int_equal(len, 622696);
    for (size_t at = 24; at < len; at += 16 + (size_t)data[at + 8] + 256 * (size_t)data[at + 9]) {
        size_t packet_len = (size_t)data[at + 8] + 256 * (size_t)data[at + 9];

        assert_true(packet_len == 1042 + 42 || packet_len == 1046 + 42);
        longer += packet_len == 1046 + 42;
        assert_int_equal(data[at + 16 + 38] << 8 | data[at + 16 + 39], 1042 + 8);
        assert_int_equal(data[at + 16 + 42 + 3], 0x94); /* BlockAck */
        assert_int_equal(data[at + 16 + 42 + 14] | data[at + 16 + 42 + 15] << 8, 0xe02a);
        assert_int_equal(data[at + 16 + 42 + 16] | data[at + 16 + 42 + 17] << 8, 0x0065);
    }
    assert_int_equal(longer, 18);
    assert_int_equal(qw_capture_reader_open(&reader, QW_CAPTURE_NEXMON, data, len), QW_OK);
    while (qw_capture_reader_next(&reader, &bench->out) == QW_OK) {
        assert_int_equal(bench->out.tone_count, 242);
        assert_int_equal(bench->out.sequence, 0);
        assert_int_equal(bench->out.flags & QW_CSI_HAS_SEQUENCE, 0);
        assert_int_equal(bench->out.centre_mhz, 5210);
        assert_true(bench->out.rssi_dbm == -58.0f || bench->out.rssi_dbm == -59.0f);
    }
    assert_int_equal(reader.count[QW_CAPTURE_FRAME], 566);
    assert_int_equal(qw_capture_reader_skipped(&reader), 0);
    assert_int_equal(reader.left_over, 0);
    free(data);
    free(bench);
}

static void a_real_capture_of_packed_floats_is_read_to_the_last_byte(void **state)
{
    static const uint8_t rx[] = { 0, 0, 1, 1 };
    static const uint8_t tx[] = { 0, 1, 0, 1 };
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    uint8_t *data = capture_read("nexmon_4358_float.pcap", &len);

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_int_equal(len, 4424);
    assert_int_equal(qw_capture_reader_open(&reader, QW_CAPTURE_NEXMON, data, len), QW_OK);
    for (size_t i = 0; i < 4; i++) {
        float least = INFINITY;
        float most = 0.0f;

        assert_int_equal(qw_capture_reader_next(&reader, &bench->out), QW_OK);
        assert_int_equal(bench->out.rx_first, rx[i]);
        assert_int_equal(bench->out.tx_first, tx[i]);
        for (size_t k = 0; k < 242; k++) {
            least = fminf(least, cabsf(bench->out.value[k]));
            most = fmaxf(most, cabsf(bench->out.value[k]));
        }
        assert_true(least > 0.0f && most < 1000.0f * least); /* a channel, no noise of bits */
    }
    assert_int_equal(qw_capture_reader_next(&reader, &bench->out), QW_ERR_CLOSED);
    assert_int_equal(reader.left_over, 0);
    free(data);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_hold_the_laws_of_captures),
        cmocka_unit_test(files_of_the_other_byte_order_are_read),
        cmocka_unit_test(packed_floats_are_sign_and_magnitude),
        cmocka_unit_test(the_udp_length_counts_not_that_of_the_packet),
        cmocka_unit_test(other_packets_and_chips_are_skipped),
        cmocka_unit_test(old_firmware_has_no_level),
        cmocka_unit_test(frames_of_several_chains_are_not_written),
        cmocka_unit_test(a_real_capture_of_integers_is_read_to_the_last_byte),
        cmocka_unit_test(a_real_capture_of_packed_floats_is_read_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
