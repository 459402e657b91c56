/* SPDX-License-Identifier: Apache-2.0 */
/* A charging station carries the centre's order to a card, and the card's proof back
 * [docs/protocol/card-destroy.md]. */
#include "operator.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/secret.h"
#include "terminal/card_unlock.h"

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
    err = qw_json_end(&r);
    return err;
}

/* The card of one call. */
struct destroying {
    struct operator_desk *desk;
    const char *device_id, *card;
    uint8_t *secret;
    size_t secret_len;
    struct qw_tombstone tombstone;
};

/* K2 to K5. */
static qw_err destroy_card(struct destroying *destroying)
{
    const char *answer = NULL;
    uint8_t order[ORDER_CAP];
    size_t len = 0;
    struct qw_card *card = NULL;
    qw_err err = qw_card_open(destroying->card, destroying->secret, destroying->secret_len, &card);

    if (err == QW_ERR_STATE) {
        return QW_OK; /* another process had begun, and it is destroyed by now */
    }
    if (err != QW_OK) {
        operator_explain(destroying->desk, "the card: %s", qw_card_err_text(destroying->card, err));
    }
    if (err == QW_OK) {
        err = operator_device_call(destroying->desk, "POST", destroying->device_id, "/order", NULL,
                                   &answer);
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
static qw_err bring_proof(struct destroying *destroying)
{
    struct qw_tombstone *tombstone = &destroying->tombstone;
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
    err = operator_device_call(destroying->desk, "POST", destroying->device_id, "/proof", body,
                               &answer);
    if (err == QW_OK) {
        err = read_order(answer, done, &len);
    }
    return err == QW_OK ? qw_card_book(destroying->card, destroying->secret, destroying->secret_len,
                                       tombstone, done, len)
                        : err;
}

static qw_err read_tombstone(struct destroying *destroying)
{
    return qw_card_tombstone(destroying->card, destroying->secret, destroying->secret_len,
                             &destroying->tombstone);
}

qw_err operator_destroy_card(struct operator_desk *desk, const char *device_id, const char *card,
                             const char *passphrase_path)
{
    struct destroying destroying = { .desk = desk, .device_id = device_id, .card = card };
    qw_err err =
        qw_card_secret_read(card, passphrase_path, &destroying.secret, &destroying.secret_len);

    if (err == QW_OK) {
        err = read_tombstone(&destroying);
    }
    if (err == QW_ERR_NOT_FOUND) {
        err = destroy_card(&destroying);
        if (err == QW_OK) {
            err = read_tombstone(&destroying);
        }
    }
    if (err == QW_OK) {
        err = bring_proof(&destroying);
    }
    qw_secret_free(destroying.secret);
    return err;
}
