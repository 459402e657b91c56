/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/share/share_set.h"

#include "base/secret.h"
#include "centre/unseal.h"
#include "crypto/share/custody_quorum.h"

#include <string.h>

const char *const qw_seal_verdict_texts[QW_SEAL_VERDICT_COUNT] = {
    [QW_SEAL_TAKEN] = "taken",
    [QW_SEAL_OPENED] = "taken, the last one",
    [QW_SEAL_MALFORMED] = "this is no share",
    [QW_SEAL_OTHER_CEREMONY] = "a share of another ceremony",
    [QW_SEAL_ALTERED] = "an altered share",
    [QW_SEAL_TWICE] = "this officer's share is entered already",
    [QW_SEAL_COMPLETE] = "enough shares are entered already",
    [QW_SEAL_NO_KEY] = "the shares do not give this store's master key; enter all of them again",
};

qw_err qw_share_set_read(struct qw_share_set *set, const struct qw_store *store)
{
    struct qw_store_record record = { 0 };
    qw_err err = store->get(store->self, QW_STORE_META, qw_kek_id, QW_KEK_ID_LEN, &record);

    if (err != QW_OK) {
        return err;
    }
    if (record.len > sizeof set->wrapped ||
        qw_custody_quorum_ceremony(record.blob, record.len, &set->ceremony) != QW_OK) {
        err = QW_ERR_STATE;
    } else {
        memcpy(set->wrapped, record.blob, record.len);
        set->wrapped_len = record.len;
        qw_share_set_forget(set);
    }
    qw_store_record_free(&record);
    return err;
}

qw_err qw_share_set_judge(struct qw_share_set *set, const uint8_t *bytes, size_t len,
                          enum qw_seal_verdict *verdict)
{
    qw_err verified;

    if (qw_share_decode(bytes, len, &set->incoming) != QW_OK) {
        *verdict = QW_SEAL_MALFORMED;
        return QW_OK;
    }
    verified = qw_share_verify(&set->ceremony, &set->incoming);
    if (verified == QW_ERR_NOT_FOUND) {
        *verdict = QW_SEAL_OTHER_CEREMONY;
        return QW_OK;
    }
    if (verified == QW_ERR_AUTH) {
        *verdict = QW_SEAL_ALTERED;
        return QW_OK;
    }
    if (verified != QW_OK) {
        return verified;
    }
    for (uint8_t i = 0; i < set->entered; i++) {
        if (set->share[i].index == set->incoming.index) {
            *verdict = QW_SEAL_TWICE;
            return QW_OK;
        }
    }
    *verdict = set->entered < set->ceremony.threshold ? QW_SEAL_TAKEN : QW_SEAL_COMPLETE;
    return QW_OK;
}

bool qw_share_set_add(struct qw_share_set *set)
{
    set->share[set->entered++] = set->incoming;
    return set->entered == set->ceremony.threshold;
}

qw_err qw_share_set_open(const struct qw_share_set *set, struct qw_custody *custody,
                         uint8_t kek[static QW_KEK_LEN])
{
    uint8_t *master = qw_secret_new(QW_MASTER_KEY_LEN);
    struct qw_custody opened = { 0 };
    qw_err err = master == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err == QW_OK) {
        err = qw_ceremony_combine(&set->ceremony, set->share, set->entered, master);
    }
    if (err == QW_OK) {
        err = qw_custody_quorum(&set->ceremony, master, &opened);
    }
    if (err == QW_OK) {
        err = opened.unwrap(opened.self, set->wrapped, set->wrapped_len, kek);
    }
    if (err == QW_OK) {
        *custody = opened;
    } else {
        qw_custody_close(&opened);
    }
    qw_secret_free(master);
    return err;
}

void qw_share_set_forget(struct qw_share_set *set)
{
    qw_wipe(set->share, sizeof set->share);
    qw_wipe(&set->incoming, sizeof set->incoming);
    set->entered = 0;
}
