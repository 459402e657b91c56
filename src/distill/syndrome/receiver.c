/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver of a syndrome: searches the pattern of errors that explains the difference of both
 * syndromes, and asks for the bits that keep him from finding it. */
#include "distill/ldpc_int8.h"
#include "distill/syndrome.h"
#include "distill/syndrome/message.h"
#include "distill/syndrome/plan.h"

#include "base/bits.h"
#include "base/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ITERATIONS = 100,
    ROUND_ITERATIONS = 20,
    ASK_SHARE = 50 /* 1/50 of the checks are asked for at a time */
};

#define QBER_MIN 0.0001 /* smaller rates are taken as this: nothing is certain */

enum state { IDLE, BEGUN, ASKED, FOUND, GIVEN_UP };

struct qw_syndrome_receiver {
    struct qw_syndrome_sizes sizes;
    struct qw_syndrome_report report;
    enum state state;
    uint8_t round;   /* of the question that was asked */
    double estimate; /* of the error rate */
    struct qw_ldpc_code *code;
    struct qw_ldpc_int8 *decoder;
    size_t width;     /* of the code: bits and what it is longer */
    size_t asked;     /* positions of the question */
    uint8_t *key;     /* [size: width], one bit per byte, zero from bits on; corrected once found */
    uint8_t *pattern; /* [size: width], of the errors found */
    uint8_t *check;   /* [size: code->checks], of the errors */
    uint8_t *said;    /* [size: code->checks], as received: checks, later bits */
    uint32_t *position; /* [size: bits], asked for; public */
    uint8_t *message;   /* [QW_SYNDROME_MESSAGE_MAX] x 2, for the wire; public */
};

static bool buffers_new(struct qw_syndrome_receiver *r)
{
    r->key = calloc(r->width, 1);
    r->pattern = calloc(r->width, 1);
    r->check = calloc(r->code->checks, 1);
    r->said = calloc(r->code->checks, 1);
    r->position = calloc(r->sizes.bits, sizeof *r->position);
    r->message = calloc(2, QW_SYNDROME_MESSAGE_MAX);
    return r->key != NULL && r->pattern != NULL && r->check != NULL && r->said != NULL &&
           r->position != NULL && r->message != NULL;
}

qw_err qw_syndrome_receiver_new(const struct qw_syndrome_config *config,
                                struct qw_syndrome_receiver **receiver)
{
    struct qw_syndrome_receiver *r = calloc(1, sizeof *r);
    qw_err err = QW_ERR_NOMEM;

    if (r == NULL) {
        return err;
    }
    err = qw_syndrome_code_new(config->bits, config->checks, &r->code);
    if (err != QW_OK) {
        goto out;
    }
    r->sizes = (struct qw_syndrome_sizes){ (uint32_t)config->bits, (uint32_t)config->checks };
    r->width = (size_t)r->code->columns * r->code->lift;
    err = qw_ldpc_int8_new(r->code, config->checks, qw_ldpc_int8_kernel_best(), &r->decoder);
    if (err == QW_OK && !buffers_new(r)) {
        err = QW_ERR_NOMEM;
    }
    if (err == QW_OK) {
        *receiver = r;
        r = NULL; /* now owned by the caller */
    }
out:
    qw_syndrome_receiver_free(r);
    return err;
}

void qw_syndrome_receiver_free(struct qw_syndrome_receiver *r)
{
    if (r == NULL) {
        return;
    }
    if (r->code != NULL) {
        qw_wipe_free(r->check, r->code->checks);
        qw_wipe_free(r->said, r->code->checks);
    }
    qw_wipe_free(r->key, r->width);
    qw_wipe_free(r->pattern, r->width);
    qw_ldpc_int8_free(r->decoder);
    qw_ldpc_code_free(r->code);
    free(r->position);
    free(r->message);
    free(r);
}

qw_err qw_syndrome_receiver_begin(struct qw_syndrome_receiver *r, const uint8_t *key,
                                  uint32_t qber_ppm)
{
    r->state = IDLE;
    if (qber_ppm > QW_SYNDROME_QBER_MAX_PPM) {
        return QW_ERR_REFUSED;
    }
    if (!qw_bits_tail_clear(key, r->sizes.bits)) {
        return QW_ERR_FORMAT;
    }
    qw_syndrome_unpack(key, r->sizes.bits, r->key);
    r->estimate = qber_ppm / 1e6;
    r->report = (struct qw_syndrome_report){ 0 };
    r->round = 0;
    r->asked = 0;
    r->state = BEGUN;
    return QW_OK;
}

/* The error rate that the share of odd checks tells: a check over d positions is odd with
 * probability (1 - (1 - 2 Q)^d) / 2. 1 where that tells nothing, at nearly half of them. */
static double rate_from_checks(const struct qw_syndrome_receiver *r)
{
    double positions = (double)r->code->edges / r->code->rows;
    size_t odd = 0;

    for (size_t i = 0; i < r->sizes.checks; i++) {
        odd += r->check[i];
    }
    if (odd * 20 > r->sizes.checks * 9) {
        return 1;
    }
    return (1 - pow(1 - 2 * (double)odd / (double)r->sizes.checks, 1 / positions)) / 2;
}

/* How far each position is believed to be right: the estimate, within what the checks allow. With a
 * rate twice too large the search does not start, with one far too small it does not end. */
