/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and rules in docs/protocol/terminal-local.md. */
#include "api/local_message.h"

#include "base/bytes.h"
#include "base/secret.h"

#include <math.h>
#include <string.h>

enum {
    REQUEST_MAGIC = 0x51574c01, /* "QWL", version 1 */
    ANSWER_MAGIC = 0x51574d01   /* "QWM", version 1 */
};

static bool kind_ok(unsigned kind)
{
    return kind >= QW_LOCAL_STATUS && kind <= QW_LOCAL_AUTHENTICATE;
}

static size_t request_len(enum qw_local_request_kind kind)
{
    return kind == QW_LOCAL_AUTHENTICATE ? QW_LOCAL_REQUEST_MAX : QW_LOCAL_REQUEST_MIN;
}

size_t qw_local_request_encode(const struct qw_local_request *request,
                               uint8_t out[static QW_LOCAL_REQUEST_MAX])
{
    size_t len = request_len(request->kind);

    qw_store_u32be(out, REQUEST_MAGIC);
    out[4] = (uint8_t)request->kind;
    memcpy(out + QW_LOCAL_REQUEST_MIN, request->context, len - QW_LOCAL_REQUEST_MIN);
    return len;
}

qw_err qw_local_request_decode(const uint8_t *data, size_t len, struct qw_local_request *request)
{
    struct qw_local_request r = { 0 };

    if (len < QW_LOCAL_REQUEST_MIN || qw_load_u32be(data) != REQUEST_MAGIC || !kind_ok(data[4])) {
        return QW_ERR_FORMAT;
    }
    r.kind = (enum qw_local_request_kind)data[4];
    if (len != request_len(r.kind)) {
        return QW_ERR_FORMAT;
    }
    memcpy(r.context, data + QW_LOCAL_REQUEST_MIN, len - QW_LOCAL_REQUEST_MIN);
    *request = r;
    return QW_OK;
}

static void write_real(struct qw_writer *w, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    qw_write_u64be(w, bits);
}

/* Fails the reader on a value that is not finite. */
static double read_real(struct qw_reader *r)
{
    uint64_t bits = qw_read_u64be(r);
    double value;

    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) {
        r->failed = true;
        return 0;
    }
    return value;
}

static bool read_bool(struct qw_reader *r)
{
    uint8_t value = qw_read_u8(r);

    if (value > 1) {
        r->failed = true;
    }
    return value == 1;
}

/* Fails the reader on one before 1970. */
static int64_t read_time(struct qw_reader *r)
{
    uint64_t time_ms = qw_read_u64be(r);

    if (time_ms > INT64_MAX) {
        r->failed = true;
        return 0;
    }
    return (int64_t)time_ms;
}

static void write_status(struct qw_writer *w, const struct qw_local_status *s)
{
    qw_write_string8(w, s->terminal_id);
    qw_write_u32be(w, s->remaining_keys);
    qw_write_u32be(w, s->low_water_keys);
    qw_write_u32be(w, s->high_water_keys);
    qw_write_u64be(w, s->used_keys);
    write_real(w, s->keys_per_day);
    write_real(w, s->lasts_s);
    qw_write_u64be(w, s->pool_bits_up);
    qw_write_u64be(w, s->pool_bits_down);
    qw_write_u64be(w, s->refills);
    qw_write_u64be(w, s->refusals);
    qw_write_u8(w, s->is_refilling ? 1 : 0);
    qw_write_u8(w, s->last_refusal);
}

static void read_status(struct qw_reader *r, struct qw_local_status *s)
{
    qw_read_string8(r, s->terminal_id, sizeof s->terminal_id);
    s->remaining_keys = qw_read_u32be(r);
    s->low_water_keys = qw_read_u32be(r);
    s->high_water_keys = qw_read_u32be(r);
    s->used_keys = qw_read_u64be(r);
    s->keys_per_day = read_real(r);
    s->lasts_s = read_real(r);
    s->pool_bits_up = qw_read_u64be(r);
    s->pool_bits_down = qw_read_u64be(r);
    s->refills = qw_read_u64be(r);
    s->refusals = qw_read_u64be(r);
    s->is_refilling = read_bool(r);
    s->last_refusal = qw_read_u8(r);
}

