/* SPDX-License-Identifier: Apache-2.0 */
/* The sender of a syndrome: says parities once, then single bits when asked, each at most once. */
#include "distill/ldpc_int8.h"
#include "distill/syndrome.h"
#include "distill/syndrome/message.h"
#include "distill/syndrome/plan.h"

#include "base/bits.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum state { IDLE, SAID, FINISHED };

struct qw_syndrome_sender {
    struct qw_syndrome_sizes sizes;
    struct qw_syndrome_report report;
    enum state state;
    uint8_t round; /* of the question that comes next */
    struct qw_ldpc_code *code;
    size_t width;       /* of the code: bits and what it is longer */
    uint8_t *key;       /* [size: width], one bit per byte, zero from bits on */
    uint8_t *check;     /* [size: code->checks] */
    uint8_t *said;      /* [size: bits]: 1 when the bit was said */
    uint32_t *position; /* [size: bits], of the question at hand */
    uint8_t *message;   /* [QW_SYNDROME_MESSAGE_MAX] x 2, for the wire; public */
};

qw_err qw_syndrome_sender_new(const struct qw_syndrome_config *config,
                              struct qw_syndrome_sender **sender)
{
    struct qw_syndrome_sender *s = calloc(1, sizeof *s);
    qw_err err = QW_ERR_NOMEM;

    if (s == NULL) {
        return err;
    }
    err = qw_syndrome_code_new(config->bits, config->checks, &s->code);
    if (err != QW_OK) {
        goto out;
    }
    s->sizes = (struct qw_syndrome_sizes){ (uint32_t)config->bits, (uint32_t)config->checks };
    s->width = (size_t)s->code->columns * s->code->lift;
    s->key = calloc(s->width, 1);
    s->check = calloc(s->code->checks, 1);
    s->said = calloc(config->bits, 1);
    s->position = calloc(config->bits, sizeof *s->position);
    s->message = calloc(2, QW_SYNDROME_MESSAGE_MAX);
    if (s->key == NULL || s->check == NULL || s->said == NULL || s->position == NULL ||
        s->message == NULL) {
        err = QW_ERR_NOMEM;
        goto out;
    }
    *sender = s;
    s = NULL; /* now owned by the caller */
out:
    qw_syndrome_sender_free(s);
    return err;
}

void qw_syndrome_sender_free(struct qw_syndrome_sender *s)
{
    if (s == NULL) {
        return;
    }
    if (s->key != NULL) {
        qw_wipe(s->key, s->width);
    }
    if (s->check != NULL) {
        qw_wipe(s->check, s->code->checks);
    }
    qw_ldpc_code_free(s->code);
    free(s->key);
    free(s->check);
    free(s->said);
    free(s->position);
    free(s->message);
    free(s);
}

qw_err qw_syndrome_sender_begin(struct qw_syndrome_sender *s, const uint8_t *key, uint8_t *message,
                                size_t cap, size_t *message_len)
{
    s->state = IDLE;
    if (cap < QW_SYNDROME_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    if (!qw_bits_tail_clear(key, s->sizes.bits)) {
        return QW_ERR_FORMAT;
    }
    qw_syndrome_unpack(key, s->sizes.bits, s->key);
    memset(s->said, 0, s->sizes.bits);
    qw_ldpc_int8_syndrome(s->code, s->key, s->check);
    *message_len = qw_syndrome_encode(&s->sizes, s->check, message); /* Y1 */
    s->report =
        (struct qw_syndrome_report){ .leaked_bits = s->sizes.checks, .bytes_sent = *message_len };
    s->round = 1;
    s->state = SAID;
    return QW_OK;
}

/* Y7 */
static qw_err finish(struct qw_syndrome_sender *s, const uint8_t *request, size_t len)
{
    uint64_t leaked;
    bool found;
    qw_err err = qw_syndrome_finish_decode(request, len, &found, &leaked);

    if (err == QW_OK && leaked != s->report.leaked_bits) {
        err = QW_ERR_CONFLICT;
    }
    s->state = err == QW_OK ? FINISHED : IDLE;
    return err;
}

/* Y4: marks the positions as said. */
static qw_err take_question(struct qw_syndrome_sender *s, const uint8_t *request, size_t len,
                            size_t *count)
{
    qw_err err = qw_syndrome_ask_decode(request, len, s->round, s->sizes.bits, s->position, count);

    if (err != QW_OK) {
        return err;
    }
    if (s->round > QW_SYNDROME_ROUNDS_MAX || s->report.leaked_bits + *count > s->sizes.bits) {
        return QW_ERR_EXHAUSTED;
    }
    for (size_t i = 0; i < *count; i++) {
        if (s->said[s->position[i]] != 0) {
            return QW_ERR_FORMAT;
        }
        s->said[s->position[i]] = 1;
    }
    return QW_OK;
}

/* Bits of the question, in its order. */
static void answer_question(struct qw_syndrome_sender *s, size_t count, uint8_t *reply,
                            size_t *reply_len)
{
    uint8_t bit[8];
    size_t len = QW_SYNDROME_BITS_HEAD_LEN;

    reply[0] = QW_SYNDROME_BITS;
    reply[1] = s->round;
    for (size_t i = 0; i < count; i += sizeof bit) {
        size_t left = count - i < sizeof bit ? count - i : sizeof bit;

        for (size_t k = 0; k < left; k++) {
            bit[k] = s->key[s->position[i + k]];
        }
        qw_syndrome_pack(bit, left, reply + len++);
    }
    qw_wipe(bit, sizeof bit);
    *reply_len = len;
}

qw_err qw_syndrome_answer(struct qw_syndrome_sender *s, const uint8_t *request, size_t request_len,
                          uint8_t *reply, size_t cap, size_t *reply_len)
{
    size_t count;
    qw_err err;

    if (s->state != SAID) {
        return QW_ERR_STATE;
    }
    if (cap < QW_SYNDROME_MESSAGE_MAX) {
        return QW_ERR_SPACE;
    }
    s->report.bytes_asked += request_len;
    if (request_len > 0 && request[0] == QW_SYNDROME_FINISH) {
        *reply_len = 0;
        return finish(s, request, request_len);
    }
    err = take_question(s, request, request_len, &count);
    if (err != QW_OK) {
        s->state = IDLE;
        return err;
    }
    answer_question(s, count, reply, reply_len);
    s->report.leaked_bits += count;
    s->report.round_trips++;
    s->report.bytes_sent += *reply_len;
    s->round++;
    return QW_OK;
}

const struct qw_syndrome_report *qw_syndrome_sender_report(const struct qw_syndrome_sender *s)
{
    return &s->report;
}

qw_err qw_syndrome_send_wire(struct qw_syndrome_sender *s, const uint8_t *key, struct qw_wire *wire,
                             int timeout_ms)
{
    uint8_t *request = s->message + QW_SYNDROME_MESSAGE_MAX;
    size_t request_len;
    size_t len;
    qw_err err = qw_syndrome_sender_begin(s, key, s->message, QW_SYNDROME_MESSAGE_MAX, &len);

    while (err == QW_OK && len > 0) {
        err = qw_wire_send(wire, s->message, len);
        if (err == QW_OK) {
            err = qw_wire_receive(wire, request, QW_SYNDROME_MESSAGE_MAX, &request_len, timeout_ms);
        }
        if (err == QW_OK) {
            err = qw_syndrome_answer(s, request, request_len, s->message, QW_SYNDROME_MESSAGE_MAX,
                                     &len);
        }
    }
    return err;
}
