/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_H
#define QW_DISTILL_CASCADE_H

#include "base/error.h"
#include "base/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Interactive reconciliation of hard bits (docs/protocol/cascade.md): the asker (Bob) ends with the
 * key of the answerer (Alice), who changes nothing and only answers parities. One object per party
 * and frame length, used for any number of frames, one after the other; no allocation after new.
 *
 * Both parties in one process, without a wire:
 *
 *     qw_cascade_answerer_begin(alice, key_a, qber_ppm);
 *     qw_cascade_asker_begin(bob, key_b, qber_ppm);
 *     reply_len = 0;
 *     do {
 *         err = qw_cascade_next(bob, reply, reply_len, request, sizeof request, &len, &done);
 *         if (err == QW_OK)
 *             err = qw_cascade_answer(alice, request, len, reply, sizeof reply, &reply_len);
 *     } while (err == QW_OK && !done);
 *     qw_cascade_asker_key(bob, key_b);
 *
 * ALWAYS verify afterwards (distill/verify.h): an even number of errors may be left in every block,
 * and messages are not authenticated here. Charge leaked_bits of the report to the entropy account,
 * also for a frame that failed. Bits as in base/bits.h. */
enum {
    QW_CASCADE_BITS_MAX = 1 << 22,
    QW_CASCADE_QBER_MAX_PPM = 150000, /* a larger estimate is refused */
    QW_CASCADE_MESSAGE_MAX = 1 << 18, /* bytes that no message exceeds: size buffers with it */
    QW_CASCADE_ROUND_TRIPS_MAX = 4096 /* per frame; a frame that needs more has failed */
};

enum qw_cascade_variant {
    QW_CASCADE_ORIGINAL, /* 4 passes: 0.73 / Q, doubled each time */
    QW_CASCADE_OPTIMISED /* fitted block sizes, docs/adr/0011-cascade-block-sizes.md */
};

struct qw_cascade_config {
    size_t bits; /* of a frame, 1..QW_CASCADE_BITS_MAX */
    enum qw_cascade_variant variant;
    uint64_t seed; /* of the permutations; public, equal at both ends */
};

struct qw_cascade_report {    /* of the current frame */
    uint64_t leaked_bits;     /* different parities said by the answerer */
    uint64_t corrected_bits;  /* asker only */
    uint32_t round_trips;     /* requests with a reply */
    uint32_t passes;          /* opened */
    uint64_t bytes_requested; /* in messages of the asker */
    uint64_t bytes_replied;   /* in messages of the answerer */
};

struct qw_cascade_asker;
struct qw_cascade_answerer;

/* Copies config; all memory is allocated here (asker 8 bytes per bit of the frame, answerer 3, up
 * to 65536 bits 32 and 14; half a megabyte for messages each). QW_ERR_ARG, QW_ERR_NOMEM. free: NULL
 * is fine; wipes.
 */
qw_err qw_cascade_asker_new(const struct qw_cascade_config *config,
                            struct qw_cascade_asker **asker) QW_MUST_USE;
void qw_cascade_asker_free(struct qw_cascade_asker *asker);
qw_err qw_cascade_answerer_new(const struct qw_cascade_config *config,
                               struct qw_cascade_answerer **answerer) QW_MUST_USE;
void qw_cascade_answerer_free(struct qw_cascade_answerer *answerer);

/* Start a frame, in any state. key [ceil(bits / 8) bytes] is copied. qber_ppm: the estimate that
 * both ends agreed on, in 1e-6, chooses the block sizes; QW_ERR_REFUSED above
 * QW_CASCADE_QBER_MAX_PPM. A wrong estimate costs leakage and time, not correctness. QW_ERR_FORMAT:
 * an unused bit of the last byte is set. */
qw_err qw_cascade_asker_begin(struct qw_cascade_asker *asker, const uint8_t *key,
                              uint32_t qber_ppm) QW_MUST_USE;
qw_err qw_cascade_answerer_begin(struct qw_cascade_answerer *answerer, const uint8_t *key,
                                 uint32_t qber_ppm) QW_MUST_USE;

/* Takes the reply to the last request (len 0 before the first one) and gives the next request.
 * request [cap bytes, cap >= QW_CASCADE_MESSAGE_MAX]. When *done is set the request is the last: it
 * still has to reach the answerer, and has no reply.
 * QW_ERR_FORMAT: a reply of a wrong length or form, or parities that contradict each other;
 * QW_ERR_EXHAUSTED: more leakage than bits, or too many round trips; QW_ERR_STATE: no frame, done
 * or failed; QW_ERR_SPACE. After an error the frame has failed: begin again. */
qw_err qw_cascade_next(struct qw_cascade_asker *asker, const uint8_t *reply, size_t reply_len,
                       uint8_t *request, size_t cap, size_t *request_len, bool *done) QW_MUST_USE;

/* Answers one request. reply [cap bytes, cap >= QW_CASCADE_MESSAGE_MAX]; *reply_len 0: that was the
 * last request and nothing is to be sent.
 * QW_ERR_FORMAT: malformed, out of turn, or a parity asked twice; QW_ERR_CONFLICT: the asker has
 * another bits, qber_ppm, variant or seed, or counted other leakage; QW_ERR_EXHAUSTED: more leakage
 * than bits, or too many round trips; QW_ERR_STATE, QW_ERR_SPACE. After an error the frame has
 * failed. */
qw_err qw_cascade_answer(struct qw_cascade_answerer *answerer, const uint8_t *request,
                         size_t request_len, uint8_t *reply, size_t cap,
                         size_t *reply_len) QW_MUST_USE;

/* The reconciled key [ceil(bits / 8) bytes]. QW_ERR_STATE until next said done; key is then
 * untouched. */
qw_err qw_cascade_asker_key(const struct qw_cascade_asker *asker, uint8_t *key) QW_MUST_USE;

const struct qw_cascade_report *qw_cascade_asker_report(const struct qw_cascade_asker *asker);
const struct qw_cascade_report *
qw_cascade_answerer_report(const struct qw_cascade_answerer *answerer);

/* The same over a wire, after begin: run one frame to its end. timeout_ms bounds each wait for a
 * message. Errors of the wire and those above. */
qw_err qw_cascade_ask_wire(struct qw_cascade_asker *asker, struct qw_wire *wire,
                           int timeout_ms) QW_MUST_USE;
qw_err qw_cascade_answer_wire(struct qw_cascade_answerer *answerer, struct qw_wire *wire,
                              int timeout_ms) QW_MUST_USE;

#endif
