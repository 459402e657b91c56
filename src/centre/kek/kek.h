/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEK_KEK_H
#define QW_CENTRE_KEK_KEK_H

#include "centre/centre.h"

/* Another key-encryption key for a store that goes on serving [C6 C7]: steps R1 to R5 of
 * docs/protocol/kek-rotation.md. */
enum qw_kek_phase {
    QW_KEK_IDLE,
    QW_KEK_ORDERED, /* the custody has not wrapped the new one yet, or officers have to come */
    QW_KEK_TURNING, /* the new one seals, the one before still opens */
    QW_KEK_PHASE_COUNT
};
extern const char *const qw_kek_phase_names[QW_KEK_PHASE_COUNT]; /* "idle" ... */

enum { QW_KEK_WHY_CAP = 128 };
struct qw_kek_state {
    enum qw_kek_phase phase;
    uint64_t generation; /* of the KEK that seals; the first is 1 */
    int64_t made_ms;     /* UTC; 0: with the store */
    uint64_t records;    /* that the store had when it began to turn */
    uint64_t done;       /* of them looked at */
    uint64_t rewrapped;
    char why[QW_KEK_WHY_CAP]; /* what the custody said to the last order; "" */
};

/* Security administrators of the whole tree: orders a new KEK; qw_centre_kek_work does it.
 * QW_ERR_STATE: one is under way, or the policy asks for two officers. */
qw_err qw_centre_kek_rotate(struct qw_centre *centre, const struct qw_caller *caller) QW_MUST_USE;
/* Whoever may read the centre's status. */
qw_err qw_centre_kek_look(struct qw_centre *centre, const struct qw_caller *caller,
                          struct qw_kek_state *state) QW_MUST_USE;

/* Where a centre gets its custody again, long after it was opened. */
struct qw_custody_port {
    void *self;
    /* custody: closed by the caller. why: one sentence on failure. */
    qw_err (*open)(void *self, struct qw_custody *custody, char why[static QW_KEK_WHY_CAP]);
};
/* Housekeeping, from one thread: begins what was ordered, which asks the custody and may take
 * seconds, or wraps the next records anew. Under a quorum the port is not asked: the order waits
 * for officers' shares (share/share_desk.h). *is_more: call again soon. What a custody refuses is
 * in journal and state, and the order is gone; a record that cannot be read stops it (the log names
 * it), and the KEK before stays. */
qw_err qw_centre_kek_work(struct qw_centre *centre, const struct qw_custody_port *port,
                          bool *is_more) QW_MUST_USE;

#endif
