/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "link/association_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool qw_link_same_id(const uint8_t a[static 16], const uint8_t b[static 16])
{
    return qw_equal_ct(a, b, 16);
}

/* S7: a key server that gives again what it gave before, or nothing in the form of a key, is none.
 */
const char *qw_link_key_fault(const struct qw_link_association *a, const struct qw_link_key *key)
{
    static const uint8_t zeros[QW_LINK_KEY_LEN];

    if (qw_equal_ct(key->bytes, zeros, sizeof zeros)) {
        return "the key server gave a key of zeros";
    }
    if (a->record.has_key && (qw_link_same_id(key->id, a->record.key.id) ||
                              qw_equal_ct(key->bytes, a->record.key.bytes, QW_LINK_KEY_LEN))) {
        return "the key server gave the same key twice";
    }
    return NULL;
}

void qw_link_tell(const struct qw_link_association *a, enum qw_log_level level, const char *format,
                  ...)
{
    char text[2 * QW_LINK_ALARM_CAP];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    qw_log_write(a->config.log, level, "%s: %s", a->config.name, text);
}

void qw_link_alarm(struct qw_link_association *a, const char *format, ...)
{
    char text[QW_LINK_ALARM_CAP];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (strcmp(text, a->alarm) != 0) { /* the same again is no news */
        qw_link_tell(a, QW_LOG_WARNING, "ALARM: %s", text);
        a->alarms++;
        memcpy(a->alarm, text, sizeof text);
    }
}

void qw_link_calm(struct qw_link_association *a)
{
    if (a->alarm[0] != '\0') {
        qw_link_tell(a, QW_LOG_INFO, "well again");
        a->alarm[0] = '\0';
    }
}

struct qw_link_record *qw_link_draft(struct qw_link_association *a)
{
    a->draft = a->record;
    return &a->draft;
}

qw_err qw_link_commit_as_it_is(struct qw_link_association *a)
{
    qw_err err;

    if (!a->draft.has_key) {
        qw_wipe(&a->draft.key, sizeof a->draft.key);
    }
    if (!a->draft.has_other) {
        qw_wipe(&a->draft.other, sizeof a->draft.other);
    }
    err =
        qw_link_record_save(a->config.record_path, a->config.name, a->config.vault_key, &a->draft);
    if (err == QW_OK) {
        a->record = a->draft;
    }
    qw_wipe(&a->draft, sizeof a->draft);
    return err;
}

qw_err qw_link_commit(struct qw_link_association *a, enum qw_link_event event)
{
    qw_err err = qw_link_machine_apply(&a->draft.state, event);

    if (err != QW_OK) {
        qw_wipe(&a->draft, sizeof a->draft);
        return err;
    }
    err = qw_link_commit_as_it_is(a);
    if (err == QW_OK) {
        qw_link_tell(a, QW_LOG_DEBUG, "state %s turn %llu", qw_link_state_names[a->record.state],
                     (unsigned long long)a->record.turn);
    }
    return err;
}

const struct qw_link_key *qw_link_old_key(const struct qw_link_association *a)
{
    return a->record.has_key && !a->is_blocked ? &a->record.key : NULL;
}

const struct qw_link_key *qw_link_senders_key(const struct qw_link_association *a)
{
    bool is_over = a->record.state == QW_LINK_PROMOTE && a->config.role == QW_LINK_RESPONDER;

    return is_over ? &a->record.other : qw_link_old_key(a);
}

static qw_err settle_or_block(struct qw_link_association *a)
{
    const struct qw_key_sink *sink = &a->config.sink;
    const struct qw_link_key *old = qw_link_old_key(a);
    qw_err err = old != NULL ? sink->settle(sink->self, old) : sink->block(sink->self);

    if (err == QW_OK && old == NULL) {
        a->is_blocked = true;
    }
    return err;
}

qw_err qw_link_give_up(struct qw_link_association *a)
{
    struct qw_link_record *draft = qw_link_draft(a);
    qw_err err;

    draft->has_other = false;
    err = qw_link_commit(a, qw_link_old_key(a) != NULL && !a->is_overdue ? QW_LINK_GIVEN_UP
                                                                         : QW_LINK_EMPTIED);
    return err == QW_OK ? settle_or_block(a) : err;
}

qw_err qw_link_switch_senders(struct qw_link_association *a)
{
    const struct qw_key_sink *sink = &a->config.sink;

    return sink->promote(sink->self, &a->record.other, qw_link_old_key(a));
}

/* In the draft: new and old change places. */
static void swap(struct qw_link_association *a, int64_t now_ms)
{
    struct qw_link_key key = a->draft.other;

    a->draft.other = a->draft.key;
    a->draft.has_other = a->draft.has_key && !a->is_blocked; /* what was stopped stays so */
    a->draft.key = key;
    a->draft.has_key = true;
    a->draft.since_utc_ms = now_ms + a->utc_offset_ms;
    qw_wipe(&key, sizeof key);
}

