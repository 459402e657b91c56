/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_CELLS_H
#define QW_DISTILL_CASCADE_CELLS_H

#include "base/error.h"
#include "distill/cascade/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the asker knows about one pass. The positions at which it knows the answerer's prefix parity
 * cut the pass into cells; for each cell it knows whether an odd or an even number of errors is
 * left in it. This is the known-parity cache: whatever follows from what was said is read off the
 * cells, so no parity is asked that could be derived inside the pass. */
struct qw_cascade_word { /* 64 positions */
    uint64_t key;        /* own bits, with the corrections made so far */
    uint64_t known;      /* a cell begins here */
    uint64_t odd;        /* of the cell that begins here */
    uint64_t prefix;     /* of the answerer, where known; elsewhere 1: has been asked for */
};

struct qw_cascade_cell {
    uint32_t start;
    uint32_t end; /* > start */
};

/* Odd cells that still have to be asked about; some may have become even since. */
struct qw_cascade_queue {
    struct qw_cascade_cell *cell;
    uint32_t cap;
    uint32_t count;
    bool is_short; /* one did not fit: look for it in the cells */
};

struct qw_cascade_cells {
    struct qw_cascade_word *word; /* [size: length / 64 + 1] */
    uint32_t length;
    struct qw_cascade_queue queue;
};

/* Fills in the bits of the pass and one cell for all of it. bits [size: length / 64 rounded up]. */
void qw_cascade_cells_begin(struct qw_cascade_cells *cells, const uint64_t *bits);

void qw_cascade_queue_add(struct qw_cascade_queue *queue, uint32_t start, uint32_t end);

/* Where a cell of two positions or more is cut next. */
static inline uint32_t qw_cascade_cell_cut(struct qw_cascade_cell cell)
{
    return cell.start + (cell.end - cell.start) / 2;
}

/* The cell that holds position. */
static inline uint32_t qw_cascade_cell_start(const struct qw_cascade_cells *cells,
                                             uint32_t position)
{
    uint32_t w = position / 64;
    uint64_t known = cells->word[w].known & (qw_cascade_below(position) << 1 | 1);

    while (known == 0) { /* ends: position 0 is known */
        known = cells->word[--w].known;
    }
    return w * 64 + 63 - (uint32_t)__builtin_clzll(known);
}

static inline uint32_t qw_cascade_cell_end(const struct qw_cascade_cells *cells, uint32_t position)
{
    uint32_t w = position / 64;
    uint64_t known = cells->word[w].known & ~(qw_cascade_below(position) << 1 | 1);

    while (known == 0) { /* ends: position length is known */
        known = cells->word[++w].known;
    }
    return w * 64 + (uint32_t)__builtin_ctzll(known);
}

/* Own parity of positions start..end-1. */
unsigned qw_cascade_cells_parity(const struct qw_cascade_cells *cells, uint32_t start,
                                 uint32_t end);

static inline bool qw_cascade_cells_is_odd(const struct qw_cascade_cells *cells, uint32_t start)
{
    return (cells->word[start / 64].odd >> (start % 64) & 1) != 0;
}

/* True the first time: the prefix at cut has not been asked for. */
bool qw_cascade_cells_ask(struct qw_cascade_cells *cells, uint32_t cut);

/* The answerer's prefix at cut is said: two cells from one. */
void qw_cascade_cells_cut(struct qw_cascade_cells *cells, struct qw_cascade_cell cell, uint32_t cut,
                          unsigned prefix);

/* The own bit at position changes, and with it the parity of its cell. A cell of one position can
 * only do that when the answerer contradicts itself: QW_ERR_FORMAT. A cell that is odd now goes
 * into the queue. */
qw_err qw_cascade_cells_flip(struct qw_cascade_cells *cells, uint32_t position) QW_MUST_USE;

/* Fills a queue that was short with odd cells that were not asked about. */
void qw_cascade_cells_refill(struct qw_cascade_cells *cells);

#endif
