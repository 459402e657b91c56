/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_kernel.h"
#include "link/wireguard/kernel_message.h"

#include <errno.h>

static struct fake_peer mine = { { 0xab, 0xab }, { 0x33 }, 1700000000, 100 };
static const uint8_t nobody[32] = { 0x77 };

static struct qw_netlink_turn turn_of(uint8_t command)
{
    return (struct qw_netlink_turn){
        .family = FAKE_FAMILY, .command = command, .sequence = FAKE_SEQUENCE, .port = FAKE_PORT
    };
}

/* A whole answer about wg0; QW_ERR_FORMAT too when its end is missing. */
static qw_err read_list(const struct fake_text *t, const uint8_t *public_key,
                        struct qw_wireguard_peer *peer)
{
    struct qw_netlink_turn turn = turn_of(WG_CMD_GET_DEVICE);
    struct qw_kernel_scan scan = { .interface = "wg0", .public_key = public_key };
    qw_err err = qw_netlink_read(&turn, t->bytes, t->len, qw_kernel_take_device, &scan);

    if (err != QW_OK) {
        return err;
    }
    return turn.is_done ? qw_kernel_scan_end(&scan, peer) : QW_ERR_FORMAT;
}

static void a_peer_whose_networks_come_in_two_messages_is_read(void **state)
{
    struct fake_text t = { 0 };
    struct qw_wireguard_peer peer;
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    uint16_t keepalive = 0;

    (void)state;
    fake_list(&t, &mine, FAKE_SEQUENCE, 0);
    assert_int_equal(read_list(&t, mine.public_key, &peer), QW_OK);
    assert_memory_equal(peer.preshared_key, mine.psk, 32);
    assert_int_equal(peer.handshake_utc_ms, 1700000000250);
    assert_int_equal(peer.tx_bytes, 100);
    assert_int_equal(peer.rx_bytes, 7);
    assert_int_equal(qw_netlink_attributes(peer.routes, peer.routes_len, of), QW_OK);
    assert_non_null(of[WGPEER_A_ENDPOINT]);
    assert_true(qw_netlink_fixed(of[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL], &keepalive, 2));
    assert_int_equal(keepalive, 25);
    /* 10.0.0.2/32: 4 + 8 + 8 + 8, and the other: 4 + 8 + 20 + 8. */
    assert_int_equal(mnl_attr_get_payload_len(of[WGPEER_A_ALLOWEDIPS]), 28 + 40);
    peer.tx_bytes = 4711;
    assert_int_equal(read_list(&t, nobody, &peer), QW_ERR_NOT_FOUND);
    assert_int_equal(peer.tx_bytes, 4711);
}

static void every_cut_is_refused(void **state)
{
    struct fake_text t = { 0 }, cut;
    struct qw_wireguard_peer peer;

    (void)state;
    fake_list(&t, &mine, FAKE_SEQUENCE, 0);
    for (size_t len = 0; len < t.len; len++) {
        memset(&cut, 0, sizeof cut);
        memcpy(cut.bytes, t.bytes, len);
        cut.len = len;
        assert_int_equal(read_list(&cut, mine.public_key, &peer), QW_ERR_FORMAT);
    }
}

/* Whatever is taken from an altered answer can be said back, and lies within its bounds. */
static void flipped_bits_do_no_harm(void **state)
{
    struct fake_text t = { 0 };
    struct qw_wireguard_peer peer;
    size_t refused = 0;

    (void)state;
    fake_list(&t, &mine, FAKE_SEQUENCE, 0);
    for (size_t bit = 0; bit < 8 * t.len; bit++) {
        t.bytes[bit / 8] = (uint8_t)(t.bytes[bit / 8] ^ 1 << bit % 8);
        if (read_list(&t, mine.public_key, &peer) == QW_OK) {
            const struct nlattr *of[QW_NETLINK_ATTRIBUTES];

            assert_true(peer.routes_len <= sizeof peer.routes && peer.routes_len % 4 == 0);
            assert_int_equal(qw_netlink_attributes(peer.routes, peer.routes_len, of), QW_OK);
            assert_true(peer.handshake_utc_ms >= 0);
        } else {
            refused++;
        }
        t.bytes[bit / 8] = (uint8_t)(t.bytes[bit / 8] ^ 1 << bit % 8);
    }
    assert_true(refused > 1000); /* lengths, types, names, times */
    assert_int_equal(read_list(&t, mine.public_key, &peer), QW_OK);
}

