/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_KEYS_H
#define QWAVE_NODE_NODE_KEYS_H

#include "qkd/relay/relay.h"

/* The file where keys of finished batches end, in clear: a line a key, id and key in hex, and
 * "void ID" for batches that are to be given up. */
enum { NODE_KEY_LEN = 32 };

struct node_keys { /* zero: no file; what is written is dropped */
    int fd;
    char *lines; /* [lines_cap] locked: of one batch; NULL: no file */
    size_t lines_cap;
};

/* Appends; a last line that a kill cut short is cut off. batch_keys: at most, in a batch.
 * QW_ERR_IO, QW_ERR_NOMEM. */
qw_err node_keys_open(struct node_keys *keys, const char *path, size_t batch_keys) QW_MUST_USE;
void node_keys_close(struct node_keys *keys);

/* All keys of a batch, durable, or none. QW_ERR_ARG: too many or of another length; QW_ERR_IO. */
qw_err node_keys_write(struct node_keys *keys, const struct qw_relay_batch *batch,
                       const uint8_t *key) QW_MUST_USE;
qw_err node_keys_void(struct node_keys *keys,
                      const uint8_t id[static QW_RELAY_BATCH_ID_LEN]) QW_MUST_USE;

#endif
