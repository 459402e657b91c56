/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The ESP32 importer: training fields of every length, text that is wrong, and the facts of a real
 * capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/esp32.h"

static const struct capture_law law_legacy = { .format = QW_CAPTURE_ESP32,
                                               .tones = QW_CSI_LEGACY_20,
                                               .rx_count = 1,
                                               .tx_count = 1,
                                               .value_max = 127,
                                               .keeps = KEEPS_CENTRE | KEEPS_CHAINS,
                                               .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                        QW_CSI_HAS_RSSI | QW_CSI_HAS_NOISE };

static void frames_hold_the_laws_of_captures(void **state)
{
    struct capture_law law = law_legacy;

    (void)state;
    capture_holds(&law);
    law.tones = QW_CSI_HT_20;
    capture_comes_back(&law);
    law.tones = QW_CSI_HT_40;
    capture_comes_back(&law);
}

/* A line whose numbers are the places of their pairs, imaginary 1, real the place modulo 100. */
static size_t make_line(char *line, size_t cap, const char *modes, int secondary, size_t pairs)
{
    int len = snprintf(line, cap, "CSI_DATA,AP,01:02:03:0a:0B:0c,-40,11,%s,-95,0,6,%d,", modes,
                       secondary);

    len += snprintf(line + len, cap - (size_t)len, "7,0,38,0,0,0.5,%zu,[", 2 * pairs);
    for (size_t i = 0; i < pairs; i++) {
        len += snprintf(line + len, cap - (size_t)len, "1 %d ", (int)(i % 100));
    }
    len += snprintf(line + len, cap - (size_t)len, "]");
    return (size_t)len;
}

static void every_training_field_is_found_in_its_place(void **state)
{
    static const struct {
        const char *modes; /* sig_mode to sgi */
        int secondary;
        size_t pairs;
        enum qw_csi_format format;
        size_t tones;
        int tone;
        size_t place; /* of that tone among the pairs */
    } cases[] = {
        { "0,0,0,0,0,0,0,0,0", 0, 64, QW_CSI_LEGACY_20, 51, -26, 38 },
        { "0,0,0,0,0,0,0,0,0", 0, 64, QW_CSI_LEGACY_20, 51, 2, 2 },
        { "0,0,0,0,0,0,0,0,0", 1, 64, QW_CSI_LEGACY_20, 52, -26, 6 },
        { "0,0,0,0,0,0,0,0,0", 2, 64, QW_CSI_LEGACY_20, 52, 1, 33 },
        { "1,0,0,0,0,0,0,0,0", 0, 128, QW_CSI_HT_20, 56, -28, 64 + 36 },
        { "1,0,0,0,0,0,0,0,0", 1, 128, QW_CSI_HT_20, 56, -28, 64 + 4 },
        { "1,0,0,0,0,0,1,0,0", 0, 192, QW_CSI_HT_20, 56, 28, 64 + 28 },
        { "1,0,1,0,0,0,0,0,0", 1, 192, QW_CSI_HT_40, 114, -58, 64 + 70 },
        { "1,0,1,0,0,0,1,0,0", 2, 306, QW_CSI_HT_40, 114, -58, 64 + 63 },
        { "1,0,1,0,0,0,1,0,0", 2, 306, QW_CSI_HT_40, 114, 58, 64 + 58 },
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_clock clock = { 0 };
        size_t len = make_line((char *)bench->file, sizeof bench->file, cases[i].modes,
                               cases[i].secondary, cases[i].pairs);
        const float complex *value;

        assert_int_equal(
            qw_esp32_line_to_frame((const char *)bench->file, len, &clock, &bench->out),
            QW_CAPTURE_FRAME);
        assert_int_equal(bench->out.format, cases[i].format);
        assert_int_equal(bench->out.tone_count, cases[i].tones);
        value = capture_value(&bench->out, 0, cases[i].tone);
        assert_non_null(value);
        assert_true(*value == (float)(cases[i].place % 100) + 1.0f * I);
    }
    free(bench);
}

static void the_fields_of_a_line_are_told(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_clock clock = { 0 };
    size_t len = make_line((char *)bench->file, sizeof bench->file, "0,0,0,0,0,0,0,0,0", 0, 64);

    (void)state;
    memcpy(bench->file + len, " \r", 2);
    assert_int_equal(
        qw_esp32_line_to_frame((const char *)bench->file, len + 2, &clock, &bench->out),
        QW_CAPTURE_FRAME);
    assert_memory_equal(bench->out.source, "\x01\x02\x03\x0a\x0b\x0c", 6);
    assert_true(bench->out.rssi_dbm == -40.0f && bench->out.noise_dbm == -95.0f);
    assert_int_equal(bench->out.centre_mhz, 2437);
    assert_int_equal(bench->out.time_ns, 7000);
    free(bench);
}

