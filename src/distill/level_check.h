/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LEVEL_CHECK_H
#define QW_DISTILL_LEVEL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A short linear check over a level that is nearly always right as it is: less than one error is
 * expected in the whole block. The sender tells QW_LEVEL_CHECK_BITS parities over random halves of
 * the bits; the receiver takes its likeliest bits and, if the parities differ, turns the one or two
 * of the least certain positions that make up the difference. */
enum {
    QW_LEVEL_CHECK_BITS = 32,
    QW_LEVEL_CHECK_DOUBTS = 48 /* least certain positions that are tried, alone and in pairs */
};

/* bit [size: bits x 1], one 0 or 1 per byte. */
uint32_t qw_level_check_of(const uint8_t *bit, size_t bits);

/* bit [size: bits x 1] out of llr [size: bits x 1, ln(P(0) / P(1))] so that it has the check told;
 * doubt [size: QW_LEVEL_CHECK_DOUBTS] is scratch. False when no way was found: bit is then what llr
 * says. A true can be wrong with probability 2^-21 or so when the llr are. */
bool qw_level_check_mend(const float *llr, size_t bits, uint32_t told, uint32_t *doubt,
                         uint8_t *bit);

#endif
