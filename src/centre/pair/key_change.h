/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PAIR_KEY_CHANGE_H
#define QW_CENTRE_PAIR_KEY_CHANGE_H

#include "centre/approval/request_record.h"
#include "centre/key/key_life.h"

/* What officers do with one key that has an owner, by its id: a pair's key or a card's, in their
 * part of the tree, whose place the unit of the key's master says [C7] [docs/design/key-life.md].
 * Never the material: no role reads keys. */
enum qw_key_order {
    QW_KEY_ORDER_SUSPEND,     /* of two where dual_control is all */
    QW_KEY_ORDER_RESUME,      /* of two where dual_control is all */
    QW_KEY_ORDER_ARCHIVE,     /* a pair's key that nobody fetched */
    QW_KEY_ORDER_RECOVER,     /* of two where dual_control is all */
    QW_KEY_ORDER_VOID,        /* one that is not archived */
    QW_KEY_ORDER_DESTROY,     /* an archived one; of two where dual_control is on */
    QW_KEY_ORDER_COMPROMISED, /* in any state, also one that is gone */
    QW_KEY_ORDER_COUNT
};
extern const char *const qw_key_order_names[QW_KEY_ORDER_COUNT]; /* "suspend" ... */

/* QW_ERR_REFUSED: no right. QW_ERR_NOT_FOUND: no such key, or out of reach. QW_ERR_STATE: not in
 * this state, a key of a group, a card's for the archive, or it takes two. QW_ERR_UNAVAILABLE:
 * another centre has the key too, and would not be told. */
qw_err qw_centre_key_change(struct qw_centre *centre, const struct qw_caller *caller,
                            const uint8_t id[static 16], enum qw_key_order order) QW_MUST_USE;

struct qw_key_account {
    enum qw_key_state state;
    char master[64], peer[64];
    char others[QW_KEY_OTHERS_MAX][64];
    size_t other_count;
    bool is_of_card;
    bool is_gone; /* a tombstone, or its block has ended: the rest is not known any more */
    uint16_t bits;
    char source[64];
    bool is_quantum, is_simulated;
    int64_t assigned_ms; /* UTC; 0: not known */
    int64_t due_ms;      /* 0: when its block ends, or waits for somebody's word */
};
/* Officers who may read devices. */
qw_err qw_centre_key_find(struct qw_centre *centre, const struct qw_caller *caller,
                          const uint8_t id[static 16], struct qw_key_account *account) QW_MUST_USE;

/* For requests: whether the object is a key's id, and its unit to unit; then what two decided. All
 * under the mutex. */
bool qw_key_change_is_asked(enum qw_request_verb verb);
qw_err qw_key_change_reach(struct qw_centre *centre, const struct qw_deed *deed,
                           struct qw_request *request, enum qw_right right,
                           struct qw_officer_record *self) QW_MUST_USE;
qw_err qw_key_change_approved(struct qw_centre *centre, const struct qw_deed *deed,
                              const struct qw_request_record *request) QW_MUST_USE;

#endif
