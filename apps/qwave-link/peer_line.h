/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_PEER_LINE_H
#define QWAVE_LINK_PEER_LINE_H

#include "api/http_server.h"
#include "base/error.h"
#include "link/association.h"
#include "settings.h"

/* The control channel [docs/protocol/link-control.md] over HTTPS: this agent's side of asking a
 * peer, and the reading and writing of an answer. */
struct peer_line;
qw_err peer_line_new(const struct settings *settings, const struct peer_settings *peer,
                     struct peer_line **line) QW_MUST_USE;
void peer_line_free(struct peer_line *line); /* NULL is fine */
struct qw_link_peer peer_line_peer(struct peer_line *line);

/* The request in an HTTP request. false: it is none, and the answer says so. */
bool peer_line_read(const struct qw_http_request *http, struct qw_link_request *request,
                    struct qw_http_answer *answer);
void peer_line_write(const struct qw_link_answer *answer, struct qw_http_answer *http);

#endif
