/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
#include "distill/ldpc_split.h"

#include "base/prng.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BITS = 600, CHECKS = 250, WIDTH_MAX = 2 * BITS };

static struct qw_ldpc_code *build(void)
{
    struct qw_ldpc_code *code = NULL;

    assert_int_equal(qw_ldpc_code_new(BITS, CHECKS, &code), QW_OK);
    assert_true((size_t)code->columns * code->lift <= WIDTH_MAX);
    return code;
}

/* Law: the two halves of a row sum up to the row, and hold its edges between them. */
static void halves_sum_up_to_the_row(void **state)
{
    struct qw_ldpc_code *code = build();
    uint32_t *row_start = calloc(2 * (size_t)code->rows + 1, sizeof *row_start);
    uint8_t bit[WIDTH_MAX] = { 0 };
    uint8_t whole[WIDTH_MAX];
    uint8_t parts[2 * WIDTH_MAX];
    struct qw_prng prng;

    (void)state;
    assert_non_null(row_start);
    qw_prng_init(&prng, test_seed(), 1);
    for (size_t i = 0; i < BITS; i++) {
        bit[i] = qw_prng_u64(&prng) & 1;
    }
    qw_ldpc_code_syndrome(code, bit, whole);
    for (uint32_t split = 0; split <= code->rows; split++) {
        struct qw_ldpc_code halved;

        qw_ldpc_split(code, split, row_start, &halved);
        assert_int_equal(halved.rows, code->rows + split);
        assert_int_equal(halved.checks, (size_t)halved.rows * code->lift);
        assert_int_equal(row_start[0], 0);
        assert_int_equal(row_start[halved.rows], code->edges);
        for (uint32_t row = 0; row < halved.rows; row++) {
            assert_true(row_start[row] <= row_start[row + 1]);
        }
        qw_ldpc_code_syndrome(&halved, bit, parts);
        for (size_t i = 0; i < split * code->lift; i++) {
            size_t row = i / code->lift;
            size_t z = i % code->lift;

            assert_int_equal(
                parts[2 * row * code->lift + z] ^ parts[(2 * row + 1) * code->lift + z], whole[i]);
        }
    }
    free(row_start);
    qw_ldpc_code_free(code);
}

/* Inverse: what the receiver puts together is what the sender has. */
static void the_syndrome_of_the_halves_comes_back_from_what_is_said(void **state)
{
    struct qw_ldpc_code *code = build();
    uint32_t *row_start = calloc(2 * (size_t)code->rows + 1, sizeof *row_start);
    uint8_t bit[WIDTH_MAX] = { 0 };
    uint8_t whole[WIDTH_MAX];
    uint8_t half[WIDTH_MAX];
    uint8_t parts[2 * WIDTH_MAX];
    uint8_t again[2 * WIDTH_MAX];
    struct qw_prng prng;

    (void)state;
    assert_non_null(row_start);
    qw_prng_init(&prng, test_seed(), 2);
    for (size_t i = 0; i < BITS; i++) {
        bit[i] = qw_prng_u64(&prng) & 1;
    }
    qw_ldpc_code_syndrome(code, bit, whole);
    for (uint32_t split = 0; split <= code->rows; split++) {
        struct qw_ldpc_code halved;
        size_t lift = code->lift;

        qw_ldpc_split(code, split, row_start, &halved);
        qw_ldpc_code_syndrome(&halved, bit, parts);
        for (size_t i = 0; i < split * lift; i++) {
            half[i] = parts[i / lift * 2 * lift + i % lift];
        }
        qw_ldpc_split_syndrome(&halved, split, whole, half, again);
        assert_memory_equal(again, parts, halved.checks);
    }
    free(row_start);
    qw_ldpc_code_free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_sum_up_to_the_row),
        cmocka_unit_test(the_syndrome_of_the_halves_comes_back_from_what_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
