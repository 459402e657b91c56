/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q1 W3 */
#include "distill/syndrome/plan.h"

#include "distill/syndrome.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static double entropy(double q)
{
    return -q * log2(q) - (1 - q) * log2(1 - q);
}

/* More for more errors, less for a smaller margin, never below the entropy, never above n. */
static void checks_follow_the_entropy(void **state)
{
    static const size_t bits[] = { 1, 100, 1000, 16384, 65536, 1 << 20 };

    (void)state;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        size_t before = 0;

        for (uint32_t ppm = 0; ppm <= QW_SYNDROME_QBER_MAX_PPM; ppm += 1000) {
            size_t one = qw_syndrome_checks(bits[i], ppm, QW_SYNDROME_ONE_MESSAGE);
            size_t least = qw_syndrome_checks(bits[i], ppm, QW_SYNDROME_LEAST_LEAK);
            size_t fast = qw_syndrome_checks(bits[i], ppm, QW_SYNDROME_FAST);

            assert_true(one >= 1 && one <= bits[i]);
            assert_true(one >= before);
            assert_true(least <= one && one <= fast && fast <= bits[i]);
            assert_true(one == bits[i] ||
                        (double)one > (double)bits[i] * entropy(fmax(ppm, 1000) / 1e6));
            before = one;
        }
    }
}

static void degrees_add_up_to_the_columns(void **state)
{
    (void)state;
    for (size_t bits = 1; bits < 200000; bits += 1 + bits / 3) {
        for (size_t checks = 1; checks <= bits; checks += 1 + checks / 3) {
            struct qw_ldpc_degree_count counts[QW_SYNDROME_DEGREES];
            struct qw_ldpc_shape shape = qw_syndrome_shape(bits, checks);
            size_t columns = 0;

            qw_syndrome_degrees(&shape, counts);
            for (size_t i = 0; i < QW_SYNDROME_DEGREES; i++) {
                columns += counts[i].columns;
            }
            assert_int_equal(columns, shape.columns);
            assert_true(counts[0].columns < shape.rows);
            assert_true((size_t)shape.rows * shape.lift >= checks);
            assert_true((size_t)(shape.rows - 1) * shape.lift < checks);
            assert_true((size_t)shape.columns * shape.lift >= bits);
            assert_true((size_t)(shape.columns - 1) * shape.lift < bits);
            assert_true(shape.rows <= shape.columns);
        }
    }
}

/* Weak columns stay out of the last row, whose checks may be said in part only. */
static void every_bit_has_its_checks_without_the_last_row(void **state)
{
    static const size_t shape[][2] = { { 1000, 321 }, { 16384, 1500 }, { 65536, 9000 } };

    (void)state;
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        struct qw_ldpc_code *code = NULL;
        uint32_t *degree;

        assert_int_equal(qw_syndrome_code_new(shape[i][0], shape[i][1], &code), QW_OK);
        degree = calloc(code->columns, sizeof *degree);
        for (uint32_t e = 0; e < code->edges; e++) {
            degree[code->edge_column[e]]++;
        }
        for (uint32_t e = code->row_start[code->rows - 1]; e < code->edges; e++) {
            assert_true(degree[code->edge_column[e]] > 3);
        }
        for (uint32_t column = 0; column < code->columns; column++) {
            assert_true(degree[column] >= 2);
        }
        free(degree);
        qw_ldpc_code_free(code);
    }
}

/* Changing a table or the growth is a change of the protocol. */
static void the_codes_are_the_same_on_every_machine(void **state)
{
    static const size_t shape[][2] = {
        { 100, 60 }, { 1024, 300 }, { 4096, 400 }, { 65536, 21000 }
    };
    uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a */

    (void)state;
    for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
        struct qw_ldpc_code *code = NULL;

        assert_int_equal(qw_syndrome_code_new(shape[i][0], shape[i][1], &code), QW_OK);
        for (uint32_t e = 0; e < code->edges; e++) {
            digest = (digest ^ code->edge_column[e]) * 0x100000001b3u;
            digest = (digest ^ code->edge_shift[e]) * 0x100000001b3u;
        }
        for (uint32_t row = 0; row <= code->rows; row++) {
            digest = (digest ^ code->row_start[row]) * 0x100000001b3u;
        }
        qw_ldpc_code_free(code);
    }
    printf("digest %016llx\n", (unsigned long long)digest);
    assert_true(digest == 0x9086ee17cb7ddf3eu);
}

static void refuses_sizes_out_of_range(void **state)
{
    static const size_t wrong[][2] = { { 0, 1 }, { 10, 0 }, { 10, 11 }, { (1 << 20) + 1, 10 } };
    struct qw_ldpc_code *code = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(qw_syndrome_code_new(wrong[i][0], wrong[i][1], &code), QW_ERR_ARG);
        assert_null(code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_follow_the_entropy),
        cmocka_unit_test(degrees_add_up_to_the_columns),
        cmocka_unit_test(every_bit_has_its_checks_without_the_last_row),
        cmocka_unit_test(the_codes_are_the_same_on_every_machine),
        cmocka_unit_test(refuses_sizes_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
