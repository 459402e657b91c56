/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "api/etsi004/line.h"
#include "base/clock.h"
#include "base/secret.h"
#include "conform/check_004.h"
#include "conform/probe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMEOUT_MS = 10000 };

struct call { /* one connection, and what has come of the next message */
    struct qw_etsi004_line *line;
    uint8_t in[CONFORM_FRAME_CAP];
    size_t in_len;
};

struct probe {
    const struct conform_arguments *arguments;
    struct call calls[CONFORM_LINES_MAX];
};

static qw_err connect_as(void *self, enum conform_who who, int *number)
{
    struct probe *probe = self;
    const struct conform_end *end = &probe->arguments->ends[who];
    struct qw_etsi004_line_config config = { .host = probe->arguments->host,
                                             .port = probe->arguments->port,
                                             .certificate_path = end->certificate,
                                             .key_path = end->key,
                                             .ca_path = probe->arguments->ca,
                                             .timeout_ms = TIMEOUT_MS,
                                             .takes_tls12 = true };

    for (int i = 0; i < CONFORM_LINES_MAX; i++) {
        if (probe->calls[i].line == NULL) {
            *number = i;
            probe->calls[i].in_len = 0;
            return qw_etsi004_line_new(&config, &probe->calls[i].line);
        }
    }
    return QW_ERR_LIMIT;
}

static qw_err send_bytes(void *self, int number, const uint8_t *data, size_t len)
{
    struct probe *probe = self;

    return qw_etsi004_line_send(probe->calls[number].line, data, len,
                                qw_clock_monotonic_ms() + TIMEOUT_MS);
}

/* Reads on to want bytes of the message. */
static qw_err fill(struct call *call, size_t want, int64_t deadline_ms)
{
    size_t got = 0;
    qw_err err = QW_OK;

    if (want > sizeof call->in) {
        return QW_ERR_SPACE;
    }
    if (call->in_len < want) {
        err = qw_etsi004_line_receive(call->line, call->in + call->in_len, want - call->in_len,
                                      deadline_ms, &got);
        call->in_len += got;
    }
    return err;
}

/* Not qw_etsi004_header_decode: a wrong version or service is for the checks to see. */
static qw_err receive(void *self, int number, int wait_ms, uint8_t *frame, size_t cap, size_t *len)
{
    struct call *call = &((struct probe *)self)->calls[number];
    int64_t deadline_ms = qw_clock_monotonic_ms() + wait_ms;
    size_t want = QW_ETSI004_HEADER_LEN;
    qw_err err = fill(call, want, deadline_ms);

    if (err == QW_OK) {
        want += qw_load_u32be(call->in + 4);
        err = fill(call, want, deadline_ms);
    }
    if (err == QW_OK && want > cap) {
        err = QW_ERR_SPACE;
    }
    if (err == QW_OK) {
        memcpy(frame, call->in, want);
        *len = want;
        qw_wipe(call->in, sizeof call->in);
        call->in_len = 0;
    }
    return err;
}

static void hang_up(void *self, int number)
{
    struct call *call = &((struct probe *)self)->calls[number];

    qw_etsi004_line_free(call->line);
    call->line = NULL;
    qw_wipe(call->in, sizeof call->in);
}

static int64_t now_ms(void *self)
{
    (void)self;
    return qw_clock_monotonic_ms();
}

static void pause_for(void *self, int ms)
{
    struct timespec moment = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

    (void)self;
    (void)nanosleep(&moment, NULL);
}

/* Whether there is a server at all that takes the two certificates. */
static qw_err try_out(struct probe *probe)
{
    int number;
    qw_err err = QW_OK;

    for (int who = CONFORM_MASTER; who <= CONFORM_SLAVE && err == QW_OK; who++) {
        err = connect_as(probe, (enum conform_who)who, &number);
        if (err == QW_OK) {
            hang_up(probe, number);
        }
    }
    return err;
}

qw_err conform_probe_004(const struct conform_arguments *arguments, struct conform_report *report)
{
    struct probe *probe = calloc(1, sizeof *probe);
    struct conform_streams server = { .self = probe,
                                      .connect = connect_as,
                                      .send = send_bytes,
                                      .receive = receive,
                                      .hang_up = hang_up,
                                      .now_ms = now_ms,
                                      .pause = pause_for,
                                      .master_uri = arguments->ends[CONFORM_MASTER].id,
                                      .slave_uri = arguments->ends[CONFORM_SLAVE].id,
                                      .other_uri = arguments->ends[CONFORM_OTHER].id };
    qw_err err;

    if (probe == NULL) {
        return QW_ERR_NOMEM;
    }
    probe->arguments = arguments;
    err = try_out(probe);
    if (err == QW_OK) {
        conform_004(&server, report);
    }
    free(probe);
    return err;
}
