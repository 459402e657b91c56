/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_RESTORE_REVOCATIONS_H
#define QW_CENTRE_RESTORE_REVOCATIONS_H

#include "centre/books.h"

#include <stddef.h>
#include <stdint.h>

/* A store out of a backup does not know what was taken back since. lists: PEM of the lists of
 * revocations that stood last; every certificate on one that is signed by an authority of this
 * centre is taken back, and is known from now on if it was not. Of an authority without such a list
 * everything is taken back but what officers and the centre itself have. Under the mutex, group by
 * group, each of which can be repeated; the journal says how many [docs/protocol/backup.md B4]. */
qw_err qw_restored_take_back(struct qw_centre *centre, const uint8_t *lists,
                             size_t len) QW_MUST_USE;

#endif
