/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "authenticate.h"

#include "api/certificate.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "terminal/authenticate.h"
#include "terminal/card_name.h"
#include "terminal/card_unlock.h"

#include <limits.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_FILE_MAX = 4096 };

struct desk { /* one call of authenticate */
    const struct authenticate_wish *wish;
    struct auth_way way;
    char owner[sizeof((struct qw_card_info *)0)->owner];
    struct qw_card *card;
    struct qw_auth_pending pending; /* has a secret */
    char path[PATH_MAX];            /* of what waits */
    char *error;
};

static qw_err explain(const struct desk *desk, const char *what, qw_err err)
{
    if (err != QW_OK && desk->error[0] == '\0') {
        (void)snprintf(desk->error, AUTHENTICATE_ERROR_CAP, "%.180s: %s", what, qw_err_text(err));
    }
    return err;
}

/* The centre does not say why. */
static qw_err explain_way(const struct desk *desk, qw_err err)
{
    const char *where = desk->way.url != NULL ? desk->way.url : desk->way.access_point_host;

    return explain(desk, err == QW_ERR_REFUSED ? "the centre" : where, err);
}

static qw_err open_card(struct desk *desk)
{
    struct qw_card_info info;
    qw_err err = qw_card_open_by_file(desk->wish->card, desk->wish->passphrase_file, &desk->card);

    if (err == QW_OK) {
        qw_card_info(desk->card, &info);
        memcpy(desk->owner, info.owner, sizeof desk->owner);
        desk->way.terminal_id = desk->owner;
    }
    return explain(desk, desk->wish->card, err);
}

static qw_err open_key(const struct desk *desk, EVP_PKEY **key)
{
    uint8_t *text = NULL;
    size_t len = 0;
    qw_err err = qw_file_read_private(desk->wish->key, KEY_FILE_MAX, &text, &len);
    BIO *bio = err == QW_OK ? BIO_new_mem_buf(text, (int)len) : NULL;

    if (err == QW_OK) {
        *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        err = *key == NULL ? QW_ERR_FORMAT : QW_OK;
    }
    BIO_free(bio);
    qw_secret_free(text);
    return explain(desk, desk->wish->key, err);
}

/* P1, P2: durable before it is sent. A key that is taken in between is lost, no more. */
static qw_err prepare(struct desk *desk)
{
    struct qw_auth_wish wish = { .name = desk->wish->name };
    uint8_t challenge[QW_AUTH_CHALLENGE_MAX];
    size_t len = 0;
    qw_err err = open_key(desk, &wish.private_key);

    if (err == QW_OK) {
        err = explain(desk, desk->wish->certificate,
                      qw_certificate_hash(desk->wish->certificate, wish.certificate_hash));
    }
    if (err == QW_OK) {
        err = explain_way(desk,
                          auth_carry_ask(&desk->way, wish.name, challenge, sizeof challenge, &len));
    }
    if (err == QW_OK) {
        memcpy(wish.context, desk->wish->context, sizeof wish.context);
        wish.now_ms = qw_clock_utc_ms();
        err = explain(desk, desk->wish->card,
                      qw_auth_prove(desk->card, &wish, challenge, len, &desk->pending));
    }
    if (err == QW_OK) {
        err =
            explain(desk, desk->path, qw_auth_pending_save(desk->card, &desk->pending, desk->path));
    }
    EVP_PKEY_free(wish.private_key);
    return err;
}

static qw_err send(struct desk *desk, struct authenticate_result *result)
{
    uint8_t data[QW_AUTH_ANSWER_LEN];
    struct qw_auth_answer answer;
    struct qw_auth_proof sent;
    size_t len = 0;
    qw_err err =
        explain_way(desk, auth_carry_proof(&desk->way, desk->pending.proof, desk->pending.proof_len,
                                           data, sizeof data, &len));

    if (err != QW_OK) {
        return err;
    }
    err = qw_auth_conclude(desk->card, &desk->pending, data, len, &answer);
    if (err == QW_OK) {
        err = qw_auth_proof_read(desk->pending.proof, desk->pending.proof_len, &sent);
    }
    if (err == QW_OK) {
        memcpy(result->id, sent.key_id, sizeof result->id);
        result->until_ms = answer.until_ms;
    }
    return explain(desk, "the centre's answer", err);
}

/* P3: what was sent before and has no answer yet goes first. */
static qw_err work(struct desk *desk, struct authenticate_result *result)
{
    qw_err err = open_card(desk);

    if (err == QW_OK) {
        err = qw_auth_pending_load(desk->card, desk->path, &desk->pending);
        err = err == QW_ERR_NOT_FOUND ? prepare(desk) : explain(desk, desk->path, err);
    }
    if (err == QW_OK) {
        err = send(desk, result);
        if (err == QW_OK || err == QW_ERR_REFUSED) { /* either is final */
            (void)unlink(desk->path);
        }
    }
    return err;
}

qw_err authenticate(const struct authenticate_wish *wish, struct authenticate_result *result,
                    char error[static AUTHENTICATE_ERROR_CAP])
{
    struct desk desk = { .wish = wish, .way = wish->way, .error = error };
    qw_err err;

    error[0] = '\0';
    const char *beside =
        qw_card_name_kind(wish->card) == QW_CARD_IN_FILE ? wish->card : wish->certificate;

    if ((size_t)snprintf(desk.path, sizeof desk.path, "%s.proof", beside) >= sizeof desk.path) {
        return QW_ERR_ARG;
    }
    err = work(&desk, result);
    qw_card_close(desk.card);
    qw_wipe(&desk.pending, sizeof desk.pending);
    return err;
}
