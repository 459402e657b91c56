/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "session.h"

#include "api/centre_client.h"
#include "api/contact.h"
#include "api/link_grant.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "base/wire_tcp.h"
#include "crypto/aead.h"
#include "radio/air.h"
#include "radio/plkg.h"
#include "radio/sdr/session_radio.h"
#include "terminal/deadline_wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEND_TIMEOUT_MS = 10000,
    FIRST_MESSAGE_MS = 5000, /* a peer that says nothing makes room for the next */
    AIR_TIMEOUT_MS = 5000,
    RECEIPT_TIMEOUT_MS = 30000,
    RETRY_MS = 1000, /* between two attempts to reach the centre */
    RETRIES = 10,
    ID_TEXT_CAP = 2 * 16 + 1
};

struct session {
    const struct session_context *context;
    struct qw_wire *wire;
    const struct qw_csi_source *radio;
    bool is_authorised; /* the centre has opened session id */
    uint8_t id[16];
    char id_text[ID_TEXT_CAP];        /* for the log */
    uint8_t order[QW_PLKG_ORDER_MAX]; /* what the centre has for the card instead of a grant */
    size_t order_len;
};

/* R3. Asked once: the same report a second time would be a replay to the centre. */
static qw_err authorise(void *self, const char *terminal_id, const uint8_t *contact,
                        size_t contact_len, uint64_t *up_position, uint64_t *down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN])
{
    struct session *session = self;
    const struct session_context *context = session->context;
    uint8_t sealed[QW_LINK_GRANT_LEN];
    struct qw_link_grant grant;
    size_t len = 0;
    qw_err err = qw_centre_client_contact(context->centre, contact, contact_len, session->id,
                                          sealed, sizeof sealed, &len);

    if (err == QW_ERR_STATE && len >= 1) {
        memcpy(session->order, sealed, len);
        session->order_len = len;
        qw_log_write(context->log, QW_LOG_INFO, "the centre has a word for the card of %s",
                     terminal_id);
        return err;
    }
    if (err != QW_OK) {
        qw_log_write(context->log, QW_LOG_WARNING, "R3 the centre does not admit %s: %s",
                     terminal_id, qw_err_text(err));
        return err;
    }
    session->is_authorised = true;
    qw_hex_encode(session->id, sizeof session->id, session->id_text);
    err = qw_card_open_grant(context->card, sealed, len, &grant);
    if (err == QW_OK && !qw_equal_ct(grant.session_id, session->id, sizeof grant.session_id)) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        *up_position = grant.up_position;
        *down_position = grant.down_position;
        memcpy(up, grant.up, QW_PLKG_AUTH_LEN);
        memcpy(down, grant.down, QW_PLKG_AUTH_LEN);
        qw_log_write(context->log, QW_LOG_INFO, "R3 session %s: the centre admits %s",
                     session->id_text, terminal_id);
        reporter_begin(context->reporter, session->radio, session->id_text);
    } else {
        qw_log_write(context->log, QW_LOG_ERROR, "R3 session %s: the grant does not open: %s",
                     session->id_text, qw_err_text(err));
    }
    qw_wipe(&grant, sizeof grant);
    return err;
}

/* C2 of docs/protocol/card-destroy.md: the order passes through, it is not ours to judge. */
static size_t give_order(void *self, uint8_t order[static QW_PLKG_ORDER_MAX])
{
    const struct session *session = self;

    memcpy(order, session->order, session->order_len);
    return session->order_len;
}

/* True when another attempt makes sense, after a pause. */
static bool try_again(const struct session *session, qw_err err, unsigned attempt)
{
    if ((err != QW_ERR_IO && err != QW_ERR_TIMEOUT) || attempt >= RETRIES ||
        atomic_load(session->context->stop)) {
        return false;
    }
    qw_log_write(session->context->log, QW_LOG_WARNING,
                 "session %s: the centre does not answer (%s), trying again", session->id_text,
                 qw_err_text(err));
    poll(NULL, 0, RETRY_MS);
    return true;
}

