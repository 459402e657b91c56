/* SPDX-License-Identifier: Apache-2.0 */
/* C1 to C6 of docs/protocol/authentication.md [C11]. */
#include "centre/authentication/inside.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "centre/authentication/party.h"
#include "centre/certificate/register.h"
#include "centre/certificate/subject.h"
#include "centre/device/card_book.h"
#include "centre/device/card_key.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

struct auth { /* one call */
    const uint8_t *data;
    size_t len;
    struct qw_deed *deed;
    int64_t now_ms;
    struct qw_auth_proof proof;
    struct qw_certificate_subject subject;
    uint8_t hash[32]; /* of the proof */
    bool has_card;
    struct qw_device device;                /* of the card */
    char card_name[QW_CERTIFICATE_URI_CAP]; /* its device's, as certificates have it */
    struct qw_card_keys keys;               /* a secret */
    struct qw_key_record record;            /* of the key that is used up */
    uint8_t root[QW_CARD_ROOT_LEN];         /* a secret */
    bool is_signed, is_keyed;               /* each factor for itself */
    const char *why;                        /* the first thing that is wrong */
    struct qw_auth_party party, card_party;
};

static qw_err refuse(struct qw_centre *centre, const struct auth *a, const char *cause)
{
    atomic_fetch_add(&centre->auth_refused, 1);
    return qw_centre_refuse(centre, a->deed, QW_ERR_REFUSED, cause);
}

static qw_err challenge_key(const struct qw_centre *centre, uint8_t key[static 32])
{
    static const char label[] = "qwave authentication challenge";

    return qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ "", 0 },
                   (struct qw_bytes){ centre->key_id_key, sizeof centre->key_id_key },
                   (struct qw_bytes){ label, sizeof label - 1 }, key, 32);
}

qw_err qw_auth_challenge_inside(struct qw_centre *centre, const char *name, uint8_t *out,
                                size_t *len)
{
    struct qw_auth_challenge challenge = { .time_ms = qw_clock_utc_ms() };
    uint8_t key[32];
    qw_err err = qw_random_bytes(challenge.nonce, sizeof challenge.nonce);

    memcpy(challenge.centre, centre->config.centre_id, sizeof challenge.centre);
    if (err == QW_OK) {
        err = challenge_key(centre, key);
    }
    if (err == QW_OK) {
        err = qw_auth_challenge_seal(&challenge, name, key, out, len);
    }
    qw_wipe(key, sizeof key);
    return err;
}

qw_err qw_centre_auth_challenge(struct qw_centre *centre, const char *name, uint8_t *out,
                                size_t *len)
{
    size_t name_len = strlen(name);
    qw_err err;

    if (name_len == 0 || name_len >= QW_CERTIFICATE_URI_CAP) {
        return QW_ERR_FORMAT;
    }
    qw_centre_enter(centre);
    err = qw_auth_challenge_inside(centre, name, out, len);
    qw_centre_leave(centre);
    return err;
}

static bool in_window(const struct qw_centre *centre, int64_t now_ms, int64_t time_ms)
{
    int64_t window_ms = 1000 * (int64_t)centre->config.auth_window_s;

    return time_ms >= now_ms - window_ms && time_ms <= now_ms + window_ms;
}

/* C2 */
static qw_err check_times(struct qw_centre *centre, const struct auth *a)
{
    struct qw_auth_challenge challenge;
    uint8_t key[32];
    qw_err err = challenge_key(centre, key);

    if (err == QW_OK) {
        err = qw_auth_challenge_open(a->proof.challenge, a->proof.challenge_len, a->proof.name, key,
                                     &challenge);
    }
    qw_wipe(key, sizeof key);
    if (err == QW_ERR_NOMEM) {
        return err;
    }
    if (err != QW_OK || strcmp(challenge.centre, centre->config.centre_id) != 0) {
        return refuse(centre, a, "no challenge of this centre for that name");
    }
    if (!in_window(centre, a->now_ms, challenge.time_ms)) {
        return refuse(centre, a, "the challenge is too old");
    }
    if (!in_window(centre, a->now_ms, a->proof.time_ms)) {
        return refuse(centre, a, "clock outside the window");
    }
    return QW_OK;
}

