/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/session_keys.h"

#include "base/secret.h"
#include "link/prove/ike_keys.h"

#include <stdlib.h>
#include <string.h>

enum { ZERO_PPK_LEN = 32 };

struct source { /* one IKE_SA */
    enum qw_session_gap gap;
    size_t suspect; /* index of the IKE_SA that the gap is at: itself or one that it came out of */
    enum qw_ipsec_prf prf;
    size_t len; /* of the SK_d; 0: not known, any way */
    bool has_way[QW_WAY_COUNT];
    struct qw_ike_keys ways[QW_WAY_COUNT];
    bool has_spis; /* of a rekeyed one */
    uint64_t spi_i, spi_r;
};

struct qw_session_keys {
    size_t count;
    struct source sources[];
};

/* SK_d = prf+(PPK, SK_d') [RFC 8784 3]. */
static qw_err mix(struct source *source, enum qw_session_way way, struct qw_bytes ppk,
                  const struct qw_charon_ike *ike)
{
    source->has_way[way] = true;
    return qw_ipsec_prf_plus(ike->prf, ppk, (struct qw_bytes){ ike->sk_d, ike->sk_d_len },
                             source->ways[way].sk_d, source->len);
}

static enum qw_session_gap gap_of_first(const struct qw_charon_ike *ike,
                                        const struct qw_delivered_key *key)
{
    if (!ike->is_known) {
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

/* An IKE_SA that was made by IKE_SA_INIT. */
static qw_err fill_first(struct source *source, const struct qw_charon_ike *ike,
                         const struct qw_key_list *keys)
{
    static const uint8_t zero[ZERO_PPK_LEN];
    const struct qw_delivered_key *key = qw_key_list_find(keys, ike->ppk_id);
    qw_err err = QW_OK;

    source->gap = gap_of_first(ike, key);
    if (source->gap == QW_GAP_LOG || source->gap == QW_GAP_PRF) {
        return QW_OK;
    }
    source->len = ike->sk_d_len;
    for (int way = 0; way < QW_WAY_COUNT; way++) { /* its own messages do not depend on a PPK */
        memcpy(source->ways[way].sides, ike->keys, sizeof ike->keys);
    }
    source->has_way[QW_WAY_NO_PPK] = true;
    memcpy(source->ways[QW_WAY_NO_PPK].sk_d, ike->sk_d, source->len);
    err = mix(source, QW_WAY_ZERO_PPK, (struct qw_bytes){ zero, sizeof zero }, ike);
    if (err == QW_OK && source->gap == QW_GAP_NONE) {
        err = mix(source, QW_WAY_DELIVERED, (struct qw_bytes){ key->bytes, key->len }, ike);
    }
    return err;
}

/* The log has all keys that the messages of this IKE_SA need, or they follow from the one before.
 */
static bool has_message_keys(const struct qw_charon_ike *ike)
{
    bool is_whole = true;

    for (size_t i = 0; !ike->is_rekeyed && i < 2; i++) {
        is_whole = is_whole && ike->encryption_len[i] == qw_ipsec_encryption_len(ike->suite) &&
                   ike->integrity_len[i] == qw_ipsec_integrity_len(ike->suite);
    }
    return is_whole;
}

/* Why a rekeyed IKE_SA has no keys, as far as it shows without the capture. */
static enum qw_session_gap gap_of_rekeyed(const struct qw_charon_ike *ike,
                                          const struct qw_charon_ike *parent)
{
    if (!ike->has_prf) {
        return QW_GAP_PRF;
    }
    if (!parent->has_suite) {
        return QW_GAP_IKE;
    }
    return ike->secret == NULL || !has_message_keys(parent) ? QW_GAP_LOG : QW_GAP_NONE;
}

/* The exchange that made ike, opened with keys of the one before: whichever way they are right. */
static qw_err find_exchange(const struct source *before, const struct qw_charon_ike *ike,
                            const struct qw_charon_ike *parent,
                            const struct qw_ike_exchanges *exchanges, struct qw_ike_exchange *out)
{
    struct qw_ike_wanted wanted = {
        .has_spis = before->has_spis,
        .spi_i = before->spi_i,
        .spi_r = before->spi_r,
        .id = ike->message_id,
        .is_from_initiator = ike->is_initiator == parent->is_initiator,
        .suite = parent->suite,
    };
    qw_err err = QW_ERR_NOT_FOUND;

    for (int way = 0; err == QW_ERR_NOT_FOUND && way < QW_WAY_COUNT; way++) {
        if (before->has_way[way]) {
            memcpy(wanted.keys, before->ways[way].sides, sizeof wanted.keys);
            err = qw_ike_exchanges_find(exchanges, &wanted, out);
        }
    }
    qw_wipe(&wanted, sizeof wanted);
    return err;
}

/* All ways, each from the same way's SK_d of the one before. */
static qw_err derive(struct source *source, const struct source *before,
                     const struct qw_charon_ike *ike, const struct qw_ike_exchange *exchange)
{
    struct qw_ike_origin origin = {
        .old_prf = before->prf,
        .prf = ike->prf,
        .secret = { ike->secret, ike->secret_len },
        .exchange = exchange,
        .suite = ike->has_suite ? &ike->suite : NULL,
    };
    qw_err err = QW_OK;

    source->gap = before->gap;
    source->suspect = before->suspect;
    source->len = qw_ipsec_prf_len(ike->prf);
    source->has_spis = true;
    source->spi_i = exchange->spi_i;
    source->spi_r = exchange->spi_r;
    for (int way = 0; err == QW_OK && way < QW_WAY_COUNT; way++) {
        source->has_way[way] = before->has_way[way];
        origin.old_sk_d = (struct qw_bytes){ before->ways[way].sk_d, before->len };
        if (source->has_way[way]) {
            err = qw_ike_keys_rekeyed(&origin, &source->ways[way]);
        }
    }
    return err;
}

/* An IKE_SA that came out of the one before. */
static qw_err fill_rekeyed(struct source *source, const struct source *before,
                           const struct qw_charon_ike *ike, const struct qw_charon_ike *parent,
                           const struct qw_ike_exchanges *exchanges)
{
    struct qw_ike_exchange exchange;
    qw_err err;

    if (before->len == 0) {
        source->gap = before->gap;
        source->suspect = before->suspect;
        return QW_OK;
    }
    source->gap = gap_of_rekeyed(ike, parent);
    if (source->gap != QW_GAP_NONE) {
        source->suspect = source->gap == QW_GAP_IKE ? ike->parent : source->suspect;
        return QW_OK;
    }
    err = find_exchange(before, ike, parent, exchanges, &exchange);
    if (err == QW_ERR_NOT_FOUND) { /* without the right PPK it cannot be opened */
        source->gap = before->gap == QW_GAP_NONE ? QW_GAP_REKEYING : before->gap;
        return QW_OK;
    }
    return err == QW_OK ? derive(source, before, ike, &exchange) : err;
}

qw_err qw_session_keys_new(const struct qw_charon_log *log, const struct qw_key_list *keys,
                           const struct qw_ike_exchanges *exchanges, struct qw_session_keys **out)
{
    size_t count = 0;
    const struct qw_charon_ike *ikes = qw_charon_log_ikes(log, &count);
    struct qw_session_keys *made = calloc(1, sizeof *made + count * sizeof made->sources[0]);
    qw_err err = QW_OK;

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->count = count;
    for (size_t i = 0; err == QW_OK && i < count; i++) { /* a parent stands before its child */
        struct source *source = &made->sources[i];
        size_t parent = ikes[i].parent;

        source->prf = ikes[i].prf;
        source->suspect = i;
        err = ikes[i].is_rekeyed
                  ? fill_rekeyed(source, &made->sources[parent], &ikes[i], &ikes[parent], exchanges)
                  : fill_first(source, &ikes[i], keys);
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
    return !child->has_suite ? QW_GAP_ESP : keys->sources[child->ike].gap;
}

size_t qw_session_keys_suspect(const struct qw_session_keys *keys,
                               const struct qw_charon_child *child)
{
    qw_assert(child->ike < keys->count);
    return keys->sources[child->ike].suspect;
}

qw_err qw_session_keys_keymat(const struct qw_session_keys *keys,
                              const struct qw_charon_child *child, enum qw_session_way way,
                              uint8_t out[static QW_ESP_KEYMAT_MAX])
{
    enum qw_session_gap gap = qw_session_keys_gap(keys, child);
    const struct source *source = &keys->sources[child->ike];

    if (gap == QW_GAP_ESP || !source->has_way[way]) {
        return QW_ERR_NOT_FOUND;
    }
    return qw_ipsec_prf_plus(source->prf, (struct qw_bytes){ source->ways[way].sk_d, source->len },
                             (struct qw_bytes){ child->seed, child->seed_len }, out,
                             2 * qw_esp_key_len(child->suite));
}
