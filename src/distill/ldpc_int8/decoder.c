/* SPDX-License-Identifier: Apache-2.0 */
/* Layered decoding: the base rows one after the other, 64 checks of a row at a time. Beliefs have
 * 16 bits: with 8 they saturate below the sum of the messages they are made of, and taking such a
 * message away again then turns their sign (whole frames were lost). */
#include "distill/ldpc_int8/kernel.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum {
    LANES = QW_LDPC_INT8_LANES,
    CERTAIN = 12000,    /* belief in a known bit: no sum of messages comes near */
    CERTAIN_MIN = 6500, /* what messages leave of it, at least; others stay below */
    LOOK_SHARE = 256, /* the word is looked at when at most 1/256 of the checks were unsatisfied */
    ALIGNMENT = 64
};

struct qw_ldpc_int8 {
    const struct qw_ldpc_code *code;
    const struct qw_ldpc_int8_kernel *kernel;
    struct qw_ldpc_int8_tables tables;
    size_t checks;         /* that are said */
    uint32_t rows;         /* that have one of them */
    size_t belief_stride;  /* of a column */
    size_t message_stride; /* of an edge */
    size_t row_blocks;
    uint32_t *offset;   /* [size: edges]: column * belief_stride */
    int16_t *belief;    /* [size: columns x belief_stride] */
    int8_t *message;    /* [size: edges x message_stride], check to bit */
    uint64_t *syndrome; /* [size: rows x row_blocks] */
    uint8_t *expected;  /* [size: checks], the same, one per byte */
    uint8_t *scratch;   /* [row_degree_max x QW_LDPC_INT8_SCRATCH bytes] */
    uint8_t *word;      /* [size: columns * lift] */
    uint8_t *parity;    /* [size: code->checks] */
};

const struct qw_ldpc_int8_kernel *qw_ldpc_int8_kernel_at(size_t number)
{
    const struct qw_ldpc_int8_kernel *all[] = { &qw_ldpc_int8_portable, qw_ldpc_int8_avx2(),
                                                qw_ldpc_int8_vbmi() };

    return number < sizeof all / sizeof all[0] ? all[number] : NULL;
}

const struct qw_ldpc_int8_kernel *qw_ldpc_int8_kernel_best(void)
{
    size_t number = 0;

    while (qw_ldpc_int8_kernel_at(number + 1) != NULL) {
        number++;
    }
    return qw_ldpc_int8_kernel_at(number);
}

void qw_ldpc_int8_syndrome(const struct qw_ldpc_code *code, const uint8_t *bit, uint8_t *syndrome)
{
    qw_ldpc_code_syndrome_by(qw_ldpc_int8_kernel_best()->add, code, bit, syndrome);
}

const char *qw_ldpc_int8_kernel_name(const struct qw_ldpc_int8_kernel *kernel)
{
    return kernel->name;
}

static size_t rounded_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Zeroed, aligned for whole vectors. */
static void *vectors_new(size_t len)
{
    void *p = aligned_alloc(ALIGNMENT, rounded_up(len, ALIGNMENT));

    if (p != NULL) {
        memset(p, 0, len);
    }
    return p;
}

static size_t belief_len(const struct qw_ldpc_int8 *d)
{
    return d->code->columns * d->belief_stride * sizeof *d->belief;
}

static size_t message_len(const struct qw_ldpc_int8 *d)
{
    return d->code->edges * d->message_stride;
}

static bool buffers_new(struct qw_ldpc_int8 *d)
{
    const struct qw_ldpc_code *code = d->code;

    d->offset = calloc(code->edges, sizeof *d->offset);
    d->belief = vectors_new(belief_len(d));
    d->message = vectors_new(message_len(d));
    d->syndrome = calloc(code->rows * d->row_blocks, sizeof *d->syndrome);
    d->expected = calloc(d->checks, 1);
    d->scratch = vectors_new((size_t)code->row_degree_max * QW_LDPC_INT8_SCRATCH);
    d->word = calloc((size_t)code->columns * code->lift, 1);
    d->parity = calloc(code->checks, 1);
    return d->offset != NULL && d->belief != NULL && d->message != NULL && d->syndrome != NULL &&
           d->expected != NULL && d->scratch != NULL && d->word != NULL && d->parity != NULL;
}

