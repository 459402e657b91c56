/* SPDX-License-Identifier: Apache-2.0 */
/* The initiator's side of docs/protocol/link-control.md: one exchange for each step. */
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "link/association_inside.h"

#include <string.h>

static struct qw_link_request request_for(const struct qw_link_association *a,
                                          enum qw_link_verb verb, const struct qw_link_key *key)
{
    struct qw_link_request request = { .verb = verb,
                                       .turn = a->record.turn,
                                       .has_key_id = key != NULL,
                                       .fails_open =
                                           verb == QW_LINK_SAY_SYNC && a->config.fails_open };

    memcpy(request.link, a->config.link, strlen(a->config.link) + 1);
    if (key != NULL) {
        memcpy(request.key_id, key->id, sizeof request.key_id);
    }
    return request;
}

static qw_err ask(struct qw_link_association *a, const struct qw_link_request *request,
                  struct qw_link_answer *answer)
{
    return a->config.peer_agent.ask(a->config.peer_agent.self, request, answer);
}

static void wait_longer(struct qw_link_association *a, int64_t now_ms)
{
    a->retry_at_ms = now_ms + qw_backoff_fail(&a->backoff, qw_random_spread());
}

/* L6: nothing has changed for the traffic. answer: what the peer said, NULL when nothing. */
static void give_up(struct qw_link_association *a, const struct qw_link_answer *answer,
                    int64_t now_ms)
{
    struct qw_link_request drop = request_for(a, QW_LINK_SAY_DROP, &a->record.other);
    struct qw_link_answer ignored;
    qw_err err = qw_link_give_up(a);

    if (err == QW_OK && answer != NULL && answer->turn > a->record.turn) {
        qw_link_draft(a)->turn = answer->turn;
        err = qw_link_commit_as_it_is(a);
    }
    if (err != QW_OK) {
        qw_link_alarm(a, "a rotation cannot be given up: %s", qw_link_sink_trouble(a, err));
    }
    (void)ask(a, &drop, &ignored); /* L12: when it is lost, the next sync does the same */
    wait_longer(a, now_ms);
}

static void alarm_no_key(struct qw_link_association *a, qw_err err)
{
    if (err == QW_ERR_REFUSED) {
        qw_link_alarm(a, "no new key: the key server does not allow keys with %s", a->config.peer);
    } else {
        qw_link_alarm(a, "no new key: %s", qw_link_line_trouble(err));
    }
}

/* L1, L2 */
static void begin(struct qw_link_association *a, int64_t now_ms)
{
    struct qw_link_record *draft = qw_link_draft(a);
    qw_err err = a->config.keys.fresh(a->config.keys.self, a->config.peer, &draft->other);
    const char *fault = err == QW_OK ? qw_link_key_fault(a, &draft->other) : NULL;

    if (err == QW_OK && fault == NULL) {
        draft->has_other = true;
        draft->turn++;
        a->begun_ms = now_ms;
        err = qw_link_commit(a, QW_LINK_KEY);
    }
    if (fault != NULL) {
        qw_link_alarm(a, "no new key: %s", fault);
    } else if (err != QW_OK) {
        alarm_no_key(a, err);
    }
    if (err != QW_OK || fault != NULL) {
        qw_wipe(&a->draft, sizeof a->draft);
        wait_longer(a, now_ms);
    }
}

static void prepare(struct qw_link_association *a, int64_t now_ms)
{
    const struct qw_key_sink *sink = &a->config.sink;
    struct qw_link_request request = request_for(a, QW_LINK_SAY_PREPARE, &a->record.other);
    struct qw_link_answer answer = { .result = QW_LINK_RESULT_FAILED };
    qw_err err = ask(a, &request, &answer); /* the receiver first */

    if (err != QW_OK || answer.result != QW_LINK_RESULT_OK) {
        qw_link_alarm(a, "the peer does not take the key: %s",
                      err != QW_OK ? qw_link_line_trouble(err)
                                   : qw_link_result_names[answer.result]);
        give_up(a, err == QW_OK ? &answer : NULL, now_ms);
        return;
    }
    err = sink->prepare(sink->self, qw_link_old_key(a), &a->record.other); /* L4 */
    if (err == QW_OK) {
        (void)qw_link_draft(a);
        err = qw_link_commit(a, QW_LINK_PREPARED);
    }
    if (err != QW_OK) {
        qw_link_alarm(a, "the key cannot be set here: %s", qw_link_sink_trouble(a, err));
        give_up(a, NULL, now_ms);
    }
}

