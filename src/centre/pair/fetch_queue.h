/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_FETCH_QUEUE_H
#define QW_CENTRE_PAIR_FETCH_QUEUE_H

#include "centre/books.h"

/* QW_ERR_NOMEM. The memory is zero. */
qw_err qw_fetch_queue_init(struct qw_fetch_queue *queue) QW_MUST_USE;
void qw_fetch_queue_destroy(struct qw_fetch_queue *queue);

/* Returns when the fetch was served, by this thread or by another one. */
void qw_fetch_queue_pass(struct qw_centre *centre, struct qw_fetch *fetch);

#endif
