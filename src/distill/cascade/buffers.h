/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_BUFFERS_H
#define QW_DISTILL_CASCADE_BUFFERS_H

#include "distill/cascade.h"

/* Room for one message each way, kept by each party for the time it talks over a wire. */
struct qw_cascade_buffers {
    uint8_t request[QW_CASCADE_MESSAGE_MAX];
    uint8_t reply[QW_CASCADE_MESSAGE_MAX];
};

struct qw_cascade_buffers *qw_cascade_asker_buffers(struct qw_cascade_asker *asker);
struct qw_cascade_buffers *qw_cascade_answerer_buffers(struct qw_cascade_answerer *answerer);

#endif
