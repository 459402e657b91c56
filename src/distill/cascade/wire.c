/* SPDX-License-Identifier: Apache-2.0 */
/* Cascade over a wire: nothing but the loop of messages. */
#include "distill/cascade/buffers.h"

qw_err qw_cascade_ask_wire(struct qw_cascade_asker *asker, struct qw_wire *wire, int timeout_ms)
{
    struct qw_cascade_buffers *buffers = qw_cascade_asker_buffers(asker);
    size_t reply_len = 0;
    size_t request_len;
    bool is_done = false;
    qw_err err;

    for (;;) {
        err = qw_cascade_next(asker, buffers->reply, reply_len, buffers->request,
                              sizeof buffers->request, &request_len, &is_done);
        if (err == QW_OK) {
            err = qw_wire_send(wire, buffers->request, request_len);
        }
        if (err != QW_OK || is_done) {
            return err;
        }
        err = qw_wire_receive(wire, buffers->reply, sizeof buffers->reply, &reply_len, timeout_ms);
        if (err != QW_OK) {
            return err;
        }
    }
}

qw_err qw_cascade_answer_wire(struct qw_cascade_answerer *answerer, struct qw_wire *wire,
                              int timeout_ms)
{
    struct qw_cascade_buffers *buffers = qw_cascade_answerer_buffers(answerer);
    size_t request_len;
    size_t reply_len;
    qw_err err;

    for (;;) {
        err = qw_wire_receive(wire, buffers->request, sizeof buffers->request, &request_len,
                              timeout_ms);
        if (err == QW_OK) {
            err = qw_cascade_answer(answerer, buffers->request, request_len, buffers->reply,
                                    sizeof buffers->reply, &reply_len);
        }
        if (err == QW_OK && reply_len > 0) {
            err = qw_wire_send(wire, buffers->reply, reply_len);
        }
        if (err != QW_OK || reply_len == 0) {
            return err;
        }
    }
}
