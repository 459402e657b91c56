/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_SHARE_SHARE_H
#define QW_CRYPTO_SHARE_SHARE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* One officer's share of a master key, and the ceremony it belongs to. Bytes:
 * docs/protocol/ceremony.md. */
enum {
    QW_MASTER_KEY_LEN = 32,
    QW_CEREMONY_ID_LEN = 16,
    QW_CEREMONY_CHECK_KEY_LEN = 32,
    QW_SHARE_CHECK_LEN = 32,
    QW_OFFICERS_MAX = 16,
    QW_QUORUM_MIN = 2,
    QW_SHARE_LEN = 4 + QW_CEREMONY_ID_LEN + 3 + QW_MASTER_KEY_LEN + QW_SHARE_CHECK_LEN,
    QW_SHARE_FILE_LEN = 134
};

struct qw_ceremony { /* nothing here is secret from who may read the store */
    uint8_t id[QW_CEREMONY_ID_LEN];
    uint8_t threshold; /* QW_QUORUM_MIN..officers */
    uint8_t officers;  /* ..QW_OFFICERS_MAX */
    uint8_t check_key[QW_CEREMONY_CHECK_KEY_LEN];
};

struct qw_share { /* a secret: in secret memory, wiped by its owner */
    uint8_t ceremony[QW_CEREMONY_ID_LEN];
    uint8_t index; /* 1..officers */
    uint8_t threshold, officers;
    uint8_t payload[QW_MASTER_KEY_LEN];
    uint8_t check[QW_SHARE_CHECK_LEN];
};

/* A new ceremony over a new random master key: the shares of all officers  [shares: officers],
 * [master: QW_MASTER_KEY_LEN bytes]. QW_ERR_ARG: numbers out of range; QW_ERR_NOMEM, QW_ERR_IO. */
qw_err qw_ceremony_hold(uint8_t threshold, uint8_t officers, struct qw_ceremony *ceremony,
                        struct qw_share *shares,
                        uint8_t master[static QW_MASTER_KEY_LEN]) QW_MUST_USE;

/* The master key from exactly ceremony->threshold shares that qw_share_verify has passed.
 * QW_ERR_ARG: another number, an index twice; QW_ERR_NOMEM. */
qw_err qw_ceremony_combine(const struct qw_ceremony *ceremony, const struct qw_share *shares,
                           unsigned count, uint8_t master[static QW_MASTER_KEY_LEN]) QW_MUST_USE;

/* QW_ERR_NOT_FOUND: of another ceremony. QW_ERR_AUTH: altered. */
qw_err qw_share_verify(const struct qw_ceremony *ceremony,
                       const struct qw_share *share) QW_MUST_USE;

/* The MAC over all but share->check, which stands beside it [docs/protocol/ceremony.md S2]. */
qw_err qw_share_check(const uint8_t check_key[static QW_CEREMONY_CHECK_KEY_LEN],
                      const struct qw_share *share,
                      uint8_t out[static QW_SHARE_CHECK_LEN]) QW_MUST_USE;

/* The form that goes to the centre. QW_ERR_FORMAT: none, or a number out of range. */
void qw_share_encode(const struct qw_share *share, uint8_t out[static QW_SHARE_LEN]);
qw_err qw_share_decode(const uint8_t *in, size_t len, struct qw_share *share) QW_MUST_USE;

/* The form at rest: encrypted to the officer's passphrase. QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_share_file_seal(const struct qw_share *share, const uint8_t *passphrase,
                          size_t passphrase_len, uint8_t out[static QW_SHARE_FILE_LEN]) QW_MUST_USE;
/* QW_ERR_FORMAT: no share file. QW_ERR_AUTH: another passphrase, or altered. */
qw_err qw_share_file_open(const uint8_t *in, size_t len, const uint8_t *passphrase,
                          size_t passphrase_len, struct qw_share *share) QW_MUST_USE;

#endif
