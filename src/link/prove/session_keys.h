/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_SESSION_KEYS_H
#define QW_LINK_PROVE_SESSION_KEYS_H

#include "base/error.h"
#include "crypto/ipsec/esp_open.h"
#include "link/prove/charon_log.h"
#include "link/prove/ike_exchanges.h"
#include "link/prove/key_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The session keys of the SAs of a log, computed from SK_d' and a PPK as both ends computed them,
 * through as many rekeyings of an IKE_SA as there were [RFC 7296 2.18].
 * Three ways: with the delivered key, as if there were no PPK, and with 32 zero octets for a PPK.
 */
enum qw_session_way { QW_WAY_DELIVERED, QW_WAY_NO_PPK, QW_WAY_ZERO_PPK, QW_WAY_COUNT };

/* Why an SA has no keys by the delivered key. */
enum qw_session_gap {
    QW_GAP_NONE,
    QW_GAP_NO_PPK,        /* none was used */
    QW_GAP_NOT_DELIVERED, /* no delivered key has the id */
    QW_GAP_PRF,           /* prf not supported */
    QW_GAP_ESP,           /* algorithms of the CHILD_SA not supported */
    QW_GAP_IKE,           /* messages of an IKE_SA that was rekeyed are closed by other suites */
    QW_GAP_LOG,           /* what the key is made of is not in the log */
    QW_GAP_REKEYING       /* the exchange that made the IKE_SA is not in the capture, or closed */
};
enum { QW_ESP_KEYMAT_MAX = 2 * QW_ESP_KEY_MAX };

/* The SK_d of each IKE_SA of a log, each way. */
struct qw_session_keys;

/* Borrows log, keys and exchanges during the call. QW_ERR_NOMEM, QW_ERR_UNAVAILABLE. */
qw_err qw_session_keys_new(const struct qw_charon_log *log, const struct qw_key_list *keys,
                           const struct qw_ike_exchanges *exchanges,
                           struct qw_session_keys **out) QW_MUST_USE;

/* NULL is fine; wipes. */
void qw_session_keys_free(struct qw_session_keys *keys);

/* Whether KEYMAT of this CHILD_SA can be computed with the delivered key, and if not, why. */
enum qw_session_gap qw_session_keys_gap(const struct qw_session_keys *keys,
                                        const struct qw_charon_child *child);

/* Index of the IKE_SA that the gap is at: that of the CHILD_SA or one that it came out of. */
size_t qw_session_keys_suspect(const struct qw_session_keys *keys,
                               const struct qw_charon_child *child);

/* KEYMAT of a CHILD_SA [RFC 7296 2.17]: for packets of the initiator of its exchange, then for
 * those of the responder  [out: 2 x qw_esp_key_len(child->suite) bytes, secret]. QW_ERR_NOT_FOUND
 * when there is none this way. */
qw_err qw_session_keys_keymat(const struct qw_session_keys *keys,
                              const struct qw_charon_child *child, enum qw_session_way way,
                              uint8_t out[static QW_ESP_KEYMAT_MAX]) QW_MUST_USE;

#endif
