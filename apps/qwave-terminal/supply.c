/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "supply.h"

#include "crypto/random.h"

#include <stdio.h>

enum {
    ASKED_PAUSE_MS = 2000, /* after a failure, whoever asks waits at least this long */
    UNLUCKY_TRIES = 3      /* in a row, at once, before that */
};

void supply_init(struct supply *supply, int64_t now_ms)
{
    qw_stock_init(&supply->stock, (uint32_t)supply->settings->low_water_keys,
                  (uint32_t)supply->settings->high_water_keys, now_ms);
    qw_backoff_init(&supply->backoff, 1000 * supply->settings->retry_interval_s);
}

static uint32_t remaining_keys(const struct supply *supply)
{
    struct qw_card_info info;

    qw_card_info(supply->card, &info);
    return info.remaining_keys;
}

bool supply_is_full(const struct supply *supply)
{
    return qw_stock_wanted_keys(&supply->stock, remaining_keys(supply)) == 0;
}

void supply_start(struct supply *supply, bool fresh_is_asked, bool refill_is_asked, int64_t now_ms)
{
    uint32_t remaining = remaining_keys(supply);
    uint32_t wanted = qw_stock_wanted_keys(&supply->stock, remaining);
    bool is_low = qw_stock_wants_refill(&supply->stock, remaining) &&
                  supply->settings->automatic_refill && now_ms >= supply->automatic_from_ms;
    bool may_ask = now_ms >= supply->asked_from_ms;

    if (worker_is_busy(supply->worker)) {
        return;
    }
    if (fresh_is_asked && may_ask) {
        supply->is_fresh = true;
        worker_start(supply->worker, true, 1);
    } else if (wanted > 0 && (is_low || (refill_is_asked && may_ask))) {
        supply->is_fresh = false;
        qw_log_write(supply->log, QW_LOG_INFO, "%u keys left%s: refilling, %u wanted", remaining,
                     is_low ? ", below the low-water mark" : "", wanted);
        worker_start(supply->worker, false, wanted);
    }
}

/* Refusals that another try may well not meet; the others are about the channel or the card. */
static bool is_by_chance(enum qw_plkg_refusal refusal)
{
    return refusal == QW_PLKG_DECODE || refusal == QW_PLKG_VERIFY;
}

/* True when the next try follows at once. */
static bool count_failure(struct supply *supply, qw_err err, int64_t now_ms)
{
    enum qw_plkg_refusal refusal = (enum qw_plkg_refusal)supply->ledger.refusal;
    bool is_refusal = err == QW_ERR_REFUSED && refusal != QW_PLKG_NONE;
    bool again;
    int64_t wait_ms;

    supply->refusals++;
    supply->last_refusal = is_refusal ? (uint8_t)refusal : QW_PLKG_NONE;
    supply->unlucky = is_refusal && is_by_chance(refusal) ? supply->unlucky + 1 : 0;
    again = supply->unlucky > 0 && supply->unlucky < UNLUCKY_TRIES;
    if (!again) {
        supply->unlucky = 0;
    }
    wait_ms = again ? 0 : qw_backoff_fail(&supply->backoff, qw_random_spread());
    supply->automatic_from_ms = now_ms + wait_ms;
    supply->asked_from_ms = again ? now_ms : now_ms + ASKED_PAUSE_MS;
    qw_log_write(
        supply->log, QW_LOG_WARNING, "no key this time: %s%s%s; next try of our own in %.0f s",
        is_refusal ? qw_plkg_refusal_name(refusal) : "", is_refusal ? ", " : "",
        is_refusal ? qw_plkg_refusal_text(refusal) : qw_err_text(err), (double)wait_ms / 1000);
    return again;
}

qw_err supply_finish(struct supply *supply, struct qw_refill_result *result,
                     struct supply_outcome *outcome, int64_t now_ms)
{
    qw_err err = worker_finish(supply->worker, result);

    *outcome = (struct supply_outcome){ .was_fresh = supply->is_fresh };
    supply->ledger = result->ledger;
    supply->has_ledger = supply->has_ledger || err == QW_OK || result->ledger.probes > 0 ||
                         result->ledger.refusal != QW_PLKG_NONE;
    if (err == QW_OK && !result->has_fresh && result->added_keys == 0) {
        err = QW_ERR_EXHAUSTED; /* a package without a key: the centre's stock is empty */
    }
    if (err != QW_OK) {
        outcome->is_tried_again = count_failure(supply, err, now_ms);
        return err;
    }
    qw_backoff_succeed(&supply->backoff);
    supply->unlucky = 0;
    supply->automatic_from_ms = now_ms;
    supply->asked_from_ms = now_ms;
    supply->last_refusal = QW_PLKG_NONE;
    if (result->added_keys > 0) {
        supply->refills++;
    }
    return QW_OK;
}

void supply_status(const struct supply *supply, struct qw_local_status *status, int64_t now_ms)
{
    struct qw_card_info info;

    qw_card_info(supply->card, &info);
    *status = (struct qw_local_status){
        .remaining_keys = info.remaining_keys,
        .low_water_keys = supply->stock.low_water_keys,
        .high_water_keys = supply->stock.high_water_keys,
        .used_keys = info.used_keys,
        .keys_per_day = qw_stock_keys_per_day(&supply->stock, now_ms),
        .lasts_s = qw_stock_lasts_s(&supply->stock, info.remaining_keys, now_ms),
        .pool_bits_up = 8 * info.pool_up_left,
        .pool_bits_down = 8 * info.pool_down_left,
        .refills = supply->refills,
        .refusals = supply->refusals,
        .is_refilling = worker_is_busy(supply->worker),
        .last_refusal = supply->last_refusal,
    };
    snprintf(status->terminal_id, sizeof status->terminal_id, "%s", supply->settings->terminal_id);
}
