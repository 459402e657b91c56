/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/key/key_maker.h"

#include "base/bits.h"
#include "base/clock.h"
#include "base/prng.h"
#include "base/secret.h"
#include "distill/toeplitz.h"
#include "distill/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum stream { STREAM_CHANNEL, STREAM_SENDER, STREAM_RECEIVER, STREAM_PUBLIC, STREAMS };

/* One end. */
struct end {
    struct qw_multilevel *reconciler;
    uint16_t *symbol; /* [n] */
    uint8_t *string;  /* [string_len] */
    uint8_t key[KEY_BITS / 8];
};

struct key_maker {
    const struct key_plan *plan;
    size_t n;
    size_t string_len;
    struct qw_prng prng[STREAMS];
    struct end sender, receiver;
    float *mean;                   /* [n], of the receiver's belief, in cells */
    double worth_bits;             /* of the sender's string */
    bool is_outside;               /* a number of the sender is beyond the cells */
    size_t said_bits, course_bits; /* about this string */
    uint32_t more;
    uint8_t *message; /* [message_cap] */
    size_t message_cap;
    uint8_t *toeplitz; /* public seed of the hash */
    size_t toeplitz_len;
    uint8_t check_key[QW_POLY_HASH_LEN];
};

static qw_err end_new(const struct key_maker *maker, struct end *end)
{
    qw_err err = key_plan_reconciler(maker->plan, &end->reconciler);

    if (err != QW_OK) {
        return err;
    }
    end->symbol = calloc(maker->n, sizeof *end->symbol);
    end->string = calloc(maker->string_len, 1);
    return end->symbol == NULL || end->string == NULL ? QW_ERR_NOMEM : QW_OK;
}

static void end_free(const struct key_maker *maker, struct end *end)
{
    qw_multilevel_free(end->reconciler);
    qw_wipe_free(end->symbol, maker->n * sizeof *end->symbol);
    qw_wipe_free(end->string, maker->string_len);
    qw_wipe(end->key, sizeof end->key);
}

static qw_err fill(struct key_maker *maker)
{
    size_t string_bits = maker->plan->string_bits;
    qw_err err = end_new(maker, &maker->sender);

    if (err == QW_OK) {
        err = end_new(maker, &maker->receiver);
    }
    if (err != QW_OK) {
        return err;
    }
    /* No MORE is longer than the string. */
    maker->message_cap = qw_multilevel_message_len(maker->sender.reconciler) + maker->string_len;
    maker->message = calloc(maker->message_cap, 1);
    maker->mean = calloc(maker->n, sizeof *maker->mean);
    maker->toeplitz_len = QW_BITS_TO_BYTES(qw_toeplitz_seed_bits(string_bits, KEY_BITS));
    maker->toeplitz = calloc(maker->toeplitz_len, 1);
    return maker->message == NULL || maker->mean == NULL || maker->toeplitz == NULL ? QW_ERR_NOMEM
                                                                                    : QW_OK;
}

qw_err key_maker_new(const struct key_plan *plan, uint64_t seed, bool is_trial,
                     struct key_maker **maker)
{
    struct key_maker *made = calloc(1, sizeof *made);
    qw_err err;

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->plan = plan;
    made->n = key_plan_numbers(plan);
    made->string_len = QW_BITS_TO_BYTES(plan->string_bits);
    for (uint64_t s = 0; s < STREAMS; s++) {
        qw_prng_init(&made->prng[s], seed, is_trial ? STREAMS + s : s);
    }
    err = fill(made);
    if (err != QW_OK) {
        key_maker_free(made);
        return err;
    }
    *maker = made;
    return QW_OK;
}

void key_maker_free(struct key_maker *maker)
{
    if (maker == NULL) {
        return;
    }
    end_free(maker, &maker->sender);
    end_free(maker, &maker->receiver);
    qw_wipe_free(maker->mean, maker->n * sizeof *maker->mean);
    free(maker->message);
    free(maker->toeplitz);
    qw_wipe_free(maker, sizeof *maker);
}

/* Number j at both ends, and what follows from it. */
static void measure(struct key_maker *maker, size_t j)
{
    const struct key_plan *plan = maker->plan;
    size_t index = j / 2 % plan->modes;
    const struct key_mode *mode = &plan->mode[index];
    double noise = sqrt(plan->channel->noise / 2.0);
    double common = sqrt(plan->channel->eigenvalue[index] / 2.0) *
                    qw_prng_gaussian(&maker->prng[STREAM_CHANNEL]);
    double x = common + noise * qw_prng_gaussian(&maker->prng[STREAM_SENDER]);
    double y = common + noise * qw_prng_gaussian(&maker->prng[STREAM_RECEIVER]);
    double half = ldexp(1.0, mode->depth - 1);
    double cell = floor(x / mode->number.width + half);

    maker->is_outside |= !(cell >= 0.0 && cell < 2.0 * half);
    maker->sender.symbol[j] = (uint16_t)fmin(fmax(cell, 0.0), 2.0 * half - 1.0);
    maker->mean[j] = (float)(mode->gain * y / mode->number.width + half);
    maker->worth_bits += qw_known_law_bits(&mode->number, plan->order, x);
}

