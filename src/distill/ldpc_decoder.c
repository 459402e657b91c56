/* SPDX-License-Identifier: Apache-2.0 */
/* Layered sum-product decoding. A layer is one row of the base graph: its lift checks are
 * independent, every loop below runs over them in contiguous memory. Min-sum with a constant factor
 * is not used: it loses whole frames on these irregular codes. */
#include "distill/ldpc_decoder.h"

#include "base/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Messages end at 2 atanh of this, 14.5: 20 of them cannot outvote QW_LDPC_LLR_KNOWN. */
#define TANH_MAX 0.999999f

struct qw_ldpc_decoder {
    const struct qw_ldpc_code *code;
    size_t width;    /* columns * lift */
    float *belief;   /* [size: width] */
    float *message;  /* [size: edges x lift], check to bit */
    float *incoming; /* [size: row_degree_max x lift], bit to check, of the row at work */
    float *angle;    /* [size: row_degree_max x lift], tanh(incoming / 2) */
    float *before;   /* [size: (row_degree_max + 1) x lift], products of the angles 0..i-1 */
    float *after;    /* [size: lift], product of the angles i+1.. */
    uint8_t *hard;   /* [size: width] */
    uint8_t *parity; /* [size: checks] */
};

/* e^x for x in -87..0, relative error below 1e-6; written so that the loops around it vectorise. */
static inline float exp_of_negative(float x)
{
    float y = x * 1.44269504f;
    int32_t whole = (int32_t)y; /* towards zero, so the rest is in -1..0 */
    float f = y - (float)whole;
    float p =
        1.0f +
        f * (0.69314718f +
             f * (0.24022651f +
                  f * (0.05550411f + f * (0.00961813f + f * (0.00133336f + f * 0.00015469f)))));
    int32_t bits = (whole + 127) * (1 << 23);
    float scale;

    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* ln x for normal x > 0, error below 1e-6. */
static inline float log_of(float x)
{
    int32_t bits;
    int32_t exponent;
    float m;
    float s;

    memcpy(&bits, &x, sizeof bits);
    exponent = (bits - 0x3f3504f3) >> 23; /* mantissa from sqrt(1/2) to sqrt(2) */
    bits -= exponent * (1 << 23);
    memcpy(&m, &bits, sizeof m);
    s = (m - 1.0f) / (m + 1.0f);
    x = s * s;
    return (float)exponent * 0.69314718f +
           2.0f * s * (1.0f + x * (0.33333333f + x * (0.2f + x * (0.14285714f + x * 0.11111111f))));
}

/* tanh(x / 2) */
static inline float to_tanh(float x)
{
    float magnitude = fabsf(x);
    float e = exp_of_negative(magnitude < 80.0f ? -magnitude : -80.0f);
    float t = (1.0f - e) / (1.0f + e);

    return x < 0.0f ? -t : t;
}

/* 2 atanh(t), limited to what TANH_MAX allows. */
static inline float from_tanh(float t)
{
    float magnitude = fabsf(t);
    float l;

    magnitude = magnitude < TANH_MAX ? magnitude : TANH_MAX;
    l = log_of((1.0f + magnitude) / (1.0f - magnitude));
    return t < 0.0f ? -l : l;
}

/* incoming = belief (turned to the checks' order) - message; angle = its tanh. */
static void listen(const float *restrict belief, const float *restrict message,
                   float *restrict incoming, float *restrict angle, uint32_t shift, uint32_t lift)
{
    for (uint32_t z = shift; z < lift; z++) {
        incoming[z] = belief[z - shift] - message[z];
    }
    for (uint32_t z = 0; z < shift; z++) {
        incoming[z] = belief[z + lift - shift] - message[z];
    }
    for (uint32_t z = 0; z < lift; z++) {
        angle[z] = to_tanh(incoming[z]);
    }
}

/* message = what the other bits of the check say; belief = incoming + message. before holds the
 * product of the angles ahead of this edge, after that of the angles behind it. */
static void tell(const float *restrict before, const float *restrict after,
                 const float *restrict incoming, float *restrict message, float *restrict belief,
                 uint32_t shift, uint32_t lift)
{
    for (uint32_t z = 0; z < lift; z++) {
        message[z] = from_tanh(before[z] * after[z]);
    }
    for (uint32_t z = shift; z < lift; z++) {
        belief[z - shift] = incoming[z] + message[z];
    }
    for (uint32_t z = 0; z < shift; z++) {
        belief[z + lift - shift] = incoming[z] + message[z];
    }
}

static void multiply(float *restrict out, const float *restrict a, uint32_t lift)
{
    for (uint32_t z = 0; z < lift; z++) {
        out[z] *= a[z];
    }
}

/* The product of all other angles is what a check says about a bit (sum-product); the syndrome bit
 * turns its sign. */
static void run_row(const struct qw_ldpc_decoder *d, uint32_t row, const uint8_t *syndrome)
{
    const struct qw_ldpc_code *code = d->code;
    uint32_t lift = code->lift;
    uint32_t first = code->row_start[row];
    uint32_t degree = code->row_start[row + 1] - first;

    for (uint32_t z = 0; z < lift; z++) {
        d->before[z] = syndrome[(size_t)row * lift + z] ? -1.0f : 1.0f;
        d->after[z] = 1.0f;
    }
    for (uint32_t i = 0; i < degree; i++) {
        float *before = d->before + (size_t)i * lift;
        float *angle = d->angle + (size_t)i * lift;

        listen(d->belief + (size_t)code->edge_column[first + i] * lift,
               d->message + (size_t)(first + i) * lift, d->incoming + (size_t)i * lift, angle,
               code->edge_shift[first + i], lift);
        memcpy(before + lift, before, lift * sizeof *before);
        multiply(before + lift, angle, lift);
    }
    for (uint32_t i = degree; i-- > 0;) {
        tell(d->before + (size_t)i * lift, d->after, d->incoming + (size_t)i * lift,
             d->message + (size_t)(first + i) * lift,
             d->belief + (size_t)code->edge_column[first + i] * lift, code->edge_shift[first + i],
             lift);
        multiply(d->after, d->angle + (size_t)i * lift, lift);
    }
}

static bool satisfied(const struct qw_ldpc_decoder *d, const uint8_t *syndrome)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < d->width; i++) {
        d->hard[i] = d->belief[i] < 0.0f;
    }
    qw_ldpc_code_syndrome(d->code, d->hard, d->parity);
    for (size_t i = 0; i < d->code->checks; i++) {
        difference |= (uint8_t)(d->parity[i] ^ syndrome[i]);
    }
    return difference == 0;
}

