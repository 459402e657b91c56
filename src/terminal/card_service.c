/* SPDX-License-Identifier: Apache-2.0 */
/* What a card does for whoever holds it: proofs by one of its keys, and what the centre sends to an
 * access point or a charging station. A chip is asked; the keys of any other are here. */
#include "api/certificate/enrolment.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "terminal/card_body.h"
#include "terminal/card_reader_service.h"

#include <string.h>

enum { OUTER_LABEL_LEN = 13 };

/* The lock is held. QW_ERR_STATE: destroyed, and the keys with it. */
static qw_err keys_of(const struct qw_card *card, const struct qw_card_keys **keys)
{
    if (card->is_gone) {
        return QW_ERR_STATE;
    }
    *keys = &card->vault->keys;
    return QW_OK;
}

static qw_err take_root(struct qw_card *card, struct qw_card_taken_root *out)
{
    struct qw_card_taken_root taken;
    struct qw_card_entry entry = { 0 };
    struct qw_card_state *next = qw_card_begin(card);
    qw_err err = qw_card_state_take(next, &entry);

    memcpy(taken.serial, next->serial, sizeof taken.serial);
    memcpy(taken.key_id, entry.id, sizeof taken.key_id);
    taken.epoch = next->epoch;
    if (err == QW_OK) {
        err = qw_card_root(card->vault->keys.report, entry.key, taken.root);
    }
    err = qw_card_end(card, err, NULL); /* the card no longer holds it */
    if (err == QW_OK) {
        *out = taken;
    }
    qw_wipe(&entry, sizeof entry);
    qw_wipe(&taken, sizeof taken);
    return err;
}

qw_err qw_card_take_root(struct qw_card *card, struct qw_card_taken_root *taken)
{
    qw_err err;

    if (card->reader == NULL) {
        return take_root(card, taken);
    }
    qw_card_lock(card);
    err = qw_card_reader_take_root(card->reader, taken);
    qw_card_release(card);
    return err;
}

static qw_err pending_key(const struct qw_card *card, uint8_t key[static 32])
{
    static const char label[] = "qwave authentication root";
    const struct qw_card_keys *keys = NULL;
    qw_err err = keys_of(card, &keys);

    return err == QW_OK ? qw_hkdf(QW_HASH_SHA256, (struct qw_bytes){ "", 0 },
                                  (struct qw_bytes){ keys->report, 32 },
                                  (struct qw_bytes){ label, sizeof label - 1 }, key, 32)
                        : err;
}

qw_err qw_card_pending_key(struct qw_card *card, uint8_t key[static 32])
{
    qw_err err;

    qw_card_lock(card);
    err = card->reader != NULL ? qw_card_reader_pending_key(card->reader, key)
                               : pending_key(card, key);
    qw_card_release(card);
    return err;
}

static qw_err check_enrolment(const struct qw_card *card, const uint8_t *answer, size_t len)
{
    const struct qw_card_keys *keys = NULL;
    qw_err err = keys_of(card, &keys);

    return err == QW_OK ? qw_enrolment_answer_check(answer, len, keys->report) : err;
}

qw_err qw_card_check_enrolment(struct qw_card *card, const uint8_t *answer, size_t len)
{
    qw_err err;

    qw_card_lock(card);
    err = card->reader != NULL ? qw_card_reader_check_enrolment(card->reader, answer, len)
                               : check_enrolment(card, answer, len);
    qw_card_release(card);
    return err;
}

static qw_err open_grant(const struct qw_card *card, const uint8_t *sealed, size_t len,
                         struct qw_link_grant *grant)
{
    const struct qw_card_keys *keys = NULL;
    qw_err err = keys_of(card, &keys);

    return err == QW_OK ? qw_link_grant_open(sealed, len, keys->wrap, grant) : err;
}

qw_err qw_card_open_grant(struct qw_card *card, const uint8_t *sealed, size_t len,
                          struct qw_link_grant *grant)
{
    qw_err err;

    qw_card_lock(card);
    err = card->reader != NULL ? qw_card_reader_open_grant(card->reader, sealed, len, grant)
                               : open_grant(card, sealed, len, grant);
    qw_card_release(card);
    return err;
}

static qw_err open_outer(const struct qw_card *card, const uint8_t session_id[static 16],
                         const uint8_t *sealed, size_t len, uint8_t *package)
{
    uint8_t aad[OUTER_LABEL_LEN + 16];
    const struct qw_card_keys *keys = NULL;
    qw_err err = keys_of(card, &keys);

    memcpy(aad, "qwave package", OUTER_LABEL_LEN);
    memcpy(aad + OUTER_LABEL_LEN, session_id, 16);
    return err == QW_OK ? qw_aead_open(QW_AEAD_AES256_GCM, keys->wrap,
                                       (struct qw_bytes){ aad, sizeof aad }, sealed, len, package)
                        : err;
}

qw_err qw_card_open_outer(struct qw_card *card, const uint8_t session_id[static 16],
                          const uint8_t *sealed, size_t len, uint8_t *package)
{
    qw_err err;

    if (len <= QW_AEAD_OVERHEAD) {
        return QW_ERR_FORMAT;
    }
    qw_card_lock(card);
    err = card->reader != NULL
              ? qw_card_reader_open_outer(card->reader, session_id, sealed, len, package)
              : open_outer(card, session_id, sealed, len, package);
    qw_card_release(card);
    return err;
}

static qw_err open_birth(const struct qw_card *card, const uint8_t *sealed, size_t len,
                         struct qw_package *birth)
{
    const struct qw_card_keys *keys = NULL;
    qw_err err = keys_of(card, &keys);

    return err == QW_OK ? qw_package_open(sealed, len, keys->wrap, birth) : err;
}

qw_err qw_card_open_birth(struct qw_card *card, const uint8_t *sealed, size_t len,
                          struct qw_package *birth)
{
    enum qw_package_kind kind;
    uint8_t serial[16];
    uint32_t epoch;
    qw_err err = qw_package_peek(sealed, len, &kind, serial, &epoch);

    if (err != QW_OK || kind != QW_PACKAGE_BIRTH) {
        return QW_ERR_FORMAT; /* a card's own packages are for nobody but itself */
    }
    qw_card_lock(card);
    err = card->reader != NULL ? qw_card_reader_open_birth(card->reader, sealed, len, birth)
                               : open_birth(card, sealed, len, birth);
    qw_card_release(card);
    return err;
}