static void write_string(const struct key_maker *maker, struct end *end)
{
    size_t at = 0;

    memset(end->string, 0, maker->string_len);
    for (size_t j = 0; j < maker->n; j++) {
        qw_bits_append(end->string, &at, end->symbol[j],
                       maker->plan->mode[j / 2 % maker->plan->modes].depth);
    }
}

/* What the sender says besides the reconciler's message. */
static void check_of(const struct key_maker *maker, const struct end *end,
                     uint8_t check[static QW_VERIFY_TAG_LEN])
{
    qw_verify_tag(maker->check_key, end->string, maker->plan->string_bits, check);
}

static void probe(struct key_maker *maker)
{
    maker->worth_bits = 0.0;
    maker->is_outside = false;
    for (size_t j = 0; j < maker->n; j++) {
        measure(maker, j);
    }
    write_string(maker, &maker->sender);
    qw_prng_bytes(&maker->prng[STREAM_PUBLIC], maker->check_key, sizeof maker->check_key);
}

/* Searches on as long as the check refutes the word. */
static qw_err verify(struct key_maker *maker, const uint8_t *check)
{
    struct end *end = &maker->receiver;
    uint8_t own[QW_VERIFY_TAG_LEN];
    qw_err err = QW_OK;

    for (;;) {
        write_string(maker, end);
        check_of(maker, end, own);
        if (qw_equal_ct(own, check, maker->plan->check_bits / 8)) {
            return QW_OK;
        }
        err = qw_multilevel_decode_again(end->reconciler, maker->mean, end->symbol);
        if (err != QW_OK) {
            return err;
        }
    }
}

/* QW_ERR_EXHAUSTED: there is no more, or it did not help. */
static qw_err ask_more(struct key_maker *maker)
{
    struct end *end = &maker->receiver;
    size_t level = qw_multilevel_wanted(end->reconciler);
    size_t bits = qw_multilevel_more_bits(end->reconciler, level);
    qw_err err;

    qw_assert(QW_BITS_TO_BYTES(bits) <= maker->message_cap);
    err = qw_multilevel_encode_more(maker->sender.reconciler, level, maker->sender.symbol,
                                    maker->message);
    if (err != QW_OK) {
        return err;
    }
    maker->more++;
    maker->said_bits += bits;
    maker->course_bits += KEY_MORE_BITS;
    return qw_multilevel_decode_more(end->reconciler, level, maker->mean, maker->message,
                                     QW_BITS_TO_BYTES(bits), end->symbol);
}

static bool reconcile(struct key_maker *maker)
{
    struct end *end = &maker->receiver;
    uint8_t check[QW_VERIFY_TAG_LEN];
    bool has_more = true;
    qw_err err;

    maker->more = 0;
    maker->said_bits = qw_multilevel_leak_bits(maker->sender.reconciler);
    maker->course_bits = KEY_DONE_BITS;
    check_of(maker, &maker->sender, check);
    qw_multilevel_encode(maker->sender.reconciler, maker->sender.symbol, maker->message);
    err = qw_multilevel_decode(end->reconciler, maker->mean, maker->message,
                               qw_multilevel_message_len(end->reconciler), end->symbol);
    while (has_more) {
        uint32_t before = maker->more;

        if (err == QW_OK) {
            err = verify(maker, check);
        }
        if (err == QW_OK) {
            return true;
        }
        err = ask_more(maker);
        has_more = maker->more > before;
    }
    return false;
}

/* The sender decides by what its string is worth. */
static bool is_enough(const struct key_maker *maker)
{
    const struct key_plan *plan = maker->plan;
    double spent =
        plan->loss_bits + plan->check_bits + (double)(maker->said_bits + maker->course_bits);

    return !maker->is_outside && maker->worth_bits - spent >= KEY_BITS;
}

static qw_err amplify(const struct key_maker *maker, struct end *end)
{
    return qw_toeplitz_hash(end->string, maker->plan->string_bits, maker->toeplitz, end->key,
                            KEY_BITS);
}

static qw_err make(struct key_maker *maker, struct key_tally *tally)
{
    bool is_decoded;
    qw_err err;

    probe(maker);
    is_decoded = reconcile(maker);
    tally->asked++;
    tally->more += maker->more;
    tally->said_bits += maker->said_bits;
    tally->course_bits += maker->course_bits;
    tally->worth_bits += maker->worth_bits;
    if (!is_decoded) {
        tally->undecoded++;
        return QW_OK;
    }
    tally->reconciled_bits += maker->plan->cells_bits - (double)maker->said_bits;
    if (!is_enough(maker)) {
        tally->too_short++;
        return QW_OK;
    }
    /* Drawn after the string is fixed, by who may be anybody: it is public. */
    qw_prng_bytes(&maker->prng[STREAM_PUBLIC], maker->toeplitz, maker->toeplitz_len);
    err = amplify(maker, &maker->sender);
    if (err == QW_OK) {
        err = amplify(maker, &maker->receiver);
    }
    if (err == QW_OK) {
        tally->made++;
        tally->wrong +=
            !qw_equal_ct(maker->sender.key, maker->receiver.key, sizeof maker->sender.key);
    }
    return err;
}

qw_err key_maker_make(struct key_maker *maker, struct key_tally *tally)
{
    int64_t start_ns = qw_clock_cpu_ns();
    qw_err err = make(maker, tally);

    tally->cpu_s += 1e-9 * (double)(qw_clock_cpu_ns() - start_ns);
    return err;
}
