/* SPDX-License-Identifier: Apache-2.0 */
/* A mark that is looked for elsewhere would be a key given twice. No process of that time adds one
 * meanwhile: each of its groups has a record of the journal, whose number this start has taken. */
#include "centre/key/old_rows.h"

#include "centre/group.h"
#include "centre/key/key_record.h"
#include "centre/key/key_row.h"

#include <stdio.h>
#include <string.h>

enum { BATCH_ROWS = 512, TRIES = 8 };

struct walk {
    struct qw_centre *centre;
    struct qw_group group;
    enum qw_store_kind kind;
    uint8_t last[QW_STORE_ID_MAX];
    size_t last_len;
    size_t looked, moved;
    qw_err err;
};

static int look(void *self, const struct qw_store_record *record)
{
    struct walk *walk = self;
    bool is_moved = false;

    walk->err = qw_key_row_move(walk->centre, &walk->group, walk->kind, record, &is_moved);
    memcpy(walk->last, record->id, record->id_len);
    walk->last_len = record->id_len;
    walk->looked++;
    walk->moved += is_moved ? 1 : 0;
    return walk->err == QW_OK;
}

static qw_err look_on(struct walk *walk)
{
    struct qw_deed deed = { .verb = "key-rows", .object = walk->centre->config.centre_id };
    const struct qw_store *store = walk->centre->config.store;
    char detail[64];
    qw_err err;

    qw_group_begin(walk->centre, &walk->group);
    walk->looked = walk->moved = 0;
    walk->err = QW_OK;
    err = store->scan(store->self, walk->kind, QW_STORE_ANY_TAG, walk->last, walk->last_len,
                      BATCH_ROWS, look, walk);
    err = err == QW_OK ? walk->err : err;
    if (err != QW_OK || walk->moved == 0) {
        qw_group_drop(&walk->group);
        return err;
    }
    (void)snprintf(detail, sizeof detail, "%zu stand under their place now", walk->moved);
    return qw_group_commit(walk->centre, &walk->group, &deed, detail);
}

/* One batch under one turn. *is_more: there may be more of the kind. A turn that was not to be had
 * and a batch that met another process's is tried again. */
static qw_err take_batch(struct walk *walk, bool *is_more)
{
    qw_err err = QW_ERR_CONFLICT;

    for (int i = 0; i < TRIES && err != QW_OK && err != QW_ERR_NOMEM; i++) {
        struct walk from = *walk;

        qw_centre_enter(walk->centre);
        err = walk->centre->turn_err;
        *is_more = err == QW_OK && !walk->centre->books.is_indexed;
        if (*is_more) {
            err = look_on(walk);
            *is_more = walk->looked == BATCH_ROWS;
        }
        qw_centre_leave(walk->centre);
        if (err != QW_OK) {
            *walk = from;
        }
    }
    return err;
}

qw_err qw_old_rows_move(struct qw_centre *centre)
{
    static const enum qw_store_kind kinds[] = { QW_STORE_KEY, QW_STORE_TOMBSTONE };
    qw_err err = QW_OK;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !centre->books.is_indexed; i++) {
        struct walk walk = { .centre = centre, .kind = kinds[i] };
        bool is_more = true;

        while (err == QW_OK && is_more) {
            err = take_batch(&walk, &is_more);
        }
    }
    return err;
}