qw_err qw_ldpc_int8_new(const struct qw_ldpc_code *code, size_t checks,
                        const struct qw_ldpc_int8_kernel *kernel, struct qw_ldpc_int8 **decoder)
{
    struct qw_ldpc_int8 *d;

    if (checks < 1 || checks > code->checks) {
        return QW_ERR_ARG;
    }
    d = calloc(1, sizeof *d);
    if (d == NULL) {
        return QW_ERR_NOMEM;
    }
    d->code = code;
    d->kernel = kernel;
    d->checks = checks;
    d->rows = (uint32_t)((checks + code->lift - 1) / code->lift);
    d->belief_stride = rounded_up(code->lift + (size_t)LANES, LANES) + LANES / 2;
    d->message_stride = rounded_up(code->lift, LANES);
    d->row_blocks = d->message_stride / LANES;
    if (!buffers_new(d)) {
        qw_ldpc_int8_free(d);
        return QW_ERR_NOMEM;
    }
    for (uint32_t e = 0; e < code->edges; e++) {
        d->offset[e] = (uint32_t)(code->edge_column[e] * d->belief_stride);
    }
    qw_ldpc_int8_tables_fill(&d->tables);
    *decoder = d;
    return QW_OK;
}

void qw_ldpc_int8_free(struct qw_ldpc_int8 *d)
{
    if (d == NULL) {
        return;
    }
    free(d->offset);
    qw_wipe_free(d->belief, belief_len(d));
    qw_wipe_free(d->message, message_len(d));
    qw_wipe_free(d->syndrome, d->code->rows * d->row_blocks * sizeof *d->syndrome);
    qw_wipe_free(d->expected, d->checks);
    qw_wipe_free(d->scratch, (size_t)d->code->row_degree_max * QW_LDPC_INT8_SCRATCH);
    qw_wipe_free(d->word, (size_t)d->code->columns * d->code->lift);
    qw_wipe_free(d->parity, d->code->checks);
    qw_wipe_free(d, sizeof *d);
}

/* Where the belief in a bit is kept. */
static int16_t *belief_of(const struct qw_ldpc_int8 *d, size_t index)
{
    return d->belief + index / d->code->lift * d->belief_stride + index % d->code->lift;
}

/* Repeats the beginning of a column behind its end. */
static void repeat(const struct qw_ldpc_int8 *d, int16_t *column)
{
    uint32_t lift = d->code->lift;

    if (lift >= LANES) {
        memcpy(column + lift, column, LANES * sizeof *column);
        return;
    }
    for (uint32_t i = 0; i < LANES; i++) {
        column[lift + i] = column[i];
    }
}

void qw_ldpc_int8_begin(struct qw_ldpc_int8 *d, int belief, const uint8_t *syndrome)
{
    uint32_t lift = d->code->lift;

    for (uint32_t column = 0; column < d->code->columns; column++) {
        for (size_t i = 0; i < d->belief_stride; i++) {
            d->belief[column * d->belief_stride + i] = (int16_t)belief;
        }
    }
    memset(d->message, 0, message_len(d));
    memset(d->syndrome, 0, d->code->rows * d->row_blocks * sizeof *d->syndrome);
    memcpy(d->expected, syndrome, d->checks);
    for (size_t i = 0; i < d->checks; i++) {
        d->syndrome[i / lift * d->row_blocks + i % lift / LANES] |= (uint64_t)syndrome[i]
                                                                    << i % lift % LANES;
    }
    for (size_t i = d->code->bits; i < (size_t)d->code->columns * lift; i++) {
        qw_ldpc_int8_know(d, i, false);
    }
}

void qw_ldpc_int8_know(struct qw_ldpc_int8 *d, size_t index, bool value)
{
    *belief_of(d, index) = value ? -CERTAIN : CERTAIN;
    repeat(d, belief_of(d, index - index % d->code->lift));
}

