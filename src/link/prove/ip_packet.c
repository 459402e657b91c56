/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/ip_packet.h"

#include "base/bytes.h"

#include <string.h>

enum {
    LINK_ETHERNET = 1,
    LINK_RAW = 101,
    LINK_COOKED = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_COOKED_2 = 276,
    ETHER_IPV4 = 0x0800,
    ETHER_IPV6 = 0x86dd,
    ETHER_VLAN = 0x8100,
    ETHER_VLAN_OUTER = 0x88a8,
    TAGS_MAX = 2,
    HEADERS_MAX = 8,
    HEADER_HOPS = 0, /* extension headers of IPv6 [RFC 8200 4] */
    HEADER_ROUTING = 43,
    HEADER_FRAGMENT = 44,
    HEADER_DESTINATION = 60
};

bool qw_ip_packet_knows_link(uint32_t link_type)
{
    return link_type == LINK_ETHERNET || link_type == LINK_RAW || link_type == LINK_COOKED ||
           link_type == LINK_IPV4 || link_type == LINK_IPV6 || link_type == LINK_COOKED_2;
}

/* Passes the link's own header; false when what follows is not IP. */
static bool pass_link(struct qw_reader *r, uint32_t link_type)
{
    uint16_t type = 0;

    switch (link_type) {
    case LINK_RAW:
    case LINK_IPV4:
    case LINK_IPV6:
        return true;
    case LINK_COOKED:
        (void)qw_read_view(r, 14);
        type = qw_read_u16be(r);
        break;
    case LINK_COOKED_2:
        type = qw_read_u16be(r);
        (void)qw_read_view(r, 18);
        break;
    default:
        (void)qw_read_view(r, 12);
        type = qw_read_u16be(r);
        break;
    }
    for (int i = 0; i < TAGS_MAX && (type == ETHER_VLAN || type == ETHER_VLAN_OUTER); i++) {
        (void)qw_read_u16be(r);
        type = qw_read_u16be(r);
    }
    return !r->failed && (type == ETHER_IPV4 || type == ETHER_IPV6);
}

/* What is left, at most as long as the packet says that it is: Ethernet pads short ones. */
static bool take_rest(struct qw_reader *r, size_t full_len, struct qw_ip_packet *out)
{
    size_t left = qw_reader_left(r);

    out->full_len = full_len;
    out->len = left < full_len ? left : full_len;
    out->data = r->data + r->at;
    return !r->failed;
}

static bool read_ipv4(struct qw_reader *r, struct qw_ip_packet *out)
{
    size_t head_len = (size_t)(qw_read_u8(r) & 15) * 4;
    size_t total_len;
    uint16_t fragment;

    (void)qw_read_u8(r);
    total_len = qw_read_u16be(r);
    out->number = qw_read_u16be(r);
    fragment = qw_read_u16be(r);
    (void)qw_read_u8(r);
    out->protocol = qw_read_u8(r);
    (void)qw_read_u16be(r);
    qw_read_bytes(r, out->addresses, 8);
    if (r->failed || head_len < 20 || total_len < head_len) {
        return false;
    }
    (void)qw_read_view(r, head_len - 20);
    out->has_more = (fragment & 0x2000) != 0;
    out->offset = (size_t)(fragment & 0x1fff) * 8;
    out->is_fragment = out->has_more || out->offset != 0;
    return take_rest(r, total_len - head_len, out);
}

/* Passes one extension header of IPv6; false when next is none. A fragment's is passed too. */
static bool pass_header(struct qw_reader *r, struct qw_ip_packet *out)
{
    uint8_t next;
    size_t more;

    if (out->protocol != HEADER_HOPS && out->protocol != HEADER_ROUTING &&
        out->protocol != HEADER_DESTINATION && out->protocol != HEADER_FRAGMENT) {
        return false;
    }
    next = qw_read_u8(r);
    more = qw_read_u8(r);
    if (out->protocol == HEADER_FRAGMENT) {
        uint16_t place = qw_read_u16be(r);

        out->number = qw_read_u32be(r);
        out->has_more = (place & 1) != 0;
        out->offset = place & 0xfff8;
        out->is_fragment = out->has_more || out->offset != 0;
    } else {
        (void)qw_read_view(r, 6 + more * 8);
    }
    out->protocol = next;
    return !r->failed;
}

static bool read_ipv6(struct qw_reader *r, struct qw_ip_packet *out)
{
    size_t payload_len;
    size_t begin;

    (void)qw_read_u32be(r);
    payload_len = qw_read_u16be(r);
    out->protocol = qw_read_u8(r);
    (void)qw_read_u8(r);
    qw_read_bytes(r, out->addresses, 32);
    begin = r->at;
    for (int i = 0; i < HEADERS_MAX && !out->is_fragment; i++) { /* what follows is a fragment's */
        if (!pass_header(r, out)) {
            break;
        }
    }
    return !r->failed && r->at - begin <= payload_len &&
           take_rest(r, payload_len - (r->at - begin), out);
}

bool qw_ip_packet_read(uint32_t link_type, const uint8_t *data, size_t len,
                       struct qw_ip_packet *out)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_ip_packet packet = { 0 };
    bool ok = false;

    if (!pass_link(&r, link_type) || qw_reader_left(&r) == 0) {
        return false;
    }
    packet.version = r.data[r.at] >> 4;
    if (packet.version == 4) {
        ok = read_ipv4(&r, &packet);
    } else if (packet.version == 6) {
        ok = read_ipv6(&r, &packet);
    }
    if (ok) {
        *out = packet;
    }
    return ok;
}

bool qw_ip_packet_pass_headers(struct qw_ip_packet *packet)
{
    struct qw_ip_packet passed = *packet;
    struct qw_reader r = qw_reader_on(packet->data, packet->len);

    if (packet->version != 6 || packet->offset != 0) {
        return true;
    }
    for (int i = 0; i < HEADERS_MAX && passed.protocol != HEADER_FRAGMENT; i++) {
        if (!pass_header(&r, &passed)) {
            break;
        }
    }
    if (!take_rest(&r, packet->full_len - r.at, &passed)) {
        return false;
    }
    *packet = passed;
    return true;
}
