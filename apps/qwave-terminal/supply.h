/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_SUPPLY_H
#define QWAVE_TERMINAL_SUPPLY_H

#include "api/local_message.h"
#include "base/backoff.h"
#include "base/error.h"
#include "base/log.h"
#include "settings.h"
#include "terminal/card.h"
#include "terminal/refill.h"
#include "terminal/stock.h"
#include "worker.h"

#include <stdbool.h>
#include <stdint.h>

/* Decides when the radio is used and keeps the account of it. The server's thread only; now_ms is
 * on qw_clock_monotonic_ms. */
struct supply {
    const struct settings *settings; /* borrowed, like the next three */
    struct qw_card *card;
    struct worker *worker;
    const struct qw_log *log;
    struct qw_stock stock;
    struct qw_backoff backoff;
    int64_t automatic_from_ms; /* no refill of our own before */
    int64_t asked_from_ms;     /* and none that an application asks for before */
    unsigned unlucky;          /* refusals by chance in a row */
    bool is_fresh;             /* the job that runs */
    uint64_t refills, refusals;
    uint8_t last_refusal; /* enum qw_plkg_refusal */
    bool has_ledger;
    struct qw_plkg_ledger ledger; /* of the last session */
};

void supply_init(struct supply *supply, int64_t now_ms);

/* Starts a job when one is due and the worker is free: for an application that waits for a fresh
 * key, for one that waits for a refill, or because the stock is low. */
void supply_start(struct supply *supply, bool fresh_is_asked, bool refill_is_asked, int64_t now_ms);

struct supply_outcome {
    bool was_fresh;      /* the job was for a fresh key */
    bool is_tried_again; /* it failed by chance, and supply_start tries again at once as long as
                            somebody waits or the stock is low */
};
/* After the worker's fd became readable: closes the job's account. Wipe *result. */
qw_err supply_finish(struct supply *supply, struct qw_refill_result *result,
                     struct supply_outcome *outcome, int64_t now_ms) QW_MUST_USE;

/* True when a refill could add nothing. */
bool supply_is_full(const struct supply *supply);
void supply_status(const struct supply *supply, struct qw_local_status *status, int64_t now_ms);

#endif
