/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/cascade/order.h"

#include "base/prng.h"

#include <stdlib.h>

enum { PLAIN_BITS_MAX = 1 << 16, GROUP_WORDS = 64, GROUP_BITS = 64 * GROUP_WORDS };

/* One of the two steps of a long order. Place s receives word from[s], turned by turn[s]. */
struct step {
    uint16_t *from; /* [size: words] */
    uint16_t *to;   /* [size: words], its inverse; NULL in a one-way order */
    uint8_t *turn;  /* [size: words], 0..63 */
};

struct qw_cascade_order {
    size_t bits;
    size_t words; /* of a long order, else 0 */
    uint16_t *plain_from;
    uint16_t *plain_to;
    struct step step[2];
};

size_t qw_cascade_order_length(size_t bits)
{
    return bits <= PLAIN_BITS_MAX ? bits : (bits + GROUP_BITS - 1) / GROUP_BITS * GROUP_BITS;
}

/* count <= 2^16, so that 16 bits hold an index; the bias of the product is below 2^-16. */
static void shuffle(struct qw_prng *prng, uint16_t *from, uint16_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        from[i] = (uint16_t)i;
    }
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)((qw_prng_u64(prng) >> 32) * i >> 32);
        uint16_t swapped = from[j];

        from[j] = from[i - 1];
        from[i - 1] = swapped;
    }
    for (size_t i = 0; to != NULL && i < count; i++) {
        to[from[i]] = (uint16_t)i;
    }
}

static bool make_table(uint16_t **from, uint16_t **to, size_t count, bool is_two_way)
{
    *from = calloc(count, sizeof **from);
    *to = is_two_way ? calloc(count, sizeof **to) : NULL;
    return *from != NULL && (*to != NULL || !is_two_way);
}

static bool make_step(struct step *step, struct qw_prng *prng, size_t words, bool is_two_way)
{
    step->turn = calloc(words, 1);
    if (!make_table(&step->from, &step->to, words, is_two_way) || step->turn == NULL) {
        return false;
    }
    shuffle(prng, step->from, step->to, words);
    for (size_t i = 0; i < words; i++) {
        step->turn[i] = (uint8_t)(qw_prng_u64(prng) >> 58);
    }
    return true;
}

qw_err qw_cascade_order_new(size_t bits, uint64_t seed, unsigned pass, bool is_two_way,
                            struct qw_cascade_order **order)
{
    struct qw_cascade_order *made = calloc(1, sizeof *made);
    struct qw_prng prng;
    bool is_made;

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_prng_init(&prng, seed, pass);
    made->bits = bits;
    if (bits <= PLAIN_BITS_MAX) {
        is_made = make_table(&made->plain_from, &made->plain_to, bits, is_two_way);
        if (is_made) {
            shuffle(&prng, made->plain_from, made->plain_to, bits);
        }
    } else {
        made->words = qw_cascade_order_length(bits) / 64;
        is_made = make_step(&made->step[0], &prng, made->words, is_two_way) &&
                  make_step(&made->step[1], &prng, made->words, is_two_way);
    }
    if (!is_made) {
        qw_cascade_order_free(made);
        return QW_ERR_NOMEM;
    }
    *order = made;
    return QW_OK;
}

void qw_cascade_order_free(struct qw_cascade_order *order)
{
    if (order == NULL) {
        return;
    }
    free(order->plain_from);
    free(order->plain_to);
    for (int i = 0; i < 2; i++) {
        free(order->step[i].from);
        free(order->step[i].to);
        free(order->step[i].turn);
    }
    free(order);
}

/* Bit c of row r becomes bit r of row c: swaps ever smaller squares off the diagonal. */
static void transpose(uint64_t row[static GROUP_WORDS])
{
    uint64_t mask = 0xffffffffu;

    for (unsigned size = 32; size > 0; size /= 2, mask ^= mask << size) {
        for (unsigned start = 0; start < GROUP_WORDS; start += 2 * size) {
            for (unsigned r = start; r < start + size; r++) {
                uint64_t swapped = (row[r] >> size ^ row[r + size]) & mask;

                row[r] ^= swapped << size;
                row[r + size] ^= swapped;
            }
        }
    }
}

static void apply_step(const struct step *step, const uint64_t *in, uint64_t *out, size_t words)
{
    for (size_t at = 0; at < words; at += GROUP_WORDS) {
        for (size_t s = at; s < at + GROUP_WORDS; s++) {
            uint64_t word = in[step->from[s]];
            unsigned turn = step->turn[s];

            out[s] = word << turn | word >> ((64 - turn) & 63);
        }
        transpose(out + at);
    }
}

void qw_cascade_order_apply(const struct qw_cascade_order *order, const uint64_t *in, uint64_t *out,
                            uint64_t *scratch)
{
    if (order->words > 0) {
        apply_step(&order->step[0], in, scratch, order->words);
        apply_step(&order->step[1], scratch, out, order->words);
        return;
    }
    for (size_t at = 0; at < order->bits; at += 64) {
        size_t count = order->bits - at < 64 ? order->bits - at : 64;
        uint64_t word = 0;

        for (size_t i = 0; i < count; i++) {
            size_t from = order->plain_from[at + i];

            word |= (in[from / 64] >> (from % 64) & 1) << i;
        }
        out[at / 64] = word;
    }
}

static uint32_t step_to(const struct step *step, uint32_t index)
{
    uint32_t place = step->to[index / 64];
    uint32_t bit = (index + step->turn[place]) % 64;

    return (place / 64 * 64 + bit) * 64 + place % 64;
}

static uint32_t step_from(const struct step *step, uint32_t position)
{
    uint32_t word = position / 64;
    uint32_t place = word / 64 * 64 + position % 64;

    return step->from[place] * 64u + (word - step->turn[place]) % 64;
}

uint32_t qw_cascade_order_to(const struct qw_cascade_order *order, uint32_t index)
{
    if (order->words == 0) {
        return order->plain_to[index];
    }
    return step_to(&order->step[1], step_to(&order->step[0], index));
}

uint32_t qw_cascade_order_from(const struct qw_cascade_order *order, uint32_t position)
{
    if (order->words == 0) {
        return order->plain_from[position];
    }
    return step_from(&order->step[0], step_from(&order->step[1], position));
}
