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
#include "radio/intel5300.h"

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

static void the_walk_counts_what_it_gives_skips_and_leaves(void **state)
{
    struct qw_intel5300_record records[3] = { sample(3, 2, 1), sample(2, 1, 2), sample(3, 1, 3) };
    static const uint8_t payload[] = { 0, 4, 0xC1, 1, 2, 3 };
    static const uint8_t empty[] = { 0, 0 };
    static const uint8_t damaged[] = { 0, 2, 0xBB, 1 };
    struct qw_intel5300_record out;
    struct qw_intel5300_reader reader;
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
    reader = qw_intel5300_reader_on(file, len);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(qw_intel5300_next(&reader, &out), QW_OK);
        assert_memory_equal(&out, &records[i], FIELDS_LEN);
        assert_int_equal(reader.time_ns, (int64_t)i * 1000000);
    }
    assert_int_equal(qw_intel5300_next(&reader, &out), QW_ERR_CLOSED);
    assert_int_equal(qw_intel5300_next(&reader, &out), QW_ERR_CLOSED);
    assert_int_equal(reader.record_count, 3);
    assert_int_equal(reader.skipped_count, 3);
    assert_int_equal(reader.damaged_count, 1);
    assert_int_equal(reader.left_over, 0);
}

static void a_file_cut_anywhere_ends_with_the_bytes_left_over(void **state)
{
    struct qw_intel5300_record record = sample(1, 1, 1);
    uint8_t file[3 * QW_INTEL5300_RECORD_MAX];
    size_t one = append(file, 0, sizeof file, &record);
    size_t len = append(file, one, sizeof file, &record);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        uint8_t *exact = malloc(cut + 1); /* so that a sanitizer sees a read past the end */
        struct qw_intel5300_reader reader;
        size_t records = 0;

        assert_non_null(exact);
        memcpy(exact, file, cut);
        reader = qw_intel5300_reader_on(exact, cut);
        while (qw_intel5300_next(&reader, &record) == QW_OK) {
            records++;
        }
        assert_int_equal(records, cut / one);
        assert_int_equal(reader.left_over, cut % one);
        free(exact);
    }
}

static void any_bytes_are_walked_to_the_end(void **state)
{
    const char *text = getenv("QW_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 11;
    struct qw_prng prng;

    (void)state;
    printf("seed %llu (QW_TEST_SEED)\n", (unsigned long long)seed);
    qw_prng_init(&prng, seed, 0);
    for (size_t round = 0; round < 2000; round++) {
        uint8_t data[600];
        size_t len = (size_t)qw_prng_below(&prng, sizeof data);
        struct qw_intel5300_reader reader = qw_intel5300_reader_on(data, len);
        struct qw_intel5300_record record;

        qw_prng_bytes(&prng, data, sizeof data);
        for (size_t i = 0; i + 1 < len; i += 2 + (size_t)data[i + 1]) {
            data[i] = 0; /* short records, so that the walk gets somewhere */
        }
        while (qw_intel5300_next(&reader, &record) == QW_OK) {
        }
        assert_true(reader.at + reader.left_over == len);
    }
}

static void the_clock_wraps_and_never_runs_backwards(void **state)
{
    static const uint32_t times_us[] = { 4294967000u, 4294967290u, 704u, 704u, 600u, 1600u };
    static const int64_t expected_ns[] = { 0, 290000, 1000000, 1000000, 1000000, 2000000 };
    enum { COUNT = sizeof times_us / sizeof times_us[0] };
    struct qw_intel5300_reader reader;
    uint8_t file[COUNT * 128];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct qw_intel5300_record record = sample(1, 1, i);

        record.time_us = times_us[i];
        len = append(file, len, sizeof file, &record);
    }
    reader = qw_intel5300_reader_on(file, len);
    for (size_t i = 0; i < COUNT; i++) {
        struct qw_intel5300_record record;

        assert_int_equal(qw_intel5300_next(&reader, &record), QW_OK);
        assert_int_equal(reader.time_ns, expected_ns[i]);
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
    struct qw_csi_frame *frame = malloc(sizeof *frame);

    (void)state;
    assert_non_null(frame);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct qw_intel5300_record record = sample(3, 2, 2);

        record.antenna_select = cases[i].select;
        qw_intel5300_to_frame(&record, frame);
        assert_int_equal(frame->format, QW_CSI_INTEL5300_20);
        assert_int_equal(frame->tone_count, 30);
        assert_int_equal(frame->sequence, 2);
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
    struct qw_csi_frame *frame = malloc(sizeof *frame);

    (void)state;
    assert_non_null(frame);
    memcpy(record.rssi, (const uint8_t[]){ 40, 40, 0 }, 3); /* the third is off */
    record.noise_dbm = -127;
    qw_intel5300_to_frame(&record, frame);
    assert_true(fabsf(frame->rssi_dbm - (43.0103f - 44.0f - 35.0f)) < 1e-3f);
    assert_true(frame->noise_dbm == -92.0f);
    assert_true(frame->agc_db == 35.0f);
    assert_int_equal(frame->tone_index[0], -28);
    assert_int_equal(frame->tone_index[14], -1);
    assert_int_equal(frame->tone_index[15], 1);
    assert_int_equal(frame->tone_index[29], 28);
    free(frame);
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

static void check_capture(const struct facts *facts, const uint8_t *data)
{
    struct qw_intel5300_reader reader = qw_intel5300_reader_on(data, facts->len);
    struct qw_intel5300_record record;
    int64_t *steps = calloc(facts->records, sizeof *steps);
    int64_t previous_ns = 0;
    size_t count = 0;

    assert_non_null(steps);
    while (qw_intel5300_next(&reader, &record) == QW_OK) {
        assert_true(count < facts->records);
        if (count == 0) {
            assert_int_equal(record.time_us, facts->first_us);
            assert_int_equal(record.count, facts->first_count);
        }
        assert_int_equal(record.rx_count, facts->rx_count);
        assert_int_equal(record.tx_count, facts->tx_count);
        steps[count++] = reader.time_ns - previous_ns;
        previous_ns = reader.time_ns;
    }
    assert_int_equal(reader.record_count, facts->records);
    assert_int_equal(reader.skipped_count, facts->skipped);
    assert_int_equal(reader.damaged_count, 0);
    assert_int_equal(reader.left_over, 0);
    qsort(steps, count, sizeof *steps, compare_steps);
    assert_true(llabs(steps[count / 2] - facts->median_us * 1000) < facts->tolerance_us * 1000);
    free(steps);
}

static uint8_t *read_capture(const char *name, size_t len)
{
    char path[1024];
    FILE *file;
    uint8_t *data = malloc(len + 1);

    snprintf(path, sizeof path, "%s/%s", QWAVE_CAPTURES, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        free(data);
        return NULL;
    }
    assert_non_null(data);
    assert_int_equal(fread(data, 1, len + 1, file), len);
    fclose(file);
    return data;
}

static void real_captures_are_read_to_the_last_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof captures / sizeof captures[0]; i++) {
        uint8_t *data = read_capture(captures[i].file, captures[i].len);

        if (data == NULL) {
            printf("no captures at %s: skipped\n", QWAVE_CAPTURES);
            skip();
            return;
        }
        check_capture(&captures[i], data);
        free(data);
    }
}

