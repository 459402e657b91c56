/* SPDX-License-Identifier: Apache-2.0 */
/* Who sets an officer's password: W1 to W4 of docs/protocol/console-login.md [C10]. */
#include "api/utf8.h"
#include "base/clock.h"
#include "base/secret.h"
#include "centre/approval/approval.h"
#include "centre/login/login_record.h"
#include "centre/people/officer_record.h"
#include "crypto/random.h"

#include <string.h>

enum { LETTERS = 32, GROUP = 5 };

/* Each letter five bits, without those that look like others. */
static qw_err make_initial(char password[static QW_LOGIN_INITIAL_CAP])
{
    static const char letters[LETTERS + 1] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t random[QW_LOGIN_INITIAL_CAP];
    qw_err err = qw_random_bytes(random, sizeof random);

    for (size_t i = 0; i < QW_LOGIN_INITIAL_CAP - 1; i++) {
        password[i] = i % (GROUP + 1) == GROUP ? '-' : letters[random[i] % LETTERS];
    }
    password[QW_LOGIN_INITIAL_CAP - 1] = '\0';
    qw_wipe(random, sizeof random);
    return err;
}

static bool password_ok(const char *password)
{
    size_t len = strlen(password);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)password[i] < ' ' || password[i] == 0x7f) {
            return false;
        }
    }
    return len >= QW_LOGIN_PASSWORD_MIN && len <= QW_LOGIN_PASSWORD_MAX &&
           qw_utf8_is_valid(password, len);
}

/* Whose it is to be, and where he keeps his card. */
static qw_err check_initial(struct qw_centre *centre, const struct qw_deed *deed, const char *card)
{
    struct qw_officer_record self, person;
    qw_err err = qw_right_find(centre, deed, QW_RIGHT_OFFICER_PASSWORD, &self);

    if (err != QW_OK) {
        return err;
    }
    err = qw_officer_load(centre, deed->object, &person);
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, err, "no such officer");
    }
    if (err != QW_OK) {
        return err;
    }
    if (!qw_unit_contains(self.officer.unit, person.officer.unit)) {
        return qw_centre_refuse(centre, deed, QW_ERR_NOT_FOUND, "outside his part of the tree");
    }
    if (strcmp(self.officer.id, person.officer.id) == 0) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "himself");
    }
    if (centre->config.dual_control == QW_DUAL_CONTROL_ALL) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE,
                                "dual control: everybody sets his own, by his certificate");
    }
    if (person.officer.state == QW_OFFICER_GONE) {
        return qw_centre_refuse(centre, deed, QW_ERR_STATE, "officer is gone");
    }
    err = qw_login_card(centre, person.officer.id, card);
    return err == QW_ERR_STATE
               ? qw_centre_refuse(centre, deed, err, "the card is not in service, or not his")
               : err;
}

/* In place of whatever was there when it was checked. */
static qw_err store(struct qw_centre *centre, const struct qw_deed *deed,
                    struct qw_login_record *record, const char *detail)
{
    struct qw_login_record before;
    struct qw_group group;
    qw_err err = qw_login_load(centre, record->officer, &before);

    record->version = err == QW_OK ? before.version : 0;
    qw_wipe(&before, sizeof before);
    if (err != QW_OK && err != QW_ERR_NOT_FOUND) {
        return err;
    }
    qw_group_begin(centre, &group);
    qw_login_put(centre, &group, record);
    return qw_group_commit(centre, &group, deed, detail);
}

qw_err qw_centre_login_initial(struct qw_centre *centre, const struct qw_caller *caller,
                               const char *officer, const char *card,
                               char password[static QW_LOGIN_INITIAL_CAP], int64_t *until_ms)
{
    struct qw_deed deed = { .caller = caller, .verb = "officer-password", .object = officer };
    struct qw_login_record record = { .until_ms = qw_clock_utc_ms() + QW_LOGIN_INITIAL_MS };
    char made[QW_LOGIN_INITIAL_CAP];
    qw_err err;

    qw_centre_enter(centre);
    err = check_initial(centre, &deed, card);
    qw_centre_leave(centre);
    if (err != QW_OK) {
        return err;
    }
    memcpy(record.officer, officer, strlen(officer)); /* they were looked up: they fit */
    memcpy(record.card, card, strlen(card));
    err = make_initial(made);
    if (err == QW_OK) {
        err = qw_login_set(centre, &record, made);
    }
    if (err == QW_OK) {
        qw_centre_enter(centre);
        err = check_initial(centre, &deed, card); /* while it was hashed things may have changed */
        if (err == QW_OK) {
            err = store(centre, &deed, &record, "initial");
        }
        qw_centre_leave(centre);
    }
    if (err == QW_OK) {
        memcpy(password, made, sizeof made);
        *until_ms = record.until_ms;
    }
    qw_wipe(made, sizeof made);
    qw_wipe(&record, sizeof record);
    return err;
}

