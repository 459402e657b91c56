/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* What all capture formats share: names, detection, clocks, counts, tables for other tools, files.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture_laws.h"
#include "radio/capture/clock.h"
#include "radio/capture/file.h"
#include "radio/capture/summary.h"

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

static void tones_of_every_format_are_ascending_and_symmetric(void **state)
{
    static const size_t counts[QW_CSI_FORMATS] = {
        52, 56, 30, 114, 242, 484, 242, 484, 996, 1992, 0
    };
    (void)state;
    for (int i = 0; i < QW_CSI_FORMATS; i++) {
        const int16_t *tones;
        size_t count = qw_csi_format_tones((enum qw_csi_format)i, &tones);

        assert_int_equal(count, counts[i]);
        for (size_t k = 1; k < count; k++) {
            assert_true(tones[k] > tones[k - 1]);
        }
        for (size_t k = 0; i != QW_CSI_INTEL5300_20 && k < count; k++) {
            assert_int_equal(tones[k], -tones[count - 1 - k]);
        }
    }
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

static void a_format_that_is_only_written_cannot_be_opened(void **state)
{
    struct qw_capture_reader reader;

    (void)state;
    assert_int_equal(qw_capture_reader_open(&reader, QW_CAPTURE_CSV, NULL, 0), QW_ERR_ARG);
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

static void the_clock_wraps_and_never_runs_backwards(void **state)
{
    static const uint32_t times_us[] = { 4294967000u, 4294967290u, 704u, 704u, 600u, 1600u };
    static const int64_t expected_ns[] = { 4294967000000, 4294967290000, 4294968000000,
                                           4294968000000, 4294968000000, 4294969000000 };
    struct qw_capture_clock clock = { 0 };
    int64_t previous_ns = INT64_MIN;
    int64_t time_ns;

    (void)state;
    for (size_t i = 0; i < sizeof times_us / sizeof times_us[0]; i++) {
        assert_int_equal(qw_capture_clock_at(&clock, times_us[i]), expected_ns[i]);
    }
    clock = (struct qw_capture_clock){ 0 };
    for (uint32_t i = 0; i < 5000000; i++) { /* a hostile file cannot push it over its end */
        int64_t now_ns = qw_capture_clock_at(&clock, i * (UINT32_MAX / 2 - 1));

        assert_true(now_ns >= previous_ns);
        previous_ns = now_ns;
    }
    assert_true(qw_capture_time_from_us(UINT64_C(9223372036854775), &time_ns));
    assert_int_equal(time_ns, 9223372036854775000);
    assert_false(qw_capture_time_from_us(UINT64_C(9223372036854776), &time_ns));
}

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

static void files_and_pipes_give_their_bytes(void **state)
{
    char path[] = "/tmp/capture_reader_test.XXXXXX";
    struct qw_capture_file file = { 0 };
    int fd = mkstemp(path);
    int ends[2];
    char pipe_path[64];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(qw_capture_file_open(path, &file), QW_OK);
    assert_int_equal(file.len, 0);
    qw_capture_file_close(&file);
    assert_int_equal(write(fd, "bytes", 5), 5);
    assert_int_equal(qw_capture_file_open(path, &file), QW_OK);
    assert_int_equal(file.len, 5);
    assert_true(file.is_mapped);
    assert_memory_equal(file.data, "bytes", 5);
    qw_capture_file_close(&file);
    qw_capture_file_close(NULL);
    close(fd);
    unlink(path);
    assert_int_equal(qw_capture_file_open(path, &file), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_capture_file_open("/tmp", &file), QW_ERR_IO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "stream", 6), 6);
    close(ends[1]);
    snprintf(pipe_path, sizeof pipe_path, "/proc/self/fd/%d", ends[0]);
    assert_int_equal(qw_capture_file_open(pipe_path, &file), QW_OK);
    close(ends[0]);
    assert_int_equal(file.len, 6);
    assert_false(file.is_mapped);
    assert_memory_equal(file.data, "stream", 6);
    qw_capture_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_has_a_name_of_its_own),
        cmocka_unit_test(tones_of_every_format_are_ascending_and_symmetric),
        cmocka_unit_test(nothing_is_detected_in_nothing),
        cmocka_unit_test(a_format_that_is_only_written_cannot_be_opened),
        cmocka_unit_test(frames_with_foreign_tones_and_wild_levels_are_written_safely),
        cmocka_unit_test(an_empty_file_has_no_records),
        cmocka_unit_test(the_clock_wraps_and_never_runs_backwards),
        cmocka_unit_test(a_table_has_a_line_per_tone_and_chain),
        cmocka_unit_test(a_summary_counts_shapes_gaps_and_repeats),
        cmocka_unit_test(files_and_pipes_give_their_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
