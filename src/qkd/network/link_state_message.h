/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_LINK_STATE_MESSAGE_H
#define QW_QKD_NETWORK_LINK_STATE_MESSAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bodies of the frames by which nodes tell each other about their links:
 * docs/protocol/link-state.md. ASK has an empty body and needs no function. */
enum qw_link_state_kind {
    QW_LINK_STATE_ADVERTS = 1,
    QW_LINK_STATE_ACKS = 2,
    QW_LINK_STATE_ASK = 3
};

enum {
    QW_ADVERT_LINKS_MAX = 64,
    QW_ADVERTS_MAX = 16, /* in one body */
    QW_ACKS_MAX = 64,
    QW_ADVERT_AGE_MAX_MS = 60000, /* older ones are dead */
    QW_ADVERT_LEN_MAX = 15 + 8 * QW_ADVERT_LINKS_MAX,
    QW_LINK_STATE_BODY_MAX = 1 + QW_ADVERTS_MAX * QW_ADVERT_LEN_MAX
};

/* Of one advert; compared by start, then by sequence. */
struct qw_advert_version {
    uint16_t origin; /* number of the node in the topology */
    uint32_t start;
    uint32_t sequence;
};

struct qw_advert_link {
    uint16_t neighbour;
    bool is_up;
    uint8_t level; /* 255: full */
    uint32_t rate_bps;
};

struct qw_advert {
    struct qw_advert_version version;
    uint32_t age_ms; /* 0..QW_ADVERT_AGE_MAX_MS */
    size_t link_count;
    struct qw_advert_link
        link[QW_ADVERT_LINKS_MAX]; /* neighbours increase and are not the origin */
};

/* Negative, 0, positive: a is older than b, the same, newer. Origins are not looked at. */
int qw_advert_compare(const struct qw_advert_version *a, const struct qw_advert_version *b);
/* The next version of the same origin, newer than this one; after the last sequence comes the next
 * start. The very last of all stays. */
void qw_advert_next(struct qw_advert_version *version);

/* Encoders write count messages, 1..MAX, and abort on fields out of range. Decoders take a whole
 * body: QW_ERR_FORMAT for anything but one; outputs then untouched. */
void qw_adverts_encode(const struct qw_advert *advert, size_t count,
                       uint8_t out[static QW_LINK_STATE_BODY_MAX], size_t *len);
qw_err qw_adverts_decode(const uint8_t *body, size_t len,
                         struct qw_advert advert[static QW_ADVERTS_MAX], size_t *count) QW_MUST_USE;
void qw_acks_encode(const struct qw_advert_version *ack, size_t count,
                    uint8_t out[static QW_LINK_STATE_BODY_MAX], size_t *len);
qw_err qw_acks_decode(const uint8_t *body, size_t len,
                      struct qw_advert_version ack[static QW_ACKS_MAX], size_t *count) QW_MUST_USE;

#endif
