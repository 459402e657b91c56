/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROOF_H
#define QW_LINK_PROOF_H

#include "base/error.h"
#include "link/key_sink.h"

#include <stdint.h>

/* Shows the other end that one holds the same bytes under a key id, without telling them
 * [docs/protocol/link-control.md]. */
enum { QW_LINK_PROOF_LEN = 32, QW_LINK_NONCE_LEN = 32 };
enum qw_link_role { QW_LINK_INITIATOR, QW_LINK_RESPONDER };

/* role: whose proof it is. link: name of the link, at most 255 bytes. QW_ERR_NOMEM. */
qw_err qw_link_proof(enum qw_link_role role, const char *link, uint64_t turn,
                     const struct qw_link_key *key, const uint8_t nonce[static QW_LINK_NONCE_LEN],
                     uint8_t proof[static QW_LINK_PROOF_LEN]) QW_MUST_USE;

#endif
