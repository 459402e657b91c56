/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* What the walk has in common for all formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture_laws.h"

static const struct capture_law law = { .format = QW_CAPTURE_QWAVE,
                                        .tones = QW_CSI_HT_20,
                                        .rx_count = 2,
                                        .tx_count = 1,
                                        .value_max = 100,
                                        .flags = QW_CSI_FLAGS & ~QW_CSI_IS_RETRY };

static void a_format_that_is_only_written_cannot_be_opened(void **state)
{
    struct qw_capture_reader reader;

    (void)state;
    assert_int_equal(qw_capture_reader_open(&reader, QW_CAPTURE_CSV, NULL, 0), QW_ERR_ARG);
}

static void an_empty_file_has_no_records(void **state)
{
    struct capture_bench *bench = capture_bench_new();

    (void)state;
    for (int i = 0; i < QW_CAPTURE_CSV; i++) {
        struct capture_law empty = law;
        struct qw_capture_reader reader;

        empty.format = (enum qw_capture_format)i;
        assert_int_equal(capture_walk(&empty, bench->file, 0, &bench->out, &reader), 0);
        assert_int_equal(qw_capture_reader_records(&reader), 0);
        assert_int_equal(reader.left_over, 0);
    }
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_format_that_is_only_written_cannot_be_opened),
        cmocka_unit_test(an_empty_file_has_no_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
