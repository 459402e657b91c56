/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W3 W11 */
#include "distill/ldpc_code.h"

#include "base/prng.h"
#include "unit/distill/failing_calloc.h"
#include "unit/distill/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    size_t bits;
    size_t checks;
} shapes[] = {
    { 1, 1 },       { 2, 1 },       { 64, 63 },      { 64, 16 },       { 100, 100 },
    { 512, 470 },   { 512, 140 },   { 1000, 17 },    { 1024, 900 },    { 1024, 290 },
    { 4096, 3600 }, { 4097, 2000 }, { 16384, 4000 }, { 16384, 15200 }, { 20000, 100 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct qw_ldpc_code *build(size_t bits, size_t checks)
{
    struct qw_ldpc_code *code = NULL;

    assert_int_equal(qw_ldpc_code_new(bits, checks, &code), QW_OK);
    return code;
}

static void sizes_cover_what_was_asked_for_with_little_waste(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct qw_ldpc_code *code = build(shapes[i].bits, shapes[i].checks);

        assert_int_equal(code->bits, shapes[i].bits);
        assert_true((size_t)code->columns * code->lift >= code->bits);
        assert_true((size_t)code->columns * code->lift < code->bits + code->lift);
        assert_int_equal(code->checks, (size_t)code->rows * code->lift);
        assert_int_equal(code->checks, qw_ldpc_code_checks(shapes[i].bits, shapes[i].checks));
        assert_true(code->checks >= shapes[i].checks);
        assert_true(code->checks <= shapes[i].checks + 4 + shapes[i].checks / 100);
        qw_ldpc_code_free(code);
    }
}

static void every_bit_is_checked_and_no_cell_is_used_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct qw_ldpc_code *code = build(shapes[i].bits, shapes[i].checks);
        uint32_t *degree = test_calloc(code->columns, sizeof *degree);
        uint32_t *last_row = test_calloc(code->columns, sizeof *last_row);

        assert_int_equal(code->row_start[code->rows], code->edges);
        for (uint32_t row = 0; row < code->rows; row++) {
            assert_in_range(code->row_start[row + 1] - code->row_start[row], 0,
                            code->row_degree_max);
            for (uint32_t e = code->row_start[row]; e < code->row_start[row + 1]; e++) {
                uint32_t column = code->edge_column[e];

                assert_true(column < code->columns);
                assert_true(code->edge_shift[e] < code->lift);
                assert_int_not_equal(last_row[column], row + 1);
                last_row[column] = row + 1;
                degree[column]++;
            }
        }
        for (uint32_t c = 0; c < code->columns; c++) {
            assert_true(degree[c] >= (code->rows < 2 ? code->rows : 2));
        }
        test_free(degree);
        test_free(last_row);
        qw_ldpc_code_free(code);
    }
}

/* Two columns meet in two rows with the same difference of shifts: the plain definition. */
static size_t cycles_of_length_4(const struct qw_ldpc_code *code)
{
    enum { ABSENT = -1 };
    int32_t *cell = test_malloc((size_t)code->rows * code->columns * sizeof *cell);
    size_t cycles = 0;

    for (size_t i = 0; i < (size_t)code->rows * code->columns; i++) {
        cell[i] = ABSENT;
    }
    for (uint32_t row = 0; row < code->rows; row++) {
        for (uint32_t e = code->row_start[row]; e < code->row_start[row + 1]; e++) {
            cell[(size_t)row * code->columns + code->edge_column[e]] = (int32_t)code->edge_shift[e];
        }
    }
    for (uint32_t a = 0; a < code->rows; a++) {
        for (uint32_t b = a + 1; b < code->rows; b++) {
            uint8_t *met = test_calloc(code->lift, 1);

            for (uint32_t c = 0; c < code->columns; c++) {
                int32_t sa = cell[(size_t)a * code->columns + c];
                int32_t sb = cell[(size_t)b * code->columns + c];

                if (sa != ABSENT && sb != ABSENT) {
                    uint8_t *m = &met[((uint32_t)sa + code->lift - (uint32_t)sb) % code->lift];

                    cycles += *m;
                    *m = 1;
                }
            }
            test_free(met);
        }
    }
    test_free(cell);
    return cycles;
}

static void codes_with_room_have_no_short_cycles(void **state)
{
    static const size_t leak_percent[] = { 22, 45, 65, 80, 93 };

    (void)state;
    for (size_t i = 0; i < sizeof leak_percent / sizeof leak_percent[0]; i++) {
        struct qw_ldpc_code *code = build(8192, 8192 * leak_percent[i] / 100);

        assert_int_equal(cycles_of_length_4(code), 0);
        qw_ldpc_code_free(code);
    }
}

static bool have_same_rows(const uint8_t *uses, const struct qw_ldpc_code *code, uint32_t a,
                           uint32_t b)
{
    for (uint32_t row = 0; row < code->rows; row++) {
        if (uses[(size_t)row * code->columns + a] != uses[(size_t)row * code->columns + b]) {
            return false;
        }
    }
    return true;
}

