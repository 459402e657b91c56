/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of the relay a message is for. Messages of batches that are not known are ignored:
 * they were given up here. */
#include "qkd/relay/relay_state.h"

static qw_err take_reserve(struct qw_relay *relay, uint32_t from, const struct qw_hop_message *m)
{
    struct qw_relay_reserve reserve;
    qw_err err = qw_relay_reserve_decode(m->body, m->body_len, &reserve);
    size_t index;

    if (err != QW_OK) {
        return err;
    }
    index = reserve.index;
    if (reserve.path.node[index] != from || reserve.path.node[index + 1] != relay->config.node) {
        return QW_ERR_FORMAT;
    }
    if (relay_end_find(relay, reserve.batch) != NULL ||
        relay_passing_find(relay, reserve.batch) != NULL) {
        relay_fail(relay, from, reserve.batch, QW_RELAY_REFUSED, relay->config.node);
    } else if (index + 2 == reserve.path.nodes) {
        relay_target_reserve(relay, from, &reserve);
    } else {
        relay_pass_reserve(relay, from, &reserve);
    }
    return QW_OK;
}

static qw_err take_reserved(struct qw_relay *relay, uint32_t from, const struct qw_hop_message *m)
{
    struct qw_relay_reserved reserved;
    qw_err err = qw_relay_reserved_decode(m->body, m->body_len, &reserved);
    struct relay_passing *passing;
    struct relay_end *end;

    if (err != QW_OK) {
        return err;
    }
    end = relay_end_find(relay, reserved.batch);
    passing = relay_passing_find(relay, reserved.batch);
    if (end != NULL && end->phase == RELAY_RESERVING && end->neighbour == from) {
        relay_source_reserved(relay, end, reserved.end_mark);
    } else if (passing != NULL && passing->next == from) {
        relay_pass_back(relay, passing, m);
    } else {
        relay->counters.ignored++;
    }
    return QW_OK;
}

static qw_err take_data(struct qw_relay *relay, uint32_t from, const struct qw_hop_message *m)
{
    struct qw_relay_tagged tagged;
    struct relay_passing *passing;
    struct relay_end *end;
    qw_err err = m->body_len - m->secret_len != QW_RELAY_TAGGED_LEN
                     ? QW_ERR_FORMAT
                     : qw_relay_tagged_decode(m->body, QW_RELAY_TAGGED_LEN, &tagged);

    if (err != QW_OK) {
        return err;
    }
    end = relay_end_find(relay, tagged.batch);
    passing = relay_passing_find(relay, tagged.batch);
    if (end != NULL && end->phase == RELAY_EXPECTING && end->neighbour == from) {
        relay_target_data(relay, end, &tagged, m);
    } else if (passing != NULL && passing->before == from && !passing->has_passed) {
        relay_pass_data(relay, passing, m);
    } else {
        relay->counters.ignored++;
    }
    return QW_OK;
}

static qw_err take_confirm(struct qw_relay *relay, uint32_t from, const struct qw_hop_message *m)
{
    struct qw_relay_tagged tagged;
    struct relay_passing *passing;
    struct relay_end *end;
    qw_err err = qw_relay_tagged_decode(m->body, m->body_len, &tagged);

    if (err != QW_OK) {
        return err;
    }
    end = relay_end_find(relay, tagged.batch);
    passing = relay_passing_find(relay, tagged.batch);
    if (end != NULL && end->phase == RELAY_SENT && end->neighbour == from) {
        relay_source_confirm(relay, end, &tagged);
    } else if (passing != NULL && passing->next == from && passing->has_passed) {
        relay_pass_back(relay, passing, m);
        relay_passing_remove(relay, passing);
    } else {
        relay->counters.ignored++;
    }
    return QW_OK;
}

static qw_err take_fail(struct qw_relay *relay, uint32_t from, const struct qw_hop_message *m)
{
    struct qw_relay_fail fail;
    struct relay_passing *passing;
    struct relay_end *end;
    qw_err err = qw_relay_fail_decode(m->body, m->body_len, &fail);

    if (err != QW_OK) {
        return err;
    }
    end = relay_end_find(relay, fail.batch);
    passing = relay_passing_find(relay, fail.batch);
    if (end != NULL && end->neighbour == from && end->phase == RELAY_EXPECTING) {
        relay_target_fail(relay, end, fail.reason, fail.node);
    } else if (end != NULL && end->neighbour == from && end->phase != RELAY_VOIDING) {
        relay_source_fail(relay, end, fail.reason, fail.node);
    } else if (passing != NULL && (passing->before == from || passing->next == from)) {
        relay_pass_fail(relay, passing, from, fail.reason, fail.node);
    } else {
        relay->counters.ignored++;
    }
    return QW_OK;
}

static qw_err take_void(struct qw_relay *relay, uint32_t from, const struct qw_hop_message *m)
{
    struct qw_relay_void said;
    qw_err err = qw_relay_void_decode(m->body, m->body_len, &said);

    if (err != QW_OK) {
        return err;
    }
    if (m->type == QW_RELAY_VOID) {
        relay_take_void(relay, from, &said);
    } else {
        relay_take_voided(relay, from, &said);
    }
    return QW_OK;
}

qw_err qw_relay_receive(struct qw_relay *relay, uint32_t neighbour, const struct qw_hop_message *m)
{
    struct qw_hop *hop = relay->config.hop(relay->config.self, neighbour);
    qw_err err = QW_ERR_FORMAT;

    if (m->secret_len == 0 || m->type == QW_RELAY_DATA) {
        switch (m->type) {
        case QW_RELAY_RESERVE:
            err = take_reserve(relay, neighbour, m);
            break;
        case QW_RELAY_RESERVED:
            err = take_reserved(relay, neighbour, m);
            break;
        case QW_RELAY_DATA:
            err = take_data(relay, neighbour, m);
            break;
        case QW_RELAY_CONFIRM:
            err = take_confirm(relay, neighbour, m);
            break;
        case QW_RELAY_FAIL:
            err = take_fail(relay, neighbour, m);
            break;
        default:
            err = take_void(relay, neighbour, m);
            break;
        }
    }
    qw_assert(hop != NULL);
    qw_hop_settle(hop);
    return err;
}
