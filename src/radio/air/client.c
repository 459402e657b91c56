/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air.h"

#include "base/clock.h"
#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air/message.h"

#include <stdlib.h>
#include <string.h>

enum { SEND_TIMEOUT_MS = 2000, TUNE_TIMEOUT_MS = 5000 };

struct client {
    struct qw_wire wire;
    enum qw_air_role role;
    uint64_t probed; /* the terminal's last pilot: answers to an earlier one are stale */
    uint8_t message[QW_AIR_MESSAGE_MAX];
};

static qw_err client_transmit(void *self, uint64_t sequence, int64_t time_ns)
{
    struct client *client = self;
    uint8_t message[32];
    size_t len;

    if (time_ns < 0) {
        return QW_ERR_ARG;
    }
    len = qw_air_pilot_encode(&(struct qw_air_pilot){ sequence, time_ns }, message, sizeof message);
    client->probed = sequence;
    return qw_wire_send(&client->wire, message, len);
}

/* QW_ERR_STATE: an answer to a pilot that nobody waits for any more. */
static qw_err take_message(struct client *client, size_t len, struct qw_csi_frame *frame)
{
    bool is_terminal = client->role == QW_AIR_TERMINAL;
    uint64_t sequence;
    qw_err err;

    if (qw_air_message_type(client->message, len) == QW_AIR_SILENCE) {
        err = qw_air_silence_decode(client->message, len, &sequence);
        if (err != QW_OK) {
            return err;
        }
        return is_terminal && sequence == client->probed ? QW_ERR_TIMEOUT : QW_ERR_STATE;
    }
    err = qw_air_csi_decode(client->message, len, frame);
    if (err == QW_OK && is_terminal && frame->sequence != client->probed) {
        return QW_ERR_STATE;
    }
    return err;
}

static qw_err client_next(void *self, struct qw_csi_frame *frame, int timeout_ms)
{
    struct client *client = self;
    int64_t deadline_ms = qw_clock_monotonic_ms() + timeout_ms;
    qw_err err;

    do {
        int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();
        size_t len;

        err = qw_wire_receive(&client->wire, client->message, sizeof client->message, &len,
                              (int)(left_ms > 0 ? left_ms : 0));
        if (err == QW_OK) {
            err = take_message(client, len, frame);
        }
    } while (err == QW_ERR_STATE);
    return err;
}

/* What is still on its way was measured before. */
static qw_err client_tune(void *self, const struct qw_tuning *tuning)
{
    struct client *client = self;
    int64_t deadline_ms = qw_clock_monotonic_ms() + TUNE_TIMEOUT_MS;
    size_t len = qw_air_tune_encode(tuning, client->message, sizeof client->message);
    qw_err err = qw_wire_send(&client->wire, client->message, len);
    bool is_tuned = false;

    while (err == QW_OK) {
        int64_t left_ms = deadline_ms - qw_clock_monotonic_ms();

        err = qw_wire_receive(&client->wire, client->message, sizeof client->message, &len,
                              (int)(left_ms > 0 ? left_ms : 0));
        if (err == QW_OK && qw_air_message_type(client->message, len) == QW_AIR_TUNED) {
            err = qw_air_tuned_decode(client->message, len, &is_tuned);
            break;
        }
    }
    return err == QW_OK && !is_tuned ? QW_ERR_UNAVAILABLE : err;
}

static void client_close(void *self)
{
    struct client *client = self;

    qw_wire_close(&client->wire);
    free(client);
}

static qw_err say_hello(struct client *client, int timeout_ms, struct qw_air_ready *ready)
{
    size_t len = qw_air_hello_encode(client->role, client->message, sizeof client->message);
    qw_err err = qw_wire_send(&client->wire, client->message, len);

    if (err == QW_OK) {
        err = qw_wire_receive(&client->wire, client->message, sizeof client->message, &len,
                              timeout_ms);
    }
    if (err == QW_OK) {
        err = qw_air_ready_decode(client->message, len, ready);
    }
    return err;
}

qw_err qw_air_connect(const char *address, uint16_t port, enum qw_air_role role, int timeout_ms,
                      struct qw_csi_source *source)
{
    struct client *client = calloc(1, sizeof *client);
    struct qw_air_ready ready;
    qw_err err;
    int fd;

    if (client == NULL) {
        return QW_ERR_NOMEM;
    }
    client->role = role;
    err = qw_socket_connect(address, port, timeout_ms, &fd);
    if (err != QW_OK) {
        free(client);
        return err;
    }
    err = qw_wire_tcp_new(fd, SEND_TIMEOUT_MS, &client->wire);
    if (err == QW_OK) {
        err = say_hello(client, timeout_ms, &ready);
    }
    if (err != QW_OK) {
        client_close(client);
        return err;
    }
    *source = (struct qw_csi_source){
        .is_simulated = ready.is_simulated,
        .is_one_sided = ready.is_one_sided,
        .has_phase = ready.has_phase,
        .tuning = qw_tuning_standard,
        .self = client,
        .tune = client_tune,
        .transmit = client_transmit,
        .next = client_next,
        .close = client_close,
    };
    memcpy(source->label, ready.label, sizeof source->label);
    return QW_OK;
}
