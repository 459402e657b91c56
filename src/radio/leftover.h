/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_LEFTOVER_H
#define QW_RADIO_LEFTOVER_H

/* The leftover hash lemma for a string whose entropy was estimated from the string itself. An
 * estimate that came out too high and a string that came out too likely exclude each other, for
 * both are the same sum of squares: paid together they cost a fraction of what they cost apart.
 * Derivation: docs/adr/0155-one-limit-for-estimate-and-string.md. */
struct qw_leftover {
    double key_numbers;      /* real numbers in the string, > 0 */
    double measured_numbers; /* residuals whose squares the estimate is made of, > 0 */
    double secret_numbers; /* of these, at least so many are as unknown as the string is, 0..both */
    double correlation;    /* of the eavesdropper with each of them, 0..1 */
    double failure_log2;   /* log2 of the distance from uniform allowed, < 0 */
};

/* Bits that a key must be shorter than key_numbers times the estimated entropy of a number, said
 * bits not among them. Any alpha of 1..2 gives a valid bound: the best one is taken. */
double qw_leftover_loss_bits(const struct qw_leftover *leftover);

#endif