/* What is wrong, or NULL when both ends hold the same bytes [S3]. */
static const char *exchange_proofs(struct qw_link_association *a)
{
    struct qw_link_request request = request_for(a, QW_LINK_SAY_PROVE, &a->record.other);
    struct qw_link_answer answer = { .result = QW_LINK_RESULT_FAILED };
    uint8_t expected[QW_LINK_PROOF_LEN];
    const struct qw_link_config *c = &a->config;

    if (qw_random_bytes(request.nonce, sizeof request.nonce) != QW_OK ||
        qw_link_proof(QW_LINK_INITIATOR, c->link, a->record.turn, &a->record.other, request.nonce,
                      request.proof) != QW_OK ||
        qw_link_proof(QW_LINK_RESPONDER, c->link, a->record.turn, &a->record.other, request.nonce,
                      expected) != QW_OK) {
        return "no random numbers";
    }
    if (ask(a, &request, &answer) != QW_OK) {
        return "the peer does not answer";
    }
    if (answer.result == QW_LINK_RESULT_WRONG_KEY) {
        return "the two ends got different bytes for one key id";
    }
    if (answer.result != QW_LINK_RESULT_OK) {
        return qw_link_result_names[answer.result];
    }
    return answer.has_proof && qw_equal_ct(answer.proof, expected, sizeof expected)
               ? NULL
               : "the peer does not prove that it has the key";
}

/* L4 to L6 */
static void prove(struct qw_link_association *a, int64_t now_ms)
{
    const struct qw_key_sink *sink = &a->config.sink;
    const char *why = exchange_proofs(a);

    if (why == NULL && sink->probe != NULL && sink->probe(sink->self, &a->record.other) != QW_OK) {
        why = "no exchange under the new key gets through";
    }
    if (why == NULL) {
        (void)qw_link_draft(a);
        why = qw_link_commit(a, QW_LINK_PROVED) == QW_OK ? NULL : "the state cannot be written";
    }
    if (why != NULL) {
        qw_link_alarm(a, "no proof: %s", why);
        give_up(a, NULL, now_ms);
        return;
    }
    a->proved_ms = now_ms;
}

/* L10: the peer knows nothing of this rotation any more. */
static void end_alone(struct qw_link_association *a, int64_t now_ms)
{
    bool is_over = a->record.state == QW_LINK_RETIRE;
    qw_err err = QW_OK;

    qw_link_alarm(a, "the peer has lost its state");
    if (is_over) {
        err = qw_link_retire(a, QW_LINK_LOST, now_ms);
    } else {
        const struct qw_link_key *old = qw_link_old_key(a);
        const struct qw_key_sink *sink = &a->config.sink;
        struct qw_link_record *draft = qw_link_draft(a);

        draft->has_other = false;
        err = qw_link_machine_apply(&draft->state, QW_LINK_LOST);
        if (err == QW_OK && (old == NULL || a->is_overdue)) {
            err = qw_link_machine_apply(&draft->state, QW_LINK_EXPIRED);
        }
        err = err == QW_OK ? qw_link_commit_as_it_is(a) : err;
        if (err == QW_OK) {
            err = old != NULL ? sink->settle(sink->self, &a->record.key) : sink->block(sink->self);
        }
    }
    if (err != QW_OK) {
        qw_link_alarm(a, "a rotation cannot be ended: %s", qw_link_sink_trouble(a, err));
    }
    a->is_asked = true;
    wait_longer(a, now_ms);
}

/* L7, L8: said until it is ok. true: it is. */
static bool insist(struct qw_link_association *a, enum qw_link_verb verb,
                   const struct qw_link_key *key, int64_t now_ms)
{
    struct qw_link_request request = request_for(a, verb, key);
    struct qw_link_answer answer = { .result = QW_LINK_RESULT_FAILED };
    qw_err err = ask(a, &request, &answer);

    if (err == QW_OK && answer.result == QW_LINK_RESULT_OK) {
        return true;
    }
    if (err == QW_OK && answer.result == QW_LINK_RESULT_UNKNOWN) {
        end_alone(a, now_ms);
        return false;
    }
    qw_link_alarm(a, "the peer does not go on: %s",
                  err != QW_OK ? qw_link_line_trouble(err) : qw_link_result_names[answer.result]);
    if (err != QW_OK) {
        a->retry_at_ms = now_ms + a->config.heartbeat_ms; /* nobody there is found as by a sync */
    } else {
        wait_longer(a, now_ms);
    }
    return false;
}

static void promote(struct qw_link_association *a, int64_t now_ms)
{
    qw_err err;

    if (!insist(a, QW_LINK_SAY_PROMOTE, &a->record.other, now_ms)) {
        return;
    }
    err = qw_link_switch_senders(a);
    if (err == QW_OK) {
        err = qw_link_commit_swap(a, now_ms);
    }
    if (err != QW_OK) {
        qw_link_alarm(a, "the new key cannot be used here: %s", qw_link_sink_trouble(a, err));
        a->retry_at_ms = now_ms + a->config.retry_ms; /* nobody else is asked for anything */
        return;
    }
    a->since_ms = now_ms;
    a->rotation_ms = a->begun_ms > 0 ? now_ms - a->begun_ms : -1;
    a->drain_until_ms = now_ms + a->config.drain_ms;
}

