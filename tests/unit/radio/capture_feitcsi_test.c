/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The FeitCSI importer: layouts of every width, pilots, damage, and the facts of a real capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/feitcsi.h"

static const struct capture_law law_2x2 = { .format = QW_CAPTURE_FEITCSI,
                                            .tones = QW_CSI_HT_20,
                                            .rx_count = 2,
                                            .tx_count = 2,
                                            .value_max = 32767,
                                            .keeps = KEEPS_CHAINS,
                                            .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                     QW_CSI_HAS_RSSI };

static void frames_hold_the_laws_of_captures(void **state)
{
    struct capture_law law = law_2x2;

    (void)state;
    capture_comes_back(&law);
    law.tones = QW_CSI_HT_40;
    capture_comes_back(&law);
    law.tones = QW_CSI_LEGACY_20;
    law.tx_count = 1;
    law.rx_count = 1;
    capture_holds(&law);
}

/* A record of one chain, with the values 1, 2, 3 ... for its tones; gives its length. */
static size_t make_record(uint8_t *record, unsigned modulation, unsigned width, size_t count)
{
    unsigned rate = modulation << 8 | width << 11;

    memset(record, 0, 272);
    record[0] = (uint8_t)(4 * count);
    record[1] = (uint8_t)(4 * count >> 8);
    record[46] = 1;
    record[47] = 1;
    record[52] = (uint8_t)count;
    record[53] = (uint8_t)(count >> 8);
    record[92] = (uint8_t)rate;
    record[93] = (uint8_t)(rate >> 8);
    for (size_t k = 0; k < count; k++) {
        uint8_t *value = record + 272 + 4 * k;

        value[0] = (uint8_t)(k + 1);
        value[1] = (uint8_t)((k + 1) >> 8);
        value[2] = 0;
        value[3] = 0;
    }
    return 272 + 4 * count;
}

static const struct {
    unsigned modulation, width;
    enum qw_csi_format format;
    size_t pilots;
    int pilot[16]; /* positive numbers; those of HE 80 MHz as the card leaves them empty */
} wide[] = {
    { 3, 0, QW_CSI_HT_20, 4, { 7, 21 } },
    { 3, 1, QW_CSI_HT_40, 6, { 11, 25, 53 } },
    { 3, 2, QW_CSI_VHT_80, 8, { 11, 39, 75, 103 } },
    { 3, 3, QW_CSI_VHT_160, 16, { 25, 53, 89, 117, 139, 167, 203, 231 } },
    { 4, 0, QW_CSI_HE_20, 8, { 22, 48, 90, 116 } },
    { 4, 1, QW_CSI_HE_40, 16, { 10, 36, 78, 104, 144, 170, 212, 238 } },
    { 4, 2, QW_CSI_HE_80, 16, { 24, 92, 158, 226, 266, 334, 400, 468 } },
    { 4,
      3,
      QW_CSI_HE_160,
      32,
      { 44, 112, 178, 246, 286, 354, 420, 488, 536, 604, 670, 738, 778, 846, 912, 980 } },
};

static void pilots_of_wide_frames_are_left_out_and_the_rest_comes_back(void **state)
{
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        const int16_t *tones;
        size_t count = qw_csi_format_tones(wide[i].format, &tones);
        struct qw_capture_reader reader;

        bench->len = make_record(bench->file, wide[i].modulation, wide[i].width, count);
        assert_int_equal(capture_walk(&law_2x2, bench->file, bench->len, &bench->in, &reader), 1);
        assert_int_equal(bench->in.format, wide[i].format);
        assert_int_equal(bench->in.tone_count, count - wide[i].pilots);
        for (size_t p = 0; p < wide[i].pilots / 2; p++) {
            assert_null(capture_value(&bench->in, 0, wide[i].pilot[p]));
            assert_null(capture_value(&bench->in, 0, -wide[i].pilot[p]));
        }
        for (size_t k = 0; k < count; k++) {
            const float complex *value = capture_value(&bench->in, 0, tones[k]);

            assert_true(value == NULL || *value == (float)(k + 1));
        }
        bench->len = 0;
        capture_append(&law_2x2, bench, &bench->in);
        assert_int_equal(capture_walk(&law_2x2, bench->file, bench->len, &bench->out, &reader), 1);
        assert_int_equal(bench->out.tone_count, bench->in.tone_count);
        assert_memory_equal(bench->out.value, bench->in.value,
                            bench->in.tone_count * sizeof bench->in.value[0]);
    }
    free(bench);
}

