/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PARTNER_OFFER_H
#define QW_CENTRE_PARTNER_OFFER_H

#include "centre/group.h"
#include "centre/partner/partner.h"

/* Keys on their way to partners: one record in QW_STORE_META from the moment they are carved until
 * nothing of them is left to settle. Its state is its tag, its version decides who moves it. */
enum qw_offer_state { QW_OFFER_OPEN = 1, QW_OFFER_SETTLED, QW_OFFER_GIVEN_UP };

struct qw_offer_target {
    char id[64];
    char partner[64];                        /* "": served here, nothing to do */
    uint8_t acked[QW_DELIVERY_KEYS_MAX / 8]; /* which keys the partner has answered for */
};

struct qw_offer {
    uint8_t id[16];
    uint64_t version; /* of the record, 0: new */
    enum qw_offer_state state;
    int64_t made_ms;
    char initiator[64];
    char source[64]; /* of the first key */
    bool is_quantum, is_simulated;
    bool is_named; /* the master may ask again: no key goes before his window is over */
    uint8_t target_count;
    struct qw_offer_target targets[QW_PARTNER_TARGETS_MAX];
    uint8_t key_count;
    uint8_t key_ids[QW_DELIVERY_KEYS_MAX][16];
};

/* All under the centre's mutex. QW_ERR_NOT_FOUND, QW_ERR_IO. */
qw_err qw_offer_load(struct qw_centre *centre, const uint8_t id[static 16],
                     struct qw_offer *offer) QW_MUST_USE;
void qw_offer_put(struct qw_centre *centre, struct qw_group *group, const struct qw_offer *offer);
void qw_offer_remove(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_offer *offer);
/* The next offers in a state, at most cap ids: call by call through all of them, then from the
 * beginning again. */
qw_err qw_offer_list(struct qw_centre *centre, enum qw_offer_state state, uint8_t (*ids)[16],
                     size_t cap, size_t *count) QW_MUST_USE;

/* Marks the keys of one target as answered for. QW_ERR_NOT_FOUND: an id is not the offer's. */
qw_err qw_offer_mark(const struct qw_offer *offer, struct qw_offer_target *target,
                     const uint8_t (*ids)[16], size_t count) QW_MUST_USE;
bool qw_offer_is_complete(const struct qw_offer *offer, const struct qw_offer_target *target);
/* Every target of a partner is complete. */
bool qw_offer_all_complete(const struct qw_offer *offer);

#endif
