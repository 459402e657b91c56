/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CENTRE_STAGING_H
#define QWAVE_CENTRE_STAGING_H

#include "centre_folder.h"
#include "centre_founding.h"

/* A new centre's folder, made beside its place and moved there as a whole, so that there is all of
 * it or nothing [docs/adr/0133], and with its books in a PostgreSQL database [docs/adr/0152]. The
 * folder .NAME.setup beside NAME is the work place: one process at a time has it, and what an
 * earlier one left in it is deleted, or finished when the database says that its books are whole.
 */
enum { CENTRE_STAGING_PATH_CAP = 4096 };
struct centre_staging {
    char
        place[CENTRE_STAGING_PATH_CAP]; /* absolute, without symbolic links but for its last name */
    char work[CENTRE_STAGING_PATH_CAP]; /* .NAME.setup beside it */
    int work_fd;                        /* locked while it is open; -1: none */
    char finished[CENTRE_FOUNDING_URI_CAP]; /* database of a centre that an earlier one had made,
                                               whose folder is in its place now; else "" */
};

/* Takes the work place. QW_ERR_CONFLICT: folder is there and not empty, from now on when finished
 * says so, or another process is at it; QW_ERR_ARG: no name for a folder; QW_ERR_IO: also, the
 * database of an earlier one does not say how far it came. error: one sentence. */
qw_err centre_staging_open(const char *folder, struct centre_staging *staging,
                           char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* centre_folder_create there, then moves it to its place, durably. folder and place of config are
 * set here; after an error nothing of it is left, or, when the database does not answer any more,
 * what the next centre_staging_open settles. QW_ERR_CONFLICT: somebody was faster, or the database
 * has a centre. */
qw_err centre_staging_create(const struct centre_staging *staging,
                             const struct centre_folder_config *config,
                             char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* Deletes the work place, unless there is still something to settle. */
void centre_staging_close(struct centre_staging *staging);

#endif
