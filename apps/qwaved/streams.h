/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_STREAMS_H
#define QWAVED_STREAMS_H

#include "api/etsi004/server.h"
#include "centre/stream/stream.h"
#include "settings.h"

/* The listener of ETSI GS QKD 004 and the streams behind it. */
struct streams {
    struct qw_stream_table *table;
    struct qw_etsi004_server *server;
    const struct qw_log *log;
};

/* Nothing when the settings say so. QW_ERR_* of the server and the table. *port: where it listens,
 * 0 for nowhere. */
qw_err streams_start(struct streams *streams, const struct settings *settings,
                     struct qw_centre *centre, struct qw_tls_failures *failures,
                     const struct qw_log *log, uint16_t *port) QW_MUST_USE;
void streams_stop(struct streams *streams); /* zeroed is fine */

/* One request, without the network: answer of struct qw_etsi004_server_config. */
qw_err streams_answer(void *self, const struct qw_etsi004_request *request, uint8_t *out,
                      size_t *len) QW_MUST_USE;

#endif
