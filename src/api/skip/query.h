/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_SKIP_QUERY_H
#define QW_API_SKIP_QUERY_H

#include "base/error.h"

#include <stdint.h>

/* What an encryptor asks by the Secure Key Integration Protocol (SKIP), draft-cisco-skip-02
 * [docs/protocol/skip.md]. Queries are raw, without '?'; parameters that are not named here are
 * ignored. Sizes are in bits. */
enum { QW_SKIP_SYSTEM_CAP = 64, QW_SKIP_BITS_STANDARD = 256, QW_SKIP_ENTROPY_BITS_MAX = 4096 };

struct qw_skip_limits {
    uint32_t bits_min, bits_max; /* of a key */
};

struct qw_skip_key_query {
    char remote[QW_SKIP_SYSTEM_CAP]; /* remoteSystemID, never "" */
    uint32_t bits;                   /* a multiple of 8 within the limits */
};

/* All decoders: QW_ERR_FORMAT for whatever is missing, comes twice, is malformed or out of range;
 * outputs are then untouched. */

/* "remoteSystemID=bob&size=128"; without size QW_SKIP_BITS_STANDARD. */
qw_err qw_skip_key_query_decode(const char *query, const struct qw_skip_limits *limits,
                                struct qw_skip_key_query *out) QW_MUST_USE;

/* "remoteSystemID=alice" of a key that is asked for by its id. */
qw_err qw_skip_remote_decode(const char *query, char remote[static QW_SKIP_SYSTEM_CAP]) QW_MUST_USE;

/* "minentropy=128", 1..QW_SKIP_ENTROPY_BITS_MAX; without it QW_SKIP_BITS_STANDARD. */
qw_err qw_skip_entropy_query_decode(const char *query, uint32_t *bits) QW_MUST_USE;

#endif
