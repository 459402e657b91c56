/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* Requests to a running node: what decodes is written again as the same bytes. */
#include "qkd/network/node_command.h"

#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_node_command command;
    char line[QW_NODE_LINE_MAX + 1];

    if (qw_node_command_decode((const char *)data, size, &command) == QW_OK) {
        qw_assert(qw_node_command_encode(&command, line) == size && qw_equal_ct(data, line, size));
    }
    return 0;
}
