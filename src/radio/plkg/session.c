/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/session.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/one_time_mac.h"
#include "crypto/pad.h"

#include <stdlib.h>
#include <string.h>

struct qw_plkg_session {
    struct qw_plkg_link *link;
    bool is_terminal;
    struct qw_pad pad; /* K: in secret memory, it dies with the session; both ends take turns */
    uint8_t *auth;     /* secret memory: up, then down */
    size_t tags_up, tags_down; /* spent, 1..QW_PLKG_TAGS: tag 0 was the transcript's */
    bool is_closed; /* after a bad frame: a forger has one try, not as many as he likes */
};

qw_err qw_plkg_session_new(struct qw_plkg_link *link, bool is_terminal, uint8_t *key,
                           size_t key_len, uint8_t *auth, struct qw_plkg_session **session)
{
    struct qw_plkg_session *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->link = link;
    made->is_terminal = is_terminal;
    made->pad = (struct qw_pad){ .bytes = key, .len = key_len };
    made->auth = auth;
    made->tags_up = 1;
    made->tags_down = 1;
    *session = made;
    return QW_OK;
}

void qw_plkg_session_free(struct qw_plkg_session *session)
{
    if (session == NULL) {
        return;
    }
    qw_plkg_link_free(session->link);
    qw_secret_free(session->pad.bytes);
    qw_secret_free(session->auth);
    free(session);
}

size_t qw_plkg_pad_left(const struct qw_plkg_session *session)
{
    return qw_pad_left(&session->pad);
}

void qw_plkg_data_scope(const uint8_t session_id[static QW_PLKG_SESSION_ID_LEN], bool from_terminal,
                        const uint8_t head[static QW_PLKG_DATA_HEAD_LEN], size_t len,
                        size_t key_position, uint8_t out[static QW_PLKG_SCOPE_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_PLKG_SCOPE_LEN);

    qw_write_bytes(&w, session_id, QW_PLKG_SESSION_ID_LEN);
    qw_write_u8(&w, from_terminal ? 1 : 0);
    qw_write_bytes(&w, head, QW_PLKG_DATA_HEAD_LEN);
    qw_write_u32be(&w, (uint32_t)len);
    qw_write_u64be(&w, key_position);
    qw_assert(!w.failed && w.len == QW_PLKG_SCOPE_LEN);
}

/* Bytes of K for a frame that was found to fit; a pad without a disk behind it cannot fail. */
static void apply_key(struct qw_plkg_session *session, uint8_t *data, size_t len)
{
    qw_err err = qw_pad_apply(&session->pad, data, len);

    qw_assert(err == QW_OK);
}

static struct qw_plkg_pads pads_of(const struct qw_plkg_session *session, bool from_terminal)
{
    return (struct qw_plkg_pads){ .bytes = session->auth + (from_terminal ? 0 : QW_PLKG_AUTH_LEN) };
}

static size_t frame_header(const struct qw_plkg_session *session, size_t body_len, uint8_t *out)
{
    struct qw_plkg_header header = { .type = QW_PLKG_DATA,
                                     .counter = session->link->sent,
                                     .len = (uint32_t)body_len };

    memcpy(header.session_id, session->link->session_id, sizeof header.session_id);
    qw_plkg_header_encode(&header, out);
    return QW_PLKG_HEADER_LEN;
}

qw_err qw_plkg_send(struct qw_plkg_session *session, struct qw_wire *wire, const uint8_t *data,
                    size_t len, bool is_public)
{
    size_t *tags = session->is_terminal ? &session->tags_up : &session->tags_down;
    size_t body_len = QW_PLKG_DATA_HEAD_LEN + len + QW_ONE_TIME_MAC_LEN;
    struct qw_plkg_pads pads = pads_of(session, session->is_terminal);
    uint8_t scope[QW_PLKG_SCOPE_LEN];
    uint8_t *message;
    uint8_t *body;
    qw_err err;

    if (len > QW_PLKG_DATA_MAX) {
        return QW_ERR_ARG;
    }
    if (session->is_closed) {
        return QW_ERR_STATE;
    }
    if (*tags >= QW_PLKG_TAGS || (!is_public && len > qw_plkg_pad_left(session))) {
        return QW_ERR_EXHAUSTED;
    }
    message = calloc(1, QW_PLKG_HEADER_LEN + body_len);
    if (message == NULL) {
        return QW_ERR_NOMEM;
    }
    body = message + frame_header(session, body_len, message);
    body[0] = (uint8_t)*tags;
    body[1] = is_public ? 1 : 0;
    if (len > 0) {
        memcpy(body + QW_PLKG_DATA_HEAD_LEN, data, len);
    }
    qw_plkg_data_scope(session->link->session_id, session->is_terminal, body, len,
                       session->pad.used, scope);
    if (!is_public) {
        apply_key(session, body + QW_PLKG_DATA_HEAD_LEN, len);
    }
    qw_one_time_mac(
        qw_plkg_pads_key(pads), qw_plkg_pads_tag(pads, *tags),
        (struct qw_bytes[]){ { scope, sizeof scope }, { body + QW_PLKG_DATA_HEAD_LEN, len } }, 2,
        body + QW_PLKG_DATA_HEAD_LEN + len);
    ++*tags; /* a pad is spent when its tag exists, whatever becomes of the frame */
    session->link->sent++;
    err = qw_wire_send(wire, message, QW_PLKG_HEADER_LEN + body_len);
    qw_wipe_free(message, QW_PLKG_HEADER_LEN + body_len);
    return err;
}