/* R6, R7. */
static qw_err carry_package(const struct session *session, struct qw_plkg_session *link)
{
    const struct qw_log *log = session->context->log;
    size_t cap = QW_PLKG_DATA_MAX + QW_AEAD_OVERHEAD, len = 0;
    size_t pad_len = qw_plkg_pad_left(link);
    uint8_t *sealed = malloc(cap);
    uint8_t *package = malloc(cap);
    qw_err err = sealed == NULL || package == NULL ? QW_ERR_NOMEM : QW_OK;

    qw_log_write(log, QW_LOG_INFO, "R6 session %s: asking for a package of at most %zu bytes",
                 session->id_text, pad_len);
    for (unsigned attempt = 0; err == QW_OK; attempt++) {
        err = qw_centre_client_package(session->context->centre, session->id, pad_len, sealed, cap,
                                       &len);
        if (!try_again(session, err, attempt)) {
            break;
        }
        err = QW_OK;
    }
    if (err == QW_OK) {
        err = qw_card_open_outer(session->context->card, session->id, sealed, len, package);
    }
    if (err == QW_OK) {
        err = qw_plkg_send(link, session->wire, package, len - QW_AEAD_OVERHEAD, false); /* R7 */
    }
    if (err == QW_OK) {
        qw_log_write(log, QW_LOG_INFO, "R7 session %s: package of %zu bytes sent under the pad",
                     session->id_text, len - QW_AEAD_OVERHEAD);
    }
    free(sealed);
    free(package);
    return err;
}

/* R9, R10, R11. */
static qw_err carry_receipt(const struct session *session, struct qw_plkg_session *link)
{
    const struct qw_log *log = session->context->log;
    static const uint8_t done[1] = { 0 };
    uint8_t receipt[QW_RECEIPT_LEN];
    size_t len = 0;
    qw_err err = qw_plkg_receive(link, session->wire, receipt, sizeof receipt, &len,
                                 RECEIPT_TIMEOUT_MS); /* R9 */

    if (err != QW_OK) {
        return err;
    }
    qw_log_write(log, QW_LOG_INFO, "R9 session %s: the card has signed for the package",
                 session->id_text);
    for (unsigned attempt = 0;; attempt++) {
        err = qw_centre_client_receipt(session->context->centre, session->id, receipt, len);
        if (!try_again(session, err, attempt)) {
            break;
        }
    }
    if (err != QW_OK) {
        return err;
    }
    qw_log_write(log, QW_LOG_INFO, "R10 session %s: the centre has the receipt", session->id_text);
    err = qw_plkg_send(link, session->wire, done, sizeof done, true); /* R11 */
    if (err == QW_OK) {
        qw_log_write(log, QW_LOG_INFO, "R11 session %s: done", session->id_text);
    }
    return err;
}

/* For the centre's books; whether it arrives matters little. */
static void report_end(const struct session *session, unsigned refusal)
{
    qw_err err = qw_centre_client_end(session->context->centre, session->id, refusal);

    if (err != QW_OK) {
        qw_log_write(session->context->log, QW_LOG_WARNING,
                     "session %s: its end did not reach the centre: %s", session->id_text,
                     qw_err_text(err));
    }
}

static void say_how_it_went(const struct session *session, qw_err err,
                            const struct qw_plkg_ledger *ledger, bool has_key)
{
    const struct qw_log *log = session->context->log;

    if (err == QW_OK) {
        return; /* R11 has said so */
    }
    if (!has_key && ledger->refusal != QW_PLKG_NONE) {
        qw_log_write(log, QW_LOG_INFO, "session %s refused, %s: %s", session->id_text,
                     qw_plkg_refusal_name((enum qw_plkg_refusal)ledger->refusal),
                     qw_plkg_refusal_text((enum qw_plkg_refusal)ledger->refusal));
    } else {
        qw_log_write(log, QW_LOG_WARNING, "session %s ended early: %s", session->id_text,
                     qw_err_text(err));
    }
}