struct setting { /* one call */
    const struct qw_deed *deed;
    const struct qw_password_change *change;
    bool by_password;
    struct qw_login_record before; /* version 0: none */
    struct qw_login_record record;
    uint8_t current[32]; /* hash of what he says the password is */
    char card[64];
};

/* W2: who he is, and what there is. */
static qw_err begin(struct qw_centre *centre, struct setting *s)
{
    const char *card = s->change->card;
    struct qw_officer_record self;
    qw_err err = qw_right_find(centre, s->deed, QW_RIGHT_PASSWORD_OWN, &self);

    if (err == QW_OK && self.version == 0) {
        err = qw_centre_refuse(centre, s->deed, QW_ERR_STATE, "no officer was added yet");
    }
    if (err == QW_OK) {
        err = qw_login_load(centre, self.officer.id, &s->before);
        if (err == QW_ERR_NOT_FOUND) {
            s->before = (struct qw_login_record){ .version = 0 };
            err = s->by_password ? QW_ERR_REFUSED : QW_OK;
        }
    }
    if (err != QW_OK) {
        return err;
    }
    if (card == NULL) {
        card = s->before.card;
    }
    if (strlen(card) >= sizeof s->card) {
        return QW_ERR_ARG;
    }
    memcpy(s->card, card, strlen(card) + 1);
    err = qw_login_card(centre, self.officer.id, s->card);
    return err == QW_ERR_STATE
               ? qw_centre_refuse(centre, s->deed, err, "the card is not in service, or not his")
               : err;
}

/* W3: somebody sits at a page that is open. */
static qw_err refuse_current(struct qw_centre *centre, struct setting *s,
                             struct qw_auth_party *party, int64_t now_ms)
{
    struct qw_group group;

    qw_group_begin(centre, &group);
    qw_auth_party_count_failure(centre, &group, party, now_ms);
    return qw_group_commit_refusal(centre, &group, s->deed, QW_ERR_REFUSED, "wrong password");
}

static qw_err finish(struct qw_centre *centre, struct setting *s)
{
    int64_t now_ms = qw_clock_utc_ms();
    struct qw_login_record hashed = s->before;
    struct qw_auth_party party;
    qw_err err = begin(centre, s); /* while it was hashed things may have changed */

    if (err == QW_OK && !qw_equal_ct(hashed.stamp, s->before.stamp, sizeof hashed.stamp)) {
        err = qw_centre_refuse(centre, s->deed, QW_ERR_STATE, "another was set meanwhile");
    }
    qw_wipe(&hashed, sizeof hashed);
    if (err == QW_OK && s->by_password) {
        err = qw_login_party(centre, s->before.officer, &party);
        if (err == QW_OK && party.locked_until_ms > now_ms) {
            err = qw_centre_refuse(centre, s->deed, QW_ERR_REFUSED, "locked");
        } else if (err == QW_OK && !qw_equal_ct(s->current, s->before.hash, sizeof s->current)) {
            err = refuse_current(centre, s, &party, now_ms);
        }
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(s->record.card, s->card, sizeof s->record.card);
    return store(centre, s->deed, &s->record,
                 s->by_password ? "his own, by the one before" : "his own, by certificate");
}

static qw_err set_own(struct qw_centre *centre, struct setting *s)
{
    qw_err err;

    qw_centre_enter(centre);
    err = begin(centre, s);
    qw_centre_leave(centre);
    if (err == QW_OK && s->by_password) {
        err = qw_login_hash(centre, &s->before, s->change->current, s->current);
    }
    if (err == QW_OK) {
        err = qw_login_set(centre, &s->record, s->change->password);
    }
    if (err == QW_OK) {
        qw_centre_enter(centre);
        err = finish(centre, s);
        qw_centre_leave(centre);
    }
    return err;
}

qw_err qw_centre_login_password(struct qw_centre *centre, const struct qw_caller *caller,
                                const struct qw_password_change *change, struct qw_login *login)
{
    struct qw_deed deed = { .caller = caller, .verb = "password-own", .object = caller->id };
    struct setting s = { .deed = &deed, .change = change, .by_password = login != NULL };
    qw_err err;

    if (!password_ok(change->password) || strlen(caller->id) >= sizeof s.record.officer ||
        (login != NULL && (change->current == NULL || change->card != NULL ||
                           strcmp(change->current, change->password) == 0))) {
        return QW_ERR_ARG;
    }
    memcpy(s.record.officer, caller->id, strlen(caller->id));
    err = set_own(centre, &s);
    if (err == QW_OK && login != NULL) {
        memcpy(login->stamp, s.record.stamp, sizeof login->stamp);
        login->must_change = false;
    }
    qw_wipe(&s, sizeof s);
    return err;
}
