/* SPDX-License-Identifier: Apache-2.0 */
#include "base/passphrase_file.h"

#include "base/file.h"
#include "base/secret.h"

#include <string.h>

/* First line of a private file, min to max bytes of it. */
static qw_err read_line(const char *path, size_t min, size_t max, uint8_t **line, size_t *len)
{
    uint8_t *data = NULL;
    uint8_t *newline;
    size_t data_len = 0;
    qw_err err;

    err = qw_file_read_private(path, max + 1, &data, &data_len);
    if (err == QW_ERR_SPACE) {
        return QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        return err;
    }
    newline = memchr(data, '\n', data_len);
    if (newline != NULL) {
        data_len = (size_t)(newline - data);
    }
    if (data_len < min || data_len > max) {
        qw_secret_free(data);
        return QW_ERR_FORMAT;
    }
    *line = data;
    *len = data_len;
    return QW_OK;
}

qw_err qw_passphrase_file_read(const char *path, uint8_t **passphrase, size_t *len)
{
    return read_line(path, QW_PASSPHRASE_MIN, QW_PASSPHRASE_MAX, passphrase, len);
}

qw_err qw_pin_file_read(const char *path, uint8_t **pin, size_t *len)
{
    return read_line(path, QW_PIN_MIN, QW_PIN_MAX, pin, len);
}
