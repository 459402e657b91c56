/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_SECRET_H
#define QW_BASE_SECRET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Overwrites len bytes with zeros; the compiler cannot remove it. p may be NULL when len is 0. */
void qw_wipe(void *p, size_t len);

/* The same, then free. NULL is fine. */
void qw_wipe_free(void *p, size_t len);

/* True when the len bytes are equal; time depends on len only. */
bool qw_equal_ct(const void *a, const void *b, size_t len);

/* Zeroed memory of len >= 1 bytes for keys: locked in RAM, left out of core dumps, empty in a
 * forked child. NULL when memory is short or may not be locked (RLIMIT_MEMLOCK). Costs whole pages:
 * allocate once, carve inside. */
void *qw_secret_new(size_t len);

/* Wipes and releases what qw_secret_new or qw_secret_lend returned; NULL is fine. */
void qw_secret_free(void *p);

/* Secret memory that is made once and lent again and again, by any thread: to make it costs more
 * system calls than all else that a request does. */
struct qw_secret_pool;

/* count pieces of piece_len bytes, both >= 1. QW_ERR_NOMEM as for qw_secret_new. */
qw_err qw_secret_pool_new(size_t piece_len, size_t count, struct qw_secret_pool **pool) QW_MUST_USE;

/* Every piece must be back. NULL is fine. */
void qw_secret_pool_free(struct qw_secret_pool *pool);

/* Like qw_secret_new, and freed like it: from the pool when a piece is left and long enough, new
 * otherwise. */
void *qw_secret_lend(struct qw_secret_pool *pool, size_t len);

/* Once at the start of every program that holds keys: no core files, not traceable by other
 * processes of the same user, and the limit of locked memory raised as far as the system allows.
 * Where there is no limit, all memory is locked as it is touched: the libraries' own copies of
 * private keys too, which qw_secret_new does not reach. */
qw_err qw_process_harden(void) QW_MUST_USE;

#endif
