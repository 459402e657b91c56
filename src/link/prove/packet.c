/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/packet.h"

#include "base/bytes.h"

enum {
    PORT_IKE = 500,
    PORT_IKE_NAT = 4500,
    UDP_HEAD_LEN = 8,
    MARK_LEN = 4 /* zero octets, where ESP has an SPI [RFC 3948 2.2] */
};

static struct qw_packet esp_of(const struct qw_ip_packet *payload)
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

static bool is_mixed_port(const struct qw_packet_ports *ports, uint16_t port)
{
    bool is_mixed = port == PORT_IKE_NAT;

    for (size_t i = 0; i < ports->count; i++) {
        is_mixed = is_mixed || port == ports->ports[i];
    }
    return is_mixed;
}

/* ESP, IKE or the one octet that keeps a NAT's entry alive [RFC 3948 2]. */
static struct qw_packet udp_of(const struct qw_ip_packet *udp, const struct qw_packet_ports *ports)
{
    struct qw_packet packet = { .kind = QW_PACKET_OTHER };
    struct qw_ip_packet inside = *udp;
    struct qw_reader r = qw_reader_on(udp->data, udp->len);
    uint16_t from = qw_read_u16be(&r);
    uint16_t to = qw_read_u16be(&r);
    size_t udp_len = qw_read_u16be(&r);

    (void)qw_read_u16be(&r);
    if (r.failed || udp_len < UDP_HEAD_LEN || (!udp->is_fragment && udp_len > udp->full_len)) {
        return packet;
    }
    inside.data = udp->data + UDP_HEAD_LEN;
    inside.full_len = udp_len - UDP_HEAD_LEN;
    inside.len =
        udp->len - UDP_HEAD_LEN < inside.full_len ? udp->len - UDP_HEAD_LEN : inside.full_len;
    if (from == PORT_IKE || to == PORT_IKE) {
        return (struct qw_packet){ .kind = QW_PACKET_IKE, .data = inside.data, .len = inside.len };
    }
    if (!is_mixed_port(ports, from) && !is_mixed_port(ports, to)) {
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

struct qw_packet qw_packet_of(const struct qw_ip_packet *ip, const struct qw_packet_ports *ports)
{
    struct qw_packet packet = { .kind = QW_PACKET_OTHER };
    struct qw_ip_packet payload = *ip;

    if (!qw_ip_packet_pass_headers(&payload) ||
        (payload.protocol != QW_IP_PROTOCOL_UDP && payload.protocol != QW_IP_PROTOCOL_ESP)) {
        return packet;
    }
    if (payload.offset != 0) {
        packet.kind = QW_PACKET_FRAGMENT;
        packet.fragments = 1;
        return packet;
    }
    return payload.protocol == QW_IP_PROTOCOL_ESP ? esp_of(&payload) : udp_of(&payload, ports);
}

struct qw_packet qw_packet_find(uint32_t link_type, const uint8_t *data, size_t len)
{
    const struct qw_packet_ports none = { .count = 0 };
    struct qw_ip_packet ip;

    return qw_ip_packet_read(link_type, data, len, &ip)
               ? qw_packet_of(&ip, &none)
               : (struct qw_packet){ .kind = QW_PACKET_OTHER };
}
