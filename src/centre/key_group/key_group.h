/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_KEY_GROUP_KEY_GROUP_H
#define QW_CENTRE_KEY_GROUP_KEY_GROUP_H

#include "centre/group.h"

/* A group of applications that share a key [docs/protocol/key-groups.md]: its record, and what is
 * true of it. The verbs are in centre.h, and in owner.c and member.c. */
struct qw_key_epoch { /* number 0: there is none */
    uint32_t number;
    uint8_t key_id[16];
    int64_t activates_ms; /* UTC; until then the epoch before is in use */
    uint8_t member_count;
    char members[QW_KEY_GROUP_MEMBERS_MAX][64];
};

struct qw_key_group {
    uint64_t version; /* of the record, 0: new */
    char name[QW_KEY_GROUP_NAME_CAP];
    char owner[64];
    bool is_ended;
    struct qw_key_epoch newest, before;
};

bool qw_key_group_name_ok(const char *name);

/* QW_ERR_NOT_FOUND, QW_ERR_IO. Under the mutex. */
qw_err qw_key_group_load(struct qw_centre *centre, const char *name,
                         struct qw_key_group *key_group) QW_MUST_USE;
void qw_key_group_put(struct qw_centre *centre, struct qw_group *group,
                      const struct qw_key_group *key_group);

bool qw_key_epoch_has(const struct qw_key_epoch *epoch, const char *who);
/* An application of this centre that may have keys; *err: why nobody can tell. Into centre->card.
 */
bool qw_key_group_in_service(struct qw_centre *centre, const char *who, qw_err *err);
/* The newest epoch without the names in remove and with those in add. QW_ERR_ARG: a name that is
 * not there or is there already, more than QW_KEY_GROUP_MEMBERS_MAX, nobody left. */
qw_err qw_key_epoch_members(const struct qw_key_group *key_group,
                            const struct qw_key_group_change *change,
                            struct qw_key_epoch *next) QW_MUST_USE;

#endif
