/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_QKD_LINK_PAIR_H
#define QW_TEST_QKD_LINK_PAIR_H

#include "qkd/link.h"

#include "base/wire_memory.h"
#include "qkd/optics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Both ends of a link in two threads over a wire in memory, with somebody in the middle who may
 * alter what passes. Simulated light. */
enum { PAIR_POOL_LEN = 4096, PAIR_KEY_MAX = 1 << 18 };

enum pair_change { PAIR_FLIP, PAIR_CUT, PAIR_GROW, PAIR_DROP, PAIR_REPEAT };

struct pair_meddler {
    bool is_active;
    bool to_bob;    /* else to Alice */
    size_t message; /* which one in that direction, from 0 */
    size_t byte;    /* PAIR_FLIP: modulo its length */
    uint8_t mask;
    enum pair_change change;
};

struct pair_end {
    struct qw_qkd_link_config config;
    struct qw_qkd_auth_pool pool;
    uint8_t pool_bytes[PAIR_POOL_LEN];
    struct qw_wire wire;
    struct qw_optics *optics;      /* B */
    struct qw_pulse_record record; /* A */
    unsigned blocks;               /* to run */
    qw_err open_err, err;
    unsigned done;
    uint8_t keys[PAIR_KEY_MAX];
    size_t key_len;
    struct qw_qkd_ledger ledger;
};

struct pair {
    struct pair_end alice, bob;
    struct qw_optics_config optics;
    struct pair_meddler meddler;
    struct qw_wire inner; /* Alice's end of the real wire */
    size_t sent, received;
    size_t held; /* length of a message that comes once more */
    uint8_t altered[QW_WIRE_MESSAGE_MAX + 1];
    uint64_t true_single_x; /* what only the simulation knows, of X at equal bases */
};

static inline struct qw_qkd_terms pair_terms(void)
{
    return (struct qw_qkd_terms){ .method = QW_QKD_METHOD_ONE_DECOY,
                                  .intensities = 2,
                                  .mean_photons_millionths = { 500000, 150000 },
                                  .share_millionths = { 600000, 400000 },
                                  .frame_bits = 50000,
                                  .frames = 2,
                                  .qber_limit_ppm = 80000,
                                  .secrecy_exponent = 6,
                                  .cascade_variant = QW_CASCADE_OPTIMISED };
}

static inline void pair_pulses(void *self, const struct qw_qkd_click *clicks, size_t count,
                               struct qw_pulse *pulses)
{
    struct pair_end *end = self;

    for (size_t i = 0; i < count; i++) {
        pulses[i] = qw_pulse_of(&end->record, clicks[i].pulse);
    }
}

static inline qw_err pair_clicks(void *self, struct qw_qkd_click *clicks, size_t count)
{
    struct pair_end *end = self;
    struct qw_detection d;

    for (size_t i = 0; i < count; i++) {
        qw_optics_next(end->optics, &d);
        clicks[i] = (struct qw_qkd_click){ d.index, d.basis, d.bit };
    }
    return QW_OK;
}

static inline qw_err pair_key(void *self, const uint8_t *key, const struct qw_qkd_ledger *ledger)
{
    struct pair_end *end = self;
    size_t len = (size_t)(ledger->key_bits / 8);

    if (end->key_len + len > PAIR_KEY_MAX) {
        return QW_ERR_SPACE;
    }
    memcpy(end->keys + end->key_len, key, len);
    end->key_len += len;
    end->done++;
    return QW_OK;
}

static inline size_t pair_meddle(struct pair *pair, const void *message, size_t len)
{
    memcpy(pair->altered, message, len);
    switch (pair->meddler.change) {
    case PAIR_FLIP:
        pair->altered[pair->meddler.byte % len] ^= pair->meddler.mask;
        return len;
    case PAIR_CUT:
        return len - 1;
    case PAIR_GROW:
        pair->altered[len] = 0;
        return len + 1;
    default:
        return len;
    }
}

static inline qw_err pair_send(void *self, const void *message, size_t len)
{
    struct pair *pair = self;
    bool is_it =
        pair->meddler.is_active && pair->meddler.to_bob && pair->sent++ == pair->meddler.message;
    qw_err err;

    if (!is_it) {
        return qw_wire_send(&pair->inner, message, len);
    }
    if (pair->meddler.change == PAIR_DROP) {
        return QW_OK;
    }
    len = pair_meddle(pair, message, len);
    err = qw_wire_send(&pair->inner, pair->altered, len);
    if (err == QW_OK && pair->meddler.change == PAIR_REPEAT) {
        err = qw_wire_send(&pair->inner, pair->altered, len);
    }
    return err;
}