qw_err qw_link_commit_swap(struct qw_link_association *a, int64_t now_ms)
{
    qw_err err;

    (void)qw_link_draft(a);
    swap(a, now_ms);
    err = qw_link_commit(a, QW_LINK_SWITCHED);
    if (err == QW_OK) {
        a->is_blocked = false;
        a->is_overdue = false;
    }
    return err;
}

qw_err qw_link_retire(struct qw_link_association *a, enum qw_link_event event, int64_t now_ms)
{
    const struct qw_key_sink *sink = &a->config.sink;
    char id[QW_UUID_TEXT_CAP];
    qw_err err = sink->settle(sink->self, &a->record.key);

    if (err != QW_OK) {
        return err;
    }
    if (a->record.has_other) {
        qw_uuid_encode(a->record.other.id, id);
        qw_link_tell(a, QW_LOG_INFO, "key %s retired", id);
    }
    qw_link_draft(a)->has_other = false;
    err = qw_link_commit(a, event);
    if (err == QW_OK) {
        qw_uuid_encode(a->record.key.id, id);
        qw_link_tell(a, QW_LOG_INFO, "key %s in use, turn %llu", id,
                     (unsigned long long)a->record.turn);
        a->rotations++;
        a->rotate_at_ms = INT64_MAX; /* until it is drawn */
        qw_backoff_succeed(&a->backoff);
        a->retry_at_ms = now_ms;
    }
    return err;
}

qw_err qw_link_finish(struct qw_link_association *a, int64_t now_ms)
{
    qw_err err = QW_OK;

    if (a->record.state == QW_LINK_PROMOTE) {
        err = qw_link_commit_swap(a, now_ms);
    }
    return err == QW_OK ? qw_link_retire(a, QW_LINK_RETIRED, now_ms) : err;
}

/* L11: the sink is made to agree with what was written before the end, whatever that was. */
static qw_err restore(struct qw_link_association *a)
{
    const struct qw_key_sink *sink = &a->config.sink;
    const struct qw_link_key *old = qw_link_old_key(a);
    qw_err err;

    switch (a->record.state) {
    case QW_LINK_PREPARE:
    case QW_LINK_PROBE:
        if (a->config.role == QW_LINK_INITIATOR) {
            return qw_link_give_up(a);
        }
        err = settle_or_block(a);
        return err == QW_OK ? sink->prepare(sink->self, old, &a->record.other) : err;
    case QW_LINK_PROMOTE:
        err = settle_or_block(a);
        if (err == QW_OK) {
            err = sink->prepare(sink->self, old, &a->record.other);
        }
        return err == QW_OK && a->config.role == QW_LINK_RESPONDER ? qw_link_switch_senders(a)
                                                                   : err;
    case QW_LINK_RETIRE:
        return sink->promote(sink->self, &a->record.key,
                             a->record.has_other ? &a->record.other : NULL);
    default:
        return settle_or_block(a);
    }
}

static qw_err read_record(struct qw_link_association *a)
{
    const struct qw_link_config *c = &a->config;
    qw_err err = qw_link_record_load(c->record_path, c->name, c->vault_key, &a->record);

    if (err == QW_ERR_NOT_FOUND) { /* a new link */
        a->draft = (struct qw_link_record){ .state = QW_LINK_DEGRADED };
        err = qw_link_commit_as_it_is(a);
    }
    if (err != QW_OK) {
        qw_link_alarm(a, "its state cannot be read: %s: %s", qw_err_text(err), c->record_path);
    }
    return err;
}

/* What was there before the start goes on. Said again until it is QW_OK; is_open tells. */
static qw_err open_record(struct qw_link_association *a, int64_t now_ms)
{
    const struct qw_link_config *c = &a->config;
    int64_t age_ms;
    qw_err err = read_record(a);

    if (err != QW_OK) {
        return err;
    }
    age_ms = now_ms + a->utc_offset_ms - a->record.since_utc_ms;
    age_ms = age_ms > 0 ? age_ms : 0; /* a clock set back makes no key older */
    a->since_ms = now_ms - age_ms;
    a->is_blocked = !a->record.has_key ||
                    (age_ms >= c->hard_ms && !c->fails_open && a->record.state != QW_LINK_RETIRE);
    err = restore(a);
    if (err != QW_OK) {
        qw_link_alarm(a, "%s does not take the key: %s", c->sink.kind,
                      qw_link_sink_trouble(a, err));
    }
    if (a->record.state == QW_LINK_PROMOTE && a->config.role == QW_LINK_RESPONDER) {
        a->since_ms =
            now_ms; /* of the new key, which senders use; its own beginning comes with L8 */
    }
    a->is_open = err == QW_OK;
    return err;
}

