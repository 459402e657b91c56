/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* What two agents say to each other: whatever is read can be written and read again. */
#include "link/message.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[QW_LINK_MESSAGE_CAP];
    struct qw_link_request request, request_again;
    struct qw_link_answer answer, answer_again;

    if (qw_link_request_decode(data, size, &request) == QW_OK) {
        qw_link_request_encode(&request, text);
        qw_assert(qw_link_request_decode(text, strlen(text), &request_again) == QW_OK);
        qw_assert(request_again.turn == request.turn && request_again.verb == request.verb);
    }
    if (qw_link_answer_decode(data, size, &answer) == QW_OK) {
        qw_link_answer_encode(&answer, text);
        qw_assert(qw_link_answer_decode(text, strlen(text), &answer_again) == QW_OK);
        qw_assert(answer_again.turn == answer.turn && answer_again.result == answer.result);
    }
    return 0;
}
