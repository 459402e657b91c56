/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http_client.h"
#include "conform/conform_014.h"
#include "conform/probe.h"

enum { TIMEOUT_MS = 10000 };

struct probe {
    struct qw_http_client *clients[CONFORM_WHO_COUNT];
};

static qw_err ask(void *self, enum conform_who who, const char *method, const char *path,
                  const char *body, unsigned *status, const char **answer)
{
    struct probe *probe = self;
    size_t len;

    return qw_http_client_call(probe->clients[who], method, path, body, status, answer, &len);
}

static qw_err open_probe(const struct conform_arguments *arguments, struct probe *probe)
{
    qw_err err = QW_OK;

    for (int who = 0; who < CONFORM_WHO_COUNT && err == QW_OK; who++) {
        const struct conform_end *end = &arguments->ends[who];
        struct qw_http_client_config config = { .base_url = arguments->url,
                                                .certificate_path = end->certificate,
                                                .key_path = end->key,
                                                .ca_path = arguments->ca,
                                                .timeout_ms = TIMEOUT_MS,
                                                .is_probe = true };

        if (end->id != NULL || who == CONFORM_NOBODY) {
            err = qw_http_client_new(&config, &probe->clients[who]);
        }
    }
    return err;
}

static void close_probe(struct probe *probe)
{
    for (int who = 0; who < CONFORM_WHO_COUNT; who++) {
        qw_http_client_free(probe->clients[who]);
    }
}

qw_err conform_probe_014(const struct conform_arguments *arguments, struct conform_report *report)
{
    struct probe probe = { .clients = { NULL } };
    struct conform_server server = { .self = &probe,
                                     .ask = ask,
                                     .master_id = arguments->ends[CONFORM_MASTER].id,
                                     .slave_id = arguments->ends[CONFORM_SLAVE].id,
                                     .other_id = arguments->ends[CONFORM_OTHER].id,
                                     .has_nobody = true };
    qw_err err = open_probe(arguments, &probe);

    if (err == QW_OK) {
        conform_014(&server, report);
    }
    close_probe(&probe);
    return err;
}
