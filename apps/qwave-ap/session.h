/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AP_SESSION_H
#define QWAVE_AP_SESSION_H

#include "api/http_client.h"
#include "base/log.h"
#include "reporter.h"
#include "settings.h"
#include "terminal/card.h"

#include <stdatomic.h>

/* One terminal from its connection to the receipt: R2 to R11 of docs/protocol/refill.md. */
struct session_context { /* everything is borrowed */
    const struct settings *settings;
    struct qw_card *card; /* the link key to the centre */
    struct qw_http_client *centre;
    struct reporter *reporter; /* NULL: nothing is shown */
    const struct qw_log *log;
    const atomic_bool *stop;
};

/* Takes fd. Blocking, for at most the session's time limit; says in the log how it went. */
void session_run(const struct session_context *context, int fd);

#endif
