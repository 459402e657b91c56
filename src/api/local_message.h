/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_LOCAL_MESSAGE_H
#define QW_API_LOCAL_MESSAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between an application and the terminal on the same device, over the Unix socket (wire framing of
 * base/wire_tcp.h). One request, one answer. Layout: docs/protocol/terminal-local.md. */
enum qw_local_request_kind {
    QW_LOCAL_STATUS = 1, /* what is left, how long it lasts */
    QW_LOCAL_KEY = 2,    /* the next key of the card and its id; it is gone from the card before the
                            answer leaves */
    QW_LOCAL_FRESH = 3,  /* a key made now, for one use: waits for the radio [W7] */
    QW_LOCAL_REFILL = 4, /* refill now; answers when it is done or refused */
    QW_LOCAL_LEDGER = 5, /* account of the last radio session */
    QW_LOCAL_AUTHENTICATE = 6, /* prove to the centre who this terminal is [C11] */
};

struct qw_local_request {
    enum qw_local_request_kind kind;
    uint8_t context[32]; /* AUTHENTICATE: of whoever will rely on it; else zero */
};

struct qw_local_status {
    char terminal_id[64];
    uint32_t remaining_keys, low_water_keys, high_water_keys;
    uint64_t used_keys;  /* since the card was made */
    double keys_per_day; /* today's rate of use; 0 when unknown */
    double lasts_s;      /* remaining / rate; negative when unknown */
    uint64_t pool_bits_up, pool_bits_down;
    uint64_t refills, refusals; /* since start */
    bool is_refilling;
    uint8_t last_refusal; /* enum qw_plkg_refusal of the last session, 0 none */
};

struct qw_local_answer {
    uint16_t result; /* a qw_err value; QW_OK or nothing below counts */
    uint8_t request; /* qw_local_request_kind it answers */
    struct qw_local_status status;
    uint8_t key_id[16]; /* AUTHENTICATE: id of the statement */
    uint8_t key[32];
    uint8_t ledger[256]; /* opaque here; radio/ledger.h */
    uint16_t ledger_len;
    int64_t until_ms; /* AUTHENTICATE: the statement stands, UTC; >= 0 */
};
enum { QW_LOCAL_REQUEST_MIN = 5, QW_LOCAL_REQUEST_MAX = 5 + 32, QW_LOCAL_ANSWER_MAX = 512 };
/* Gives the length. */
size_t qw_local_request_encode(const struct qw_local_request *request,
                               uint8_t out[static QW_LOCAL_REQUEST_MAX]);
qw_err qw_local_request_decode(const uint8_t *data, size_t len,
                               struct qw_local_request *request) QW_MUST_USE;
qw_err qw_local_answer_encode(const struct qw_local_answer *answer, uint8_t *out, size_t cap,
                              size_t *len) QW_MUST_USE;
qw_err qw_local_answer_decode(const uint8_t *data, size_t len,
                              struct qw_local_answer *answer) QW_MUST_USE;

/* Client side of one exchange: connects to the socket at path, asks, answers. answer holds a key
 * afterwards: wipe it. */
qw_err qw_local_ask(const char *path, enum qw_local_request_kind kind, int timeout_ms,
                    struct qw_local_answer *answer) QW_MUST_USE;
/* The same for QW_LOCAL_AUTHENTICATE. */
qw_err qw_local_ask_authentication(const char *path, const uint8_t context[static 32],
                                   int timeout_ms, struct qw_local_answer *answer) QW_MUST_USE;

#endif
