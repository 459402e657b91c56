/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_STREAM_SLOT_H
#define QWAVED_SOURCE_STREAM_SLOT_H

#include "base/error.h"

#include <stdint.h>

/* What two centres call their stream of ETSI GS QKD 004 without asking each other: by the clock
 * [docs/protocol/stream-source.md]. */
enum { STREAM_KSID_LEN = 16 };

/* first_s: of the slot, in seconds since 1970, 0 to 2^48 - 1. The same whichever URI comes first.
 * QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err stream_slot_name(const char *one_uri, const char *other_uri, int64_t first_s,
                        uint8_t ksid[static STREAM_KSID_LEN]) QW_MUST_USE;
int64_t stream_slot_of(const uint8_t ksid[static STREAM_KSID_LEN]);

#endif
