/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/handover/message.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "qkd/link.h"

#include <string.h>

enum { HELLO = 1, WELCOME = 2, KEY = 3, TAKEN = 4, STOPPED = 5, VERSION = 1 };

static size_t written(const struct qw_writer *w)
{
    qw_assert(!w->failed);
    return w->len;
}

size_t qw_handover_hello_encode(const struct qw_handover_hello *hello, uint8_t *out)
{
    struct qw_writer w = qw_writer_on(out, QW_HANDOVER_SHORT_MAX);

    qw_write_u8(&w, HELLO);
    qw_write_u8(&w, VERSION);
    qw_write_u8(&w, hello->end);
    qw_write_u8(&w, hello->is_simulated ? 1 : 0);
    qw_write_string8(&w, hello->name);
    return written(&w);
}

qw_err qw_handover_hello_decode(const uint8_t *message, size_t len, struct qw_handover_hello *hello)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_handover_hello m;
    bool ok = qw_read_u8(&r) == HELLO;
    uint8_t light;

    ok = qw_read_u8(&r) == VERSION && ok;
    m.end = qw_read_u8(&r);
    light = qw_read_u8(&r);
    m.is_simulated = light == 1;
    qw_read_string8(&r, m.name, sizeof m.name);
    if (!ok || !qw_reader_done(&r) || (m.end != QW_QKD_ALICE && m.end != QW_QKD_BOB) || light > 1 ||
        m.name[0] == '\0') {
        return QW_ERR_FORMAT;
    }
    *hello = m;
    return QW_OK;
}

size_t qw_handover_welcome_encode(uint8_t *out)
{
    out[0] = WELCOME;
    out[1] = VERSION;
    return 2;
}

qw_err qw_handover_welcome_decode(const uint8_t *message, size_t len)
{
    return len == 2 && message[0] == WELCOME && message[1] == VERSION ? QW_OK : QW_ERR_FORMAT;
}

static void write_label(struct qw_writer *w, const struct qw_handover_label *label)
{
    qw_write_bytes(w, label->session, sizeof label->session);
    qw_write_u32be(w, label->block);
}

static void read_label(struct qw_reader *r, struct qw_handover_label *label)
{
    qw_read_bytes(r, label->session, sizeof label->session);
    label->block = qw_read_u32be(r);
}

size_t qw_handover_key_encode(const struct qw_handover_key *key, uint8_t *out)
{
    struct qw_writer w = qw_writer_on(out, QW_HANDOVER_LEN_MAX);

    qw_write_u8(&w, KEY);
    write_label(&w, &key->label);
    qw_write_u32be(&w, key->errors_ppm);
    qw_write_bytes(&w, key->key, key->len);
    return written(&w);
}

qw_err qw_handover_key_decode(const uint8_t *message, size_t len, struct qw_handover_key *key)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_handover_key m;
    bool ok = qw_read_u8(&r) == KEY;

    read_label(&r, &m.label);
    m.errors_ppm = qw_read_u32be(&r);
    m.len = qw_reader_left(&r);
    m.key = qw_read_view(&r, m.len);
    if (!ok || !qw_reader_done(&r) || m.errors_ppm > QW_HANDOVER_ERRORS_MAX ||
        m.len < QW_HANDOVER_KEY_MIN || m.len > QW_HANDOVER_KEY_MAX) {
        return QW_ERR_FORMAT;
    }
    *key = m;
    return QW_OK;
}

size_t qw_handover_taken_encode(const struct qw_handover_taken *taken, uint8_t *out)
{
    struct qw_writer w = qw_writer_on(out, QW_HANDOVER_SHORT_MAX);

    qw_write_u8(&w, TAKEN);
    write_label(&w, &taken->label);
    qw_write_u8(&w, taken->result);
    return written(&w);
}

qw_err qw_handover_taken_decode(const uint8_t *message, size_t len, struct qw_handover_taken *taken)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_handover_taken m;
    bool ok = qw_read_u8(&r) == TAKEN;

    read_label(&r, &m.label);
    m.result = qw_read_u8(&r);
    if (!ok || !qw_reader_done(&r) || m.result > QW_HANDOVER_NO_ROOM) {
        return QW_ERR_FORMAT;
    }
    *taken = m;
    return QW_OK;
}

size_t qw_handover_stopped_encode(const struct qw_handover_stopped *stopped, uint8_t *out)
{
    struct qw_writer w = qw_writer_on(out, QW_HANDOVER_SHORT_MAX);

    qw_write_u8(&w, STOPPED);
    qw_write_u8(&w, stopped->reason);
    qw_write_u32be(&w, stopped->errors_ppm);
    return written(&w);
}

qw_err qw_handover_stopped_decode(const uint8_t *message, size_t len,
                                  struct qw_handover_stopped *stopped)
{
    struct qw_reader r = qw_reader_on(message, len);
    struct qw_handover_stopped m;
    bool ok = qw_read_u8(&r) == STOPPED;

    m.reason = qw_read_u8(&r);
    m.errors_ppm = qw_read_u32be(&r);
    if (!ok || !qw_reader_done(&r) || m.reason == QW_QKD_NONE || m.reason >= QW_QKD_REFUSALS ||
        m.errors_ppm > QW_HANDOVER_ERRORS_MAX) {
        return QW_ERR_FORMAT;
    }
    *stopped = m;
    return QW_OK;
}

const uint8_t *qw_handover_own_half(const struct qw_handover_key *key, uint8_t end, size_t *len)
{
    *len = key->len / 2;
    return end == QW_QKD_ALICE ? key->key : key->key + *len;
}

bool qw_handover_is_old(const struct qw_handover_label *label, const struct qw_handover_label *mark)
{
    return qw_equal_ct(label->session, mark->session, sizeof label->session) &&
           label->block <= mark->block;
}
