/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* Our own capture format: everything of a frame, damage that the check finds, the bytes of the
 * page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "capture_laws.h"
#include "radio/capture/qwave.h"

static const struct capture_law law = { .format = QW_CAPTURE_QWAVE,
                                        .tones = QW_CSI_HT_20,
                                        .rx_count = 1,
                                        .tx_count = 1,
                                        .value_max = 1 << 20,
                                        .keeps = KEEPS_SEQUENCE | KEEPS_CENTRE | KEEPS_CHAINS |
                                                 KEEPS_NANOSECONDS,
                                        .flags = QW_CSI_FLAGS };

static void frames_hold_the_laws_of_captures(void **state)
{
    struct capture_law wide = law;

    (void)state;
    capture_holds(&law);
    for (int format = 0; format < QW_CSI_OTHER; format++) {
        wide.tones = (enum qw_csi_format)format;
        wide.rx_count = 2;
        wide.tx_count = 2;
        capture_comes_back(&wide);
    }
    wide.tones = QW_CSI_HT_40;
    wide.rx_count = 3;
    wide.tx_count = 3;
    wide.flags = 0;
    capture_comes_back(&wide);
}

static void everything_of_a_frame_comes_back_bit_for_bit(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    size_t count;

    (void)state;
    capture_sample(&law, 3, &bench->in);
    bench->in.time_ns = INT64_MIN;
    bench->in.sequence = UINT64_MAX;
    bench->in.rx_first = 3;
    bench->in.tx_first = 2;
    bench->in.format = QW_CSI_OTHER;
    bench->in.tone_index[0] = INT16_MIN;
    bench->in.tone_index[55] = INT16_MAX;
    bench->in.value[0] = 1.0e-38f - 0.1f * I;
    capture_begin(&law, bench);
    capture_append(&law, bench, &bench->in);
    assert_int_equal(capture_walk(&law, bench->file, bench->len, &bench->out, &reader), 1);
    assert_int_equal(bench->out.time_ns, INT64_MIN);
    assert_int_equal(bench->out.sequence, UINT64_MAX);
    assert_int_equal(bench->out.rx_first, 3);
    assert_int_equal(bench->out.tx_first, 2);
    assert_int_equal(bench->out.format, QW_CSI_OTHER);
    count = qw_csi_frame_value_count(&bench->in);
    assert_memory_equal(bench->out.value, bench->in.value, count * sizeof bench->in.value[0]);
    assert_memory_equal(bench->out.tone_index, bench->in.tone_index, 2 * count);
    assert_memory_equal(bench->out.chain_rssi_dbm, bench->in.chain_rssi_dbm,
                        sizeof bench->in.chain_rssi_dbm);
    free(bench);
}

static void no_flipped_bit_of_a_record_gives_a_frame(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    capture_file_of(&law, bench, 1);
    for (size_t bit = 8 * QW_CAPTURE_QWAVE_HEAD_LEN; bit < 8 * bench->len; bit++) {
        bench->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(capture_walk(&law, bench->file, bench->len, &bench->out, &reader), 0);
        assert_true(reader.count[QW_CAPTURE_CHECK] == 1 || reader.left_over > 0);
        bench->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bench);
}

static void broken_numbers_are_skipped_and_counted(void **state)
{
    static const float broken[] = { NAN, INFINITY, -INFINITY };
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        capture_sample(&law, 0, &bench->in);
        capture_begin(&law, bench);
        ((float *)bench->in.value)[7] = broken[i];
        capture_append(&law, bench, &bench->in);
        assert_int_equal(capture_walk(&law, bench->file, bench->len, &bench->out, &reader), 0);
        assert_int_equal(reader.count[QW_CAPTURE_NOT_FINITE], 1);
        bench->in.noise_dbm = broken[i];
        assert_int_equal(qw_capture_qwave.encode(&bench->in, bench->file, sizeof bench->file), 0);
    }
    free(bench);
}

static void shapes_that_no_frame_has_are_not_written(void **state)
{
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        capture_sample(&law, 0, &bench->in);
        bench->in.rx_count = (uint8_t)(i == 0 ? 0 : i == 1 ? 5 : 1);
        bench->in.tx_count = (uint8_t)(i == 2 ? 0 : i == 3 ? 5 : 1);
        bench->in.tone_count = (uint16_t)(i == 4 ? 0 : i == 5 ? QW_CSI_TONES_MAX + 1 : 56);
        bench->in.format = i == 6 ? QW_CSI_FORMATS : QW_CSI_HT_20;
        assert_int_equal(qw_capture_qwave.encode(&bench->in, bench->file, sizeof bench->file), 0);
    }
    free(bench);
}

static void another_version_is_left_alone(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    capture_file_of(&law, bench, 1);
    bench->file[12] = 2;
    assert_int_equal(capture_walk(&law, bench->file, bench->len, &bench->out, &reader), 0);
    assert_int_equal(reader.left_over, bench->len);
    free(bench);
}

/* The example of docs/design/capture.md. */
static void the_example_of_the_page_is_one_frame(void **state)
{
    static const char text[] =
        "51574156452d4353490d0a1a01000000600000000100000060e316000000000007000000000000000a00130001"
        "010000020085090200000000010000000020c2000000c300000000000020c2000000c3000000c3000000c3ffff"
        "01000000803f000000c0000000000000003f800de3fcb4a9e2b3";
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    (void)state;
    assert_int_equal(qw_hex_decode(text, bench->file, strlen(text) / 2), QW_OK);
    assert_int_equal(capture_walk(&law, bench->file, strlen(text) / 2, &bench->out, &reader), 1);
    assert_int_equal(reader.left_over, 0);
    assert_int_equal(bench->out.time_ns, 1500000);
    assert_int_equal(bench->out.sequence, 7);
    assert_int_equal(bench->out.tone_count, 2);
    assert_true(bench->out.value[0] == 1.0f - 2.0f * I && bench->out.value[1] == 0.5f * I);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_hold_the_laws_of_captures),
        cmocka_unit_test(everything_of_a_frame_comes_back_bit_for_bit),
        cmocka_unit_test(no_flipped_bit_of_a_record_gives_a_frame),
        cmocka_unit_test(broken_numbers_are_skipped_and_counted),
        cmocka_unit_test(shapes_that_no_frame_has_are_not_written),
        cmocka_unit_test(another_version_is_left_alone),
        cmocka_unit_test(the_example_of_the_page_is_one_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
