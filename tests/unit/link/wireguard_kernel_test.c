/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
/* The way to kernel WireGuard, with a STAND-IN for that kernel (fake_kernel.h), and once with the
 * kernel that this runs on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_kernel.h"
#include "link/wireguard/kernel.h"
#include "link/wireguard/netlink_line.h"
#include "link/wireguard/sink_wireguard.h"
#include "support/fail_nth.h"

#include <errno.h>
#include <string.h>

FAIL_NTH(void *, qw_secret_new, NULL, (size_t len), (len));

static struct {
    bool is_real;   /* the kernel that this runs on instead */
    int no_family;  /* errno to the question for the family */
    int refuses;    /* errno to the question for the device, or to a change */
    int interrupts; /* so many lists are changed while they are read */
    bool is_silent, is_cut, is_garbled, is_nameless;
    qw_err no_line;
    struct fake_peer peer;
    struct fake_text answer; /* to come, in datagrams */
    unsigned sets, removals, lists, open;
    bool is_update_only;
    size_t networks_len; /* as the last change said them */
} k;

qw_err __real_qw_netlink_open(struct mnl_socket **line);
qw_err __wrap_qw_netlink_open(struct mnl_socket **line);
qw_err __wrap_qw_netlink_open(struct mnl_socket **line)
{
    if (k.is_real) {
        return __real_qw_netlink_open(line);
    }
    if (k.no_line == QW_OK) {
        *line = (void *)&k;
        k.open++;
    }
    return k.no_line;
}

int __real_mnl_socket_close(struct mnl_socket *line);
int __wrap_mnl_socket_close(struct mnl_socket *line);
int __wrap_mnl_socket_close(struct mnl_socket *line)
{
    k.open -= k.is_real ? 0 : 1;
    k.answer.len = 0;
    return k.is_real ? __real_mnl_socket_close(line) : 0;
}

unsigned __real_mnl_socket_get_portid(const struct mnl_socket *line);
unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *line);
unsigned __wrap_mnl_socket_get_portid(const struct mnl_socket *line)
{
    return k.is_real ? __real_mnl_socket_get_portid(line) : FAKE_PORT;
}

/* One peer of a change; what the stand-in does with it. */
static void change_peer(const uint8_t *at, size_t len)
{
    uint32_t flags = 0;
    const uint8_t *psk = NULL;

    for (size_t i = 0; i + 4 <= len;) {
        uint16_t head[2];

        memcpy(head, at + i, sizeof head);
        assert_true(head[0] >= 4 && i + head[0] <= len);
        if (head[1] == WGPEER_A_PUBLIC_KEY) {
            assert_memory_equal(at + i + 4, k.peer.public_key, 32);
        } else if (head[1] == WGPEER_A_PRESHARED_KEY) {
            psk = at + i + 4;
        } else if (head[1] == WGPEER_A_FLAGS) {
            memcpy(&flags, at + i + 4, sizeof flags);
        } else if ((head[1] & NLA_TYPE_MASK) == WGPEER_A_ALLOWEDIPS) {
            k.networks_len = head[0] - 4U;
        }
        i += (head[0] + 3U) / 4 * 4;
    }
    k.is_update_only = flags == WGPEER_F_UPDATE_ONLY;
    if (flags == WGPEER_F_REMOVE_ME) {
        k.removals++;
        k.peer.handshake_s = 0;
    } else {
        assert_non_null(psk);
        memcpy(k.peer.psk, psk, sizeof k.peer.psk);
    }
}

static void change_device(const uint8_t *at, size_t len)
{
    k.sets++;
    for (size_t i = 0; i + 4 <= len;) {
        uint16_t head[2];

        memcpy(head, at + i, sizeof head);
        assert_true(head[0] >= 4 && i + head[0] <= len);
        if ((head[1] & NLA_TYPE_MASK) == WGDEVICE_A_PEERS) {
            for (size_t j = i + 4; j < i + head[0];) {
                uint16_t peer[2];

                memcpy(peer, at + j, sizeof peer);
                change_peer(at + j + 4, peer[0] - 4U);
                j += (peer[0] + 3U) / 4 * 4;
            }
        }
        i += (head[0] + 3U) / 4 * 4;
    }
}

