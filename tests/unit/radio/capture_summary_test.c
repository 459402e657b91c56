/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* What a series of measurements has in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/summary.h"

static const struct capture_law law = { .format = QW_CAPTURE_QWAVE,
                                        .tones = QW_CSI_HT_20,
                                        .rx_count = 2,
                                        .tx_count = 1,
                                        .value_max = 100,
                                        .flags = QW_CSI_FLAGS & ~QW_CSI_IS_RETRY };

static void a_summary_counts_shapes_gaps_and_repeats(void **state)
{
    static const uint64_t numbers[] = { 4094, 4095, 0, 0, 3, 2 };
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_summary summary = { 0 };

    (void)state;
    assert_true(qw_capture_summary_rate_per_s(&summary) == 0.0);
    for (size_t i = 0; i < 6; i++) {
        capture_sample(&law, 0, &bench->in);
        bench->in.time_ns = (int64_t)(i == 3 ? 2 : i) * 500000000;
        bench->in.sequence = numbers[i];
        bench->in.flags |= i == 3 ? QW_CSI_IS_RETRY : 0;
        bench->in.rx_count = i == 5 ? 1 : 2;
        qw_capture_summary_add(&summary, &bench->in);
    }
    assert_int_equal(summary.frames, 6);
    assert_int_equal(summary.shape_count, 2);
    assert_int_equal(summary.shape[0].frames, 5);
    assert_int_equal(summary.repeated_numbers, 1);
    assert_int_equal(summary.missing_numbers, 2);
    assert_int_equal(summary.retries, 1);
    assert_int_equal(summary.time_stops, 1);
    assert_true(qw_capture_summary_duration_s(&summary) == 2.5);
    assert_true(qw_capture_summary_rate_per_s(&summary) == 2.0);
    for (uint16_t i = 0; i < 40; i++) {
        bench->in.tone_count = (uint16_t)(1 + i);
        qw_capture_summary_add(&summary, &bench->in);
    }
    assert_int_equal(summary.shape_count, QW_CAPTURE_SHAPES_MAX);
    assert_int_equal(summary.other_shapes, 40 - 14);
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_summary_counts_shapes_gaps_and_repeats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
