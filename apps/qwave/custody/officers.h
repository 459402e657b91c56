/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CUSTODY_OFFICERS_H
#define QWAVE_CUSTODY_OFFICERS_H

#include "centre_folder.h"
#include "crypto/custody/custody.h"

/* Holds the ceremony for a new centre [docs/protocol/ceremony.md A1 A2]: a new master key, its
 * shares as FOLDER/officers/officer-N/share, each encrypted to its officer's passphrase and read
 * back. The key itself is in the custody alone, which the caller closes. error: one sentence. */
qw_err officers_hold(const struct centre_folder_config *config, struct qw_custody *custody,
                     char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

#endif
