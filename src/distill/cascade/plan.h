/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_CASCADE_PLAN_H
#define QW_DISTILL_CASCADE_PLAN_H

#include "distill/cascade.h"

/* Which blocks the passes of a frame are cut into: whole numbers from whole numbers, the same at
 * both ends on every machine. */
enum { QW_CASCADE_PASSES_MAX = 7 };

/* Blocks of size positions that begin before wide_from, of twice as many after it; the last one may
 * be shorter. Two powers of two in the right shares act like any size between them, and are halved
 * without remainder. */
struct qw_cascade_blocks {
    uint32_t size;      /* >= 1 */
    uint32_t wide_from; /* a multiple of size */
};

struct qw_cascade_plan {
    unsigned passes; /* 1..QW_CASCADE_PASSES_MAX */
    struct qw_cascade_blocks blocks[QW_CASCADE_PASSES_MAX];
    unsigned closing;  /* the last so many passes open together, >= 1 */
    size_t early;      /* the next pass opens as soon as no more questions than these are ready */
    uint32_t patience; /* and at the latest after about so many round trips */
};

/* What is fitted for a frame length and an error rate. */
struct qw_cascade_fit {
    uint16_t first;  /* 1000 x first block size x error rate */
    uint16_t second; /* 100 x second block size / first */
    uint16_t early;  /* early, per frame of that length */
};

void qw_cascade_plan_fitted(size_t bits, uint32_t qber_ppm, struct qw_cascade_fit fit,
                            struct qw_cascade_plan *plan);

void qw_cascade_plan_for(const struct qw_cascade_config *config, uint32_t qber_ppm,
                         struct qw_cascade_plan *plan);

/* begin with another plan than the one for the estimate: for the tool that fits the plans. The same
 * plan at both ends. */
qw_err qw_cascade_asker_begin_plan(struct qw_cascade_asker *asker, const uint8_t *key,
                                   uint32_t qber_ppm,
                                   const struct qw_cascade_plan *plan) QW_MUST_USE;
qw_err qw_cascade_answerer_begin_plan(struct qw_cascade_answerer *answerer, const uint8_t *key,
                                      uint32_t qber_ppm,
                                      const struct qw_cascade_plan *plan) QW_MUST_USE;

/* A frame that leaks more than this has failed. A few bits can be said in several ways: frames of
 * some ten bits would reach their own length with all errors found. */
static inline uint64_t qw_cascade_leak_limit(size_t bits)
{
    return bits + 512;
}

/* Where the block that begins at start ends, unless the pass ends before. */
static inline uint32_t qw_cascade_block_end(struct qw_cascade_blocks blocks, uint32_t start)
{
    return start + (start < blocks.wide_from ? blocks.size : 2 * blocks.size);
}

/* The blocks for an average size of size_16ths / 16 positions, cut from length positions. */
struct qw_cascade_blocks qw_cascade_blocks_for(uint64_t size_16ths, uint32_t length);

/* Questions that opening a pass asks: the prefix up to the end of each block, but for the last one
 * of a pass after the first, since the parity of all bits is known by then. */
uint32_t qw_cascade_opening_bits(unsigned pass, uint32_t length, struct qw_cascade_blocks blocks);

#endif
