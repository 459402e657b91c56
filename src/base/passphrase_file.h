/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_PASSPHRASE_FILE_H
#define QW_BASE_PASSPHRASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { QW_PASSPHRASE_MIN = 12, QW_PASSPHRASE_MAX = 1024 };
enum { QW_PIN_MIN = 4, QW_PIN_MAX = 255 }; /* of tokens and cards, which count wrong ones */

/* The first line of a file that only its owner may read or write: QW_PASSPHRASE_MIN to
 * QW_PASSPHRASE_MAX bytes, without the newline, in memory from qw_secret_new (the caller frees it
 * with qw_secret_free). QW_ERR_REFUSED when others have any right on the file, QW_ERR_FORMAT for
 * a line too short or too long, QW_ERR_NOT_FOUND, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_passphrase_file_read(const char *path, uint8_t **passphrase, size_t *len) QW_MUST_USE;

/* The same for a PIN: QW_PIN_MIN to QW_PIN_MAX bytes. */
qw_err qw_pin_file_read(const char *path, uint8_t **pin, size_t *len) QW_MUST_USE;

#endif
