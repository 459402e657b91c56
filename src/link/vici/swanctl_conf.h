/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_VICI_SWANCTL_CONF_H
#define QW_LINK_VICI_SWANCTL_CONF_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection of a swanctl.conf, as the elements of a VICI message: what `swanctl` would load,
 * word for word, but for what the agent decides. Of the syntax: sections, values, quotes and
 * comments; `include` and sections of other connections are passed over, inside the connection
 * `include` and references to other sections are refused. */
enum {
    QW_SWANCTL_TEXT_MAX = 1024 * 1024,
    QW_SWANCTL_NAME_CAP = 64, /* of the connection and of each child */
    QW_SWANCTL_CHILDREN_MAX = 16,
    QW_SWANCTL_NETWORKS_MAX = 32,
    QW_SWANCTL_NETWORK_CAP = 64,
    QW_SWANCTL_BODY_MAX = 256 * 1024,
    QW_SWANCTL_WHY_CAP = 160
};

struct qw_swanctl_source {
    const char *text; /* [len] borrowed; no NUL needed */
    size_t len;
    const char *folder;     /* where x509, x509ca and pubkey are; NULL: a file is refused */
    const char *connection; /* which one; at most QW_SWANCTL_NAME_CAP - 1 characters */
    /* start_action and close_action of children are left out: the agent starts them. */
    bool is_started_by_agent;
};

struct qw_swanctl_connection {
    char children[QW_SWANCTL_CHILDREN_MAX][QW_SWANCTL_NAME_CAP];
    size_t child_count; /* 1.. */
    /* remote_ts of the children as they are written, without ports; "dynamic" of one that has none.
     * What is beyond the first ones is only counted. */
    char networks[QW_SWANCTL_NETWORKS_MAX][QW_SWANCTL_NETWORK_CAP];
    size_t network_count;
    size_t len;
    uint8_t body[QW_SWANCTL_BODY_MAX]; /* [len] what is inside the connection's section, without
                                          unique */
};

/* QW_ERR_FORMAT with a sentence in why, which names the line; QW_ERR_NOT_FOUND: no such connection;
 * connection is then of no use. The connection must say ppk_required = yes, must not say ppk_id,
 * and needs a child. */
qw_err qw_swanctl_connection_read(const struct qw_swanctl_source *source,
                                  struct qw_swanctl_connection *connection,
                                  char why[static QW_SWANCTL_WHY_CAP]) QW_MUST_USE;

#endif
