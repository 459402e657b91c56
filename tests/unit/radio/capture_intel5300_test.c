/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W15 */
/* The Intel 5300 importer: files made by its own writer, damage of every kind, and the facts known
 * about real captures where the folder with them is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prng.h"
#include "capture_laws.h"
#include "radio/capture/intel5300.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything but the padding at the end. */
enum {
    FIELDS_LEN = offsetof(struct qw_intel5300_record, value) +
                 2 * QW_INTEL5300_TONES * QW_INTEL5300_CHAINS_MAX
};

static struct qw_intel5300_record sample(uint8_t rx_count, uint8_t tx_count, uint64_t seed)
{
    struct qw_intel5300_record record = { .time_us = (uint32_t)(1000 * seed),
                                          .count = (uint16_t)seed,
                                          .rx_count = rx_count,
                                          .tx_count = tx_count,
                                          .rssi = { 31, 40, 35 },
                                          .noise_dbm = -85,
                                          .agc_db = 35,
                                          .antenna_select = 9,
                                          .rate_flags = 0x10f };
    struct qw_prng prng;

    qw_prng_init(&prng, seed, 1);
    for (size_t k = 0; k < QW_INTEL5300_TONES; k++) {
        for (size_t c = 0; c < (size_t)rx_count * tx_count; c++) {
            record.value[k][c][0] = (int8_t)((int)qw_prng_below(&prng, 256) - 128);
            record.value[k][c][1] = (int8_t)((int)qw_prng_below(&prng, 256) - 128);
        }
    }
    return record;
}

static size_t append(uint8_t *file, size_t at, size_t cap, const struct qw_intel5300_record *record)
{
    size_t len = qw_intel5300_encode(record, file + at, cap - at);

    assert_int_not_equal(len, 0);
    return at + len;
}

static void every_shape_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (uint8_t rx = 1; rx <= 3; rx++) {
        for (uint8_t tx = 1; tx <= 3; tx++) {
            struct qw_intel5300_record in = sample(rx, tx, 7);
            struct qw_intel5300_record out;
            uint8_t file[QW_INTEL5300_RECORD_MAX + 1];
            size_t len = qw_intel5300_encode(&in, file, QW_INTEL5300_RECORD_MAX);

            /* The length rule of the format. */
            assert_int_equal(len, 3 + 20 + (30 * (rx * tx * 16 + 3) + 7) / 8);
            assert_int_equal(file[0] << 8 | file[1], len - 2);
            assert_int_equal(qw_intel5300_decode(file + 3, len - 3, &out), QW_OK);
            assert_memory_equal(&in, &out, FIELDS_LEN);
            assert_int_equal(qw_intel5300_decode(file + 3, len - 2, &out), QW_ERR_FORMAT);
            assert_int_equal(qw_intel5300_encode(&in, file, len - 1), 0);
            for (size_t cut = 0; cut < len - 3; cut++) {
                memset(&out, 0x5a, sizeof out);
                assert_int_equal(qw_intel5300_decode(file + 3, cut, &out), QW_ERR_FORMAT);
                assert_int_equal(out.time_us, 0x5a5a5a5a);
            }
        }
    }
}

static void shapes_outside_the_format_are_refused(void **state)
{
    static const uint8_t shapes[][2] = { { 0, 1 }, { 1, 0 }, { 4, 1 }, { 1, 4 }, { 255, 255 } };
    uint8_t file[QW_INTEL5300_RECORD_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct qw_intel5300_record record = sample(1, 1, 3);
        size_t len = qw_intel5300_encode(&record, file, sizeof file);

        file[3 + 8] = shapes[i][0];
        file[3 + 9] = shapes[i][1];
        assert_int_equal(qw_intel5300_decode(file + 3, len - 3, &record), QW_ERR_FORMAT);
        record.rx_count = shapes[i][0];
        record.tx_count = shapes[i][1];
        assert_int_equal(qw_intel5300_encode(&record, file, sizeof file), 0);
    }
}

