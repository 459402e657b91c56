/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_IMPORT_STAGING_H
#define QW_CENTRE_DEVICE_IMPORT_STAGING_H

#include "centre/device/import.h"
#include "centre/device/import_line.h"
#include "centre/device/import_record.h"
#include "centre/people/unit_use.h"

/* A chunk of a list on its way into an import: its lines are read without the mutex, then checked
 * against the registry and staged under it. */
struct qw_import_staging {
    struct qw_import_line *lines;   /* [QW_IMPORT_LINES_MAX] */
    struct qw_device *devices;      /* [QW_IMPORT_LINES_MAX] */
    struct qw_unit_change *comings; /* [QW_IMPORT_LINES_MAX] */
    size_t count;                   /* as far as they make sense */
    uint64_t first_line;
    struct qw_import_fault fault; /* why NULL: none */
};

/* A line that cannot be read becomes the fault; so does a bad header. QW_ERR_ARG: more lines than a
 * chunk may have. QW_ERR_NOMEM. Wipe it whatever the result. */
qw_err qw_import_staging_read(const struct qw_import_chunk *chunk,
                              struct qw_import_staging *staging) QW_MUST_USE;
void qw_import_staging_wipe(struct qw_import_staging *staging);

/* All of it joins the open import. QW_ERR_FORMAT, QW_ERR_LIMIT: as its fault says; nothing of the
 * import becomes anything, it is left to be taken back. Under the mutex. */
qw_err qw_import_staging_put(struct qw_centre *centre, const struct qw_deed *deed,
                             struct qw_import_record *import,
                             struct qw_import_staging *staging) QW_MUST_USE;

#endif
