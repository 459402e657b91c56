/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_CHECK_H
#define QW_QKD_NODE_CHECK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* What ends each part of a node pool's file: the first bytes of SHA-256 over all before it. Against
 * writes that were cut short, not against people. */
enum { QW_NODE_CHECK_LEN = 8 };

/* data [len + QW_NODE_CHECK_LEN]; writes the check behind the first len bytes. Errors of the
 * hash. */
qw_err qw_node_check_add(uint8_t *data, size_t len) QW_MUST_USE;
/* QW_ERR_FORMAT: it is not that of the first len bytes. */
qw_err qw_node_check_verify(const uint8_t *data, size_t len) QW_MUST_USE;

#endif
