/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_STORE_HIGH_MARK_H
#define QW_STORE_HIGH_MARK_H

#include "base/error.h"

#include <stdint.h>

/* How far a store has come, in a small file beside it that no backup of the store brings back: a
 * number that only grows. Whoever finds the store behind its mark has an older copy before him. One
 * thread at a time; several processes may raise the same file in turns (store.h). */
struct qw_high_mark;

/* Makes the file (mode 0600) when there is none: 0. QW_ERR_FORMAT: it is no mark; QW_ERR_IO,
 * QW_ERR_NOMEM. */
qw_err qw_high_mark_open(const char *path, struct qw_high_mark **mark) QW_MUST_USE;
uint64_t qw_high_mark_value(const struct qw_high_mark *mark);
/* Durable when it returns QW_OK; QW_ERR_IO: the old value or the new one is there. */
qw_err qw_high_mark_raise(struct qw_high_mark *mark, uint64_t value) QW_MUST_USE;
void qw_high_mark_close(struct qw_high_mark *mark); /* NULL is fine */

#endif
