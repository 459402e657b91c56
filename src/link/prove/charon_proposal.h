/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_CHARON_PROPOSAL_H
#define QW_LINK_PROVE_CHARON_PROPOSAL_H

#include "crypto/ipsec/prf.h"
#include "crypto/ipsec/suite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of algorithms as charon writes them, between slashes. */

/* "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384": its prf; false when it is none of ours. */
bool qw_charon_proposal_prf(const char *proposal, enum qw_ipsec_prf *prf);

/* "IKE:AES_GCM_16_256/..." or "IKE:AES_CBC_256/HMAC_SHA2_256_128/...": how its own messages are
 * closed; false, and suite untouched, for anything that crypto/ipsec/suite.h has not. */
bool qw_charon_proposal_ike(const char *proposal, struct qw_ipsec_suite *suite);

/* "ESP:AES_GCM_16_256/NO_EXT_SEQ": how its packets are; false as above, and for sequence numbers of
 * 64 bits. */
bool qw_charon_proposal_esp(const char *proposal, struct qw_ipsec_suite *suite);

/* "... with SPIs 95691bbe_i a3f63e16_o ...": in and out. */
bool qw_charon_spis(const char *text, uint32_t *spi_in, uint32_t *spi_out);

#endif