/* One peer in one message, made by the case; what stands behind it is the end. */
static qw_err read_odd(void (*body)(struct fake_text *t), const char *interface)
{
    struct fake_text t = { 0 };
    struct qw_wireguard_peer peer;
    size_t message = fake_device(&t, FAKE_SEQUENCE, 0), peers;

    if (interface != NULL) {
        fake_attribute(&t, WGDEVICE_A_IFNAME, interface, strlen(interface) + 1);
    }
    peers = fake_nest(&t, WGDEVICE_A_PEERS);
    body(&t);
    fake_close(&t, peers);
    fake_end(&t, message);
    fake_last(&t, NLMSG_DONE, FAKE_SEQUENCE, 0);
    return read_list(&t, mine.public_key, &peer);
}

static void good(struct fake_text *t)
{
    size_t at = fake_nest(t, 0);

    fake_peer_body(t, &mine);
    fake_close(t, at);
}
static void twice(struct fake_text *t)
{
    good(t);
    good(t);
}
static void with_more(struct fake_text *t, void (*more)(struct fake_text *))
{
    size_t at = fake_nest(t, 0);

    fake_peer_body(t, &mine);
    more(t);
    fake_close(t, at);
}
static void second_psk(struct fake_text *t)
{
    fake_attribute(t, WGPEER_A_PRESHARED_KEY, mine.psk, 32);
}
static void with_second_psk(struct fake_text *t)
{
    with_more(t, second_psk);
}
static void long_mask(struct fake_text *t)
{
    size_t at = fake_nest(t, WGPEER_A_ALLOWEDIPS);

    fake_network(t, AF_INET, 1, 33);
    fake_close(t, at);
}
static void with_long_mask(struct fake_text *t)
{
    with_more(t, long_mask);
}
static void strange_family(struct fake_text *t)
{
    size_t at = fake_nest(t, WGPEER_A_ALLOWEDIPS);

    fake_network(t, AF_UNIX, 1, 8);
    fake_close(t, at);
}
static void with_strange_family(struct fake_text *t)
{
    with_more(t, strange_family);
}
static void no_name(struct fake_text *t)
{
    size_t at = fake_nest(t, 0);

    fake_attribute(t, WGPEER_A_PRESHARED_KEY, mine.psk, 32);
    fake_close(t, at);
}
static void name_only(struct fake_text *t)
{
    size_t at = fake_nest(t, 0);

    fake_attribute(t, WGPEER_A_PUBLIC_KEY, mine.public_key, 32);
    fake_close(t, at);
}
/* The rest of a peer's networks comes right behind its beginning, or not at all. */
static void late_rest(struct fake_text *t)
{
    struct fake_peer other = { .public_key = { 2 } };
    size_t at;

    good(t);
    at = fake_nest(t, 0);
    fake_peer_body(t, &other);
    fake_close(t, at);
    name_only(t);
}
static void short_psk(struct fake_text *t)
{
    size_t at = fake_nest(t, 0);

    fake_attribute(t, WGPEER_A_PUBLIC_KEY, mine.public_key, 32);
    fake_attribute(t, WGPEER_A_PRESHARED_KEY, mine.psk, 31);
    fake_close(t, at);
}
static void time_that_overflows(struct fake_text *t)
{
    struct fake_peer late = mine;
    size_t at = fake_nest(t, 0);

    late.handshake_s = INT64_MAX;
    fake_peer_body(t, &late);
    fake_close(t, at);
}

