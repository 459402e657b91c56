/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_WORKER_H
#define QWAVE_TERMINAL_WORKER_H

#include "base/error.h"
#include "base/log.h"
#include "settings.h"
#include "terminal/auth_errand.h"
#include "terminal/card.h"
#include "terminal/refill.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The thread that talks to the radio, so that applications never wait for it when they only want a
 * key. One job at a time. All calls come from one thread, the server's. */
struct worker_config { /* everything is borrowed and must outlive the worker */
    const struct settings *settings;
    struct qw_card *card;
    const struct qw_log *log;
    const atomic_bool *stop; /* true: a running job ends soon */
};
struct worker;

qw_err worker_new(const struct worker_config *config, struct worker **worker) QW_MUST_USE;
/* Waits for a running job: set *stop first. NULL is fine. */
void worker_free(struct worker *worker);

bool worker_is_busy(const struct worker *worker);
/* Only when it is not busy. */
void worker_start(struct worker *worker, bool wants_fresh, uint32_t wanted_keys);
/* Readable when the job has ended. */
int worker_fd(const struct worker *worker);
/* Only when it is not busy. The job ends with worker_authenticated instead of worker_finish. */
void worker_authenticate(struct worker *worker, const uint8_t context[static 32]);
/* Only when worker_fd is readable: how it went. */
qw_err worker_authenticated(struct worker *worker, struct qw_auth_outcome *outcome) QW_MUST_USE;
/* Only when worker_fd is readable: how the job went. Wipe *result. */
qw_err worker_finish(struct worker *worker, struct qw_refill_result *result) QW_MUST_USE;

#endif
