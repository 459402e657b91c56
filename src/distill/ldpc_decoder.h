/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LDPC_DECODER_H
#define QW_DISTILL_LDPC_DECODER_H

#include "base/error.h"
#include "distill/ldpc_code.h"

#include <stdbool.h>

/* Belief propagation to a word with a given syndrome. Float reference; kernels in narrower integers
 * take the same arguments. */
struct qw_ldpc_decoder;

/* A log-likelihood ratio that means "this bit is known". */
#define QW_LDPC_LLR_KNOWN 1000.0f

/* code is borrowed and must outlive the decoder. All memory is allocated here. QW_ERR_NOMEM. */
qw_err qw_ldpc_decoder_new(const struct qw_ldpc_code *code,
                           struct qw_ldpc_decoder **decoder) QW_MUST_USE;
void qw_ldpc_decoder_free(struct qw_ldpc_decoder *decoder); /* NULL is fine; wipes */

/* llr [size: code->bits x 1] ln(P(0) / P(1)), finite; syndrome [size: code->checks x 1] and bit
 * [size: code->bits x 1] one 0 or 1 per byte. True when a word with the syndrome was found within
 * iterations_max; bit is then that word, else untouched. */
bool qw_ldpc_decoder_run(struct qw_ldpc_decoder *decoder, const float *llr, const uint8_t *syndrome,
                         unsigned iterations_max, uint8_t *bit);

#endif
