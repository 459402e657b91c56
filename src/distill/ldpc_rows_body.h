/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_ROWS_BODY_H
#define QW_DISTILL_LDPC_ROWS_BODY_H

/* The arithmetic of a round, for each ldpc_rows*.c to compile with its own instructions. Plain
 * loops over the lift checks of one base row, in contiguous memory, which compilers vectorise. */
#include "distill/ldpc_rows.h"

#include <math.h>
#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF /* gcc does not contract in standard C */
#endif

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

/* 2 atanh(t), limited to what QW_LDPC_TANH_MAX allows. */
static inline float from_tanh(float t)
{
    float magnitude = fabsf(t);
    float l;

    magnitude = magnitude < QW_LDPC_TANH_MAX ? magnitude : QW_LDPC_TANH_MAX;
    l = log_of((1.0f + magnitude) / (1.0f - magnitude));
    return t < 0.0f ? -l : l;
}

/* incoming = belief (turned to the checks' order) - message; angle = its tanh. */
static inline void listen(const float *restrict belief, const float *restrict message,
                          float *restrict incoming, float *restrict angle, uint32_t shift,
                          uint32_t lift)
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
static inline void tell(const float *restrict before, const float *restrict after,
                        const float *restrict incoming, float *restrict message,
                        float *restrict belief, uint32_t shift, uint32_t lift)
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

static inline void multiply(float *restrict out, const float *restrict a, uint32_t lift)
{
    for (uint32_t z = 0; z < lift; z++) {
        out[z] *= a[z];
    }
}

/* The product of all other angles is what a check says about a bit (sum-product); the syndrome bit
 * turns its sign. */
static inline void run_row(const struct qw_ldpc_rows *d, uint32_t row)
{
    const struct qw_ldpc_code *code = d->code;
    uint32_t lift = code->lift;
    uint32_t first = code->row_start[row];
    uint32_t degree = code->row_start[row + 1] - first;

    for (uint32_t z = 0; z < lift; z++) {
        d->before[z] = d->syndrome[(size_t)row * lift + z] ? -1.0f : 1.0f;
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

static inline void run_rows(const struct qw_ldpc_rows *rows)
{
    for (uint32_t row = 0; row < rows->code->rows; row++) {
        run_row(rows, row);
    }
}

#endif
