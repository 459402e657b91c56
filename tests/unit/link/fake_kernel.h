/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_LINK_FAKE_KERNEL_H
#define QW_TESTS_UNIT_LINK_FAKE_KERNEL_H

/* What a kernel with WireGuard would say, put together here byte by byte: a STAND-IN, for machines
 * whose kernel has none. tests/system/100-kernel-wireguard.sh speaks with a real one. */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

enum { FAKE_CAP = 32768, FAKE_FAMILY = 0x1c, FAKE_SEQUENCE = 3, FAKE_PORT = 4711 };

struct fake_text {
    size_t len;
    _Alignas(8) uint8_t bytes[FAKE_CAP];
};

static inline void fake_put(struct fake_text *t, const void *bytes, size_t len)
{
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    while (t->len % 4 != 0) {
        t->bytes[t->len++] = 0;
    }
}

static inline void fake_attribute(struct fake_text *t, uint16_t type, const void *value, size_t len)
{
    const uint16_t head[2] = { (uint16_t)(4 + len), type };

    fake_put(t, head, sizeof head);
    fake_put(t, value, len);
}

static inline void fake_u8(struct fake_text *t, uint16_t type, uint8_t value)
{
    fake_attribute(t, type, &value, sizeof value);
}
static inline void fake_u16(struct fake_text *t, uint16_t type, uint16_t value)
{
    fake_attribute(t, type, &value, sizeof value);
}
static inline void fake_u64(struct fake_text *t, uint16_t type, uint64_t value)
{
    fake_attribute(t, type, &value, sizeof value);
}

/* Until fake_close with what it returns. */
static inline size_t fake_nest(struct fake_text *t, uint16_t type)
{
    size_t at = t->len;

    fake_attribute(t, (uint16_t)(type | NLA_F_NESTED), "", 0);
    return at;
}
static inline void fake_close(struct fake_text *t, size_t at)
{
    uint16_t len = (uint16_t)(t->len - at);

    memcpy(t->bytes + at, &len, sizeof len);
}

/* Until fake_end. */
static inline size_t fake_message(struct fake_text *t, uint16_t type, uint16_t flags,
                                  uint32_t sequence)
{
    struct nlmsghdr head = {
        .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence, .nlmsg_pid = FAKE_PORT
    };
    size_t at = t->len;

    fake_put(t, &head, sizeof head);
    return at;
}
static inline void fake_end(struct fake_text *t, size_t at)
{
    uint32_t len = (uint32_t)(t->len - at);

    memcpy(t->bytes + at, &len, sizeof len);
}

/* The kernel's last word: NLMSG_DONE of a list, NLMSG_ERROR of anything else. */
static inline void fake_last(struct fake_text *t, uint16_t type, uint32_t sequence, int number)
{
    size_t at = fake_message(t, type, type == NLMSG_DONE ? NLM_F_MULTI : 0, sequence);
    struct nlmsghdr asked = { .nlmsg_len = sizeof asked };

    number = -number;
    fake_put(t, &number, sizeof number);
    if (type == NLMSG_ERROR) {
        fake_put(t, &asked, sizeof asked);
    }
    fake_end(t, at);
}

static inline void fake_family(struct fake_text *t, uint32_t sequence)
{
    const struct genlmsghdr head = { .cmd = CTRL_CMD_NEWFAMILY, .version = 2 };
    size_t at = fake_message(t, GENL_ID_CTRL, 0, sequence);

    fake_put(t, &head, sizeof head);
    fake_attribute(t, CTRL_ATTR_FAMILY_NAME, "wireguard", 10);
    fake_u16(t, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
    fake_attribute(t, CTRL_ATTR_VERSION, "\1\0\0", 4);
    fake_end(t, at);
}

static inline void fake_network(struct fake_text *t, uint16_t family, uint8_t last, uint8_t mask)
{
    uint8_t address[16] = { 10, 0, 0, last };
    size_t at = fake_nest(t, 0);

    fake_u16(t, WGALLOWEDIP_A_FAMILY, family);
    fake_attribute(t, WGALLOWEDIP_A_IPADDR, address, family == AF_INET ? 4 : 16);
    fake_u8(t, WGALLOWEDIP_A_CIDR_MASK, mask);
    fake_close(t, at);
}

/* What the interface knows of the peer that is looked for. */
struct fake_peer {
    uint8_t public_key[32], psk[32];
    int64_t handshake_s;
    uint64_t tx;
};

static inline void fake_peer_body(struct fake_text *t, const struct fake_peer *peer)
{
    struct sockaddr_in endpoint = { .sin_family = AF_INET, .sin_port = 0x6cca };
    const int64_t time[2] = { peer->handshake_s, 250000000 };

    fake_attribute(t, WGPEER_A_PUBLIC_KEY, peer->public_key, 32);
    fake_attribute(t, WGPEER_A_PRESHARED_KEY, peer->psk, 32);
    fake_attribute(t, WGPEER_A_LAST_HANDSHAKE_TIME, time, sizeof time);
    fake_u16(t, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, 25);
    fake_u64(t, WGPEER_A_TX_BYTES, peer->tx);
    fake_u64(t, WGPEER_A_RX_BYTES, 7);
    fake_attribute(t, WGPEER_A_PROTOCOL_VERSION, "\1\0\0", 4);
    fake_attribute(t, WGPEER_A_ENDPOINT, &endpoint, sizeof endpoint);
}

static inline size_t fake_device(struct fake_text *t, uint32_t sequence, uint16_t flags)
{
    const struct genlmsghdr head = { .cmd = WG_CMD_GET_DEVICE, .version = 1 };
    size_t at = fake_message(t, FAKE_FAMILY, (uint16_t)(NLM_F_MULTI | flags), sequence);

    fake_put(t, &head, sizeof head);
    return at;
}

/* Two messages: another peer and the first networks of this one; the others of this one. Then the
 * end, without which an answer is not whole. */
static inline void fake_list(struct fake_text *t, const struct fake_peer *mine, uint32_t sequence,
                             uint16_t flags)
{
    struct fake_peer other = { .public_key = { 1 }, .psk = { 9 } };
    uint8_t private_key[32] = { 0x11 };
    size_t message = fake_device(t, sequence, flags), peers, peer, networks;

    fake_u16(t, WGDEVICE_A_LISTEN_PORT, 51820);
    fake_attribute(t, WGDEVICE_A_IFNAME, "wg0", 4);
    fake_attribute(t, WGDEVICE_A_PRIVATE_KEY, private_key, 32);
    peers = fake_nest(t, WGDEVICE_A_PEERS);
    peer = fake_nest(t, 0);
    fake_peer_body(t, &other);
    fake_close(t, peer);
    peer = fake_nest(t, 0);
    fake_peer_body(t, mine);
    networks = fake_nest(t, WGPEER_A_ALLOWEDIPS);
    fake_network(t, AF_INET, 2, 32);
    fake_close(t, networks);
    fake_close(t, peer);
    fake_close(t, peers);
    fake_end(t, message);
    message = fake_device(t, sequence, 0);
    peers = fake_nest(t, WGDEVICE_A_PEERS);
    peer = fake_nest(t, 0);
    fake_attribute(t, WGPEER_A_PUBLIC_KEY, mine->public_key, 32);
    networks = fake_nest(t, WGPEER_A_ALLOWEDIPS);
    fake_network(t, AF_INET6, 3, 128);
    fake_close(t, networks);
    fake_close(t, peer);
    fake_close(t, peers);
    fake_end(t, message);
    fake_last(t, NLMSG_DONE, sequence, 0);
}

#endif
