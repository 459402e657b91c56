/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CENTRE_STAGING_H
#define QWAVE_CENTRE_STAGING_H

#include "centre_folder.h"

/* A new centre's folder, made beside its place and moved there as a whole, so that there is all of
 * it or nothing [docs/adr/0133]. The folder .NAME.setup beside NAME is the work place: one process
 * at a time has it, and what an earlier one left in it is deleted. */
enum { CENTRE_STAGING_PATH_CAP = 4096 };
struct centre_staging {
    char
        place[CENTRE_STAGING_PATH_CAP]; /* absolute, without symbolic links but for its last name */
    char work[CENTRE_STAGING_PATH_CAP]; /* .NAME.setup beside it */
    int work_fd;                        /* locked while it is open; -1: none */
};

/* Takes the work place. QW_ERR_CONFLICT: folder is there and not empty, or another process is at
 * it; QW_ERR_ARG: no name for a folder; QW_ERR_IO. error: one sentence. */
qw_err centre_staging_open(const char *folder, struct centre_staging *staging,
                           char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* centre_folder_create there, then moves it to its place, durably. folder and place of config are
 * set here; after an error nothing of it is left. QW_ERR_CONFLICT: somebody was faster. */
qw_err centre_staging_create(const struct centre_staging *staging,
                             const struct centre_folder_config *config,
                             char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

void centre_staging_close(struct centre_staging *staging); /* deletes the work place */

#endif
