/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_BASE_SPOOL_H
#define QW_BASE_SPOOL_H

#include "base/error.h"

/* What comes through a pipe can be read once. A spool is a copy of it on disk, to be read again and
 * again, whatever its length: a file of mode 0600 that has no name any more, so nobody else opens
 * it and nothing stays of it, however the program ends. Not for secrets: a disk remembers. */

/* Where such files go: what TMPDIR says, or /var/tmp, which is on a disk where /tmp may be memory.
 * Borrowed from the environment. */
const char *qw_spool_folder(void);

/* Reads from, borrowed, to its end. *spool: the copy, at its beginning; the caller closes it.
 * QW_ERR_NOT_FOUND when no file can be made in folder, QW_ERR_SPACE when there is no room for all
 * of it, QW_ERR_IO; nothing is left then, and *spool is untouched. */
qw_err qw_spool_fill(int from, const char *folder, int *spool) QW_MUST_USE;

#endif
