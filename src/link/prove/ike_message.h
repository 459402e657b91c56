/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_IKE_MESSAGE_H
#define QW_LINK_PROVE_IKE_MESSAGE_H

#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be read of a CREATE_CHILD_SA message of IKEv2 [RFC 7296 3] before it is opened, and in
 * one that was opened: what a new IKE_SA is made of. */
struct qw_ike_message {
    uint64_t spi_i, spi_r; /* of the IKE_SA that it came under */
    uint32_t id;
    bool is_from_initiator; /* its sender began that IKE_SA */
    bool is_response;
    uint8_t first;          /* type of the first payload inside */
    uint16_t piece, pieces; /* 1 of 1; a fragment [RFC 7383 2.5] is 1..pieces of pieces */
    size_t head_len;        /* octets before the IV */
};

/* From the SPIs to the tag. False for what is no whole CREATE_CHILD_SA message all of whose
 * payloads are encrypted; out is then untouched. */
bool qw_ike_message_parse(const uint8_t *data, size_t len, struct qw_ike_message *out);

struct qw_ike_offer { /* one end's part in a new IKE_SA */
    uint8_t number;   /* of the proposal */
    uint64_t spi;
    struct qw_bytes nonce; /* borrowed from the payloads */
};
enum { QW_IKE_NONCE_MIN = 16, QW_IKE_NONCE_MAX = 256 };

/* The offer among payloads that were opened, the first of which is of the type `first`.
 *   number  of the proposal that is meant; 0: the first one
 * False when there is none of an IKE_SA, or what is there does not end where it should; out is then
 * untouched. */
bool qw_ike_offer_find(uint8_t first, const uint8_t *payloads, size_t len, uint8_t number,
                       struct qw_ike_offer *out);

#endif
