/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/link.h"

#include "base/secret.h"
#include "crypto/one_time_mac.h"

#include <stdlib.h>
#include <string.h>

enum { TRANSCRIPT_MAX = 4 * QW_WIRE_MESSAGE_MAX, TRANSCRIPT_FIRST = 1 << 16 };

qw_err qw_plkg_link_new(struct qw_wire *wire, int timeout_ms, struct qw_plkg_link **link)
{
    struct qw_plkg_link *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->wire = wire;
    made->timeout_ms = timeout_ms;
    made->incoming = calloc(1, QW_WIRE_MESSAGE_MAX);
    made->transcript = calloc(1, TRANSCRIPT_FIRST);
    made->transcript_cap = TRANSCRIPT_FIRST;
    if (made->incoming == NULL || made->transcript == NULL) {
        qw_plkg_link_free(made);
        return QW_ERR_NOMEM;
    }
    *link = made;
    return QW_OK;
}

void qw_plkg_link_free(struct qw_plkg_link *link)
{
    if (link == NULL) {
        return;
    }
    free(link->incoming);
    free(link->transcript);
    free(link);
}

const uint8_t *qw_plkg_pads_key(struct qw_plkg_pads pads)
{
    return pads.bytes;
}

const uint8_t *qw_plkg_pads_tag(struct qw_plkg_pads pads, size_t index)
{
    qw_assert(index < QW_PLKG_TAGS);
    return pads.bytes + QW_ONE_TIME_MAC_KEY_LEN + index * QW_ONE_TIME_MAC_PAD_LEN;
}

/* Room for len more bytes; bounded, since a session has a dozen messages at most. */
static qw_err reserve(struct qw_plkg_link *link, size_t len)
{
    size_t cap = link->transcript_cap;
    uint8_t *grown;

    while (cap - link->transcript_len < len) {
        cap *= 2;
    }
    if (cap > TRANSCRIPT_MAX) {
        return QW_ERR_FORMAT;
    }
    if (cap == link->transcript_cap) {
        return QW_OK;
    }
    grown = realloc(link->transcript, cap);
    if (grown == NULL) {
        return QW_ERR_NOMEM;
    }
    link->transcript = grown;
    link->transcript_cap = cap;
    return QW_OK;
}

static void append(struct qw_plkg_link *link, const void *data, size_t len)
{
    if (len > 0) {
        memcpy(link->transcript + link->transcript_len, data, len);
        link->transcript_len += len;
    }
}

static void count_message(struct qw_plkg_link *link, size_t len)
{
    if (link->is_counting) {
        link->messages++;
        link->message_bytes += len;
    }
}

static void append_header(struct qw_plkg_link *link, enum qw_plkg_type type, size_t body_len)
{
    struct qw_plkg_header header = { .type = type,
                                     .counter = link->sent,
                                     .len = (uint32_t)body_len };
    uint8_t bytes[QW_PLKG_HEADER_LEN];

    memcpy(header.session_id, link->session_id, sizeof header.session_id);
    qw_plkg_header_encode(&header, bytes);
    append(link, bytes, sizeof bytes);
}

/* Of what tag 0 covers: the transcript, and what is behind it. */
static size_t parts_of(const struct qw_plkg_pads *pads)
{
    return pads->unsaid.len > 0 ? 2 : 1;
}

qw_err qw_plkg_link_send(struct qw_plkg_link *link, enum qw_plkg_type type,
                         const struct qw_bytes *parts, size_t count,
                         const struct qw_plkg_pads *pads)
{
    size_t start = link->transcript_len;
    size_t len = pads != NULL ? QW_ONE_TIME_MAC_LEN : 0;
    qw_err err;

    for (size_t i = 0; i < count; i++) {
        len += parts[i].len;
    }
    if (len > QW_PLKG_BODY_MAX) {
        return QW_ERR_SPACE;
    }
    err = reserve(link, QW_PLKG_HEADER_LEN + len);
    if (err != QW_OK) {
        return err;
    }
    append_header(link, type, len);
    for (size_t i = 0; i < count; i++) {
        append(link, parts[i].data, parts[i].len);
    }
    if (pads != NULL) {
        struct qw_bytes covered[] = { { link->transcript, link->transcript_len }, pads->unsaid };
        uint8_t tag[QW_ONE_TIME_MAC_LEN];

        qw_one_time_mac(qw_plkg_pads_key(*pads), qw_plkg_pads_tag(*pads, 0), covered,
                        parts_of(pads), tag);
        append(link, tag, sizeof tag);
    }
    link->sent++;
    count_message(link, link->transcript_len - start);
    return qw_wire_send(link->wire, link->transcript + start, link->transcript_len - start);
}

