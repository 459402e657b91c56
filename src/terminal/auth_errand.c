/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "terminal/auth_errand.h"

#include "api/certificate.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "terminal/authenticate.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 4096 };

struct desk { /* one run */
    struct qw_card *card;
    const struct qw_auth_errand *errand;
    struct qw_auth_wish wish;
    struct qw_auth_pending pending; /* has a secret */
    char *why;
};

static qw_err explain(const struct desk *desk, const char *what, qw_err err)
{
    if (err != QW_OK && desk->why[0] == '\0') {
        (void)snprintf(desk->why, QW_AUTH_ERRAND_WHY_CAP, "%.180s: %s", what, qw_err_text(err));
    }
    return err;
}

/* The centre does not say why. */
static qw_err explain_way(const struct desk *desk, qw_err err)
{
    const char *way = desk->errand->way.url;

    way = way != NULL ? way : "the way over the air";
    return explain(desk, err == QW_ERR_REFUSED ? "the centre" : way, err);
}

static qw_err open_key(struct desk *desk)
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read_private(desk->errand->key, KEY_FILE_MAX, &text, &len);
    BIO *bio = err == QW_OK ? BIO_new_mem_buf(text, (int)len) : NULL;

    if (err == QW_OK) {
        desk->wish.private_key =
            bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        err = desk->wish.private_key == NULL ? QW_ERR_FORMAT : QW_OK;
    }
    BIO_free(bio);
    qw_secret_free(text);
    return explain(desk, desk->errand->key, err);
}

/* P1, P2: durable before it is sent. A key that is taken in between is lost, no more. */
static qw_err prepare(struct desk *desk)
{
    uint8_t challenge[QW_AUTH_CHALLENGE_MAX];
    size_t len = 0;
    qw_err err = open_key(desk);

    if (err == QW_OK) {
        err = explain_way(desk, qw_auth_way_ask(&desk->errand->way, desk->wish.name, challenge,
                                                sizeof challenge, &len));
    }
    if (err == QW_OK) {
        desk->wish.now_ms = qw_clock_utc_ms();
        err = explain(desk, "the card",
                      qw_auth_prove(desk->card, &desk->wish, challenge, len, &desk->pending));
    }
    if (err == QW_OK) {
        err = explain(desk, desk->errand->pending,
                      qw_auth_pending_save(desk->card, &desk->pending, desk->errand->pending));
    }
    return err;
}

/* P3: whether what waits is of this errand. Somebody else's statement would say somebody else's
 * context; of a card that was fused, or another one, it cannot be opened. Their keys are gone. */
static qw_err take_up(struct desk *desk, bool *waits)
{
    struct qw_auth_proof sent;
    qw_err err = qw_auth_pending_load(desk->card, desk->errand->pending, &desk->pending);

    if (err == QW_OK) {
        err = qw_auth_proof_read(desk->pending.proof, desk->pending.proof_len, &sent);
    }
    *waits = err == QW_OK && strcmp(sent.name, desk->wish.name) == 0 &&
             qw_equal_ct(sent.context, desk->wish.context, sizeof sent.context) &&
             qw_equal_ct(sent.certificate_hash, desk->wish.certificate_hash,
                         sizeof sent.certificate_hash);
    if (err == QW_ERR_NOT_FOUND || err == QW_ERR_AUTH || err == QW_ERR_FORMAT) {
        err = QW_OK;
    }
    return explain(desk, desk->errand->pending, err);
}

/* P3, P4 */
static qw_err send(struct desk *desk, struct qw_auth_outcome *outcome)
{
    uint8_t data[QW_AUTH_ANSWER_LEN];
    struct qw_auth_answer answer;
    struct qw_auth_proof sent;
    size_t len = 0;
    qw_err err =
        explain_way(desk, qw_auth_way_prove(&desk->errand->way, desk->pending.proof,
                                            desk->pending.proof_len, data, sizeof data, &len));

    if (err != QW_OK) {
        return err;
    }
    err = qw_auth_conclude(&desk->pending, data, len, &answer);
    if (err == QW_OK) {
        err = qw_auth_proof_read(desk->pending.proof, desk->pending.proof_len, &sent);
    }
    if (err == QW_OK) {
        memcpy(outcome->id, sent.key_id, sizeof outcome->id);
        outcome->until_ms = answer.until_ms;
    }
    return explain(desk, "the centre's answer", err);
}

qw_err qw_auth_errand_run(struct qw_card *card, const struct qw_auth_errand *errand,
                          struct qw_auth_outcome *outcome, char why[static QW_AUTH_ERRAND_WHY_CAP])
{
    struct desk desk = {
        .card = card, .errand = errand, .wish = { .name = errand->name }, .why = why
    };
    bool waits = false;
    qw_err err;

    why[0] = '\0';
    memcpy(desk.wish.context, errand->context, sizeof desk.wish.context);
    err = explain(&desk, errand->certificate,
                  qw_certificate_hash(errand->certificate, desk.wish.certificate_hash));
    if (err == QW_OK) {
        err = take_up(&desk, &waits);
    }
    if (err == QW_OK && !waits) {
        err = prepare(&desk);
    }
    if (err == QW_OK) {
        err = send(&desk, outcome);
        if (err == QW_OK || err == QW_ERR_REFUSED) { /* either is final */
            (void)unlink(errand->pending);
        }
    }
    EVP_PKEY_free(desk.wish.private_key);
    qw_wipe(&desk.pending, sizeof desk.pending);
    return err;
}