static void lies_are_refused(void **state)
{
    static void (*const lies[])(struct fake_text *) = {
        twice,     with_second_psk, with_long_mask, with_strange_family, no_name,
        name_only, late_rest,       short_psk,      time_that_overflows
    };

    (void)state;
    assert_int_equal(read_odd(good, "wg0"), QW_OK);
    assert_int_equal(read_odd(good, "wg1"), QW_ERR_FORMAT);
    assert_int_equal(read_odd(good, NULL), QW_ERR_FORMAT);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        assert_int_equal(read_odd(lies[i], "wg0"), QW_ERR_FORMAT);
    }
}

static void more_networks_than_fit_are_refused(void **state)
{
    struct fake_text t = { 0 };
    struct qw_wireguard_peer peer;
    size_t message = fake_device(&t, FAKE_SEQUENCE, 0), peers, at, networks;

    (void)state;
    fake_attribute(&t, WGDEVICE_A_IFNAME, "wg0", 4);
    peers = fake_nest(&t, WGDEVICE_A_PEERS);
    at = fake_nest(&t, 0);
    fake_peer_body(&t, &mine);
    networks = fake_nest(&t, WGPEER_A_ALLOWEDIPS);
    for (int i = 0; i < 300; i++) { /* of 28 octets */
        fake_network(&t, AF_INET, (uint8_t)i, 32);
    }
    fake_close(&t, networks);
    fake_close(&t, at);
    fake_close(&t, peers);
    fake_end(&t, message);
    fake_last(&t, NLMSG_DONE, FAKE_SEQUENCE, 0);
    assert_int_equal(read_list(&t, mine.public_key, &peer), QW_ERR_SPACE);
}

static void the_family_is_read_and_lies_about_it_are_not(void **state)
{
    struct fake_text t = { 0 }, odd;
    struct qw_netlink_turn turn = turn_of(CTRL_CMD_NEWFAMILY);
    uint16_t family = 0;

    (void)state;
    turn.family = GENL_ID_CTRL;
    fake_family(&t, FAKE_SEQUENCE);
    assert_int_equal(qw_netlink_read(&turn, t.bytes, t.len, qw_kernel_take_family, &family), QW_OK);
    assert_int_equal(family, FAKE_FAMILY);
    for (size_t len = 0; len < t.len; len++) {
        odd = t;
        odd.len = len;
        assert_int_equal(qw_netlink_read(&turn, odd.bytes, odd.len, qw_kernel_take_family, &family),
                         QW_ERR_FORMAT);
    }
    for (size_t bit = 0; bit < 8 * t.len; bit++) {
        odd = t;
        odd.bytes[bit / 8] = (uint8_t)(odd.bytes[bit / 8] ^ 1 << bit % 8);
        family = GENL_ID_CTRL + 1;
        if (qw_netlink_read(&turn, odd.bytes, odd.len, qw_kernel_take_family, &family) == QW_OK) {
            assert_true(family > GENL_ID_CTRL);
        }
    }
}

/* The peer of a request to set it, number of them. */
static const struct nlattr *peer_of(const struct nlmsghdr *message, int number)
{
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES], *peer;
    const char *start = (const char *)(message + 1) + sizeof(struct genlmsghdr);

    assert_int_equal(qw_netlink_attributes(
                         start, (size_t)((const char *)message + message->nlmsg_len - start), of),
                     QW_OK);
    assert_string_equal(mnl_attr_get_str(of[WGDEVICE_A_IFNAME]), "wg0");
    peer = mnl_attr_get_payload(of[WGDEVICE_A_PEERS]);
    while (number-- > 0) {
        peer = mnl_attr_next(peer);
    }
    return peer;
}

static uint32_t flags_of(const struct nlattr *peer, const struct nlattr *of[])
{
    uint32_t flags = 0;

    assert_int_equal(
        qw_netlink_attributes(mnl_attr_get_payload(peer), mnl_attr_get_payload_len(peer), of),
        QW_OK);
    assert_memory_equal(mnl_attr_get_payload(of[WGPEER_A_PUBLIC_KEY]), mine.public_key, 32);
    assert_true(qw_netlink_fixed(of[WGPEER_A_FLAGS], &flags, sizeof flags));
    return flags;
}

