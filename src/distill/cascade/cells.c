/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/cascade/cells.h"

static uint64_t bit_of(uint32_t position)
{
    return (uint64_t)1 << (position % 64);
}

void qw_cascade_cells_begin(struct qw_cascade_cells *cells, const uint64_t *bits)
{
    size_t word_count = ((size_t)cells->length + 63) / 64;

    for (size_t w = 0; w < word_count; w++) {
        cells->word[w] = (struct qw_cascade_word){ .key = bits[w] };
    }
    if (cells->length % 64 == 0) {
        cells->word[word_count] = (struct qw_cascade_word){ 0 };
    }
    cells->word[0].known |= 1;
    cells->word[cells->length / 64].known |= bit_of(cells->length);
    cells->queue.count = 0;
    cells->queue.is_short = false;
}

void qw_cascade_queue_add(struct qw_cascade_queue *queue, uint32_t start, uint32_t end)
{
    if (queue->count == queue->cap) {
        queue->is_short = true;
        return;
    }
    queue->cell[queue->count].start = start;
    queue->cell[queue->count].end = end;
    queue->count++;
}

unsigned qw_cascade_cells_parity(const struct qw_cascade_cells *cells, uint32_t start, uint32_t end)
{
    uint32_t first = start / 64;
    uint32_t last = end / 64;
    uint64_t sum = cells->word[last].key & qw_cascade_below(end);

    for (uint32_t w = first; w < last; w++) {
        sum ^= cells->word[w].key;
    }
    return qw_cascade_parity(sum ^ (cells->word[first].key & qw_cascade_below(start)));
}

bool qw_cascade_cells_ask(struct qw_cascade_cells *cells, uint32_t cut)
{
    struct qw_cascade_word *word = &cells->word[cut / 64];

    if (((word->known | word->prefix) & bit_of(cut)) != 0) {
        return false;
    }
    word->prefix |= bit_of(cut);
    return true;
}

void qw_cascade_cells_cut(struct qw_cascade_cells *cells, struct qw_cascade_cell cell, uint32_t cut,
                          unsigned prefix)
{
    struct qw_cascade_word *at_start = &cells->word[cell.start / 64];
    struct qw_cascade_word *at_cut = &cells->word[cut / 64];
    unsigned shift = cell.start % 64;
    uint64_t left =
        (at_start->prefix >> shift & 1) ^ prefix ^ qw_cascade_cells_parity(cells, cell.start, cut);
    uint64_t whole = at_start->odd >> shift & 1;

    at_start->odd ^= (whole ^ left) << shift;
    at_cut->odd = (at_cut->odd & ~bit_of(cut)) | (whole ^ left) << (cut % 64);
    at_cut->prefix = (at_cut->prefix & ~bit_of(cut)) | (uint64_t)prefix << (cut % 64);
    at_cut->known |= bit_of(cut);
}

qw_err qw_cascade_cells_flip(struct qw_cascade_cells *cells, uint32_t position)
{
    uint32_t start = qw_cascade_cell_start(cells, position);
    struct qw_cascade_word *at_start = &cells->word[start / 64];
    uint32_t end;

    cells->word[position / 64].key ^= bit_of(position);
    at_start->odd ^= bit_of(start);
    if ((at_start->odd & bit_of(start)) == 0) {
        return QW_OK;
    }
    end = qw_cascade_cell_end(cells, position);
    if (end - start == 1) {
        return QW_ERR_FORMAT;
    }
    qw_cascade_queue_add(&cells->queue, start, end);
    return QW_OK;
}

void qw_cascade_cells_refill(struct qw_cascade_cells *cells)
{
    cells->queue.is_short = false;
    for (uint32_t w = 0; w <= cells->length / 64; w++) {
        uint64_t odd = cells->word[w].odd;

        while (odd != 0 && !cells->queue.is_short) {
            uint32_t start = w * 64 + (uint32_t)__builtin_ctzll(odd);
            struct qw_cascade_cell cell = { start, qw_cascade_cell_end(cells, start) };
            uint32_t cut = qw_cascade_cell_cut(cell);

            if (((cells->word[cut / 64].prefix >> (cut % 64)) & 1) == 0) {
                qw_cascade_queue_add(&cells->queue, cell.start, cell.end);
            }
            odd &= odd - 1;
        }
    }
}
