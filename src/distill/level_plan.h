/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LEVEL_PLAN_H
#define QW_DISTILL_LEVEL_PLAN_H

#include <stddef.h>
#include <stdint.h>

/* How a level travels; the same on every machine. */
enum qw_level_kind {
    QW_LEVEL_PLAIN,   /* every bit is sent: coding would save next to nothing */
    QW_LEVEL_CODED,   /* a syndrome is sent */
    QW_LEVEL_CHECKED, /* errors are rare: a short check is sent */
    QW_LEVEL_FREE     /* nothing is sent: the belief decides */
};

/* What the first message is made for; the peer knows it like everything else about the shape. */
enum qw_level_thrift {
    QW_LEVEL_ONE_MESSAGE, /* enough for nearly every block, and for 1.5 % more noise than believed
                           */
    QW_LEVEL_LEAN         /* enough for half of the blocks; the others ask for what they need */
};

struct qw_level_plan {
    enum qw_level_kind kind;
    size_t checks; /* of a coded level, as asked for (the code rounds up) */
    size_t more;   /* further checks of a coded level per MORE, as asked for */
};

enum { QW_LEVEL_SIGMA_UNITS = 64, QW_LEVEL_ENTROPY_UNITS = 4096 };

/* sigma_units: deviation in 1/64 cells, 16..256. bits: coefficients that have the level, 1..2^17.
 */
struct qw_level_plan qw_level_plan_for(enum qw_level_thrift thrift, unsigned sigma_units,
                                       unsigned level, size_t bits);

/* Entropy of the level in 1/4096 bit, rounded to nearest: a whole number, so that the last digits
 * of a machine's arithmetic cannot make the two ends choose different codes (a test holds that no
 * value lies near a boundary). */
uint32_t qw_level_entropy_units(unsigned sigma_units, unsigned level);

#endif
