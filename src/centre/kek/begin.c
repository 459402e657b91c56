/* SPDX-License-Identifier: Apache-2.0 */
/* R2, R3 and K2: the custody wraps another KEK, and from one group on everything is sealed by it.
 * The custody is asked before the centre is entered: it may take seconds. */
#include "centre/kek/kek.h"

#include "base/clock.h"
#include "base/secret.h"
#include "centre/kek/kek_life.h"
#include "centre/kek/rewrap.h"
#include "centre/share/share_desk_inside.h"
#include "centre/unseal.h"
#include "crypto/random.h"
#include "crypto/share/custody_quorum.h"

#include <stdio.h>
#include <string.h>

struct turn { /* secret memory */
    uint8_t now[QW_KEK_LEN], next[QW_KEK_LEN], check[QW_KEK_LEN];
    uint8_t wrapped[QW_WRAPPED_KEK_CAP], wrapped_next[QW_WRAPPED_KEK_CAP];
    size_t len, len_next;
    uint64_t version; /* of the record of wrapped */
    char why[QW_KEK_WHY_CAP];
};

static qw_err read_now(struct qw_centre *centre, struct turn *turn)
{
    const struct qw_store *store = centre->config.store;
    struct qw_store_record record = { 0 };
    qw_err err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &record);

    if (err == QW_OK && record.len > sizeof turn->wrapped) {
        err = QW_ERR_IO;
    }
    if (err == QW_OK) {
        memcpy(turn->wrapped, record.blob, record.len);
        turn->len = record.len;
        turn->version = record.version;
        memcpy(turn->now, centre->kek, sizeof turn->now);
    }
    qw_store_record_free(&record);
    return err;
}

static qw_err wrap_next(const struct qw_custody *custody, struct turn *turn)
{
    uint8_t *out = turn->wrapped_next;
    size_t cap = sizeof turn->wrapped_next;

    return custody->rewrap != NULL
               ? custody->rewrap(custody->self, turn->wrapped, turn->len, turn->next, out, cap,
                                 &turn->len_next)
               : custody->wrap(custody->self, turn->next, out, cap, &turn->len_next);
}

/* R2. A custody that is not the one the key was moved to would take it back unnoticed, and one
 * whose wrapped form does not open would lock everybody out: both are tried first. */
static qw_err ask_custody(const struct qw_custody *custody, struct turn *turn)
{
    qw_err err = custody->unwrap(custody->self, turn->wrapped, turn->len, turn->check);

    if (err == QW_OK && !qw_equal_ct(turn->check, turn->now, sizeof turn->now)) {
        err = QW_ERR_STATE;
    }
    if (err == QW_OK) {
        err = qw_random_bytes(turn->next, sizeof turn->next);
    }
    if (err == QW_OK) {
        err = wrap_next(custody, turn);
    }
    if (err == QW_OK) {
        err = custody->unwrap(custody->self, turn->wrapped_next, turn->len_next, turn->check);
    }
    if (err == QW_OK && !qw_equal_ct(turn->check, turn->next, sizeof turn->next)) {
        err = QW_ERR_STATE;
    }
    return err;
}

static qw_err prepare(const struct qw_custody *custody, struct turn *turn)
{
    qw_err err = ask_custody(custody, turn);

    if (err != QW_OK) {
        const char *why = qw_custody_why(custody);

        (void)snprintf(turn->why, sizeof turn->why, "%s",
                       why[0] != '\0'       ? why
                       : err == QW_ERR_AUTH ? "the custody does not open the key of now: was it "
                                              "moved since the start?"
                                            : qw_err_text(err));
    }
    return err;
}

static qw_err count_records(struct qw_centre *centre, uint64_t *total)
{
    const struct qw_store *store = centre->config.store;
    uint64_t sum = 0;

    for (int kind = 0; kind < QW_STORE_KIND_COUNT; kind++) {
        uint64_t count = 0;
        qw_err err =
            qw_rewrap_concerns_kind((enum qw_store_kind)kind)
                ? store->count(store->self, (enum qw_store_kind)kind, QW_STORE_ANY_TAG, &count)
                : QW_OK;

        if (err != QW_OK) {
            return err;
        }
        sum += count;
    }
    *total = sum;
    return QW_OK;
}

/* The order is gone, with the reason; under the mutex. */
static qw_err give_up(struct qw_centre *centre, qw_err cause, const char *why)
{
    struct qw_deed deed = { .verb = "kek-begin", .object = centre->config.centre_id };
    struct qw_kek_life life = centre->kek_life;
    struct qw_group group;
    qw_err err;

    life.phase = QW_KEK_IDLE;
    (void)snprintf(life.why, sizeof life.why, "%s", why);
    qw_group_begin(centre, &group);
    qw_kek_life_put(centre, &group, &life);
    err = qw_group_commit_refusal(centre, &group, &deed, cause, life.why);
    if (err == cause) {
        life.version++;
        centre->kek_life = life;
    }
    return err;
}

