/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CENTRE_FOUNDING_H
#define QWAVE_CENTRE_FOUNDING_H

#include "centre_folder.h"
#include "store/postgres_founding.h"

#include <stdbool.h>

/* The database's half of a new centre whose folder is made in a work place (centre_staging.h)
 * [docs/adr/0152]. The file "founding" of the work place says which database has been begun, so
 * that whoever comes after a kill finds it; it is there before the first byte in the database and
 * goes after the last question about it. */
struct centre_founding {
    char note[4200]; /* the path of that file */
    uint8_t id[QW_FOUNDING_ID_LEN];
    struct qw_founding *database; /* NULL: none begun */
};

enum { CENTRE_FOUNDING_URI_CAP = 2048 };
struct centre_founding_left { /* what an earlier one left */
    bool is_made; /* its books are whole: the folder in the work place belongs to them */
    char uri[CENTRE_FOUNDING_URI_CAP];
};

/* Asks the database of the note in work, if there is one. What was never made is cleared there, and
 * the note deleted; what was made is left for who moves the folder: founding is then as after
 * centre_founding_make. QW_ERR_IO: the database does not answer, and nothing is changed. */
qw_err centre_founding_settle(const char *work, struct centre_founding *founding,
                              struct centre_founding_left *left,
                              char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* Begins there; place, of the folder, is what others are told. QW_ERR_CONFLICT: there is a centre
 * in it, or somebody is at it. */
qw_err centre_founding_begin(const char *work, const char *uri, const char *place,
                             struct centre_founding *founding,
                             char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* The books are whole. After an error it may be so all the same: centre_founding_undo finds out. */
qw_err centre_founding_make(struct centre_founding *founding,
                            char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* The folder is in its place: the mark and the note go. */
void centre_founding_end(struct centre_founding *founding);

/* Nothing is to be left in the database. Otherwise the note stays, error says so as well, and the
 * work place has to stay. */
qw_err centre_founding_undo(struct centre_founding *founding,
                            char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

void centre_founding_close(struct centre_founding *founding); /* zeroed is fine */

/* Whether work has a note that nobody has settled. */
bool centre_founding_is_open(const char *work);

#endif
