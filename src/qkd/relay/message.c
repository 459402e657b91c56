/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/relay/message.h"

const char *qw_relay_reason_text(enum qw_relay_reason reason)
{
    switch (reason) {
    case QW_RELAY_NO_LINK:
        return "no link";
    case QW_RELAY_EMPTY:
        return "pool empty";
    case QW_RELAY_BUSY:
        return "too many batches";
    case QW_RELAY_REFUSED:
        return "refused";
    case QW_RELAY_WRONG_TAG:
        return "the keys did not arrive as they were sent";
    case QW_RELAY_TIMEOUT:
        return "timed out";
    case QW_RELAY_SIZE:
        return "too long for a node on the path";
    }
    return "unknown";
}

size_t qw_relay_reserve_encode(const struct qw_relay_reserve *m, uint8_t *body)
{
    struct qw_writer w = qw_writer_on(body, QW_RELAY_BODY_MAX);

    qw_write_bytes(&w, m->batch, sizeof m->batch);
    qw_write_u32be(&w, m->count);
    qw_write_u16be(&w, m->key_len);
    qw_write_u8(&w, (uint8_t)m->class);
    qw_write_u64be(&w, m->end_mark);
    qw_write_u8(&w, m->index);
    qw_relay_path_write(&w, &m->path);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_relay_reserve_decode(const uint8_t *body, size_t len, struct qw_relay_reserve *out)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_relay_reserve m;
    uint8_t class;
    bool ok;

    qw_read_bytes(&r, m.batch, sizeof m.batch);
    m.count = qw_read_u32be(&r);
    m.key_len = qw_read_u16be(&r);
    class = qw_read_u8(&r);
    m.end_mark = qw_read_u64be(&r);
    m.index = qw_read_u8(&r);
    ok = qw_relay_path_read(&r, &m.path) && m.count > 0 && m.key_len > 0 &&
         class < QW_NODE_CLASSES && m.end_mark <= INT64_MAX && m.index + 1 < m.path.nodes;
    m.class = (enum qw_node_class) class;
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out = m;
    return QW_OK;
}

size_t qw_relay_reserved_encode(const struct qw_relay_reserved *m, uint8_t *body)
{
    struct qw_writer w = qw_writer_on(body, QW_RELAY_BODY_MAX);

    qw_write_bytes(&w, m->batch, sizeof m->batch);
    qw_write_u64be(&w, m->end_mark);
    return w.len;
}

qw_err qw_relay_reserved_decode(const uint8_t *body, size_t len, struct qw_relay_reserved *out)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_relay_reserved m;

    qw_read_bytes(&r, m.batch, sizeof m.batch);
    m.end_mark = qw_read_u64be(&r);
    if (!qw_reader_done(&r) || m.end_mark > INT64_MAX) {
        return QW_ERR_FORMAT;
    }
    *out = m;
    return QW_OK;
}

size_t qw_relay_tagged_encode(const struct qw_relay_tagged *m, uint8_t *body)
{
    struct qw_writer w = qw_writer_on(body, QW_RELAY_BODY_MAX);

    qw_write_bytes(&w, m->batch, sizeof m->batch);
    qw_write_u64be(&w, m->position);
    qw_write_bytes(&w, m->tag, sizeof m->tag);
    return w.len;
}

qw_err qw_relay_tagged_decode(const uint8_t *body, size_t len, struct qw_relay_tagged *out)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_relay_tagged m;

    qw_read_bytes(&r, m.batch, sizeof m.batch);
    m.position = qw_read_u64be(&r);
    qw_read_bytes(&r, m.tag, sizeof m.tag);
    if (!qw_reader_done(&r) || m.position > INT64_MAX) {
        return QW_ERR_FORMAT;
    }
    *out = m;
    return QW_OK;
}

size_t qw_relay_fail_encode(const struct qw_relay_fail *m, uint8_t *body)
{
    struct qw_writer w = qw_writer_on(body, QW_RELAY_BODY_MAX);

    qw_write_bytes(&w, m->batch, sizeof m->batch);
    qw_write_u8(&w, (uint8_t)m->reason);
    qw_write_u32be(&w, m->node);
    return w.len;
}

qw_err qw_relay_fail_decode(const uint8_t *body, size_t len, struct qw_relay_fail *out)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_relay_fail m;
    uint8_t reason;

    qw_read_bytes(&r, m.batch, sizeof m.batch);
    reason = qw_read_u8(&r);
    m.node = qw_read_u32be(&r);
    if (!qw_reader_done(&r) || reason < QW_RELAY_NO_LINK || reason > QW_RELAY_SIZE) {
        return QW_ERR_FORMAT;
    }
    m.reason = (enum qw_relay_reason)reason;
    *out = m;
    return QW_OK;
}

size_t qw_relay_void_encode(const struct qw_relay_void *m, uint8_t *body)
{
    struct qw_writer w = qw_writer_on(body, QW_RELAY_BODY_MAX);

    qw_write_bytes(&w, m->batch, sizeof m->batch);
    qw_write_u8(&w, m->index);
    qw_relay_path_write(&w, &m->path);
    qw_assert(!w.failed);
    return w.len;
}

qw_err qw_relay_void_decode(const uint8_t *body, size_t len, struct qw_relay_void *out)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_relay_void m;
    bool ok;

    qw_read_bytes(&r, m.batch, sizeof m.batch);
    m.index = qw_read_u8(&r);
    ok = qw_relay_path_read(&r, &m.path) && m.index < m.path.nodes;
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out = m;
    return QW_OK;
}
