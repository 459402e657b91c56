/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: distill */
/* The asker's side of Cascade: replies of the right shape that say anything, and now and then one
 * of a wrong shape. Input: one byte for the length of the frame and the variant, then the bytes of
 * the replies; an 0xee in the place of a reply's first byte makes that reply one byte longer. */
#include "distill/cascade.h"

#include "base/bits.h"
#include "base/error.h"
#include "distill/cascade/message.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 256, QBER_PPM = 60000 };

struct input {
    const uint8_t *data;
    size_t size;
};

static uint8_t take(struct input *in)
{
    uint8_t byte = 0;

    if (in->size > 0) {
        byte = *in->data++;
        in->size--;
    }
    return byte;
}

/* The asker knows how many bits it wants; a real answerer with an arbitrary key is the simplest way
 * to a reply of that length. */
static void converse(struct qw_cascade_asker *asker, struct qw_cascade_answerer *answerer,
                     struct input *in, uint8_t *request, uint8_t *reply)
{
    size_t request_len = 0;
    size_t reply_len = 0;
    bool is_done = false;

    while (qw_cascade_next(asker, reply, reply_len, request, QW_CASCADE_MESSAGE_MAX, &request_len,
                           &is_done) == QW_OK) {
        qw_err err = qw_cascade_answer(answerer, request, request_len, reply,
                                       QW_CASCADE_MESSAGE_MAX, &reply_len);
        uint8_t first = take(in);

        qw_assert(err == QW_OK || err == QW_ERR_EXHAUSTED); /* whatever it was told */
        if (is_done || err != QW_OK) {
            return;
        }
        for (size_t i = QW_CASCADE_REPLY_HEAD_LEN; in->size > 0 && i + 1 < reply_len; i++) {
            reply[i] ^= take(in);
        }
        if (reply_len > QW_CASCADE_REPLY_HEAD_LEN) {
            reply[QW_CASCADE_REPLY_HEAD_LEN] ^= first & 0x80;
        }
        reply_len += first == 0xee;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[BYTES] = { 0x5a, 0x0f };
    static const uint8_t other[BYTES] = { 0x5a, 0x1f, 0, 4, 0, 0x20 };
    struct input in = { data, size };
    uint8_t shape = take(&in);
    struct qw_cascade_config config = { (size_t)8 * (1 + shape / 2),
                                        shape & 1 ? QW_CASCADE_OPTIMISED : QW_CASCADE_ORIGINAL, 5 };
    struct qw_cascade_asker *asker = NULL;
    struct qw_cascade_answerer *answerer = NULL;
    uint8_t *request = malloc(QW_CASCADE_MESSAGE_MAX);
    uint8_t *reply = malloc(QW_CASCADE_MESSAGE_MAX);

    if (request != NULL && reply != NULL && qw_cascade_asker_new(&config, &asker) == QW_OK &&
        qw_cascade_answerer_new(&config, &answerer) == QW_OK &&
        qw_cascade_asker_begin(asker, other, QBER_PPM) == QW_OK &&
        qw_cascade_answerer_begin(answerer, key, QBER_PPM) == QW_OK) {
        converse(asker, answerer, &in, request, reply);
    }
    qw_cascade_asker_free(asker);
    qw_cascade_answerer_free(answerer);
    free(request);
    free(reply);
    return 0;
}
