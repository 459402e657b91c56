/* SPDX-License-Identifier: Apache-2.0 */
#include "authentication.h"

#include "base/clock.h"
#include "meeting.h"
#include "terminal/card_name.h"
#include "terminal/deadline_wire.h"
#include "terminal/word_contact.h"

#include <stdio.h>
#include <string.h>

enum { NAME_CAP = 128, PENDING_CAP = SETTINGS_PATH_CAP + 8 };

struct air {
    const struct settings *settings;
    const struct qw_log *log;
    const atomic_bool *stop;
};

static qw_err carry(void *self, const uint8_t *message, size_t len, uint8_t *answer, size_t cap,
                    size_t *answer_len)
{
    const struct air *air = self;
    struct qw_wire stream = { 0 }, wire = { 0 };
    struct qw_csi_source radio = { 0 };
    struct qw_deadline_wire limits = {
        .inner = &stream,
        .deadline_ms = qw_clock_monotonic_ms() + 1000 * air->settings->session_timeout_s,
        .stop = air->stop,
    };
    const struct qw_word_contact contact = { .terminal_id = air->settings->terminal_id,
                                             .tuning = &air->settings->tuning,
                                             .radio = &radio,
                                             .wire = &wire,
                                             .log = air->log };
    qw_err err = meeting_begin(air->settings, air->log, &stream, &radio);

    if (err == QW_OK) {
        qw_deadline_wire_on(&limits, &wire);
        err = qw_word_contact_run(&contact, message, len, answer, cap, answer_len);
    }
    qw_csi_source_close(&radio);
    qw_wire_close(&wire);
    qw_wire_close(&stream);
    return err;
}

qw_err authentication_run(const struct settings *settings, struct qw_card *card,
                          const struct qw_log *log, const atomic_bool *stop,
                          const uint8_t context[static 32], struct qw_auth_outcome *outcome)
{
    struct air air = { .settings = settings, .log = log, .stop = stop };
    char name[NAME_CAP], pending[PENDING_CAP], why[QW_AUTH_ERRAND_WHY_CAP] = "";
    struct qw_auth_errand errand = {
        .way = { .url = settings->public_url[0] != '\0' ? settings->public_url : NULL,
                 .self = &air,
                 .carry = carry },
        .name = name,
        .certificate = settings->certificate,
        .key = settings->key,
        .pending = pending,
    };
    qw_err err;

    if (settings->certificate[0] == '\0') {
        qw_log_write(log, QW_LOG_WARNING,
                     "asked to authenticate, but the settings name no certificate");
        return QW_ERR_STATE;
    }
    (void)snprintf(name, sizeof name, "urn:qwave:terminal:%s", settings->terminal_id);
    (void)snprintf(pending, sizeof pending, "%s.proof",
                   qw_card_name_kind(settings->card) == QW_CARD_IN_FILE ? settings->card
                                                                        : settings->certificate);
    memcpy(errand.context, context, sizeof errand.context);
    err = qw_auth_errand_run(card, &errand, outcome, why);
    qw_log_write(log, err == QW_OK ? QW_LOG_INFO : QW_LOG_WARNING, "%s%s",
                 err == QW_OK ? "authenticated to the centre" : "not authenticated: ", why);
    return err;
}
