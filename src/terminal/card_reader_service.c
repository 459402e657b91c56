/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions of docs/protocol/card-apdu.md that serve the holder of a card. */
#include "terminal/card_reader_service.h"

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/random.h"
#include "terminal/card_reader_ask.h"

#include <string.h>

enum {
    WAY_KEY_LEN = 32,
    GRANT_REPLY_LEN = 2 * 8 + 2 * QW_LINK_GRANT_AUTH_LEN,
    ROOT_REPLY_LEN = 16 + 4 + 16 + QW_CARD_ROOT_LEN
};

qw_err qw_card_reader_take_root(struct qw_card_reader *reader, struct qw_card_taken_root *taken)
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_TAKE_ROOT };
    uint8_t reply[ROOT_REPLY_LEN] = { 0 };
    struct qw_reader r = qw_reader_on(reply, sizeof reply);
    qw_err err = qw_card_reader_ask(reader, &apdu, reply, sizeof reply);

    if (err == QW_OK) {
        qw_read_bytes(&r, taken->serial, sizeof taken->serial);
        taken->epoch = qw_read_u32be(&r);
        qw_read_bytes(&r, taken->key_id, sizeof taken->key_id);
        qw_read_bytes(&r, taken->root, sizeof taken->root);
    }
    qw_wipe(reply, sizeof reply);
    return qw_card_reader_changed(reader, err);
}

qw_err qw_card_reader_pending_key(struct qw_card_reader *reader, uint8_t key[static 32])
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_PENDING_KEY };

    return qw_card_reader_ask(reader, &apdu, key, 32);
}

qw_err qw_card_reader_check_enrolment(struct qw_card_reader *reader, const uint8_t *answer,
                                      size_t len)
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_CHECK_ENROLMENT };
    qw_err err = qw_card_reader_load(reader, answer, len);

    return err == QW_OK ? qw_card_reader_ask(reader, &apdu, NULL, 0) : err;
}

qw_err qw_card_reader_open_grant(struct qw_card_reader *reader, const uint8_t *sealed, size_t len,
                                 struct qw_link_grant *grant)
{
    const struct qw_apdu apdu = {
        .cla = QW_APDU_OURS, .ins = QW_APDU_OPEN_GRANT, .data = sealed, .len = len
    };
    uint8_t reply[GRANT_REPLY_LEN] = { 0 };
    struct qw_reader r = qw_reader_on(reply, sizeof reply);
    qw_err err;

    if (len != QW_LINK_GRANT_LEN) {
        return QW_ERR_FORMAT;
    }
    err = qw_card_reader_ask(reader, &apdu, reply, sizeof reply);
    if (err == QW_OK) {
        memcpy(grant->session_id, sealed + 4, sizeof grant->session_id); /* authenticated with it */
        grant->up_position = qw_read_u64be(&r);
        grant->down_position = qw_read_u64be(&r);
        qw_read_bytes(&r, grant->up, sizeof grant->up);
        qw_read_bytes(&r, grant->down, sizeof grant->down);
    }
    qw_wipe(reply, sizeof reply);
    return err;
}

/* What was opened, piece by piece. */
static qw_err fetch(struct qw_card_reader *reader, uint8_t *out, size_t len)
{
    qw_err err = QW_OK;

    for (size_t piece = 0; err == QW_OK && piece * QW_APDU_REPLY_MAX < len; piece++) {
        size_t at = piece * QW_APDU_REPLY_MAX;
        const struct qw_apdu apdu = { .cla = QW_APDU_OURS,
                                      .ins = QW_APDU_GIVE,
                                      .p1 = (uint8_t)(piece >> 8),
                                      .p2 = (uint8_t)piece };

        err = qw_card_reader_ask(reader, &apdu, out + at,
                                 len - at < QW_APDU_REPLY_MAX ? len - at : QW_APDU_REPLY_MAX);
    }
    return err;
}

qw_err qw_card_reader_open_outer(struct qw_card_reader *reader, const uint8_t session_id[static 16],
                                 const uint8_t *sealed, size_t len, uint8_t *package)
{
    const struct qw_apdu apdu = {
        .cla = QW_APDU_OURS, .ins = QW_APDU_OPEN_OUTER, .data = session_id, .len = 16
    };
    qw_err err = qw_card_reader_load(reader, sealed, len);

    if (err == QW_OK) {
        err = qw_card_reader_ask(reader, &apdu, NULL, 0);
    }
    return err == QW_OK ? fetch(reader, package, len - QW_AEAD_OVERHEAD) : err;
}

qw_err qw_card_reader_open_birth(struct qw_card_reader *reader, const uint8_t *sealed, size_t len,
                                 struct qw_package *birth)
{
    static const struct qw_apdu apdu = { .cla = QW_APDU_OURS, .ins = QW_APDU_OPEN_BIRTH };
    uint8_t *both = qw_secret_new(WAY_KEY_LEN + len); /* key of the way, package */
    qw_err err = both == NULL ? QW_ERR_NOMEM : qw_random_bytes(both, WAY_KEY_LEN);

    if (err == QW_OK) {
        memcpy(both + WAY_KEY_LEN, sealed, len);
        err = qw_card_reader_load(reader, both, WAY_KEY_LEN + len);
    }
    if (err == QW_OK) {
        err = qw_card_reader_ask(reader, &apdu, NULL, 0);
    }
    if (err == QW_OK) {
        err = fetch(reader, both + WAY_KEY_LEN, len);
    }
    if (err == QW_OK) {
        err = qw_package_open(both + WAY_KEY_LEN, len, both, birth);
    }
    qw_secret_free(both);
    return err;
}