static bool in_service(const struct qw_device *device)
{
    return device->state == QW_DEVICE_ACTIVE || device->state == QW_DEVICE_CHARGED;
}

/* C3: what is wrong with the card is said together with what is wrong with its key. */
static qw_err find_card(struct qw_centre *centre, struct auth *a)
{
    const struct qw_card_book *card = &centre->card;
    const char *prefix;
    qw_err err = qw_card_book_load_by_serial(centre, a->proof.serial, &centre->card);

    if (err == QW_ERR_NOT_FOUND) {
        a->why = "unknown card";
        return QW_OK;
    }
    if (err != QW_OK) {
        return err;
    }
    prefix = qw_certificate_prefix_of_device(card->device.kind);
    if (prefix == NULL || !card->is_confirmed || card->device.epoch != a->proof.epoch) {
        a->why = "another epoch, or a card that was never confirmed";
        return QW_OK;
    }
    a->device = card->device;
    (void)snprintf(a->card_name, sizeof a->card_name, "%s%s", prefix, a->device.id);
    a->has_card = true;
    return qw_card_keys_derive(card->card_key, &a->keys);
}

/* Whether the card is the prover's: his own, or one that was given to him. */
static bool card_is_his(const struct auth *a)
{
    const struct qw_certificate_subject *s = &a->subject;

    if (!a->has_card) {
        return false;
    }
    switch (s->kind) {
    case QW_SUBJECT_OFFICER:
        return strcmp(a->device.user, s->id) == 0 || strcmp(a->device.user, s->name) == 0;
    case QW_SUBJECT_DEVICE:
        return strcmp(a->card_name, s->name) == 0 ||
               (s->device == QW_DEVICE_APPLICATION && strcmp(a->device.user, s->name) == 0);
    default:
        return false;
    }
}

/* C4: the certificate that the proof names is in force, and its key has signed. */
static qw_err check_certificate(struct qw_centre *centre, struct auth *a)
{
    struct qw_certificate_name name;
    qw_err err = qw_certificate_name_load(centre, a->subject.name, &name);

    for (size_t i = 0; i < name.count && err == QW_OK && !a->is_signed; i++) {
        struct qw_certificate_record record;
        const struct qw_certificate_made *made = &record.entry.made;
        const unsigned char *at = made->der;
        X509 *certificate;

        err = qw_certificate_record_load(centre, name.serials[i], &record);
        if (err != QW_OK || !qw_equal_ct(made->hash, a->proof.certificate_hash, 32) ||
            record.entry.is_revoked || a->now_ms < made->not_before_ms ||
            a->now_ms >= made->not_after_ms) {
            continue;
        }
        certificate = d2i_X509(NULL, &at, (long)made->len);
        a->is_signed =
            certificate != NULL &&
            qw_auth_proof_check_signature(a->data, a->len, X509_get0_pubkey(certificate)) == QW_OK;
        X509_free(certificate);
    }
    if (err == QW_OK && !a->is_signed && a->why == NULL) {
        a->why = "no certificate in force has signed it";
    }
    return err;
}

/* C4 */
static qw_err check_key(struct qw_centre *centre, struct auth *a)
{
    const char *why = "";
    uint8_t key[QW_KEY_LEN];
    qw_err err = QW_ERR_REFUSED;

    if (a->has_card) {
        err = qw_card_key_load(centre, a->device.id, a->proof.key_id, &a->record, key, &why);
    }
    if (err == QW_OK) {
        err = qw_card_root(a->keys.report, key, a->root);
    }
    qw_wipe(key, sizeof key);
    if (err == QW_OK) {
        err = qw_auth_proof_check_key(a->data, a->len, a->root);
        why = "forged: wrong key";
    }
    a->is_keyed = err == QW_OK;
    if (err == QW_ERR_REFUSED || err == QW_ERR_AUTH) {
        a->why = a->why == NULL ? why : a->why;
        err = QW_OK;
    }
    return err;
}