static int belief_for(const struct qw_syndrome_receiver *r)
{
    enum { ALLOWED = 2 };
    double told = rate_from_checks(r);
    double rate = fmax(r->estimate, QBER_MIN);

    if (told < 1) {
        rate = fmin(fmax(rate, told / ALLOWED), fmax(told * ALLOWED, QBER_MIN));
    }
    return (int)lrint(log((1 - rate) / rate) * QW_LDPC_INT8_STEPS);
}

/* Y1 */
static qw_err take_syndrome(struct qw_syndrome_receiver *r, const uint8_t *message, size_t len)
{
    qw_err err = qw_syndrome_decode(message, len, &r->sizes, r->said);

    if (err != QW_OK) {
        return err;
    }
    qw_ldpc_int8_syndrome(r->code, r->key, r->check);
    for (size_t i = 0; i < r->sizes.checks; i++) {
        r->check[i] ^= r->said[i];
    }
    qw_ldpc_int8_begin(r->decoder, belief_for(r), r->check);
    r->report.leaked_bits = r->sizes.checks;
    return QW_OK;
}

/* Y5 */
static qw_err take_bits(struct qw_syndrome_receiver *r, const uint8_t *message, size_t len)
{
    qw_err err = qw_syndrome_bits_decode(message, len, r->round, r->asked, r->said);

    if (err != QW_OK) {
        return err;
    }
    for (size_t i = 0; i < r->asked; i++) {
        uint32_t at = r->position[i];

        qw_ldpc_int8_know(r->decoder, at, r->said[i] != r->key[at]);
    }
    r->report.leaked_bits += r->asked;
    r->report.round_trips++;
    return QW_OK;
}

/* Y3, Y6: false when there is nothing left to ask for. */
static bool choose_question(struct qw_syndrome_receiver *r)
{
    size_t room = r->sizes.bits - r->report.leaked_bits;
    size_t wished = r->sizes.checks / ASK_SHARE + 1;

    if (r->round == QW_SYNDROME_ROUNDS_MAX) {
        return false;
    }
    r->asked = qw_ldpc_int8_doubtful(r->decoder, wished < room ? wished : room, r->position);
    return r->asked > 0;
}

static void finish(struct qw_syndrome_receiver *r, bool found)
{
    r->state = found ? FOUND : GIVEN_UP;
    if (found) {
        qw_ldpc_int8_word(r->decoder, r->pattern);
        for (size_t i = 0; i < r->sizes.bits; i++) {
            r->report.corrected_bits += r->pattern[i];
            r->key[i] ^= r->pattern[i];
        }
    }
}

qw_err qw_syndrome_next(struct qw_syndrome_receiver *r, const uint8_t *message, size_t len,
                        uint8_t *request, size_t cap, size_t *request_len, bool *done)
{
    bool first = r->state == BEGUN;
    bool found;
    qw_err err;

    if (r->state != BEGUN && r->state != ASKED) {
        return QW_ERR_STATE;
    }
    if (cap < QW_SYNDROME_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    err = first ? take_syndrome(r, message, len) : take_bits(r, message, len);
    if (err != QW_OK) {
        r->state = IDLE;
        return err;
    }
    found = qw_ldpc_int8_run(r->decoder, first ? FIRST_ITERATIONS : ROUND_ITERATIONS); /* Y2 */
    *done = found || !choose_question(r);
    if (*done) {
        finish(r, found);
        qw_syndrome_finish_encode(found, r->report.leaked_bits, request);
        *request_len = QW_SYNDROME_FINISH_LEN;
    } else {
        r->round++;
        r->state = ASKED;
        *request_len = qw_syndrome_ask_encode(r->round, r->position, r->asked, request);
    }
    r->report.bytes_sent += len;
    r->report.bytes_asked += *request_len;
    return QW_OK;
}

qw_err qw_syndrome_receiver_key(const struct qw_syndrome_receiver *r, uint8_t *key)
{
    if (r->state != FOUND) {
        return r->state == GIVEN_UP ? QW_ERR_EXHAUSTED : QW_ERR_STATE;
    }
    qw_syndrome_pack(r->key, r->sizes.bits, key);
    return QW_OK;
}

const struct qw_syndrome_report *qw_syndrome_receiver_report(const struct qw_syndrome_receiver *r)
{
    return &r->report;
}

qw_err qw_syndrome_receive_wire(struct qw_syndrome_receiver *r, struct qw_wire *wire,
                                int timeout_ms)
{
    uint8_t *request = r->message + QW_SYNDROME_MESSAGE_MAX;
    bool is_done = false;
    qw_err err = QW_OK;

    while (err == QW_OK && !is_done) {
        size_t request_len;
        size_t len;

        err = qw_wire_receive(wire, r->message, QW_SYNDROME_MESSAGE_MAX, &len, timeout_ms);
        if (err == QW_OK) {
            err = qw_syndrome_next(r, r->message, len, request, QW_SYNDROME_MESSAGE_MAX,
                                   &request_len, &is_done);
        }
        if (err == QW_OK) {
            err = qw_wire_send(wire, request, request_len);
        }
    }
    return err == QW_OK && r->state == GIVEN_UP ? QW_ERR_EXHAUSTED : err;
}
