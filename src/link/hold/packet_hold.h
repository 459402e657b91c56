/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_HOLD_PACKET_HOLD_H
#define QW_LINK_HOLD_PACKET_HOLD_H

#include "base/error.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

/* Packets to the other site wait for a moment: between the new tunnel's being there at this end and
 * at that one. A queue of the kernel's packet filter keeps them, in their order, while a rule of
 * iptables sends them there [docs/adr/0140-packets-wait-for-the-new-tunnel.md]. IKE and ESP pass. A
 * process that dies lets go of them: what was in the queue at that moment is lost, and the rule, as
 * long as it stays, holds nothing. Needs CAP_NET_ADMIN and iptables. */
struct qw_packet_hold;

enum { QW_PACKET_HOLD_NETWORK_CAP = 64, QW_PACKET_HOLD_NETWORKS_MAX = 32 };

struct qw_packet_hold_config {
    uint16_t queue;                                     /* of NFQUEUE: no other's on this host */
    const char (*networks)[QW_PACKET_HOLD_NETWORK_CAP]; /* copied; addresses or "10.9.2.0/24" */
    size_t network_count;                               /* 1.. */
    int limit_ms;             /* no packet is held longer than that after _begin, 1.. */
    const struct qw_log *log; /* borrowed for life */
};

/* Takes back the rules of a process that died. QW_ERR_ARG: no network, or what is none;
 * QW_ERR_NOMEM. */
qw_err qw_packet_hold_open(const struct qw_packet_hold_config *config,
                           struct qw_packet_hold **hold) QW_MUST_USE;
/* Lets everything go; takes half a second where something was held just now. NULL is fine. */
void qw_packet_hold_close(struct qw_packet_hold *hold);

/* From now on packets wait, until _end, or as long as the limit says. QW_ERR_UNAVAILABLE: no right
 * to, no iptables, or another has the queue; nothing waits then. Less than half a second after the
 * last _end it waits for the rest of that. */
qw_err qw_packet_hold_begin(struct qw_packet_hold *hold) QW_MUST_USE;
/* All of them go on, and the rules are taken out; returns at once. NULL is fine; nothing held is
 * fine. */
void qw_packet_hold_end(struct qw_packet_hold *hold);

#endif
