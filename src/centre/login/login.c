/* SPDX-License-Identifier: Apache-2.0 */
/* L2 to L6 of docs/protocol/console-login.md [C10 C11]. */
#include "centre/login/login.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/device/card_key.h"
#include "centre/device/fusion.h"
#include "centre/device/package_record.h"
#include "centre/login/login_record.h"
#include "centre/people/officer_record.h"

#include <stdio.h>
#include <string.h>

enum {
    CANDIDATES_MAX = 16, /* keys of a card with one locator: 4096 keys have 0.4 on the average */
    INDEX_SPAN = 4096    /* a card holds 2048; what was handed out at once has numbers too */
};

struct attempt { /* one call */
    const char *officer;
    int64_t now_ms;
    struct qw_deed *deed;
    struct qw_login_code code;
    bool has_code;
    uint8_t hash[32];              /* of the password that was typed, by the record's salt */
    struct qw_login_record before; /* when it was hashed; version 0: there was none */
    struct qw_login_record record; /* now */
    struct qw_auth_party party;
    struct qw_card_keys keys; /* a secret */
    struct qw_key_record key; /* that the code is from */
    uint8_t candidate[CANDIDATES_MAX][16];
    size_t candidates;
    bool is_known, is_keyed; /* each factor for itself */
    const char *why;         /* the first thing that is wrong */
    struct qw_centre *centre;
};

/* The keys that the card may have and that the locator fits. */
static qw_err visit_package(void *self, const uint8_t id[static 16])
{
    struct attempt *a = self;
    struct qw_package_record package;
    qw_err err = qw_package_record_load(a->centre, id, &package, NULL);

    if (err != QW_OK || package.state != QW_PACKAGE_CONFIRMED ||
        package.first_index + package.key_count + INDEX_SPAN < a->centre->card.next_index) {
        return err;
    }
    for (uint16_t i = 0; err == QW_OK && i < package.key_count && a->candidates < CANDIDATES_MAX;
         i++) {
        uint8_t *key_id = a->candidate[a->candidates];

        err = qw_package_key_id(a->keys.id, package.id, i, key_id);
        if (err == QW_OK && qw_login_code_locator(key_id) == a->code.locator) {
            a->candidates++;
        }
    }
    return err;
}

/* Whether the code is of that key, for this officer, about now. */
static qw_err compare(struct attempt *a, const uint8_t key[static 32])
{
    int64_t clocks_ms = 1000 * (int64_t)a->centre->config.auth_window_s;
    uint8_t root[QW_CARD_ROOT_LEN], code_key[32];
    uint64_t first, last;
    qw_err err = qw_card_root(a->keys.report, key, root);

    if (err == QW_OK) {
        err = qw_login_code_key(root, code_key);
    }
    qw_wipe(root, sizeof root);

    clocks_ms = clocks_ms < QW_LOGIN_CLOCKS_MS_MAX ? clocks_ms : QW_LOGIN_CLOCKS_MS_MAX;
    first = (uint64_t)((a->now_ms - QW_LOGIN_TYPING_MS - clocks_ms) / QW_LOGIN_STEP_MS);
    last = (uint64_t)((a->now_ms + clocks_ms) / QW_LOGIN_STEP_MS);
    for (uint64_t step = first; err == QW_OK && step <= last; step++) {
        uint32_t number = 0;

        err = qw_login_code_number(code_key, a->officer, step, &number);
        a->is_keyed = a->is_keyed || (err == QW_OK && number == a->code.number);
    }
    qw_wipe(code_key, sizeof code_key);
    return err;
}

