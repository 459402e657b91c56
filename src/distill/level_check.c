/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/level_check.h"

#include <math.h>

/* Parities that position takes part in: 32 well mixed bits, the finalizer of splitmix64. */
static uint32_t part_of(size_t position)
{
    uint64_t x = ((uint64_t)position + 1) * 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(x >> 32 ^ x);
}

uint32_t qw_level_check_of(const uint8_t *bit, size_t bits)
{
    uint32_t check = 0;

    for (size_t i = 0; i < bits; i++) {
        check ^= bit[i] ? part_of(i) : 0;
    }
    return check;
}

/* The least certain positions, the most doubtful first. Returns how many. */
static size_t find_doubts(const float *llr, size_t bits, uint32_t *doubt)
{
    size_t count = 0;

    for (size_t i = 0; i < bits; i++) {
        size_t at = count;

        if (count == QW_LEVEL_CHECK_DOUBTS) {
            if (!(fabsf(llr[i]) < fabsf(llr[doubt[count - 1]]))) {
                continue;
            }
            at = count - 1;
        } else {
            count++;
        }
        for (; at > 0 && fabsf(llr[i]) < fabsf(llr[doubt[at - 1]]); at--) {
            doubt[at] = doubt[at - 1];
        }
        doubt[at] = (uint32_t)i;
    }
    return count;
}

bool qw_level_check_mend(const float *llr, size_t bits, uint32_t told, uint32_t *doubt,
                         uint8_t *bit)
{
    uint32_t difference;
    size_t count;

    for (size_t i = 0; i < bits; i++) {
        bit[i] = llr[i] < 0.0f;
    }
    difference = told ^ qw_level_check_of(bit, bits);
    if (difference == 0) {
        return true;
    }
    count = find_doubts(llr, bits, doubt);
    for (size_t i = 0; i < count; i++) {
        if (part_of(doubt[i]) == difference) {
            bit[doubt[i]] ^= 1;
            return true;
        }
    }
    for (size_t i = 1; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if ((part_of(doubt[i]) ^ part_of(doubt[k])) == difference) {
                bit[doubt[i]] ^= 1;
                bit[doubt[k]] ^= 1;
                return true;
            }
        }
    }
    return false;
}
