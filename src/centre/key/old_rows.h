/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_OLD_ROWS_H
#define QW_CENTRE_KEY_OLD_ROWS_H

#include "centre/books.h"

/* Schema 1 had marks and tombstones of pairs' keys under the key's id; since then they stand under
 * its place [docs/adr/0055]. Puts all of them there, once in the life of a store, with the centre
 * open but not yet serving: before the index of the registry is built, which is what says that a
 * store has been through this. Killed, it goes on with the next start. QW_ERR_IO. */
qw_err qw_old_rows_move(struct qw_centre *centre) QW_MUST_USE;

#endif
