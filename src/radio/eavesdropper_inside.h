/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_EAVESDROPPER_INSIDE_H
#define QW_RADIO_EAVESDROPPER_INSIDE_H

#include "distill/multilevel.h"
#include "radio/eavesdropper.h"
#include "radio/feature.h"
#include "radio/model.h"
#include "radio/plkg.h"
#include "radio/plkg/estimate.h"
#include "radio/plkg/pairs.h"
#include "radio/plkg/reconcile.h"

/* What a listener knows of a session: written by hearing, read by the attack. */
enum {
    QW_HEARD_SOURCES = QW_BELIEF_SOURCES_MAX, /* the access point and the terminal */
    QW_HEARD_ACCESS_POINT = 0,
    QW_HEARD_TERMINAL = 1,
    QW_HEARD_FRAMES_MAX = 2 * (QW_PLKG_TAGS - 1)
};

struct qw_heard { /* a message body that is kept */
    uint8_t *body;
    size_t len;
};

struct qw_eavesdropper {
    struct qw_feature_set *set[QW_HEARD_SOURCES]; /* NULL before OPEN_ACK */
    bool has_phase;
    struct qw_plkg_pairs terminal_pairs, access_point_pairs; /* probes is 0 before they came */
    struct qw_plkg_estimate estimate;                        /* the access point's */
    bool has_estimate;
    struct qw_heard syndrome, amplify;
    struct qw_heard more[QW_MULTILEVEL_MORE_MAX];
    size_t more_level[QW_MULTILEVEL_MORE_MAX]; /* what each answers */
    size_t more_count;
    size_t wanted;                              /* level of the last request */
    struct qw_heard frame[QW_HEARD_FRAMES_MAX]; /* DATA under the one-time pad */
    size_t frame_count;
    uint8_t *data; /* result of the last attack */
};

#endif
