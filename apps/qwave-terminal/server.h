/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_SERVER_H
#define QWAVE_TERMINAL_SERVER_H

#include "base/error.h"
#include "base/log.h"
#include "settings.h"
#include "terminal/card.h"
#include "worker.h"

#include <stdatomic.h>

/* Serves the applications of this machine over the Unix socket and refills the card when it must.
 * docs/protocol/terminal-local.md */
struct server_context { /* everything is borrowed */
    const struct settings *settings;
    struct qw_card *card;
    struct worker *worker;
    const struct qw_log *log;
    const atomic_bool *stop;
};

/* Returns when *stop is true: QW_OK; QW_ERR_STATE: the card was destroyed by order of its centre;
 * QW_ERR_NOMEM. */
qw_err server_run(const struct server_context *context, int listener) QW_MUST_USE;

#endif
