/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_STOCK_PART_H
#define QW_CENTRE_KEY_STOCK_PART_H

#include "centre/books.h"

/* The free keys divided by the source they came from [C10] [docs/adr/0134]. Part 0 is what is not
 * divided: keys that were there before the books did, and those of more sources at once than there
 * are parts. All parts together are books.stored + books.leased, always. Pure: the caller's books.
 */

/* Of keys that were stored or leased in whatever way before: from now on they are divided. */
void qw_stock_part_begin(struct qw_books *books);
/* count keys of the block have become free / are not free any more. */
void qw_stock_part_add(struct qw_books *books, const struct qw_block *block, uint64_t count);
void qw_stock_part_take(struct qw_books *books, const struct qw_block *block, uint64_t count);

#endif