static qw_err check_header(struct qw_plkg_link *link, enum qw_plkg_type type, size_t len)
{
    struct qw_plkg_header header;
    qw_err err = qw_plkg_header_decode(link->incoming, len, &header);

    if (err != QW_OK) {
        return err;
    }
    if (header.type == QW_PLKG_REFUSE) {
        err = qw_plkg_refuse_decode(link->incoming + QW_PLKG_HEADER_LEN, header.len,
                                    &link->peer_refusal);
        return err == QW_OK ? QW_ERR_REFUSED : err;
    }
    if (header.type == QW_PLKG_ORDER && type == QW_PLKG_OPEN_ACK && header.len >= 1 &&
        header.len <= QW_PLKG_ORDER_MAX) {
        link->peer_refusal = QW_PLKG_ORDERED;
        link->order_len = (uint16_t)header.len;
        return QW_ERR_REFUSED;
    }
    if (header.type != type || header.counter != link->received) {
        return QW_ERR_FORMAT;
    }
    /* OPEN comes before there is an identity, and OPEN_ACK brings it: their reader checks it. */
    if (type != QW_PLKG_OPEN_ACK &&
        !qw_equal_ct(header.session_id, link->session_id, sizeof header.session_id)) {
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

static bool tag_ok(const struct qw_plkg_link *link, struct qw_plkg_pads pads)
{
    size_t signed_len = link->transcript_len - QW_ONE_TIME_MAC_LEN;
    struct qw_bytes covered[] = { { link->transcript, signed_len }, pads.unsaid };

    return qw_one_time_mac_verify(qw_plkg_pads_key(pads), qw_plkg_pads_tag(pads, 0), covered,
                                  parts_of(&pads), link->transcript + signed_len);
}

qw_err qw_plkg_link_receive(struct qw_plkg_link *link, enum qw_plkg_type type,
                            const struct qw_plkg_pads *pads, const uint8_t **body, size_t *len,
                            int timeout_ms)
{
    size_t got;
    size_t tag_len = pads != NULL ? QW_ONE_TIME_MAC_LEN : 0;
    qw_err err = qw_wire_receive(link->wire, link->incoming, QW_WIRE_MESSAGE_MAX, &got, timeout_ms);

    if (err != QW_OK) {
        return err == QW_ERR_SPACE ? QW_ERR_FORMAT : err;
    }
    err = check_header(link, type, got);
    if (err != QW_OK) {
        return err;
    }
    if (got < QW_PLKG_HEADER_LEN + tag_len) {
        return QW_ERR_FORMAT;
    }
    err = reserve(link, got);
    if (err != QW_OK) {
        return err;
    }
    append(link, link->incoming, got);
    link->received++;
    count_message(link, got);
    if (pads != NULL && !tag_ok(link, *pads)) {
        return QW_ERR_AUTH;
    }
    *body = link->incoming + QW_PLKG_HEADER_LEN;
    *len = got - QW_PLKG_HEADER_LEN - tag_len;
    return QW_OK;
}

void qw_plkg_link_refuse(struct qw_plkg_link *link, enum qw_plkg_refusal refusal)
{
    struct qw_plkg_header header = { .type = QW_PLKG_REFUSE, .counter = link->sent, .len = 1 };
    uint8_t message[QW_PLKG_HEADER_LEN + 1];
    qw_err ignored;

    memcpy(header.session_id, link->session_id, sizeof header.session_id);
    qw_plkg_header_encode(&header, message);
    message[QW_PLKG_HEADER_LEN] = (uint8_t)refusal;
    ignored = qw_wire_send(link->wire, message, sizeof message);
    (void)ignored; /* the peer's time limit says the same */
}

void qw_plkg_link_end_transcript(struct qw_plkg_link *link)
{
    link->transcript_len = 0;
}
