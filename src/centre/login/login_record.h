/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_LOGIN_LOGIN_RECORD_H
#define QW_CENTRE_LOGIN_LOGIN_RECORD_H

#include "centre/authentication/party.h"
#include "centre/group.h"
#include "centre/login/login.h"
#include "crypto/password_key.h"

/* An officer's password and which card goes with it, in QW_STORE_META under "login:" and his id.
 * Under the mutex unless said; they use the scratch. */
struct qw_login_record {
    uint64_t version; /* 0: new */
    char officer[QW_OFFICER_ID_CAP];
    char card[64];     /* device */
    uint8_t stamp[16]; /* another one with each password */
    struct qw_password_cost cost;
    uint8_t salt[QW_PASSWORD_SALT_LEN];
    uint8_t hash[32];
    int64_t set_ms;   /* UTC */
    int64_t until_ms; /* of an initial password; 0: it is his own */
};

/* QW_ERR_NOT_FOUND, also for an id that cannot exist; QW_ERR_IO. */
qw_err qw_login_load(struct qw_centre *centre, const char *officer,
                     struct qw_login_record *record) QW_MUST_USE;
void qw_login_put(struct qw_centre *centre, struct qw_group *group,
                  const struct qw_login_record *record);
/* An officer who leaves has none. */
void qw_login_drop(struct qw_centre *centre, struct qw_group *group, const char *officer);

/* The card of the device to centre->card. QW_ERR_STATE: it is not in service, or not the officer's.
 */
qw_err qw_login_card(struct qw_centre *centre, const char *officer, const char *device) QW_MUST_USE;

/* Without the mutex: as costly as the record says, one at a time in a centre. */
qw_err qw_login_hash(struct qw_centre *centre, const struct qw_login_record *record,
                     const char *password, uint8_t hash[static 32]) QW_MUST_USE;
/* Likewise: fresh stamp, salt and hash. */
qw_err qw_login_set(struct qw_centre *centre, struct qw_login_record *record,
                    const char *password) QW_MUST_USE;

/* Of an officer, as certificates name him. */
qw_err qw_login_party(struct qw_centre *centre, const char *officer,
                      struct qw_auth_party *party) QW_MUST_USE;

#endif
