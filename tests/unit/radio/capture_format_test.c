/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The table of formats: names, detection, and writers that nothing trips. */
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

static void every_format_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < QW_CAPTURE_FORMATS; i++) {
        const struct qw_capture_importer *importer =
            qw_capture_importer_of((enum qw_capture_format)i);
        enum qw_capture_format found = QW_CAPTURE_FORMATS;

        assert_true(qw_capture_format_find(importer->name, &found));
        assert_int_equal(found, i);
        assert_non_null(importer->encode);
    }
    for (int i = 0; i < QW_CAPTURE_OUTCOMES; i++) {
        assert_non_null(qw_capture_outcome_names[i]);
    }
    for (int i = 0; i < QW_CSI_FORMATS; i++) {
        assert_non_null(qw_csi_format_name((enum qw_csi_format)i));
    }
    assert_null(qw_csi_format_name(QW_CSI_FORMATS));
}

static void nothing_is_detected_in_nothing(void **state)
{
    static const uint8_t zeros[512];
    static const uint8_t text[] = "{\"this\": \"is JSON and no capture at all\"}\n";
    enum qw_capture_format format;

    (void)state;
    assert_false(qw_capture_format_detect(NULL, 0, &format));
    assert_false(qw_capture_format_detect(zeros, sizeof zeros, &format));
    assert_false(qw_capture_format_detect(text, sizeof text - 1, &format));
}

/* Frames of our own files can hold anything: no writer of another format may trip over it. */
static void frames_with_foreign_tones_and_wild_levels_are_written_safely(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    struct capture_law wild = law;

    (void)state;
    wild.rx_count = 1;
    for (int format = 0; format < QW_CSI_FORMATS; format++) {
        for (int i = 0; i < QW_CAPTURE_CSV; i++) {
            const struct qw_capture_importer *importer =
                qw_capture_importer_of((enum qw_capture_format)i);

            wild.tones = (enum qw_csi_format)format;
            capture_sample(&wild, 0, &bench->in);
            bench->in.rssi_dbm = 1e30f;
            bench->in.noise_dbm = -1e30f;
            bench->in.agc_db = 1e30f;
            bench->in.chain_rssi_dbm[0] = -1e30f;
            bench->in.value[0] = 1e-40f;
            bench->in.value[1] = 3e38f;
            (void)importer->encode(&bench->in, bench->file, sizeof bench->file);
            bench->in.tone_count = (uint16_t)(bench->in.tone_count == 0 ? 1 : bench->in.tone_count);
            bench->in.tone_index[bench->in.tone_count - 1] = INT16_MAX;
            if (i != QW_CAPTURE_QWAVE) {
                assert_int_equal(importer->encode(&bench->in, bench->file, sizeof bench->file), 0);
            }
        }
    }
    free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_has_a_name_of_its_own),
        cmocka_unit_test(nothing_is_detected_in_nothing),
        cmocka_unit_test(frames_with_foreign_tones_and_wild_levels_are_written_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
