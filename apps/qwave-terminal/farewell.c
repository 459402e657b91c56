/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "farewell.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "meeting.h"
#include "terminal/card_unlock.h"
#include "terminal/deadline_wire.h"
#include "terminal/proof_contact.h"

#include <poll.h>

enum { LOOK_MS = 250 };

/* What opens the card, for as long as it takes. */
struct card_secret {
    uint8_t *bytes;
    size_t len;
};

static qw_err bring_proof(const struct settings *settings, const struct qw_log *log,
                          const atomic_bool *stop, const struct card_secret *secret,
                          struct qw_tombstone *tombstone)
{
    struct qw_wire stream = { 0 }, wire = { 0 };
    struct qw_csi_source radio = { 0 };
    struct qw_deadline_wire limits = {
        .inner = &stream,
        .deadline_ms = qw_clock_monotonic_ms() + 1000 * settings->session_timeout_s,
        .stop = stop,
    };
    const struct qw_proof_contact contact = { .card = settings->card,
                                              .secret = secret->bytes,
                                              .secret_len = secret->len,
                                              .tombstone = tombstone,
                                              .terminal_id = settings->terminal_id,
                                              .tuning = &settings->tuning,
                                              .radio = &radio,
                                              .wire = &wire,
                                              .log = log };
    qw_err err = meeting_begin(settings, log, &stream, &radio);

    if (err == QW_OK) {
        qw_deadline_wire_on(&limits, &wire);
        err = qw_proof_contact_run(&contact);
    }
    meeting_end(settings, log, &wire, &stream, &radio);
    return err;
}

static void pause_ms(int64_t wait_ms, const atomic_bool *stop)
{
    int64_t until_ms = qw_clock_monotonic_ms() + wait_ms;

    while (!atomic_load(stop) && qw_clock_monotonic_ms() < until_ms) {
        (void)poll(NULL, 0, LOOK_MS);
    }
}

static void repeat_until_booked(const struct settings *settings, const struct qw_log *log,
                                const atomic_bool *stop, const struct card_secret *secret,
                                struct qw_tombstone *tombstone)
{
    struct qw_backoff backoff;

    qw_backoff_init(&backoff, 1000 * settings->retry_interval_s);
    while (!tombstone->is_booked && !atomic_load(stop)) {
        qw_err err = bring_proof(settings, log, stop, secret, tombstone);

        if (err != QW_OK) {
            int64_t wait_ms = qw_backoff_fail(&backoff, qw_random_spread());

            qw_log_write(log, QW_LOG_WARNING,
                         "no word that the centre has booked the proof (%s); next try in %.0f s",
                         qw_err_text(err), (double)wait_ms / 1000);
            pause_ms(wait_ms, stop);
        }
    }
    if (tombstone->is_booked) {
        qw_log_write(log, QW_LOG_WARNING,
                     "the card %s was destroyed by order of its centre, which has booked the proof",
                     settings->card);
    }
}

bool farewell(const struct settings *settings, const struct qw_log *log, const atomic_bool *stop)
{
    struct qw_tombstone tombstone;
    struct card_secret secret = { .len = 0 };
    qw_err err =
        qw_card_secret_read(settings->card, settings->passphrase_file, &secret.bytes, &secret.len);

    if (err == QW_OK) {
        err = qw_card_tombstone(settings->card, secret.bytes, secret.len, &tombstone);
    }
    if (err == QW_OK) {
        repeat_until_booked(settings, log, stop, &secret, &tombstone);
    }
    qw_secret_free(secret.bytes);
    return err == QW_OK;
}
