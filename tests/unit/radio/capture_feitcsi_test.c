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

/* A frame read from such a file lacks the pilots: it can be written and read again. */
static void wide_frames_come_back_without_their_pilots(void **state)
{
    static const struct {
        enum qw_csi_format format;
        size_t pilots;
    } cases[] = { { QW_CSI_HT_20, 4 },    { QW_CSI_HT_40, 6 },  { QW_CSI_VHT_80, 8 },
                  { QW_CSI_VHT_160, 16 }, { QW_CSI_HE_20, 8 },  { QW_CSI_HE_40, 16 },
                  { QW_CSI_HE_80, 16 },   { QW_CSI_HE_160, 32 } };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct capture_law law = law_2x2;
        const int16_t *tones;
        size_t count = qw_csi_format_tones(cases[i].format, &tones);
        struct qw_capture_reader reader;

        law.tones = cases[i].format;
        capture_sample(&law, i, &bench->in);
        bench->in.tone_count = (uint16_t)(count - cases[i].pilots);
        bench->len = 0;
        capture_append(&law, bench, &bench->in);
        assert_int_equal(bench->len, 272 + 16 * count);
        assert_int_equal(capture_walk(&law, bench->file, bench->len, &bench->out, &reader), 1);
        assert_int_equal(bench->out.tone_count, count - cases[i].pilots);
        assert_memory_equal(bench->out.value, bench->in.value,
                            qw_csi_frame_value_count(&bench->in) * sizeof bench->in.value[0]);
    }
    free(bench);
}

static void pilots_are_where_the_standard_has_them(void **state)
{
    static const struct {
        enum qw_csi_format format;
        uint32_t rate; /* modulation and width */
        int pilots[8]; /* the positive ones */
    } cases[] = { { QW_CSI_VHT_80, 3 << 8 | 2 << 11, { 11, 39, 75, 103 } },
                  { QW_CSI_HT_40, 3 << 8 | 1 << 11, { 11, 25, 53 } },
                  { QW_CSI_HE_80, 4 << 8 | 2 << 11, { 24, 92, 158, 226, 266, 334, 400, 468 } },
                  { QW_CSI_HE_40, 4 << 8 | 1 << 11, { 10, 36, 78, 104, 144, 170, 212, 238 } } };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int16_t *tones;
        size_t count = qw_csi_format_tones(cases[i].format, &tones);
        struct qw_capture_reader reader;
        struct capture_law law = law_2x2;

        memset(bench->file, 1, 272 + 4 * count); /* any values */
        memset(bench->file, 0, 272);
        bench->file[0] = (uint8_t)(4 * count);
        bench->file[1] = (uint8_t)(4 * count >> 8);
        bench->file[46] = 1;
        bench->file[47] = 1;
        bench->file[52] = (uint8_t)count;
        bench->file[53] = (uint8_t)(count >> 8);
        bench->file[92] = (uint8_t)cases[i].rate;
        bench->file[93] = (uint8_t)(cases[i].rate >> 8);
        assert_int_equal(capture_walk(&law, bench->file, 272 + 4 * count, &bench->out, &reader), 1);
        assert_int_equal(bench->out.format, cases[i].format);
        for (size_t p = 0; p < 8 && cases[i].pilots[p] != 0; p++) {
            assert_null(capture_value(&bench->out, 0, cases[i].pilots[p]));
            assert_null(capture_value(&bench->out, 0, -cases[i].pilots[p]));
            assert_non_null(capture_value(&bench->out, 0, cases[i].pilots[p] + 1));
        }
    }
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
        cmocka_unit_test(wide_frames_come_back_without_their_pilots),
        cmocka_unit_test(pilots_are_where_the_standard_has_them),
        cmocka_unit_test(contradicting_heads_are_skipped),
        cmocka_unit_test(a_real_capture_is_read_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
