/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_PEOPLE_RIGHT_H
#define QW_CENTRE_PEOPLE_RIGHT_H

#include "centre/books.h"

/* Who may manage what [C10]: a right is a verb on a kind of object, held by a role over a part of
 * the tree [docs/design/people.md]. Keys have no row: no role reads them. */
enum qw_officer_role {
    QW_OFFICER_SYSTEM,   /* resources: what there is, and how much of it is given */
    QW_OFFICER_SECURITY, /* people and permissions, destroying */
    QW_OFFICER_AUDIT,    /* only looks */
    QW_OFFICER_OPERATOR, /* daily work with devices and cards */
    QW_OFFICER_ROLE_COUNT
};
extern const char *const qw_officer_role_names[QW_OFFICER_ROLE_COUNT]; /* "system" ... */

enum qw_right {
    QW_RIGHT_NONE, /* nobody's: what a row that was forgotten says */
    QW_RIGHT_STATUS_READ,
    QW_RIGHT_DEVICE_READ,
    QW_RIGHT_DEVICE_REGISTER,
    QW_RIGHT_DEVICE_CHARGE, /* packages for its card, and taking the card's receipt */
    QW_RIGHT_DEVICE_SUSPEND,
    QW_RIGHT_DEVICE_RESUME,
    QW_RIGHT_DEVICE_DESTROY,
    QW_RIGHT_CARD_BIND,   /* to a user */
    QW_RIGHT_CARD_UNBIND, /* from one */
    QW_RIGHT_DEVICE_PEERS,
    QW_RIGHT_DEVICE_HOME,
    QW_RIGHT_DEVICE_QUOTA,
    QW_RIGHT_DEVICE_MOVE, /* to another unit: over both */
    QW_RIGHT_PSK_CREATE,
    QW_RIGHT_PSK_REVOKE,
    QW_RIGHT_CERTIFICATE_READ,
    QW_RIGHT_CERTIFICATE_ISSUE,   /* to a device, and renewing it */
    QW_RIGHT_CERTIFICATE_REVOKE,  /* of a device */
    QW_RIGHT_CERTIFICATE_OFFICER, /* of people and of the centre itself, and founding authorities */
    QW_RIGHT_OFFICER_READ,
    QW_RIGHT_OFFICER_CHANGE,
    QW_RIGHT_OFFICER_PASSWORD, /* a first one, for another officer */
    QW_RIGHT_PASSWORD_OWN,
    QW_RIGHT_REQUEST_READ,
    QW_RIGHT_JOURNAL_READ,
    QW_RIGHT_JOURNAL_KEY, /* exchanging the one that signs */
    QW_RIGHT_SEAL, /* an open centre; entering shares needs a share and an officer's certificate */
    QW_RIGHT_UNIT_READ,
    QW_RIGHT_UNIT_QUOTA, /* of units beneath his own */
    QW_RIGHT_SHARE_READ,
    QW_RIGHT_SHARE_HOLD,   /* enter a share into an open centre, take a new one */
    QW_RIGHT_SHARE_CHANGE, /* begin with other shares */
    QW_RIGHT_SHARE_CANCEL,
    QW_RIGHT_KEK_ROTATE,
    QW_RIGHT_AUTHENTICATION_UNLOCK, /* of a name that failed too often */
    QW_RIGHT_RELOAD,
    QW_RIGHT_MAINTENANCE,
    QW_RIGHT_BACKUP,      /* saying that one may be made, and that a restored centre may serve */
    QW_RIGHT_KEY_SUSPEND, /* one key: also taking it back, and saying that others may know it */
    QW_RIGHT_KEY_RESUME,  /* and its archive */
    QW_RIGHT_ALARM_ACKNOWLEDGE,
    QW_RIGHT_COUNT
};

extern const char *const qw_right_names[QW_RIGHT_COUNT]; /* "status-read" ... */

/* The table. roles: bits 1 << role. */
bool qw_roles_have(unsigned roles, enum qw_right right);

struct qw_officer_record; /* centre/people/officer_record.h */
/* Every management verb asks this first, under the mutex it then works under, so an officer who was
 * suspended before is refused on whatever connection he has. QW_OK: the deed's caller is an officer
 * in service whose role has the right and whose part of the tree contains unit. QW_ERR_REFUSED,
 * with the cause in the journal only. Uses the scratch. */
qw_err qw_right_check(struct qw_centre *centre, const struct qw_deed *deed, enum qw_right right,
                      const char *unit) QW_MUST_USE;
/* The same for a right wherever in the tree; who he is goes to self, and what he may touch follows
 * from self and the object. */
qw_err qw_right_find(struct qw_centre *centre, const struct qw_deed *deed, enum qw_right right,
                     struct qw_officer_record *self) QW_MUST_USE;

#endif
