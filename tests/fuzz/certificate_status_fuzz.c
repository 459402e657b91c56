/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Whatever is asked, there is an answer in the form of one. */
#include "api/certificate.h"
#include "api/certificate/status.h"

#include <openssl/ocsp.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static qw_err look_up(void *self, enum qw_certificate_profile profile,
                      const uint8_t serial[static QW_CERTIFICATE_SERIAL_LEN],
                      struct qw_certificate_status *status)
{
    (void)self;
    (void)profile;
    *status = (struct qw_certificate_status){ .is_revoked = serial[0] % 2 != 0, .reason = 1 };
    return serial[1] % 4 == 0 ? QW_ERR_NOT_FOUND : QW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_certificate_authority *authorities[QW_CERTIFICATE_PROFILE_COUNT] = { NULL };
    const struct qw_status_register reg = { .look_up = look_up, .authorities = authorities };
    const unsigned char *at;
    OCSP_RESPONSE *response;
    uint8_t *answer;
    size_t len;

    if (qw_certificate_authority_new("ca", QW_CERTIFICATE_ED25519, 0, &authorities[2]) != QW_OK ||
        qw_certificate_status_answer(&reg, data, size, &answer, &len) != QW_OK) {
        abort();
    }
    at = answer;
    response = d2i_OCSP_RESPONSE(NULL, &at, (long)len);
    if (response == NULL) {
        abort();
    }
    OCSP_RESPONSE_free(response);
    free(answer);
    qw_certificate_authority_free(authorities[2]);
    return 0;
}
