/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/custody/tpm2_policy.h"

#include "crypto/hash.h"

#include <string.h>

/* Command codes and the algorithm number of SHA-256, as they are hashed. */
static const uint8_t policy_pcr[] = { 0x00, 0x00, 0x01, 0x7f };
static const uint8_t policy_auth_value[] = { 0x00, 0x00, 0x01, 0x6b };
static const uint8_t policy_or[] = { 0x00, 0x00, 0x01, 0x71 };
static const uint8_t selection_head[] = { 0x00, 0x00, 0x00, 0x01, 0x00, 0x0b, QW_TPM2_SELECT_LEN };
static const uint8_t zeros[QW_TPM2_DIGEST_LEN];

void qw_tpm2_select(const struct qw_tpm2_registers *registers,
                    uint8_t select[static QW_TPM2_SELECT_LEN])
{
    memset(select, 0, QW_TPM2_SELECT_LEN);
    for (size_t i = 0; i < registers->count; i++) {
        qw_assert(registers->number[i] < 8 * QW_TPM2_SELECT_LEN);
        select[registers->number[i] / 8] |= (uint8_t)(1u << registers->number[i] % 8);
    }
}

static qw_err registers_policy(const struct qw_tpm2_registers *registers,
                               uint8_t out[static QW_TPM2_DIGEST_LEN])
{
    uint8_t select[QW_TPM2_SELECT_LEN];
    uint8_t values[QW_TPM2_DIGEST_LEN];
    const struct qw_bytes parts[] = { { zeros, sizeof zeros },
                                      { policy_pcr, sizeof policy_pcr },
                                      { selection_head, sizeof selection_head },
                                      { select, sizeof select },
                                      { values, sizeof values } };
    qw_err err = qw_hash_of(
        QW_HASH_SHA256,
        &(struct qw_bytes){ registers->value, registers->count * QW_TPM2_DIGEST_LEN }, 1, values);

    qw_tpm2_select(registers, select);
    return err == QW_OK ? qw_hash_of(QW_HASH_SHA256, parts, 5, out) : err;
}

qw_err qw_tpm2_policy_of(const struct qw_tpm2_registers *registers, struct qw_tpm2_policy *policy)
{
    struct qw_tpm2_policy p;
    const struct qw_bytes by_secret[] = { { zeros, sizeof zeros },
                                          { policy_auth_value, sizeof policy_auth_value } };
    const struct qw_bytes either[] = { { zeros, sizeof zeros },
                                       { policy_or, sizeof policy_or },
                                       { p.branch, sizeof p.branch } };
    qw_err err = registers_policy(registers, p.branch[0]);

    if (err == QW_OK) {
        err = qw_hash_of(QW_HASH_SHA256, by_secret, 2, p.branch[1]);
    }
    if (err == QW_OK) {
        err = qw_hash_of(QW_HASH_SHA256, either, 3, p.either);
    }
    if (err == QW_OK) {
        *policy = p;
    }
    return err;
}

qw_err qw_tpm2_value_after(const uint8_t first[static QW_TPM2_DIGEST_LEN],
                           const uint8_t second[static QW_TPM2_DIGEST_LEN],
                           uint8_t value[static QW_TPM2_DIGEST_LEN])
{
    uint8_t between[QW_TPM2_DIGEST_LEN];
    const struct qw_bytes one[] = { { zeros, sizeof zeros }, { first, QW_TPM2_DIGEST_LEN } };
    const struct qw_bytes two[] = { { between, sizeof between }, { second, QW_TPM2_DIGEST_LEN } };
    qw_err err = qw_hash_of(QW_HASH_SHA256, one, 2, between);

    return err == QW_OK ? qw_hash_of(QW_HASH_SHA256, two, 2, value) : err;
}
