/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and rights: one table, one check [C10]. */
#include "centre/people/right.h"

#include "centre/people/officer_record.h"
#include "centre/people/unit.h"

const char *const qw_officer_role_names[QW_OFFICER_ROLE_COUNT] = { "system", "security", "audit",
                                                                   "operator" };

enum {
    S = 1 << QW_OFFICER_SYSTEM,
    E = 1 << QW_OFFICER_SECURITY,
    A = 1 << QW_OFFICER_AUDIT,
    O = 1 << QW_OFFICER_OPERATOR
};

/* clang-format off */
static const unsigned holders[QW_RIGHT_COUNT] = {
    /*                            system  security  audit  operator */
    [QW_RIGHT_STATUS_READ]      = S     | E       | A    | O,
    [QW_RIGHT_DEVICE_READ]      = S     | E       | A    | O,
    [QW_RIGHT_DEVICE_REGISTER]  =                          O,
    [QW_RIGHT_DEVICE_CHARGE]    =                          O,
    [QW_RIGHT_DEVICE_SUSPEND]   =         E              | O,
    [QW_RIGHT_DEVICE_RESUME]    =         E,
    [QW_RIGHT_DEVICE_DESTROY]   =         E,
    [QW_RIGHT_CARD_BIND]        =                          O,
    [QW_RIGHT_CARD_UNBIND]      =         E,
    [QW_RIGHT_DEVICE_PEERS]     =         E              | O,
    [QW_RIGHT_DEVICE_HOME]      = S,
    [QW_RIGHT_DEVICE_QUOTA]     = S,
    [QW_RIGHT_DEVICE_MOVE]      =         E              | O,
    [QW_RIGHT_PSK_CREATE]       =                          O,
    [QW_RIGHT_PSK_REVOKE]       =         E              | O,
    [QW_RIGHT_CERTIFICATE_READ] = S     | E       | A    | O,
    [QW_RIGHT_CERTIFICATE_ISSUE] =                         O,
    [QW_RIGHT_CERTIFICATE_REVOKE] =       E              | O,
    [QW_RIGHT_CERTIFICATE_OFFICER] =      E,
    [QW_RIGHT_OFFICER_READ]     = S     | E       | A,
    [QW_RIGHT_OFFICER_CHANGE]   =         E,
    [QW_RIGHT_OFFICER_PASSWORD] =         E,
    [QW_RIGHT_PASSWORD_OWN]     = S     | E       | A    | O,
    [QW_RIGHT_REQUEST_READ]     = S     | E       | A    | O,
    [QW_RIGHT_JOURNAL_READ]     =         E       | A,
    [QW_RIGHT_JOURNAL_KEY]      =         E,
    [QW_RIGHT_SEAL]             = S     | E,
    [QW_RIGHT_UNIT_READ]        = S     | E       | A    | O,
    [QW_RIGHT_UNIT_QUOTA]       = S,
    [QW_RIGHT_SHARE_READ]       = S     | E       | A    | O,
    [QW_RIGHT_SHARE_HOLD]       = S     | E              | O,
    [QW_RIGHT_SHARE_CHANGE]     =         E,
    [QW_RIGHT_SHARE_CANCEL]     = S     | E,
    [QW_RIGHT_KEK_ROTATE]       =         E,
    [QW_RIGHT_AUTHENTICATION_UNLOCK] =    E,
    [QW_RIGHT_RELOAD]           = S,
    [QW_RIGHT_MAINTENANCE]      = S,
    [QW_RIGHT_BACKUP]           = S     | E,
    [QW_RIGHT_KEY_SUSPEND]      =         E              | O,
    [QW_RIGHT_KEY_RESUME]       =         E,
    [QW_RIGHT_ALARM_ACKNOWLEDGE] = S    | E              | O,
};
/* clang-format on */

