/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_DISTILL_SYNDROME_PAIR_H
#define QW_TEST_DISTILL_SYNDROME_PAIR_H

#include "distill/syndrome.h"
#include "unit/distill/noisy_frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Two parties of a syndrome in one process, and the frames they reconcile. Allocation failures of
 * the test itself end it. */
struct syndrome_pair {
    struct qw_syndrome_config config;
    struct qw_syndrome_sender *sender;
    struct qw_syndrome_receiver *receiver;
    size_t len;
    uint8_t *key;   /* of the sender */
    uint8_t *noisy; /* of the receiver, before and after */
    size_t errors;
    uint8_t message[QW_SYNDROME_MESSAGE_MAX]; /* of the sender */
    uint8_t request[QW_SYNDROME_MESSAGE_MAX];
    size_t message_len;
    size_t request_len;
};

static inline struct syndrome_pair *syndrome_pair_new(size_t bits, size_t checks)
{
    struct syndrome_pair *p = malloc(sizeof *p);

    if (p == NULL) {
        abort();
    }
    memset(p, 0, sizeof *p);
    p->config = (struct qw_syndrome_config){ bits, checks };
    p->len = QW_BITS_TO_BYTES(bits);
    p->key = malloc(p->len);
    p->noisy = malloc(p->len);
    if (p->key == NULL || p->noisy == NULL ||
        qw_syndrome_sender_new(&p->config, &p->sender) != QW_OK ||
        qw_syndrome_receiver_new(&p->config, &p->receiver) != QW_OK) {
        abort();
    }
    return p;
}

static inline void syndrome_pair_free(struct syndrome_pair *p)
{
    qw_syndrome_sender_free(p->sender);
    qw_syndrome_receiver_free(p->receiver);
    free(p->key);
    free(p->noisy);
    free(p);
}

static inline void syndrome_pair_flip(struct syndrome_pair *p, size_t index)
{
    struct noisy_frame frame = { p->config.bits, p->key, p->noisy, p->errors };

    noisy_frame_flip(&frame, index);
    p->errors = frame.errors;
}

/* A random key and independent errors at a rate. */
static inline void syndrome_pair_draw(struct syndrome_pair *p, struct qw_prng *prng, double rate)
{
    struct noisy_frame frame = { p->config.bits, p->key, p->noisy, 0 };

    noisy_frame_draw(&frame, prng, rate);
    p->errors = frame.errors;
}

static inline qw_err syndrome_pair_begin(struct syndrome_pair *p, uint32_t qber_ppm)
{
    qw_err err =
        qw_syndrome_sender_begin(p->sender, p->key, p->message, sizeof p->message, &p->message_len);

    return err == QW_OK ? qw_syndrome_receiver_begin(p->receiver, p->noisy, qber_ppm) : err;
}

/* What the receiver makes of the message, and the sender of that. */
static inline qw_err syndrome_pair_step(struct syndrome_pair *p, bool *is_done)
{
    qw_err err = qw_syndrome_next(p->receiver, p->message, p->message_len, p->request,
                                  sizeof p->request, &p->request_len, is_done);

    return err != QW_OK ? err
                        : qw_syndrome_answer(p->sender, p->request, p->request_len, p->message,
                                             sizeof p->message, &p->message_len);
}

/* The whole frame; noisy is then what the receiver has made of it. */
static inline qw_err syndrome_pair_run(struct syndrome_pair *p, uint32_t qber_ppm)
{
    bool is_done = false;
    qw_err err = syndrome_pair_begin(p, qber_ppm);

    while (err == QW_OK && !is_done) {
        err = syndrome_pair_step(p, &is_done);
    }
    return err == QW_OK ? qw_syndrome_receiver_key(p->receiver, p->noisy) : err;
}

static inline bool syndrome_pair_agrees(const struct syndrome_pair *p)
{
    return memcmp(p->key, p->noisy, p->len) == 0;
}

#endif
