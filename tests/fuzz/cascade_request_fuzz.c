/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: distill */
/* The answerer's side of Cascade: any sequence of requests. Input: one byte for the length of the
 * frame and the variant; when its lowest bit is set the right OPEN is given first; then requests,
 * each preceded by its length in one byte. */
#include "distill/cascade.h"

#include "base/error.h"
#include "distill/cascade/message.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES = 256, QBER_PPM = 30000, SEED = 5 };

/* An exact allocation, so that a sanitizer sees the first byte read behind it. */
static qw_err answer(struct qw_cascade_answerer *answerer, const uint8_t *request, size_t len,
                     uint8_t *reply)
{
    const struct qw_cascade_report *report = qw_cascade_answerer_report(answerer);
    uint64_t leaked = report->leaked_bits;
    uint8_t *copy = malloc(len + (len == 0));
    size_t reply_len = 0;
    qw_err err;

    if (copy == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(copy, request, len);
    err = qw_cascade_answer(answerer, copy, len, reply, QW_CASCADE_MESSAGE_MAX, &reply_len);
    free(copy);
    if (err == QW_OK && reply_len > 0) { /* says what it charges, bit for bit */
        qw_assert(qw_cascade_reply_bits(reply, reply_len, report->round_trips - 1,
                                        report->leaked_bits - leaked) != NULL);
    }
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[BYTES] = { 0x5a, 0x0f };
    uint8_t shape = size > 0 ? data[0] : 0;
    struct qw_cascade_config config = { (size_t)8 * (1 + shape / 2),
                                        shape & 2 ? QW_CASCADE_OPTIMISED : QW_CASCADE_ORIGINAL,
                                        SEED };
    struct qw_cascade_open open = { (uint8_t)config.variant, (uint32_t)config.bits, QBER_PPM,
                                    SEED };
    struct qw_cascade_answerer *answerer = NULL;
    uint8_t *reply = malloc(QW_CASCADE_MESSAGE_MAX);
    uint8_t first[QW_CASCADE_OPEN_LEN];
    size_t at = 1;

    if (reply != NULL && qw_cascade_answerer_new(&config, &answerer) == QW_OK &&
        qw_cascade_answerer_begin(answerer, key, QBER_PPM) == QW_OK) {
        qw_err err = QW_OK;

        qw_cascade_open_encode(&open, first);
        if (shape & 1) {
            err = answer(answerer, first, sizeof first, reply);
        }
        while (err == QW_OK && at < size) {
            size_t len = data[at++];

            len = len < size - at ? len : size - at;
            err = answer(answerer, data + at, len, reply);
            at += len;
        }
    }
    qw_cascade_answerer_free(answerer);
    free(reply);
    return 0;
}
