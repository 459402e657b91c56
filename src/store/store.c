/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/secret.h"
#include "store/store_lock.h"

void qw_store_record_free(struct qw_store_record *record)
{
    if (record == NULL) {
        return;
    }
    qw_wipe_free(record->blob, record->len);
    *record = (struct qw_store_record){ 0 };
}

void qw_store_close(struct qw_store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->close != NULL) {
        store->close(store->self);
    }
    qw_store_lock_give(store->lock);
    *store = (struct qw_store){ 0 };
}
