/* SPDX-License-Identifier: Apache-2.0 */
#include "partner_text.h"

#include "base/hex.h"
#include "source/pad_wrap.h"

#include <stdio.h>
#include <string.h>

static void name_parties(const char *own_url, const struct qw_partner_order *order,
                         struct qw_etsi020_parties *parties)
{
    char offer[QW_UUID_TEXT_CAP];

    qw_uuid_encode(order->offer_id, offer);
    (void)snprintf(parties->initiator, sizeof parties->initiator, "%s", order->initiator);
    for (size_t i = 0; i < order->target_count; i++) {
        memcpy(parties->targets[i], order->targets[i], sizeof parties->targets[i]);
    }
    parties->target_count = order->target_count;
    (void)snprintf(parties->ack_url, sizeof parties->ack_url, "%.200s/kmapi/v1/acks/%.36s", own_url,
                   offer);
}

static void copy_ids(const struct qw_partner_order *order, struct qw_etsi020_ids *ids)
{
    memcpy(ids->id, order->ids, order->count * sizeof ids->id[0]);
    ids->count = order->count;
}

qw_err partner_text_keys(const char *own_url, const struct qw_partner_order *order,
                         struct link_pads *pads, struct partner_keys_text *text,
                         struct qw_handover_label *label)
{
    struct qw_etsi020_ext_keys *message = &text->message;
    struct qw_json_writer w;
    qw_err err = QW_OK;

    name_parties(own_url, order, &message->parties);
    copy_ids(order, &message->ids);
    for (size_t i = 0; i < order->count; i++) {
        message->values[i].bits = order->keys[i].bits;
        memcpy(message->values[i].bytes, order->keys[i].bytes, sizeof message->values[i].bytes);
    }
    (void)snprintf(message->source, sizeof message->source, "%s", order->source);
    message->is_quantum = order->is_quantum;
    message->is_simulated = order->is_simulated;
    if (pads != NULL) {
        err = pad_wrap(pads, message, label);
    }
    if (err != QW_OK) {
        return err;
    }
    w = qw_json_writer_on(text->json, sizeof text->json);
    qw_etsi020_ext_keys_write(&w, message);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}

qw_err partner_text_void(const char *own_url, const struct qw_partner_order *order,
                         char text[static PARTNER_VOID_TEXT_CAP])
{
    struct qw_etsi020_void message = { .ids = { .count = 0 } };
    struct qw_json_writer w = qw_json_writer_on(text, PARTNER_VOID_TEXT_CAP);

    name_parties(own_url, order, &message.parties);
    copy_ids(order, &message.ids);
    qw_etsi020_void_write(&w, &message);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}