/* L4: the card of the record is his and in service, and has an unused key with that code. */
static qw_err check_code(struct attempt *a)
{
    const char *why = "a code of no key of the card";
    uint8_t key[QW_KEY_LEN];
    qw_err err = qw_login_card(a->centre, a->officer, a->record.card);

    if (err == QW_ERR_STATE) {
        a->why = "the card is not in service, or not his";
        return QW_OK;
    }
    if (err == QW_OK) {
        err = qw_fusion_keys(&a->centre->card, &a->keys);
    }
    if (err == QW_OK) {
        err = qw_package_record_walk(a->centre, a->centre->card.number, visit_package, a);
    }
    for (size_t i = 0; err == QW_OK && i < a->candidates && !a->is_keyed; i++) {
        err = qw_card_key_load(a->centre, a->record.card, a->candidate[i], &a->key, key, &why);
        if (err == QW_OK) {
            err = compare(a, key);
            why = "a wrong code, or one of another time";
        } else if (err == QW_ERR_REFUSED) {
            err = QW_OK;
        }
    }
    qw_wipe(key, sizeof key);
    if (!a->is_keyed && a->why == NULL) {
        a->why = why;
    }
    return err;
}

/* L3 */
static void check_password(struct attempt *a)
{
    bool is_same = a->before.version != 0 &&
                   qw_equal_ct(a->before.stamp, a->record.stamp, sizeof a->record.stamp);

    if (!is_same) {
        a->why = "another password was set meanwhile";
    } else if (a->record.until_ms != 0 && a->now_ms >= a->record.until_ms) {
        a->why = "the initial password has run out";
    } else if (!qw_equal_ct(a->hash, a->record.hash, sizeof a->hash)) {
        a->why = "wrong password";
    } else {
        a->is_known = true;
    }
}

static qw_err refuse(struct attempt *a, const char *cause)
{
    atomic_fetch_add(&a->centre->auth_refused, 1);
    return qw_centre_refuse(a->centre, a->deed, QW_ERR_REFUSED, cause);
}

/* L6: somebody has half of it. */
static qw_err refuse_half(struct attempt *a)
{
    struct qw_group group;

    atomic_fetch_add(&a->centre->auth_refused, 1);
    qw_group_begin(a->centre, &group);
    qw_auth_party_count_failure(a->centre, &group, &a->party, a->now_ms);
    if (a->is_keyed) {
        qw_card_key_use_up(a->centre, &group, &a->key);
    }
    return qw_group_commit_refusal(a->centre, &group, a->deed, QW_ERR_REFUSED, a->why);
}

/* What stands in the journal where others have their certificate: two officers with one card are
 * one. */
static qw_err name_credential(const struct attempt *a, struct qw_login *login)
{
    static const char label[] = "qwave console login";
    const uint8_t *serial = a->centre->card.device.serial;
    struct qw_bytes parts[] = { { label, sizeof label }, { serial, 16 } };

    return qw_hash_of(QW_HASH_SHA256, parts, 2, login->credential);
}

/* L5: the end of the key is durable before anybody is in. */
static qw_err accept(struct attempt *a, struct qw_login *out)
{
    struct qw_login login = { .must_change = a->record.until_ms != 0 };
    char id[2 * sizeof a->key.id + 1];
    char detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err = name_credential(a, &login);

    if (err != QW_OK) {
        return err;
    }
    memcpy(login.officer, a->record.officer, sizeof login.officer);
    memcpy(login.stamp, a->record.stamp, sizeof login.stamp);
    qw_hex_encode(a->key.id, sizeof a->key.id, id);
    (void)snprintf(detail, sizeof detail, "key %s, card of %.63s%s", id, a->record.card,
                   login.must_change ? ", initial password" : "");
    qw_group_begin(a->centre, &group);
    qw_card_key_use_up(a->centre, &group, &a->key);
    if (a->party.failures > 0) {
        a->party.failures = 0;
        a->party.locked_until_ms = 0;
        qw_auth_party_put(a->centre, &group, &a->party);
    }
    err = qw_group_commit(a->centre, &group, a->deed, detail);
    if (err == QW_OK) {
        atomic_fetch_add(&a->centre->auth_succeeded, 1);
        *out = login;
    }
    return err;
}

