/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/cascade/key.h"

#include "base/bits.h"
#include "base/bytes.h"

#include <string.h>

/* Turns the order of the bits in each byte round. */
static uint64_t mirror_bytes(uint64_t word)
{
    word = (word >> 1 & 0x5555555555555555u) | (word & 0x5555555555555555u) << 1;
    word = (word >> 2 & 0x3333333333333333u) | (word & 0x3333333333333333u) << 2;
    return (word >> 4 & 0x0f0f0f0f0f0f0f0fu) | (word & 0x0f0f0f0f0f0f0f0fu) << 4;
}

void qw_cascade_key_load(const uint8_t *bytes, size_t bits, uint64_t *words, size_t word_count)
{
    size_t len = QW_BITS_TO_BYTES(bits);
    size_t whole = len / 8;

    for (size_t w = 0; w < whole; w++) {
        words[w] = mirror_bytes(qw_load_u64le(bytes + 8 * w));
    }
    for (size_t w = whole; w < word_count; w++) {
        words[w] = 0;
    }
    for (size_t i = 8 * whole; i < len; i++) {
        words[whole] |= mirror_bytes((uint64_t)bytes[i]) << (8 * (i % 8));
    }
}

void qw_cascade_key_store(const uint64_t *words, size_t bits, uint8_t *bytes)
{
    size_t len = QW_BITS_TO_BYTES(bits);

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)mirror_bytes(words[i / 8] >> (8 * (i % 8)) & 0xff);
    }
}
