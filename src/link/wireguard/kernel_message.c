/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wireguard/kernel_message.h"

#include "base/secret.h"

#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

_Static_assert((int)QW_WIREGUARD_KEY_LEN == WG_KEY_LEN, "one length");
_Static_assert((int)WGPEER_A_MAX < QW_NETLINK_ATTRIBUTES, "all are looked at");
_Static_assert((int)WGDEVICE_A_MAX < QW_NETLINK_ATTRIBUTES, "all are looked at");
_Static_assert((int)CTRL_ATTR_FAMILY_NAME < QW_NETLINK_ATTRIBUTES, "it is looked at");

size_t qw_kernel_ask_family(void *buffer, size_t cap, const struct qw_netlink_turn *turn)
{
    struct nlmsghdr *message = qw_netlink_begin(buffer, turn, CTRL_CMD_GETFAMILY, NLM_F_ACK);

    return mnl_attr_put_strz_check(message, cap, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME)
               ? message->nlmsg_len
               : 0;
}

size_t qw_kernel_ask_device(void *buffer, size_t cap, const struct qw_netlink_turn *turn,
                            const char *interface)
{
    struct nlmsghdr *message = qw_netlink_begin(buffer, turn, WG_CMD_GET_DEVICE, NLM_F_DUMP);

    return strlen(interface) < IF_NAMESIZE &&
                   mnl_attr_put_strz_check(message, cap, WGDEVICE_A_IFNAME, interface)
               ? message->nlmsg_len
               : 0;
}

/* Routes are attributes already. */
static bool put_routes(struct nlmsghdr *message, size_t cap, const struct qw_wireguard_peer *peer)
{
    if (peer->routes_len > cap - message->nlmsg_len) {
        return false;
    }
    memcpy(mnl_nlmsg_get_payload_tail(message), peer->routes, peer->routes_len);
    message->nlmsg_len += (uint32_t)peer->routes_len;
    return true;
}

static bool put_removed(struct nlmsghdr *message, size_t cap, const uint8_t *public_key)
{
    struct nlattr *peer = mnl_attr_nest_start_check(message, cap, 0);
    bool ok = peer != NULL &&
              mnl_attr_put_check(message, cap, WGPEER_A_PUBLIC_KEY, WG_KEY_LEN, public_key) &&
              mnl_attr_put_u32_check(message, cap, WGPEER_A_FLAGS, WGPEER_F_REMOVE_ME);

    if (ok) {
        mnl_attr_nest_end(message, peer);
    }
    return ok;
}

static bool put_peer(struct nlmsghdr *message, size_t cap, const struct qw_kernel_change *change)
{
    struct nlattr *peer = mnl_attr_nest_start_check(message, cap, 0);
    uint32_t flags = change->put_back == NULL ? WGPEER_F_UPDATE_ONLY : WGPEER_F_REPLACE_ALLOWEDIPS;
    bool ok =
        peer != NULL &&
        mnl_attr_put_check(message, cap, WGPEER_A_PUBLIC_KEY, WG_KEY_LEN, change->public_key) &&
        mnl_attr_put_check(message, cap, WGPEER_A_PRESHARED_KEY, WG_KEY_LEN,
                           change->preshared_key) &&
        mnl_attr_put_u32_check(message, cap, WGPEER_A_FLAGS, flags) &&
        (change->put_back == NULL || put_routes(message, cap, change->put_back));

    if (ok) {
        mnl_attr_nest_end(message, peer);
    }
    return ok;
}

size_t qw_kernel_tell_peer(void *buffer, size_t cap, const struct qw_netlink_turn *turn,
                           const struct qw_kernel_change *change)
{
    struct nlmsghdr *message = qw_netlink_begin(buffer, turn, WG_CMD_SET_DEVICE, NLM_F_ACK);
    struct nlattr *peers = NULL;
    bool ok = strlen(change->interface) < IF_NAMESIZE &&
              mnl_attr_put_strz_check(message, cap, WGDEVICE_A_IFNAME, change->interface);

    if (ok) {
        peers = mnl_attr_nest_start_check(message, cap, WGDEVICE_A_PEERS);
    }
    /* The kernel takes them in this order, under one lock. */
    ok = peers != NULL &&
         (change->put_back == NULL || put_removed(message, cap, change->public_key)) &&
         put_peer(message, cap, change);
    if (ok) {
        mnl_attr_nest_end(message, peers);
    }
    return ok ? message->nlmsg_len : 0;
}

