/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_UNSEAL_H
#define QW_CENTRE_UNSEAL_H

#include "centre/books.h"

/* META record of the wrapped KEK. */
extern const char qw_kek_id[];
enum { QW_KEK_ID_LEN = 3 };

/* Opens the books of a store, or makes them on an empty one: KEK unwrapped by the custody, totals
 * read, number of the start counted up, all of it in the journal. QW_ERR_AUTH: wrong master key
 * (also in the journal); QW_ERR_IO; QW_ERR_FORMAT: not a centre's store. Enters and leaves by
 * itself. */
qw_err qw_centre_unseal(struct qw_centre *centre) QW_MUST_USE;

/* Books and end of the journal again, because another process has written. On failure both are as
 * before. */
qw_err qw_centre_reread(struct qw_centre *centre) QW_MUST_USE;

#endif
