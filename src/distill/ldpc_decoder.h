/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_DECODER_H
#define QW_DISTILL_LDPC_DECODER_H

#include "base/error.h"
#include "distill/ldpc_code.h"

#include <stdbool.h>

/* Belief propagation to a word with a given syndrome, in float. */
struct qw_ldpc_decoder;

/* A log-likelihood ratio that means "this bit is known". */
#define QW_LDPC_LLR_KNOWN 1000.0f

/* code is borrowed and must outlive the decoder. All memory is allocated here. QW_ERR_NOMEM. */
qw_err qw_ldpc_decoder_new(const struct qw_ldpc_code *code,
                           struct qw_ldpc_decoder **decoder) QW_MUST_USE;
void qw_ldpc_decoder_free(struct qw_ldpc_decoder *decoder); /* NULL is fine; wipes */

/* A new word: llr [size: code->bits x 1] ln(P(0) / P(1)), finite. */
void qw_ldpc_decoder_load(struct qw_ldpc_decoder *decoder, const float *llr);

/* Looks for a word with a syndrome, from the beliefs as they are: those loaded, or where the last
 * run ended. code is that of the decoder, or the same cut by qw_ldpc_split; syndrome [size:
 * code->checks x 1] and bit [size: code->bits x 1] one 0 or 1 per byte; both are borrowed for the
 * call. True when a word was found within iterations_max; bit is then that word, else untouched.
 * Ends early once it gets no nearer for long. */
bool qw_ldpc_decoder_run(struct qw_ldpc_decoder *decoder, const struct qw_ldpc_code *code,
                         const uint8_t *syndrome, unsigned iterations_max, uint8_t *bit);

#endif
