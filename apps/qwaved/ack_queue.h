/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_ACK_QUEUE_H
#define QWAVED_ACK_QUEUE_H

#include "api/etsi020/message.h"
#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Acknowledgements to one partner that wait to be sent, in order, at most ACK_QUEUE_MAX. Any
 * thread. */
enum { ACK_QUEUE_MAX = 256 };

struct pending_ack {
    struct pending_ack *next;
    char path[QW_ETSI020_URL_CAP];
    char *body; /* ids only, no secret */
};

struct ack_queue {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    struct pending_ack *first, *last;
    size_t waiting;
    bool is_stopping;
};

qw_err ack_queue_init(struct ack_queue *queue) QW_MUST_USE;
void ack_queue_destroy(struct ack_queue *queue); /* with what waits */

/* QW_ERR_LIMIT: full; QW_ERR_NOMEM. */
qw_err ack_queue_put(struct ack_queue *queue, const char *path, const struct qw_etsi020_ack *acks,
                     size_t count) QW_MUST_USE;
/* The next one, the caller's to free; waits for it. NULL: the queue was stopped. */
struct pending_ack *ack_queue_take(struct ack_queue *queue);
void ack_queue_stop(struct ack_queue *queue); /* whoever waits gets NULL */
void pending_ack_free(struct pending_ack *ack);

#endif
