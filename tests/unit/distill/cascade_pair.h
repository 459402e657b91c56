/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_DISTILL_CASCADE_PAIR_H
#define QW_TEST_DISTILL_CASCADE_PAIR_H

#include "distill/cascade.h"
#include "unit/distill/noisy_frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Two parties of Cascade in one process, and the frames they reconcile. Allocation failures of the
 * test itself end it. */
struct cascade_pair {
    struct qw_cascade_config config;
    struct qw_cascade_asker *asker;
    struct qw_cascade_answerer *answerer;
    size_t len;
    uint8_t *key;   /* of the answerer */
    uint8_t *noisy; /* of the asker, before and after */
    size_t errors;
    uint8_t request[QW_CASCADE_MESSAGE_MAX];
    uint8_t reply[QW_CASCADE_MESSAGE_MAX];
    size_t request_len;
    size_t reply_len;
};

static inline struct cascade_pair *cascade_pair_new(size_t bits, enum qw_cascade_variant variant)
{
    struct cascade_pair *p = malloc(sizeof *p);

    if (p == NULL) {
        abort();
    }
    memset(p, 0, sizeof *p);
    p->config = (struct qw_cascade_config){ bits, variant, 0x5eed };
    p->len = QW_BITS_TO_BYTES(bits);
    p->key = malloc(p->len);
    p->noisy = malloc(p->len);
    if (p->key == NULL || p->noisy == NULL ||
        qw_cascade_asker_new(&p->config, &p->asker) != QW_OK ||
        qw_cascade_answerer_new(&p->config, &p->answerer) != QW_OK) {
        abort();
    }
    return p;
}

static inline void cascade_pair_free(struct cascade_pair *p)
{
    qw_cascade_asker_free(p->asker);
    qw_cascade_answerer_free(p->answerer);
    free(p->key);
    free(p->noisy);
    free(p);
}

static inline void cascade_pair_flip(struct cascade_pair *p, size_t index)
{
    struct noisy_frame frame = { p->config.bits, p->key, p->noisy, p->errors };

    noisy_frame_flip(&frame, index);
    p->errors = frame.errors;
}

/* A random key and independent errors at a rate. */
static inline void cascade_pair_draw(struct cascade_pair *p, struct qw_prng *prng, double rate)
{
    struct noisy_frame frame = { p->config.bits, p->key, p->noisy, 0 };

    noisy_frame_draw(&frame, prng, rate);
    p->errors = frame.errors;
}

static inline qw_err cascade_pair_begin(struct cascade_pair *p, uint32_t qber_ppm)
{
    qw_err err = qw_cascade_answerer_begin(p->answerer, p->key, qber_ppm);

    p->reply_len = 0;
    return err == QW_OK ? qw_cascade_asker_begin(p->asker, p->noisy, qber_ppm) : err;
}

/* One request and its answer. */
static inline qw_err cascade_pair_step(struct cascade_pair *p, bool *is_done)
{
    qw_err err = qw_cascade_next(p->asker, p->reply, p->reply_len, p->request, sizeof p->request,
                                 &p->request_len, is_done);

    return err != QW_OK ? err
                        : qw_cascade_answer(p->answerer, p->request, p->request_len, p->reply,
                                            sizeof p->reply, &p->reply_len);
}

/* The whole frame; noisy is then what the asker has made of it. */
static inline qw_err cascade_pair_run(struct cascade_pair *p, uint32_t qber_ppm)
{
    bool is_done = false;
    qw_err err = cascade_pair_begin(p, qber_ppm);

    while (err == QW_OK && !is_done) {
        err = cascade_pair_step(p, &is_done);
    }
    return err == QW_OK ? qw_cascade_asker_key(p->asker, p->noisy) : err;
}

static inline bool cascade_pair_agrees(const struct cascade_pair *p)
{
    return memcmp(p->key, p->noisy, p->len) == 0;
}

#endif
