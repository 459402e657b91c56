/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_STATUS_H
#define QW_API_CERTIFICATE_STATUS_H

#include "api/certificate/authority.h"
#include "api/certificate/fields.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answers to who asks whether a certificate is good [RFC 6960], signed by the authority itself. */
enum {
    QW_STATUS_REQUEST_MAX = 4096,
    QW_STATUS_CERTIFICATES_MAX = 16, /* in one request */
    QW_STATUS_LIFE_S = 600           /* an answer without a nonce may be kept so long */
};

struct qw_certificate_status {
    bool is_revoked;
    int64_t revoked_ms;
    unsigned reason;
};
struct qw_status_register {
    void *self;
    /* QW_ERR_NOT_FOUND: this authority has issued no such certificate, as far as is known. */
    qw_err (*look_up)(void *self, enum qw_certificate_profile profile,
                      const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                      struct qw_certificate_status *status);
    /* By profile; NULL: none. */
    struct qw_certificate_authority *const *authorities;
};

/* The DER of the answer to a DER request, whatever it is: also what cannot be answered has a form.
 * One answer is about certificates of one authority. A hash of the request names an authority only,
 * so SHA-1 is taken there, as clients send it. Free answer by free. QW_ERR_NOMEM. */
qw_err qw_certificate_status_answer(const struct qw_status_register *reg, const uint8_t *request,
                                    size_t len, uint8_t **answer, size_t *answer_len) QW_MUST_USE;

#endif