/* All bits of two such columns are a word that no check sees. With a lift of 9 that was 18 bits,
 * few enough to be decoded wrongly in three blocks of a thousand (5304 bits, 4086 checks). */
static void no_two_columns_of_a_short_code_have_the_same_rows(void **state)
{
    static const size_t sizes[][2] = {
        { 5304, 4086 }, { 5292, 4077 }, { 1024, 807 }, { 3000, 2330 }
    };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct qw_ldpc_code *code = build(sizes[i][0], sizes[i][1]);
        uint8_t *uses = test_calloc((size_t)code->rows * code->columns, 1);

        for (uint32_t row = 0; row < code->rows; row++) {
            for (uint32_t e = code->row_start[row]; e < code->row_start[row + 1]; e++) {
                uses[(size_t)row * code->columns + code->edge_column[e]] = 1;
            }
        }
        for (uint32_t a = 0; a < code->columns; a++) {
            for (uint32_t b = 0; b < a; b++) {
                assert_false(have_same_rows(uses, code, a, b));
            }
        }
        test_free(uses);
        qw_ldpc_code_free(code);
    }
}

static void the_syndrome_is_the_parity_of_each_check(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (size_t i = 0; i < SHAPES; i++) {
        struct qw_ldpc_code *code = build(shapes[i].bits, shapes[i].checks);
        uint8_t *bit = test_calloc((size_t)code->columns * code->lift, 1);
        uint8_t *syndrome = test_malloc(code->checks);
        uint8_t *expected = test_calloc(code->checks, 1);

        for (size_t k = 0; k < code->bits; k++) {
            bit[k] = qw_prng_u64(&prng) & 1;
        }
        for (uint32_t row = 0; row < code->rows; row++) {
            for (uint32_t e = code->row_start[row]; e < code->row_start[row + 1]; e++) {
                for (uint32_t z = 0; z < code->lift; z++) {
                    expected[row * code->lift + (z + code->edge_shift[e]) % code->lift] ^=
                        bit[code->edge_column[e] * code->lift + z];
                }
            }
        }
        qw_ldpc_code_syndrome(code, bit, syndrome);
        assert_memory_equal(syndrome, expected, code->checks);
        test_free(bit);
        test_free(syndrome);
        test_free(expected);
        qw_ldpc_code_free(code);
    }
}

/* The two ends of a link build the code apart from each other, perhaps years and compilers apart. A
 * change of this number is a change of the protocol: docs/protocol/multilevel.md. */
static void the_graph_is_the_same_on_every_machine(void **state)
{
    uint64_t digest = 0xcbf29ce484222325u;

    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        struct qw_ldpc_code *code = build(shapes[i].bits, shapes[i].checks);

        for (uint32_t e = 0; e < code->edges; e++) {
            digest = (digest ^ code->edge_column[e]) * 0x100000001b3u;
            digest = (digest ^ code->edge_shift[e]) * 0x100000001b3u;
        }
        for (uint32_t row = 0; row <= code->rows; row++) {
            digest = (digest ^ code->row_start[row]) * 0x100000001b3u;
        }
        qw_ldpc_code_free(code);
    }
    assert_int_equal(digest, 0xe306f2f4ce2e984fu);
}

static void refuses_sizes_out_of_range(void **state)
{
    struct qw_ldpc_code *code = NULL;

    (void)state;
    assert_int_equal(qw_ldpc_code_new(0, 0, &code), QW_ERR_ARG);
    assert_int_equal(qw_ldpc_code_new(10, 0, &code), QW_ERR_ARG);
    assert_int_equal(qw_ldpc_code_new(10, 11, &code), QW_ERR_ARG);
    assert_int_equal(qw_ldpc_code_new(QW_LDPC_BITS_MAX + 1, 5, &code), QW_ERR_ARG);
    assert_null(code);
    qw_ldpc_code_free(NULL);
}

static void construction_survives_every_failing_allocation(void **state)
{
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        struct qw_ldpc_code *code = NULL;

        assert_true(n < 100);
        fail_at = n;
        err = qw_ldpc_code_new(512, 200, &code);
        fail_at = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && code == NULL));
        qw_ldpc_code_free(code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_cover_what_was_asked_for_with_little_waste),
        cmocka_unit_test(every_bit_is_checked_and_no_cell_is_used_twice),
        cmocka_unit_test(codes_with_room_have_no_short_cycles),
        cmocka_unit_test(no_two_columns_of_a_short_code_have_the_same_rows),
        cmocka_unit_test(the_syndrome_is_the_parity_of_each_check),
        cmocka_unit_test(the_graph_is_the_same_on_every_machine),
        cmocka_unit_test(refuses_sizes_out_of_range),
        cmocka_unit_test(construction_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
