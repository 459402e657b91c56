/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wireguard/netlink.h"

#include <linux/genetlink.h>
#include <string.h>

enum { VERSION = 1, ERRNO_MAX = 4095 };

struct nlmsghdr *qw_netlink_begin(void *buffer, const struct qw_netlink_turn *turn, uint8_t command,
                                  uint16_t flags)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct genlmsghdr *head;

    message->nlmsg_type = turn->family;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->nlmsg_seq = turn->sequence;
    head = mnl_nlmsg_put_extra_header(message, sizeof *head);
    head->cmd = command;
    head->version = VERSION;
    return message;
}

/* The kernel's last word: a negative errno or 0. */
static qw_err take_end(struct qw_netlink_turn *turn, const struct nlmsghdr *message)
{
    int number;

    if (mnl_nlmsg_get_payload_len(message) < sizeof number) {
        return QW_ERR_FORMAT;
    }
    memcpy(&number, mnl_nlmsg_get_payload(message), sizeof number);
    if (number > 0 || number < -ERRNO_MAX) {
        return QW_ERR_FORMAT;
    }
    turn->is_done = true;
    turn->error = -number;
    return QW_OK;
}

static qw_err take_message(struct qw_netlink_turn *turn, const struct nlmsghdr *message,
                           qw_netlink_take *take, void *self)
{
    const struct genlmsghdr *head = mnl_nlmsg_get_payload(message);
    size_t len = mnl_nlmsg_get_payload_len(message);

    if (turn->is_done || message->nlmsg_seq != turn->sequence || message->nlmsg_pid != turn->port) {
        return QW_ERR_FORMAT;
    }
    turn->is_interrupted = turn->is_interrupted || (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
        return take_end(turn, message);
    }
    if (message->nlmsg_type != turn->family || take == NULL || len < sizeof *head ||
        head->cmd != turn->command) {
        return QW_ERR_FORMAT;
    }
    return take(self, head + 1, len - sizeof *head);
}

qw_err qw_netlink_read(struct qw_netlink_turn *turn, const void *datagram, size_t len,
                       qw_netlink_take *take, void *self)
{
    const struct nlmsghdr *message = datagram;
    int left = (int)len;
    qw_err err = len == 0 || len > INT32_MAX ? QW_ERR_FORMAT : QW_OK;

    while (err == QW_OK && left > 0) {
        /* The library takes a length of over 2^31 for a negative one, which fits everywhere. */
        if (!mnl_nlmsg_ok(message, left) || message->nlmsg_len > (uint32_t)left) {
            return QW_ERR_FORMAT;
        }
        err = take_message(turn, message, take, self);
        message = mnl_nlmsg_next(message, &left);
    }
    return err;
}

/* The attribute there, or NULL at the end; *ok false: neither. Moves on. */
static const struct nlattr *next(const char **at, size_t *left, bool *ok)
{
    const struct nlattr *attribute = (const void *)*at;
    size_t step;

    *ok = *left == 0 || (*left <= INT32_MAX && mnl_attr_ok(attribute, (int)*left));
    if (*left == 0 || !*ok) {
        return NULL;
    }
    step = qw_netlink_padded(mnl_attr_get_len(attribute));
    step = step < *left ? step : *left; /* the last one may be without its padding */
    *at += step;
    *left -= step;
    return attribute;
}

qw_err qw_netlink_attributes(const void *start, size_t len,
                             const struct nlattr *of[static QW_NETLINK_ATTRIBUTES])
{
    const char *at = start;
    const struct nlattr *attribute;
    bool ok = true;

    for (size_t i = 0; i < QW_NETLINK_ATTRIBUTES; i++) {
        of[i] = NULL;
    }
    while ((attribute = next(&at, &len, &ok)) != NULL) {
        uint16_t type = mnl_attr_get_type(attribute);

        if (type < QW_NETLINK_ATTRIBUTES) {
            if (of[type] != NULL) {
                return QW_ERR_FORMAT;
            }
            of[type] = attribute;
        }
    }
    return ok ? QW_OK : QW_ERR_FORMAT;
}

qw_err qw_netlink_each(const struct nlattr *list, qw_err (*take)(void *self, const struct nlattr *),
                       void *self)
{
    const char *at = mnl_attr_get_payload(list);
    size_t left = mnl_attr_get_payload_len(list);
    const struct nlattr *member;
    bool ok = true;

    while ((member = next(&at, &left, &ok)) != NULL) {
        qw_err err = take(self, member);

        if (err != QW_OK) {
            return err;
        }
    }
    return ok ? QW_OK : QW_ERR_FORMAT;
}

bool qw_netlink_fixed(const struct nlattr *attribute, void *value, size_t len)
{
    if (attribute == NULL || mnl_attr_get_payload_len(attribute) != len) {
        return false;
    }
    memcpy(value, mnl_attr_get_payload(attribute), len);
    return true;
}
