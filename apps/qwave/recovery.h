/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_RECOVERY_H
#define QWAVE_RECOVERY_H

#include "crypto/custody/custody.h"

/* The recovery secret of a key that is sealed by a TPM: one line of base64 in a file of its owner
 * alone, which belongs into a safe and not on this machine. */

/* A new secret in a new file, and in *secret [QW_CUSTODY_RECOVERY_LEN bytes], the caller's with
 * qw_secret_free. QW_ERR_CONFLICT: there is such a file. */
qw_err recovery_create(const char *path, uint8_t **secret) QW_MUST_USE;
/* QW_ERR_FORMAT: no such secret; QW_ERR_REFUSED: others may read it. */
qw_err recovery_read(const char *path, uint8_t **secret) QW_MUST_USE;

#endif
