/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_KEY_FILE_H
#define QWAVE_NODE_NODE_KEY_FILE_H

#include "crypto/signature/signature.h"

/* The key by which a node signs its journal, in a file for its owner alone [C10]. In clear, as the
 * pools of a node are: a node has nothing else to open it with. Bytes: docs/protocol/journal.md, A
 * node's journal. */

/* A new key in a new file. QW_ERR_CONFLICT when the file exists; QW_ERR_ARG: no such algorithm;
 * QW_ERR_IO, QW_ERR_NOMEM. */
qw_err node_key_file_make(const char *path, enum qw_signature_algorithm algorithm,
                          struct qw_public_key *key) QW_MUST_USE;

/* QW_ERR_REFUSED when others than the owner may read it, QW_ERR_FORMAT, QW_ERR_NOT_FOUND,
 * QW_ERR_NOMEM, QW_ERR_IO. */
qw_err node_key_file_read(const char *path, struct qw_signing_key **key) QW_MUST_USE;

struct qw_public_key node_key_public(const struct qw_signing_key *key);

#endif
