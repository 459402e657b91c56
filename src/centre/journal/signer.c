/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/journal/signer.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/secret.h"
#include "centre/group.h"
#include "centre/record.h"

#include <stdio.h>
#include <string.h>

static const char key_id[] = "journal-key";
enum {
    KEY_VERSION = 1,
    KEY_LEN = 2 + QW_SIGNATURE_PRIVATE_LEN + QW_SIGNATURE_PUBLIC_LEN,
    CONFIGURATION_LEN = 32
};

void qw_journal_note_configuration(struct qw_group *group, const uint8_t hash[static 32])
{
    static const uint8_t none[CONFIGURATION_LEN];
    char hex[2 * CONFIGURATION_LEN + 1];
    char object[sizeof hex + 8];
    struct qw_deed deed = { .verb = QW_JOURNAL_CONFIGURATION, .object = object };

    if (qw_equal_ct(hash, none, sizeof none)) {
        return;
    }
    qw_hex_encode(hash, CONFIGURATION_LEN, hex);
    (void)snprintf(object, sizeof object, "sha256 %s", hex);
    qw_group_note(group, &deed, "");
}

/* A key and its record: new where version is 0, else in place of the one there. */
static qw_err put_new_key(struct qw_centre *centre, struct qw_group *group, uint64_t version,
                          struct qw_signing_key **made)
{
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = key_id,
                                  .id_len = sizeof key_id - 1,
                                  .expected_version = version };
    struct qw_signing_key *key = NULL;
    uint8_t plain[KEY_LEN] = { KEY_VERSION, (uint8_t)centre->config.journal_signature };
    qw_err err = qw_signing_key_new(centre->config.journal_signature, &key);

    if (err == QW_OK) {
        err = qw_signing_key_save(key, plain + 2);
    }
    if (err == QW_OK) {
        memcpy(plain + 2 + QW_SIGNATURE_PRIVATE_LEN, qw_signing_key_point(key),
               QW_SIGNATURE_PUBLIC_LEN);
        qw_group_add(centre, group, version == 0 ? QW_STORE_INSERT : QW_STORE_UPDATE, record, plain,
                     sizeof plain);
        *made = key;
        key = NULL;
    }
    qw_signing_key_free(key);
    qw_wipe(plain, sizeof plain);
    return err;
}

/* J1 */
static qw_err make_key(struct qw_centre *centre, struct qw_group *group)
{
    struct qw_audit_event event;
    struct qw_deed deed = { .verb = event.verb, .object = event.object };
    qw_err err = put_new_key(centre, group, 0, &centre->signer.key);

    if (err == QW_OK) {
        qw_journal_key_event(centre->signer.key, &event);
        qw_group_note(group, &deed, event.detail);
    }
    return err;
}

/* The plain text is in the scratch, which the end of the verb wipes. */
static qw_err load_key(struct qw_centre *centre, size_t len)
{
    const uint8_t *plain = centre->scratch;
    enum qw_signature_algorithm algorithm;
    qw_err err;

    if (len != KEY_LEN || plain[0] != KEY_VERSION) {
        return QW_ERR_FORMAT;
    }
    algorithm = (enum qw_signature_algorithm)plain[1];
    if (algorithm != centre->config.journal_signature) {
        qw_log_write(centre->config.log, QW_LOG_ERROR,
                     "journal_signature: the key of this journal is %s and stays so",
                     qw_signature_name(algorithm));
        return QW_ERR_ARG;
    }
    err = qw_signing_key_load(algorithm, plain + 2, plain + 2 + QW_SIGNATURE_PRIVATE_LEN,
                              &centre->signer.key);
    return err == QW_ERR_ARG ? QW_ERR_FORMAT : err; /* no such algorithm in the record */
}

qw_err qw_signer_open(struct qw_centre *centre, struct qw_group *group)
{
    uint64_t version;
    size_t len = 0;
    qw_err err;

    qw_signer_close(&centre->signer);
    qw_journal_note_configuration(group, centre->config.configuration_hash);
    err = qw_record_load(centre, QW_STORE_META, key_id, sizeof key_id - 1, &version, &len);
    if (err == QW_ERR_NOT_FOUND) {
        return make_key(centre, group);
    }
    return err == QW_OK ? load_key(centre, len) : err;
}

