/* SPDX-License-Identifier: Apache-2.0 */
/* The responder's side of docs/protocol/link-control.md: it never decides [L10]. */
#include "base/secret.h"
#include "link/association_inside.h"

#include <string.h>

static bool is_waiting(const struct qw_link_association *a)
{
    return a->record.state == QW_LINK_PREPARE || a->record.state == QW_LINK_PROBE;
}

static bool is_other(const struct qw_link_association *a, const struct qw_link_request *request)
{
    return a->record.has_other && qw_link_same_id(a->record.other.id, request->key_id);
}

static bool is_settled_on(const struct qw_link_association *a,
                          const struct qw_link_request *request)
{
    return a->record.state == QW_LINK_STEADY && qw_link_same_id(a->record.key.id, request->key_id);
}

static enum qw_link_result failed(struct qw_link_association *a, const char *what, qw_err err)
{
    qw_link_alarm(a, "%s: %s", what, qw_link_sink_trouble(a, err));
    a->has_failed = true;
    return QW_LINK_RESULT_FAILED;
}

/* Of a rotation that the keys are not fit for. */
static enum qw_link_result refused(struct qw_link_association *a, const char *why,
                                   enum qw_link_result result)
{
    qw_wipe(&a->draft, sizeof a->draft);
    qw_link_alarm(a, "%s", why);
    a->has_failed = true;
    return result;
}

static enum qw_link_result sync(struct qw_link_association *a,
                                const struct qw_link_request *request)
{
    const struct qw_link_key *key = qw_link_old_key(a);

    if (request->fails_open != a->config.fails_open) {
        qw_link_alarm(a, "the peer's policy differs: fail %s",
                      request->fails_open ? "open" : "closed");
        return QW_LINK_RESULT_POLICY;
    }
    if (is_waiting(a)) { /* no rotation runs any more */
        qw_err err = qw_link_give_up(a);

        if (err != QW_OK) {
            return failed(a, "a rotation cannot be given up", err);
        }
    }
    if (key != NULL && (!request->has_key_id || !qw_link_same_id(key->id, request->key_id))) {
        qw_link_alarm(a, "the two ends use different keys");
    } else if (!a->is_overdue && a->undone == NULL && !a->has_failed) {
        qw_link_calm(a);
    }
    return QW_LINK_RESULT_OK;
}

static enum qw_link_result prepare(struct qw_link_association *a,
                                   const struct qw_link_request *request, int64_t now_ms)
{
    const struct qw_key_sink *sink = &a->config.sink;
    struct qw_link_record *draft;
    const char *fault;
    qw_err err = QW_OK;

    if (request->turn == a->record.turn && is_waiting(a) && is_other(a, request)) {
        err = sink->prepare(sink->self, qw_link_old_key(a), &a->record.other); /* said again */
        return err == QW_OK ? QW_LINK_RESULT_OK : failed(a, "the key cannot be set here", err);
    }
    if (request->turn <= a->record.turn) {
        return QW_LINK_RESULT_STALE;
    }
    if (is_waiting(a)) {
        err = qw_link_give_up(a);
    } else if (a->record.state == QW_LINK_PROMOTE || a->record.state == QW_LINK_RETIRE) {
        err = qw_link_finish(a, now_ms); /* the initiator has lost its state */
    }
    if (err != QW_OK) {
        return failed(a, "the last rotation cannot be ended", err);
    }
    draft = qw_link_draft(a);
    memcpy(draft->other.id, request->key_id, sizeof draft->other.id);
    err = a->config.keys.by_id(a->config.keys.self, a->config.peer, &draft->other);
    if (err != QW_OK) {
        qw_wipe(&a->draft, sizeof a->draft);
        qw_link_alarm(a, "the key server does not give the peer's key: %s",
                      qw_link_line_trouble(err));
        a->has_failed = true;
        return QW_LINK_RESULT_NO_KEY;
    }
    fault = qw_link_key_fault(a, &draft->other);
    if (fault != NULL) {
        return refused(a, fault, QW_LINK_RESULT_NO_KEY);
    }
    draft->has_other = true;
    draft->turn = request->turn;
    err = qw_link_commit(a, QW_LINK_KEY);
    if (err == QW_OK) {
        err = sink->prepare(sink->self, qw_link_old_key(a), &a->record.other);
    }
    a->is_asked = false;
    return err == QW_OK ? QW_LINK_RESULT_OK : failed(a, "the key cannot be set here", err);
}

/* L5 */
static enum qw_link_result prove(struct qw_link_association *a,
                                 const struct qw_link_request *request, int64_t now_ms,
                                 struct qw_link_answer *answer)
{
    uint8_t expected[QW_LINK_PROOF_LEN];
    qw_err err;

