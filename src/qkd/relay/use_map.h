/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_USE_MAP_H
#define QW_QKD_RELAY_USE_MAP_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* A checker beside the pools: which positions of a stream were on the wire, a bit for each four
 * bytes, grown as needed. It knows nothing but the messages. */
struct qw_use_map {
    uint8_t *bits; /* [len] */
    size_t len;
};

enum { QW_USE_MAP_UNIT_LEN = 4 };

/* Notes position..position + len; *reused grows by the bits that were there before. */
qw_err qw_use_map_note(struct qw_use_map *map, uint64_t position, uint64_t len,
                       uint64_t *reused_bits) QW_MUST_USE;
void qw_use_map_free(struct qw_use_map *map);

#endif