/* Bits before each group carry nothing: those flips give the same record. */
static bool is_skipped_bit(size_t bit, size_t chain_count)
{
    size_t period = chain_count * 16 + 3;

    return bit >= 8 * 20 && ((bit - 8 * 20) % period < 3 || (bit - 8 * 20) / period >= 30);
}

static void a_flipped_bit_is_refused_or_means_exactly_these_bytes(void **state)
{
    struct qw_intel5300_record record = sample(2, 1, 5);
    uint8_t file[QW_INTEL5300_RECORD_MAX];
    size_t len = qw_intel5300_encode(&record, file, sizeof file);

    (void)state;
    for (size_t bit = 0; bit < 8 * (len - 3); bit++) {
        struct qw_intel5300_record out;
        uint8_t again[QW_INTEL5300_RECORD_MAX];

        file[3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (qw_intel5300_decode(file + 3, len - 3, &out) == QW_OK) {
            assert_int_equal(qw_intel5300_encode(&out, again, sizeof again), len);
            if (is_skipped_bit(bit, 2)) {
                assert_memory_equal(&out, &record, FIELDS_LEN);
            } else {
                assert_memory_equal(again, file, len);
            }
        } else {
            assert_false(is_skipped_bit(bit, 2));
        }
        file[3 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static struct qw_capture_reader reader_on(const uint8_t *data, size_t len)
{
    struct qw_capture_reader reader;

    assert_int_equal(qw_capture_reader_open(&reader, QW_CAPTURE_INTEL5300, data, len), QW_OK);
    return reader;
}

static struct qw_csi_frame *frame_new(void)
{
    struct qw_csi_frame *frame = calloc(1, sizeof *frame);

    assert_non_null(frame);
    return frame;
}

static void the_walk_counts_what_it_gives_skips_and_leaves(void **state)
{
    struct qw_intel5300_record records[3] = { sample(3, 2, 1), sample(2, 1, 2), sample(3, 1, 3) };
    static const uint8_t payload[] = { 0, 4, 0xC1, 1, 2, 3 };
    static const uint8_t empty[] = { 0, 0 };
    static const uint8_t damaged[] = { 0, 2, 0xBB, 1 };
    struct qw_csi_frame *out = frame_new();
    struct qw_capture_reader reader;
    uint8_t file[4096];
    size_t len = 0;

    (void)state;
    len = append(file, len, sizeof file, &records[0]);
    memcpy(file + len, payload, sizeof payload);
    len += sizeof payload;
    len = append(file, len, sizeof file, &records[1]);
    memcpy(file + len, empty, sizeof empty);
    len += sizeof empty;
    memcpy(file + len, damaged, sizeof damaged);
    len += sizeof damaged;
    records[2].rate_flags |= 1 << 11; /* 40 MHz */
    len = append(file, len, sizeof file, &records[2]);
    records[2].rate_flags = 0;
    len = append(file, len, sizeof file, &records[2]);
    file[len] = 0xBB; /* half a length */
    reader = reader_on(file, len + 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_capture_reader_next(&reader, out), QW_OK);
        assert_int_equal(out->sequence, records[i].count);
        assert_int_equal(out->rx_count, records[i].rx_count);
        assert_int_equal(out->tx_count, records[i].tx_count);
        assert_int_equal(out->time_ns, (int64_t)(i + 1) * 1000000);
    }
    assert_int_equal(qw_capture_reader_next(&reader, out), QW_ERR_CLOSED);
    assert_int_equal(qw_capture_reader_next(&reader, out), QW_ERR_CLOSED);
    assert_int_equal(reader.count[QW_CAPTURE_FRAME], 3);
    assert_int_equal(reader.count[QW_CAPTURE_OTHER], 2);
    assert_int_equal(reader.count[QW_CAPTURE_UNSUPPORTED], 1);
    assert_int_equal(reader.count[QW_CAPTURE_LENGTH], 1);
    assert_int_equal(qw_capture_reader_records(&reader), 7);
    assert_int_equal(qw_capture_reader_skipped(&reader), 4);
    assert_int_equal(reader.left_over, 1);
    free(out);
}

static void a_file_cut_anywhere_ends_with_the_bytes_left_over(void **state)
{
    struct qw_intel5300_record record = sample(1, 1, 1);
    struct qw_csi_frame *frame = frame_new();
    uint8_t file[3 * QW_INTEL5300_RECORD_MAX];
    size_t one = append(file, 0, sizeof file, &record);
    size_t len = append(file, one, sizeof file, &record);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        struct qw_capture_reader reader = reader_on(file, cut);
        size_t records = 0;

        while (qw_capture_reader_next(&reader, frame) == QW_OK) {
            records++;
        }
        assert_int_equal(records, cut / one);
        assert_int_equal(reader.left_over, cut % one);
    }
    free(frame);
}

static void every_shape_holds_the_laws_of_captures(void **state)
{
    (void)state;
    for (uint8_t rx = 1; rx <= 3; rx += 2) {
        for (uint8_t tx = 1; tx <= 3; tx++) {
            struct capture_law law = { .format = QW_CAPTURE_INTEL5300,
                                       .tones = QW_CSI_INTEL5300_20,
                                       .rx_count = rx,
                                       .tx_count = tx,
                                       .value_max = 127,
                                       .keeps = KEEPS_SEQUENCE | KEEPS_CHAINS,
                                       .flags = QW_CSI_HAS_TIME | QW_CSI_HAS_RSSI |
                                                QW_CSI_HAS_NOISE | QW_CSI_HAS_AGC };

            capture_comes_back(&law);
            if (tx == 1) {
                capture_holds(&law);
            }
        }
    }
}

static void a_frame_is_in_the_order_of_antennas(void **state)
{
    static const struct {
        uint8_t select;
        size_t antenna[3];
    } cases[] = {
        { 9, { 1, 2, 0 } }, /* chain 0 was antenna 1, chain 1 antenna 2, chain 2 antenna 0 */
        { 0x24, { 0, 1, 2 } }, { 6, { 2, 1, 0 } },
        { 0, { 0, 1, 2 } },    /* one antenna three times: not believed */
        { 0x3f, { 0, 1, 2 } }, /* antenna 3 */
    };
    struct qw_csi_frame *frame = frame_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_intel5300_record record = sample(3, 2, 2);
        uint8_t file[QW_INTEL5300_RECORD_MAX];
        struct qw_capture_reader reader;

        record.antenna_select = cases[i].select;
        reader = reader_on(file, append(file, 0, sizeof file, &record));
        assert_int_equal(qw_capture_reader_next(&reader, frame), QW_OK);
        assert_int_equal(frame->format, QW_CSI_INTEL5300_20);
        assert_int_equal(frame->tone_count, 30);
        for (size_t chain = 0; chain < 3; chain++) {
            for (size_t tx = 0; tx < 2; tx++) {
                for (size_t k = 0; k < 30; k++) {
                    const int8_t *in = record.value[k][chain * 2 + tx];
                    float complex out = frame->value[(cases[i].antenna[chain] * 2 + tx) * 30 + k];

                    assert_true(crealf(out) == (float)in[0] && cimagf(out) == (float)in[1]);
                }
            }
        }
    }
    free(frame);
}

static void levels_follow_the_indications_of_the_card(void **state)
{
    struct qw_intel5300_record record = sample(3, 1, 2);
    struct qw_csi_frame *frame = frame_new();
    uint8_t file[QW_INTEL5300_RECORD_MAX];
    struct qw_capture_reader reader;

    (void)state;
    memcpy(record.rssi, (const uint8_t[]){ 40, 40, 0 }, 3); /* the third is off */
    record.noise_dbm = -127;
    reader = reader_on(file, append(file, 0, sizeof file, &record));
    assert_int_equal(qw_capture_reader_next(&reader, frame), QW_OK);
    assert_true(fabsf(frame->rssi_dbm - (43.0103f - 44.0f - 35.0f)) < 1e-3f);
    assert_true(fabsf(frame->chain_rssi_dbm[0] - (40.0f - 44.0f - 35.0f)) < 1e-3f);
    assert_true(frame->chain_rssi_dbm[2] == QW_CSI_LEVEL_UNKNOWN);
    assert_true(frame->noise_dbm == -92.0f && (frame->flags & QW_CSI_HAS_NOISE) == 0);
    assert_true(frame->agc_db == 35.0f);
    assert_int_equal(frame->tone_index[0], -28);
    assert_int_equal(frame->tone_index[14], -1);
    assert_int_equal(frame->tone_index[15], 1);
    assert_int_equal(frame->tone_index[29], 28);
    free(frame);
}

static void numbers_that_are_no_small_integers_are_scaled_by_frame(void **state)
{
    struct capture_bench *bench = capture_bench_new();
    static const struct capture_law law = { .format = QW_CAPTURE_INTEL5300,
                                            .tones = QW_CSI_INTEL5300_20,
                                            .rx_count = 1,
                                            .tx_count = 1,
                                            .value_max = 100 };
    struct qw_capture_reader reader;

    (void)state;
    bench->len = 0;
    capture_sample(&law, 0, &bench->in);
    bench->in.value[3] = 254.0f - 60.5f * I;
    capture_append(&law, bench, &bench->in);
    reader = reader_on(bench->file, bench->len);
    assert_int_equal(qw_capture_reader_next(&reader, &bench->out), QW_OK);
    for (size_t k = 0; k < 30; k++) {
        assert_true(cabsf(2.0f * bench->out.value[k] - bench->in.value[k]) < 1.5f);
    }
    free(bench);
}

/* What is known about the captures; 0 bytes are left over in each. */
struct facts {
    const char *file;
    size_t len;
    uint64_t records, skipped;
    uint8_t rx_count, tx_count;
    uint32_t first_us;
    uint16_t first_count;
    int64_t median_us; /* distance of records */
    int64_t tolerance_us;
};

static const struct facts captures[] = {
    { "intel5300_ap.dat", 213300, 540, 0, 3, 2, 961579729, 6224, 100800, 2000 },
    { "intel5300_moving_1s.dat", 216290, 1006, 0, 3, 1, 320318074, 3553, 1200, 100 },
    { "intel5300_moving_3s.dat", 1037308, 2998, 2998, 3, 1, 40121045, 1, 1000, 10 },
};

static int compare_steps(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

static void check_capture(const struct facts *facts, const uint8_t *data, size_t len)
{
    struct qw_capture_reader reader = reader_on(data, len);
    struct qw_csi_frame *frame = frame_new();
    int64_t *steps = calloc(facts->records, sizeof *steps);
    int64_t previous_ns = 0;
    size_t count = 0;

    assert_non_null(steps);
    assert_int_equal(len, facts->len);
    while (qw_capture_reader_next(&reader, frame) == QW_OK) {
        assert_true(count < facts->records);
        if (count == 0) {
            assert_int_equal(frame->time_ns, (int64_t)facts->first_us * 1000);
            assert_int_equal(frame->sequence, facts->first_count);
            previous_ns = frame->time_ns;
        }
        assert_int_equal(frame->rx_count, facts->rx_count);
        assert_int_equal(frame->tx_count, facts->tx_count);
        steps[count++] = frame->time_ns - previous_ns;
        previous_ns = frame->time_ns;
    }
    assert_int_equal(reader.count[QW_CAPTURE_FRAME], facts->records);
    assert_int_equal(reader.count[QW_CAPTURE_OTHER], facts->skipped);
    assert_int_equal(qw_capture_reader_records(&reader), facts->records + facts->skipped);
    assert_int_equal(reader.left_over, 0);
    qsort(steps, count, sizeof *steps, compare_steps);
    assert_true(llabs(steps[count / 2] - facts->median_us * 1000) < facts->tolerance_us * 1000);
    free(steps);
    free(frame);
}

static void real_captures_are_read_to_the_last_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        size_t len;
        uint8_t *data = capture_read(captures[i].file, &len);
        enum qw_capture_format format;

        if (data == NULL) {
            skip();
            return;
        }
        assert_true(qw_capture_format_detect(data, len, &format));
        assert_int_equal(format, QW_CAPTURE_INTEL5300);
        check_capture(&captures[i], data, len);
        free(data);
    }
}

