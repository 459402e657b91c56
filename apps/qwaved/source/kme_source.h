/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_KME_SOURCE_H
#define QWAVED_SOURCE_KME_SOURCE_H

#include "base/log.h"
#include "crypto/key_source.h"
#include "source/kme_settings.h"

#include <stdbool.h>

/* The key server of somebody else's network as the source of this centre [Q5]: we are an
 * application of its, by ETSI GS QKD 014. What it does wrong costs the keys of one request, never
 * gives a wrong one [docs/operation/foreign-equipment.md]. */
struct kme_source_config {
    const char *name;      /* of the server, 1..59 characters: provenance "kme:<name>" */
    const char *seen_path; /* file of the ids that were taken, made when absent */
    struct kme_settings settings;
    const struct qw_log *log; /* borrowed until the source is closed */
};

/* Copies the rest. Nothing is asked before the first take. Its claims are the server's, so the keys
 * are not called quantum here. QW_ERR_ARG, QW_ERR_NOMEM, QW_ERR_IO (the file of ids). */
qw_err kme_source_open(const struct kme_source_config *config,
                       struct qw_key_source *source) QW_MUST_USE;

#endif
