/* SPDX-License-Identifier: Apache-2.0 */
/* Layered sum-product decoding. A layer is one row of the base graph: its lift checks are
 * independent, every loop of ldpc_rows_body.h runs over them in contiguous memory. Min-sum with a
 * constant factor is not used: it loses whole frames on these irregular codes. */
#include "distill/ldpc_decoder.h"

#include "base/secret.h"
#include "distill/ldpc_rows.h"

#include <stdlib.h>
#include <string.h>

/* Rounds without a new minimum of unsatisfied checks after which a word is not looked for any
 * longer; those that succeed after so long a pause are rare. */
enum { PATIENCE = 100 };

struct qw_ldpc_decoder {
    const struct qw_ldpc_code *code;
    const struct qw_ldpc_rows_kernel *kernel;
    struct qw_ldpc_rows rows; /* buffers, and what they are used for at the moment */
    size_t width;             /* columns * lift */
    uint8_t *hard;            /* [size: width] */
    uint8_t *parity;          /* [size: 2 x checks] */
};

/* Checks that the beliefs do not satisfy. */
static size_t unsatisfied(const struct qw_ldpc_decoder *d)
{
    size_t count = 0;

    for (size_t i = 0; i < d->width; i++) {
        d->hard[i] = d->rows.belief[i] < 0.0f;
    }
    qw_ldpc_code_syndrome(d->rows.code, d->hard, d->parity);
    for (size_t i = 0; i < d->rows.code->checks; i++) {
        count += d->parity[i] ^ d->rows.syndrome[i];
    }
    return count;
}

void qw_ldpc_decoder_load(struct qw_ldpc_decoder *decoder, const float *llr)
{
    const struct qw_ldpc_code *code = decoder->code;

    memcpy(decoder->rows.belief, llr, code->bits * sizeof *llr);
    for (size_t i = code->bits; i < decoder->width; i++) {
        decoder->rows.belief[i] = QW_LDPC_LLR_KNOWN;
    }
    memset(decoder->rows.message, 0,
           (size_t)code->edges * code->lift * sizeof *decoder->rows.message);
}

bool qw_ldpc_decoder_run(struct qw_ldpc_decoder *decoder, const struct qw_ldpc_code *code,
                         const uint8_t *syndrome, unsigned iterations_max, uint8_t *bit)
{
    size_t wrong;
    size_t least;
    unsigned pause = 0;

    decoder->rows.code = code;
    decoder->rows.syndrome = syndrome;
    wrong = unsatisfied(decoder);
    least = wrong;
    for (unsigned k = 0; k < iterations_max && wrong > 0 && pause < PATIENCE; k++) {
        decoder->kernel->run(&decoder->rows);
        wrong = unsatisfied(decoder);
        pause = wrong < least ? 0 : pause + 1;
        least = wrong < least ? wrong : least;
    }
    if (wrong == 0) {
        memcpy(bit, decoder->hard, decoder->code->bits);
    }
    return wrong == 0;
}

qw_err qw_ldpc_decoder_new(const struct qw_ldpc_code *code, struct qw_ldpc_decoder **decoder)
{
    struct qw_ldpc_decoder *d = calloc(1, sizeof *d);
    size_t row_cells = (size_t)code->row_degree_max * code->lift;

    if (d == NULL) {
        return QW_ERR_NOMEM;
    }
    d->code = code;
    d->kernel = qw_ldpc_rows_best();
    d->width = (size_t)code->columns * code->lift;
    d->rows.belief = calloc(d->width, sizeof *d->rows.belief);
    d->rows.message = calloc((size_t)code->edges * code->lift, sizeof *d->rows.message);
    d->rows.incoming = calloc(row_cells, sizeof *d->rows.incoming);
    d->rows.angle = calloc(row_cells, sizeof *d->rows.angle);
    d->rows.before = calloc(row_cells + code->lift, sizeof *d->rows.before);
    d->rows.after = calloc(code->lift, sizeof *d->rows.after);
    d->hard = calloc(d->width, 1);
    d->parity = calloc(2 * code->checks, 1);
    if (d->rows.belief == NULL || d->rows.message == NULL || d->rows.incoming == NULL ||
        d->rows.angle == NULL || d->rows.before == NULL || d->rows.after == NULL ||
        d->hard == NULL || d->parity == NULL) {
        qw_ldpc_decoder_free(d);
        return QW_ERR_NOMEM;
    }
    *decoder = d;
    return QW_OK;
}

void qw_ldpc_decoder_free(struct qw_ldpc_decoder *d)
{
    const struct qw_ldpc_code *code;
    size_t row_cells;

    if (d == NULL) {
        return;
    }
    code = d->code;
    row_cells = (size_t)code->row_degree_max * code->lift;
    qw_wipe_free(d->rows.belief, d->width * sizeof *d->rows.belief);
    qw_wipe_free(d->rows.message, (size_t)code->edges * code->lift * sizeof *d->rows.message);
    qw_wipe_free(d->rows.incoming, row_cells * sizeof *d->rows.incoming);
    qw_wipe_free(d->rows.angle, row_cells * sizeof *d->rows.angle);
    qw_wipe_free(d->rows.before, (row_cells + code->lift) * sizeof *d->rows.before);
    qw_wipe_free(d->rows.after, code->lift * sizeof *d->rows.after);
    qw_wipe_free(d->hard, d->width);
    qw_wipe_free(d->parity, 2 * code->checks);
    qw_wipe_free(d, sizeof *d);
}