qw_err __real_qw_netlink_send(struct mnl_socket *line, const void *request, size_t len);
qw_err __wrap_qw_netlink_send(struct mnl_socket *line, const void *request, size_t len);
qw_err __wrap_qw_netlink_send(struct mnl_socket *line, const void *request, size_t len)
{
    const struct nlmsghdr *head = request;
    const struct genlmsghdr *what = (const void *)(head + 1);

    if (k.is_real) {
        return __real_qw_netlink_send(line, request, len);
    }
    assert_int_equal(head->nlmsg_len, len);
    if (head->nlmsg_type == GENL_ID_CTRL) {
        if (k.no_family == 0 && !k.is_nameless) {
            fake_family(&k.answer, head->nlmsg_seq);
        }
        fake_last(&k.answer, NLMSG_ERROR, head->nlmsg_seq, k.no_family);
        return QW_OK;
    }
    assert_int_equal(head->nlmsg_type, FAKE_FAMILY);
    if (k.refuses != 0 || what->cmd == WG_CMD_SET_DEVICE) {
        fake_last(&k.answer, NLMSG_ERROR, head->nlmsg_seq, k.refuses);
    }
    if (what->cmd == WG_CMD_SET_DEVICE) {
        change_device((const uint8_t *)(what + 1), len - sizeof *head - sizeof *what);
    } else if (k.refuses == 0) {
        k.lists++;
        fake_list(&k.answer, &k.peer, head->nlmsg_seq, k.interrupts-- > 0 ? NLM_F_DUMP_INTR : 0);
    }
    return QW_OK;
}

qw_err __real_qw_netlink_receive(struct mnl_socket *line, void *datagram, size_t cap, size_t *len,
                                 int64_t deadline_ms);
qw_err __wrap_qw_netlink_receive(struct mnl_socket *line, void *datagram, size_t cap, size_t *len,
                                 int64_t deadline_ms);
qw_err __wrap_qw_netlink_receive(struct mnl_socket *line, void *datagram, size_t cap, size_t *len,
                                 int64_t deadline_ms)
{
    uint32_t message_len;

    if (k.is_real) {
        return __real_qw_netlink_receive(line, datagram, cap, len, deadline_ms);
    }
    if (k.is_silent) {
        return QW_ERR_TIMEOUT;
    }
    if (k.is_cut) {
        return QW_ERR_SPACE;
    }
    assert_true(k.answer.len >= sizeof message_len); /* never asked for more than there is */
    memcpy(&message_len, k.answer.bytes, sizeof message_len);
    assert_true(message_len <= cap && message_len <= k.answer.len);
    memcpy(datagram, k.answer.bytes, message_len);
    *len = message_len - (k.is_garbled ? 1 : 0);
    k.answer.len -= message_len;
    memmove(k.answer.bytes, k.answer.bytes + message_len, k.answer.len);
    return QW_OK;
}

static const struct qw_wireguard_way *const way = &qw_wireguard_by_kernel;
static struct qw_wireguard_peer peer;
static const char *why;

static int set_up(void **state)
{
    (void)state;
    memset(&k, 0, sizeof k);
    k.peer = (struct fake_peer){ { 0xab, 0xab }, { 0x33 }, 1000, 50 };
    return 0;
}

static int all_is_closed(void **state)
{
    (void)state;
    return k.open == 0 ? 0 : -1;
}

static void a_peer_is_read_and_its_key_set(void **state)
{
    const uint8_t psk[32] = { 0x44 };

    (void)state;
    assert_int_equal(way->get("wg0", k.peer.public_key, &peer, &why), QW_OK);
    assert_int_equal(peer.preshared_key[0], 0x33);
    assert_int_equal(peer.handshake_utc_ms, 1000250);
    assert_int_equal(way->set("wg0", k.peer.public_key, psk, NULL, &why), QW_OK);
    assert_true(k.is_update_only && k.removals == 0);
    assert_memory_equal(k.peer.psk, psk, 32);
    assert_int_equal(way->set("wg0", k.peer.public_key, psk, &peer, &why), QW_OK);
    assert_int_equal(k.removals, 1);
    assert_int_equal(k.networks_len, 28 + 40);
}

static void a_list_that_changes_is_read_again_and_not_for_ever(void **state)
{
    (void)state;
    k.interrupts = 3;
    assert_int_equal(way->get("wg0", k.peer.public_key, &peer, &why), QW_OK);
    assert_int_equal(k.lists, 4);
    k.interrupts = 1000;
    assert_int_equal(way->get("wg0", k.peer.public_key, &peer, &why), QW_ERR_LIMIT);
    assert_string_equal(why, "the interface changes while it is read");
}

static void expect_get(qw_err err, const char *says)
{
    peer.tx_bytes = 4711;
    why = NULL;
    assert_int_equal(way->get("wg0", k.peer.public_key, &peer, &why), err);
    assert_string_equal(why, says);
    assert_int_equal(peer.tx_bytes, 4711);
    assert_int_equal(k.open, 0);
}

