/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_KNOWN_LAW_H
#define QW_RADIO_KNOWN_LAW_H

#include <stddef.h>

/* The account of a string of Gaussian numbers whose law is known beforehand: how many bits one
 * string is worth, from its own likelihood. No term for finite size is left where nobody else
 * knows a part of the numbers. A key of l bits out of a hash of a universal family is within
 * 2^epsilon_log2 of uniform when it is made only of strings with
 *
 *     sum of qw_known_law_bits - qw_known_law_loss_bits - said bits >= l
 *
 * and no number lies beyond the cells. said: whatever was said about the string, and what was said
 * in dependence on it, in the bits of a prefix code. Proof:
 * docs/adr/0156-a-key-by-its-own-likelihood.md. */

/* One number: known part + unknown part, both Gaussian, mean 0, all numbers independent. */
struct qw_known_number {
    double variance; /* of the sum, > 0 */
    double left;     /* share of the variance that is unknown to the eavesdropper, above 0, <= 1 */
    double width;    /* of the cells that the number is rounded to, > 0 */
};

/* What a number with this value adds; order: of the Renyi entropy, above 1, at most 2. */
double qw_known_law_bits(const struct qw_known_number *number, double order, double value);

/* Its mean over the law, whatever the order: the entropy of the cell given the eavesdropper. */
double qw_known_law_entropy_bits(const struct qw_known_number *number);

/* What is lost of the sum over count kinds of numbers, times of each. */
double qw_known_law_loss_bits(const struct qw_known_number *number, size_t count, size_t times,
                              double order, double epsilon_log2);

/* The order at which least is lost; 2 when left is 1 everywhere. */
double qw_known_law_order(const struct qw_known_number *number, size_t count, size_t times,
                          double epsilon_log2);

#endif
