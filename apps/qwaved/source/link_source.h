/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_LINK_SOURCE_H
#define QWAVED_SOURCE_LINK_SOURCE_H

#include "base/log.h"
#include "crypto/key_source.h"
#include "source/link_pads.h"

#include <stdbool.h>

/* One end of a QKD link as the source of this centre [C2]: takes keys from the process of that end
 * over a Unix socket, in a thread of its own [docs/protocol/link-source.md]. */
struct link_source_config {
    const char *name;  /* of the link, 1..59 characters: provenance "qkd:<name>" */
    const char *path;  /* of the socket; beside it "<path>.mark" */
    bool is_simulated; /* what its light must be */
    bool has_pads; /* the centre at the other end is a partner: a part of each key is for that */
    const struct qw_log *log; /* borrowed until the source is closed */
};

/* Copies name and path. Closing the source ends the thread and the socket. QW_ERR_CONFLICT:
 * somebody listens there; QW_ERR_ARG: name or path too long; QW_ERR_FORMAT: the mark is none;
 * QW_ERR_REFUSED: others may read it; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err link_source_open(const struct link_source_config *config,
                        struct qw_key_source *source) QW_MUST_USE;

/* What of the link is set aside for the centre at its other end; NULL when its config has no pads.
 * Lives as long as the source. */
struct link_pads *link_source_pads(const struct qw_key_source *source);

#endif
