/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* A kernel's answer about a WireGuard interface: what is read as routes can be put into a request,
 * and is a list of attributes there. */
#include "link/wireguard/kernel_message.h"

#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say_back(const struct qw_wireguard_peer *peer, const uint8_t *public_key)
{
    static _Alignas(8) uint8_t request[QW_KERNEL_REQUEST_MAX];
    const struct qw_netlink_turn turn = { .family = 0x1c };
    const struct qw_kernel_change change = { "wg0", public_key, peer->preshared_key, peer };
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];

    qw_assert(peer->routes_len <= sizeof peer->routes && peer->handshake_utc_ms >= 0);
    qw_assert(qw_netlink_attributes(peer->routes, peer->routes_len, of) == QW_OK);
    qw_assert(qw_kernel_tell_peer(request, sizeof request, &turn, &change) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t public_key[QW_WIREGUARD_KEY_LEN] = { 0xab, 0xab };
    static _Alignas(8) uint8_t datagram[32768];
    struct qw_netlink_turn turn = {
        .family = 0x1c, .command = WG_CMD_GET_DEVICE, .sequence = 3, .port = 4711
    };
    struct qw_netlink_turn asked = {
        .family = GENL_ID_CTRL, .command = CTRL_CMD_NEWFAMILY, .sequence = 3, .port = 4711
    };
    struct qw_kernel_scan scan = { .interface = "wg0", .public_key = public_key };
    struct qw_wireguard_peer peer;
    uint16_t family = GENL_ID_CTRL + 1;

    size = size < sizeof datagram ? size : sizeof datagram;
    memcpy(datagram, data, size);
    if (qw_netlink_read(&turn, datagram, size, qw_kernel_take_device, &scan) == QW_OK &&
        turn.is_done && qw_kernel_scan_end(&scan, &peer) == QW_OK) {
        say_back(&peer, public_key);
    }
    if (qw_netlink_read(&asked, datagram, size, qw_kernel_take_family, &family) == QW_OK) {
        qw_assert(family > GENL_ID_CTRL);
    }
    return 0;
}
