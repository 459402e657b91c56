/* SPDX-License-Identifier: Apache-2.0 */
#include "psk_door.h"

#include "centre/psk/psk.h"

enum { CONNECTIONS_MAX = 256, THREADS_MAX = 4 }; /* an encryptor asks once in minutes */

static qw_err find(void *self, const char *id, struct qw_psk *psk)
{
    return qw_centre_psk_find(self, id, psk);
}

static qw_err note(void *self, const char *id, const uint8_t name[static 32], const char *address)
{
    return qw_centre_psk_note(self, id, name, address);
}

static uint64_t changes(void *self)
{
    return qw_centre_psk_changes(self);
}

qw_err psk_door_open(struct psk_door *door, const struct settings *settings,
                     const struct service *service, struct qw_tls_failures *failures,
                     uint16_t *port)
{
    int64_t threads = settings->threads < THREADS_MAX ? settings->threads : THREADS_MAX;
    struct qw_http_server_config config = {
        .address = settings->listen_address,
        .port = (uint16_t)settings->skip_psk_port,
        .psk = &door->keys,
        .threads = (unsigned)threads,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = (unsigned)settings->connections_per_address_max,
        .idle_timeout_s = (unsigned)settings->idle_timeout_s,
        .request_timeout_ms = (int)settings->request_timeout_ms,
        .failures = failures,
        .log = service->log,
        .self = &door->service,
        .handle = router_handle,
    };

    *port = 0;
    *door = (struct psk_door){ .service = *service };
    door->service.table = &routes_for_encryptors;
    door->service.requests = NULL; /* they are of another table */
    if (settings->skip_psk == 0) {
        return QW_OK;
    }
    door->keys = (struct qw_psk_keys){ .self = service->centre,
                                       .prefix = "urn:qwave:sae:", /* S5 */
                                       .find = find,
                                       .note = note,
                                       .changes = changes };
    return qw_http_server_new(&config, &door->server, port);
}

void psk_door_close(struct psk_door *door)
{
    qw_http_server_free(door->server);
    door->server = NULL;
}
