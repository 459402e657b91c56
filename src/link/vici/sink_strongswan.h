/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_VICI_SINK_STRONGSWAN_H
#define QW_LINK_VICI_SINK_STRONGSWAN_H

#include "base/log.h"
#include "link/hold/packet_hold.h"
#include "link/key_sink.h"
#include "link/vici/swanctl_conf.h"
#include "link/vici/vici_client.h"

#include <stdbool.h>
#include <stdint.h>

/* IKEv2 with a post-quantum pre-shared key [RFC 8784] in strongSwan, over VICI; how the two ends of
 * a link go about it: docs/protocol/vici.md. The initiator makes a new IKE_SA under the next key
 * beside the one that runs (probe), and ends the old one (settle); the responder holds keys and
 * answers. A key is loaded as CONNECTION.KEY-ID.
 * Watched: keys and connection that the daemon has lost are loaded again; no IKE_SA under the key
 * in use for as long as initiate_ms is a tunnel that is not well. Blocked: no key, no IKE_SA. A
 * daemon that does not run is blocked. */
struct qw_sink_strongswan_config {            /* copied, but for log */
    const char *socket_path;                  /* "/run/charon.vici" */
    const char *name;                         /* of the connection, as read */
    struct qw_swanctl_connection *connection; /* taken, also on failure; of the heap */
    bool is_initiator;                        /* in IKE, as in the control channel */
    int timeout_ms;                           /* of a word with the daemon, 1.. */
    int initiate_ms;                          /* for an IKE_SA to be made, 1.. */
    /* Taken, also on failure; NULL: none. The responder's packets wait in it from prepare to
     * promote: its daemon sends in the new tunnel before the initiator's has it. */
    struct qw_packet_hold *hold;
    int64_t (*now_ms)(void);  /* qw_clock_monotonic_ms, but for tests */
    const struct qw_log *log; /* borrowed for life; what the daemon refuses */
};

/* QW_ERR_ARG: over-long path or name, a time below 1; QW_ERR_NOMEM. */
qw_err qw_sink_strongswan(const struct qw_sink_strongswan_config *config,
                          struct qw_key_sink *sink) QW_MUST_USE;

#endif
