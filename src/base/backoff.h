/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_BACKOFF_H
#define QW_BASE_BACKOFF_H

#include <stdint.h>

/* How long to wait after a failure, so that whatever failed is not hammered and many do not come
 * back at the same moment. A plain value. */
enum { QW_BACKOFF_DOUBLINGS_MAX = 6 }; /* at most 64 times the first wait */

struct qw_backoff {
    int64_t first_ms;  /* >= 1 */
    unsigned failures; /* in a row */
};

void qw_backoff_init(struct qw_backoff *backoff, int64_t first_ms);
void qw_backoff_succeed(struct qw_backoff *backoff);
/* One more failure: milliseconds to wait, doubled with each and spread evenly over 75..125 % by
 * random. */
int64_t qw_backoff_fail(struct qw_backoff *backoff, uint32_t random);

#endif
