/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_EXPIRY_H
#define QW_API_CERTIFICATE_EXPIRY_H

#include "base/error.h"

#include <stdint.h>

/* When the first certificate of a PEM file ceases to be valid, seconds since 1970 UTC.
 * QW_ERR_NOT_FOUND, QW_ERR_FORMAT, QW_ERR_SPACE (over 64 KiB), QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_certificate_expiry(const char *path, int64_t *utc_s) QW_MUST_USE;

#endif
