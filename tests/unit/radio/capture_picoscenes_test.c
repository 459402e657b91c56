/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The PicoScenes importer: segments, versions, the cards behind it, damage, and the facts of real
 * captures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/picoscenes.h"

static const struct capture_law law_ax200 = { .format = QW_CAPTURE_PICOSCENES,
                                              .tones = QW_CSI_HT_20,
                                              .rx_count = 2,
                                              .tx_count = 1,
                                              .value_max = 32767,
                                              .keeps = KEEPS_SEQUENCE | KEEPS_CENTRE |
                                                       KEEPS_CHAINS | KEEPS_NANOSECONDS,
                                              .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                       QW_CSI_HAS_SEQUENCE | QW_CSI_HAS_RSSI |
                                                       QW_CSI_HAS_NOISE };
enum { AT_SEGMENTS = 10, AT_BASIC = 11, AT_CSI = AT_BASIC + 4 + 1 + 9 + 2 + 32 };

static void frames_hold_the_laws_of_captures(void **state)
{
    struct capture_law law = law_ax200;

    (void)state;
    capture_holds(&law);
    law.tx_count = 2;
    law.tones = QW_CSI_LEGACY_20;
    capture_comes_back(&law);
    law.tones = QW_CSI_HT_40;
    law.flags |= QW_CSI_IS_RETRY;
    capture_comes_back(&law);
    law.tones = QW_CSI_INTEL5300_20;
    law.rx_count = 3;
    law.value_max = 127;
    law.keeps &= ~(unsigned)KEEPS_NANOSECONDS;
    capture_comes_back(&law);
}

/* Removes the NUL that newer writers count into the name of the segment at `at`. */
static void shorten_name(struct capture_bench *bench, size_t at)
{
    size_t name_len = bench->file[at + 4];

    bench->file[at + 4]--;
    bench->file[at]--;
    bench->file[0]--;
    memmove(bench->file + at + 4 + name_len, bench->file + at + 5 + name_len,
            bench->len - (at + 5 + name_len));
    bench->len--;
}

static void names_of_older_files_have_no_nul(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    capture_file_of(&law_ax200, bench, 1);
    shorten_name(bench, AT_CSI);
    shorten_name(bench, AT_BASIC);
    assert_int_equal(capture_walk(&law_ax200, bench->file, bench->len, &bench->out, &reader), 1);
    capture_same(&law_ax200, &bench->in, &bench->out);
    free(bench);
}

static void what_is_not_read_is_skipped_with_its_reason(void **state)
{
    enum { CSI_BODY = AT_CSI + 4 + 1 + 4 + 2, BASIC_VERSION = AT_BASIC + 4 + 1 + 9 };
    static const struct {
        size_t at;
        uint8_t value;
        enum qw_capture_outcome outcome;
    } cases[] = {
        { 4, 0, QW_CAPTURE_OTHER }, /* mark */
        { AT_SEGMENTS, 0, QW_CAPTURE_NO_CSI },
        { AT_SEGMENTS, 1, QW_CAPTURE_NO_CSI },
        { AT_SEGMENTS, 9, QW_CAPTURE_LENGTH },
        { AT_CSI + 3, 1, QW_CAPTURE_LENGTH },        /* of the segment */
        { AT_CSI + 5, 'X', QW_CAPTURE_NO_CSI },      /* name */
        { CSI_BODY - 2, 5, QW_CAPTURE_UNSUPPORTED }, /* version */
        { BASIC_VERSION, 4, QW_CAPTURE_UNSUPPORTED },
        { CSI_BODY, 0x34, QW_CAPTURE_UNSUPPORTED },   /* device 0x2034 */
        { CSI_BODY + 3, 4, QW_CAPTURE_UNSUPPORTED },  /* EHT */
        { CSI_BODY + 4, 21, QW_CAPTURE_UNSUPPORTED }, /* MHz */
        { CSI_BODY + 26, 57, QW_CAPTURE_LENGTH },     /* tones */
        { CSI_BODY + 29, 3, QW_CAPTURE_SHAPE },       /* receive chains */
        { CSI_BODY + 38, 9, QW_CAPTURE_LENGTH },      /* of the matrix */
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_reader reader;

        capture_file_of(&law_ax200, bench, 2);
        bench->file[cases[i].at] = cases[i].value;
        assert_int_equal(capture_walk(&law_ax200, bench->file, bench->len, &bench->out, &reader),
                         1);
        assert_int_equal(reader.count[cases[i].outcome], 1);
        assert_int_equal(reader.left_over, 0);
    }
    free(bench);
}

static void a_real_capture_of_an_ax200_is_read_to_the_last_byte(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    size_t of_56 = 0;
    size_t retries = 0;
    uint8_t *data = capture_read("picoscenes_ax200.csi", &len);
    enum qw_capture_format format;

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_int_equal(len, 964108);
    assert_true(qw_capture_format_detect(data, len, &format));
    assert_int_equal(qw_capture_reader_open(&reader, format, data, len), QW_OK);
    for (size_t i = 0; qw_capture_reader_next(&reader, &bench->out) == QW_OK; i++) {
        if (i == 0) {
            assert_true(bench->out.value[0] == -112.0f + 39.0f * I);
            assert_int_equal(bench->out.sequence, 0x2f5);
            assert_memory_equal(bench->out.source, "\x00\x16\xea\x12\x34\x56", 6);
            assert_true(bench->out.rssi_dbm == -33.0f && bench->out.noise_dbm == -128.0f);
            assert_int_equal(bench->out.centre_mhz, 2412);
        }
        assert_int_equal(i < 3 ? bench->out.sequence : 0x2f5, 0x2f5); /* retries */
        assert_true(bench->out.rx_count == 2 && bench->out.tx_count == 1);
        of_56 += bench->out.tone_count == 56;
        retries += (bench->out.flags & QW_CSI_IS_RETRY) != 0;
    }
    assert_int_equal(reader.count[QW_CAPTURE_FRAME], 885);
    assert_int_equal(of_56, 778);
    assert_int_equal(retries, 622);
    assert_int_equal(qw_capture_reader_skipped(&reader), 0);
    assert_int_equal(reader.left_over, 0);
    free(data);
    free(bench);
}

static void a_real_capture_of_a_5300_is_read_to_the_last_byte(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    size_t of_two = 0;
    size_t of_three = 0;
    uint8_t *data = capture_read("picoscenes_iwl5300.csi", &len);

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_int_equal(len, 678294);
    assert_int_equal(qw_capture_reader_open(&reader, QW_CAPTURE_PICOSCENES, data, len), QW_OK);
    while (qw_capture_reader_next(&reader, &bench->out) == QW_OK) {
        assert_int_equal(bench->out.format, QW_CSI_INTEL5300_20);
        assert_int_equal(bench->out.centre_mhz, 2417);
        of_two += bench->out.rx_count * bench->out.tx_count == 2;
        of_three += bench->out.rx_count * bench->out.tx_count == 3;
    }
    assert_int_equal(reader.count[QW_CAPTURE_FRAME], 383);
    assert_true(of_two > 350 && of_three >= 10);
    assert_int_equal(qw_capture_reader_skipped(&reader), 0);
    assert_int_equal(reader.left_over, 0);
    free(data);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_hold_the_laws_of_captures),
        cmocka_unit_test(names_of_older_files_have_no_nul),
        cmocka_unit_test(what_is_not_read_is_skipped_with_its_reason),
        cmocka_unit_test(a_real_capture_of_an_ax200_is_read_to_the_last_byte),
        cmocka_unit_test(a_real_capture_of_a_5300_is_read_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
