/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_RADIO_CAPTURE_LAWS_H
#define QW_TESTS_RADIO_CAPTURE_LAWS_H

/* What holds for every capture format, on small files made by its own writer: frames come back as
 * they were written; no cut, no flipped bit and no noise breaks the walk or gives a frame outside
 * its bounds; frames without power and with broken numbers are skipped and counted. */
#include "base/prng.h"
#include "radio/capture/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEPS_SEQUENCE = 1, KEEPS_CHAINS = 2, KEEPS_CENTRE = 4, KEEPS_NANOSECONDS = 8 };

struct capture_law {
    enum qw_capture_format format;
    enum qw_csi_format tones; /* of the sample frames */
    uint8_t rx_count, tx_count;
    int value_max;  /* largest part of a value that the format keeps exactly */
    unsigned keeps; /* KEEPS_... */
    unsigned flags; /* QW_CSI_... that the format keeps */
};

struct capture_bench {
    struct qw_csi_frame in, out;
    uint8_t file[1 << 19];
    size_t len;
};

static inline struct capture_bench *capture_bench_new(void)
{
    struct capture_bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    return bench;
}

/* Frame i of a series; every field that some format keeps is set. */
static inline void capture_sample(const struct capture_law *law, uint64_t i,
                                  struct qw_csi_frame *frame)
{
    struct qw_prng prng;

    qw_prng_init(&prng, 77, i);
    qw_csi_frame_clear(frame);
    qw_csi_frame_set_tones(frame, law->tones);
    frame->time_ns = 1000000000 + (int64_t)i * 1000000;
    frame->sequence = 100 + i;
    frame->flags = (uint16_t)law->flags;
    frame->rx_count = law->rx_count;
    frame->tx_count = law->tx_count;
    frame->centre_mhz = 2437;
    memcpy(frame->source, (const uint8_t[]){ 2, 0x11, 0x22, 0xab, 0xcd, (uint8_t)i }, 6);
    frame->rssi_dbm = -50.0f - (float)i;
    frame->noise_dbm = -91.0f;
    frame->agc_db = (law->flags & QW_CSI_HAS_AGC) != 0 ? 30.0f : 0.0f;
    for (size_t rx = 0; rx < law->rx_count; rx++) {
        frame->chain_rssi_dbm[rx] = -50.0f - (float)(i + rx);
    }
    for (size_t k = 0; k < qw_csi_frame_value_count(frame); k++) {
        int re = (int)qw_prng_below(&prng, 2 * (uint64_t)law->value_max + 1) - law->value_max;
        int im = (int)qw_prng_below(&prng, 2 * (uint64_t)law->value_max + 1) - law->value_max;

        frame->value[k] = (float)re + I * (float)im;
    }
}

static inline void capture_begin(const struct capture_law *law, struct capture_bench *bench)
{
    const struct qw_capture_importer *importer = qw_capture_importer_of(law->format);

    bench->len = importer->head != NULL ? importer->head(bench->file, sizeof bench->file) : 0;
}

static inline size_t capture_append(const struct capture_law *law, struct capture_bench *bench,
                                    const struct qw_csi_frame *frame)
{
    size_t made = qw_capture_importer_of(law->format)
                      ->encode(frame, bench->file + bench->len, sizeof bench->file - bench->len);

    assert_int_not_equal(made, 0);
    bench->len += made;
    return made;
}

static inline void capture_file_of(const struct capture_law *law, struct capture_bench *bench,
                                   size_t frames)
{
    capture_begin(law, bench);
    for (size_t i = 0; i < frames; i++) {
        capture_sample(law, i, &bench->in);
        capture_append(law, bench, &bench->in);
    }
}

static inline const float complex *capture_value(const struct qw_csi_frame *frame, size_t chain,
                                                 int tone)
{
    for (size_t k = 0; k < frame->tone_count; k++) {
        if (frame->tone_index[k] == tone) {
            return &frame->value[chain * frame->tone_count + k];
        }
    }
    return NULL;
}

