/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/share/share.h"

#include "base/secret.h"
#include "crypto/random.h"
#include "crypto/share/shamir.h"

#include <string.h>

_Static_assert((int)QW_OFFICERS_MAX == (int)QW_SHAMIR_SHARES_MAX, "an officer for each share");
_Static_assert((int)QW_MASTER_KEY_LEN == (int)QW_SHAMIR_SECRET_MAX, "the secret is the master key");

static qw_err fill_shares(const struct qw_ceremony *ceremony, const uint8_t *payloads,
                          struct qw_share *shares)
{
    qw_err err = QW_OK;

    for (uint8_t i = 0; err == QW_OK && i < ceremony->officers; i++) {
        struct qw_share *share = &shares[i];

        memcpy(share->ceremony, ceremony->id, sizeof share->ceremony);
        share->index = (uint8_t)(i + 1);
        share->threshold = ceremony->threshold;
        share->officers = ceremony->officers;
        memcpy(share->payload, payloads + i * sizeof share->payload, sizeof share->payload);
        err = qw_share_check(ceremony->check_key, share, share->check);
    }
    return err;
}

qw_err qw_ceremony_hold(uint8_t threshold, uint8_t officers, struct qw_ceremony *ceremony,
                        struct qw_share *shares, uint8_t master[static QW_MASTER_KEY_LEN])
{
    struct qw_ceremony held = { .threshold = threshold, .officers = officers };
    uint8_t *payloads;
    qw_err err;

    if (threshold < QW_QUORUM_MIN || threshold > officers || officers > QW_OFFICERS_MAX) {
        return QW_ERR_ARG;
    }
    payloads = qw_secret_new((size_t)officers * QW_MASTER_KEY_LEN);
    if (payloads == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_random_bytes(held.id, sizeof held.id);
    if (err == QW_OK) {
        err = qw_random_bytes(held.check_key, sizeof held.check_key);
    }
    if (err == QW_OK) {
        err = qw_random_bytes(master, QW_MASTER_KEY_LEN);
    }
    if (err == QW_OK) {
        err = qw_shamir_split(master, QW_MASTER_KEY_LEN, threshold, officers, payloads);
    }
    if (err == QW_OK) {
        err = fill_shares(&held, payloads, shares);
    }
    if (err == QW_OK) {
        *ceremony = held;
    } else {
        qw_wipe(master, QW_MASTER_KEY_LEN);
    }
    qw_secret_free(payloads);
    return err;
}

qw_err qw_ceremony_combine(const struct qw_ceremony *ceremony, const struct qw_share *shares,
                           unsigned count, uint8_t master[static QW_MASTER_KEY_LEN])
{
    uint8_t x[QW_OFFICERS_MAX];
    uint8_t *payloads;
    qw_err err;

    if (count != ceremony->threshold || count > QW_OFFICERS_MAX) {
        return QW_ERR_ARG;
    }
    payloads = qw_secret_new(count * (size_t)QW_MASTER_KEY_LEN);
    if (payloads == NULL) {
        return QW_ERR_NOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        x[i] = shares[i].index;
        memcpy(payloads + i * (size_t)QW_MASTER_KEY_LEN, shares[i].payload, QW_MASTER_KEY_LEN);
    }
    err = qw_shamir_combine(x, payloads, count, QW_MASTER_KEY_LEN, master);
    qw_secret_free(payloads);
    return err;
}

qw_err qw_share_verify(const struct qw_ceremony *ceremony, const struct qw_share *share)
{
    uint8_t check[QW_SHARE_CHECK_LEN];
    qw_err err;

    if (!qw_equal_ct(share->ceremony, ceremony->id, sizeof ceremony->id)) {
        return QW_ERR_NOT_FOUND;
    }
    if (share->threshold != ceremony->threshold || share->officers != ceremony->officers) {
        return QW_ERR_AUTH;
    }
    err = qw_share_check(ceremony->check_key, share, check);
    if (err == QW_OK && !qw_equal_ct(check, share->check, sizeof check)) {
        err = QW_ERR_AUTH;
    }
    qw_wipe(check, sizeof check);
    return err;
}