qw_err qw_link_association_new(const struct qw_link_config *config, int64_t now_ms,
                               struct qw_link_association **association)
{
    struct qw_link_association *a = NULL;
    qw_err err = QW_ERR_ARG;

    if (config->rekey_ms >= 1 && config->hard_ms > config->rekey_ms && config->jitter >= 0 &&
        config->jitter <= 0.9 && config->heartbeat_ms >= 1 && config->drain_ms >= 0 &&
        config->retry_ms >= 1) {
        a = qw_secret_new(sizeof *a);
        err = a == NULL ? QW_ERR_NOMEM : QW_OK;
    }
    if (err != QW_OK) {
        config->sink.close(config->sink.self);
        return err;
    }
    a->config = *config;
    a->utc_offset_ms = config->utc_ms - now_ms;
    a->rotate_at_ms = INT64_MAX;
    a->retry_at_ms = a->sync_at_ms = a->drain_until_ms = now_ms;
    a->proved_ms = a->heard_ms = a->rotation_ms = -1;
    qw_backoff_init(&a->backoff, config->retry_ms);
    qw_backoff_init(&a->unrest, config->retry_ms);
    if (open_record(a, now_ms) == QW_ERR_NOMEM) {
        qw_link_association_free(a);
        return QW_ERR_NOMEM;
    }
    *association = a;
    return QW_OK;
}

void qw_link_association_free(struct qw_link_association *a)
{
    if (a != NULL) {
        a->config.sink.close(a->config.sink.self);
        qw_secret_free(a);
    }
}

void qw_link_association_rotate(struct qw_link_association *a)
{
    a->is_asked = true;
    a->retry_at_ms = 0;
    a->sync_at_ms = 0;
}

int64_t qw_link_association_step(struct qw_link_association *a, int64_t now_ms)
{
    int64_t next_ms = qw_link_next_beat(a, now_ms);

    if (!a->is_open && open_record(a, now_ms) != QW_OK) {
        return now_ms + a->config.retry_ms;
    }
    qw_link_watch_lifetime(a, now_ms);
    qw_link_watch_sink(a, now_ms);
    if (a->config.role == QW_LINK_INITIATOR) {
        next_ms = qw_link_initiator_step(a, now_ms);
    } else if (a->heard_ms < 0 ||
               now_ms - a->heard_ms > 3 * a->config.heartbeat_ms + a->config.drain_ms) {
        a->is_in_touch = false;
        if (a->undone == NULL) { /* what is wrong here comes first */
            qw_link_alarm(a, "the peer's agent is silent");
        }
    }
    if (a->config.sink.keep != NULL && a->look_at_ms < next_ms) {
        next_ms = a->look_at_ms;
    }
    if (a->record.has_key && !a->is_overdue && a->since_ms + a->config.hard_ms < next_ms) {
        next_ms = a->since_ms + a->config.hard_ms;
    }
    return next_ms;
}

void qw_link_association_watch(struct qw_link_association *a, int64_t now_ms)
{
    if (a->is_open) {
        qw_link_watch_lifetime(a, now_ms);
    }
}

static int64_t left_ms(const struct qw_link_association *a, int64_t now_ms)
{
    return a->is_open && a->record.has_key && !a->is_overdue
               ? a->since_ms + a->config.hard_ms - now_ms
               : INT64_MAX;
}

void qw_link_association_status(const struct qw_link_association *a, int64_t now_ms,
                                struct qw_link_status *status)
{
    const struct qw_link_key *key = a->is_open ? qw_link_senders_key(a) : NULL;

    *status = (struct qw_link_status){ .state = a->is_open ? a->record.state : QW_LINK_DEGRADED,
                                       .role = a->config.role,
                                       .has_key = key != NULL,
                                       .age_ms = key == NULL ? 0 : now_ms - a->since_ms,
                                       .left_ms = left_ms(a, now_ms),
                                       .bytes = a->is_open ? qw_link_sink_bytes(a) : UINT64_MAX,
                                       .proof_ms = a->proved_ms < 0 ? -1 : now_ms - a->proved_ms,
                                       .turn = a->record.turn,
                                       .rotations = a->rotations,
                                       .alarms = a->alarms,
                                       .rotation_ms = a->rotation_ms,
                                       .is_in_touch = a->is_in_touch,
                                       .is_blocked = a->is_blocked && key == NULL };
    if (key != NULL) {
        memcpy(status->key_id, key->id, sizeof status->key_id);
    }
    memcpy(status->alarm, a->alarm, sizeof status->alarm);
}
