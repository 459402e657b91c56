/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_BUNDLE_H
#define QWAVE_SETUP_SETUP_BUNDLE_H

#include "api/certificate/bundle.h"
#include "setup/setup_message.h"

/* Who gets a certificate of a new centre: the first operator and the administrators. */
enum { SETUP_HOLDERS = 4 };
struct setup_holder {
    const char *id;    /* "operator-1" */
    const char *place; /* below the centre's folder, without .pem and .key */
};
extern const struct setup_holder setup_holders[SETUP_HOLDERS];

/* The certificate that `qwave init` made for this officer and left in folder, with its key, for
 * his browser. QW_ERR_NOT_FOUND: no such officer, or no file; errors of qw_certificate_bundle_seal.
 */
qw_err setup_bundle_make(const char *folder, const char *centre_id,
                         const struct setup_bundle *wanted,
                         uint8_t out[static QW_CERTIFICATE_BUNDLE_CAP], size_t *len) QW_MUST_USE;

#endif
