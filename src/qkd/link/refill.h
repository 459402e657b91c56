/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_REFILL_H
#define QW_QKD_LINK_REFILL_H

#include "qkd/auth_pool.h"
#include "qkd/link/channel.h"
#include "qkd/link_terms.h"

/* How the authentication pool gets back what tags use up: the first bytes of each key [Q7]. Steps:
 * docs/protocol/qkd-link.md, Refilling. */

/* How many bytes of a key of key_len bytes go to each direction, whole tags. level: bytes that the
 * pool holds, the same at both ends. A pure function of what both ends know, so nothing is said
 * about it. */
void qw_qkd_refill_plan(const struct qw_qkd_terms *terms, size_t capacity,
                        const uint64_t level[QW_QKD_DIRECTIONS], size_t key_len,
                        size_t len[QW_QKD_DIRECTIONS]);

/* Appends the first *used bytes of the key of this block to the pool, durably. ledger: its
 * secret_bits and epsilons; its pool_tags are set. Errors of qw_qkd_auth_pool_refill. */
qw_err qw_qkd_refill(struct qw_qkd_channel *channel, const struct qw_qkd_terms *terms,
                     struct qw_qkd_ledger *ledger, const uint8_t *key, size_t *used) QW_MUST_USE;

#endif
