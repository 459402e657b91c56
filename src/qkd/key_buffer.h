/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_KEY_BUFFER_H
#define QW_QKD_KEY_BUFFER_H

#include "base/error.h"
#include "crypto/key_source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys between the link that makes them and whoever takes them at this node: first in, first out,
 * each byte once [C2]. The link pushes from its thread, takers come from any. */
struct qw_qkd_key_buffer;

/* capacity: bytes of locked memory, >= 1. link names the neighbour: provenance "qkd:<link>"; with
 * simulated optics the keys are simulated, not quantum. Copies link. QW_ERR_ARG: no name or one of
 * more than 59 characters; QW_ERR_NOMEM. */
qw_err qw_qkd_key_buffer_new(size_t capacity, const char *link, bool is_simulated,
                             struct qw_qkd_key_buffer **buffer) QW_MUST_USE;
void qw_qkd_key_buffer_free(struct qw_qkd_key_buffer *buffer); /* wipes; NULL is fine */

/* All len bytes or none: QW_ERR_SPACE when they do not fit, QW_ERR_CLOSED after the source was
 * closed. */
qw_err qw_qkd_key_buffer_push(struct qw_qkd_key_buffer *buffer, const uint8_t *key,
                              size_t len) QW_MUST_USE;
size_t qw_qkd_key_buffer_room(struct qw_qkd_key_buffer *buffer); /* bytes */

/* This node's end of the link as a source of keys; take gives QW_ERR_EXHAUSTED when there are not
 * enough. Closing wipes what was not taken and ends the pushing; the buffer stays its owner's and
 * must outlive the source. */
struct qw_key_source qw_qkd_key_buffer_source(struct qw_qkd_key_buffer *buffer);

#endif
