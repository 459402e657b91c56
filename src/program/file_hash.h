/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_PROGRAM_FILE_HASH_H
#define QW_PROGRAM_FILE_HASH_H

#include "base/error.h"

#include <stdint.h>

/* SHA-256 of a file of at most 1 MiB as it stands: of a configuration, for the journal.
 * QW_ERR_NOT_FOUND, QW_ERR_SPACE, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_file_hash(const char *path, uint8_t hash[static 32]) QW_MUST_USE;

#endif
