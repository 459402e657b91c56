/* SPDX-License-Identifier: Apache-2.0 */
/* ZUC on libipsec-mb, through its job calls only: the direct calls ignore a message that is too
 * long without a word. */
#include "crypto/zuc.h"

#if defined(QW_HAVE_IPSEC_MB)

#include "base/bits.h"
#include "base/secret.h"

#include <intel-ipsec-mb.h>
#include <stdlib.h>
#include <string.h>

enum { IV_LEN = 16, DATA_LEN_MAX = QW_BITS_TO_BYTES(QW_ZUC_BITS_MAX) };

struct qw_zuc {
    IMB_MGR *manager;
    uint8_t scratch[DATA_LEN_MAX]; /* a failed call must leave the caller's buffer alone */
};

bool qw_zuc_is_available(void)
{
    return true;
}

const char *qw_zuc_library(void)
{
    return "intel-ipsec-mb " IMB_VERSION_STR;
}

qw_err qw_zuc_new(struct qw_zuc **zuc)
{
    struct qw_zuc *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return QW_ERR_NOMEM;
    }
    self->manager = alloc_mb_mgr(0);
    if (self->manager == NULL) {
        free(self);
        return QW_ERR_NOMEM;
    }
    init_mb_mgr_auto(self->manager, NULL);
    if (imb_get_errno(self->manager) != 0) {
        qw_zuc_free(self);
        return QW_ERR_UNAVAILABLE;
    }
    *zuc = self;
    return QW_OK;
}

void qw_zuc_free(struct qw_zuc *zuc)
{
    if (zuc == NULL) {
        return;
    }
    free_mb_mgr(zuc->manager);
    qw_wipe_free(zuc, sizeof *zuc);
}

static bool is_in_range(struct qw_zuc_frame frame, size_t bits)
{
    return bits >= 1 && bits <= QW_ZUC_BITS_MAX && frame.bearer < 32 && frame.direction < 2;
}

/* Runs the one job that was filled in: a job may be queued, so the queue is drained until it comes
 * back. */
static qw_err run_job(IMB_MGR *manager, const void *mark)
{
    const IMB_JOB *done = IMB_SUBMIT_JOB(manager);

    if (imb_get_errno(manager) != 0) {
        return QW_ERR_ARG;
    }
    while (done == NULL || done->user_data != mark) {
        done = IMB_FLUSH_JOB(manager);
        if (done == NULL) {
            return QW_ERR_IO;
        }
    }
    return done->status == IMB_STATUS_COMPLETED ? QW_OK : QW_ERR_ARG;
}

qw_err qw_zuc_eea3(struct qw_zuc *zuc, const uint8_t key[static QW_ZUC_KEY_LEN],
                   struct qw_zuc_frame frame, const uint8_t *in, size_t bits, uint8_t *out)
{
    uint8_t iv[IV_LEN];
    size_t len = QW_BITS_TO_BYTES(bits);
    IMB_JOB *job;
    qw_err err;

    if (!is_in_range(frame, bits) ||
        zuc_eea3_iv_gen(frame.count, frame.bearer, frame.direction, iv) != 0) {
        return QW_ERR_ARG;
    }
    job = IMB_GET_NEXT_JOB(zuc->manager);
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_CIPHER_HASH;
    job->cipher_mode = IMB_CIPHER_ZUC_EEA3;
    job->hash_alg = IMB_AUTH_NULL;
    job->enc_keys = key;
    job->dec_keys = key;
    job->key_len_in_bytes = QW_ZUC_KEY_LEN;
    job->iv = iv;
    job->iv_len_in_bytes = IV_LEN;
    job->src = in;
    job->dst = zuc->scratch;
    job->cipher_start_src_offset_in_bytes = 0;
    job->msg_len_to_cipher_in_bytes = len;
    job->user_data = zuc;
    err = run_job(zuc->manager, zuc);
    if (err == QW_OK) {
        memcpy(out, zuc->scratch, len);
        if (bits % 8 != 0) { /* the job counts in bytes; the standard ends at the bit */
            out[len - 1] = (uint8_t)(out[len - 1] & (0xff00u >> bits % 8));
        }
    }
    qw_wipe(zuc->scratch, len);
    return err;
}

qw_err qw_zuc_eia3(struct qw_zuc *zuc, const uint8_t key[static QW_ZUC_KEY_LEN],
                   struct qw_zuc_frame frame, const uint8_t *message, size_t bits,
                   uint8_t mac[static QW_ZUC_MAC_LEN])
{
    uint8_t iv[IV_LEN];
    uint8_t tag[QW_ZUC_MAC_LEN];
    IMB_JOB *job;
    qw_err err;

    if (!is_in_range(frame, bits) ||
        zuc_eia3_iv_gen(frame.count, frame.bearer, frame.direction, iv) != 0) {
        return QW_ERR_ARG;
    }
    job = IMB_GET_NEXT_JOB(zuc->manager);
    job->cipher_direction = IMB_DIR_ENCRYPT;
    job->chain_order = IMB_ORDER_HASH_CIPHER;
    job->cipher_mode = IMB_CIPHER_NULL;
    job->hash_alg = IMB_AUTH_ZUC_EIA3_BITLEN;
    job->u.ZUC_EIA3._key = key;
    job->u.ZUC_EIA3._iv = iv;
    job->src = message;
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bits = bits;
    job->auth_tag_output = tag;
    job->auth_tag_output_len_in_bytes = sizeof tag;
    job->user_data = zuc;
    err = run_job(zuc->manager, zuc);
    if (err == QW_OK) {
        memcpy(mac, tag, sizeof tag);
    }
    return err;
}

#else

bool qw_zuc_is_available(void)
{
    return false;
}

const char *qw_zuc_library(void)
{
    return "none";
}

qw_err qw_zuc_new(struct qw_zuc **zuc)
{
    (void)zuc;
    return QW_ERR_UNAVAILABLE;
}

void qw_zuc_free(struct qw_zuc *zuc)
{
    (void)zuc;
}

qw_err qw_zuc_eea3(struct qw_zuc *zuc, const uint8_t key[static QW_ZUC_KEY_LEN],
                   struct qw_zuc_frame frame, const uint8_t *in, size_t bits, uint8_t *out)
{
    (void)zuc, (void)key, (void)frame, (void)in, (void)bits, (void)out;
    return QW_ERR_UNAVAILABLE;
}

qw_err qw_zuc_eia3(struct qw_zuc *zuc, const uint8_t key[static QW_ZUC_KEY_LEN],
                   struct qw_zuc_frame frame, const uint8_t *message, size_t bits,
                   uint8_t mac[static QW_ZUC_MAC_LEN])
{
    (void)zuc, (void)key, (void)frame, (void)message, (void)bits, (void)mac;
    return QW_ERR_UNAVAILABLE;
}

#endif