static bool answer_ok(const struct qw_local_answer *a)
{
    return kind_ok(a->request) && a->ledger_len <= sizeof a->ledger && a->until_ms >= 0 &&
           memchr(a->status.terminal_id, '\0', sizeof a->status.terminal_id) != NULL &&
           isfinite(a->status.keys_per_day) && isfinite(a->status.lasts_s);
}

qw_err qw_local_answer_encode(const struct qw_local_answer *answer, uint8_t *out, size_t cap,
                              size_t *len)
{
    struct qw_writer w = qw_writer_on(out, cap);

    if (!answer_ok(answer)) {
        return QW_ERR_ARG;
    }
    qw_write_u32be(&w, ANSWER_MAGIC);
    qw_write_u16be(&w, answer->result);
    qw_write_u8(&w, answer->request);
    if (answer->result == QW_OK) {
        switch ((enum qw_local_request_kind)answer->request) {
        case QW_LOCAL_STATUS:
            write_status(&w, &answer->status);
            break;
        case QW_LOCAL_KEY:
        case QW_LOCAL_FRESH:
            qw_write_bytes(&w, answer->key_id, sizeof answer->key_id);
            qw_write_bytes(&w, answer->key, sizeof answer->key);
            break;
        case QW_LOCAL_LEDGER:
            qw_write_u16be(&w, answer->ledger_len);
            qw_write_bytes(&w, answer->ledger, answer->ledger_len);
            break;
        case QW_LOCAL_AUTHENTICATE:
            qw_write_bytes(&w, answer->key_id, sizeof answer->key_id);
            qw_write_u64be(&w, (uint64_t)answer->until_ms);
            break;
        case QW_LOCAL_REFILL:
            break;
        }
    }
    if (w.failed) {
        qw_wipe(out, w.len); /* no half an answer stays behind */
        return QW_ERR_SPACE;
    }
    *len = w.len;
    return QW_OK;
}

static void read_body(struct qw_reader *r, struct qw_local_answer *a)
{
    switch ((enum qw_local_request_kind)a->request) {
    case QW_LOCAL_STATUS:
        read_status(r, &a->status);
        break;
    case QW_LOCAL_KEY:
    case QW_LOCAL_FRESH:
        qw_read_bytes(r, a->key_id, sizeof a->key_id);
        qw_read_bytes(r, a->key, sizeof a->key);
        break;
    case QW_LOCAL_LEDGER:
        a->ledger_len = qw_read_u16be(r);
        if (a->ledger_len > sizeof a->ledger) {
            r->failed = true;
            return;
        }
        qw_read_bytes(r, a->ledger, a->ledger_len);
        break;
    case QW_LOCAL_AUTHENTICATE:
        qw_read_bytes(r, a->key_id, sizeof a->key_id);
        a->until_ms = read_time(r);
        break;
    case QW_LOCAL_REFILL:
        break;
    }
}

qw_err qw_local_answer_decode(const uint8_t *data, size_t len, struct qw_local_answer *answer)
{
    struct qw_local_answer a = { 0 };
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u32be(&r) == ANSWER_MAGIC;

    a.result = qw_read_u16be(&r);
    a.request = qw_read_u8(&r);
    ok = ok && kind_ok(a.request);
    if (ok && a.result == QW_OK) {
        read_body(&r, &a);
    }
    ok = ok && qw_reader_done(&r);
    if (ok) {
        *answer = a;
    }
    qw_wipe(&a, sizeof a);
    return ok ? QW_OK : QW_ERR_FORMAT;
}