/* C6: somebody has half of it. */
static qw_err refuse_half(struct qw_centre *centre, struct auth *a)
{
    bool is_own = strcmp(a->party.name, a->card_party.name) == 0;
    struct qw_group group;

    atomic_fetch_add(&centre->auth_refused, 1);
    qw_group_begin(centre, &group);
    if (a->is_signed || is_own) {
        qw_auth_party_count_failure(centre, &group, &a->party, a->now_ms);
    }
    if (a->is_keyed) {
        qw_card_key_use_up(centre, &group, &a->record);
        if (!is_own) {
            qw_auth_party_count_failure(centre, &group, &a->card_party, a->now_ms);
        }
    }
    return qw_group_commit_refusal(centre, &group, a->deed, QW_ERR_REFUSED, a->why);
}

static void forget_failures(struct qw_auth_party *party)
{
    party->failures = 0;
    party->locked_until_ms = 0;
}

static qw_err make_statement(const struct auth *a, struct qw_auth_kept *kept)
{
    struct qw_auth_answer answer = { .time_ms = a->now_ms,
                                     .until_ms = a->now_ms + QW_AUTH_STANDS_MS };
    struct qw_auth_statement *s = &kept->statement;

    memcpy(answer.proof_hash, a->hash, sizeof answer.proof_hash);
    memcpy(kept->proof_hash, a->hash, sizeof kept->proof_hash);
    memcpy(s->id, a->proof.key_id, sizeof s->id);
    memcpy(s->name, a->subject.name, sizeof s->name);
    memcpy(s->serial, a->proof.serial, sizeof s->serial);
    memcpy(s->certificate_hash, a->proof.certificate_hash, sizeof s->certificate_hash);
    memcpy(s->context, a->proof.context, sizeof s->context);
    s->time_ms = answer.time_ms;
    s->until_ms = answer.until_ms;
    s->is_quantum = a->record.place.is_quantum;
    s->is_simulated = a->record.place.is_simulated;
    return qw_auth_answer_seal(&answer, a->root, kept->answer);
}

/* C5 */
static qw_err accept(struct qw_centre *centre, struct auth *a,
                     uint8_t answer[static QW_AUTH_ANSWER_LEN])
{
    struct qw_auth_kept kept = { .proof_hash = { 0 } };
    char id[2 * 16 + 1], serial[2 * 16 + 1], detail[QW_AUDIT_TEXT_CAP];
    struct qw_group group;
    qw_err err = make_statement(a, &kept);

    if (err != QW_OK) {
        return err;
    }
    qw_hex_encode(a->proof.key_id, sizeof a->proof.key_id, id);
    qw_hex_encode(a->proof.serial, sizeof a->proof.serial, serial);
    (void)snprintf(detail, sizeof detail, "key %s, card %s", id, serial);
    forget_failures(&a->party);
    qw_auth_party_keep(&a->party, &kept);
    qw_group_begin(centre, &group);
    qw_card_key_use_up(centre, &group, &a->record);
    qw_auth_party_put(centre, &group, &a->party);
    if (strcmp(a->party.name, a->card_party.name) != 0 && a->card_party.failures > 0) {
        forget_failures(&a->card_party);
        qw_auth_party_put(centre, &group, &a->card_party);
    }
    err = qw_group_commit(centre, &group, a->deed, detail);
    if (err == QW_OK) {
        atomic_fetch_add(&centre->auth_succeeded, 1);
        memcpy(answer, kept.answer, QW_AUTH_ANSWER_LEN);
    }
    return err;
}

