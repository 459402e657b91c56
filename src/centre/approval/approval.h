/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_APPROVAL_APPROVAL_H
#define QW_CENTRE_APPROVAL_APPROVAL_H

#include "centre/centre.h"
#include "centre/people/officer.h"

/* Deeds that need two persons [C10] [docs/design/people.md D1 to D7]: one officer asks, another one
 * with another certificate approves, and the deed is done in the group that says so: once, or
 * never.
 */
enum qw_request_verb {
    QW_REQUEST_DEVICE_DESTROY, /* object: a device */
    QW_REQUEST_OFFICER_ADD,    /* object: an officer's id; role and unit that he gets */
    QW_REQUEST_SHARE_CHANGE,   /* object: "3-of-5" (share/share_desk.h) */
    QW_REQUEST_KEK_ROTATE,     /* object: the centre, whatever is said */
    QW_REQUEST_UNIT_QUOTA,     /* object: "100,5000,0" (people/unit_quota_change.h); unit */
    QW_REQUEST_BACKUP, /* object: what it opens with (backup/backup.h); a word, not yet the copy */
    QW_REQUEST_RESTORE_END, /* object: the centre, whatever is said */
    QW_REQUEST_KEY_RESUME,  /* object: a key's id as UUID (pair/key_change.h); and the next two */
    QW_REQUEST_KEY_RECOVER,
    QW_REQUEST_KEY_DESTROY,
    QW_REQUEST_KEY_SUSPEND,
    QW_REQUEST_CHARGE_ORDER, /* object: "meter-1 station-1 200" (device/charge_order_change.h) */
    QW_REQUEST_VERB_COUNT
};
extern const char *const qw_request_verb_names[QW_REQUEST_VERB_COUNT]; /* "device-destroy" ... */

enum { QW_REQUEST_OBJECT_CAP = 144 }; /* two ids of devices and a number */

enum qw_request_state {
    QW_REQUEST_PENDING,
    QW_REQUEST_DONE, /* approved, and the deed with it */
    QW_REQUEST_DENIED,
    QW_REQUEST_EXPIRED,
    QW_REQUEST_STATE_COUNT
};
extern const char *const qw_request_state_names[QW_REQUEST_STATE_COUNT];

struct qw_request {
    uint8_t id[16];
    enum qw_request_verb verb;
    enum qw_request_state state;
    char object[QW_REQUEST_OBJECT_CAP];
    char unit[QW_UNIT_CAP];    /* of the object */
    enum qw_officer_role role; /* of a new officer; 0 elsewhere */
    char asked_by[QW_OFFICER_ID_CAP];
    uint8_t asked_certificate[32];
    int64_t asked_ms, until_ms; /* UTC; from until_ms on it is too late */
    char decided_by[QW_OFFICER_ID_CAP];
    uint8_t digest[32]; /* over all that is asked: what both have to have seen */
};

/* Whether its object is the centre itself, which needs no name. */
bool qw_request_is_of_centre(enum qw_request_verb verb);
/* Whether the centre's policy asks two persons for it; the verb alone is QW_ERR_STATE then. */
bool qw_approval_is_needed(const struct qw_centre *centre, enum qw_request_verb verb);

enum { QW_REQUESTS_PENDING_MAX = 128, QW_APPROVAL_S_STANDARD = 900 };

struct qw_request_wish {
    enum qw_request_verb verb;
    const char *object;
    enum qw_officer_role role; /* of a new officer */
    const char *unit;          /* where his part begins, or whose quota; of others ignored */
};
/* Whoever has the right to the verb over the object. QW_ERR_ARG: no id, role or unit. The request
 * is there until `approval_s` are over. QW_ERR_STATE: the policy asks for no second person.
 * QW_ERR_CONFLICT: the same is asked already. QW_ERR_LIMIT: too many are pending. */
qw_err qw_centre_request_ask(struct qw_centre *centre, const struct qw_caller *caller,
                             const struct qw_request_wish *wish,
                             struct qw_request *request) QW_MUST_USE;
/* Another officer with the same right, another certificate, and the digest that he was shown: does
 * the deed. QW_ERR_REFUSED: he asked himself, the certificate is the asker's, the digest is another
 * one, or the asker has the right no more. QW_ERR_NOT_FOUND: none within his part of the tree.
 * QW_ERR_STATE: decided, or expired; or what the verb says. */
qw_err qw_centre_request_approve(struct qw_centre *centre, const struct qw_caller *caller,
                                 const uint8_t id[static 16],
                                 const uint8_t digest[static 32]) QW_MUST_USE;
/* Whoever has the right to the verb over the object, the asker too. */
qw_err qw_centre_request_deny(struct qw_centre *centre, const struct qw_caller *caller,
                              const uint8_t id[static 16]) QW_MUST_USE;
/* Those pending within the caller's part of the tree, in id order. */
qw_err qw_centre_request_list(struct qw_centre *centre, const struct qw_caller *caller,
                              struct qw_request *requests, size_t cap, size_t *count) QW_MUST_USE;

#endif
