/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_AUTHENTICATION_PARTY_H
#define QW_CENTRE_AUTHENTICATION_PARTY_H

#include "centre/authentication/authentication.h"
#include "centre/group.h"

/* What is kept of a name that authenticates: in QW_STORE_META under "aut:" and the hash of the
 * name. Under the mutex; they use the scratch. */
enum { QW_AUTH_STATEMENTS_MAX = 8 }; /* of a name that stand at once; the oldest gives way */

struct qw_auth_kept {
    struct qw_auth_statement statement;
    uint8_t proof_hash[32];
    uint8_t answer[QW_AUTH_ANSWER_LEN];
};
struct qw_auth_party {
    uint64_t version; /* 0: new */
    char name[QW_CERTIFICATE_URI_CAP];
    uint8_t failures; /* in a row */
    int64_t locked_until_ms;
    size_t count;
    struct qw_auth_kept kept[QW_AUTH_STATEMENTS_MAX]; /* newest first */
};

/* A name without a record is new. QW_ERR_IO. */
qw_err qw_auth_party_load(struct qw_centre *centre, const char *name,
                          struct qw_auth_party *party) QW_MUST_USE;
void qw_auth_party_put(struct qw_centre *centre, struct qw_group *group,
                       const struct qw_auth_party *party);

/* The statement of that key which stands at now; NULL: none. */
const struct qw_auth_kept *qw_auth_party_find(const struct qw_auth_party *party,
                                              const uint8_t id[static 16], int64_t now_ms);
void qw_auth_party_keep(struct qw_auth_party *party, const struct qw_auth_kept *kept);
/* One more failure; true: it locks. */
bool qw_auth_party_fail(struct qw_auth_party *party, int64_t now_ms);
/* The same in a group, with the journal's record of a lock. */
void qw_auth_party_count_failure(struct qw_centre *centre, struct qw_group *group,
                                 struct qw_auth_party *party, int64_t now_ms);

#endif