qw_err qw_signer_reload(struct qw_centre *centre)
{
    struct qw_signing_key *before = centre->signer.key;
    uint64_t version;
    size_t len = 0;
    qw_err err;

    if (before == NULL) {
        return QW_OK; /* a start reads it anyway */
    }
    err = qw_record_load(centre, QW_STORE_META, key_id, sizeof key_id - 1, &version, &len);
    if (err == QW_OK) {
        err = load_key(centre, len);
    }
    if (err != QW_OK) {
        centre->signer.key = before;
        return err;
    }
    if (!qw_equal_ct(qw_signing_key_point(before), qw_signing_key_point(centre->signer.key),
                     QW_SIGNATURE_PUBLIC_LEN)) {
        centre->signer.last.seq = 0; /* the next group is signed, by this one */
    }
    qw_signing_key_free(before);
    return QW_OK;
}

void qw_signer_close(struct qw_signer *signer)
{
    qw_signing_key_free(signer->key);
    *signer = (struct qw_signer){ .key = NULL };
}

bool qw_signer_is_due(const struct qw_centre *centre, const struct qw_audit *audit, bool is_wanted)
{
    const struct qw_signer *signer = &centre->signer;

    return signer->key != NULL && /* the first group of a start is signed at once [J3] */
           (is_wanted || signer->last.seq == 0 ||
            audit->seq - signer->signed_seq >= centre->config.journal_sign_records);
}

void qw_signer_committed(struct qw_centre *centre, const struct qw_signed_head *head)
{
    struct qw_signer *signer = &centre->signer;

    if (head != NULL) {
        signer->last = *head;
        signer->signed_seq = centre->audit.seq;
        signer->unsigned_since_ms = 0;
    } else if (signer->unsigned_since_ms == 0) {
        signer->unsigned_since_ms = qw_clock_monotonic_ms();
    }
}

static qw_err commit_signature(struct qw_centre *centre)
{
    struct qw_group group;

    qw_group_begin(centre, &group);
    group.is_signed = true;
    return qw_group_commit_noted(centre, &group);
}

qw_err qw_signer_rotate(struct qw_centre *centre, const struct qw_deed *deed)
{
    struct qw_signer *signer = &centre->signer;
    struct qw_signing_key *next = NULL;
    struct qw_audit_event event;
    struct qw_deed named = { .verb = event.verb, .object = event.object };
    struct qw_group group;
    uint64_t version = 0;
    size_t len = 0;
    qw_err err = qw_record_load(centre, QW_STORE_META, key_id, sizeof key_id - 1, &version, &len);

    if (err != QW_OK) {
        return err;
    }
    qw_group_begin(centre, &group);
    err = put_new_key(centre, &group, version, &next);
    if (err != QW_OK) {
        qw_group_drop(&group);
        return err;
    }
    group.books.registry++; /* other processes look again, and we do when nobody knows (J8) */
    group.is_signed = true; /* by the key of now: what it signs names the next one */
    qw_group_note(&group, deed, "");
    qw_journal_next_key_event(next, &event);
    qw_group_note(&group, &named, event.detail);
    err = qw_group_commit_noted(centre, &group);
    if (err != QW_OK) {
        qw_signing_key_free(next);
        return err;
    }
    qw_signing_key_free(signer->key);
    signer->key = next;
    signer->last.seq = 0; /* the next group is signed whatever becomes of this one */
    signer->signed_seq = centre->audit.seq - 1;
    return commit_signature(centre);
}

qw_err qw_signer_sign(struct qw_centre *centre)
{
    bool has_unsigned = centre->signer.key != NULL && centre->audit.seq > centre->signer.signed_seq;

    return has_unsigned ? commit_signature(centre) : QW_OK;
}

qw_err qw_signer_sweep(struct qw_centre *centre)
{
    const struct qw_signer *signer = &centre->signer;
    qw_err err = QW_OK;

    qw_centre_enter(centre);
    if (signer->key != NULL && atomic_load(&centre->write_failed)) {
        err = commit_signature(centre); /* whether the store can be written again */
    } else if (centre->audit.seq > signer->signed_seq && signer->unsigned_since_ms != 0 &&
               qw_clock_monotonic_ms() - signer->unsigned_since_ms >=
                   centre->config.journal_sign_ms) {
        err = qw_signer_sign(centre);
    }
    qw_centre_leave(centre);
    return err;
}
