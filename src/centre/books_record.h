/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_BOOKS_RECORD_H
#define QW_CENTRE_BOOKS_RECORD_H

#include "centre/books.h"

/* META record of the books: written with each group that moves them, read when the centre is opened
 * and when another process has written. */
extern const char qw_books_id[];
enum { QW_BOOKS_ID_LEN = 5, QW_BOOKS_CAP = 256 + QW_STOCK_PARTS * (1 + 64 + 1 + 8) };

/* Its plain form; returns the length. */
size_t qw_books_encode(const struct qw_books *books, uint8_t out[static QW_BOOKS_CAP]);

/* Also of every earlier layout; what that did not have yet is as it was then, counted from now_ms
 * on [UTC]. QW_ERR_FORMAT. */
qw_err qw_books_decode(const uint8_t *bytes, size_t len, int64_t now_ms,
                       struct qw_books *books) QW_MUST_USE;

#endif