static inline qw_err pair_receive(void *self, void *message, size_t cap, size_t *len,
                                  int timeout_ms)
{
    struct pair *pair = self;
    bool is_it = pair->meddler.is_active && !pair->meddler.to_bob &&
                 pair->received++ == pair->meddler.message;
    qw_err err;

    if (pair->held > 0) {
        memcpy(message, pair->altered, pair->held);
        *len = pair->held;
        pair->held = 0;
        return QW_OK;
    }
    err = qw_wire_receive(&pair->inner, message, cap, len, timeout_ms);
    if (err != QW_OK || !is_it) {
        return err;
    }
    if (pair->meddler.change == PAIR_DROP) {
        return qw_wire_receive(&pair->inner, message, cap, len, timeout_ms);
    }
    *len = pair_meddle(pair, message, *len);
    memcpy(message, pair->altered, *len < cap ? *len : cap);
    pair->held = pair->meddler.change == PAIR_REPEAT ? *len : 0;
    return QW_OK;
}

static inline void pair_init(struct pair *pair, uint64_t seed)
{
    uint8_t pool[PAIR_POOL_LEN];

    memset(pair, 0, sizeof *pair);
    pair->optics = (struct qw_optics_config){
        .model = { .pulse_rate_hz = 1e9,
                   .source = { 2, { 0.5, 0.15 }, { 0.6, 0.4 } },
                   .key_basis_share = 0.6,
                   .fibre_db_per_km = 0.2,
                   .detector_efficiency = 0.5,
                   .dark_probability = 1e-6,
                   .misalignment = 0.015 },
        .distance_km = 20,
        .seed = seed,
    };
    for (size_t i = 0; i < sizeof pool; i++) {
        pool[i] = (uint8_t)(i * 37 + i / 256);
    }
    memcpy(pair->alice.pool_bytes, pool, sizeof pool);
    memcpy(pair->bob.pool_bytes, pool, sizeof pool);
    for (int i = 0; i < 2; i++) {
        struct pair_end *end = i == 0 ? &pair->alice : &pair->bob;

        if (qw_qkd_auth_pool_init(&end->pool, end->pool_bytes, PAIR_POOL_LEN) != QW_OK) {
            abort();
        }
        end->blocks = 1;
        end->config = (struct qw_qkd_link_config){ .end = i == 0 ? QW_QKD_ALICE : QW_QKD_BOB,
                                                   .terms = pair_terms(),
                                                   .pool = &end->pool,
                                                   .timeout_ms = 20000,
                                                   .self = end,
                                                   .pulses = pair_pulses,
                                                   .clicks = pair_clicks,
                                                   .key = pair_key };
    }
}

static inline void *pair_run_end(void *argument)
{
    struct pair_end *end = argument;
    struct qw_qkd_link *link = NULL;
    qw_err err;

    end->config.wire = &end->wire;
    err = qw_qkd_link_new(&end->config, &link);
    if (err != QW_OK) {
        end->open_err = err;
        end->err = err;
        qw_wire_close(&end->wire);
        return NULL;
    }
    err = qw_qkd_link_open(link);
    end->open_err = err;
    for (unsigned i = 0; err == QW_OK && i < end->blocks; i++) {
        err = qw_qkd_link_block(link);
    }
    end->ledger = *qw_qkd_link_ledger(link);
    if (err == QW_OK && end->config.end == QW_QKD_BOB) {
        (void)!qw_qkd_link_close(link); /* Alice may have gone after her last block */
    }
    end->err = err;
    qw_qkd_link_free(link);
    qw_wire_close(&end->wire);
    return NULL;
}

static inline void pair_close(void *self)
{
    struct pair *pair = self;

    qw_wire_close(&pair->inner);
}

/* Runs both ends to their end. */
static inline void pair_run(struct pair *pair)
{
    pthread_t thread;

    if (qw_wire_memory_pair(&pair->inner, &pair->bob.wire) != QW_OK ||
        qw_optics_new(&pair->optics, &pair->bob.optics) != QW_OK) {
        abort();
    }
    pair->alice.wire = (struct qw_wire){
        .self = pair, .send = pair_send, .receive = pair_receive, .close = pair_close
    };
    pair->alice.record = *qw_optics_pulses(pair->bob.optics);
    if (pthread_create(&thread, NULL, pair_run_end, &pair->bob) != 0) {
        abort();
    }
    pair_run_end(&pair->alice);
    pthread_join(thread, NULL);
    qw_optics_free(pair->bob.optics);
    pair->bob.optics = NULL;
}

#endif
