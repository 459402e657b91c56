/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_LIVE_NEXMON_UDP_H
#define QW_RADIO_LIVE_NEXMON_UDP_H

#include "radio/live/receiver.h"

/* Datagrams of Nexmon firmware as they come. The firmware broadcasts them on its own link; setting
 * it up stays outside. */
struct qw_nexmon_udp_config {
    const char *address;   /* numeric, to listen on; NULL: all */
    uint16_t port;         /* 0: any; the firmware sends to 5500 */
    const char *sender;    /* numeric address that datagrams must come from; NULL: any */
    const uint8_t *source; /* address of the transmitter that was measured [6 bytes]; NULL: any */
    size_t queue_records;
};

/* port is the one listened on. QW_ERR_ARG (an address is none), QW_ERR_CONFLICT (port taken),
 * QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_nexmon_udp_open(const struct qw_nexmon_udp_config *config,
                          struct qw_live_receiver **receiver, uint16_t *port) QW_MUST_USE;

#endif
