/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* What the process of a link and its centre say: what decodes is encoded again and must be the same
 * bytes. */
#include "qkd/handover/message.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const uint8_t *copy, size_t size, const uint8_t *out, size_t len)
{
    qw_assert(len == size && qw_equal_ct(copy, out, size));
}

static void try_all(const uint8_t *copy, size_t size, uint8_t *out)
{
    struct qw_handover_hello hello;
    struct qw_handover_key key;
    struct qw_handover_taken taken;
    struct qw_handover_stopped stopped;
    size_t half;

    if (qw_handover_hello_decode(copy, size, &hello) == QW_OK) {
        same(copy, size, out, qw_handover_hello_encode(&hello, out));
    }
    if (qw_handover_welcome_decode(copy, size) == QW_OK) {
        same(copy, size, out, qw_handover_welcome_encode(out));
    }
    if (qw_handover_key_decode(copy, size, &key) == QW_OK) {
        const uint8_t *bob = qw_handover_own_half(&key, 2, &half);

        qw_assert(half >= 1 && bob + half <= copy + size);
        same(copy, size, out, qw_handover_key_encode(&key, out));
    }
    if (qw_handover_taken_decode(copy, size, &taken) == QW_OK) {
        same(copy, size, out, qw_handover_taken_encode(&taken, out));
    }
    if (qw_handover_stopped_decode(copy, size, &stopped) == QW_OK) {
        same(copy, size, out, qw_handover_stopped_encode(&stopped, out));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[QW_HANDOVER_LEN_MAX];
    uint8_t *copy = malloc(size + (size == 0)); /* exact: a sanitizer sees the first byte behind */

    if (copy != NULL) {
        memcpy(copy, data, size);
        try_all(copy, size, out);
    }
    free(copy);
    return 0;
}
