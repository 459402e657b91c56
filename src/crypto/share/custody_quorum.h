/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SHARE_CUSTODY_QUORUM_H
#define QW_CRYPTO_SHARE_CUSTODY_QUORUM_H

#include "crypto/custody/custody.h"
#include "crypto/share/share.h"

/* The custody whose master key came out of a ceremony or of a quorum's shares; both are copied, the
 * key into secret memory. The wrapped form tells the ceremony, so that a sealed centre knows whose
 * shares it waits for. QW_ERR_NOMEM. */
qw_err qw_custody_quorum(const struct qw_ceremony *ceremony,
                         const uint8_t master[static QW_MASTER_KEY_LEN],
                         struct qw_custody *custody) QW_MUST_USE;

/* The ceremony out of a wrapped KEK, before anything is authenticated. QW_ERR_FORMAT: wrapped by
 * another custody, or damaged. */
qw_err qw_custody_quorum_ceremony(const uint8_t *wrapped, size_t len,
                                  struct qw_ceremony *ceremony) QW_MUST_USE;

#endif
