/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_OPEN_H
#define QWAVED_SOURCE_OPEN_H

#include "base/log.h"
#include "crypto/key_source.h"
#include "settings.h"

/* The source of keys that the settings name. log is borrowed until the source is closed. reason: a
 * sentence beside the error's own text, or NULL; both outputs are set on failure too. */
qw_err source_open(const struct settings *settings, const struct qw_log *log,
                   struct qw_key_source *source, const char **reason) QW_MUST_USE;

#endif
