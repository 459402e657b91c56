/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_PSK_DOOR_H
#define QWAVED_PSK_DOOR_H

#include "api/http_server.h"
#include "api/psk/keys.h"
#include "router.h"
#include "settings.h"

/* The second listener, for encryptors with pre-shared keys [docs/protocol/skip.md S1 to S7]: the
 * same service behind a table of routes of its own. */
struct psk_door {
    struct service service;
    struct qw_psk_keys keys; /* of the service's centre */
    struct qw_http_server *server;
};

/* Nothing when the settings say so. What service names is borrowed until _close. QW_ERR_* of the
 * server. *port: where it listens, 0 for nowhere. */
qw_err psk_door_open(struct psk_door *door, const struct settings *settings,
                     const struct service *service, struct qw_tls_failures *failures,
                     uint16_t *port) QW_MUST_USE;
void psk_door_close(struct psk_door *door); /* zeroed is fine */

#endif
