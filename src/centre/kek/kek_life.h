/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEK_KEK_LIFE_H
#define QW_CENTRE_KEK_KEK_LIFE_H

#include "centre/group.h"

/* The META records "kek-life" and "kek-next" [docs/protocol/kek-rotation.md]. Under the mutex. */
extern const char qw_kek_life_id[], qw_kek_next_id[];
enum { QW_KEK_LIFE_ID_LEN = 8, QW_KEK_NEXT_ID_LEN = 8 };

/* At a start, with the KEK that the custody gave: life and the keys that outlive a KEK; without a
 * record these come from the KEK itself. QW_ERR_IO. */
qw_err qw_kek_life_open(struct qw_centre *centre) QW_MUST_USE;
/* Again, because another process has written: a KEK that it began is this process's as well. On
 * failure life and KEK are as before. */
qw_err qw_kek_life_reread(struct qw_centre *centre) QW_MUST_USE;

/* Adds the record to the group, sealed by the KEK of now; version: of the record as it stands. */
void qw_kek_life_put(struct qw_centre *centre, struct qw_group *group,
                     const struct qw_kek_life *life);

/* Adds, sealed by the KEK of now, the one that comes: for processes that run already. */
void qw_kek_next_put(struct qw_centre *centre, struct qw_group *group,
                     const uint8_t next[static QW_KEK_LEN]);
/* Takes it out when it is there. */
void qw_kek_next_remove(struct qw_centre *centre, struct qw_group *group);

#endif
