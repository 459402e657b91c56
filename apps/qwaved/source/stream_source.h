/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_STREAM_SOURCE_H
#define QWAVED_SOURCE_STREAM_SOURCE_H

#include "base/log.h"
#include "crypto/key_source.h"
#include "source/link_pads.h"
#include "source/stream_settings.h"

#include <stdbool.h>

/* A key stream of somebody else's network as the source of this centre, by ETSI GS QKD 004 [Q5]:
 * the centre at the other end reads the same stream and keeps the other half. In a thread of its
 * own [docs/protocol/stream-source.md]. */
struct stream_source_config {
    const char *name;      /* of the server, 1..59 characters: provenance "kme:<name>" */
    const char *mark_path; /* file of the newest block that was taken, made with the first */
    bool has_pads; /* the centre at the other end is a partner: a part of each block is for that */
    struct stream_settings settings;
    const struct qw_log *log; /* borrowed until the source is closed */
};

/* Copies the rest. Its claims are the server's, so the keys are not called quantum here. Closing it
 * waits for the call that is under way: timeout_ms and wait_ms at most. QW_ERR_ARG; QW_ERR_FORMAT:
 * the mark is none; QW_ERR_REFUSED: others may read it; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err stream_source_open(const struct stream_source_config *config,
                          struct qw_key_source *source) QW_MUST_USE;

/* What of the stream is set aside for the centre at its other end; NULL when its config has no
 * pads. Lives as long as the source. */
struct link_pads *stream_source_pads(const struct qw_key_source *source);

#endif
