/* SPDX-License-Identifier: Apache-2.0 */
#include "distill/ldpc_split.h"

#include "base/error.h"

#include <string.h>

void qw_ldpc_split(const struct qw_ldpc_code *code, uint32_t split, uint32_t *row_start,
                   struct qw_ldpc_code *halved)
{
    uint32_t at = 0;

    qw_assert(split <= code->rows);
    *halved = *code;
    halved->rows = code->rows + split;
    halved->checks = (size_t)halved->rows * code->lift;
    halved->row_start = row_start;
    for (uint32_t row = 0; row < code->rows; row++) {
        uint32_t first = code->row_start[row];

        row_start[at++] = first;
        if (row < split) {
            row_start[at++] = first + (code->row_start[row + 1] - first + 1) / 2;
        }
    }
    row_start[at] = code->edges;
}

void qw_ldpc_split_syndrome(const struct qw_ldpc_code *halved, uint32_t split, const uint8_t *whole,
                            const uint8_t *half, uint8_t *syndrome)
{
    size_t lift = halved->lift;
    size_t left = halved->checks - 2 * split * lift;

    for (size_t row = 0; row < split; row++) {
        for (size_t z = 0; z < lift; z++) {
            syndrome[2 * row * lift + z] = half[row * lift + z];
            syndrome[(2 * row + 1) * lift + z] = half[row * lift + z] ^ whole[row * lift + z];
        }
    }
    memcpy(syndrome + 2 * split * lift, whole + split * lift, left);
}
