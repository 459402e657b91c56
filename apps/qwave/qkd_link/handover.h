/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_QKD_LINK_HANDOVER_H
#define QWAVE_QKD_LINK_HANDOVER_H

#include "qkd/handover/message.h"
#include "qkd/link_ledger.h"

#include <stdint.h>

/* The keys of this end of a link to the centre of its site [docs/protocol/link-source.md]. A centre
 * that is away costs its half of the blocks that are made meanwhile, never the link. */
struct qkd_handover {
    const char *path; /* of the centre's socket; borrowed */
    struct qw_handover_hello hello;
    int fd;           /* -1: not connected */
    uint8_t *message; /* [QW_HANDOVER_LEN_MAX] secret */
    uint64_t taken_bits, dropped_bits;
};

/* QW_ERR_ARG: no name or one that is too long; QW_ERR_NOMEM. Does not connect yet. end: enum
 * qw_qkd_end. */
qw_err qkd_handover_init(struct qkd_handover *handover, const char *path, const char *name,
                         uint8_t end) QW_MUST_USE;
void qkd_handover_wipe(struct qkd_handover *handover); /* disconnects; a zeroed one is fine */

/* Connects if it can, so that the centre knows that its link is there. */
void qkd_handover_greet(struct qkd_handover *handover);

/* L2, L3: returns when the centre has it, had it, or does not take it; counts. */
void qkd_handover_give(struct qkd_handover *handover, const uint8_t *session, const uint8_t *key,
                       const struct qw_qkd_ledger *ledger);

/* L4: why the link ends; nothing for QW_QKD_NONE. */
void qkd_handover_stop(struct qkd_handover *handover, const struct qw_qkd_ledger *ledger);

#endif
