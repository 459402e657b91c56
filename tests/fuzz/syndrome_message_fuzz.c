/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: distill */
/* The receiver's side of a syndrome: messages that say anything, of the right shape and of others.
 * Input: one byte for the length of the frame, one for its form: bit 0 set gives the first message
 * its right head; then messages, each preceded by its length in one byte. */
#include "distill/syndrome.h"

#include "base/bits.h"
#include "base/error.h"
#include "distill/syndrome/message.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 33, QBER_PPM = 60000 };

/* An exact allocation, so that a sanitizer sees the first byte read behind it. */
static qw_err take(struct qw_syndrome_receiver *receiver, const uint8_t *head, size_t head_len,
                   const uint8_t *rest, size_t rest_len, bool *is_done)
{
    size_t len = head_len + rest_len;
    uint8_t *message = malloc(len + (len == 0));
    uint8_t *request = malloc(QW_SYNDROME_MESSAGE_MAX);
    size_t request_len = 0;
    qw_err err = QW_ERR_NOMEM;

    if (message != NULL && request != NULL) {
        memcpy(message, head, head_len);
        memcpy(message + head_len, rest, rest_len);
        err = qw_syndrome_next(receiver, message, len, request, QW_SYNDROME_MESSAGE_MAX,
                               &request_len, is_done);
        qw_assert(err != QW_OK || request_len > 0);
    }
    free(message);
    free(request);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[BYTES] = { 0x5a, 0x0f };
    size_t bits = 8 * (size_t)(size > 0 ? 1 + data[0] % 32 : 1);
    struct qw_syndrome_config config = { bits, 1 + bits / 4 };
    uint8_t head[QW_SYNDROME_HEAD_LEN] = {
        QW_SYNDROME_SYNDROME,  0, 0, (uint8_t)(bits >> 8),
        (uint8_t)bits,         0, 0, (uint8_t)(config.checks >> 8),
        (uint8_t)config.checks
    };
    struct qw_syndrome_receiver *receiver = NULL;
    size_t head_len = size > 1 && (data[1] & 1) ? sizeof head : 0;
    bool is_done = false;
    size_t at = 2;

    if (qw_syndrome_receiver_new(&config, &receiver) == QW_OK &&
        qw_syndrome_receiver_begin(receiver, key, QBER_PPM) == QW_OK) {
        uint8_t out[BYTES];
        qw_err err = QW_OK;

        while (err == QW_OK && !is_done && at < size) {
            size_t left = size - at - 1;
            size_t len = data[at] < left ? data[at] : left;

            err = take(receiver, head, head_len, data + at + 1, len, &is_done);
            head_len = 0;
            at += 1 + len;
        }
        err = qw_syndrome_receiver_key(receiver, out);
        qw_assert(is_done || err == QW_ERR_STATE);
        qw_assert(qw_syndrome_receiver_report(receiver)->leaked_bits <= bits);
    }
    qw_syndrome_receiver_free(receiver);
    return 0;
}
