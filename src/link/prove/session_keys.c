/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/session_keys.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { ZERO_PPK_LEN = 32 };

struct source { /* one IKE_SA */
    enum qw_session_gap gap;
    enum qw_ipsec_prf prf;
    size_t len; /* of the SK_d; 0: not known, any way */
    uint8_t sk_d[QW_WAY_COUNT][QW_IPSEC_PRF_LEN_MAX];
};

struct qw_session_keys {
    size_t count;
    struct source sources[];
};

/* SK_d = prf+(PPK, SK_d') [RFC 8784 3]. */
static qw_err mix(struct source *source, enum qw_session_way way, struct qw_bytes ppk,
                  const struct qw_charon_ike *ike)
{
    return qw_ipsec_prf_plus(ike->prf, ppk, (struct qw_bytes){ ike->sk_d, ike->sk_d_len },
                             source->sk_d[way], source->len);
}

static enum qw_session_gap gap_of(const struct qw_charon_ike *ike,
                                  const struct qw_delivered_key *key)
{
    if (!ike->is_known || ike->is_rekeyed) {
        return QW_GAP_LOG;
    }
    if (!ike->has_prf || ike->sk_d_len != qw_ipsec_prf_len(ike->prf)) {
        return QW_GAP_PRF;
    }
    if (ike->ppk_id[0] == '\0') {
        return QW_GAP_NO_PPK;
    }
    return key == NULL ? QW_GAP_NOT_DELIVERED : QW_GAP_NONE;
}

static qw_err fill(struct source *source, const struct qw_charon_ike *ike,
                   const struct qw_key_list *keys)
{
    static const uint8_t zero[ZERO_PPK_LEN];
    const struct qw_delivered_key *key = qw_key_list_find(keys, ike->ppk_id);
    qw_err err = QW_OK;

    source->gap = gap_of(ike, key);
    source->prf = ike->prf;
    if (source->gap == QW_GAP_LOG || source->gap == QW_GAP_PRF) {
        return QW_OK;
    }
    source->len = ike->sk_d_len;
    memcpy(source->sk_d[QW_WAY_NO_PPK], ike->sk_d, source->len);
    err = mix(source, QW_WAY_ZERO_PPK, (struct qw_bytes){ zero, sizeof zero }, ike);
    if (err == QW_OK && source->gap == QW_GAP_NONE) {
        err = mix(source, QW_WAY_DELIVERED, (struct qw_bytes){ key->bytes, key->len }, ike);
    }
    return err;
}

qw_err qw_session_keys_new(const struct qw_charon_log *log, const struct qw_key_list *keys,
                           struct qw_session_keys **out)
{
    size_t count = 0;
    const struct qw_charon_ike *ikes = qw_charon_log_ikes(log, &count);
    struct qw_session_keys *made = calloc(1, sizeof *made + count * sizeof made->sources[0]);
    qw_err err = QW_OK;

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->count = count;
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        err = fill(&made->sources[i], &ikes[i], keys);
    }
    if (err != QW_OK) {
        goto out;
    }
    *out = made;
    made = NULL; /* now the caller's */
out:
    qw_session_keys_free(made);
    return err;
}

void qw_session_keys_free(struct qw_session_keys *keys)
{
    if (keys != NULL) {
        qw_wipe_free(keys, sizeof *keys + keys->count * sizeof keys->sources[0]);
    }
}

enum qw_session_gap qw_session_keys_gap(const struct qw_session_keys *keys,
                                        const struct qw_charon_child *child)
{
    qw_assert(child->ike < keys->count);
    return child->key_len == 0 ? QW_GAP_ESP : keys->sources[child->ike].gap;
}

qw_err qw_session_keys_keymat(const struct qw_session_keys *keys,
                              const struct qw_charon_child *child, enum qw_session_way way,
                              uint8_t out[static QW_ESP_KEYMAT_MAX])
{
    enum qw_session_gap gap = qw_session_keys_gap(keys, child);
    const struct source *source = &keys->sources[child->ike];

    if (gap == QW_GAP_ESP || source->len == 0 || (way == QW_WAY_DELIVERED && gap != QW_GAP_NONE)) {
        return QW_ERR_NOT_FOUND;
    }
    return qw_ipsec_prf_plus(source->prf, (struct qw_bytes){ source->sk_d[way], source->len },
                             (struct qw_bytes){ child->seed, child->seed_len }, out,
                             2 * (child->key_len + QW_ESP_SALT_LEN));
}