    if (!is_waiting(a) || !is_other(a, request) || request->turn != a->record.turn) {
        return QW_LINK_RESULT_ORDER;
    }
    err = qw_link_proof(QW_LINK_INITIATOR, a->config.link, request->turn, &a->record.other,
                        request->nonce, expected);
    if (err != QW_OK) {
        return failed(a, "no proof", err);
    }
    if (!qw_equal_ct(expected, request->proof, sizeof expected)) {
        return refused(a, "the two ends got different bytes for one key id",
                       QW_LINK_RESULT_WRONG_KEY);
    }
    (void)qw_link_draft(a);
    err = qw_link_commit(a, QW_LINK_PREPARED);
    if (err == QW_OK) {
        err = qw_link_proof(QW_LINK_RESPONDER, a->config.link, request->turn, &a->record.other,
                            request->nonce, answer->proof);
    }
    if (err != QW_OK) {
        return failed(a, "no proof", err);
    }
    answer->has_proof = true;
    a->proved_ms = now_ms;
    return QW_LINK_RESULT_OK;
}

/* L7 */
static enum qw_link_result promote(struct qw_link_association *a,
                                   const struct qw_link_request *request, int64_t now_ms)
{
    qw_err err = QW_OK;

    if (is_settled_on(a, request)) {
        return QW_LINK_RESULT_OK; /* said again */
    }
    if (!is_other(a, request)) {
        return QW_LINK_RESULT_UNKNOWN;
    }
    if (a->record.state == QW_LINK_PROBE) {
        (void)qw_link_draft(a);
        err = qw_link_commit(a, QW_LINK_PROVED);
        a->since_ms =
            err == QW_OK ? now_ms : a->since_ms; /* saying it again makes no key younger */
    } else if (a->record.state != QW_LINK_PROMOTE) {
        return QW_LINK_RESULT_ORDER;
    }
    if (err == QW_OK) {
        err = qw_link_switch_senders(a);
    }
    if (err != QW_OK) {
        return failed(a, "the new key cannot be used here", err);
    }
    return QW_LINK_RESULT_OK;
}

static enum qw_link_result retire(struct qw_link_association *a,
                                  const struct qw_link_request *request, int64_t now_ms)
{
    bool is_over = a->record.state == QW_LINK_RETIRE &&
                   qw_link_same_id(a->record.key.id, request->key_id); /* half done before */
    qw_err err;

    if (is_settled_on(a, request)) {
        return QW_LINK_RESULT_OK;
    }
    if (!is_over && !is_other(a, request)) {
        return QW_LINK_RESULT_UNKNOWN;
    }
    if (!is_over && a->record.state != QW_LINK_PROMOTE) {
        return QW_LINK_RESULT_ORDER;
    }
    err = qw_link_finish(a, now_ms);
    if (err != QW_OK) {
        return failed(a, "the old key cannot be removed", err);
    }
    a->has_failed = false;
    qw_link_calm(a);
    return QW_LINK_RESULT_OK;
}

/* L12 */
static enum qw_link_result drop(struct qw_link_association *a,
                                const struct qw_link_request *request)
{
    qw_err err;

    if (!is_other(a, request)) {
        return QW_LINK_RESULT_OK;
    }
    if (!is_waiting(a)) {
        return QW_LINK_RESULT_ORDER;
    }
    err = qw_link_give_up(a);
    return err == QW_OK ? QW_LINK_RESULT_OK : failed(a, "a rotation cannot be given up", err);
}

static enum qw_link_result decide(struct qw_link_association *a,
                                  const struct qw_link_request *request, int64_t now_ms,
                                  struct qw_link_answer *answer)
{
    if (a->config.role != QW_LINK_RESPONDER) {
        return QW_LINK_RESULT_ORDER;
    }
    switch (request->verb) {
    case QW_LINK_SAY_SYNC:
        return sync(a, request);
    case QW_LINK_SAY_PREPARE:
        return prepare(a, request, now_ms);
    case QW_LINK_SAY_PROVE:
        return prove(a, request, now_ms, answer);
    case QW_LINK_SAY_PROMOTE:
        return promote(a, request, now_ms);
    case QW_LINK_SAY_RETIRE:
        return retire(a, request, now_ms);
    case QW_LINK_SAY_DROP:
        return drop(a, request);
    default:
        return QW_LINK_RESULT_ORDER;
    }
}

void qw_link_association_answer(struct qw_link_association *a,
                                const struct qw_link_request *request, int64_t now_ms,
                                struct qw_link_answer *answer)
{
    const struct qw_link_key *key;

    *answer = (struct qw_link_answer){ .result = QW_LINK_RESULT_OK };
    a->heard_ms = now_ms;
    answer->result =
        a->is_open ? decide(a, request, now_ms, answer) : QW_LINK_RESULT_FAILED; /* not yet */
    a->is_in_touch = answer->result != QW_LINK_RESULT_POLICY;
    answer->state = a->record.state;
    answer->turn = a->record.turn;
    answer->wants = a->is_open && (a->is_asked || !qw_link_sink_is_well(a));
    key = a->is_open ? qw_link_senders_key(a) : NULL;
    answer->has_key_id = key != NULL;
    if (key != NULL) {
        memcpy(answer->key_id, key->id, sizeof answer->key_id);
    }
}
