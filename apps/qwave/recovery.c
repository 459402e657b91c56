/* SPDX-License-Identifier: Apache-2.0 */
#include "recovery.h"

#include "base/base64.h"
#include "base/passphrase_file.h"
#include "base/secret.h"
#include "centre_folder.h"

#include <string.h>

qw_err recovery_read(const char *path, uint8_t **secret)
{
    uint8_t *bytes = qw_secret_new(QW_CUSTODY_RECOVERY_LEN);
    uint8_t *text = NULL;
    size_t text_len = 0;
    size_t len = 0;
    qw_err err = bytes == NULL ? QW_ERR_NOMEM : qw_passphrase_file_read(path, &text, &text_len);

    if (err == QW_OK) {
        err = qw_base64_decode((const char *)text, text_len, bytes, QW_CUSTODY_RECOVERY_LEN, &len);
    }
    if (err == QW_OK && len != QW_CUSTODY_RECOVERY_LEN) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK) {
        *secret = bytes;
        bytes = NULL; /* now the caller's */
    }
    qw_secret_free(text);
    qw_secret_free(bytes);
    return err == QW_ERR_SPACE ? QW_ERR_FORMAT : err;
}

qw_err recovery_create(const char *path, uint8_t **secret)
{
    qw_err err = passphrase_file_create(path);

    return err == QW_OK ? recovery_read(path, secret) : err;
}
