/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_INT8_H
#define QW_DISTILL_LDPC_INT8_H

#include "base/error.h"
#include "distill/ldpc_code.h"

#include <stdbool.h>

/* Fast belief propagation to a word with a given syndrome: messages of 8 bits, beliefs of 16, both
 * in steps of 1/QW_LDPC_INT8_STEPS of a log-likelihood ratio ln(P(0) / P(1)). Up to 64 checks of
 * one base row are worked on at once. Unlike qw_ldpc_decoder it keeps its state between two runs,
 * so bits that become known in the meantime help at once. All kernels give identical bits. */
struct qw_ldpc_int8;

enum {
    QW_LDPC_INT8_STEPS = 8,
    QW_LDPC_INT8_BELIEF_MAX = 1000 /* magnitude of a belief that is not certain, in steps */
};

/* Kernels of this machine, number 0 (portable) and up, the later the faster; NULL from the number
 * on that does not exist. */
struct qw_ldpc_int8_kernel;
const struct qw_ldpc_int8_kernel *qw_ldpc_int8_kernel_at(size_t number);
const struct qw_ldpc_int8_kernel *qw_ldpc_int8_kernel_best(void);
const char *qw_ldpc_int8_kernel_name(const struct qw_ldpc_int8_kernel *kernel);

/* qw_ldpc_code_syndrome at the speed of the best kernel. */
void qw_ldpc_int8_syndrome(const struct qw_ldpc_code *code, const uint8_t *bit, uint8_t *syndrome);

/* code is borrowed and must outlive the decoder. checks 1..code->checks: only the first of them are
 * said. All memory is allocated here: per bit 2 bytes and 1 for the word, per edge 1. QW_ERR_ARG,
 * QW_ERR_NOMEM. */
qw_err qw_ldpc_int8_new(const struct qw_ldpc_code *code, size_t checks,
                        const struct qw_ldpc_int8_kernel *kernel,
                        struct qw_ldpc_int8 **decoder) QW_MUST_USE;
void qw_ldpc_int8_free(struct qw_ldpc_int8 *decoder); /* NULL is fine; wipes */

/* Starts a word. belief: of every bit, -QW_LDPC_INT8_BELIEF_MAX..QW_LDPC_INT8_BELIEF_MAX; syndrome
 * [size: checks x 1], one 0 or 1 per byte. */
void qw_ldpc_int8_begin(struct qw_ldpc_int8 *decoder, int belief, const uint8_t *syndrome);
/* From now on bit index (< code->bits) is certain. */
void qw_ldpc_int8_know(struct qw_ldpc_int8 *decoder, size_t index, bool value);
/* At most iterations_max more. True when the present word has the syndrome. */
bool qw_ldpc_int8_run(struct qw_ldpc_int8 *decoder, unsigned iterations_max);
/* The present word [size: code->bits x 1], one 0 or 1 per byte. */
void qw_ldpc_int8_word(const struct qw_ldpc_int8 *decoder, uint8_t *bit);
/* The count bits with the weakest beliefs among those that are not certain, rising; of equal ones
 * the first. Returns how many there are (fewer than count when fewer are left). index [size: count
 * x 1]. */
size_t qw_ldpc_int8_doubtful(const struct qw_ldpc_int8 *decoder, size_t count, uint32_t *index);

#endif
