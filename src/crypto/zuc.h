/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_ZUC_H
#define QW_CRYPTO_ZUC_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ZUC as 3GPP uses it: 128-EEA3 (confidentiality) and 128-EIA3 (integrity) [GM/T 0001.2, GM/T
 * 0001.3]. Lengths are in bits; bit 0 is the most significant bit of byte 0. */
enum { QW_ZUC_KEY_LEN = 16, QW_ZUC_MAC_LEN = 4, QW_ZUC_BITS_MAX = 65504 };

struct qw_zuc_frame { /* what both ends know of a frame; never the same twice under one key */
    uint32_t count;
    uint8_t bearer;    /* 0..31 */
    uint8_t direction; /* 0 or 1 */
};

struct qw_zuc; /* one per thread */

bool qw_zuc_is_available(void);
const char *qw_zuc_library(void); /* "intel-ipsec-mb 1.3.0", or "none" */

/* QW_ERR_UNAVAILABLE where the library is absent; QW_ERR_NOMEM. */
qw_err qw_zuc_new(struct qw_zuc **zuc) QW_MUST_USE;
void qw_zuc_free(struct qw_zuc *zuc); /* NULL is fine; wipes */

/* Encrypts or decrypts bits 1..QW_ZUC_BITS_MAX of in  [out: ceil(bits / 8) bytes; unused bits of
 * the last one are zero]. QW_ERR_ARG for a length or a frame out of range: a longer message is
 * refused, never split, because its parts would share a key stream. */
qw_err qw_zuc_eea3(struct qw_zuc *zuc, const uint8_t key[static QW_ZUC_KEY_LEN],
                   struct qw_zuc_frame frame, const uint8_t *in, size_t bits,
                   uint8_t *out) QW_MUST_USE;

/* 32-bit tag of bits 1..QW_ZUC_BITS_MAX of message. */
qw_err qw_zuc_eia3(struct qw_zuc *zuc, const uint8_t key[static QW_ZUC_KEY_LEN],
                   struct qw_zuc_frame frame, const uint8_t *message, size_t bits,
                   uint8_t mac[static QW_ZUC_MAC_LEN]) QW_MUST_USE;

#endif
