/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Queries of the Secure Key Integration Protocol, each through all three decoders. */
#include "api/skip/query.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *query)
{
    static const struct qw_skip_limits limits = { .bits_min = 24, .bits_max = 4096 };
    struct qw_skip_key_query key;
    char remote[QW_SKIP_SYSTEM_CAP];
    uint32_t bits;

    if (qw_skip_remote_decode(query, remote) == QW_OK &&
        (memchr(remote, '\0', sizeof remote) == NULL || remote[0] == '\0')) {
        abort();
    }
    if (qw_skip_key_query_decode(query, &limits, &key) == QW_OK &&
        (strcmp(key.remote, remote) != 0 || key.bits < 24 || key.bits > 4096 ||
         key.bits % 8 != 0)) {
        abort();
    }
    if (qw_skip_entropy_query_decode(query, &bits) == QW_OK &&
        (bits < 1 || bits > QW_SKIP_ENTROPY_BITS_MAX)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *query = malloc(size + 1);

    if (query == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(query, data, size);
    }
    query[size] = '\0';
    check(query);
    free(query);
    return 0;
}