/* C3, the rest: the subject is in service, neither is locked. */
static qw_err check_standing(struct qw_centre *centre, struct auth *a)
{
    char unit[QW_UNIT_CAP];
    qw_err err = qw_certificate_subject_stands(centre, a->deed, &a->subject, unit);

    if (err != QW_OK) {
        return err;
    }
    if (a->has_card && !in_service(&a->device)) {
        return refuse(centre, a, qw_device_state_names[a->device.state]);
    }
    if (a->has_card) {
        err = qw_auth_party_load(centre, a->card_name, &a->card_party);
    }
    if (err == QW_OK && (a->party.locked_until_ms > a->now_ms ||
                         (a->has_card && a->card_party.locked_until_ms > a->now_ms))) {
        err = refuse(centre, a, "locked");
    }
    return err;
}

static qw_err decide(struct qw_centre *centre, struct auth *a,
                     uint8_t answer[static QW_AUTH_ANSWER_LEN])
{
    qw_err err = find_card(centre, a);

    if (err == QW_OK) {
        err = check_standing(centre, a);
    }
    if (err == QW_OK) {
        err = check_certificate(centre, a);
    }
    if (err == QW_OK) {
        err = check_key(centre, a);
    }
    if (err != QW_OK) {
        return err;
    }
    if (!a->is_signed && !a->is_keyed) {
        return refuse(centre, a, a->why);
    }
    if (a->is_signed && a->is_keyed && card_is_his(a)) {
        return accept(centre, a, answer);
    }
    a->why = a->why == NULL ? "the card of another" : a->why;
    return refuse_half(centre, a);
}

static qw_err work(struct qw_centre *centre, struct auth *a,
                   uint8_t answer[static QW_AUTH_ANSWER_LEN])
{
    const struct qw_auth_kept *kept;
    qw_err err = qw_auth_party_load(centre, a->subject.name, &a->party);

    if (err == QW_OK) {
        err = qw_auth_proof_hash(a->data, a->len, a->hash);
    }
    if (err != QW_OK) {
        return err;
    }
    kept = qw_auth_party_find(&a->party, a->proof.key_id, a->now_ms);
    if (kept != NULL && qw_equal_ct(kept->proof_hash, a->hash, sizeof a->hash)) { /* P3 */
        memcpy(answer, kept->answer, QW_AUTH_ANSWER_LEN);
        return QW_OK;
    }
    err = check_times(centre, a);
    return err == QW_OK ? decide(centre, a, answer) : err;
}

qw_err qw_authenticate_inside(struct qw_centre *centre, const struct qw_caller *carrier,
                              const uint8_t *proof, size_t len,
                              uint8_t answer[static QW_AUTH_ANSWER_LEN])
{
    struct qw_deed deed = { .caller = carrier, .verb = "authenticate", .object = "" };
    struct auth a = { .data = proof, .len = len, .deed = &deed, .now_ms = qw_clock_utc_ms() };
    const char *why = "malformed";
    qw_err err = qw_auth_proof_read(proof, len, &a.proof);

    if (err == QW_OK) {
        why = "a name that is nobody's";
        err = qw_certificate_subject_parse(centre, a.proof.name, &a.subject);
    }
    deed.object = a.subject.name;
    err = err == QW_OK ? work(centre, &a, answer) : refuse(centre, &a, why);
    qw_wipe(&a.keys, sizeof a.keys);
    qw_wipe(a.root, sizeof a.root);
    return err;
}

qw_err qw_centre_authenticate(struct qw_centre *centre, const struct qw_caller *carrier,
                              const uint8_t *proof, size_t len,
                              uint8_t answer[static QW_AUTH_ANSWER_LEN])
{
    qw_err err;

    qw_centre_enter(centre);
    err = qw_authenticate_inside(centre, carrier, proof, len, answer);
    qw_centre_leave(centre);
    return err;
}

void qw_centre_auth_counts(struct qw_centre *centre, struct qw_auth_counts *counts)
{
    counts->succeeded = atomic_load(&centre->auth_succeeded);
    counts->refused = atomic_load(&centre->auth_refused);
    counts->locked = atomic_load(&centre->auth_locked);
}
