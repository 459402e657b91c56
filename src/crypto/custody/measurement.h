/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_CUSTODY_MEASUREMENT_H
#define QW_CRYPTO_CUSTODY_MEASUREMENT_H

#include "base/error.h"

#include <stdint.h>

/* SHA-256 of a whole file of at most 1 GiB, links followed. QW_ERR_NOT_FOUND, QW_ERR_IO (also: no
 * regular file, changed while it was read), QW_ERR_NOMEM. */
enum { QW_MEASUREMENT_LEN = 32 };
qw_err qw_measure_file(const char *path, uint8_t digest[static QW_MEASUREMENT_LEN]) QW_MUST_USE;

#endif
