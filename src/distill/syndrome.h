/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_SYNDROME_H
#define QW_DISTILL_SYNDROME_H

#include "base/error.h"
#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reconciliation of hard bits in one message (docs/protocol/syndrome.md): the sender (Alice) says
 * the syndrome of her string under an LDPC code made for the frame, the receiver (Bob) finds it
 * from his. When he does not, he asks for the bits he is least sure of, a few at a time, until he
 * does. One object per party, frame length and number of checks, for any number of frames, one
 * after the other; no allocation after new.
 *
 * Both parties in one process, without a wire:
 *
 *     qw_syndrome_sender_begin(alice, key_a, message, sizeof message, &len);
 *     qw_syndrome_receiver_begin(bob, key_b, qber_ppm);
 *     do {
 *         err = qw_syndrome_next(bob, message, len, request, sizeof request, &request_len, &done);
 *         if (err == QW_OK)
 *             err = qw_syndrome_answer(alice, request, request_len, message, sizeof message, &len);
 *     } while (err == QW_OK && !done);
 *     qw_syndrome_receiver_key(bob, key_b);
 *
 * ALWAYS verify afterwards (distill/verify.h): another string may have the same syndrome, and
 * messages are not authenticated here. Charge leaked_bits of the report to the entropy account,
 * also for a frame that failed. Bits as in base/bits.h. */
enum {
    QW_SYNDROME_BITS_MAX = 1 << 20,
    QW_SYNDROME_QBER_MAX_PPM = 150000, /* a larger estimate is refused */
    QW_SYNDROME_MESSAGE_MAX = 1 << 18, /* bytes that no message exceeds: size buffers with it */
    QW_SYNDROME_ROUNDS_MAX = 64
};

enum qw_syndrome_aim {
    QW_SYNDROME_ONE_MESSAGE, /* enough checks for at most one frame in a hundred to need a question
                              */
    QW_SYNDROME_LEAST_LEAK,  /* fewer, for every fifth frame or so to need some: least in all */
    QW_SYNDROME_FAST         /* at least a fifth over the limit: about half of the search */
};

/* The number of checks to agree on, 1..bits. bits 1..QW_SYNDROME_BITS_MAX; qber_ppm: the estimated
 * error rate in 1e-6. For one of the two parties to compute and to tell the other: the last digits
 * of a machine's arithmetic may decide it. */
size_t qw_syndrome_checks(size_t bits, uint32_t qber_ppm, enum qw_syndrome_aim aim);

struct qw_syndrome_config {
    size_t bits;   /* of a frame, 1..QW_SYNDROME_BITS_MAX */
    size_t checks; /* 1..bits */
};

struct qw_syndrome_report {  /* of the current frame */
    uint64_t leaked_bits;    /* said by the sender: checks and bits */
    uint64_t corrected_bits; /* receiver only, when found */
    uint32_t round_trips;    /* questions with an answer */
    uint64_t bytes_sent;     /* in messages of the sender */
    uint64_t bytes_asked;    /* in messages of the receiver */
};

struct qw_syndrome_sender;
struct qw_syndrome_receiver;

/* Copies config; all memory is allocated here (per bit of the frame 7 bytes, receiver 15 to 20, and
 * half a megabyte for messages) and the code is grown: 3 to 300 ms. QW_ERR_ARG, QW_ERR_NOMEM. free:
 * NULL is fine; wipes. */
qw_err qw_syndrome_sender_new(const struct qw_syndrome_config *config,
                              struct qw_syndrome_sender **sender) QW_MUST_USE;
void qw_syndrome_sender_free(struct qw_syndrome_sender *sender);
qw_err qw_syndrome_receiver_new(const struct qw_syndrome_config *config,
                                struct qw_syndrome_receiver **receiver) QW_MUST_USE;
void qw_syndrome_receiver_free(struct qw_syndrome_receiver *receiver);

/* Starts a frame, in any state, and gives its first message. key [ceil(bits / 8) bytes] is copied.
 * message [cap bytes, cap >= QW_SYNDROME_MESSAGE_MAX]. QW_ERR_FORMAT: an unused bit of the last
 * byte is set; QW_ERR_SPACE. */
qw_err qw_syndrome_sender_begin(struct qw_syndrome_sender *sender, const uint8_t *key,
                                uint8_t *message, size_t cap, size_t *message_len) QW_MUST_USE;
/* qber_ppm: the receiver's estimate, in 1e-6; QW_ERR_REFUSED above QW_SYNDROME_QBER_MAX_PPM. */
qw_err qw_syndrome_receiver_begin(struct qw_syndrome_receiver *receiver, const uint8_t *key,
                                  uint32_t qber_ppm) QW_MUST_USE;

/* Takes the sender's message and gives the next request [cap bytes, cap >=
 * QW_SYNDROME_MESSAGE_MAX]. When *done is set the request is the last: it still has to reach the
 * sender, and has no reply; the frame may have failed (qw_syndrome_receiver_key).
 * QW_ERR_FORMAT: a message of a wrong length or form, or out of turn; QW_ERR_CONFLICT: another bits
 * or checks; QW_ERR_STATE: no frame, done or failed; QW_ERR_SPACE. After an error the frame has
 * failed: begin again. */
qw_err qw_syndrome_next(struct qw_syndrome_receiver *receiver, const uint8_t *message, size_t len,
                        uint8_t *request, size_t cap, size_t *request_len, bool *done) QW_MUST_USE;

/* Answers one request. reply [cap bytes, cap >= QW_SYNDROME_MESSAGE_MAX]; *reply_len 0: that was
 * the last request and nothing is to be sent. QW_ERR_FORMAT: malformed, out of turn, or a position
 * asked for twice; QW_ERR_EXHAUSTED: more would be said than there are bits; QW_ERR_CONFLICT: the
 * receiver counted other leakage; QW_ERR_STATE, QW_ERR_SPACE. After an error the frame has failed.
 */
qw_err qw_syndrome_answer(struct qw_syndrome_sender *sender, const uint8_t *request,
                          size_t request_len, uint8_t *reply, size_t cap,
                          size_t *reply_len) QW_MUST_USE;

/* The reconciled key [ceil(bits / 8) bytes]. QW_ERR_STATE until next said done, QW_ERR_EXHAUSTED
 * when no string was found; key is then untouched. */
qw_err qw_syndrome_receiver_key(const struct qw_syndrome_receiver *receiver,
                                uint8_t *key) QW_MUST_USE;

const struct qw_syndrome_report *qw_syndrome_sender_report(const struct qw_syndrome_sender *sender);
const struct qw_syndrome_report *
qw_syndrome_receiver_report(const struct qw_syndrome_receiver *receiver);

/* The same over a wire: one frame from begin to end. timeout_ms bounds each wait for a message.
 * Errors of the wire and those above; receive: QW_ERR_EXHAUSTED when no string was found. */
qw_err qw_syndrome_send_wire(struct qw_syndrome_sender *sender, const uint8_t *key,
                             struct qw_wire *wire, int timeout_ms) QW_MUST_USE;
qw_err qw_syndrome_receive_wire(struct qw_syndrome_receiver *receiver, struct qw_wire *wire,
                                int timeout_ms) QW_MUST_USE;

#endif
