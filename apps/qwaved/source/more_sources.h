/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_MORE_SOURCES_H
#define QWAVED_SOURCE_MORE_SOURCES_H

#include "base/log.h"
#include "centre/centre.h"
#include "settings.h"
#include "source_gate.h"

/* The sources of a centre beside its first: the list that more_sources names. */
struct more_sources {
    struct settings item[QW_SOURCES_MAX - 1]; /* of each, the settings about a source alone */
    struct source_gate gate[QW_SOURCES_MAX - 1];
    struct qw_key_source source[QW_SOURCES_MAX - 1]; /* behind their gates */
    struct qw_key_source *list[QW_SOURCES_MAX - 1];
    size_t count;
};

/* The file: a list `sources`, each item with source (none is best) and what goes with it, as in
 * qwaved.yaml. Fills items and count; nothing is opened. QW_ERR_FORMAT and others as
 * qw_config_read_lists. */
qw_err more_sources_read(const char *path, struct more_sources *more,
                         char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

/* first: the name of the centre's first source; no two have the same. What fails is in the log, and
 * _close in any case. Stays where it is until then. */
qw_err more_sources_open(const char *path, const char *first, const struct qw_log *log,
                         struct more_sources *more) QW_MUST_USE;
void more_sources_shut(struct more_sources *more); /* from any thread */
void more_sources_close(struct more_sources *more);

#endif
