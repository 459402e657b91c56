/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/packet.h"

#include "base/bytes.h"

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
    PROTOCOL_UDP = 17,
    PROTOCOL_ESP = 50,
    HEADER_HOPS = 0, /* extension headers of IPv6 [RFC 8200 4] */
    HEADER_ROUTING = 43,
    HEADER_FRAGMENT = 44,
    HEADER_DESTINATION = 60,
    PORT_IKE = 500,
    PORT_IKE_NAT = 4500,
    UDP_HEAD_LEN = 8,
    MARK_LEN = 4 /* zero octets, where ESP has an SPI [RFC 3948 2.2] */
};

struct payload { /* of an IP packet */
    uint8_t protocol;
    bool is_fragment;       /* more follow, or it is not the first */
    bool is_later_fragment; /* not the first */
    const uint8_t *data;
    size_t len;      /* as captured */
    size_t full_len; /* as sent; >= len */
};

bool qw_packet_knows_link(uint32_t link_type)
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
static bool take_rest(struct qw_reader *r, size_t full_len, struct payload *out)
{
    size_t left = qw_reader_left(r);

    out->full_len = full_len;
    out->len = left < full_len ? left : full_len;
    out->data = r->data + r->at;
    return !r->failed;
}

static bool read_ipv4(struct qw_reader *r, struct payload *out)
{
    size_t head_len = (size_t)(qw_read_u8(r) & 15) * 4;
    size_t total_len;
    uint16_t fragment;

    (void)qw_read_u8(r);
    total_len = qw_read_u16be(r);
    (void)qw_read_u16be(r);
    fragment = qw_read_u16be(r);
    (void)qw_read_u8(r);
    out->protocol = qw_read_u8(r);
    (void)qw_read_view(r, 10);
    if (r->failed || head_len < 20 || total_len < head_len) {
        return false;
    }
    (void)qw_read_view(r, head_len - 20);
    out->is_fragment = (fragment & 0x3fff) != 0;
    out->is_later_fragment = (fragment & 0x1fff) != 0;
    return take_rest(r, total_len - head_len, out);
}

/* Passes one extension header; false when next is none. */
static bool pass_extension(struct qw_reader *r, struct payload *out)
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

        (void)qw_read_u32be(r);
        out->is_fragment = (place & 0xfff9) != 0;
        out->is_later_fragment = (place & 0xfff8) != 0;
    } else {
        (void)qw_read_view(r, 6 + more * 8);
    }
    out->protocol = next;
    return !r->failed;
}

static bool read_ipv6(struct qw_reader *r, struct payload *out)
{
    size_t payload_len;
    size_t begin;

    (void)qw_read_u32be(r);
    payload_len = qw_read_u16be(r);
    out->protocol = qw_read_u8(r);
    (void)qw_read_view(r, 1 + 32);
    begin = r->at;
    for (int i = 0; i < HEADERS_MAX && !out->is_later_fragment; i++) {
        if (!pass_extension(r, out)) {
            break;
        }
    }
    return !r->failed && r->at - begin <= payload_len &&
           take_rest(r, payload_len - (r->at - begin), out);
}

static struct qw_packet esp_of(const struct payload *payload)
{
    struct qw_packet packet = { .kind = QW_PACKET_OTHER };

    if (payload->len >= 4) {
        packet.kind = payload->len < payload->full_len || payload->is_fragment ? QW_PACKET_ESP_CUT
                                                                               : QW_PACKET_ESP;
        packet.spi = qw_load_u32be(payload->data);
        packet.data = payload->data;
        packet.len = payload->len;
    }
    return packet;
}

/* ESP, IKE or the one octet that keeps a NAT's entry alive [RFC 3948 2]. */
static struct qw_packet udp_of(const struct payload *udp)
{
    struct qw_packet packet = { .kind = QW_PACKET_OTHER };
    struct payload inside = *udp;
    struct qw_reader r = qw_reader_on(udp->data, udp->len);
    uint16_t from = qw_read_u16be(&r);
    uint16_t to = qw_read_u16be(&r);
    size_t udp_len = qw_read_u16be(&r);

    (void)qw_read_u16be(&r);
    if (r.failed || udp_len < UDP_HEAD_LEN || (!udp->is_fragment && udp_len > udp->full_len)) {
        return packet;
    }
    (void)take_rest(&r, udp_len - UDP_HEAD_LEN, &inside);
    if (from == PORT_IKE || to == PORT_IKE) {
        return (struct qw_packet){ .kind = QW_PACKET_IKE, .data = inside.data, .len = inside.len };
    }
    if (from != PORT_IKE_NAT && to != PORT_IKE_NAT) {
        return packet;
    }
    packet = esp_of(&inside);
    if (packet.kind != QW_PACKET_OTHER && packet.spi == 0) {
        packet.kind = QW_PACKET_IKE;
        packet.data += MARK_LEN;
        packet.len -= MARK_LEN;
    }
    return packet;
}

struct qw_packet qw_packet_find(uint32_t link_type, const uint8_t *data, size_t len)
{
    struct qw_packet packet = { .kind = QW_PACKET_OTHER };
    struct qw_reader r = qw_reader_on(data, len);
    struct payload payload = { 0 };
    unsigned version;

    if (!pass_link(&r, link_type) || qw_reader_left(&r) == 0) {
        return packet;
    }
    version = r.data[r.at] >> 4;
    if ((version != 4 || !read_ipv4(&r, &payload)) && (version != 6 || !read_ipv6(&r, &payload))) {
        return packet;
    }
    if (payload.protocol != PROTOCOL_UDP && payload.protocol != PROTOCOL_ESP) {
        return packet;
    }
    if (payload.is_later_fragment) {
        packet.kind = QW_PACKET_FRAGMENT;
        return packet;
    }
    return payload.protocol == PROTOCOL_ESP ? esp_of(&payload) : udp_of(&payload);
}
