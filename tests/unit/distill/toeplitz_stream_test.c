/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W4 Q1 */
#include "distill/toeplitz_stream.h"

#include "base/bits.h"
#include "base/prng.h"
#include "distill/toeplitz.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BITS_MAX = 200000, LEN = BITS_MAX / 8 + 1 };

struct bench {
    struct qw_prng prng;
    uint8_t in[LEN];
    uint8_t seed[2 * LEN];
    uint8_t piece[LEN];
    uint8_t whole[LEN];
    uint8_t out[LEN];
};

static struct bench bench;

static void draw(uint64_t stream)
{
    qw_prng_init(&bench.prng, test_seed(), stream);
    qw_prng_bytes(&bench.prng, bench.in, sizeof bench.in);
    qw_prng_bytes(&bench.prng, bench.seed, sizeof bench.seed);
}

/* Bits from..from + bits - 1 of in, and noise behind them. */
static const uint8_t *piece_of(size_t from, size_t bits)
{
    qw_prng_bytes(&bench.prng, bench.piece, QW_BITS_TO_BYTES(bits));
    for (size_t i = 0; i < bits; i++) {
        qw_bit_set(bench.piece, i, qw_bit_get(bench.in, from + i));
    }
    return bench.piece;
}

static struct qw_toeplitz_stream *stream_of(bool modified, size_t in_bits, size_t out_bits)
{
    struct qw_toeplitz_stream_config config = { modified, in_bits, out_bits, bench.seed };
    struct qw_toeplitz_stream *stream = NULL;

    assert_int_equal(qw_toeplitz_stream_new(&config, &stream), QW_OK);
    return stream;
}

static void check_pieces(bool modified, size_t in_bits, size_t out_bits, size_t piece_max)
{
    struct qw_toeplitz_stream *stream = stream_of(modified, in_bits, out_bits);
    size_t at = 0;

    while (at < in_bits) {
        size_t bits = (size_t)qw_prng_below(&bench.prng, piece_max + 1);

        bits = bits < in_bits - at ? bits : in_bits - at;
        assert_int_equal(qw_toeplitz_stream_push(stream, piece_of(at, bits), bits), QW_OK);
        at += bits;
    }
    assert_int_equal(
        modified ? qw_toeplitz_hash_modified(bench.in, in_bits, bench.seed, bench.whole, out_bits)
                 : qw_toeplitz_hash(bench.in, in_bits, bench.seed, bench.whole, out_bits),
        QW_OK);
    assert_int_equal(qw_toeplitz_stream_finish(stream, bench.out), QW_OK);
    assert_memory_equal(bench.out, bench.whole, QW_BITS_TO_BYTES(out_bits));
    qw_toeplitz_stream_free(stream);
}

static void pieces_give_the_bits_of_the_whole(void **state)
{
    static const size_t shapes[][3] = { { 1, 1, 1 },          { 2, 1, 1 },
                                        { 64, 64, 7 },        { 65, 30, 64 },
                                        { 300, 100, 33 },     { 1000, 999, 200 },
                                        { 5000, 2500, 1000 }, { 150001, 70003, 40000 } };

    (void)state;
    draw(1);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check_pieces(false, shapes[i][0], shapes[i][1], shapes[i][2]);
        check_pieces(true, shapes[i][0], shapes[i][1], shapes[i][2]);
    }
}

static void random_shapes_in_random_pieces(void **state)
{
    (void)state;
    draw(2);
    for (int i = 0; i < 300; i++) {
        size_t in_bits = 1 + (size_t)qw_prng_below(&bench.prng, 2000);
        size_t out_bits = 1 + (size_t)qw_prng_below(&bench.prng, in_bits);

        check_pieces(i % 2 == 1, in_bits, out_bits, 1 + (size_t)qw_prng_below(&bench.prng, 700));
    }
}

static void ends_only_when_all_is_in_and_takes_no_more(void **state)
{
    struct qw_toeplitz_stream *stream;
    uint8_t before[2] = { 7, 7 };
    uint8_t out[2] = { 7, 7 };

    (void)state;
    draw(3);
    stream = stream_of(false, 40, 16);
    assert_int_equal(qw_toeplitz_stream_finish(stream, out), QW_ERR_STATE);
    assert_int_equal(qw_toeplitz_stream_push(stream, bench.in, 39), QW_OK);
    assert_int_equal(qw_toeplitz_stream_finish(stream, out), QW_ERR_STATE);
    assert_memory_equal(out, before, sizeof out);
    assert_int_equal(qw_toeplitz_stream_push(stream, bench.in, 2), QW_ERR_ARG);
    assert_int_equal(qw_toeplitz_stream_push(stream, bench.in, 1), QW_OK);
    assert_int_equal(qw_toeplitz_stream_push(stream, bench.in, 0), QW_OK);
    assert_int_equal(qw_toeplitz_stream_push(stream, bench.in, 1), QW_ERR_ARG);
    assert_int_equal(qw_toeplitz_stream_finish(stream, out), QW_OK);
    qw_toeplitz_stream_free(stream);
}

static void refuses_a_shape_that_does_not_compress(void **state)
{
    static const size_t wrong[][2] = { { 0, 0 }, { 10, 0 }, { 10, 11 }, { (1 << 28) + 1, 5 } };
    struct qw_toeplitz_stream *stream = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct qw_toeplitz_stream_config config = { false, wrong[i][0], wrong[i][1], bench.seed };

        assert_int_equal(qw_toeplitz_stream_new(&config, &stream), QW_ERR_ARG);
        assert_null(stream);
    }
}

/* A piece that was lost to a failed allocation is never left out in silence. */
static void every_allocation_may_fail(void **state)
{
    struct qw_toeplitz_stream_config config = { true, 5000, 1000, bench.seed };
    int failures = 0;

    (void)state;
    draw(4);
    for (int n = 1;; n++) {
        struct qw_toeplitz_stream *stream = NULL;
        qw_err err;

        fail_at = n;
        err = qw_toeplitz_stream_new(&config, &stream);
        if (err == QW_OK) {
            err = qw_toeplitz_stream_push(stream, bench.in, 5000);
        }
        fail_at = 0;
        if (err == QW_OK) {
            qw_toeplitz_stream_free(stream);
            break;
        }
        failures++;
        assert_int_equal(err, QW_ERR_NOMEM);
        if (stream != NULL) {
            assert_int_equal(qw_toeplitz_stream_push(stream, bench.in, 0), QW_ERR_STATE);
            assert_int_equal(qw_toeplitz_stream_finish(stream, bench.out), QW_ERR_STATE);
        }
        qw_toeplitz_stream_free(stream);
    }
    assert_true(failures >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_give_the_bits_of_the_whole),
        cmocka_unit_test(random_shapes_in_random_pieces),
        cmocka_unit_test(ends_only_when_all_is_in_and_takes_no_more),
        cmocka_unit_test(refuses_a_shape_that_does_not_compress),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
