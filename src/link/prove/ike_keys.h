/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_IKE_KEYS_H
#define QW_LINK_PROVE_IKE_KEYS_H

#include "crypto/ipsec/ike_open.h"
#include "crypto/ipsec/prf.h"
#include "link/prove/ike_exchanges.h"

/* Keys of an IKE_SA that came out of another [RFC 7296 2.18]. */
struct qw_ike_keys { /* secret */
    uint8_t sk_d[QW_IPSEC_PRF_LEN_MAX];
    struct qw_ike_key sides[2]; /* of who began it, of the other */
};

struct qw_ike_origin {              /* all borrowed */
    enum qw_ipsec_prf old_prf, prf; /* of the IKE_SA before, of the new one */
    struct qw_bytes old_sk_d;
    struct qw_bytes secret; /* g^ir of the exchange, 1..QW_IKE_SECRET_MAX octets */
    const struct qw_ike_exchange *exchange;
    const struct qw_ipsec_suite
        *suite; /* of the new one; NULL: not supported, SK_d alone is made */
};
enum { QW_IKE_SECRET_MAX = 1024 };

/* QW_ERR_ARG for a secret or an SK_d of no length or too much, QW_ERR_UNAVAILABLE; out is then
 * untouched. The caller wipes it. */
qw_err qw_ike_keys_rekeyed(const struct qw_ike_origin *origin, struct qw_ike_keys *out) QW_MUST_USE;

#endif
