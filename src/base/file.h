/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_FILE_H
#define QW_BASE_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Reads a whole file of at most max bytes into memory from qw_secret_new (wiped by qw_secret_free);
 * an empty file gives a one-byte allocation and *len 0. QW_ERR_NOT_FOUND, QW_ERR_SPACE when larger,
 * QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_file_read(const char *path, size_t max, uint8_t **data, size_t *len) QW_MUST_USE;

/* The same for a file on which nobody but its owner has any right; QW_ERR_REFUSED otherwise. */
qw_err qw_file_read_private(const char *path, size_t max, uint8_t **data, size_t *len) QW_MUST_USE;

/* Replaces a file as a whole, durably: temporary file beside it (mode 0600), write, fsync, rename,
 * fsync of the folder. After QW_OK the new content survives a power cut; after an error the old
 * content is still there. A full disk is QW_ERR_IO. */
qw_err qw_file_replace(const char *path, const uint8_t *data, size_t len) QW_MUST_USE;

/* Writes a new file (mode 0600), durably; QW_ERR_CONFLICT when it exists. */
qw_err qw_file_create(const char *path, const uint8_t *data, size_t len) QW_MUST_USE;

#endif
