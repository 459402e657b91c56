/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for keys by id [ETSI 014 5.4]: those a card holds (A1 of docs/protocol/refill.md) and
 * those an application got as master. A fetch waits in the queue; what becomes of it there:
 * fetch_serve.c. */
#include "base/secret.h"
#include "centre/key/key_record.h"
#include "centre/pair/fetch_queue.h"
#include "centre/pair/fetch_serve.h"
#include "centre/pair/quota.h"

#include <semaphore.h>
#include <stdlib.h>

static bool has_duplicate(const struct qw_fetch_wish *wish)
{
    for (size_t i = 0; i < wish->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (qw_equal_ct(wish->key_ids[i], wish->key_ids[j], 16)) {
                return true;
            }
        }
    }
    return false;
}

/* NULL without memory. */
static struct qw_fetch *fetch_new(const struct qw_caller *caller, const char *master,
                                  const uint8_t (*key_ids)[16], size_t count)
{
    struct qw_fetch *fetch = calloc(1, sizeof *fetch);

    if (fetch == NULL) {
        return NULL;
    }
    fetch->records = calloc(count, sizeof *fetch->records);
    if (fetch->records == NULL) {
        free(fetch);
        return NULL;
    }
    fetch->caller = caller;
    fetch->master = master;
    fetch->ids = key_ids;
    fetch->count = count;
    qw_uuid_encode(key_ids[0], fetch->object);
    fetch->deed = (struct qw_deed){ .caller = caller, .verb = "fetch", .object = fetch->object };
    return fetch;
}

qw_err qw_centre_fetch_begin(struct qw_centre *centre, const struct qw_caller *caller,
                             const struct qw_fetch_wish *wish, void (*done)(void *self, qw_err err),
                             void *self)
{
    struct qw_deed deed = { .caller = caller, .verb = "fetch", .object = "" };
    struct qw_fetch *fetch;

    if (!qw_caller_is(caller, QW_ROLE_SAE)) {
        return qw_centre_refuse_role(centre, &deed);
    }
    if (wish->count < 1 || wish->count > QW_FETCH_KEYS_MAX || has_duplicate(wish)) {
        return QW_ERR_ARG;
    }
    if (!qw_quota_may_fetch(centre->quota, caller->id)) {
        return QW_ERR_LIMIT;
    }
    fetch = fetch_new(caller, wish->master, wish->key_ids, wish->count);
    if (fetch == NULL) {
        return QW_ERR_NOMEM;
    }
    fetch->keys = wish->keys;
    fetch->done = done;
    fetch->self = self;
    qw_fetch_queue_put(&centre->fetches, fetch);
    return QW_OK;
}

struct sleeper { /* who waits for a fetch in his own thread */
    sem_t woken;
    qw_err err;
};

static void wake(void *self, qw_err err)
{
    struct sleeper *sleeper = self;

    sleeper->err = err;
    (void)sem_post(&sleeper->woken);
}

qw_err qw_centre_fetch(struct qw_centre *centre, const struct qw_caller *caller, const char *master,
                       const uint8_t (*key_ids)[16], size_t count, struct qw_given_key *keys)
{
    struct qw_fetch_wish wish = {
        .master = master, .key_ids = key_ids, .count = count, .keys = keys
    };
    struct sleeper sleeper = { .err = QW_OK };
    qw_err err;

    (void)sem_init(&sleeper.woken, 0, 0); /* fails for arguments alone */
    err = qw_centre_fetch_begin(centre, caller, &wish, wake, &sleeper);
    if (err == QW_OK) {
        while (sem_wait(&sleeper.woken) != 0) { /* a signal came in between */
        }
        err = sleeper.err;
    }
    sem_destroy(&sleeper.woken);
    return err;
}
