/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: crypto */
#include "crypto/share/custody_quorum.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A share that is accepted encodes to exactly the same bytes; a ceremony out of a wrapped KEK stays
 * inside its limits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_share share;
    struct qw_ceremony ceremony;
    uint8_t again[QW_SHARE_LEN];

    if (qw_share_decode(data, size, &share) == QW_OK) {
        qw_share_encode(&share, again);
        if (size != sizeof again || memcmp(data, again, size) != 0) {
            abort();
        }
    }
    if (qw_custody_quorum_ceremony(data, size, &ceremony) == QW_OK &&
        (ceremony.threshold < QW_QUORUM_MIN || ceremony.threshold > ceremony.officers ||
         ceremony.officers > QW_OFFICERS_MAX)) {
        abort();
    }
    return 0;
}
