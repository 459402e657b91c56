/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_KEY_SERVER_H
#define QWAVE_LINK_KEY_SERVER_H

#include "base/error.h"
#include "link/association.h"
#include "settings.h"

/* The one key server of this agent [ETSI 014], asked by all links in turn. Any thread. */
struct key_server;
qw_err key_server_new(const struct settings *settings, struct key_server **server) QW_MUST_USE;
void key_server_free(struct key_server *server); /* NULL is fine */
struct qw_link_keys key_server_keys(struct key_server *server);

#endif
