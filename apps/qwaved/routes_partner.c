/* SPDX-License-Identifier: Apache-2.0 */
/* Other centres: draft ETSI GS QKD 020 on a listener of its own [docs/protocol/etsi020.md]. The
 * caller is the partner that its certificate names. */
#include "api/etsi020/message.h"
#include "api/http_answer.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/partner/partner.h"
#include "partners.h"
#include "routes.h"
#include "source/pad_wrap.h"

#include <stdlib.h>
#include <string.h>

enum { ERROR_CAP = 512 };

/* The error object of the draft. */
static void write_error(struct qw_http_answer *answer, unsigned status, const char *message)
{
    char text[ERROR_CAP];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "type");
    qw_json_text(&w, "about:blank");
    qw_json_name(&w, "status");
    qw_json_uint(&w, status);
    qw_json_name(&w, "title");
    qw_json_text(&w, message);
    qw_json_name(&w, "details");
    qw_json_array_begin(&w);
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w)); /* messages are our own */
    qw_http_answer_wipe(answer);
    answer->status = qw_http_answer_write(answer, w.out, w.len) == QW_OK ? status : 503;
    answer->content_type = "application/json";
}

/* What the partner did wrong is 400, a key that is here already too; a limit or our own trouble is
 * 503. */
static void refuse(struct call *call, qw_err err)
{
    call_refuse(call, err == QW_ERR_CONFLICT ? QW_ERR_FORMAT : err);
}

static void send_accepted(struct call *call)
{
    call_send_empty(call);
    call->answer->status = call->answer->status == 200 ? 202 : call->answer->status;
}

void route_partner_versions(struct call *call)
{
    char text[64];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    qw_json_object_begin(&w);
    qw_json_name(&w, "versions");
    qw_json_array_begin(&w);
    qw_json_text(&w, "v1");
    qw_json_array_end(&w);
    qw_json_name(&w, "extension");
    qw_json_object_begin(&w);
    qw_json_object_end(&w);
    qw_json_object_end(&w);
    call_send(call, 200, &w, NULL);
}

/* X5, the same outcome for each target. */
static qw_err acknowledge(struct call *call, const struct qw_etsi020_parties *parties,
                          const struct qw_etsi020_ids *ids, enum qw_etsi020_outcome outcome)
{
    struct qw_etsi020_ack *acks = calloc(parties->target_count, sizeof *acks);
    qw_err err;

    if (acks == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < parties->target_count; i++) {
        acks[i].ids = *ids;
        acks[i].outcome = outcome;
        memcpy(acks[i].initiator, parties->initiator, sizeof acks[i].initiator);
        memcpy(acks[i].target, parties->targets[i], sizeof acks[i].target);
    }
    err = partners_acknowledge(call->service->partners, call->caller.id, parties->ack_url, acks,
                               parties->target_count);
    free(acks);
    return err;
}

struct desk { /* one piece of secret memory */
    struct qw_etsi020_ext_keys message;
    struct qw_given_key keys[QW_ETSI020_KEYS_MAX];
};

/* Who shares a link with us sends everything under its pads, and nobody else sends anything so. */
static qw_err open_values(struct call *call, struct qw_etsi020_ext_keys *message)
{
    struct link_pads *pads = partners_pads(call->service->partners, call->caller.id);
    qw_err err = (pads != NULL) == message->has_pad ? QW_OK : QW_ERR_FORMAT;

    if (err == QW_OK && pads != NULL) {
        err = pad_unwrap(pads, message);
    }
    if (err == QW_OK || err == QW_ERR_NOMEM) {
        return err;
    }
    qw_log_write(call->service->log, QW_LOG_WARNING, "partner %s: pads of the link: %s",
                 call->caller.id,
                 err == QW_ERR_AUTH        ? "the tag is wrong"
                 : err == QW_ERR_NOT_FOUND ? "not here any more"
                                           : "none, or none expected");
    return QW_ERR_ARG;
}

static qw_err take_keys(struct call *call, struct desk *desk)
{
    const struct qw_etsi020_ext_keys *message = &desk->message;
    const struct qw_etsi020_parties *parties = &message->parties;
    struct qw_partner_keys keys = { .initiator = parties->initiator,
                                    .targets = (const char(*)[64])parties->targets,
                                    .target_count = parties->target_count,
                                    .keys = desk->keys,
                                    .count = message->ids.count,
                                    .source = message->source };
    qw_err err;

    if (!partners_may_call(call->service->partners, call->caller.id, parties->ack_url)) {
        return QW_ERR_ARG;
    }
    err = open_values(call, &desk->message);
    if (err != QW_OK) {
        return err;
    }
    keys.is_quantum = message->is_quantum;
    keys.is_simulated = message->is_simulated;
    for (size_t i = 0; i < keys.count; i++) {
        memcpy(desk->keys[i].id, message->ids.id[i], sizeof desk->keys[i].id);
        desk->keys[i].bits = message->values[i].bits;
        memcpy(desk->keys[i].bytes, message->values[i].bytes, sizeof desk->keys[i].bytes);
    }
    return qw_centre_partner_keys(call->service->centre, &call->caller, &keys);
}

