/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CRYPTO_IPSEC_PRF_H
#define QW_CRYPTO_IPSEC_PRF_H

#include "base/error.h"
#include "crypto/hash.h"

#include <stddef.h>
#include <stdint.h>

/* The pseudo-random functions of IKEv2 that are built on SHA-2 [RFC 4868]: to recompute what an IKE
 * daemon computed. Keys of our own are derived by qw_hkdf. */
enum qw_ipsec_prf { QW_IPSEC_PRF_SHA256, QW_IPSEC_PRF_SHA384, QW_IPSEC_PRF_SHA512 };
enum { QW_IPSEC_PRF_LEN_MAX = 64, QW_IPSEC_SEED_MAX = 2000 };

size_t qw_ipsec_prf_len(enum qw_ipsec_prf prf);

/* prf(key, data), that is HMAC  [out: qw_ipsec_prf_len bytes], secret.
 * QW_ERR_ARG for a key of 0 bytes, QW_ERR_UNAVAILABLE; out is untouched on failure. */
qw_err qw_ipsec_prf_apply(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes data,
                          uint8_t *out) QW_MUST_USE;

/* prf+(key, seed) [RFC 7296 2.13].
 *   key   1 byte or more, borrowed
 *   seed  0..QW_IPSEC_SEED_MAX bytes, borrowed
 *   out   [len bytes, 1..255 x qw_ipsec_prf_len], secret: wiped by the caller
 * QW_ERR_ARG for other lengths; out is untouched on failure. */
qw_err qw_ipsec_prf_plus(enum qw_ipsec_prf prf, struct qw_bytes key, struct qw_bytes seed,
                         uint8_t *out, size_t len) QW_MUST_USE;

#endif
