/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/ike_keys.h"

#include "base/bytes.h"
#include "base/secret.h"

#include <string.h>

enum {
    SEED_MAX = QW_IKE_SECRET_MAX + 2 * QW_IKE_NONCE_MAX,
    KEYS_MAX = QW_IPSEC_PRF_LEN_MAX + 2 * (QW_IPSEC_INTEGRITY_MAX + QW_IPSEC_ENCRYPTION_MAX)
};

/* SKEYSEED = prf(SK_d of the old one, g^ir | Ni | Nr) [RFC 7296 2.18]. */
static qw_err make_skeyseed(const struct qw_ike_origin *origin, uint8_t *out)
{
    const struct qw_ike_exchange *exchange = origin->exchange;
    uint8_t seed[SEED_MAX];
    struct qw_writer w = qw_writer_on(seed, sizeof seed);
    qw_err err;

    qw_write_bytes(&w, origin->secret.data, origin->secret.len);
    qw_write_bytes(&w, exchange->seed, exchange->seed_len);
    err = w.failed ? QW_ERR_ARG
                   : qw_ipsec_prf_apply(origin->old_prf, origin->old_sk_d,
                                        (struct qw_bytes){ seed, w.len }, out);
    qw_wipe(seed, sizeof seed);
    return err;
}

/* {SK_d | SK_ai | SK_ar | SK_ei | SK_er} [RFC 7296 2.14]; what follows is not needed. */
static void divide(const struct qw_ike_origin *origin, const uint8_t *all, struct qw_ike_keys *out)
{
    struct qw_reader r = qw_reader_on(all, KEYS_MAX);

    qw_read_bytes(&r, out->sk_d, qw_ipsec_prf_len(origin->prf));
    for (size_t i = 0; origin->suite != NULL && i < 2; i++) {
        qw_read_bytes(&r, out->sides[i].integrity, qw_ipsec_integrity_len(*origin->suite));
    }
    for (size_t i = 0; origin->suite != NULL && i < 2; i++) {
        qw_read_bytes(&r, out->sides[i].encryption, qw_ipsec_encryption_len(*origin->suite));
    }
}

qw_err qw_ike_keys_rekeyed(const struct qw_ike_origin *origin, struct qw_ike_keys *out)
{
    const struct qw_ike_exchange *exchange = origin->exchange;
    size_t len = qw_ipsec_prf_len(origin->prf);
    uint8_t skeyseed[QW_IPSEC_PRF_LEN_MAX];
    uint8_t all[KEYS_MAX];
    uint8_t seed[2 * QW_IKE_NONCE_MAX + 16];
    struct qw_writer w = qw_writer_on(seed, sizeof seed);
    qw_err err = origin->secret.len == 0 ? QW_ERR_ARG : make_skeyseed(origin, skeyseed);

    qw_write_bytes(&w, exchange->seed, exchange->seed_len); /* Ni | Nr | SPIi | SPIr */
    qw_write_u64be(&w, exchange->spi_i);
    qw_write_u64be(&w, exchange->spi_r);
    if (origin->suite != NULL) {
        len +=
            2 * (qw_ipsec_integrity_len(*origin->suite) + qw_ipsec_encryption_len(*origin->suite));
    }
    if (err == QW_OK) {
        err = qw_ipsec_prf_plus(origin->prf,
                                (struct qw_bytes){ skeyseed, qw_ipsec_prf_len(origin->old_prf) },
                                (struct qw_bytes){ seed, w.len }, all, len);
    }
    if (err == QW_OK) {
        divide(origin, all, out);
    }
    qw_wipe(skeyseed, sizeof skeyseed);
    qw_wipe(all, sizeof all);
    return err;
}
