/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_SESSION_H
#define QW_QKD_LINK_SESSION_H

#include "qkd/link.h"
#include "qkd/link/channel.h"
#include "qkd/link/estimate.h"
#include "qkd/link/message.h"
#include "qkd/link/sift.h"

/* What both ends have, and the steps they share. */
struct qw_qkd_link {
    struct qw_qkd_link_config config;
    struct qw_qkd_channel channel;
    struct qw_qkd_ledger ledger;
    struct qw_qkd_estimate estimate;
    struct qw_qkd_sifted *sifted;
    struct qw_cascade_asker *asker;       /* B */
    struct qw_cascade_answerer *answerer; /* A */
    struct qw_qkd_click *clicks;          /* [QW_QKD_PART_MAX] */
    struct qw_pulse *pulses;              /* [QW_QKD_PART_MAX] A */
    uint8_t *key;                         /* [block bits / 8] B: corrected string; then the key */
    uint8_t *secret;                      /* [block bits / 8] */
    uint8_t *incoming;                    /* [QW_WIRE_MESSAGE_MAX] */
    uint8_t *outgoing;                    /* [QW_WIRE_MESSAGE_MAX] */
    uint32_t next_block;
    uint64_t pulses_seen; /* clicks of earlier pulses are over */
    bool is_open, is_over;
};

/* Ends the link with this reason, which the peer is told: QW_ERR_REFUSED. */
qw_err qw_qkd_session_refuse(struct qw_qkd_link *link, enum qw_qkd_refusal refusal);

int qw_qkd_session_timeout_ms(const struct qw_qkd_link *link);

/* The next message into link->incoming, part of the transcript. */
qw_err qw_qkd_session_receive(struct qw_qkd_link *link, size_t *len) QW_MUST_USE;

/* Cascade's frames over the channel, from A's sifted bits; B's corrected bits end in link->key.
 * Adds to the ledger. */
qw_err qw_qkd_session_reconcile(struct qw_qkd_link *link) QW_MUST_USE;

/* Sends TEST or TEST_REPLY. */
qw_err qw_qkd_session_send_test(struct qw_qkd_link *link, enum qw_qkd_type type) QW_MUST_USE;

/* Receives the peer's, fills the estimate and the ledger, and judges: QW_ERR_REFUSED. */
qw_err qw_qkd_session_receive_test(struct qw_qkd_link *link, enum qw_qkd_type type) QW_MUST_USE;
qw_err qw_qkd_session_judge(struct qw_qkd_link *link) QW_MUST_USE;

/* Own account with these errors in X; refuses QBER, NO_KEY and NO_GAIN. */
qw_err qw_qkd_session_account(struct qw_qkd_link *link,
                              const uint32_t x_errors[static QW_DECOY_INTENSITIES_MAX]) QW_MUST_USE;

/* bits -> link->secret, ledger->secret_bits long. */
qw_err qw_qkd_session_amplify(struct qw_qkd_link *link, const uint8_t *bits,
                              const uint8_t *seed) QW_MUST_USE;

/* Refills the pool, hands the rest of the key over. */
qw_err qw_qkd_session_release(struct qw_qkd_link *link) QW_MUST_USE;

/* link/alice.c, link/bob.c */
qw_err qw_qkd_alice_open(struct qw_qkd_link *link) QW_MUST_USE;
qw_err qw_qkd_alice_block(struct qw_qkd_link *link) QW_MUST_USE;
qw_err qw_qkd_bob_open(struct qw_qkd_link *link) QW_MUST_USE;
qw_err qw_qkd_bob_block(struct qw_qkd_link *link) QW_MUST_USE;

/* Shared by both opens: positions of the pool agreed, TERMS, POOL, POOL_LOW refused. peer: what the
 * other end said. */
qw_err qw_qkd_session_agree(struct qw_qkd_link *link, const struct qw_qkd_open *peer) QW_MUST_USE;
void qw_qkd_session_fill_open(const struct qw_qkd_link *link, struct qw_qkd_open *open);

#endif
