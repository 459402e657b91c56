/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: distill */
/* The sender's side of a syndrome: any sequence of requests. Input: one byte for the length of the
 * frame, then requests, each preceded by its length in one byte. */
#include "distill/syndrome.h"

#include "base/bits.h"
#include "base/error.h"
#include "distill/syndrome/message.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 33 };

/* An exact allocation, so that a sanitizer sees the first byte read behind it. */
static qw_err answer(struct qw_syndrome_sender *sender, const uint8_t *request, size_t len,
                     uint8_t *reply)
{
    const struct qw_syndrome_report *report = qw_syndrome_sender_report(sender);
    uint64_t leaked = report->leaked_bits;
    uint8_t *copy = malloc(len + (len == 0));
    size_t reply_len = 0;
    qw_err err;

    if (copy == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(copy, request, len);
    err = qw_syndrome_answer(sender, copy, len, reply, QW_SYNDROME_MESSAGE_MAX, &reply_len);
    free(copy);
    if (err == QW_OK && reply_len > 0) { /* says what it charges, bit for bit */
        qw_assert(reply_len ==
                  QW_SYNDROME_BITS_HEAD_LEN + QW_BITS_TO_BYTES(report->leaked_bits - leaked));
    }
    qw_assert(report->leaked_bits >= leaked);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[BYTES] = { 0x5a, 0x0f };
    size_t bits = 8 * (size_t)(size > 0 ? 1 + data[0] % 32 : 1);
    struct qw_syndrome_config config = { bits, 1 + bits / 4 };
    struct qw_syndrome_sender *sender = NULL;
    uint8_t *reply = malloc(QW_SYNDROME_MESSAGE_MAX);
    size_t len = 0;
    size_t at = 1;

    if (reply != NULL && qw_syndrome_sender_new(&config, &sender) == QW_OK &&
        qw_syndrome_sender_begin(sender, key, reply, QW_SYNDROME_MESSAGE_MAX, &len) == QW_OK) {
        qw_err err = QW_OK;

        while (err == QW_OK && at < size) {
            size_t left = size - at - 1;

            len = data[at] < left ? data[at] : left;
            err = answer(sender, data + at + 1, len, reply);
            at += 1 + len;
        }
        qw_assert(qw_syndrome_sender_report(sender)->leaked_bits <= bits);
    }
    qw_syndrome_sender_free(sender);
    free(reply);
    return 0;
}
