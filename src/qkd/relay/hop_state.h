/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_HOP_STATE_H
#define QW_QKD_RELAY_HOP_STATE_H

#include "crypto/one_time_mac.h"
#include "qkd/relay/hello.h"
#include "qkd/relay/hop.h"

/* What the files of a hop share: hop.c (sealed messages), hop_meeting.c (H1 to H4), hop_stock.c
 * (H6 and ageing). */
struct qw_hop {
    struct qw_hop_config config;
    uint32_t node, neighbour;
    enum qw_hop_status status;
    uint8_t hello[2][QW_HELLO_LEN];               /* of this node; of the neighbour */
    uint8_t hash_key[2][QW_ONE_TIME_MAC_KEY_LEN]; /* of the session, by direction */
    size_t opened_len;                            /* of the in stream, to be passed by settle */
    uint64_t stock_to;                            /* of the STOCK that is not answered; 0: none */
    struct { /* the neighbour's STOCK that waits for our own append; to 0: none */
        uint64_t from, to;
        uint8_t check[QW_POLY_HASH_LEN];
    } announced;
    struct qw_hop_account account;
};

enum { QW_HOP_SKIP = 0x17, QW_HOP_STOCK = 0x18, QW_HOP_STOCKED = 0x19 };

qw_err qw_hop_greet(struct qw_hop *hop) QW_MUST_USE;
/* A message before the hop is up. */
qw_err qw_hop_meet(struct qw_hop *hop, const uint8_t *message, size_t len) QW_MUST_USE;
/* An opened message of the hop's own types; settles it. */
qw_err qw_hop_take_own(struct qw_hop *hop, const struct qw_hop_message *message) QW_MUST_USE;

#endif
