/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_GATE_H
#define QWAVED_SOURCE_GATE_H

#include "crypto/key_source.h"

#include <stdatomic.h>

/* A key source that can be shut. Filling the stock from a slow device takes minutes, and a daemon
 * that is told to end must not wait for it: behind a shut gate the next take is QW_ERR_CLOSED. */
struct source_gate {
    struct qw_key_source inner; /* owned */
    atomic_bool is_shut;
};

/* Takes what is in inner; the gate stays where it is until source is closed. */
void source_gate_init(struct source_gate *gate, const struct qw_key_source *inner,
                      struct qw_key_source *source);
void source_gate_shut(struct source_gate *gate); /* from any thread */

#endif
