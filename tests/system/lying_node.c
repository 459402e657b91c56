/* SPDX-License-Identifier: Apache-2.0 */
/* For scenarios: the program qwave whose node, while the file QW_LYING_NODE is there, alters a bit
 * of the keys that it passes on, under a tag of the hop that is right: a relay that lies. */
#define _POSIX_C_SOURCE 200809L
#include "qkd/relay/hop.h"
#include "qkd/relay/message.h"

#include <stdlib.h>
#include <unistd.h>

qw_err __real_qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                          size_t secret_len, const uint8_t *pad_in);
qw_err __wrap_qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                          size_t secret_len, const uint8_t *pad_in);
qw_err __wrap_qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                          size_t secret_len, const uint8_t *pad_in)
{
    const char *path = getenv("QW_LYING_NODE");

    if (type == QW_RELAY_DATA && pad_in != NULL && path != NULL && access(path, F_OK) == 0) {
        message[QW_HOP_HEAD_LEN + body_len - 1] ^= 1;
    }
    return __real_qw_hop_seal(hop, type, message, body_len, secret_len, pad_in);
}
