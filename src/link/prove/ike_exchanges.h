/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_IKE_EXCHANGES_H
#define QW_LINK_PROVE_IKE_EXCHANGES_H

#include "base/error.h"
#include "crypto/ipsec/ike_open.h"
#include "link/prove/ike_message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The CREATE_CHILD_SA messages of a capture, closed as they are, and the search for the exchange
 * that made a new IKE_SA out of another: nonces and SPIs stand in it and nowhere else. */
enum { QW_IKE_MESSAGES_MAX = 1 << 16, QW_IKE_BYTES_MAX = 64 << 20 };

struct qw_ike_exchanges; /* one thread at a time; memory as large as the messages it keeps */

/* QW_ERR_NOMEM. */
qw_err qw_ike_exchanges_new(struct qw_ike_exchanges **out) QW_MUST_USE;

/* NULL is fine. */
void qw_ike_exchanges_free(struct qw_ike_exchanges *exchanges);

/* The next message of the capture, from the SPIs to the tag; copied when it is one of
 * CREATE_CHILD_SA and whole, passed over otherwise. QW_ERR_NOMEM, QW_ERR_LIMIT for more than
 * QW_IKE_MESSAGES_MAX of them or more than QW_IKE_BYTES_MAX in all. */
qw_err qw_ike_exchanges_add(struct qw_ike_exchanges *exchanges, const uint8_t *message,
                            size_t len) QW_MUST_USE;

struct qw_ike_wanted { /* an exchange under one IKE_SA */
    bool has_spis;     /* spi_i and spi_r are known; otherwise what opens is right */
    uint64_t spi_i, spi_r;
    uint32_t id;
    bool is_from_initiator; /* who began that IKE_SA began this exchange too */
    struct qw_ipsec_suite suite;
    struct qw_ike_key keys[2]; /* of who began the IKE_SA, of the other; secret */
};

struct qw_ike_exchange { /* what a new IKE_SA is made of, beside the secret */
    uint64_t spi_i, spi_r;
    size_t seed_len; /* Ni Nr */
    uint8_t seed[2 * QW_IKE_NONCE_MAX];
};

/* Request and response of the exchange, both of which must open. QW_ERR_NOT_FOUND when they are
 * not there, do not open, or make no IKE_SA; QW_ERR_NOMEM. */
qw_err qw_ike_exchanges_find(const struct qw_ike_exchanges *exchanges,
                             const struct qw_ike_wanted *wanted,
                             struct qw_ike_exchange *out) QW_MUST_USE;

#endif
