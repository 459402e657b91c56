/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_FETCH_QUEUE_H
#define QW_CENTRE_PAIR_FETCH_QUEUE_H

#include "centre/books.h"

/* The thread that serves the centre's fetches. QW_ERR_NOMEM. The queue's memory is zero. */
qw_err qw_fetch_queue_start(struct qw_centre *centre) QW_MUST_USE;
/* Serves what still waits. */
void qw_fetch_queue_stop(struct qw_centre *centre);

/* Its done is called when it was served; it belongs to the queue until then. */
void qw_fetch_queue_put(struct qw_fetch_queue *queue, struct qw_fetch *fetch);

#endif
