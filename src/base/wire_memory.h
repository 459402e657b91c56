/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_WIRE_MEMORY_H
#define QW_BASE_WIRE_MEMORY_H

#include "base/wire.h"

/* Two ends of a wire inside one process, usable from two threads. Each end is closed on its own. */
qw_err qw_wire_memory_pair(struct qw_wire *a, struct qw_wire *b) QW_MUST_USE;

#endif
