/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_open.h"

#include "store/store_lock.h"
#include "store/store_postgres.h"
#include "store/store_sqlite.h"

static qw_err open_alone(const char *path, struct qw_store *store)
{
    struct qw_store_lock *lock = NULL;
    qw_err lock_err = qw_store_lock_take(path, &lock);
    qw_err err = lock_err;

    if (lock_err != QW_ERR_CONFLICT) { /* what is wrong with the place, the store says better */
        err = qw_store_sqlite_open(path, store);
    }
    if (err == QW_OK && lock_err != QW_OK) {
        qw_store_close(store);
        err = lock_err;
    }
    if (err != QW_OK) {
        qw_store_lock_give(lock);
        return err;
    }
    store->lock = lock;
    return QW_OK;
}

qw_err qw_store_open(const char *name, const struct qw_log *log, struct qw_store *store)
{
    return qw_store_postgres_is_uri(name) ? qw_store_postgres_open(name, log, store)
                                          : open_alone(name, store);
}
