/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* An identity is short, printable, or nothing, whatever the certificate is. */
#include "api/certificate_identity.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_certificate_identity identity;

    if (qw_certificate_identity_read(data, size, &identity) != QW_OK) {
        return 0;
    }
    if (memchr(identity.text, '\0', sizeof identity.text) == NULL) {
        abort();
    }
    for (const char *c = identity.text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            abort();
        }
    }
    return 0;
}