/* Frame and bounds; nothing of it is believed before the tag was checked. */
static qw_err check_frame(struct qw_plkg_session *session, size_t got, size_t tags, size_t *len)
{
    struct qw_plkg_link *link = session->link;
    const uint8_t *body = link->incoming + QW_PLKG_HEADER_LEN;
    struct qw_plkg_header header;

    if (qw_plkg_header_decode(link->incoming, got, &header) != QW_OK) {
        return QW_ERR_FORMAT;
    }
    if (header.type == QW_PLKG_REFUSE) {
        return QW_ERR_REFUSED;
    }
    if (header.type != QW_PLKG_DATA || header.counter != link->received ||
        !qw_equal_ct(header.session_id, link->session_id, sizeof header.session_id) ||
        header.len < QW_PLKG_DATA_HEAD_LEN + QW_ONE_TIME_MAC_LEN || body[0] != tags ||
        body[1] > 1) {
        return QW_ERR_FORMAT;
    }
    *len = header.len - QW_PLKG_DATA_HEAD_LEN - QW_ONE_TIME_MAC_LEN;
    if (*len > QW_PLKG_DATA_MAX || (body[1] == 0 && *len > qw_plkg_pad_left(session))) {
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

qw_err qw_plkg_receive(struct qw_plkg_session *session, struct qw_wire *wire, uint8_t *data,
                       size_t cap, size_t *len, int timeout_ms)
{
    struct qw_plkg_link *link = session->link;
    uint8_t *body = link->incoming + QW_PLKG_HEADER_LEN;
    size_t *tags = session->is_terminal ? &session->tags_down : &session->tags_up;
    struct qw_plkg_pads pads = pads_of(session, !session->is_terminal);
    uint8_t scope[QW_PLKG_SCOPE_LEN];
    struct qw_bytes parts[2];
    size_t data_len;
    size_t got;
    qw_err err;

    if (session->is_closed) {
        return QW_ERR_STATE;
    }
    if (*tags >= QW_PLKG_TAGS) {
        return QW_ERR_EXHAUSTED;
    }
    err = qw_wire_receive(wire, link->incoming, QW_WIRE_MESSAGE_MAX, &got, timeout_ms);
    if (err != QW_OK) {
        return err;
    }
    err = check_frame(session, got, *tags, &data_len);
    if (err != QW_OK) {
        session->is_closed = true;
        return err;
    }
    qw_plkg_data_scope(link->session_id, !session->is_terminal, body, data_len, session->pad.used,
                       scope);
    parts[0] = (struct qw_bytes){ scope, sizeof scope };
    parts[1] = (struct qw_bytes){ body + QW_PLKG_DATA_HEAD_LEN, data_len };
    if (!qw_one_time_mac_verify(qw_plkg_pads_key(pads), qw_plkg_pads_tag(pads, *tags), parts, 2,
                                body + QW_PLKG_DATA_HEAD_LEN + data_len)) {
        session->is_closed = true;
        return QW_ERR_AUTH;
    }
    if (data_len > cap) {
        session->is_closed = true; /* the frame is gone, and its key with it */
        return QW_ERR_SPACE;
    }
    ++*tags;
    link->received++;
    if (body[1] == 0) {
        apply_key(session, body + QW_PLKG_DATA_HEAD_LEN, data_len);
    }
    if (data_len > 0) {
        memcpy(data, body + QW_PLKG_DATA_HEAD_LEN, data_len);
    }
    qw_wipe(body, QW_PLKG_DATA_HEAD_LEN + data_len);
    *len = data_len;
    return QW_OK;
}
