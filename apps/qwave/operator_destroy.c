/* SPDX-License-Identifier: Apache-2.0 */
/* A charging station carries the centre's order to a card, and the card's proof back
 * [docs/protocol/card-destroy.md]. */
#include "operator.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "terminal/card.h"
#include "terminal/tombstone.h"

#include <string.h>

enum { BODY_CAP = 512, ORDER_CAP = 256 };

static qw_err read_order(const char *answer, uint8_t order[static ORDER_CAP], size_t *len)
{
    struct qw_json_reader r;
    qw_err err = qw_json_open(answer, strlen(answer), &r);

    if (err != QW_OK) {
        return err;
    }
    qw_json_get_base64(&r, qw_json_root_object(&r), "order", order, 1, ORDER_CAP, len);
    err = qw_json_ok(&r) ? QW_OK : QW_ERR_FORMAT;
    qw_json_close(&r);
    return err;
}

/* K2 to K5. */
static qw_err destroy_card(struct operator_desk *desk, const char *device_id, const char *card_path,
                           const char *passphrase_path)
{
    const char *answer = NULL;
    uint8_t order[ORDER_CAP];
    size_t len = 0;
    uint8_t *passphrase = NULL;
    size_t passphrase_len = 0;
    struct qw_card *card = NULL;
    qw_err err = qw_passphrase_file_read(passphrase_path, &passphrase, &passphrase_len);

    if (err == QW_OK) {
        err = qw_card_open(card_path, passphrase, passphrase_len, &card);
    }
    qw_secret_free(passphrase);
    if (err == QW_ERR_STATE) {
        return QW_OK; /* another process had begun, and it is destroyed by now */
    }
    if (err == QW_OK) {
        err = operator_device_call(desk, "POST", device_id, "/order", NULL, &answer);
    }
    if (err == QW_OK) {
        err = read_order(answer, order, &len);
    }
    if (err == QW_OK) {
        err = qw_card_destroy(card, order, len);
    }
    qw_card_close(card);
    return err;
}

/* K6, K7. */
static qw_err bring_proof(struct operator_desk *desk, const char *device_id, const char *card_path,
                          struct qw_tombstone *tombstone)
{
    char body[BODY_CAP];
    struct qw_json_writer w = qw_json_writer_on(body, sizeof body);
    const char *answer = NULL;
    uint8_t done[ORDER_CAP];
    size_t len = 0;
    qw_err err;

    qw_json_object_begin(&w);
    qw_json_name(&w, "proof");
    qw_json_base64(&w, tombstone->proof, sizeof tombstone->proof);
    qw_json_object_end(&w);
    qw_assert(qw_json_done(&w)); /* a proof fits */
    err = operator_device_call(desk, "POST", device_id, "/proof", body, &answer);
    if (err == QW_OK) {
        err = read_order(answer, done, &len);
    }
    return err == QW_OK ? qw_tombstone_book(card_path, tombstone, done, len) : err;
}

qw_err operator_destroy_card(struct operator_desk *desk, const char *device_id,
                             const char *card_path, const char *passphrase_path)
{
    struct qw_tombstone tombstone;
    qw_err err = qw_tombstone_read(card_path, &tombstone);

    if (err == QW_ERR_NOT_FOUND) {
        err = destroy_card(desk, device_id, card_path, passphrase_path);
        if (err == QW_OK) {
            err = qw_tombstone_read(card_path, &tombstone);
        }
    }
    return err == QW_OK ? bring_proof(desk, device_id, card_path, &tombstone) : err;
}
