/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_SYNDROME_MESSAGE_H
#define QW_DISTILL_SYNDROME_MESSAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the messages of syndrome reconciliation (docs/protocol/syndrome.md). */
enum qw_syndrome_kind {
    QW_SYNDROME_SYNDROME = 1,
    QW_SYNDROME_ASK = 2,
    QW_SYNDROME_BITS = 3,
    QW_SYNDROME_FINISH = 4
};

enum {
    QW_SYNDROME_HEAD_LEN = 9,
    QW_SYNDROME_ASK_HEAD_LEN = 6,
    QW_SYNDROME_BITS_HEAD_LEN = 2,
    QW_SYNDROME_FINISH_LEN = 10,
    QW_SYNDROME_POSITION_LEN_MAX = 3
};

/* SYNDROME: one bit per byte in check [size: checks x 1]. */
struct qw_syndrome_sizes {
    uint32_t bits;
    uint32_t checks;
};

/* message [QW_SYNDROME_HEAD_LEN + ceil(checks / 8) bytes]; returns its length. */
size_t qw_syndrome_encode(const struct qw_syndrome_sizes *sizes, const uint8_t *check,
                          uint8_t *message);
/* QW_ERR_FORMAT; QW_ERR_CONFLICT: other sizes than expected. check untouched unless QW_OK. */
qw_err qw_syndrome_decode(const uint8_t *message, size_t len,
                          const struct qw_syndrome_sizes *expected, uint8_t *check) QW_MUST_USE;

/* ASK: position [size: count x 1], rising, below 2^20; message [QW_SYNDROME_ASK_HEAD_LEN + 3 count
 * bytes]; returns its length. */
size_t qw_syndrome_ask_encode(uint8_t round, const uint32_t *position, size_t count,
                              uint8_t *message);
/* position [size: bits x 1]; all of them below bits. QW_ERR_FORMAT also for another round; position
 * may then be overwritten. */
qw_err qw_syndrome_ask_decode(const uint8_t *message, size_t len, uint8_t round, size_t bits,
                              uint32_t *position, size_t *count) QW_MUST_USE;

/* BITS: one bit per byte in bit [size: count x 1]; message [QW_SYNDROME_BITS_HEAD_LEN + ceil(count
 * / 8) bytes]; returns its length. */
size_t qw_syndrome_bits_encode(uint8_t round, const uint8_t *bit, size_t count, uint8_t *message);
/* The answer to the round's question for count bits. QW_ERR_FORMAT; bit untouched unless QW_OK. */
qw_err qw_syndrome_bits_decode(const uint8_t *message, size_t len, uint8_t round, size_t count,
                               uint8_t *bit) QW_MUST_USE;

void qw_syndrome_finish_encode(bool found, uint64_t leaked_bits,
                               uint8_t message[static QW_SYNDROME_FINISH_LEN]);
qw_err qw_syndrome_finish_decode(const uint8_t *message, size_t len, bool *found,
                                 uint64_t *leaked_bits) QW_MUST_USE;

/* Bit strings as in base/bits.h to and from one bit per byte. */
void qw_syndrome_pack(const uint8_t *bit, size_t count, uint8_t *packed);
void qw_syndrome_unpack(const uint8_t *packed, size_t count, uint8_t *bit);

#endif
