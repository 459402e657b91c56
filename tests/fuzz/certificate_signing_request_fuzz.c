/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Whoever is certified has a name that stays in its place and a key that was proved. */
#include "api/certificate/signing_request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_signing_request request;
    const char *why = NULL;

    if (qw_signing_request_read((const char *)data, size, &request, &why) != QW_OK) {
        if (why == NULL) {
            abort();
        }
        return 0;
    }
    if (!qw_certificate_uri_ok(request.uri) || request.key == NULL ||
        request.profile == QW_CERTIFICATE_PROFILE_COUNT) {
        abort();
    }
    for (size_t i = 0; i < request.host_count; i++) {
        if (!qw_certificate_host_ok(request.hosts[i])) {
            abort();
        }
    }
    qw_signing_request_free(&request);
    return 0;
}
