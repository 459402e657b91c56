/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_VAULT_H
#define QWAVE_LINK_VAULT_H

#include "base/error.h"
#include "base/log.h"
#include "link/record.h"
#include "settings.h"

/* The state folder: made with mode 0700 when it is not there, held by one process, with the key
 * that seals what is in it. */
struct vault {
    uint8_t *key; /* [QW_LINK_VAULT_KEY_LEN], secret memory */
    int lock;     /* descriptor */
};

/* QW_ERR_CONFLICT: another process has it; QW_ERR_AUTH: another passphrase; QW_ERR_REFUSED: a
 * passphrase file that others may read. The log says what. */
qw_err vault_open(const struct settings *settings, const struct qw_log *log,
                  struct vault *vault) QW_MUST_USE;
void vault_close(struct vault *vault); /* zeroed is fine */

/* Where the record of a link is. */
qw_err vault_record_path(const struct settings *settings, const struct peer_settings *peer,
                         char out[static SETTINGS_PATH_CAP]) QW_MUST_USE;

#endif
