/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_SHARE_SHARE_SET_H
#define QW_CENTRE_SHARE_SHARE_SET_H

#include "crypto/custody/custody.h"
#include "crypto/share/share.h"
#include "store/store.h"

#include <stdbool.h>

/* Officers' shares as they come in, against the wrapped KEK that they belong to. Lives in secret
 * memory and locks nothing: its owner does. */
enum qw_seal_verdict {
    QW_SEAL_TAKEN,          /* more are needed */
    QW_SEAL_OPENED,         /* the last one */
    QW_SEAL_MALFORMED,      /* no share */
    QW_SEAL_OTHER_CEREMONY, /* of another master key */
    QW_SEAL_ALTERED,        /* not as it was made */
    QW_SEAL_TWICE,          /* this officer's is there */
    QW_SEAL_COMPLETE,       /* enough are there */
    QW_SEAL_NO_KEY,         /* all looked right, the key they give is not this store's: forgotten */
    QW_SEAL_VERDICT_COUNT
};
extern const char *const qw_seal_verdict_texts[QW_SEAL_VERDICT_COUNT];

struct qw_share_set {
    struct qw_ceremony ceremony;
    uint8_t wrapped[QW_WRAPPED_KEK_CAP];
    size_t wrapped_len;
    struct qw_share share[QW_OFFICERS_MAX];
    uint8_t entered;
    struct qw_share incoming; /* the one at hand */
};

/* Whose shares the store's KEK is wrapped under; forgets what was entered. QW_ERR_NOT_FOUND: the
 * store is empty. QW_ERR_STATE: its master key is in another custody. QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_share_set_read(struct qw_share_set *set, const struct qw_store *store) QW_MUST_USE;

/* What the bytes are; a good share is the incoming one then, and the verdict QW_SEAL_TAKEN. On an
 * error nothing is said. */
qw_err qw_share_set_judge(struct qw_share_set *set, const uint8_t *bytes, size_t len,
                          enum qw_seal_verdict *verdict) QW_MUST_USE;
/* Takes the incoming share; true when it was the last one needed. */
bool qw_share_set_add(struct qw_share_set *set);
/* With all that are needed: the custody, which the caller closes, and what it unwraps. QW_ERR_AUTH:
 * the key is not this store's. [kek: QW_KEK_LEN bytes, in secret memory] */
qw_err qw_share_set_open(const struct qw_share_set *set, struct qw_custody *custody,
                         uint8_t kek[static QW_KEK_LEN]) QW_MUST_USE;
void qw_share_set_forget(struct qw_share_set *set); /* wipes what was entered */

#endif
