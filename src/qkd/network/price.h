/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_PRICE_H
#define QW_QKD_NETWORK_PRICE_H

#include <stdbool.h>
#include <stdint.h>

/* What a link costs a route, and how calmly that is told [Q4]; the why is in
 * docs/design/network.md. */

/* For a link whose pool is filled to level (0..1, others are clipped): 1 - level, and a thousandth
 * for the hop. */
double qw_price_of(double level);

/* What a request pays at most. Whoever has no class is gold: links can cost no more than 1, so
 * nobody pays more either. */
enum qw_request_class { QW_CLASS_BRONZE, QW_CLASS_SILVER, QW_CLASS_GOLD };
double qw_price_limit(enum qw_request_class class); /* 1/4, 1/2, 1 */

/* What others are told about one link: whether it is there, and its level, but neither at every
 * flicker. */
enum {
    QW_DAMP_LEVEL_STEPS = 16,   /* a level is told when it has moved by a sixteenth */
    QW_DAMP_INTERVAL_MS = 100,  /* and not sooner after the last time */
    QW_DAMP_HOLD_MS = 1000,     /* a link that was cut must be back so long */
    QW_DAMP_HOLD_MAX_MS = 64000 /* and twice as long for each cut within that time */
};

struct qw_damper {
    bool is_up;      /* as it is */
    bool is_told_up; /* as others know it */
    double told_level;
    uint64_t told_ms;
    uint64_t back_ms; /* since when it is up again; while is_up and not is_told_up */
    uint64_t hold_ms;
};

/* A link that is there, told with this level. */
void qw_damper_init(struct qw_damper *damper, double level, uint64_t now_ms);

/* Each gives true when others are to be told now, and takes it as done. A cut is told at once; an
 * end of one, by a later qw_damper_look, when it has held. Level classes: empty 0, low below 1/4,
 * good; a change of class waits for no interval. */
bool qw_damper_cut(struct qw_damper *damper, uint64_t now_ms);
void qw_damper_restore(struct qw_damper *damper, uint64_t now_ms);
bool qw_damper_look(struct qw_damper *damper, double level, uint64_t now_ms);

#endif
