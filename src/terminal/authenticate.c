/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/authenticate.h"

#include "base/file.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/random.h"

#include <string.h>

enum { PLAIN_MAX = 32 + QW_AUTH_PROOF_MAX, FILE_MAX = PLAIN_MAX + QW_AEAD_OVERHEAD };

qw_err qw_auth_prove(struct qw_card *card, const struct qw_auth_wish *wish,
                     const uint8_t *challenge, size_t len, struct qw_auth_pending *out)
{
    struct qw_auth_pending pending = { .proof_len = 0 };
    struct qw_auth_proof proof = { .time_ms = wish->now_ms, .challenge_len = len };
    struct qw_auth_challenge read;
    struct qw_card_taken_root taken;
    qw_err err = qw_auth_challenge_read(challenge, len, &read);

    if (err != QW_OK) {
        return err;
    }
    if (strlen(wish->name) >= sizeof proof.name) {
        return QW_ERR_ARG;
    }
    memcpy(proof.name, wish->name, strlen(wish->name) + 1);
    memcpy(proof.challenge, challenge, len); /* it was read: it fits */
    memcpy(proof.certificate_hash, wish->certificate_hash, sizeof proof.certificate_hash);
    memcpy(proof.context, wish->context, sizeof proof.context);
    err = qw_random_bytes(proof.nonce, sizeof proof.nonce);
    if (err == QW_OK) {
        err = qw_card_take_root(card, &taken);
    }
    if (err == QW_OK) {
        proof.epoch = taken.epoch;
        memcpy(proof.serial, taken.serial, sizeof proof.serial);
        memcpy(proof.key_id, taken.key_id, sizeof proof.key_id);
        memcpy(pending.root, taken.root, sizeof pending.root);
        qw_wipe(&taken, sizeof taken);
        err = qw_auth_proof_seal(&proof, wish->private_key, pending.root, pending.proof,
                                 &pending.proof_len);
    }
    if (err == QW_OK) {
        *out = pending;
    }
    qw_wipe(&pending, sizeof pending);
    return err;
}

qw_err qw_auth_conclude(const struct qw_auth_pending *pending, const uint8_t *data, size_t len,
                        struct qw_auth_answer *out)
{
    struct qw_auth_answer answer;
    uint8_t hash[32];
    qw_err err = qw_auth_answer_open(data, len, pending->root, &answer);

    if (err == QW_OK) {
        err = qw_auth_proof_hash(pending->proof, pending->proof_len, hash);
    }
    if (err == QW_OK && !qw_equal_ct(hash, answer.proof_hash, sizeof hash)) {
        err = QW_ERR_AUTH;
    }
    if (err == QW_OK) {
        *out = answer;
    }
    return err;
}

qw_err qw_auth_pending_save(struct qw_card *card, const struct qw_auth_pending *pending,
                            const char *path)
{
    uint8_t plain[PLAIN_MAX], sealed[FILE_MAX], key[32];
    size_t len = sizeof pending->root + pending->proof_len;
    qw_err err = qw_card_pending_key(card, key);

    memcpy(plain, pending->root, sizeof pending->root);
    memcpy(plain + sizeof pending->root, pending->proof, pending->proof_len);
    if (err == QW_OK) {
        err = qw_aead_seal(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ "", 0 }, plain, len, sealed);
    }
    if (err == QW_OK) {
        err = qw_file_replace(path, sealed, len + QW_AEAD_OVERHEAD);
    }
    qw_wipe(plain, sizeof plain);
    qw_wipe(key, sizeof key);
    return err;
}

qw_err qw_auth_pending_load(struct qw_card *card, const char *path, struct qw_auth_pending *out)
{
    uint8_t plain[PLAIN_MAX], key[32];
    struct qw_auth_pending pending = { .proof_len = 0 };
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = qw_file_read(path, FILE_MAX, &data, &len);

    if (err != QW_OK) {
        return err == QW_ERR_SPACE ? QW_ERR_FORMAT : err;
    }
    err = len <= QW_AEAD_OVERHEAD + sizeof pending.root ? QW_ERR_FORMAT
                                                        : qw_card_pending_key(card, key);
    if (err == QW_OK) {
        err = qw_aead_open(QW_AEAD_AES256_GCM, key, (struct qw_bytes){ "", 0 }, data, len, plain);
    }
    if (err == QW_OK) {
        memcpy(pending.root, plain, sizeof pending.root);
        pending.proof_len = len - QW_AEAD_OVERHEAD - sizeof pending.root;
        memcpy(pending.proof, plain + sizeof pending.root, pending.proof_len);
        *out = pending;
    }
    qw_secret_free(data);
    qw_wipe(plain, sizeof plain);
    qw_wipe(&pending, sizeof pending);
    qw_wipe(key, sizeof key);
    return err;
}