const char *const qw_right_names[QW_RIGHT_COUNT] = {
    [QW_RIGHT_NONE] = "none",
    [QW_RIGHT_STATUS_READ] = "status-read",
    [QW_RIGHT_DEVICE_READ] = "device-read",
    [QW_RIGHT_DEVICE_REGISTER] = "device-register",
    [QW_RIGHT_DEVICE_CHARGE] = "device-charge",
    [QW_RIGHT_DEVICE_SUSPEND] = "device-suspend",
    [QW_RIGHT_DEVICE_RESUME] = "device-resume",
    [QW_RIGHT_DEVICE_DESTROY] = "device-destroy",
    [QW_RIGHT_CARD_BIND] = "card-bind",
    [QW_RIGHT_CARD_UNBIND] = "card-unbind",
    [QW_RIGHT_DEVICE_PEERS] = "device-peers",
    [QW_RIGHT_DEVICE_HOME] = "device-home",
    [QW_RIGHT_DEVICE_QUOTA] = "device-quota",
    [QW_RIGHT_DEVICE_MOVE] = "device-move",
    [QW_RIGHT_PSK_CREATE] = "psk-create",
    [QW_RIGHT_PSK_REVOKE] = "psk-revoke",
    [QW_RIGHT_CERTIFICATE_READ] = "certificate-read",
    [QW_RIGHT_CERTIFICATE_ISSUE] = "certificate-issue",
    [QW_RIGHT_CERTIFICATE_REVOKE] = "certificate-revoke",
    [QW_RIGHT_CERTIFICATE_OFFICER] = "certificate-officer",
    [QW_RIGHT_OFFICER_READ] = "officer-read",
    [QW_RIGHT_OFFICER_CHANGE] = "officer-change",
    [QW_RIGHT_OFFICER_PASSWORD] = "officer-password",
    [QW_RIGHT_PASSWORD_OWN] = "password-own",
    [QW_RIGHT_REQUEST_READ] = "request-read",
    [QW_RIGHT_JOURNAL_READ] = "journal-read",
    [QW_RIGHT_JOURNAL_KEY] = "journal-key",
    [QW_RIGHT_SEAL] = "seal",
    [QW_RIGHT_UNIT_READ] = "unit-read",
    [QW_RIGHT_UNIT_QUOTA] = "unit-quota",
    [QW_RIGHT_SHARE_READ] = "share-read",
    [QW_RIGHT_SHARE_HOLD] = "share-hold",
    [QW_RIGHT_SHARE_CHANGE] = "share-change",
    [QW_RIGHT_SHARE_CANCEL] = "share-cancel",
    [QW_RIGHT_KEK_ROTATE] = "kek-rotate",
    [QW_RIGHT_AUTHENTICATION_UNLOCK] = "authentication-unlock",
    [QW_RIGHT_RELOAD] = "reload",
    [QW_RIGHT_MAINTENANCE] = "maintenance",
    [QW_RIGHT_BACKUP] = "backup",
    [QW_RIGHT_KEY_SUSPEND] = "key-suspend",
    [QW_RIGHT_KEY_RESUME] = "key-resume",
    [QW_RIGHT_ALARM_ACKNOWLEDGE] = "alarm-acknowledge",
};

bool qw_roles_have(unsigned roles, enum qw_right right)
{
    return (holders[right] & roles) != 0;
}

qw_err qw_right_find(struct qw_centre *centre, const struct qw_deed *deed, enum qw_right right,
                     struct qw_officer_record *self)
{
    struct qw_officer_record found;
    const char *cause = NULL;
    qw_err err;

    if (!qw_caller_is(deed->caller, QW_ROLE_OPERATOR)) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "role may not do this");
    }
    err = qw_officer_standing(centre, deed->caller, &found);
    if (err == QW_ERR_NOT_FOUND) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "no officer of this centre");
    }
    if (err != QW_OK) {
        return err;
    }
    if (found.officer.state != QW_OFFICER_ACTIVE) {
        cause = found.officer.state == QW_OFFICER_SUSPENDED ? "officer is suspended"
                                                            : "officer is gone";
    } else if (!qw_roles_have(found.officer.roles, right)) {
        cause = "role may not do this";
    }
    if (cause != NULL) {
        return qw_centre_refuse(centre, deed, QW_ERR_REFUSED, cause);
    }
    *self = found;
    return QW_OK;
}

qw_err qw_right_check(struct qw_centre *centre, const struct qw_deed *deed, enum qw_right right,
                      const char *unit)
{
    struct qw_officer_record self;
    qw_err err = qw_right_find(centre, deed, right, &self);

    if (err == QW_OK && !qw_unit_contains(self.officer.unit, unit)) {
        err = qw_centre_refuse(centre, deed, QW_ERR_REFUSED, "outside his part of the tree");
    }
    return err;
}
