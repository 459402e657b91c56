/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* First byte: which message. What decodes is encoded again and must be the same bytes. */
#include "qkd/relay/hello.h"
#include "qkd/relay/message.h"

#include "base/error.h"
#include "base/secret.h"
#include "qkd/node/marks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t try_one(unsigned kind, const uint8_t *data, size_t size, uint8_t *out)
{
    struct qw_relay_reserve reserve;
    struct qw_relay_reserved reserved;
    struct qw_relay_tagged tagged;
    struct qw_relay_fail fail;
    struct qw_relay_void said;
    struct qw_hello hello;
    struct qw_open open;

    switch (kind % 7) {
    case 0:
        return qw_relay_reserve_decode(data, size, &reserve) == QW_OK
                   ? qw_relay_reserve_encode(&reserve, out)
                   : 0;
    case 1:
        return qw_relay_reserved_decode(data, size, &reserved) == QW_OK
                   ? qw_relay_reserved_encode(&reserved, out)
                   : 0;
    case 2:
        return qw_relay_tagged_decode(data, size, &tagged) == QW_OK
                   ? qw_relay_tagged_encode(&tagged, out)
                   : 0;
    case 3:
        return qw_relay_fail_decode(data, size, &fail) == QW_OK ? qw_relay_fail_encode(&fail, out)
                                                                : 0;
    case 4:
        return qw_relay_void_decode(data, size, &said) == QW_OK ? qw_relay_void_encode(&said, out)
                                                                : 0;
    case 5:
        if (qw_hello_decode(data, size, &hello) != QW_OK) {
            return 0;
        }
        qw_hello_encode(&hello, out);
        return QW_HELLO_LEN;
    default:
        (void)!qw_open_decode(data, size, &open);
        return 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[QW_RELAY_BODY_MAX];
    struct qw_node_marks marks[2];
    uint64_t number;
    uint8_t *copy;
    size_t len;

    if (size == 0) {
        return 0;
    }
    copy = malloc(size); /* exact: a sanitizer sees the first byte behind */
    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data + 1, size - 1);
    len = try_one(data[0], copy, size - 1, out);
    qw_assert(len == 0 || (len == size - 1 && qw_equal_ct(copy, out, len)));
    if (size - 1 == QW_NODE_SLOT_LEN) {
        (void)!qw_node_slot_decode(copy, &number, marks);
    }
    free(copy);
    return 0;
}
