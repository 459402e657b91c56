/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_INT8_KERNEL_H
#define QW_DISTILL_LDPC_INT8_KERNEL_H

#include "distill/ldpc_int8.h"

#include <stddef.h>
#include <stdint.h>

/* The inner loop of decoding: up to 64 checks of one base row hear all their bits and answer. */
enum { QW_LDPC_INT8_LANES = 64, QW_LDPC_INT8_TABLE = 128, QW_LDPC_INT8_SCRATCH = 256 };

/* Sum-product by doubts: doubt(x) = -ln tanh(x / 2), its own inverse. A check adds the doubts of
 * all messages but one and turns the sum back. Doubts are in 1/4096; the way back is the largest of
 * three tables with steps of 2, 16 and 256, each zero where a finer one answers. */
struct qw_ldpc_int8_tables {
    uint8_t doubt_low[QW_LDPC_INT8_TABLE]; /* by magnitude of a message */
    uint8_t doubt_high[QW_LDPC_INT8_TABLE];
    uint8_t fine[QW_LDPC_INT8_TABLE];
    uint8_t middle[QW_LDPC_INT8_TABLE];
    uint8_t coarse[QW_LDPC_INT8_TABLE];
};

void qw_ldpc_int8_tables_fill(struct qw_ldpc_int8_tables *tables);

struct qw_ldpc_int8_block {
    const struct qw_ldpc_int8_tables *tables;
    const uint32_t *offset; /* [size: degree]: of the column's beliefs in belief */
    const uint32_t *shift;  /* [size: degree], < lift */
    uint32_t degree;
    uint32_t lift;
    uint32_t first;    /* number of the first check within its base row */
    uint64_t lanes;    /* bit k: check first + k exists */
    uint64_t syndrome; /* bit k: of check first + k */
    /* Check first + k hears position (first + k + lift - shift) mod lift of a column. Columns are
     * followed by their own beginning, so 64 positions in a row can be read from any position on;
     * who writes a position writes its repetition too. Up to 31 places behind that may be written.
     */
    int16_t *belief;
    int8_t *message; /* [size: degree x message_stride]; the order within 64 is the kernel's own */
    size_t message_stride;
    uint8_t *scratch; /* [size: degree x QW_LDPC_INT8_SCRATCH], aligned to 64 bytes */
};

struct qw_ldpc_int8_kernel {
    const char *name;
    /* Returns the checks (bits as in lanes) that the hard decisions did not satisfy when heard. */
    uint64_t (*run)(const struct qw_ldpc_int8_block *block);
    /* sum ^= bit, one bit per byte. */
    void (*add)(uint8_t *restrict sum, const uint8_t *restrict bit, size_t count);
};

extern const struct qw_ldpc_int8_kernel qw_ldpc_int8_portable;
const struct qw_ldpc_int8_kernel *qw_ldpc_int8_avx2(void); /* NULL where the machine has it not */
const struct qw_ldpc_int8_kernel *qw_ldpc_int8_vbmi(void);

/* Position of the block's first check in a column. */
static inline uint32_t qw_ldpc_int8_position(const struct qw_ldpc_int8_block *block, uint32_t edge)
{
    uint32_t shift = block->shift[edge];

    return block->first < shift ? block->first + block->lift - shift : block->first - shift;
}

#endif