static void a_key_is_set_alone_or_with_the_peer_taken_away_before(void **state)
{
    _Alignas(8) uint8_t request[QW_KERNEL_REQUEST_MAX];
    const struct nlmsghdr *message = (const void *)request;
    const struct nlattr *of[QW_NETLINK_ATTRIBUTES];
    const struct qw_netlink_turn turn = turn_of(0);
    struct qw_wireguard_peer peer = { .routes_len = 0 };
    struct qw_kernel_change change = { "wg0", mine.public_key, mine.psk, NULL };
    struct fake_text t = { 0 };
    size_t len = qw_kernel_tell_peer(request, sizeof request, &turn, &change);

    (void)state;
    assert_int_equal(len, message->nlmsg_len);
    assert_int_equal(message->nlmsg_type, FAKE_FAMILY);
    assert_int_equal(message->nlmsg_seq, FAKE_SEQUENCE);
    assert_int_equal(flags_of(peer_of(message, 0), of), WGPEER_F_UPDATE_ONLY);
    assert_memory_equal(mnl_attr_get_payload(of[WGPEER_A_PRESHARED_KEY]), mine.psk, 32);
    assert_null(of[WGPEER_A_ALLOWEDIPS]);

    fake_list(&t, &mine, FAKE_SEQUENCE, 0);
    assert_int_equal(read_list(&t, mine.public_key, &peer), QW_OK);
    change.put_back = &peer;
    len = qw_kernel_tell_peer(request, sizeof request, &turn, &change);
    assert_int_equal(len, message->nlmsg_len);
    assert_int_equal(flags_of(peer_of(message, 0), of), WGPEER_F_REMOVE_ME);
    assert_null(of[WGPEER_A_PRESHARED_KEY]);
    assert_int_equal(flags_of(peer_of(message, 1), of), WGPEER_F_REPLACE_ALLOWEDIPS);
    assert_memory_equal(mnl_attr_get_payload(of[WGPEER_A_PRESHARED_KEY]), mine.psk, 32);
    assert_non_null(of[WGPEER_A_ENDPOINT]);
    assert_non_null(of[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL]);
    assert_int_equal(mnl_attr_get_payload_len(of[WGPEER_A_ALLOWEDIPS]), 28 + 40);
    for (size_t cap = 64; cap < len; cap += 4) {
        assert_int_equal(qw_kernel_tell_peer(request, cap, &turn, &change), 0);
    }
    peer.routes_len = sizeof peer.routes; /* the longest there is */
    assert_true(qw_kernel_tell_peer(request, sizeof request, &turn, &change) > sizeof peer.routes);
}

static void a_name_that_no_interface_can_have_is_no_request(void **state)
{
    _Alignas(8) uint8_t request[QW_KERNEL_REQUEST_MAX];
    const struct qw_netlink_turn turn = turn_of(0);
    const struct qw_kernel_change change = { "sixteen-letters-", mine.public_key, mine.psk, NULL };

    (void)state;
    assert_int_equal(qw_kernel_tell_peer(request, sizeof request, &turn, &change), 0);
    assert_int_equal(qw_kernel_ask_device(request, sizeof request, &turn, change.interface), 0);
    assert_true(qw_kernel_ask_device(request, sizeof request, &turn, "fifteen-letters") > 0);
    assert_true(qw_kernel_ask_family(request, sizeof request, &turn) > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_whose_networks_come_in_two_messages_is_read),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(flipped_bits_do_no_harm),
        cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(more_networks_than_fit_are_refused),
        cmocka_unit_test(the_family_is_read_and_lies_about_it_are_not),
        cmocka_unit_test(a_key_is_set_alone_or_with_the_peer_taken_away_before),
        cmocka_unit_test(a_name_that_no_interface_can_have_is_no_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
