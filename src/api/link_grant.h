/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_LINK_GRANT_H
#define QW_API_LINK_GRANT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* What the centre gives an access point for one radio session: the pool bytes of both directions at
 * the positions it has just spent for good. Travels sealed under the access point's wrap key (aad
 * "qwave grant" and the session id), so TLS is not its only protection [S3]. */
enum {
    QW_LINK_GRANT_AUTH_LEN = 64,
    QW_LINK_GRANT_LEN = 4 + 16 + 2 * 8 + 2 * QW_LINK_GRANT_AUTH_LEN + 28
};
struct qw_link_grant {
    uint8_t session_id[16];
    uint64_t up_position, down_position;
    uint8_t up[QW_LINK_GRANT_AUTH_LEN], down[QW_LINK_GRANT_AUTH_LEN];
};
qw_err qw_link_grant_seal(const struct qw_link_grant *grant, const uint8_t wrap_key[static 32],
                          uint8_t out[static QW_LINK_GRANT_LEN]) QW_MUST_USE;
qw_err qw_link_grant_open(const uint8_t *data, size_t len, const uint8_t wrap_key[static 32],
                          struct qw_link_grant *grant) QW_MUST_USE;

#endif