static void the_first_record_of_a_real_capture_is_known(void **state)
{
    size_t len;
    uint8_t *data = capture_read(captures[0].file, &len);
    struct qw_csi_frame *frame = frame_new();
    struct qw_intel5300_record record;
    struct qw_capture_reader reader;

    (void)state;
    if (data == NULL) {
        free(frame);
        skip();
        return;
    }
    assert_int_equal(data[0] << 8 | data[1], 393);
    assert_int_equal(qw_intel5300_decode(data + 3, 392, &record), QW_OK);
    assert_int_equal(record.noise_dbm, -85);
    assert_int_equal(record.agc_db, 35);
    assert_int_equal(record.antenna_select, 9);
    assert_int_equal(record.value[0][0][0], -45);
    assert_int_equal(record.value[0][0][1], -3);
    reader = reader_on(data, len); /* chain 0 was antenna 1 */
    assert_int_equal(qw_capture_reader_next(&reader, frame), QW_OK);
    assert_true(frame->value[2 * 30] == -45.0f - 3.0f * I);
    while (qw_capture_reader_next(&reader, frame) == QW_OK) {
        assert_true(frame->agc_db == 34.0f || frame->agc_db == 35.0f);
    }
    free(frame);
    free(data);
}

/* The strongest indication and the strongest channel must be the same antenna: this tells the right
 * direction of the permutation from its inverse. */
