/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEK_REWRAP_H
#define QW_CENTRE_KEK_REWRAP_H

#include "centre/books.h"

/* Kinds with sealed records. The journal can be read without any key, and a record of the index is
 * nothing but its id. */
bool qw_rewrap_concerns_kind(enum qw_store_kind kind);
/* Records of the store that are sealed by a KEK; the others are plain, or the KEK's own. */
bool qw_rewrap_concerns(enum qw_store_kind kind, const void *id, size_t id_len);

/* R4, R5: the next records anew, or the end. In phase QW_KEK_TURNING, under the mutex. *is_more:
 * there is more to do now. */
qw_err qw_rewrap_step(struct qw_centre *centre, bool *is_more) QW_MUST_USE;

#endif
