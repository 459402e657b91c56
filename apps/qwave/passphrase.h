/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_PASSPHRASE_H
#define QWAVE_PASSPHRASE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PASSPHRASE_ERROR_CAP = 512 };

/* A passphrase from the first line of a file, or typed at the terminal of the process where path is
 * NULL: without echo, and twice when it is a new one. QW_PASSPHRASE_MIN to QW_PASSPHRASE_MAX bytes
 * in memory from qw_secret_new, which the caller frees with qw_secret_free.
 *   what  it is for, as the question says: "share of officer 2"
 * Errors of qw_passphrase_file_read. Typed: QW_ERR_UNAVAILABLE without a terminal, QW_ERR_CLOSED
 * for ^C or ^D, QW_ERR_FORMAT for one too short, QW_ERR_CONFLICT for two that differ. error says it
 * in one sentence. */
qw_err passphrase_get(const char *path, const char *what, bool is_new, uint8_t **passphrase,
                      size_t *len, char error[static PASSPHRASE_ERROR_CAP]) QW_MUST_USE;

/* The typed one, on a terminal that is open for reading and writing. */
qw_err passphrase_ask(int terminal, const char *what, bool is_new, uint8_t **passphrase,
                      size_t *len) QW_MUST_USE;

#endif
