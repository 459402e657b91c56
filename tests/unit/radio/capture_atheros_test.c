/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The Atheros importer: both byte orders, shapes, damage, and the facts of a real capture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/atheros.h"

static const struct capture_law law_3x2 = { .format = QW_CAPTURE_ATHEROS,
                                            .tones = QW_CSI_HT_20,
                                            .rx_count = 3,
                                            .tx_count = 2,
                                            .value_max = 511,
                                            .keeps = KEEPS_SEQUENCE | KEEPS_CHAINS | KEEPS_CENTRE,
                                            .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_SOURCE |
                                                     QW_CSI_HAS_SEQUENCE | QW_CSI_HAS_RSSI };

static void frames_hold_the_laws_of_captures(void **state)
{
    struct capture_law law = law_3x2;

    (void)state;
    capture_comes_back(&law);
    capture_survives_noise(&law);
    law.tones = QW_CSI_HT_40;
    capture_comes_back(&law);
    law.tones = QW_CSI_HT_20;
    law.rx_count = 1;
    law.tx_count = 1;
    law.flags |= QW_CSI_IS_RETRY;
    capture_holds(&law);
}

/* The head of a record in the other byte order: the packed matrix has none. */
static void swap_record(uint8_t *record)
{
    static const size_t fields[][2] = { { 0, 2 }, { 2, 8 }, { 10, 2 }, { 12, 2 }, { 25, 2 } };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint8_t *field = record + fields[i][0];

        for (size_t j = 0; j < fields[i][1] / 2; j++) {
            uint8_t keep = field[j];

            field[j] = field[fields[i][1] - 1 - j];
            field[fields[i][1] - 1 - j] = keep;
        }
    }
}

static void big_endian_files_are_told_from_little_endian_ones(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    bench->len = 1;
    for (size_t i = 0; i < 3; i++) {
        size_t at = bench->len;

        capture_sample(&law_3x2, i, &bench->in);
        capture_append(&law_3x2, bench, &bench->in);
        swap_record(bench->file + at);
    }
    for (size_t skip = 0; skip < 2; skip++) { /* with the mark of some writers, and without */
        enum qw_capture_format format;

        bench->file[0] = 0xff;
        assert_true(qw_capture_format_detect(bench->file + skip, bench->len - skip, &format));
        assert_int_equal(format, QW_CAPTURE_ATHEROS);
        assert_int_equal(
            capture_walk(&law_3x2, bench->file + skip, bench->len - skip, &bench->out, &reader), 3);
        assert_int_equal(reader.left_over, 0);
        capture_same(&law_3x2, &bench->in, &bench->out);
    }
    free(bench);
}

static void a_record_without_a_measurement_is_legal(void **state)
{
    static const uint8_t empty[] = { 25, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x85, 9,
                                     0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    assert_int_equal(sizeof empty, 27);
    memcpy(bench->file, empty, sizeof empty);
    bench->len = sizeof empty;
    capture_sample(&law_3x2, 0, &bench->in);
    capture_append(&law_3x2, bench, &bench->in);
    assert_int_equal(capture_walk(&law_3x2, bench->file, bench->len, &bench->out, &reader), 1);
    assert_int_equal(reader.count[QW_CAPTURE_NO_CSI], 1);
    free(bench);
}

static void contradicting_lengths_and_shapes_are_skipped(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum qw_capture_outcome outcome;
    } cases[] = {
        { 10, 1, QW_CAPTURE_LENGTH },                                /* length of the matrix */
        { 25, 3, QW_CAPTURE_LENGTH },                                /* of the payload */
        { 18, 57, QW_CAPTURE_SHAPE },                                /* tones */
        { 18, 114, QW_CAPTURE_LENGTH }, { 19, 4, QW_CAPTURE_SHAPE }, /* chains */
        { 19, 0, QW_CAPTURE_SHAPE },    { 20, 3, QW_CAPTURE_LENGTH },
        { 9, 0xff, QW_CAPTURE_LENGTH }, /* a time that does not fit */
    };
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_capture_reader reader;

        capture_file_of(&law_3x2, bench, 2);
        bench->file[cases[i].at] = cases[i].value;
        assert_int_equal(capture_walk(&law_3x2, bench->file, bench->len, &bench->out, &reader), 1);
        assert_int_equal(reader.count[cases[i].outcome], 1);
        assert_int_equal(reader.left_over, 0);
    }
    free(bench);
}

static void frames_of_other_tones_are_not_written(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct capture_law law = law_3x2;

    (void)state;
    law.tones = QW_CSI_LEGACY_20;
    capture_sample(&law, 0, &bench->in);
    assert_int_equal(qw_capture_atheros.encode(&bench->in, bench->file, sizeof bench->file), 0);
    capture_sample(&law_3x2, 0, &bench->in);
    bench->in.rx_count = 4;
    assert_int_equal(qw_capture_atheros.encode(&bench->in, bench->file, sizeof bench->file), 0);
    free(bench);
}

static void a_real_capture_is_read_to_the_last_byte(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t len;
    size_t count = 0;
    uint8_t *data = capture_read("atheros_le.dat", &len);
    enum qw_capture_format format;

    (void)state;
    if (data == NULL) {
        free(bench);
        skip();
        return;
    }
    assert_int_equal(len, 764707);
    assert_true(qw_capture_format_detect(data, len, &format));
    assert_int_equal(qw_capture_reader_open(&reader, format, data, len), QW_OK);
    while (qw_capture_reader_next(&reader, &bench->out) == QW_OK) {
        const struct qw_csi_frame *frame = &bench->out;

        if (count == 0) {
            assert_int_equal(frame->time_ns, 1461024888000);
            assert_true(frame->value[0] == -177.0f + 84.0f * I);
            assert_int_equal(frame->sequence, 0x9f0);
            assert_memory_equal(frame->source, "\x04\xf0\x21\x2c\x79\x37", 6);
        }
        assert_true(count != 1 || frame->time_ns == 1461026976000);
        assert_true(frame->rx_count == 3 && frame->tx_count == 2 && frame->tone_count == 56);
        assert_int_equal(frame->centre_mhz, 2437);
        count++;
    }
    assert_int_equal(count, 401);
    assert_int_equal(qw_capture_reader_skipped(&reader), 0);
    assert_int_equal(reader.left_over, 0);
    free(data);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_hold_the_laws_of_captures),
        cmocka_unit_test(big_endian_files_are_told_from_little_endian_ones),
        cmocka_unit_test(a_record_without_a_measurement_is_legal),
        cmocka_unit_test(contradicting_lengths_and_shapes_are_skipped),
        cmocka_unit_test(frames_of_other_tones_are_not_written),
        cmocka_unit_test(a_real_capture_is_read_to_the_last_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
