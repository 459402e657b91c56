/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SHARE_SHARE_ENTRY_H
#define QWAVE_SHARE_SHARE_ENTRY_H

#include "crypto/share/share.h"
#include "operator.h"

#include <stdint.h>

/* An officer's share between its file and the centre; O1, O2, X3 and X4 of
 * docs/protocol/ceremony.md. A passphrase_path that is NULL: typed at the terminal. */

/* Opens the file and posts {"share": ...} to path of the centre; answer: as operator_call. error is
 * "" when the centre's own message says it. */
qw_err share_enter(struct operator_desk *desk, const char *path, const char *share_path,
                   const char *passphrase_path, const char **answer,
                   char error[static OPERATOR_ERROR_CAP]) QW_MUST_USE;

/* The passphrase is asked for, the share taken, written to a new file, read back and confirmed. The
 * file stays in any case. QW_ERR_CONFLICT: it exists already. */
qw_err share_take(struct operator_desk *desk, const char *share_path, const char *passphrase_path,
                  const char **answer, char error[static OPERATOR_ERROR_CAP]) QW_MUST_USE;

/* Writes a share file and reads it back. QW_ERR_CONFLICT: it exists. [back: in secret memory] */
qw_err share_file_write(const char *path, const struct qw_share *share, const uint8_t *passphrase,
                        size_t len, struct qw_share *back) QW_MUST_USE;

#endif
