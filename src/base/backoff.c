/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

#include "base/error.h"

void qw_backoff_init(struct qw_backoff *backoff, int64_t first_ms)
{
    qw_assert(first_ms >= 1);
    *backoff = (struct qw_backoff){ .first_ms = first_ms };
}

void qw_backoff_succeed(struct qw_backoff *backoff)
{
    backoff->failures = 0;
}

int64_t qw_backoff_fail(struct qw_backoff *backoff, uint32_t random)
{
    double wait_ms = (double)(backoff->first_ms << backoff->failures);
    double spread = 0.75 + 0.5 * (double)random / (double)UINT32_MAX;

    if (backoff->failures < QW_BACKOFF_DOUBLINGS_MAX) {
        backoff->failures++;
    }
    return (int64_t)(wait_ms * spread);
}
