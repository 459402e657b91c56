/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_VICI_VICI_CLIENT_H
#define QW_LINK_VICI_VICI_CLIENT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Commands to charon over its control socket [docs/protocol/vici.md]. One thread at a time. */
enum { QW_VICI_PATH_CAP = 108, QW_VICI_SAID_CAP = 128 };

struct qw_vici_client {
    int fd;
    int timeout_ms;              /* of each call, from its begin to its answer */
    char said[QW_VICI_SAID_CAP]; /* why the daemon refused, printable; "" when it did not */
};

/* QW_ERR_NOT_FOUND: no daemon there; QW_ERR_TIMEOUT, QW_ERR_IO. */
qw_err qw_vici_open(const char *path, int timeout_ms, struct qw_vici_client *client) QW_MUST_USE;
void qw_vici_close(struct qw_vici_client *client); /* said stays */

/* Takes one message's elements: an event's or the answer's. An error ends the call with it. */
typedef qw_err qw_vici_take(void *self, const uint8_t *body, size_t len);

struct qw_vici_call {
    const char *command;
    const uint8_t *body; /* elements; NULL when len is 0 */
    size_t len;
    const char *event;  /* whose messages come before the answer; NULL: none do */
    qw_vici_take *take; /* of each event, or without one of the answer; NULL: none is looked at */
    void *self;
    int more_ms; /* that the daemon may take beyond timeout_ms */
};

/* QW_ERR_REFUSED: the daemon answered no, client->said tells why; QW_ERR_UNAVAILABLE: it does not
 * know the command; QW_ERR_FORMAT: an answer that is none; QW_ERR_TIMEOUT, QW_ERR_CLOSED,
 * QW_ERR_IO, QW_ERR_NOMEM. After all but QW_ERR_REFUSED only close is left. */
qw_err qw_vici_do(struct qw_vici_client *client, const struct qw_vici_call *call) QW_MUST_USE;

#endif