/* Returns how many of the row's checks were not satisfied when heard. */
static size_t run_row(const struct qw_ldpc_int8 *d, uint32_t row)
{
    const struct qw_ldpc_code *code = d->code;
    uint32_t first = code->row_start[row];
    size_t left = d->checks - (size_t)row * code->lift;
    uint32_t used = left < code->lift ? (uint32_t)left : code->lift;
    struct qw_ldpc_int8_block block = { .tables = &d->tables,
                                        .offset = d->offset + first,
                                        .shift = code->edge_shift + first,
                                        .degree = code->row_start[row + 1] - first,
                                        .lift = code->lift,
                                        .belief = d->belief,
                                        .message = d->message + first * d->message_stride,
                                        .message_stride = d->message_stride,
                                        .scratch = d->scratch };
    size_t unsatisfied = 0;

    for (size_t k = 0; block.first < used; k++, block.first += LANES, block.message += LANES) {
        uint32_t lanes = used - block.first;

        block.lanes = lanes < LANES ? ((uint64_t)1 << lanes) - 1 : ~(uint64_t)0;
        block.syndrome = d->syndrome[row * d->row_blocks + k];
        unsatisfied += (size_t)__builtin_popcountll(d->kernel->run(&block));
    }
    return unsatisfied;
}

/* Takes the hard decisions; true when they have the syndrome. */
static bool decide(const struct qw_ldpc_int8 *d)
{
    uint32_t lift = d->code->lift;
    uint8_t difference = 0;

    for (uint32_t column = 0; column < d->code->columns; column++) {
        const int16_t *belief = d->belief + column * d->belief_stride;
        uint8_t *word = d->word + (size_t)column * lift;

        for (uint32_t z = 0; z < lift; z++) {
            word[z] = belief[z] < 0;
        }
    }
    qw_ldpc_code_syndrome_by(d->kernel->add, d->code, d->word, d->parity);
    for (size_t i = 0; i < d->checks; i++) {
        difference |= (uint8_t)(d->parity[i] ^ d->expected[i]);
    }
    return difference == 0;
}

bool qw_ldpc_int8_run(struct qw_ldpc_int8 *d, unsigned iterations_max)
{
    bool found = decide(d);

    for (unsigned k = 0; k < iterations_max && !found; k++) {
        size_t unsatisfied = 0;

        for (uint32_t row = 0; row < d->rows; row++) {
            unsatisfied += run_row(d, row);
        }
        found = unsatisfied <= d->checks / LOOK_SHARE && decide(d);
    }
    return found || decide(d);
}

void qw_ldpc_int8_word(const struct qw_ldpc_int8 *d, uint8_t *bit)
{
    memcpy(bit, d->word, d->code->bits);
}

static unsigned magnitude_of(const struct qw_ldpc_int8 *d, size_t index)
{
    int belief = *belief_of(d, index);

    return (unsigned)(belief < 0 ? -belief : belief);
}

size_t qw_ldpc_int8_doubtful(const struct qw_ldpc_int8 *d, size_t count, uint32_t *index)
{
    uint32_t number[CERTAIN_MIN] = { 0 }; /* of bits by magnitude */
    size_t found = 0;
    size_t upto = 0; /* bits with a magnitude below limit */
    unsigned limit = 0;
    size_t at_limit;

    for (size_t i = 0; i < d->code->bits; i++) {
        unsigned magnitude = magnitude_of(d, i);

        if (magnitude < CERTAIN_MIN) {
            number[magnitude]++;
        }
    }
    while (limit < CERTAIN_MIN && upto + number[limit] <= count) {
        upto += number[limit++];
    }
    at_limit = count - upto;
    for (size_t i = 0; i < d->code->bits && found < count; i++) {
        unsigned magnitude = magnitude_of(d, i);

        if (magnitude < limit || (magnitude == limit && limit < CERTAIN_MIN && at_limit > 0)) {
            at_limit -= magnitude == limit;
            index[found++] = (uint32_t)i;
        }
    }
    return found;
}