/* A text with its NUL, and nothing behind that. */
static bool is_text(const struct nlattr *attribute, const char *text)
{
    size_t len = strlen(text) + 1;

    return mnl_attr_get_payload_len(attribute) == len &&
           strncmp(mnl_attr_get_payload(attribute), text, len) == 0;
}

qw_err qw_kernel_take_family(void *self, const void *start, size_t len)
{
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    uint16_t family = 0;
    qw_err err = qw_netlink_attributes(start, len, of);

    if (err == QW_OK &&
        (of[CTRL_ATTR_FAMILY_NAME] == NULL || !is_text(of[CTRL_ATTR_FAMILY_NAME], WG_GENL_NAME) ||
         !qw_netlink_fixed(of[CTRL_ATTR_FAMILY_ID], &family, sizeof family) ||
         family <= GENL_ID_CTRL)) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *(uint16_t *)self = family;
    }
    return err;
}

/* Appends an attribute as it is, padded. */
static qw_err keep(struct qw_wireguard_peer *peer, const struct nlattr *attribute)
{
    size_t len = mnl_attr_get_len(attribute);
    size_t padded = qw_netlink_padded(len);

    if (padded > sizeof peer->routes - peer->routes_len) {
        return QW_ERR_SPACE;
    }
    memset(peer->routes + peer->routes_len, 0, padded);
    memcpy(peer->routes + peer->routes_len, attribute, len);
    peer->routes_len += padded;
    return QW_OK;
}

static qw_err take_network(void *self, const struct nlattr *network)
{
    struct qw_kernel_scan *scan = self;
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    uint16_t family = 0;
    uint8_t mask = 0, address[sizeof(struct in6_addr)];
    qw_err err =
        qw_netlink_attributes(mnl_attr_get_payload(network), mnl_attr_get_payload_len(network), of);

    if (err != QW_OK) {
        return err;
    }
    if (!qw_netlink_fixed(of[WGALLOWEDIP_A_FAMILY], &family, sizeof family) ||
        (family != AF_INET && family != AF_INET6) ||
        !qw_netlink_fixed(of[WGALLOWEDIP_A_IPADDR], address,
                          family == AF_INET ? sizeof(struct in_addr) : sizeof address) ||
        !qw_netlink_fixed(of[WGALLOWEDIP_A_CIDR_MASK], &mask, sizeof mask) ||
        mask > (family == AF_INET ? 32 : 128)) {
        return QW_ERR_FORMAT;
    }
    return keep(&scan->peer, network);
}

/* One list of networks, whatever number of messages it comes in. */
static qw_err take_networks(struct qw_kernel_scan *scan, const struct nlattr *networks)
{
    struct nlattr head = { .nla_type = NLA_F_NESTED | WGPEER_A_ALLOWEDIPS };
    qw_err err = networks == NULL ? QW_OK : qw_netlink_each(networks, take_network, scan);

    _Static_assert((int)QW_WIREGUARD_ROUTES_MAX <= UINT16_MAX, "a length of an attribute");
    head.nla_len = (uint16_t)(scan->peer.routes_len - scan->networks_at);
    memcpy(scan->peer.routes + scan->networks_at, &head, sizeof head);
    return err;
}

static qw_err take_endpoint(struct qw_kernel_scan *scan, const struct nlattr *endpoint)
{
    sa_family_t family;

    if (endpoint == NULL) { /* none is known */
        return QW_OK;
    }
    if (mnl_attr_get_payload_len(endpoint) < sizeof family) {
        return QW_ERR_FORMAT;
    }
    memcpy(&family, mnl_attr_get_payload(endpoint), sizeof family);
    if (!(family == AF_INET && mnl_attr_get_payload_len(endpoint) == sizeof(struct sockaddr_in)) &&
        !(family == AF_INET6 &&
          mnl_attr_get_payload_len(endpoint) == sizeof(struct sockaddr_in6))) {
        return QW_ERR_FORMAT;
    }
    return keep(&scan->peer, endpoint);
}