static void text_that_is_wrong_is_skipped_with_its_reason(void **state)
{
    static const struct {
        const char *from, *to;
        enum qw_capture_outcome outcome;
    } cases[] = {
        { "CSI_DATA", "CSI_DATB", QW_CAPTURE_OTHER },
        { "CSI_DATA,AP", "I (31) boot: ", QW_CAPTURE_OTHER },
        { ",128,[", ",126,[", QW_CAPTURE_LENGTH },
        { ",128,[", ",12x,[", QW_CAPTURE_TEXT },
        { ",128,[", ",128,{", QW_CAPTURE_TEXT },
        { "[1 0", "[1 x", QW_CAPTURE_TEXT },
        { "[1 0", "[1  ", QW_CAPTURE_LENGTH },
        { "[1 0", "[1.0", QW_CAPTURE_TEXT },
        { "[1 0 1", "[1 0 -", QW_CAPTURE_TEXT },
        { "[1 0 1", "[1 128", QW_CAPTURE_TEXT },
        { "[1 0 1", "[1 0 ]", QW_CAPTURE_TEXT },
        { "01:02", "01-02", QW_CAPTURE_TEXT },
        { "01:02", "0g:02", QW_CAPTURE_TEXT },
        { ",-40,", ",-400", QW_CAPTURE_TEXT },
        { ",-95,", ",-200", QW_CAPTURE_TEXT },
        { ",0,6,0,", ",0,99,,", QW_CAPTURE_TEXT },
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_clock clock = { 0 };
        size_t len = make_line((char *)bench->file, sizeof bench->file, "0,0,0,0,0,0,0,0,0", 0, 64);
        char *at = strstr((char *)bench->file, cases[i].from);

        assert_non_null(at);
        memcpy(at, cases[i].to, strlen(cases[i].to));
        assert_int_equal(
            qw_esp32_line_to_frame((const char *)bench->file, len, &clock, &bench->out),
            cases[i].outcome);
    }
    free(bench);
}

static void lines_that_no_table_has_are_of_a_wrong_shape(void **state)
{
    static const struct {
        const char *modes;
        size_t pairs;
    } cases[] = { { "0,0,0,0,0,0,0,0,0", 128 }, { "1,0,1,0,0,0,0,0,0", 128 },
                  { "1,0,0,0,0,0,0,0,0", 192 }, { "1,0,1,0,0,0,0,0,0", 306 },
                  { "0,0,0,0,0,0,0,0,0", 63 },  { "0,0,0,0,0,0,0,0,0", 0 } };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_clock clock = { 0 };
        size_t len =
            make_line((char *)bench->file, sizeof bench->file, cases[i].modes, 0, cases[i].pairs);

        assert_int_equal(
            qw_esp32_line_to_frame((const char *)bench->file, len, &clock, &bench->out),
            QW_CAPTURE_SHAPE);
    }
    free(bench);
}

static void more_numbers_than_any_line_has_are_refused(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_clock clock = { 0 };
    size_t len = make_line((char *)bench->file, sizeof bench->file, "0,0,0,0,0,0,0,0,0", 0, 307);

    (void)state;
    assert_int_equal(qw_esp32_line_to_frame((const char *)bench->file, len, &clock, &bench->out),
                     QW_CAPTURE_TEXT);
    free(bench);
}

static void a_real_capture_is_read_to_the_last_byte(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    int64_t previous_ns = 0;
    uint8_t *data = capture_read("esp32.csv", &len);
    enum qw_capture_format format;

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_true(qw_capture_format_detect(data, len, &format));
    assert_int_equal(format, QW_CAPTURE_ESP32);
    assert_int_equal(qw_capture_reader_open(&reader, format, data, len), QW_OK);
    for (size_t i = 0; qw_capture_reader_next(&reader, &bench->out) == QW_OK; i++) {
        if (i == 0) { /* "[38 96 2 0 27 -6 ..." */
            assert_int_equal(bench->out.time_ns, 7313000);
            assert_true(*capture_value(&bench->out, 0, 2) == -6.0f + 27.0f * I);
        }
        assert_int_equal(bench->out.tone_count, 51);
        previous_ns = bench->out.time_ns;
    }
    assert_int_equal(reader.count[QW_CAPTURE_FRAME], 833);
    assert_int_equal(reader.count[QW_CAPTURE_LENGTH], 1); /* 127 numbers */
    assert_int_equal(reader.count[QW_CAPTURE_OTHER], 1);  /* the heading */
    assert_int_equal(qw_capture_reader_records(&reader), 835);
    assert_int_equal(reader.left_over, 0);
    assert_true(previous_ns / 834 > 15500000 && previous_ns / 834 < 16100000);
    free(data);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_hold_the_laws_of_captures),
        cmocka_unit_test(every_training_field_is_found_in_its_place),
        cmocka_unit_test(the_fields_of_a_line_are_told),
        cmocka_unit_test(text_that_is_wrong_is_skipped_with_its_reason),
        cmocka_unit_test(lines_that_no_table_has_are_of_a_wrong_shape),
        cmocka_unit_test(more_numbers_than_any_line_has_are_refused),
        cmocka_unit_test(a_real_capture_is_read_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
