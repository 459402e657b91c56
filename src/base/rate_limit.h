/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_RATE_LIMIT_H
#define QW_BASE_RATE_LIMIT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Token buckets by name, in a table of fixed size. A bucket fills at its rate up to ten seconds'
 * worth. Whoever finds anything in it may take all he wants and leaves a debt, so that large
 * requests are not shut out and the mean rate holds. When the table is full, a new name takes the
 * place of one that was idle longest; that one begins full again. Any thread. */
enum { QW_RATE_LIMIT_BURST_S = 10 };

struct qw_rate_limit;

/* names: so many at once, at least. QW_ERR_NOMEM. */
qw_err qw_rate_limit_new(size_t names, struct qw_rate_limit **limit) QW_MUST_USE;
void qw_rate_limit_free(struct qw_rate_limit *limit); /* NULL is fine */

/* Whether anything is in the bucket. per_s 0: no limit, always. now_ms: a clock that never goes
 * back; if it does, nothing is added. */
bool qw_rate_limit_has(struct qw_rate_limit *limit, const char *name, double per_s, int64_t now_ms);
void qw_rate_limit_spend(struct qw_rate_limit *limit, const char *name, double per_s, double amount,
                         int64_t now_ms);
/* Both in one step: spends if anything is there. */
bool qw_rate_limit_take(struct qw_rate_limit *limit, const char *name, double per_s, double amount,
                        int64_t now_ms);

#endif