static void retire(struct qw_link_association *a, int64_t now_ms)
{
    qw_err err;

    if (!insist(a, QW_LINK_SAY_RETIRE, &a->record.key, now_ms)) {
        return;
    }
    err = qw_link_retire(a, QW_LINK_RETIRED, now_ms);
    if (err != QW_OK) {
        qw_link_alarm(a, "the old key cannot be removed: %s", qw_link_sink_trouble(a, err));
        a->retry_at_ms = now_ms + a->config.retry_ms; /* nobody else is asked for anything */
        return;
    }
    a->is_asked = false;
    a->is_provoked = false;
    qw_link_calm(a);
}

/* L9. true: a rotation may begin. */
static void sync(struct qw_link_association *a, int64_t now_ms)
{
    const struct qw_link_key *key = qw_link_old_key(a);
    struct qw_link_request request = request_for(a, QW_LINK_SAY_SYNC, key);
    struct qw_link_answer answer = { .result = QW_LINK_RESULT_FAILED };
    qw_err err = ask(a, &request, &answer);

    a->sync_at_ms = qw_link_next_beat(a, now_ms);
    a->is_in_touch = err == QW_OK && answer.result == QW_LINK_RESULT_OK;
    if (!a->is_in_touch) {
        if (a->undone == NULL) { /* what is wrong here comes first */
            qw_link_alarm(a, "no agreement with the peer: %s",
                          err != QW_OK ? qw_link_line_trouble(err)
                                       : qw_link_result_names[answer.result]);
        }
        return;
    }
    a->heard_ms = now_ms;
    if (answer.turn > a->record.turn) { /* ours is an older state */
        qw_link_draft(a)->turn = answer.turn;
        a->is_in_touch = qw_link_commit_as_it_is(a) == QW_OK;
    }
    a->is_provoked = answer.wants || answer.has_key_id != (key != NULL) ||
                     (key != NULL && !qw_link_same_id(answer.key_id, key->id));
    if (key != NULL && a->is_provoked && !answer.wants) {
        qw_link_alarm(a, "the two ends use different keys: rotating");
    } else if (key != NULL && !a->is_provoked && !a->is_overdue && !a->is_asked &&
               a->undone == NULL && a->backoff.failures == 0) {
        qw_link_calm(a);
        qw_link_schedule_calm(a, now_ms);
    }
}

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t rest(struct qw_link_association *a, int64_t now_ms)
{
    qw_link_schedule_look(a, now_ms);
    if (now_ms >= a->sync_at_ms ||
        (qw_link_schedule_is_due(a, now_ms) && now_ms >= a->retry_at_ms)) {
        bool may_begin;

        sync(a, now_ms);
        may_begin = a->is_in_touch && !a->is_away;
        if (may_begin && qw_link_schedule_is_due(a, now_ms) && now_ms >= a->retry_at_ms) {
            qw_link_schedule_begin(a, now_ms);
            begin(a, now_ms);
        } else if (!may_begin) {
            a->retry_at_ms = a->sync_at_ms;
        }
    }
    if (a->record.state == QW_LINK_PREPARE) {
        return now_ms;
    }
    return min_ms(a->sync_at_ms, qw_link_schedule_is_due(a, now_ms) || a->retry_at_ms > now_ms
                                     ? a->retry_at_ms
                                     : a->rotate_at_ms);
}

int64_t qw_link_initiator_step(struct qw_link_association *a, int64_t now_ms)
{
    switch (a->record.state) {
    case QW_LINK_PREPARE:
        prepare(a, now_ms);
        break;
    case QW_LINK_PROBE:
        prove(a, now_ms);
        break;
    case QW_LINK_PROMOTE:
        if (now_ms >= a->retry_at_ms) {
            promote(a, now_ms);
        }
        break;
    case QW_LINK_RETIRE:
        if (now_ms >= a->drain_until_ms && now_ms >= a->retry_at_ms) {
            retire(a, now_ms);
        }
        break;
    default:
        return rest(a, now_ms);
    }
    if (a->record.state == QW_LINK_RETIRE && a->drain_until_ms > a->retry_at_ms) {
        return a->drain_until_ms;
    }
    if (a->record.state == QW_LINK_STEADY || a->record.state == QW_LINK_DEGRADED) {
        return min_ms(a->retry_at_ms, a->sync_at_ms); /* words go on while a rotation waits */
    }
    return a->retry_at_ms; /* past, unless something failed */
}
