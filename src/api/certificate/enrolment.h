/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_CERTIFICATE_ENROLMENT_H
#define QW_API_CERTIFICATE_ENROLMENT_H

#include "api/card_keys.h"
#include "api/certificate/leaf.h"
#include "api/certificate/signing_request.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* How a device without a certificate gets one: by one key of its card, which is used up [C4]. Bytes
 * and steps: docs/protocol/enrolment.md. */
enum {
    QW_ENROLMENT_NONCE_LEN = 16,
    QW_ENROLMENT_HEAD_LEN = 4 + 16 + 4 + 16 + QW_ENROLMENT_NONCE_LEN + 2,
    QW_ENROLMENT_MAX = QW_ENROLMENT_HEAD_LEN + QW_SIGNING_REQUEST_CAP + 32,
    QW_ENROLMENT_ANSWER_MAX =
        4 + 16 + QW_ENROLMENT_NONCE_LEN + 2 * (2 + QW_CERTIFICATE_PEM_CAP) + 32
};

struct qw_enrolment {
    uint8_t serial[16]; /* of the card */
    uint32_t epoch;
    uint8_t key_id[16]; /* of the key that is used up */
    uint8_t nonce[QW_ENROLMENT_NONCE_LEN];
    char request[QW_SIGNING_REQUEST_CAP]; /* PEM, NUL-terminated */
};
/* out holds QW_ENROLMENT_MAX bytes. QW_ERR_ARG: no request, or too long a one. */
qw_err qw_enrolment_seal(const struct qw_enrolment *enrolment,
                         const uint8_t root[static QW_CARD_ROOT_LEN], uint8_t *out,
                         size_t *len) QW_MUST_USE;
/* Nothing is authenticated yet. QW_ERR_FORMAT. */
qw_err qw_enrolment_read(const uint8_t *data, size_t len,
                         struct qw_enrolment *enrolment) QW_MUST_USE;
/* Whether both keys are the device's. QW_ERR_AUTH, QW_ERR_FORMAT. */
qw_err qw_enrolment_check(const uint8_t *data, size_t len,
                          const uint8_t root[static QW_CARD_ROOT_LEN]) QW_MUST_USE;

struct qw_enrolment_answer {
    uint8_t serial[16];
    uint8_t nonce[QW_ENROLMENT_NONCE_LEN];
    char certificate[QW_CERTIFICATE_PEM_CAP]; /* PEM, NUL-terminated, like the next */
    char authority[QW_CERTIFICATE_PEM_CAP];
};
/* out holds QW_ENROLMENT_ANSWER_MAX bytes. */
qw_err qw_enrolment_answer_seal(const struct qw_enrolment_answer *answer,
                                const uint8_t report_key[static 32], uint8_t *out,
                                size_t *len) QW_MUST_USE;
/* QW_ERR_FORMAT: no answer; QW_ERR_AUTH: not of this card's centre. */
qw_err qw_enrolment_answer_check(const uint8_t *data, size_t len,
                                 const uint8_t report_key[static 32]) QW_MUST_USE;
/* Of one that was checked: nothing is authenticated here. QW_ERR_FORMAT. */
qw_err qw_enrolment_answer_read(const uint8_t *data, size_t len,
                                struct qw_enrolment_answer *answer) QW_MUST_USE;

#endif
