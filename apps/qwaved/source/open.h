/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_OPEN_H
#define QWAVED_SOURCE_OPEN_H

#include "base/config.h"
#include "base/log.h"
#include "crypto/key_source.h"
#include "settings.h"
#include "source/link_pads.h"

/* The source of keys that the settings name. log is borrowed until the source is closed. pads: for
 * source_partner, the source's own; NULL without one. reason: a sentence beside the error's own
 * text, or "". */
qw_err source_open(const struct settings *settings, const struct qw_log *log,
                   struct qw_key_source *source, struct link_pads **pads,
                   char reason[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
