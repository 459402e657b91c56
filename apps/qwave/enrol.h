/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_ENROL_H
#define QWAVE_ENROL_H

#include "api/certificate/profile.h"
#include "base/error.h"

/* The device's side of docs/protocol/enrolment.md. */
struct enrol_wish {
    const char *url, *name;
    const char *card, *passphrase_file;
    enum qw_certificate_profile profile;
    const char *certificate, *key, *authority; /* files to make */
};
enum { ENROL_ERROR_CAP = 256 };

/* What was sent stays in the file "CERTIFICATE.request" until there is an answer, and is sent again
 * by the next call. error says what happened in one sentence. */
qw_err enrol(const struct enrol_wish *wish, char error[static ENROL_ERROR_CAP]) QW_MUST_USE;

#endif
