/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* Tables for other tools. */
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

static void a_table_has_a_line_per_tone_and_chain(void **state)
{
    const struct qw_capture_importer *csv = qw_capture_importer_of(QW_CAPTURE_CSV);
    struct capture_bench *bench = capture_bench_new();
    size_t len = csv->head((uint8_t *)bench->file, sizeof bench->file);
    size_t lines = 0;

    (void)state;
    assert_int_equal(csv->head(bench->file, len - 1), 0);
    capture_sample(&law, 1, &bench->in);
    bench->in.value[0] = -3.0f + 4.0f * I;
    bench->in.flags &= (uint16_t)~QW_CSI_HAS_AGC;
    len = csv->encode(&bench->in, bench->file, sizeof bench->file);
    assert_int_equal(csv->encode(&bench->in, bench->file + len, len), 0); /* no room for the NUL */
    assert_int_equal(csv->encode(&bench->in, bench->file + len, 10), 0);
    for (size_t i = 0; i < len; i++) {
        lines += bench->file[i] == '\n';
    }
    assert_int_equal(lines, 2 * 56);
    bench->file[strcspn((char *)bench->file, "\n")] = '\0';
    assert_string_equal((char *)bench->file,
                        "1001000000,101,02:11:22:ab:cd:01,ht20,-51.00,-91.00,,0,0,-28,-3,4");
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_a_line_per_tone_and_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
