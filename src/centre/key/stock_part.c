/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/key/stock_part.h"

#include <string.h>

void qw_stock_part_begin(struct qw_books *books)
{
    memset(books->parts, 0, sizeof books->parts);
    books->parts[0].keys = books->stored + books->leased;
    books->divided_from = books->next_block;
}

static bool is_of(const struct qw_stock_part *part, const struct qw_block *block)
{
    return part->is_quantum == block->is_quantum && part->is_simulated == block->is_simulated &&
           strcmp(part->source, block->source) == 0;
}

/* Part 0 when there is none. */
static struct qw_stock_part *find(struct qw_books *books, const struct qw_block *block)
{
    for (size_t i = 1; i < QW_STOCK_PARTS; i++) {
        if (books->parts[i].keys > 0 && is_of(&books->parts[i], block)) {
            return &books->parts[i];
        }
    }
    return &books->parts[0];
}

/* An empty part has no name worth keeping. Part 0 when all are taken. */
static struct qw_stock_part *make(struct qw_books *books, const struct qw_block *block)
{
    for (size_t i = 1; i < QW_STOCK_PARTS; i++) {
        struct qw_stock_part *part = &books->parts[i];

        if (part->keys == 0) {
            memset(part, 0, sizeof *part);
            memcpy(part->source, block->source, sizeof part->source);
            part->is_quantum = block->is_quantum;
            part->is_simulated = block->is_simulated;
            return part;
        }
    }
    return &books->parts[0];
}

void qw_stock_part_add(struct qw_books *books, const struct qw_block *block, uint64_t count)
{
    struct qw_stock_part *part = find(books, block);

    if (part == &books->parts[0]) {
        part = make(books, block);
    }
    part->keys += count;
}

/* A block that came while all parts were taken may find one of its name later: what that does not
 * hold is in part 0. */
void qw_stock_part_take(struct qw_books *books, const struct qw_block *block, uint64_t count)
{
    struct qw_stock_part *part =
        block->number < books->divided_from ? &books->parts[0] : find(books, block);
    uint64_t here = part->keys < count ? part->keys : count;
    uint64_t rest = count - here;

    part->keys -= here;
    books->parts[0].keys -= rest < books->parts[0].keys ? rest : books->parts[0].keys;
}
