/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_DEVICE_IMPORT_H
#define QW_CENTRE_DEVICE_IMPORT_H

#include "centre/centre.h"

/* Registering a list of devices, all of them or none [docs/protocol/device-list.md]. The list comes
 * in chunks; what has come is staged, where it is no device, has no keys and nobody can name it,
 * and only its ids and their places in the quotas of units are taken. With qw_centre_import_commit
 * it is decided, durably: from then on all of it becomes devices, whatever happens to the process.
 * Before that all of it goes. One import at a time in a centre. */
enum { QW_IMPORT_LINES_MAX = 512, QW_IMPORT_DEVICES_MAX = 2000000, QW_IMPORT_IDLE_MS = 900000 };

struct qw_import_chunk {
    const char *header;  /* the list's first line, the same with each chunk */
    const char *lines;   /* at most QW_IMPORT_LINES_MAX, each with its line feed, the last perhaps
                            without */
    uint64_t first_line; /* number of the first one in the list, the header is 1 */
};
struct qw_import_fault { /* what is wrong with the list */
    uint64_t line;
    const char *why; /* static text */
};
struct qw_import_progress {
    uint64_t devices; /* in the list */
    uint64_t left;    /* that are not registered yet */
};

/* Who has begun one and never went on begins anew. QW_ERR_CONFLICT: there is another one. */
qw_err qw_centre_import_begin(struct qw_centre *centre, const struct qw_caller *caller,
                              uint8_t id[static 16]) QW_MUST_USE;
/* QW_ERR_FORMAT: as fault says; nothing is left of the import, and it is over. QW_ERR_NOT_FOUND: no
 * such import of this officer, or it is over. QW_ERR_ARG: too many lines. QW_ERR_LIMIT: as fault
 * says, more devices than a list or a unit above one of them may have; it is over as well. */
qw_err qw_centre_import_add(struct qw_centre *centre, const struct qw_caller *caller,
                            const uint8_t id[static 16], const struct qw_import_chunk *chunk,
                            struct qw_import_fault *fault) QW_MUST_USE;
/* Decides, and works for a while; again until nothing is left. Who does not ask again has them all
 * the same. */
qw_err qw_centre_import_commit(struct qw_centre *centre, const struct qw_caller *caller,
                               const uint8_t id[static 16],
                               struct qw_import_progress *progress) QW_MUST_USE;
/* Takes it back, as long as it is not decided: QW_ERR_STATE. */
qw_err qw_centre_import_drop(struct qw_centre *centre, const struct qw_caller *caller,
                             const uint8_t id[static 16]) QW_MUST_USE;

/* Housekeeping: goes on with what is decided or dropped, and drops what nobody goes on with. */
qw_err qw_import_sweep(struct qw_centre *centre) QW_MUST_USE;

/* Of a store out of a backup, under the mutex: what was decided is made now, so that it is treated
 * as the other devices are; what was not goes, for nobody knows what became of it. */
qw_err qw_import_settle(struct qw_centre *centre) QW_MUST_USE;

#endif
