/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd_link/handover.h"

#include "base/clock.h"
#include "base/secret.h"
#include "base/socket.h"
#include "qkd/handover/frame.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 5000, TRIES = 2 };

qw_err qkd_handover_init(struct qkd_handover *h, const char *path, const char *name, uint8_t end)
{
    if (name[0] == '\0' || strlen(name) >= sizeof h->hello.name) {
        return QW_ERR_ARG;
    }
    *h = (struct qkd_handover){ .path = path, .fd = -1 };
    h->hello = (struct qw_handover_hello){ .end = end, .is_simulated = true };
    (void)snprintf(h->hello.name, sizeof h->hello.name, "%s", name);
    h->message = qw_secret_new(QW_HANDOVER_LEN_MAX);
    return h->message == NULL ? QW_ERR_NOMEM : QW_OK;
}

static void disconnect(struct qkd_handover *h)
{
    qw_socket_close(h->fd);
    h->fd = -1;
}

void qkd_handover_wipe(struct qkd_handover *h)
{
    if (h->message != NULL) {
        disconnect(h);
        qw_secret_free(h->message);
        h->message = NULL;
    }
}

static qw_err send_message(struct qkd_handover *h, const uint8_t *message, size_t len)
{
    return qw_handover_send(h->fd, message, len, qw_clock_monotonic_ms() + ANSWER_MS);
}

/* Into h->message. */
static qw_err receive(struct qkd_handover *h, size_t *len)
{
    struct qw_handover_inbox inbox = { .message = h->message };

    return qw_handover_receive(h->fd, &inbox, len, qw_clock_monotonic_ms() + ANSWER_MS);
}

/* L1 */
static qw_err connect_centre(struct qkd_handover *h)
{
    uint8_t hello[QW_HANDOVER_SHORT_MAX];
    size_t len;
    qw_err err;

    if (h->fd >= 0) {
        return QW_OK;
    }
    err = qw_socket_connect_unix(h->path, ANSWER_MS, &h->fd);
    if (err != QW_OK) {
        h->fd = -1;
        return err;
    }
    err = send_message(h, hello, qw_handover_hello_encode(&h->hello, hello));
    if (err == QW_OK) {
        err = receive(h, &len);
    }
    if (err == QW_OK) {
        err = qw_handover_welcome_decode(h->message, len);
    }
    if (err != QW_OK) {
        disconnect(h);
    }
    return err;
}

void qkd_handover_greet(struct qkd_handover *h)
{
    qw_err err = connect_centre(h);

    if (err != QW_OK) {
        fprintf(stderr, "centre at %s: %s; its keys are destroyed until it answers\n", h->path,
                qw_err_text(err));
    }
}

static qw_err give_once(struct qkd_handover *h, const struct qw_handover_key *key,
                        enum qw_handover_result *result)
{
    struct qw_handover_taken taken;
    size_t len;
    qw_err err = connect_centre(h);

    if (err == QW_OK) {
        err = send_message(h, h->message, qw_handover_key_encode(key, h->message));
    }
    if (err == QW_OK) {
        err = receive(h, &len);
    }
    if (err == QW_OK) {
        err = qw_handover_taken_decode(h->message, len, &taken);
    }
    if (err == QW_OK && !qw_equal_ct(&taken.label, &key->label, sizeof taken.label)) {
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        disconnect(h);
        return err;
    }
    *result = (enum qw_handover_result)taken.result;
    return QW_OK;
}

void qkd_handover_give(struct qkd_handover *h, const uint8_t *session, const uint8_t *key,
                       const struct qw_qkd_ledger *ledger)
{
    struct qw_handover_key message = { .label.block = ledger->block,
                                       .errors_ppm = (uint32_t)(ledger->qber_x * 1e6 + 0.5),
                                       .key = key,
                                       .len = (size_t)(ledger->key_bits / 8) };
    enum qw_handover_result result = QW_HANDOVER_NO_ROOM;
    uint64_t half_bits;
    size_t half;
    qw_err err = QW_ERR_IO;

    memcpy(message.label.session, session, sizeof message.label.session);
    (void)qw_handover_own_half(&message, h->hello.end, &half);
    half_bits = 8 * (uint64_t)half;
    if (message.len < QW_HANDOVER_KEY_MIN) {
        return; /* no whole byte for either site */
    }
    for (int i = 0; err != QW_OK && i < TRIES; i++) { /* L3 */
        err = give_once(h, &message, &result);
    }
    qw_wipe(h->message, QW_HANDOVER_LEN_MAX);
    if (err == QW_OK && result != QW_HANDOVER_NO_ROOM) {
        h->taken_bits += half_bits;
        return;
    }
    h->dropped_bits += half_bits;
    fprintf(stderr, "block %u: the centre %s; its half is destroyed\n", (unsigned)ledger->block,
            err == QW_OK ? "has no room" : qw_err_text(err));
}

void qkd_handover_stop(struct qkd_handover *h, const struct qw_qkd_ledger *ledger)
{
    double errors = ledger->qber_x > 0 ? ledger->qber_x : ledger->qber_z;
    const struct qw_handover_stopped stopped = {
        .reason = ledger->refusal,
        .errors_ppm = errors < 0.5 ? (uint32_t)(errors * 1e6) : (uint32_t)QW_HANDOVER_ERRORS_MAX
    };
    uint8_t message[QW_HANDOVER_SHORT_MAX];

    if (ledger->refusal != QW_QKD_NONE && connect_centre(h) == QW_OK &&
        send_message(h, message, qw_handover_stopped_encode(&stopped, message)) != QW_OK) {
        disconnect(h); /* the centre sees that as well */
    }
}