/* out has what the format keeps of in: each of its tones has in's value. */
static inline void capture_same(const struct capture_law *law, const struct qw_csi_frame *in,
                                const struct qw_csi_frame *out)
{
    int64_t in_ns = (law->keeps & KEEPS_NANOSECONDS) != 0 ? in->time_ns : in->time_ns / 1000 * 1000;

    assert_int_equal(out->time_ns, in_ns);
    assert_int_equal(out->format, in->format);
    assert_int_equal(out->rx_count, in->rx_count);
    assert_int_equal(out->tx_count, in->tx_count);
    assert_int_equal(out->flags, law->flags);
    if ((law->keeps & KEEPS_SEQUENCE) != 0) {
        assert_int_equal(out->sequence, in->sequence);
    }
    if ((law->keeps & KEEPS_CENTRE) != 0) {
        assert_int_equal(out->centre_mhz, in->centre_mhz);
    }
    if ((law->flags & QW_CSI_HAS_SOURCE) != 0) {
        assert_memory_equal(out->source, in->source, sizeof in->source);
    }
    if ((law->flags & QW_CSI_HAS_NOISE) != 0) {
        assert_true(out->noise_dbm == in->noise_dbm);
    }
    assert_true((law->flags & QW_CSI_HAS_AGC) == 0 || out->agc_db == in->agc_db);
    for (size_t rx = 0; (law->keeps & KEEPS_CHAINS) != 0 && rx < in->rx_count; rx++) {
        assert_true(out->chain_rssi_dbm[rx] == in->chain_rssi_dbm[rx]);
    }
    assert_true(out->tone_count >= 1 && out->tone_count <= in->tone_count);
    for (size_t chain = 0; chain < (size_t)in->rx_count * in->tx_count; chain++) {
        for (size_t k = 0; k < out->tone_count; k++) {
            const float complex *value = capture_value(in, chain, out->tone_index[k]);

            assert_non_null(value);
            assert_true(out->value[chain * out->tone_count + k] == *value);
        }
    }
}

/* Bounds that every frame of every reader keeps. */
static inline void capture_check_bounds(const struct qw_csi_frame *frame)
{
    size_t count = qw_csi_frame_value_count(frame);

    assert_true(frame->rx_count >= 1 && frame->tx_count >= 1);
    assert_true(frame->rx_count * frame->tx_count <= QW_CSI_CHAINS_MAX);
    assert_true(frame->tone_count >= 1 && frame->tone_count <= QW_CSI_TONES_MAX);
    assert_true(count <= QW_CSI_VALUES_MAX);
    assert_true(isfinite(frame->rssi_dbm) && isfinite(frame->noise_dbm) && isfinite(frame->agc_db));
    for (size_t k = 1; k < frame->tone_count; k++) {
        assert_true(frame->tone_index[k] > frame->tone_index[k - 1]);
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(isfinite(crealf(frame->value[i])) && isfinite(cimagf(frame->value[i])));
    }
}

/* Walks to the end; gives how many frames came. */
static inline size_t capture_walk(const struct capture_law *law, const uint8_t *data, size_t len,
                                  struct qw_csi_frame *frame, struct qw_capture_reader *reader)
{
    size_t frames = 0;

    assert_int_equal(qw_capture_reader_open(reader, law->format, data, len), QW_OK);
    while (qw_capture_reader_next(reader, frame) == QW_OK) {
        capture_check_bounds(frame);
        frames++;
    }
    assert_int_equal(reader->count[QW_CAPTURE_FRAME], frames);
    assert_int_equal(reader->at + reader->left_over, len);
    return frames;
}

static inline void capture_comes_back(const struct capture_law *law)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;
    enum qw_capture_format format;

    capture_file_of(law, bench, 5);
    assert_true(qw_capture_format_detect(bench->file, bench->len, &format));
    assert_int_equal(format, law->format);
    assert_int_equal(qw_capture_reader_open(&reader, format, bench->file, bench->len), QW_OK);
    for (size_t i = 0; i < 5; i++) {
        capture_sample(law, i, &bench->in);
        assert_int_equal(qw_capture_reader_next(&reader, &bench->out), QW_OK);
        capture_same(law, &bench->in, &bench->out);
    }
    assert_int_equal(qw_capture_reader_next(&reader, &bench->out), QW_ERR_CLOSED);
    assert_int_equal(qw_capture_reader_next(&reader, &bench->out), QW_ERR_CLOSED);
    assert_int_equal(reader.left_over, 0);
    free(bench);
}

