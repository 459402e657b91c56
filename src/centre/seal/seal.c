/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/seal/seal.h"

#include "base/clock.h"
#include "base/rate_limit.h"
#include "base/secret.h"
#include "centre/books.h"
#include "centre/group.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"
#include "centre/seal/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CALLERS = 64 };
static const double wrong_per_s = 0.5; /* and five at once [docs/protocol/ceremony.md C2] */

struct qw_seal { /* in secret memory */
    struct qw_seal_config config;
    pthread_mutex_t mutex;
    struct qw_rate_limit *wrong; /* entries by caller */
    struct qw_share_set set;
    int64_t last_ms;           /* of the last good share, monotonic */
    struct qw_custody custody; /* when is_open */
    bool is_open;
};

qw_err qw_seal_new(const struct qw_seal_config *config, struct qw_seal **seal)
{
    struct qw_seal *s = qw_secret_new(sizeof *s);
    qw_err err;

    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    s->config = *config;
    err = qw_share_set_read(&s->set, config->store);
    if (err == QW_OK) {
        err = qw_rate_limit_new(CALLERS, &s->wrong);
    }
    if (err == QW_OK && pthread_mutex_init(&s->mutex, NULL) != 0) {
        err = QW_ERR_NOMEM;
    }
    if (err != QW_OK) {
        qw_rate_limit_free(s->wrong);
        qw_secret_free(s);
        return err;
    }
    *seal = s;
    return QW_OK;
}

void qw_seal_free(struct qw_seal *seal)
{
    if (seal == NULL) {
        return;
    }
    qw_custody_close(&seal->custody);
    qw_rate_limit_free(seal->wrong);
    pthread_mutex_destroy(&seal->mutex);
    qw_secret_free(seal);
}

void qw_seal_look(struct qw_seal *seal, struct qw_seal_state *state)
{
    pthread_mutex_lock(&seal->mutex);
    *state = (struct qw_seal_state){ .threshold = seal->set.ceremony.threshold,
                                     .officers = seal->set.ceremony.officers,
                                     .entered = seal->set.entered };
    memcpy(state->ceremony, seal->set.ceremony.id, sizeof state->ceremony);
    pthread_mutex_unlock(&seal->mutex);
}

/* A record, and a line of the log when it is a refusal. caller NULL: the centre itself. */
static qw_err note(struct qw_seal *seal, const struct qw_caller *caller, const char *verb,
                   qw_err result, const char *detail)
{
    struct qw_audit_event event = { .actor = "centre", .result = result };
    qw_err err;

    if (caller != NULL) {
        (void)snprintf(event.actor, sizeof event.actor, "operator:%.64s", caller->id);
        memcpy(event.certificate_hash, caller->certificate_hash, sizeof event.certificate_hash);
    }
    (void)snprintf(event.verb, sizeof event.verb, "%s", verb);
    (void)snprintf(event.object, sizeof event.object, "%s", seal->config.centre_id);
    (void)snprintf(event.detail, sizeof event.detail, "%s", detail);
    err = qw_seal_journal(seal->config.store, seal->config.centre_id, &event);
    if (err != QW_OK) {
        qw_log_write(seal->config.log, QW_LOG_ERROR, "%s by %s: not written: %s", verb, event.actor,
                     qw_err_text(err));
        return err == QW_ERR_NOMEM ? err : QW_ERR_IO;
    }
    qw_log_write(seal->config.log, result == QW_OK ? QW_LOG_INFO : QW_LOG_WARNING, "%s by %s: %s",
                 verb, event.actor, detail);
    return QW_OK;
}

static enum qw_seal_verdict judge(struct qw_seal *seal, const uint8_t *bytes, size_t len,
                                  qw_err *err)
{
    enum qw_seal_verdict verdict = QW_SEAL_MALFORMED;

    *err = qw_share_set_judge(&seal->set, bytes, len, &verdict);
    return *err == QW_OK && verdict == QW_SEAL_TAKEN && seal->is_open ? QW_SEAL_COMPLETE : verdict;
}

/* C4: with the last share. QW_ERR_AUTH: the key is not this store's. */
static qw_err combine(struct qw_seal *seal)
{
    uint8_t *kek = qw_secret_new(QW_KEK_LEN);
    qw_err err = kek == NULL ? QW_ERR_NOMEM : qw_share_set_open(&seal->set, &seal->custody, kek);

    seal->is_open = err == QW_OK;
    qw_secret_free(kek);
    return err;
}

static qw_err refuse(struct qw_seal *seal, const struct qw_caller *caller,
                     enum qw_seal_verdict verdict)
{
    char detail[QW_AUDIT_TEXT_CAP];

    qw_rate_limit_spend(seal->wrong, caller->id, wrong_per_s, 1, qw_clock_monotonic_ms());
    (void)snprintf(detail, sizeof detail, "%s", qw_seal_verdict_texts[verdict]);
    return note(seal, caller, "seal-share", QW_ERR_REFUSED, detail);
}

