/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/ldpc_code.h"

#include "distill/ldpc_degrees.h"
#include "distill/ldpc_growth.h"

#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS_MIN = 256,
    COLUMNS_MAX = 512,
    VISITS_MAX = 1000, /* of one search: bounds the time of construction */
    BLOCK_WORD_MIN =
        128 /* bits; a word of two whole columns with fewer could be taken for another */
};

/* Base columns by leak: low rates need many, so that the one graph is close to the average that its
 * degrees were optimised for; high rates decode as well with fewer, and grow faster. Short codes
 * keep a lift that fills a vector register at least in part. */
static size_t columns_wished(size_t bits, size_t checks)
{
    size_t most = checks > bits / 3 * 2 ? COLUMNS_MAX : COLUMNS_MAX / 2;
    size_t wish = checks > bits / 3 ? bits / 8 : bits / 128;

    wish = wish > COLUMNS_MIN ? wish : COLUMNS_MIN;
    return wish < most ? wish : most;
}

/* The lift near its wish that wastes the fewest checks by rounding. */
static struct qw_ldpc_shape shape_for(size_t bits, size_t checks)
{
    size_t by_columns = bits / columns_wished(bits, checks);
    size_t by_rows = checks / QW_LDPC_ROWS_MIN;
    size_t wish = by_columns < by_rows ? by_columns : by_rows;
    size_t best = wish > 0 ? wish : 1;
    size_t waste = SIZE_MAX;
    struct qw_ldpc_shape shape = { .bits = bits,
                                   .visits_max = VISITS_MAX,
                                   .block_word_min = BLOCK_WORD_MIN };

    for (size_t lift = best; lift <= best + best / 4 && waste > 0; lift++) {
        size_t over = (checks + lift - 1) / lift * lift - checks;

        if (over < waste) {
            waste = over;
            wish = lift;
        }
    }
    shape.lift = (uint32_t)wish;
    shape.rows = (uint32_t)((checks + wish - 1) / wish);
    shape.columns = (uint32_t)((bits + wish - 1) / wish);
    return shape;
}

size_t qw_ldpc_code_checks(size_t bits, size_t checks)
{
    struct qw_ldpc_shape shape = shape_for(bits, checks);

    return (size_t)shape.rows * shape.lift;
}

qw_err qw_ldpc_code_new(size_t bits, size_t checks, struct qw_ldpc_code **code)
{
    struct qw_ldpc_degree_count counts[QW_LDPC_DEGREES];
    uint32_t columns[QW_LDPC_DEGREES];
    struct qw_ldpc_shape shape;

    if (bits < 1 || bits > QW_LDPC_BITS_MAX || checks < 1 || checks > bits) {
        return QW_ERR_ARG;
    }
    shape = shape_for(bits, checks);
    qw_ldpc_degree_counts(shape.rows, shape.columns, columns);
    for (size_t i = 0; i < QW_LDPC_DEGREES; i++) {
        counts[i] = (struct qw_ldpc_degree_count){ qw_ldpc_degree[i], columns[i] };
    }
    return qw_ldpc_code_grow(&shape, counts, QW_LDPC_DEGREES, code);
}

void qw_ldpc_code_free(struct qw_ldpc_code *code)
{
    if (code != NULL) {
        free(code->row_start);
        free(code->edge_column);
        free(code->edge_shift);
        free(code);
    }
}

static void add_bits(uint8_t *restrict sum, const uint8_t *restrict bit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum[i] ^= bit[i];
    }
}

void qw_ldpc_code_syndrome_by(void (*add)(uint8_t *restrict sum, const uint8_t *restrict bit,
                                          size_t count),
                              const struct qw_ldpc_code *code, const uint8_t *bit,
                              uint8_t *syndrome)
{
    uint32_t lift = code->lift;

    memset(syndrome, 0, code->checks);
    for (uint32_t row = 0; row < code->rows; row++) {
        uint8_t *sum = syndrome + (size_t)row * lift;

        for (uint32_t e = code->row_start[row]; e < code->row_start[row + 1]; e++) {
            const uint8_t *block = bit + (size_t)code->edge_column[e] * lift;
            uint32_t shift = code->edge_shift[e];

            add(sum + shift, block, lift - shift);
            add(sum, block + lift - shift, shift);
        }
    }
}

void qw_ldpc_code_syndrome(const struct qw_ldpc_code *code, const uint8_t *bit, uint8_t *syndrome)
{
    qw_ldpc_code_syndrome_by(add_bits, code, bit, syndrome);
}
