/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
#include "api/local_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted encodes to exactly the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_local_answer answer;
    struct qw_local_request request;
    uint8_t again[QW_LOCAL_ANSWER_MAX];
    size_t len = 0;

    if (qw_local_request_decode(data, size, &request) == QW_OK) {
        if (qw_local_request_encode(&request, again) != size || memcmp(data, again, size) != 0) {
            abort();
        }
    }
    if (qw_local_answer_decode(data, size, &answer) == QW_OK) {
        if (qw_local_answer_encode(&answer, again, sizeof again, &len) != QW_OK || len != size ||
            memcmp(data, again, size) != 0) {
            abort();
        }
    }
    return 0;
}
