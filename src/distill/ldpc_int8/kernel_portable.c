/* SPDX-License-Identifier: Apache-2.0 */
/* The reference: one check after the other, plain C. */
#include "distill/ldpc_int8/kernel.h"

struct lane {
    uint32_t sum;   /* of the doubts, at most 65535 */
    unsigned odd;   /* parity of the signs heard, and of the syndrome */
    unsigned wrong; /* the same of the hard decisions */
};

static int clamp(int x)
{
    return x > 127 ? 127 : x < -127 ? -127 : x;
}

static uint32_t doubt_of(const struct qw_ldpc_int8_tables *t, int x)
{
    int magnitude = x < 0 ? -x : x;

    return t->doubt_low[magnitude] | (uint32_t)t->doubt_high[magnitude] << 8;
}

static uint8_t entry(const uint8_t *table, uint32_t index)
{
    return table[index < QW_LDPC_INT8_TABLE ? index : QW_LDPC_INT8_TABLE - 1];
}

static uint8_t larger(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static uint8_t message_of(const struct qw_ldpc_int8_tables *t, uint32_t sum)
{
    return larger(larger(entry(t->fine, sum >> 1), entry(t->middle, sum >> 4)),
                  entry(t->coarse, sum >> 8));
}

static struct lane listen(const struct qw_ldpc_int8_block *b, unsigned k)
{
    struct lane lane = { 0, b->syndrome >> k & 1, b->syndrome >> k & 1 };

    for (uint32_t i = 0; i < b->degree; i++) {
        int belief = b->belief[b->offset[i] + qw_ldpc_int8_position(b, i) + k];
        int x = clamp(belief - b->message[i * b->message_stride + k]);

        lane.sum += doubt_of(b->tables, x);
        lane.sum = lane.sum > 65535 ? 65535 : lane.sum;
        lane.odd ^= x < 0;
        lane.wrong ^= belief < 0;
    }
    return lane;
}

/* The position and its repetitions. */
static void store(const struct qw_ldpc_int8_block *b, uint32_t edge, uint32_t position, int belief)
{
    int16_t *column = b->belief + b->offset[edge];

    for (uint32_t i = position % b->lift; i < b->lift + QW_LDPC_INT8_LANES; i += b->lift) {
        column[i] = (int16_t)belief;
    }
}

static void tell(const struct qw_ldpc_int8_block *b, unsigned k, struct lane lane)
{
    for (uint32_t i = 0; i < b->degree; i++) {
        uint32_t position = qw_ldpc_int8_position(b, i) + k;
        int8_t *message = b->message + i * b->message_stride + k;
        int heard = b->belief[b->offset[i] + position] - *message;
        int x = clamp(heard);
        int y = message_of(b->tables, lane.sum - doubt_of(b->tables, x));

        y = lane.odd ^ (x < 0) ? -y : y;
        *message = (int8_t)y;
        store(b, i, position, heard + y);
    }
}

static uint64_t run(const struct qw_ldpc_int8_block *block)
{
    uint64_t unsatisfied = 0;

    for (unsigned k = 0; k < QW_LDPC_INT8_LANES; k++) {
        if (block->lanes >> k & 1) {
            struct lane lane = listen(block, k);

            tell(block, k, lane);
            unsatisfied |= (uint64_t)lane.wrong << k;
        }
    }
    return unsatisfied;
}

static void add(uint8_t *restrict sum, const uint8_t *restrict bit, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sum[i] ^= bit[i];
    }
}

const struct qw_ldpc_int8_kernel qw_ldpc_int8_portable = { "portable", run, add };