static void each_failure_says_what_is_missing(void **state)
{
    const uint8_t nobody[32] = { 0x77 };

    k.no_line = QW_ERR_UNAVAILABLE;
    expect_get(QW_ERR_UNAVAILABLE, "no generic netlink for this process");
    (void)set_up(state);
    k.no_family = ENOENT;
    expect_get(QW_ERR_UNAVAILABLE, "neither a socket of wireguard-go nor WireGuard in the kernel");
    (void)set_up(state);
    k.refuses = EPERM;
    expect_get(QW_ERR_REFUSED, "no right to kernel WireGuard: CAP_NET_ADMIN is needed");
    k.refuses = ENODEV;
    expect_get(QW_ERR_NOT_FOUND, "no such interface");
    k.refuses = EOPNOTSUPP;
    expect_get(QW_ERR_NOT_FOUND, "the interface is not one of WireGuard");
    k.refuses = EINVAL;
    expect_get(QW_ERR_IO, "the kernel refuses it");
    assert_int_equal(way->set("wg0", k.peer.public_key, k.peer.psk, NULL, &why), QW_ERR_IO);
    (void)set_up(state);
    k.is_silent = true;
    expect_get(QW_ERR_TIMEOUT, "the kernel does not answer");
    (void)set_up(state);
    k.is_cut = true;
    expect_get(QW_ERR_SPACE, "the answer of the kernel is cut off");
    (void)set_up(state);
    k.is_garbled = true;
    expect_get(QW_ERR_FORMAT, "an answer of the kernel that cannot be");
    (void)set_up(state);
    k.is_nameless = true;
    expect_get(QW_ERR_FORMAT, "an answer of the kernel that cannot be");
    (void)set_up(state);
    assert_int_equal(way->get("wg0", nobody, &peer, &why), QW_ERR_NOT_FOUND);
    assert_string_equal(why, "no such peer at the interface");
    assert_int_equal(way->get("wg1", k.peer.public_key, &peer, &why), QW_ERR_FORMAT); /* says wg0 */
    assert_int_equal(way->get("sixteen-letters-", nobody, &peer, &why), QW_ERR_NOT_FOUND);
    fail_nth = 1;
    assert_int_equal(way->get("wg0", nobody, &peer, &why), QW_ERR_NOMEM);
    fail_nth = 0;
}

static int64_t test_clock(void)
{
    return 1005000;
}

/* The same sink, when nobody answers at the socket. */
static void a_sink_without_a_socket_goes_to_the_kernel(void **state)
{
    const struct qw_link_key key = { { 1 }, { 0xa1 } }, next = { { 2 }, { 0xb1 } };
    struct qw_sink_wireguard_config config = { .interface = "wg0",
                                               .socket_path = "/nowhere/wg0.sock",
                                               .late_ms = 150000,
                                               .utc_ms = test_clock,
                                               .now_ms = test_clock };
    struct qw_key_sink sink;

    (void)state;
    memcpy(config.public_key, k.peer.public_key, sizeof config.public_key);
    assert_int_equal(qw_sink_wireguard(&config, &sink), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key), QW_OK);
    assert_int_equal(sink.settle(sink.self, &key), QW_OK); /* it is there */
    assert_int_equal(k.sets, 1);
    assert_int_equal(k.peer.psk[0], 0xa1);
    assert_int_equal(sink.promote(sink.self, &next, &key), QW_OK);
    assert_int_equal(k.peer.psk[0], 0xb1);
    assert_int_equal(sink.keep(sink.self), QW_OK);
    k.peer.psk[0] = 1;
    assert_int_equal(sink.keep(sink.self), QW_ERR_CONFLICT);
    assert_int_equal(k.peer.psk[0], 0xb1);
    assert_int_equal(k.removals, 0);
    assert_int_equal(sink.block(sink.self), QW_OK);
    assert_int_equal(k.removals, 1);
    assert_true(sink.is_well(sink.self));
    k.refuses = ENODEV;
    assert_int_equal(sink.settle(sink.self, &key), QW_ERR_NOT_FOUND);
    assert_string_equal(sink.why(sink.self, QW_ERR_NOT_FOUND), "no such interface");
    assert_null(sink.why(sink.self, QW_ERR_IO)); /* something else's error */
    sink.close(sink.self);
}

/* No stand-in: a machine without WireGuard, one without the right, one without the interface. */
static void the_kernel_here_says_why_it_has_no_such_interface(void **state)
{
    (void)state;
    k.is_real = true;
    switch (way->get("qw-nobody", k.peer.public_key, &peer, &why)) {
    case QW_ERR_UNAVAILABLE:
        assert_true(strstr(why, "WireGuard in the kernel") != NULL ||
                    strstr(why, "no generic netlink") != NULL);
        break;
    case QW_ERR_REFUSED:
        assert_non_null(strstr(why, "CAP_NET_ADMIN"));
        break;
    case QW_ERR_NOT_FOUND:
        assert_string_equal(why, "no such interface");
        break;
    default:
        fail_msg("%s", why);
    }
    print_message("the kernel here: %s\n", why);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, all_is_closed)
    static const struct CMUnitTest tests[] = {
        CASE(a_peer_is_read_and_its_key_set),
        CASE(a_list_that_changes_is_read_again_and_not_for_ever),
        CASE(each_failure_says_what_is_missing),
        CASE(a_sink_without_a_socket_goes_to_the_kernel),
        CASE(the_kernel_here_says_why_it_has_no_such_interface),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