static qw_err decide(struct attempt *a, struct qw_login *login)
{
    struct qw_officer_record person;
    qw_err err = qw_officer_load(a->centre, a->officer, &person);

    if (err == QW_OK) {
        err = qw_login_load(a->centre, a->officer, &a->record);
    }
    if (err == QW_ERR_NOT_FOUND) {
        return refuse(a, "no officer with a password");
    }
    if (err == QW_OK) {
        err = qw_login_party(a->centre, a->officer, &a->party);
    }
    if (err != QW_OK) {
        return err;
    }
    if (person.officer.state != QW_OFFICER_ACTIVE) {
        return refuse(a, qw_officer_state_names[person.officer.state]);
    }
    if (a->party.locked_until_ms > a->now_ms) {
        return refuse(a, "locked");
    }
    check_password(a);
    if (a->has_code) {
        err = check_code(a);
    } else if (a->why == NULL) {
        a->why = "no code";
    }
    if (err != QW_OK) {
        return err;
    }
    return a->is_known && a->is_keyed   ? accept(a, login)
           : a->is_known || a->is_keyed ? refuse_half(a)
                                        : refuse(a, a->why);
}

/* L2: as much work for who is nobody. */
static qw_err hash_password(struct qw_centre *centre, struct attempt *a, const char *password)
{
    qw_err err;

    qw_centre_enter(centre);
    err = qw_login_load(centre, a->officer, &a->before);
    qw_centre_leave(centre);
    if (err == QW_ERR_NOT_FOUND) {
        a->before = (struct qw_login_record){ .cost = centre->config.login_cost.log2_n != 0
                                                          ? centre->config.login_cost
                                                          : qw_password_cost_standard };
        err = QW_OK;
    }
    return err == QW_OK ? qw_login_hash(centre, &a->before, password, a->hash) : err;
}

qw_err qw_centre_login(struct qw_centre *centre, const struct qw_login_wish *wish,
                       struct qw_login *login)
{
    struct qw_deed deed = { .verb = "console-login", .object = "" };
    struct attempt a = { .centre = centre, .officer = wish->officer, .deed = &deed };
    qw_err err;

    if (qw_officer_id_ok(wish->officer)) {
        deed.object = wish->officer;
    }
    a.has_code = qw_login_code_parse(wish->code, &a.code) == QW_OK;
    err = hash_password(centre, &a, wish->password);
    if (err == QW_OK) {
        a.now_ms = qw_clock_utc_ms();
        qw_centre_enter(centre);
        err = decide(&a, login);
        qw_centre_leave(centre);
    }
    qw_wipe(&a, sizeof a);
    return err;
}

static qw_err stands(struct qw_centre *centre, const struct qw_login *login)
{
    struct qw_officer_record person;
    struct qw_login_record record;
    bool is_same = false;
    qw_err err = qw_officer_load(centre, login->officer, &person);

    if (err == QW_OK && person.officer.state != QW_OFFICER_ACTIVE) {
        return QW_ERR_REFUSED;
    }
    if (err == QW_OK) {
        err = qw_login_load(centre, login->officer, &record);
    }
    if (err == QW_OK) {
        is_same = qw_equal_ct(record.stamp, login->stamp, sizeof record.stamp);
        err = qw_login_card(centre, login->officer, record.card);
        qw_wipe(&record, sizeof record);
    }
    if (err == QW_ERR_NOT_FOUND || err == QW_ERR_STATE || (err == QW_OK && !is_same)) {
        return QW_ERR_REFUSED;
    }
    return err;
}

qw_err qw_centre_login_stands(struct qw_centre *centre, const struct qw_login *login)
{
    qw_err err;

    qw_centre_enter(centre);
    err = stands(centre, login);
    qw_centre_leave(centre);
    return err;
}

qw_err qw_centre_logout(struct qw_centre *centre, const struct qw_login *login, const char *why)
{
    struct qw_caller caller = { .role = QW_ROLE_OPERATOR };
    struct qw_deed deed = { .caller = &caller, .verb = "console-logout", .object = login->officer };
    struct qw_group group;
    qw_err err;

    memcpy(caller.id, login->officer, sizeof login->officer);
    memcpy(caller.certificate_hash, login->credential, sizeof caller.certificate_hash);
    qw_centre_enter(centre);
    qw_group_begin(centre, &group);
    err = qw_group_commit(centre, &group, &deed, why);
    qw_centre_leave(centre);
    return err;
}