/* R3. Under the mutex. */
static qw_err turn_over(struct qw_centre *centre, const struct turn *turn)
{
    struct qw_deed deed = { .verb = "kek-begin", .object = centre->config.centre_id };
    struct qw_kek_life life = { .version = centre->kek_life.version,
                                .generation = centre->kek_life.generation + 1,
                                .made_ms = qw_clock_utc_ms(),
                                .phase = QW_KEK_TURNING };
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err = count_records(centre, &life.total);

    if (err != QW_OK) {
        return err;
    }
    (void)snprintf(detail, sizeof detail, "generation %llu, %llu records",
                   (unsigned long long)life.generation, (unsigned long long)life.total);
    qw_group_begin(centre, &group);
    qw_group_replace_plain(&group, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, turn->version,
                           turn->wrapped_next, turn->len_next);
    if (centre->config.store->take_turn != NULL) {
        qw_kek_next_put(centre, &group, turn->next); /* sealed by the one before */
    }
    memcpy(centre->kek_before, turn->now, sizeof centre->kek_before);
    memcpy(centre->kek, turn->next, sizeof centre->kek); /* from here on the new one seals */
    qw_kek_life_put(centre, &group, &life);
    group.moves_books = true;
    err = qw_group_commit(centre, &group, &deed, detail);
    if (err == QW_OK) {
        life.version++;
        centre->kek_life = life;
    } else { /* not written; if it is after all, another look at the store says so */
        memcpy(centre->kek, turn->now, sizeof centre->kek);
        qw_wipe(centre->kek_before, sizeof centre->kek_before);
    }
    return err;
}

/* What stands between a custody's answer and the group: another process, a move of the custody. */
static qw_err conclude(struct qw_centre *centre, struct turn *turn, qw_err asked)
{
    struct turn *again;
    bool is_same = false;
    qw_err err;

    if (centre->kek_life.phase != QW_KEK_ORDERED) {
        return QW_OK; /* somebody else has begun it */
    }
    if (asked != QW_OK) {
        return give_up(centre, asked, turn->why);
    }
    again = qw_secret_new(sizeof *again);
    err = again == NULL ? QW_ERR_NOMEM : read_now(centre, again);
    if (err == QW_OK) {
        is_same =
            again->version == turn->version && qw_equal_ct(again->now, turn->now, sizeof turn->now);
    }
    qw_secret_free(again);
    if (err != QW_OK) {
        return err;
    }
    return is_same ? turn_over(centre, turn)
                   : give_up(centre, QW_ERR_CONFLICT, "the custody was moved meanwhile");
}

/* Who has to be asked: the port, unless a quorum keeps the master key; then what officers entered
 * their shares for, or *is_waiting for them. */
static qw_err find_custody(struct qw_centre *centre, struct turn *turn, struct qw_custody *custody,
                           bool *is_waiting)
{
    struct qw_ceremony ceremony;
    qw_err err;

    qw_centre_enter(centre);
    err = read_now(centre, turn);
    if (err == QW_OK && qw_custody_quorum_ceremony(turn->wrapped, turn->len, &ceremony) == QW_OK) {
        *is_waiting = !qw_share_desk_lend(centre->shares, custody);
    }
    qw_centre_leave(centre);
    return err;
}

/* *is_waiting: for officers' shares. */
static qw_err begin(struct qw_centre *centre, const struct qw_custody_port *port, bool *is_waiting)
{
    struct turn *turn = qw_secret_new(sizeof *turn);
    struct qw_custody custody = { 0 };
    qw_err err = turn == NULL ? QW_ERR_NOMEM : find_custody(centre, turn, &custody, is_waiting);

    if (err == QW_OK && !*is_waiting) {
        if (custody.self == NULL) {
            err = port->open(port->self, &custody, turn->why);
        }
        if (err == QW_OK) {
            err = prepare(&custody, turn);
        }
        qw_custody_close(&custody);
        qw_centre_enter(centre);
        err = conclude(centre, turn, err);
        qw_centre_leave(centre);
    }
    qw_secret_free(turn);
    return err;
}

qw_err qw_centre_kek_work(struct qw_centre *centre, const struct qw_custody_port *port,
                          bool *is_more)
{
    enum qw_kek_phase phase;
    bool is_waiting = false;
    qw_err err = QW_OK;

    *is_more = false;
    qw_centre_enter(centre);
    phase = centre->turn_err == QW_OK ? centre->kek_life.phase : QW_KEK_IDLE;
    if (phase == QW_KEK_TURNING) {
        err = qw_rewrap_step(centre, is_more);
    }
    qw_centre_leave(centre);
    if (phase == QW_KEK_ORDERED) {
        err = begin(centre, port, &is_waiting);
        *is_more = err == QW_OK && !is_waiting;
    }
    return err;
}