static qw_err take(struct qw_seal *seal, const struct qw_caller *caller,
                   enum qw_seal_verdict *verdict)
{
    char detail[QW_AUDIT_TEXT_CAP];
    qw_err err;

    (void)snprintf(detail, sizeof detail, "share %u, %u of %u", seal->set.incoming.index,
                   seal->set.entered + 1u, seal->set.ceremony.threshold);
    err = note(seal, caller, "seal-share", QW_OK, detail);
    if (err != QW_OK) {
        return err;
    }
    seal->last_ms = qw_clock_monotonic_ms();
    if (!qw_share_set_add(&seal->set)) {
        return QW_OK;
    }
    err = combine(seal);
    if (err == QW_OK) {
        *verdict = QW_SEAL_OPENED;
    } else if (err == QW_ERR_AUTH) {
        *verdict = QW_SEAL_NO_KEY;
        err = refuse(seal, caller, QW_SEAL_NO_KEY);
    }
    if (!seal->is_open) {
        qw_share_set_forget(&seal->set);
    }
    return err;
}

qw_err qw_seal_enter(struct qw_seal *seal, const struct qw_caller *caller, const uint8_t *bytes,
                     size_t len, enum qw_seal_verdict *verdict)
{
    enum qw_seal_verdict found;
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_OPERATOR)) {
        return QW_ERR_REFUSED;
    }
    pthread_mutex_lock(&seal->mutex);
    if (!qw_rate_limit_has(seal->wrong, caller->id, wrong_per_s, qw_clock_monotonic_ms())) {
        pthread_mutex_unlock(&seal->mutex);
        return QW_ERR_LIMIT;
    }
    found = judge(seal, bytes, len, &err);
    if (err == QW_OK) {
        err = found == QW_SEAL_TAKEN ? take(seal, caller, &found) : refuse(seal, caller, found);
    }
    qw_wipe(&seal->set.incoming, sizeof seal->set.incoming);
    if (seal->is_open) { /* how many they were stays */
        qw_wipe(seal->set.share, sizeof seal->set.share);
    }
    pthread_mutex_unlock(&seal->mutex);
    if (err == QW_OK) {
        *verdict = found;
    }
    return err;
}

/* Under the mutex. */
static qw_err forget(struct qw_seal *seal, const struct qw_caller *caller, const char *why)
{
    char detail[QW_AUDIT_TEXT_CAP];
    unsigned count = seal->set.entered;

    if (count == 0 || seal->is_open) {
        return QW_OK;
    }
    qw_share_set_forget(&seal->set);
    (void)snprintf(detail, sizeof detail, "%u entered shares forgotten: %s", count, why);
    return note(seal, caller, "seal-forget", QW_OK, detail);
}

qw_err qw_seal_forget(struct qw_seal *seal, const struct qw_caller *caller)
{
    qw_err err;

    if (!qw_caller_is(caller, QW_ROLE_OPERATOR)) {
        return QW_ERR_REFUSED;
    }
    pthread_mutex_lock(&seal->mutex);
    err = forget(seal, caller, "an operator said so");
    pthread_mutex_unlock(&seal->mutex);
    return err;
}

void qw_seal_tick(struct qw_seal *seal)
{
    pthread_mutex_lock(&seal->mutex);
    if (seal->set.entered > 0 &&
        qw_clock_monotonic_ms() - seal->last_ms >= (int64_t)seal->config.timeout_s * 1000) {
        (void)forget(seal, NULL, "no further one came in time"); /* the log says if unwritten */
    }
    pthread_mutex_unlock(&seal->mutex);
}

qw_err qw_seal_custody(struct qw_seal *seal, struct qw_custody *custody)
{
    qw_err err = QW_ERR_STATE;

    pthread_mutex_lock(&seal->mutex);
    if (seal->is_open && seal->custody.self != NULL) {
        *custody = seal->custody;
        memset(&seal->custody, 0, sizeof seal->custody);
        err = QW_OK;
    }
    pthread_mutex_unlock(&seal->mutex);
    return err;
}

qw_err qw_centre_note_seal(struct qw_centre *centre, const struct qw_caller *caller)
{
    struct qw_deed deed = { .caller = caller, .verb = "seal", .object = centre->config.centre_id };
    struct qw_group group;
    qw_err err;

    qw_centre_enter(centre);
    err = qw_right_check(centre, &deed, QW_RIGHT_SEAL, QW_UNIT_ROOT);
    if (err == QW_OK) {
        qw_group_begin(centre, &group);
        err = qw_group_commit(centre, &group, &deed, "sealed again");
    }
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_note_late_share(struct qw_centre *centre, const struct qw_caller *caller)
{
    struct qw_deed deed = { .caller = caller,
                            .verb = "seal-share",
                            .object = centre->config.centre_id };
    qw_err err;

    qw_centre_enter(centre);
    err = qw_centre_refuse(centre, &deed, QW_ERR_STATE, "the centre is open");
    qw_centre_leave(centre);
    return err;
}
