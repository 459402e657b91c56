/* SPDX-License-Identifier: Apache-2.0 */
#include "source/pad_wrap.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/one_time_mac.h"

#include <string.h>

enum {
    TAG_KEY_LEN = QW_ONE_TIME_MAC_KEY_LEN + QW_ONE_TIME_MAC_PAD_LEN,
    PAD_MAX = TAG_KEY_LEN + QW_ETSI020_KEYS_MAX * QW_ETSI020_KEY_BITS_MAX / 8,
    TEXT_MAX = 32 + QW_ETSI020_NAME_CAP + (1 + QW_ETSI020_TARGETS_MAX) * (1 + QW_ETSI020_NAME_CAP) +
               QW_ETSI020_KEYS_MAX * (16 + 2 + QW_ETSI020_KEY_BITS_MAX / 8)
};

struct desk { /* secret */
    uint8_t pad[PAD_MAX];
    uint8_t text[TEXT_MAX]; /* what the tag covers */
};

static size_t pad_len_of(const struct qw_etsi020_ext_keys *message)
{
    size_t len = TAG_KEY_LEN;

    for (size_t i = 0; i < message->ids.count; i++) {
        len += message->values[i].bits / 8u;
    }
    return len;
}

static uint8_t claims_of(const struct qw_etsi020_ext_keys *message)
{
    uint8_t claims = (uint8_t)((message->is_quantum ? 1 : 0) | (message->is_simulated ? 2 : 0));

    return message->source[0] == '\0' ? 0 : claims; /* the message says them of a source only */
}

/* What decides who gets which key, and what it is called: whose, for whom, from where, which ids,
 * which ciphertext. The label and the offset are the pad's own name: a tag under another pad is
 * another tag. */
static size_t write_text(const struct qw_etsi020_ext_keys *message, uint8_t out[static TEXT_MAX])
{
    struct qw_writer w = qw_writer_on(out, TEXT_MAX);

    qw_write_string8(&w, message->parties.initiator);
    qw_write_u8(&w, (uint8_t)message->parties.target_count);
    for (size_t i = 0; i < message->parties.target_count; i++) {
        qw_write_string8(&w, message->parties.targets[i]);
    }
    qw_write_string8(&w, message->source);
    qw_write_u8(&w, claims_of(message));
    qw_write_u8(&w, (uint8_t)message->ids.count);
    for (size_t i = 0; i < message->ids.count; i++) {
        qw_write_bytes(&w, message->ids.id[i], sizeof message->ids.id[i]);
        qw_write_u16be(&w, message->values[i].bits);
        qw_write_bytes(&w, message->values[i].bytes, message->values[i].bits / 8u);
    }
    qw_assert(!w.failed);
    return w.len;
}

static void xor_values(struct qw_etsi020_ext_keys *message, const uint8_t *pad)
{
    for (size_t i = 0; i < message->ids.count; i++) {
        for (size_t k = 0; k < message->values[i].bits / 8u; k++) {
            message->values[i].bytes[k] ^= *pad++;
        }
    }
}

/* A key is no better than what it travelled under. */
static void label_by_pad(const struct link_pads *pads, struct qw_etsi020_ext_keys *message)
{
    if (link_pads_are_simulated(pads)) {
        message->is_simulated = true;
        message->is_quantum = false;
    }
}

qw_err pad_wrap(struct link_pads *pads, struct qw_etsi020_ext_keys *message,
                struct qw_handover_label *label)
{
    struct desk *desk = qw_secret_new(sizeof *desk);
    struct link_pad_place place;
    struct qw_bytes text;
    qw_err err;

    if (desk == NULL) {
        return QW_ERR_NOMEM;
    }
    err = link_pads_draw(pads, pad_len_of(message), desk->pad, &place);
    if (err == QW_OK) {
        xor_values(message, desk->pad + TAG_KEY_LEN);
        label_by_pad(pads, message);
        text = (struct qw_bytes){ desk->text, write_text(message, desk->text) };
        qw_one_time_mac(desk->pad, desk->pad + QW_ONE_TIME_MAC_KEY_LEN, &text, 1, message->pad.tag);
        memcpy(message->pad.session, place.label.session, sizeof message->pad.session);
        message->pad.block = place.label.block;
        message->pad.offset = place.offset;
        message->has_pad = true;
        *label = place.label;
    }
    qw_secret_free(desk);
    return err;
}

qw_err pad_unwrap(struct link_pads *pads, struct qw_etsi020_ext_keys *message)
{
    struct desk *desk;
    struct link_pad_place place = { .offset = message->pad.offset };
    struct qw_bytes text;
    size_t len = pad_len_of(message);
    qw_err err;

    if (!message->has_pad) {
        return QW_ERR_FORMAT;
    }
    desk = qw_secret_new(sizeof *desk);
    if (desk == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(place.label.session, message->pad.session, sizeof place.label.session);
    place.label.block = message->pad.block;
    err = link_pads_look(pads, &place, len, desk->pad);
    if (err == QW_OK) {
        text = (struct qw_bytes){ desk->text, write_text(message, desk->text) };
        if (!qw_one_time_mac_verify(desk->pad, desk->pad + QW_ONE_TIME_MAC_KEY_LEN, &text, 1,
                                    message->pad.tag)) {
            err = QW_ERR_AUTH;
        }
    }
    if (err == QW_OK) {
        err = link_pads_spend(pads, &place, len);
    }
    if (err == QW_OK) {
        xor_values(message, desk->pad + TAG_KEY_LEN);
        label_by_pad(pads, message);
    }
    qw_secret_free(desk);
    return err;
}
