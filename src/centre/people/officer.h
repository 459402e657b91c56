/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_OFFICER_H
#define QW_CENTRE_PEOPLE_OFFICER_H

#include "centre/centre.h"
#include "centre/people/right.h"
#include "centre/people/unit.h"

/* The people who manage a centre [C10], known by the id in their certificate
 * (urn:qwave:officer:ID or urn:qwave:operator:ID, the same person).
 *
 * A centre without any officer takes everybody with such a certificate for its founder: system and
 * security administrator and operator of the whole tree. Whoever then adds the first officer is
 * written down as founder in the same group; from then on only those in the records are officers.
 */
enum qw_officer_state {
    QW_OFFICER_ACTIVE,
    QW_OFFICER_SUSPENDED,
    QW_OFFICER_GONE, /* for good; the record stays, so nobody gets his id */
    QW_OFFICER_STATE_COUNT
};
extern const char *const qw_officer_state_names[QW_OFFICER_STATE_COUNT]; /* "active" ... */

enum { QW_OFFICER_ID_CAP = 56 };
struct qw_officer {
    char id[QW_OFFICER_ID_CAP];
    unsigned roles; /* bits 1 << enum qw_officer_role; more than one only of the founder */
    enum qw_officer_state state;
    char unit[QW_UNIT_CAP]; /* his rights reach from here downwards */
    int64_t added_ms;       /* UTC */
    char added_by[QW_OFFICER_ID_CAP];
};

/* Security administrators whose part of the tree contains unit. QW_ERR_ARG: no id of 1 to 55
 * visible characters, no role, no unit. QW_ERR_CONFLICT: the id was used before, or is the caller's
 * own. */
qw_err qw_centre_officer_add(struct qw_centre *centre, const struct qw_caller *caller,
                             const char *id, enum qw_officer_role role,
                             const char *unit) QW_MUST_USE;

enum qw_officer_event { QW_OFFICER_SUSPEND, QW_OFFICER_RESUME, QW_OFFICER_REMOVE };
/* The same administrators, on officers within their part of the tree; on others QW_ERR_NOT_FOUND as
 * if they were not there. QW_ERR_REFUSED: on oneself, so that the tree keeps somebody who may.
 * QW_ERR_STATE: not in this state. Holds for all connections when it returns. */
qw_err qw_centre_officer_change(struct qw_centre *centre, const struct qw_caller *caller,
                                const char *id, enum qw_officer_event event) QW_MUST_USE;

/* What the caller himself is here, in whatever state. QW_ERR_NOT_FOUND: no officer of this centre.
 * Nobody needs a right for it, and the journal does not hear of it. */
qw_err qw_centre_officer_self(struct qw_centre *centre, const struct qw_caller *caller,
                              struct qw_officer *officer) QW_MUST_USE;

/* Those within the caller's part of the tree, as above. */
qw_err qw_centre_officer_find(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *id, struct qw_officer *officer) QW_MUST_USE;
/* In id order, starting after `after` ("" for the first); at most cap. */
qw_err qw_centre_officer_list(struct qw_centre *centre, const struct qw_caller *caller,
                              const char *after, struct qw_officer *officers, size_t cap,
                              size_t *count) QW_MUST_USE;

#endif
