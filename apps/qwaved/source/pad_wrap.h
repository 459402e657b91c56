/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_PAD_WRAP_H
#define QWAVED_SOURCE_PAD_WRAP_H

#include "api/etsi020/message.h"
#include "source/link_pads.h"

/* Keys between two centres under one-time pads of the link between them, with an
 * information-theoretic tag: steps and argument in docs/protocol/etsi020.md, "Between sites". */

/* Makes the values of the message ciphertext, in place, and names the pad in it; a pad of simulated
 * light makes the claim simulated. QW_ERR_EXHAUSTED:
 * the link has not given enough; the message is unchanged. label: of the block that was drawn from.
 */
qw_err pad_wrap(struct link_pads *pads, struct qw_etsi020_ext_keys *message,
                struct qw_handover_label *label) QW_MUST_USE;

/* The way back, with the same for the claim. QW_ERR_NOT_FOUND: the pad is not here, or was spent;
 * QW_ERR_AUTH: the tag is wrong, and nothing is spent; QW_ERR_FORMAT: the message names no pad. The
 * values are then not to be used.
 */
qw_err pad_unwrap(struct link_pads *pads, struct qw_etsi020_ext_keys *message) QW_MUST_USE;

#endif