static void frames_that_lack_other_tones_are_not_written(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    bench->len = make_record(bench->file, 4, 2, 996);
    assert_int_equal(capture_walk(&law_2x2, bench->file, bench->len, &bench->in, &reader), 1);
    bench->in.tone_index[979]--;
    bench->in.tone_index[978]--;
    assert_int_equal(qw_capture_feitcsi.encode(&bench->in, bench->file, sizeof bench->file), 0);
    free(bench);
}

static void contradicting_heads_are_skipped(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum qw_capture_outcome outcome;
    } cases[] = {
        { 46, 3, QW_CAPTURE_SHAPE },       { 47, 0, QW_CAPTURE_SHAPE },
        { 46, 1, QW_CAPTURE_LENGTH },      { 52, 57, QW_CAPTURE_LENGTH },
        { 54, 1, QW_CAPTURE_SHAPE },       { 93, 3, QW_CAPTURE_FRAME }, /* the same tones in VHT */
        { 93, 5, QW_CAPTURE_UNSUPPORTED }, { 93, 4, QW_CAPTURE_UNSUPPORTED },
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_reader reader;

        capture_file_of(&law_2x2, bench, 2);
        bench->file[cases[i].at] = cases[i].value;
        capture_walk(&law_2x2, bench->file, bench->len, &bench->out, &reader);
        assert_int_equal(reader.count[QW_CAPTURE_FRAME],
                         cases[i].outcome == QW_CAPTURE_FRAME ? 2 : 1);
        assert_true(reader.count[cases[i].outcome] >= 1);
        assert_int_equal(reader.left_over, 0);
    }
    free(bench);
}

static void a_real_capture_is_read_to_the_last_byte(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    size_t count = 0;
    uint8_t *data = capture_read("feitcsi_hesu80.csi", &len);
    enum qw_capture_format format;

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_int_equal(len, 230720);
    assert_true(qw_capture_format_detect(data, len, &format));
    assert_int_equal(qw_capture_reader_open(&reader, format, data, len), QW_OK);
    while (qw_capture_reader_next(&reader, &bench->out) == QW_OK) {
        const struct qw_csi_frame *frame = &bench->out;

        if (count == 0) {
            assert_true(frame->value[0] == -10.0f + 106.0f * I);
            assert_true(frame->chain_rssi_dbm[0] == -49.0f && frame->chain_rssi_dbm[1] == -48.0f);
        }
        assert_true(frame->rx_count == 2 && frame->tx_count == 1);
        assert_true(frame->tone_count == 980 && frame->format == QW_CSI_HE_80);
        assert_memory_equal(frame->source, "\x00\x16\xea\x12\x34\x56", 6);
        for (size_t k = 0; k < 2 * 980; k++) {
            assert_true(frame->value[k] != 0.0f); /* the card's pilots were zeros */
        }
        count++;
    }
    assert_int_equal(count, 28);
    assert_int_equal(qw_capture_reader_skipped(&reader), 0);
    assert_int_equal(reader.left_over, 0);
    free(data);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_hold_the_laws_of_captures),
        cmocka_unit_test(pilots_of_wide_frames_are_left_out_and_the_rest_comes_back),
        cmocka_unit_test(frames_that_lack_other_tones_are_not_written),
        cmocka_unit_test(contradicting_heads_are_skipped),
        cmocka_unit_test(a_real_capture_is_read_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