static qw_err take_handshake(struct qw_kernel_scan *scan, const struct nlattr *time)
{
    int64_t value[2] = { 0, 0 }; /* s, ns */

    if (!qw_netlink_fixed(time, value, sizeof value) || value[0] < 0 ||
        value[0] > INT64_MAX / 2000 || value[1] < 0 || value[1] >= 1000000000) {
        return QW_ERR_FORMAT;
    }
    scan->peer.handshake_utc_ms = value[0] * 1000 + value[1] / 1000000;
    return QW_OK;
}

static qw_err take_mine(struct qw_kernel_scan *scan, const struct nlattr *const of[])
{
    struct qw_wireguard_peer *peer = &scan->peer;
    const struct nlattr *keepalive = of[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL];
    qw_err err;

    if (!qw_netlink_fixed(of[WGPEER_A_PRESHARED_KEY], peer->preshared_key, WG_KEY_LEN) ||
        !qw_netlink_fixed(of[WGPEER_A_TX_BYTES], &peer->tx_bytes, sizeof peer->tx_bytes) ||
        !qw_netlink_fixed(of[WGPEER_A_RX_BYTES], &peer->rx_bytes, sizeof peer->rx_bytes) ||
        (keepalive != NULL && mnl_attr_get_payload_len(keepalive) != sizeof(uint16_t))) {
        return QW_ERR_FORMAT;
    }
    err = take_handshake(scan, of[WGPEER_A_LAST_HANDSHAKE_TIME]);
    if (err == QW_OK) {
        err = take_endpoint(scan, of[WGPEER_A_ENDPOINT]);
    }
    if (err == QW_OK && keepalive != NULL) {
        err = keep(peer, keepalive);
    }
    if (err == QW_OK) {
        scan->is_found = true;
        scan->networks_at = peer->routes_len;
        peer->routes_len += sizeof(struct nlattr); /* what is before it is short */
        err = take_networks(scan, of[WGPEER_A_ALLOWEDIPS]);
    }
    return err;
}

/* A peer that goes on in the next message has its name and more networks there, nothing else. */
static bool is_more_networks(const struct nlattr *const of[])
{
    for (int type = 0; type <= WGPEER_A_MAX; type++) {
        if (of[type] != NULL && type != WGPEER_A_PUBLIC_KEY && type != WGPEER_A_ALLOWEDIPS) {
            return false;
        }
    }
    return true;
}

static qw_err take_peer(void *self, const struct nlattr *attribute)
{
    struct qw_kernel_scan *scan = self;
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    uint8_t public_key[WG_KEY_LEN];
    bool was_mine = scan->is_last_mine;
    qw_err err = qw_netlink_attributes(mnl_attr_get_payload(attribute),
                                       mnl_attr_get_payload_len(attribute), of);

    if (err != QW_OK || !qw_netlink_fixed(of[WGPEER_A_PUBLIC_KEY], public_key, WG_KEY_LEN)) {
        return QW_ERR_FORMAT;
    }
    scan->is_last_mine = qw_equal_ct(public_key, scan->public_key, WG_KEY_LEN);
    if (!scan->is_last_mine) {
        return QW_OK;
    }
    if (!scan->is_found) {
        return take_mine(scan, of);
    }
    return was_mine && is_more_networks(of) ? take_networks(scan, of[WGPEER_A_ALLOWEDIPS])
                                            : QW_ERR_FORMAT;
}

qw_err qw_kernel_take_device(void *self, const void *start, size_t len)
{
    struct qw_kernel_scan *scan = self;
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    qw_err err = qw_netlink_attributes(start, len, of);

    if (err != QW_OK) {
        return err;
    }
    if (of[WGDEVICE_A_IFNAME] != NULL) {
        if (!is_text(of[WGDEVICE_A_IFNAME], scan->interface)) {
            return QW_ERR_FORMAT;
        }
        scan->is_named = true;
    }
    return of[WGDEVICE_A_PEERS] == NULL ? QW_OK
                                        : qw_netlink_each(of[WGDEVICE_A_PEERS], take_peer, scan);
}

qw_err qw_kernel_scan_end(const struct qw_kernel_scan *scan, struct qw_wireguard_peer *peer)
{
    if (!scan->is_named) {
        return QW_ERR_FORMAT;
    }
    if (!scan->is_found) {
        return QW_ERR_NOT_FOUND;
    }
    *peer = scan->peer;
    return QW_OK;
}