static void antennas_of_real_captures_agree_with_their_indications(void **state)
{
    size_t len;
    uint8_t *data = capture_read(captures[0].file, &len);
    struct qw_csi_frame *frame = frame_new();
    struct qw_capture_reader reader;

    (void)state;
    if (data == NULL) {
        free(frame);
        skip();
        return;
    }
    reader = reader_on(data, len);
    while (qw_capture_reader_next(&reader, frame) == QW_OK) {
        float power[3] = { 0.0f, 0.0f, 0.0f };

        for (size_t i = 0; i < 180; i++) {
            power[i / 60] += crealf(frame->value[i] * conjf(frame->value[i]));
        }
        for (size_t a = 0; a < 3; a++) {
            for (size_t b = 0; b < 3; b++) {
                if (frame->chain_rssi_dbm[a] > frame->chain_rssi_dbm[b] + 2.0f) {
                    assert_true(power[a] > power[b]);
                }
            }
        }
    }
    free(frame);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_comes_back_as_it_was_written),
        cmocka_unit_test(shapes_outside_the_format_are_refused),
        cmocka_unit_test(a_flipped_bit_is_refused_or_means_exactly_these_bytes),
        cmocka_unit_test(the_walk_counts_what_it_gives_skips_and_leaves),
        cmocka_unit_test(a_file_cut_anywhere_ends_with_the_bytes_left_over),
        cmocka_unit_test(every_shape_holds_the_laws_of_captures),
        cmocka_unit_test(a_frame_is_in_the_order_of_antennas),
        cmocka_unit_test(levels_follow_the_indications_of_the_card),
        cmocka_unit_test(numbers_that_are_no_small_integers_are_scaled_by_frame),
        cmocka_unit_test(real_captures_are_read_to_the_last_byte),
        cmocka_unit_test(the_first_record_of_a_real_capture_is_known),
        cmocka_unit_test(antennas_of_real_captures_agree_with_their_indications),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
