/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "share/share_entry.h"

#include "api/json_reader.h"
#include "api/json_writer.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "passphrase.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BODY_CAP = 256 };
_Static_assert((int)PASSPHRASE_ERROR_CAP == (int)OPERATOR_ERROR_CAP, "one sentence");

struct hand { /* secret memory */
    struct qw_share share, back;
    uint8_t bytes[QW_SHARE_LEN];
    char body[BODY_CAP];
};

static void explain(char *error, const char *what, const char *why)
{
    if (error[0] == '\0') {
        (void)snprintf(error, OPERATOR_ERROR_CAP, "%.400s: %s", what, why);
    }
}

/* Posts hand->share. */
static qw_err post(struct operator_desk *desk, const char *path, struct hand *hand,
                   const char **answer)
{
    struct qw_json_writer w = qw_json_writer_on(hand->body, sizeof hand->body);

    qw_share_encode(&hand->share, hand->bytes);
    qw_json_object_begin(&w);
    qw_json_name(&w, "share");
    qw_json_base64(&w, hand->bytes, sizeof hand->bytes);
    qw_json_object_end(&w);
    return qw_json_done(&w) ? operator_call(desk, "POST", path, hand->body, answer) : QW_ERR_SPACE;
}

/* O1 */
static qw_err open_file(const char *share_path, const char *passphrase_path, struct qw_share *share,
                        char *error)
{
    uint8_t *file = NULL;
    uint8_t *passphrase = NULL;
    size_t file_len = 0;
    size_t len = 0;
    qw_err err = qw_file_read(share_path, QW_SHARE_FILE_LEN + 1, &file, &file_len);

    if (err == QW_OK) {
        err = passphrase_get(passphrase_path, "share", false, &passphrase, &len, error);
    }
    if (err == QW_OK) {
        err = qw_share_file_open(file, file_len, passphrase, len, share);
    }
    if (err != QW_OK) {
        explain(error, share_path,
                err == QW_ERR_AUTH     ? "not its passphrase, or an altered share"
                : err == QW_ERR_FORMAT ? "no share"
                                       : qw_err_text(err));
    }
    qw_secret_free(passphrase);
    qw_secret_free(file);
    return err;
}

qw_err share_enter(struct operator_desk *desk, const char *path, const char *share_path,
                   const char *passphrase_path, const char **answer,
                   char error[static OPERATOR_ERROR_CAP])
{
    struct hand *hand = qw_secret_new(sizeof *hand);
    qw_err err =
        hand == NULL ? QW_ERR_NOMEM : open_file(share_path, passphrase_path, &hand->share, error);

    if (err == QW_OK) {
        err = post(desk, path, hand, answer);
    }
    qw_secret_free(hand);
    return err;
}

qw_err share_file_write(const char *path, const struct qw_share *share, const uint8_t *passphrase,
                        size_t len, struct qw_share *back)
{
    uint8_t file[QW_SHARE_FILE_LEN];
    uint8_t *read = NULL;
    size_t read_len = 0;
    qw_err err = qw_share_file_seal(share, passphrase, len, file);

    if (err == QW_OK) {
        err = qw_file_create(path, file, sizeof file);
    }
    if (err == QW_OK) {
        err = qw_file_read_private(path, QW_SHARE_FILE_LEN, &read, &read_len);
    }
    if (err == QW_OK) {
        err = qw_share_file_open(read, read_len, passphrase, len, back);
    }
    qw_secret_free(read);
    return err;
}

static qw_err take(struct operator_desk *desk, struct hand *hand)
{
    const char *answer = NULL;
    struct qw_json_reader r;
    size_t len = 0;
    qw_err err = operator_call(desk, "POST", "/v1/shares/take", "{}", &answer);

    if (err == QW_OK) {
        err = qw_json_open(answer, strlen(answer), &r);
    }
    if (err == QW_OK) {
        qw_json_get_base64(&r, qw_json_root_object(&r), "share", hand->bytes, sizeof hand->bytes,
                           sizeof hand->bytes, &len);
        err = qw_json_ok(&r) ? qw_share_decode(hand->bytes, len, &hand->share) : QW_ERR_FORMAT;
        qw_json_close(&r);
    }
    return err;
}

/* X4. The file stays whatever comes: an answer that is lost may have been the last one. */
static qw_err confirm(struct operator_desk *desk, struct hand *hand, const char *share_path,
                      const char **answer, char *error)
{
    qw_err err;

    hand->share = hand->back;
    err = post(desk, "/v1/shares/confirmation", hand, answer);
    if (err != QW_OK) {
        char ceremony[2 * QW_CEREMONY_ID_LEN + 1];

        qw_hex_encode(hand->share.ceremony, QW_CEREMONY_ID_LEN, ceremony);
        (void)snprintf(error, OPERATOR_ERROR_CAP,
                       "%.200s is written and not confirmed: %.100s. It is worth something only if "
                       "`qwave share show` says ceremony %s",
                       share_path, operator_message(desk), ceremony);
    }
    return err;
}

qw_err share_take(struct operator_desk *desk, const char *share_path, const char *passphrase_path,
                  const char **answer, char error[static OPERATOR_ERROR_CAP])
{
    struct hand *hand = qw_secret_new(sizeof *hand);
    uint8_t *passphrase = NULL;
    size_t len = 0;
    qw_err err = hand == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err == QW_OK && access(share_path, F_OK) == 0) {
        err = QW_ERR_CONFLICT;
        explain(error, share_path, "exists; a share gets a file of its own");
    }
    if (err == QW_OK) {
        err = passphrase_get(passphrase_path, "new share", true, &passphrase, &len, error);
    }
    if (err == QW_OK) {
        err = take(desk, hand);
    }
    if (err == QW_OK) {
        err = share_file_write(share_path, &hand->share, passphrase, len, &hand->back);
        if (err != QW_OK) {
            explain(error, share_path, qw_err_text(err));
        }
    }
    if (err == QW_OK) {
        err = confirm(desk, hand, share_path, answer, error);
    }
    qw_secret_free(passphrase);
    qw_secret_free(hand);
    return err;
}
