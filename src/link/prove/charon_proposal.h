/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_CHARON_PROPOSAL_H
#define QW_LINK_PROVE_CHARON_PROPOSAL_H

#include "crypto/ipsec/ike_open.h"
#include "crypto/ipsec/prf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of algorithms as charon writes them, between slashes. */

/* "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384": its prf; false when it is none of ours. */
bool qw_charon_proposal_prf(const char *proposal, enum qw_ipsec_prf *prf);

/* "IKE:AES_GCM_16_256/..." or "IKE:AES_CBC_256/HMAC_SHA2_256_128/...": how its own messages are
 * closed; false for anything but AES with 128 or 256 bits of key, with GCM and a tag of 16 octets
 * or CBC and HMAC-SHA2. */
bool qw_charon_proposal_suite(const char *proposal, struct qw_ike_suite *suite);

/* "ESP:AES_GCM_16_256/NO_EXT_SEQ": bytes of key; 0 for anything but AES-GCM with a tag of 16
 * octets, 128 or 256 bits of key and sequence numbers of 32 bits. */
size_t qw_charon_proposal_gcm_key_len(const char *proposal);

/* "... with SPIs 95691bbe_i a3f63e16_o ...": in and out. */
bool qw_charon_spis(const char *text, uint32_t *spi_in, uint32_t *spi_out);

#endif
