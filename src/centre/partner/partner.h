/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PARTNER_PARTNER_H
#define QW_CENTRE_PARTNER_PARTNER_H

#include "centre/centre.h"

/* Keys for applications of other centres, and theirs for ours [ETSI 020 draft;
 * docs/protocol/etsi020.md]. A partner is a device of kind QW_DEVICE_KME; an application's home is
 * the partner that serves it. */

enum { QW_PARTNER_TARGETS_MAX = 1 + QW_KEY_OTHERS_MAX };

/* What a partner is asked to keep or to give up; borrowed for the call. */
struct qw_partner_order {
    const char *partner;
    const uint8_t *offer_id; /* [16]: names the place for acknowledgements */
    const char *initiator;
    const char (*targets)[64];
    size_t target_count;
    const uint8_t (*ids)[16];
    const struct qw_given_key *keys; /* NULL: the keys with these ids are withdrawn */
    size_t count;
    const char *source; /* provenance of the keys */
    bool is_quantum, is_simulated;
};

/* The way to partners; implemented in qwaved over HTTPS. Called without any lock, from several
 * threads. */
struct qw_partner_port {
    void *self;
    bool (*knows)(void *self, const char *partner);
    /* QW_OK: taken note of (202); the acknowledgement comes by qw_centre_partner_ack. */
    qw_err (*send)(void *self, const struct qw_partner_order *order);
};

/* The outcome of one target's keys, as a partner says. */
struct qw_partner_ack {
    bool is_relayed; /* every key can be fetched */
    bool is_gone;    /* no key can be fetched any more, or it has been: nothing is left to void */
    const char *initiator, *target;
    const uint8_t (*ids)[16];
    size_t count;
};
/* X5 to X7: takes note of all of them, or none. Neither relayed nor gone: the offer is given up.
 * QW_ERR_NOT_FOUND: no open offer with this id to this partner, or ids, initiator and target are
 * not of it. QW_ERR_REFUSED: no partner in service. */
qw_err qw_centre_partner_ack(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t offer_id[static 16], const struct qw_partner_ack *acks,
                             size_t count) QW_MUST_USE;

/* X8: ends what is left of offers and asks partners to void what was given up; call about once a
 * second, from a thread that may wait for the network. */
qw_err qw_centre_partner_upkeep(struct qw_centre *centre) QW_MUST_USE;

/* X4: keys of a partner's application for ours, durable when it returns QW_OK. QW_ERR_REFUSED: no
 * partner in service. QW_ERR_ARG: initiator, targets or sizes; QW_ERR_CONFLICT: an id is here
 * already. QW_ERR_LIMIT: the initiator's quota. */
struct qw_partner_keys {
    const char *initiator;
    const char (*targets)[64];
    size_t target_count;
    const struct qw_given_key *keys; /* with their ids */
    size_t count;
    const char *source; /* as claimed; "" none */
    bool is_quantum, is_simulated;
};
qw_err qw_centre_partner_keys(struct qw_centre *centre, const struct qw_caller *caller,
                              const struct qw_partner_keys *keys) QW_MUST_USE;

/* Withdraws keys of that kind. *fate is the worst of them: QW_OK: all void; QW_ERR_STATE: one was
 * fetched; QW_ERR_NOT_FOUND: one is not here (any more). */
qw_err qw_centre_partner_void(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *initiator, const uint8_t (*ids)[16], size_t count,
                              qw_err *fate) QW_MUST_USE;

#endif
