/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_IMPORT_RECORD_H
#define QW_CENTRE_DEVICE_IMPORT_RECORD_H

#include "centre/group.h"

/* The one import of a centre, the last one there was, in QW_STORE_META; its devices in
 * QW_STORE_STAGED under their ids. All under the mutex; they use the scratch. */
enum qw_import_state {
    QW_IMPORT_OPEN,     /* chunks come */
    QW_IMPORT_DECIDED,  /* devices are made of what is staged */
    QW_IMPORT_DONE,     /* of all */
    QW_IMPORT_DROPPING, /* what is staged goes */
    QW_IMPORT_DROPPED,
    QW_IMPORT_STATE_COUNT
};
struct qw_import_record {
    uint64_t version; /* 0: new */
    enum qw_import_state state;
    uint8_t id[16];
    char officer[64];
    uint8_t certificate_hash[32]; /* his */
    char unit[QW_UNIT_CAP];       /* where his part of the tree begins */
    int64_t touched_ms;
    uint64_t staged, done; /* devices */
};

/* QW_ERR_NOT_FOUND: there was none yet. */
qw_err qw_import_load(struct qw_centre *centre, struct qw_import_record *import) QW_MUST_USE;
void qw_import_put(struct qw_centre *centre, struct qw_group *group,
                   const struct qw_import_record *import);

void qw_import_stage(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_device *device);

/* One group of what has to be done for an import that is decided or being dropped, which it takes
 * on from there. */
qw_err qw_import_step(struct qw_centre *centre, struct qw_import_record *import) QW_MUST_USE;

#endif