bool qw_ldpc_decoder_run(struct qw_ldpc_decoder *decoder, const float *llr, const uint8_t *syndrome,
                         unsigned iterations_max, uint8_t *bit)
{
    const struct qw_ldpc_code *code = decoder->code;
    bool found;

    memcpy(decoder->belief, llr, code->bits * sizeof *llr);
    for (size_t i = code->bits; i < decoder->width; i++) {
        decoder->belief[i] = QW_LDPC_LLR_KNOWN;
    }
    memset(decoder->message, 0, (size_t)code->edges * code->lift * sizeof *decoder->message);
    found = satisfied(decoder, syndrome);
    for (unsigned k = 0; k < iterations_max && !found; k++) {
        for (uint32_t row = 0; row < code->rows; row++) {
            run_row(decoder, row, syndrome);
        }
        found = satisfied(decoder, syndrome);
    }
    if (found) {
        memcpy(bit, decoder->hard, code->bits);
    }
    return found;
}

qw_err qw_ldpc_decoder_new(const struct qw_ldpc_code *code, struct qw_ldpc_decoder **decoder)
{
    struct qw_ldpc_decoder *d = calloc(1, sizeof *d);
    size_t row_cells = (size_t)code->row_degree_max * code->lift;

    if (d == NULL) {
        return QW_ERR_NOMEM;
    }
    d->code = code;
    d->width = (size_t)code->columns * code->lift;
    d->belief = calloc(d->width, sizeof *d->belief);
    d->message = calloc((size_t)code->edges * code->lift, sizeof *d->message);
    d->incoming = calloc(row_cells, sizeof *d->incoming);
    d->angle = calloc(row_cells, sizeof *d->angle);
    d->before = calloc(row_cells + code->lift, sizeof *d->before);
    d->after = calloc(code->lift, sizeof *d->after);
    d->hard = calloc(d->width, 1);
    d->parity = calloc(code->checks, 1);
    if (d->belief == NULL || d->message == NULL || d->incoming == NULL || d->angle == NULL ||
        d->before == NULL || d->after == NULL || d->hard == NULL || d->parity == NULL) {
        qw_ldpc_decoder_free(d);
        return QW_ERR_NOMEM;
    }
    *decoder = d;
    return QW_OK;
}

static void wipe_and_free(void *p, size_t len)
{
    if (p != NULL) {
        qw_wipe(p, len);
        free(p);
    }
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
    wipe_and_free(d->belief, d->width * sizeof *d->belief);
    wipe_and_free(d->message, (size_t)code->edges * code->lift * sizeof *d->message);
    wipe_and_free(d->incoming, row_cells * sizeof *d->incoming);
    wipe_and_free(d->angle, row_cells * sizeof *d->angle);
    wipe_and_free(d->before, (row_cells + code->lift) * sizeof *d->before);
    wipe_and_free(d->after, code->lift * sizeof *d->after);
    wipe_and_free(d->hard, d->width);
    wipe_and_free(d->parity, code->checks);
    wipe_and_free(d, sizeof *d);
}