static void run_on(struct session *session, struct qw_csi_source *radio)
{
    const struct settings *settings = session->context->settings;
    struct qw_plkg_access_point access_point = {
        .party = { .policy = qw_plkg_policy_standard,
                   .radio = radio,
                   .wire = session->wire,
                   .log = session->context->log,
                   .self = session },
        .access_point_id = settings->access_point_id,
        .offer = &settings->offer,
        .authorise = authorise,
        .give_order = give_order,
    };
    struct qw_plkg_session *link = NULL;
    struct qw_plkg_ledger ledger = { 0 };
    bool has_key;
    qw_err err;

    access_point.party.policy.eve_correlation = settings->eve_correlation;
    access_point.party.policy.injected_ratio = qw_plkg_policy_injected(settings->injected_db);
    access_point.party.policy.epsilon_log2 = settings->epsilon_log2;
    access_point.party.policy.probes_max = (uint32_t)settings->probes_max;
    access_point.party.policy.probe_interval_ms = settings->probe_interval_ms;
    session->radio = radio;
    err = qw_plkg_run_access_point(&access_point, &link, &ledger);
    reporter_end(session->context->reporter, &ledger);
    has_key = err == QW_OK;
    if (has_key) {
        qw_log_write(session->context->log, QW_LOG_INFO,
                     "R5 session %s: distilled %llu secret bits", session->id_text,
                     (unsigned long long)ledger.secret_bits);
        err = carry_package(session, link);
    }
    if (err == QW_OK) {
        err = carry_receipt(session, link);
    }
    qw_plkg_session_free(link);
    say_how_it_went(session, err, &ledger, has_key);
    if (err != QW_OK && session->is_authorised) {
        report_end(session, ledger.refusal);
    }
}

static qw_err open_radio(const struct session_context *context, struct qw_csi_source *radio)
{
    const struct settings *settings = context->settings;
    char text[QW_SOAPY_TEXT_CAP];
    struct qw_session_radio_config software;
    qw_err err;

    if (qw_radio_settings_is_air(&settings->radio)) {
        err = qw_air_connect(settings->air_address, (uint16_t)settings->air_port,
                             QW_AIR_ACCESS_POINT, AIR_TIMEOUT_MS, radio);
        if (err != QW_OK) {
            qw_log_write(context->log, QW_LOG_ERROR, "the radio at %s:%lld does not answer: %s",
                         settings->air_address, (long long)settings->air_port, qw_err_text(err));
        }
        return err;
    }
    software = qw_radio_settings_config(&settings->radio, settings->radio_waveform, false);
    err = qw_session_radio_start(&software, radio, text);
    if (err == QW_OK) {
        qw_log_write(context->log, QW_LOG_INFO, "radio: %s", radio->label);
    } else {
        qw_log_write(context->log, QW_LOG_ERROR, "radio: %s does not open: %s",
                     settings->radio.radio, text[0] != '\0' ? text : qw_err_text(err));
    }
    return err;
}

static void close_radio(const struct session_context *context, struct qw_csi_source *radio)
{
    if (radio->self != NULL && !qw_radio_settings_is_air(&context->settings->radio)) {
        qw_session_radio_log(radio, context->log);
    }
    qw_csi_source_close(radio);
}

void session_run(const struct session_context *context, int fd)
{
    const struct settings *settings = context->settings;
    struct qw_wire stream = { 0 }, wire = { 0 };
    struct qw_csi_source radio = { 0 };
    struct session session = { .context = context, .wire = &wire, .id_text = "(none)" };
    struct qw_deadline_wire limits = {
        .inner = &stream,
        .deadline_ms = qw_clock_monotonic_ms() + 1000 * settings->session_timeout_s,
        .first_message_ms = FIRST_MESSAGE_MS,
        .stop = context->stop,
    };
    qw_err err = qw_wire_tcp_new(fd, SEND_TIMEOUT_MS, &stream); /* takes fd */

    if (err == QW_OK) {
        err = open_radio(context, &radio);
    }
    if (err == QW_OK) {
        qw_deadline_wire_on(&limits, &wire);
        run_on(&session, &radio);
    }
    close_radio(context, &radio);
    qw_wire_close(&wire);
    qw_wire_close(&stream);
}
