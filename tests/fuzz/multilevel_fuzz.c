/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: distill */
/* The receiver's side: any message and any beliefs. Input: one byte for shape and deviation, 64
 * bytes of beliefs (repeated), then the first message and up to three MORE messages, each preceded
 * by a byte that is added to its right length. */
#include "distill/multilevel.h"

#include "base/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { N = 192, BELIEFS = 64 };

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take(struct input *in)
{
    uint8_t byte = 0;

    if (in->size > 0) {
        byte = *in->data++;
        in->size--;
    }
    return byte;
}

/* An exact allocation, so that a sanitizer sees the first byte read behind it. */
static uint8_t *take_message(struct input *in, size_t right_len, size_t *len)
{
    int8_t off = (int8_t)take(in);
    long wanted = (long)right_len + off;
    uint8_t *message;

    *len = (size_t)(wanted < 0 ? 0 : wanted);
    message = calloc(*len + 1, 1);
    for (size_t i = 0; message != NULL && i < *len; i++) {
        message[i] = take(in);
    }
    return message;
}

static void decode(struct qw_multilevel *m, struct input *in, const float *mean,
                   const uint8_t *depth)
{
    uint16_t symbol[N];
    size_t len;
    uint8_t *message = take_message(in, qw_multilevel_message_len(m), &len);
    qw_err err = message != NULL ? qw_multilevel_decode(m, mean, message, len, symbol) : QW_OK;

    free(message);
    for (int i = 0; i <= QW_MULTILEVEL_LEAN_MORE_MAX; i++) {
        size_t level = qw_multilevel_wanted(m);

        for (size_t j = 0; err == QW_OK && j < N; j++) {
            qw_assert(symbol[j] < 1u << depth[j]);
        }
        level = i % 3 == 2 ? take(in) : level; /* also what nobody asked for */
        message = take_message(in, qw_multilevel_more_len(m, level), &len);
        err =
            message != NULL ? qw_multilevel_decode_more(m, level, mean, message, len, symbol) : err;
        free(message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct qw_multilevel *m = NULL;
    uint8_t depth[N];
    float mean[N];
    uint8_t shape = take(&in);

    for (size_t j = 0; j < N; j++) {
        depth[j] = (uint8_t)(j % 3 == 0 ? shape % 15 : 6);
    }
    for (size_t j = 0; j < BELIEFS; j++) {
        mean[j] = (float)(int8_t)take(&in) * (float)(1u << depth[j]) / 100.0f;
    }
    for (size_t j = BELIEFS; j < N; j++) {
        mean[j] = mean[j - BELIEFS] + 0.37f * (float)(j / BELIEFS);
    }
    if (qw_multilevel_new(depth, N, 0.25 + (shape >> 4) * 0.25,
                          shape % 2 == 0 ? QW_LEVEL_LEAN : QW_LEVEL_ONE_MESSAGE, &m) == QW_OK) {
        decode(m, &in, mean, depth);
    }
    qw_multilevel_free(m);
    return 0;
}
