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

static void note_configuration(const struct qw_centre *centre, struct qw_group *group)
{
    static const uint8_t none[CONFIGURATION_LEN];
    const uint8_t *hash = centre->config.configuration_hash;
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

/* J1 */
static qw_err make_key(struct qw_centre *centre, struct qw_group *group)
{
    struct qw_store_op record = { .kind = QW_STORE_META,
                                  .id = key_id,
                                  .id_len = sizeof key_id - 1 };
    struct qw_audit_event event;
    struct qw_deed deed = { .verb = event.verb, .object = event.object };
    struct qw_signing_key *key = NULL;
    uint8_t plain[KEY_LEN] = { KEY_VERSION, (uint8_t)centre->config.journal_signature };
    qw_err err = qw_signing_key_new(centre->config.journal_signature, &key);

    if (err == QW_OK) {
        err = qw_signing_key_save(key, plain + 2);
    }
    if (err == QW_OK) {
        memcpy(plain + 2 + QW_SIGNATURE_PRIVATE_LEN, qw_signing_key_point(key),
               QW_SIGNATURE_PUBLIC_LEN);
        qw_group_add(centre, group, QW_STORE_INSERT, record, plain, sizeof plain);
        qw_journal_key_event(key, &event);
        qw_group_note(group, &deed, event.detail);
        centre->signer.key = key;
        key = NULL;
    }
    qw_signing_key_free(key);
    qw_wipe(plain, sizeof plain);
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
    note_configuration(centre, group);
    err = qw_record_load(centre, QW_STORE_META, key_id, sizeof key_id - 1, &version, &len);
    if (err == QW_ERR_NOT_FOUND) {
        return make_key(centre, group);
    }
    return err == QW_OK ? load_key(centre, len) : err;
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
