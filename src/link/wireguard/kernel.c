/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wireguard/kernel.h"

#include "base/clock.h"
#include "base/secret.h"
#include "link/wireguard/kernel_message.h"
#include "link/wireguard/netlink_line.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <string.h>

enum {
    TIMEOUT_MS = 2000,
    DATAGRAM_MAX = 32 * 1024, /* the kernel puts no more into one */
    TRIES = 8                 /* to read a list that does not change meanwhile */
};

/* A word with the kernel. In secret memory: the private key of the interface and the pre-shared
 * keys of all its peers are in the answers. */
struct talk {
    struct mnl_socket *line;
    uint16_t family; /* the number of "wireguard" */
    struct qw_netlink_turn turn;
    struct qw_kernel_scan scan;
    _Alignas(8) uint8_t message[DATAGRAM_MAX];
};
_Static_assert((int)DATAGRAM_MAX >= (int)QW_KERNEL_REQUEST_MAX, "requests fit");

/* What the kernel means by its errno. */
static const struct {
    int number;
    qw_err err;
    const char *why;
} meanings[] = {
    { ENOENT, QW_ERR_UNAVAILABLE, "neither a socket of wireguard-go nor WireGuard in the kernel" },
    { EPERM, QW_ERR_REFUSED, "no right to kernel WireGuard: CAP_NET_ADMIN is needed" },
    { ENODEV, QW_ERR_NOT_FOUND, "no such interface" },
    { EOPNOTSUPP, QW_ERR_NOT_FOUND, "the interface is not one of WireGuard" },
    { ENOMEM, QW_ERR_NOMEM, NULL },
};

static qw_err meaning_of(int number, const char **why)
{
    if (number == 0) {
        return QW_OK;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].number == number) {
            *why = meanings[i].why;
            return meanings[i].err;
        }
    }
    *why = "the kernel refuses it";
    return QW_ERR_IO;
}

/* Of what came, or did not. */
static const char *trouble(qw_err err)
{
    switch (err) {
    case QW_ERR_FORMAT:
        return "an answer of the kernel that cannot be";
    case QW_ERR_SPACE:
        return "the answer of the kernel is cut off";
    case QW_ERR_TIMEOUT:
        return "the kernel does not answer";
    default:
        return NULL;
    }
}

/* Numbers the next question. */
static void begin(struct talk *t, uint16_t family, uint8_t command)
{
    t->turn = (struct qw_netlink_turn){ .family = family,
                                        .command = command,
                                        .sequence = t->turn.sequence + 1,
                                        .port = mnl_socket_get_portid(t->line) };
}

/* Asks what is in message, and gives the answer to take. */
static qw_err exchange(struct talk *t, size_t request_len, qw_netlink_take *take, void *self,
                       const char **why)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + TIMEOUT_MS;
    qw_err err = qw_netlink_send(t->line, t->message, request_len);

    qw_wipe(t->message, request_len);
    while (err == QW_OK && !t->turn.is_done) {
        size_t len = 0;

        err = qw_netlink_receive(t->line, t->message, sizeof t->message, &len, deadline_ms);
        *why = trouble(err);
        if (err == QW_OK) {
            err = qw_netlink_read(&t->turn, t->message, len, take, self);
            *why = err == QW_ERR_SPACE ? "the peer has more networks than there is room for"
                                       : trouble(err);
        }
    }
    return err == QW_OK ? meaning_of(t->turn.error, why) : err;
}

/* The kernel loads its module on this question, if it has one. */
static qw_err find_family(struct talk *t, const char **why)
{
    qw_err err;

    begin(t, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
    err = exchange(t, qw_kernel_ask_family(t->message, sizeof t->message, &t->turn),
                   qw_kernel_take_family, &t->family, why);
    if (err == QW_OK && t->family == 0) { /* done, and nothing said */
        err = QW_ERR_FORMAT;
        *why = trouble(err);
    }
    return err;
}

static qw_err open_talk(struct talk **out, const char **why)
{
    struct talk *t = qw_secret_new(sizeof *t);
    qw_err err = t == NULL ? QW_ERR_NOMEM : QW_OK;

    *why = NULL;
    *out = t;
    if (err == QW_OK) {
        err = qw_netlink_open(&t->line);
        *why = err == QW_OK ? NULL : "no generic netlink for this process";
    }
    return err == QW_OK ? find_family(t, why) : err;
}

static void close_talk(struct talk *t)
{
    if (t != NULL && t->line != NULL) {
        (void)mnl_socket_close(t->line);
    }
    qw_secret_free(t);
}

static qw_err read_device(struct talk *t, const char *interface, const uint8_t *public_key,
                          const char **why)
{
    size_t len;

    t->scan.interface = interface;
    t->scan.public_key = public_key;
    begin(t, t->family, WG_CMD_GET_DEVICE);
    len = qw_kernel_ask_device(t->message, sizeof t->message, &t->turn, interface);
    if (len == 0) {
        *why = "no such interface";
        return QW_ERR_NOT_FOUND;
    }
    return exchange(t, len, qw_kernel_take_device, &t->scan, why);
}

/* is_interrupted: the list changed meanwhile, and what was read of it is worth nothing. */
static qw_err get_once(const char *interface, const uint8_t *public_key,
                       struct qw_wireguard_peer *peer, bool *is_interrupted, const char **why)
{
    struct talk *t = NULL;
    qw_err err = open_talk(&t, why);

    *is_interrupted = false;
    if (err == QW_OK) {
        err = read_device(t, interface, public_key, why);
        *is_interrupted = t->turn.is_interrupted;
    }
    if (err == QW_OK && !*is_interrupted) {
        err = qw_kernel_scan_end(&t->scan, peer);
        *why = err == QW_ERR_NOT_FOUND ? "no such peer at the interface" : trouble(err);
    }
    close_talk(t);
    return err;
}

/* Another link of the same interface may change its peer right now. */
static qw_err get(const char *interface, const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                  struct qw_wireguard_peer *peer, const char **why)
{
    for (int tries = 0; tries < TRIES; tries++) {
        bool is_interrupted = false;
        qw_err err = get_once(interface, public_key, peer, &is_interrupted, why);

        if (!is_interrupted) {
            return err;
        }
    }
    *why = "the interface changes while it is read";
    return QW_ERR_LIMIT;
}

static qw_err set(const char *interface, const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                  const uint8_t preshared_key[static QW_WIREGUARD_KEY_LEN],
                  const struct qw_wireguard_peer *put_back, const char **why)
{
    const struct qw_kernel_change change = { interface, public_key, preshared_key, put_back };
    struct talk *t = NULL;
    qw_err err = open_talk(&t, why);

    if (err == QW_OK) {
        size_t len;

        begin(t, t->family, WG_CMD_SET_DEVICE);
        len = qw_kernel_tell_peer(t->message, sizeof t->message, &t->turn, &change);
        err = len > 0 ? exchange(t, len, NULL, NULL, why) : QW_ERR_SPACE;
    }
    close_talk(t);
    return err;
}

const struct qw_wireguard_way qw_wireguard_by_kernel = { .get = get, .set = set };
