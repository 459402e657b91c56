/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base */
#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decodes encodes to exactly the same text; nothing else is accepted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *out = malloc(size + 1);
    char *again = malloc(size + 5);
    size_t len = 0;

    if (out == NULL || again == NULL) {
        abort();
    }
    if (qw_base64_decode((const char *)data, size, out, size, &len) == QW_OK) {
        qw_base64_encode(out, len, again);
        if (strlen(again) != size || memcmp(again, data, size) != 0) {
            abort();
        }
    }
    free(out);
    free(again);
    return 0;
}
