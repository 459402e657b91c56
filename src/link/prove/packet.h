/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_PACKET_H
#define QW_LINK_PROVE_PACKET_H

#include "link/prove/ip_packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds ESP and IKE in captured packets, over IPv4 or IPv6: ESP plain [RFC 4303] or in UDP from or
 * to port 4500 [RFC 3948], IKE in UDP from or to port 500 or, behind four zero octets, 4500. Of IP
 * fragments: packet_finder.h. */
enum qw_packet_kind {
    QW_PACKET_OTHER,   /* neither; also a packet that is cut before one can tell */
    QW_PACKET_IKE,     /* whole or cut: its own length tells */
    QW_PACKET_ESP,     /* whole */
    QW_PACKET_ESP_CUT, /* its SPI is there, its end is not: snap length, a fragment is missing */
    QW_PACKET_FRAGMENT /* a later IP fragment of ESP or UDP, or some whose first one is missing */
};

struct qw_packet {
    enum qw_packet_kind kind;
    uint32_t spi;        /* of ESP */
    const uint8_t *data; /* of ESP and IKE: from the SPI to the tag; borrowed */
    size_t len;
    size_t fragments; /* later IP fragments that it has, and that do not make it whole */
};

enum { QW_PACKET_PORTS_MAX = 8 };

struct qw_packet_ports { /* of UDP, used as 4500 is, beside that */
    uint16_t ports[QW_PACKET_PORTS_MAX];
    size_t count;
};

/* link_type must be one that qw_ip_packet_knows_link; len is what was captured of the packet. An IP
 * fragment is looked at for itself. */
struct qw_packet qw_packet_find(uint32_t link_type, const uint8_t *data, size_t len);

/* What an IP packet is, whole or a fragment for itself; borrows. */
struct qw_packet qw_packet_of(const struct qw_ip_packet *ip, const struct qw_packet_ports *ports);

#endif
