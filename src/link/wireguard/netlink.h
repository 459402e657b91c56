/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_WIREGUARD_NETLINK_H
#define QW_LINK_WIREGUARD_NETLINK_H

#include "base/error.h"

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Generic netlink: framing of messages and attributes. Whatever is read may be cut or lie; each
 * length is checked against what holds it, and what is left over is refused. Buffers are aligned to
 * four bytes. */
enum { QW_NETLINK_ATTRIBUTES = 16 };

/* A question and what belongs to its answer. */
struct qw_netlink_turn {
    uint16_t family;         /* whose messages */
    uint8_t command;         /* of the answer's messages */
    uint32_t sequence, port; /* the question's number, and who asked */
    /* Of the answer so far. */
    bool is_done;
    bool is_interrupted; /* what is listed changed meanwhile */
    int error;           /* an errno, 0: none; counts when is_done */
};

/* The attributes of one message: start is aligned, borrowed for the call. */
typedef qw_err qw_netlink_take(void *self, const void *start, size_t len);

/* Begins a request in buffer, which has room for the headers: command of that family. More flags
 * than NLM_F_REQUEST in flags. Finish with the put functions of libmnl. */
struct nlmsghdr *qw_netlink_begin(void *buffer, const struct qw_netlink_turn *turn, uint8_t command,
                                  uint16_t flags);

/* One datagram of an answer: gives its messages to take (NULL: there may be none) and notes in turn
 * what the kernel's last one says. QW_ERR_FORMAT, or what take says. */
qw_err qw_netlink_read(struct qw_netlink_turn *turn, const void *datagram, size_t len,
                       qw_netlink_take *take, void *self) QW_MUST_USE;

/* Attributes by type; those of a higher type are nobody's. QW_ERR_FORMAT: cut, or one twice. */
qw_err qw_netlink_attributes(const void *start, size_t len,
                             const struct nlattr *of[static QW_NETLINK_ATTRIBUTES]) QW_MUST_USE;

/* The members of a list, whatever their type; each with what is in it. */
qw_err qw_netlink_each(const struct nlattr *list, qw_err (*take)(void *self, const struct nlattr *),
                       void *self) QW_MUST_USE;

/* The room that an attribute of so many octets takes. */
static inline size_t qw_netlink_padded(size_t len)
{
    return (len + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO;
}

/* False when the attribute is absent or of another length. */
bool qw_netlink_fixed(const struct nlattr *attribute, void *value, size_t len);

#endif
