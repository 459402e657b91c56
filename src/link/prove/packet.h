/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_PACKET_H
#define QW_LINK_PROVE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds ESP and IKE in a captured packet, over IPv4 or IPv6: ESP plain [RFC 4303] or in UDP from or
 * to port 4500 [RFC 3948], IKE in UDP from or to port 500 or, behind four zero octets, 4500. */
enum qw_packet_kind {
    QW_PACKET_OTHER,   /* neither; also a packet that is cut before one can tell */
    QW_PACKET_IKE,     /* whole, cut or a first fragment: its own length tells */
    QW_PACKET_ESP,     /* whole */
    QW_PACKET_ESP_CUT, /* its SPI is there, its end is not: snap length, first fragment */
    QW_PACKET_FRAGMENT /* a later IP fragment of ESP or UDP */
};

struct qw_packet {
    enum qw_packet_kind kind;
    uint32_t spi;        /* of ESP */
    const uint8_t *data; /* of ESP and IKE: from the SPI to the tag; borrowed */
    size_t len;
};

/* Link types of a capture file that qw_packet_find reads: Ethernet (1), raw IP (101, 228, 229),
 * Linux cooked (113, 276). */
bool qw_packet_knows_link(uint32_t link_type);

/* link_type must be a known one; len is what was captured of the packet. */
struct qw_packet qw_packet_find(uint32_t link_type, const uint8_t *data, size_t len);

#endif