static inline void capture_refuses_short_room(const struct capture_law *law)
{
    const struct qw_capture_importer *importer = qw_capture_importer_of(law->format);
    struct capture_bench *bench = capture_bench_new();
    size_t len;

    bench->len = 0;
    capture_sample(law, 0, &bench->in);
    len = capture_append(law, bench, &bench->in);
    for (size_t cap = 0; cap < len; cap += cap + 9 < len ? 7 : 1) {
        assert_int_equal(importer->encode(&bench->in, bench->file, cap), 0);
    }
    assert_int_equal(importer->encode(&bench->in, bench->file, len), len);
    free(bench);
}

static inline void capture_survives_every_cut(const struct capture_law *law)
{
    struct capture_bench *bench = capture_bench_new();
    size_t head_len, one;

    capture_file_of(law, bench, 0);
    head_len = bench->len;
    capture_sample(law, 0, &bench->in);
    one = capture_append(law, bench, &bench->in);
    capture_sample(law, 1, &bench->in);
    capture_append(law, bench, &bench->in);
    for (size_t cut = 0; cut < bench->len; cut++) {
        uint8_t *exact = malloc(cut + 1); /* so that a sanitizer sees a read past the end */
        struct qw_capture_reader reader;
        size_t frames;

        assert_non_null(exact);
        memcpy(exact, bench->file, cut);
        frames = capture_walk(law, exact, cut, &bench->out, &reader);
        /* A last newline may lack. */
        assert_true(frames <= (cut + 1 >= bench->len ? 2u : cut + 1 >= head_len + one ? 1u : 0u));
        free(exact);
    }
    free(bench);
}

static inline void capture_survives_every_flip(const struct capture_law *law)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    capture_file_of(law, bench, 2);
    for (size_t bit = 0; bit < 8 * bench->len; bit++) {
        bench->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(capture_walk(law, bench->file, bench->len, &bench->out, &reader) <= 2);
        bench->file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(capture_walk(law, bench->file, bench->len, &bench->out, &reader), 2);
    free(bench);
}

static inline void capture_skips_silence(const struct capture_law *law)
{
    struct capture_bench *bench = capture_bench_new();
    struct qw_capture_reader reader;

    capture_file_of(law, bench, 1);
    capture_sample(law, 1, &bench->in);
    for (size_t i = 0; i < qw_csi_frame_value_count(&bench->in); i++) {
        bench->in.value[i] = 0.0f;
    }
    capture_append(law, bench, &bench->in);
    capture_sample(law, 2, &bench->in);
    capture_append(law, bench, &bench->in);
    assert_int_equal(capture_walk(law, bench->file, bench->len, &bench->out, &reader), 2);
    assert_int_equal(reader.count[QW_CAPTURE_ZERO_POWER], 1);
    assert_int_equal(reader.left_over, 0);
    free(bench);
}

static inline void capture_survives_noise(const struct capture_law *law)
{
    const char *text = getenv("QW_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 11;
    struct capture_bench *bench = capture_bench_new();
    struct qw_prng prng;

    printf("seed %llu (QW_TEST_SEED)\n", (unsigned long long)seed);
    qw_prng_init(&prng, seed, 0);
    for (size_t round = 0; round < 500; round++) {
        struct qw_capture_reader reader;
        size_t from;

        capture_file_of(law, bench, 2);
        from = (size_t)qw_prng_below(&prng, bench->len);
        qw_prng_bytes(&prng, bench->file + from, (size_t)qw_prng_below(&prng, bench->len - from));
        capture_walk(law, bench->file, bench->len, &bench->out, &reader);
    }
    free(bench);
}

static inline void capture_holds(const struct capture_law *law)
{
    capture_comes_back(law);
    capture_refuses_short_room(law);
    capture_survives_every_cut(law);
    capture_survives_every_flip(law);
    capture_skips_silence(law);
    capture_survives_noise(law);
}

/* A file of the folder of captures: NULL when it is not there; the caller frees. */
static inline uint8_t *capture_read(const char *name, size_t *len)
{
    char path[1024];
    FILE *file;
    uint8_t *data = malloc(1 << 21);

    assert_non_null(data);
    snprintf(path, sizeof path, "%s/%s", QWAVE_CAPTURES, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        printf("no captures at %s: skipped\n", QWAVE_CAPTURES);
        free(data);
        return NULL;
    }
    *len = fread(data, 1, 1 << 21, file);
    fclose(file);
    return data;
}

#endif