/* X4 */
void route_partner_keys(struct call *call)
{
    struct desk *desk = qw_secret_new(sizeof *desk);
    qw_err err = desk == NULL ? QW_ERR_NOMEM
                              : qw_etsi020_ext_keys_decode(call->request->body,
                                                           call->request->body_len, &desk->message);

    if (err == QW_OK) {
        err = take_keys(call, desk);
    }
    if (err == QW_OK) {
        err = acknowledge(call, &desk->message.parties, &desk->message.ids, QW_ETSI020_RELAYED);
    }
    qw_secret_free(desk);
    if (err == QW_OK) {
        send_accepted(call);
    } else {
        refuse(call, err);
    }
}

static enum qw_etsi020_outcome outcome_of(qw_err fate)
{
    return fate == QW_OK          ? QW_ETSI020_VOIDED
           : fate == QW_ERR_STATE ? QW_ETSI020_NOT_VOIDED
                                  : QW_ETSI020_NOT_PRESENT;
}

void route_partner_void(struct call *call)
{
    struct qw_etsi020_void message;
    qw_err fate = QW_OK;
    qw_err err = qw_etsi020_void_decode(call->request->body, call->request->body_len, &message);

    if (err == QW_OK &&
        !partners_may_call(call->service->partners, call->caller.id, message.parties.ack_url)) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err =
            qw_centre_partner_void(call->service->centre, &call->caller, message.parties.initiator,
                                   (const uint8_t(*)[16])message.ids.id, message.ids.count, &fate);
    }
    if (err == QW_OK) {
        err = acknowledge(call, &message.parties, &message.ids, outcome_of(fate));
    }
    if (err == QW_OK) {
        send_accepted(call);
    } else {
        refuse(call, err);
    }
}

static qw_err take_acks(struct call *call, const uint8_t offer_id[static 16],
                        const struct qw_etsi020_ack *message, size_t count)
{
    struct qw_partner_ack acks[QW_ETSI020_ACKS_MAX];

    for (size_t i = 0; i < count; i++) {
        enum qw_etsi020_outcome outcome = message[i].outcome;

        acks[i] = (struct qw_partner_ack){ .is_relayed = outcome == QW_ETSI020_RELAYED,
                                           .is_gone = outcome == QW_ETSI020_VOIDED ||
                                                      outcome == QW_ETSI020_NOT_VOIDED ||
                                                      outcome == QW_ETSI020_NOT_PRESENT,
                                           .initiator = message[i].initiator,
                                           .target = message[i].target,
                                           .ids = (const uint8_t(*)[16])message[i].ids.id,
                                           .count = message[i].ids.count };
    }
    return qw_centre_partner_ack(call->service->centre, &call->caller, offer_id, acks, count);
}

void route_partner_acks(struct call *call)
{
    struct qw_etsi020_ack *message = calloc(QW_ETSI020_ACKS_MAX, sizeof *message);
    uint8_t offer_id[16];
    size_t count = 0;
    qw_err err = message == NULL ? QW_ERR_NOMEM : qw_uuid_decode(call->parameter[0], offer_id);

    if (err == QW_OK) {
        err = qw_etsi020_acks_decode(call->request->body, call->request->body_len, message, &count);
    }
    if (err == QW_OK) {
        err = take_acks(call, offer_id, message, count);
    }
    free(message);
    if (err == QW_OK) {
        call_send_empty(call);
    } else {
        refuse(call, err);
    }
}

/* clang-format off */
static const struct route partner_routes[] = {
    { "GET",  "/kmapi/versions",     BY_KME, route_partner_versions },
    { "POST", "/kmapi/v1/ext_keys",  BY_KME, route_partner_keys },
    { "POST", "/kmapi/v1/void",      BY_KME, route_partner_void },
    { "POST", "/kmapi/v1/acks/{}",   BY_KME, route_partner_acks },
};
/* clang-format on */
const struct route_table routes_for_partners = { .routes = partner_routes,
                                                 .count = sizeof partner_routes /
                                                          sizeof partner_routes[0],
                                                 .write_error = write_error };