static void the_first_record_of_a_real_capture_is_known(void **state)
{
    uint8_t *data = read_capture(captures[0].file, captures[0].len);
    struct qw_intel5300_reader reader;
    struct qw_intel5300_record record;

    (void)state;
    if (data == NULL) {
        skip();
        return;
    }
    reader = qw_intel5300_reader_on(data, captures[0].len);
    assert_int_equal(qw_intel5300_next(&reader, &record), QW_OK);
    assert_int_equal(record.noise_dbm, -85);
    assert_int_equal(record.agc_db, 35);
    assert_int_equal(record.antenna_select, 9);
    assert_int_equal(record.value[0][0][0], -45);
    assert_int_equal(record.value[0][0][1], -3);
    free(data);
}

/* The strongest indication and the strongest channel must be the same antenna: this tells the right
 * direction of the permutation from its inverse. */
static void antennas_of_real_captures_agree_with_their_indications(void **state)
{
    uint8_t *data = read_capture(captures[0].file, captures[0].len);
    struct qw_csi_frame *frame = malloc(sizeof *frame);
    struct qw_intel5300_reader reader;
    struct qw_intel5300_record record;

    (void)state;
    assert_non_null(frame);
    if (data == NULL) {
        free(frame);
        skip();
        return;
    }
    reader = qw_intel5300_reader_on(data, captures[0].len);
    while (qw_intel5300_next(&reader, &record) == QW_OK) {
        float power[3] = { 0.0f, 0.0f, 0.0f };

        qw_intel5300_to_frame(&record, frame);
        for (size_t i = 0; i < 180; i++) {
            power[i / 60] += crealf(frame->value[i] * conjf(frame->value[i]));
        }
        for (size_t a = 0; a < 3; a++) {
            for (size_t b = 0; b < 3; b++) {
                if (record.rssi[a] > record.rssi[b] + 2) {
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
        cmocka_unit_test(any_bytes_are_walked_to_the_end),
        cmocka_unit_test(the_clock_wraps_and_never_runs_backwards),
        cmocka_unit_test(a_frame_is_in_the_order_of_antennas),
        cmocka_unit_test(levels_follow_the_indications_of_the_card),
        cmocka_unit_test(real_captures_are_read_to_the_last_byte),
        cmocka_unit_test(the_first_record_of_a_real_capture_is_known),
        cmocka_unit_test(antennas_of_real_captures_agree_with_their_indications),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
