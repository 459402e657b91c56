/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_IP_PACKET_H
#define QW_LINK_PROVE_IP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an IPv4 or IPv6 packet carries, and its place when it is a fragment. */
enum { QW_IP_PROTOCOL_UDP = 17, QW_IP_PROTOCOL_ESP = 50, QW_IP_PAYLOAD_MAX = 65535 };

struct qw_ip_packet {
    uint8_t version;
    uint8_t addresses[32]; /* from, to; of IPv4 the first 8 octets, the rest zero */
    uint8_t protocol;      /* of what data begins with */
    bool is_fragment;
    bool has_more;       /* of a fragment: it is not the last */
    size_t offset;       /* of a fragment: where data belongs; 0 otherwise */
    uint32_t number;     /* of a fragment: the same in all fragments of one packet */
    const uint8_t *data; /* borrowed */
    size_t len;          /* as captured */
    size_t full_len;     /* as sent; >= len */
};

/* Link types of a capture file that are read: Ethernet (1), raw IP (101, 228, 229), Linux cooked
 * (113, 276). */
bool qw_ip_packet_knows_link(uint32_t link_type);

/* The IP packet in a captured one of a known link type. False when there is none, or it is cut
 * before what it carries; out is then untouched. */
bool qw_ip_packet_read(uint32_t link_type, const uint8_t *data, size_t len,
                       struct qw_ip_packet *out);

/* Passes the extension headers of IPv6 in front of what the packet carries; nothing is to be passed
 * in a later fragment. False when they do not end inside what was captured. */
bool qw_ip_packet_pass_headers(struct qw_ip_packet *packet);

#endif
